#!/bin/sh
# Flame graphs of the service over the SDK and over its own client, into docs/performance.
set -eu
cd "$(dirname "$0")/.."
home=.cache/flame
if [ ! -x "$home/bin/py-spy" ]; then
    "$(sh local/find_python.sh)" -m venv --clear "$home"
    "$home/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r benchmarks/flame.txt
fi
exec .venv/bin/python -m benchmarks.flame --py-spy "$home/bin/py-spy" "$@"
