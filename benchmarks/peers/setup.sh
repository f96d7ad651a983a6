#!/bin/sh
# One environment for each peer, in .cache/peers, from its own lock with hashes; made anew only when the lock changed.
set -eu
cd "$(dirname "$0")/../.."
for peer in ${1:-naive aws_sample pipecat_server}; do
    lock=benchmarks/peers/$peer.txt
    home=.cache/peers/$peer
    stamp=$(cksum <"$lock")
    if [ ! -x "$home/bin/python" ] || [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ]; then
        echo "Installing $peer"
        "$(sh local/find_python.sh)" -m venv --clear "$home"
        "$home/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock"
        echo "$stamp" >"$home/stamp"
    fi
done
