#!/bin/sh
# Resolve each dependency group of pyproject.toml into requirements/GROUP.txt, for every platform, with hashes.
# The development lock is resolved first and holds the others to its versions, so one environment can hold all.
set -eu
cd "$(dirname "$0")/.."
uv_version=0.9.11
tools=.cache/lock

if [ ! -x "$tools/bin/uv" ] || [ "$("$tools/bin/uv" --version | cut -d' ' -f2)" != "$uv_version" ]; then
    python=$(sh local/find_python.sh)
    "$python" -m venv --clear "$tools"
    "$tools/bin/python" -m pip install -qq --disable-pip-version-check "uv==$uv_version"
fi

compile() { # $1 group, then further options
    group=$1
    shift
    echo "Resolving requirements/$group.txt"
    "$tools/bin/uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
        --python-version 3.12 --group "pyproject.toml:$group" --output-file "requirements/$group.txt" "$@"
}

compile dev
for group in service emulators talk infra tools; do
    compile "$group" -c requirements/dev.txt
done
for peer in naive aws_sample pipecat_server; do
    echo "Resolving benchmarks/peers/$peer.txt"
    "$tools/bin/uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
        --python-version 3.12 "benchmarks/peers/$peer.in" --output-file "benchmarks/peers/$peer.txt"
done
