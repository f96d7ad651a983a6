#!/bin/sh
# What the infrastructure needs beside the service's packages: the CDK library, its command line, its tests' tools.
# Installs nothing that is there already: a stamp remembers the locks.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ -x "$python" ] || { sh local/find_python.sh >/dev/null 2>&1 && "$(sh local/find_python.sh)" -m venv .venv || python3.12 -m venv .venv; }
stamp=.venv/.infra
wanted=$(cat requirements/infra.txt requirements/tools.txt package-lock.json | cksum)
[ -f "$stamp" ] && [ -d node_modules/aws-cdk ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0
echo 'installing what the infrastructure needs (about a minute) ...' >&2
"$python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements/infra.txt
npm ci --ignore-scripts --silent
# Programs, not packages: what is imported here and what they are made of need not agree.
[ -x .cache/tools/bin/python ] || "$python" -m venv .cache/tools
.cache/tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r requirements/tools.txt || echo 'setup: the tools of requirements/tools.txt have no build for this machine' >&2
printf '%s\n' "$wanted" > "$stamp"
