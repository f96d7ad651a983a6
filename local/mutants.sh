#!/bin/sh
# How much of the code do its tests hold? mutmut makes small changes; one that no test notices is printed.
# A part is a package or a module of one: service/stores, service/session/reply.py. JOBS=1 leaves the machine to others.
# mutmut is got into an environment of its own, beside the project's.
set -eu
cd "$(dirname "$0")/.."
work=.cache/mutants
[ $# -gt 0 ] || set -- service/policies
if [ ! -x "$work/venv/bin/mutmut" ]; then
    mkdir -p "$work"
    .venv/bin/python -m venv --system-site-packages "$work/venv"
    "$work/venv/bin/python" -m pip install -qq --disable-pip-version-check mutmut==3.8.1
fi
for part in "$@"; do
    tree="$work/$(printf %s "$part" | tr / -)"
    rm -rf "$tree"
    mkdir -p "$tree"
    cp -r service tests pyproject.toml "$tree/"
    package=$part
    [ -d "$part" ] || package=$(dirname "$part")
    tests="tests/$package"
    # What drives a package from outside holds it too, as far as it is quick.
    [ "$package" != service/session ] || tests="$tests tests/regressions"
    (
        cd "$tree"
        python3 - "$part" $tests <<'PY'
import re, sys
text = open("pyproject.toml").read()
text = re.sub(r"\n\[tool\.mutmut\].*?(?=\n\[|\Z)", "", text, flags=re.S)
part, *tests = sys.argv[1:]
text += f"""
[tool.mutmut]
paths_to_mutate = ["{part}"]
tests_dir = {tests!r}
also_copy = ["service", "tests"]
"""
open("pyproject.toml", "w").write(text)
PY
        WALKS=300 SCHEDULES=100 PYTHONPATH="$PWD:../../../.venv/lib/python3.12/site-packages" ../venv/bin/mutmut run ${JOBS:+--max-children "$JOBS"} || true
        ../venv/bin/mutmut results || true
    )
done
