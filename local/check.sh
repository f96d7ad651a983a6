#!/bin/sh
# Every check that runs no product code. All are run even when one fails; the exit code says whether all passed.
set -u
cd "$(dirname "$0")/.."
python=.venv/bin/python
failed=''

run() { # $1 what, then the command; its output is shown only when it fails
    what=$1
    shift
    if output=$("$@" 2>&1); then
        printf 'ok      %s\n' "$what"
    else
        printf 'FAILED  %s\n%s\n' "$what" "$output"
        failed="$failed, $what"
    fi
}

run 'format (make format writes it)' $python -m ruff format --check .
run 'lint' $python -m ruff check .
run 'types' $python -m mypy
run 'imports' .venv/bin/lint-imports
run 'shell syntax' sh -n local/setup.sh local/find_python.sh local/browser.sh local/check.sh local/lock.sh local/docs.sh local/mutants.sh delivery/*.sh benchmarks/peers/setup.sh
run 'page: types and lint' npm --prefix frontend_hosting run --silent check

[ -z "$failed" ] || {
    printf 'check: failed: %s\n' "${failed#, }" >&2
    exit 1
}
