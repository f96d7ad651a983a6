#!/bin/sh
# Make this checkout ready to run: the Python environment, the page's packages, the built page.
# Usage: local/setup.sh [python] [node] [page]        (default: all three)
#
# Each part has a stamp over what it was made from, so a second call returns at once, a changed lock is installed,
# and an installation that broke off half-way (no stamp) is repaired. Tools' own output goes to .run/setup.log.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
log=$root/.run/setup.log
lock=$root/.run/setup.lock
page=$root/frontend_hosting
free_mb_needed=2000

say() { printf '%s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

# The stamp of some files: their checksums, and where the checkout is (virtual environments do not survive a move).
stamp_of() { cat "$@" | cksum | sed "s|\$| $root|"; }
matches() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

explain() { # $1 what failed
    tail -n 8 "$log" | sed 's/^/  | /' >&2
    if grep -qi 'no space left\|ENOSPC' "$log"; then
        fail "$1: the disk is full. Free about $free_mb_needed MB and call make again."
    elif grep -qi 'do not match the hashes\|EINTEGRITY' "$log"; then
        fail "$1: a download is not the file that was locked. Call make again; if it stays, a proxy is changing downloads."
    elif grep -qi 'permission denied\|EACCES' "$log"; then
        fail "$1: no permission to write here. Who owns .venv and frontend_hosting/node_modules? (full log: .run/setup.log)"
    elif grep -qi 'name resolution\|ENOTFOUND\|timed out\|ETIMEDOUT\|connection\|ECONN\|proxy\|ssl' "$log"; then
        fail "$1: a download failed. Check the network or the proxy and call make again; what arrived is kept."
    fi
    fail "$1. The full log is .run/setup.log"
}

how_far() { # what pip is at, from its log; npm says nothing until it is done
    if grep -q '^Installing collected' "$log"; then
        printf ', unpacking'
    elif fetched=$(grep -c '^Collecting' "$log"); then
        printf ', %s packages looked at' "$fetched"
    fi
}

# Run a long command quietly, with a sign of life every ten seconds. $1 what, then the command
quietly() {
    what=$1
    shift
    begun=$(date +%s)
    "$@" >>"$log" 2>&1 &
    child=$!
    ticks=0
    while kill -0 "$child" 2>/dev/null; do
        sleep 0.2 2>/dev/null || sleep 1
        ticks=$((ticks + 1))
        [ $((ticks % 50)) -eq 0 ] && say "  ... $(($(date +%s) - begun)) s$(how_far)"
    done
    wait "$child" || { child=''; explain "$what failed"; }
    child=''
    say "  done in $(($(date +%s) - begun)) s"
}

enough_disk() {
    free_mb=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free_mb" -ge "$free_mb_needed" ] || fail "only $free_mb MB of disk are free here; about $free_mb_needed MB are needed."
}

python_stamp() { stamp_of requirements/dev.txt; }
python_ready() { [ -x .venv/bin/python ] && matches .venv/.stamp "$(python_stamp)"; }
python_make() {
    enough_disk
    # Made elsewhere, or its Python is gone: scripts inside hold absolute paths, so it is made anew.
    if ! grep -qsF "$root/.venv" .venv/bin/activate || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(sh local/find_python.sh) || exit 1
        say "Making .venv with $python"
        "$python" -m venv --clear .venv >>"$log" 2>&1 || explain "making the virtual environment failed"
    fi
    rm -f .venv/.stamp
    say "Installing $(grep -c '^[A-Za-z0-9].*==' requirements/dev.txt) Python packages (about 220 MB to fetch, 660 MB on disk; 1 to 4 minutes)"
    quietly "installing the Python packages" \
        .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes -r requirements/dev.txt
    python_stamp >.venv/.stamp
}

node_stamp() { stamp_of "$page/package-lock.json" "$page/package.json"; }
node_ready() { matches "$page/node_modules/.stamp" "$(node_stamp)"; }
node_make() {
    remedy='Install it (Debian: apt-get install nodejs npm; macOS: brew install node; any: nvm install 20), or run without the page: make run PAGE=no'
    command -v node >/dev/null 2>&1 || fail "Node.js 20.19 or newer builds the page and is not on PATH. $remedy"
    command -v npm >/dev/null 2>&1 || fail "npm, which comes with Node.js, is not on PATH. $remedy"
    have=$(node --version)
    case $have in
    v[0-9].* | v1[0-9].* | v20.[0-9].* | v20.1[0-8].*) fail "Node.js is $have; 20.19 or newer is needed. $remedy" ;;
    esac
    enough_disk
    say "Installing the page's packages with Node.js $have (about 300 MB on disk; 20 to 60 seconds)"
    rm -f "$page/node_modules/.stamp"
    : >"$log"
    quietly "installing the page's packages" npm --prefix "$page" ci --ignore-scripts --no-audit --no-fund
    node_stamp >"$page/node_modules/.stamp"
}

page_stamp() {
    find "$page" \( -name node_modules -o -name dist -o -name coverage -o -name test-results \) -prune -o -type f -print |
        LC_ALL=C sort | tr '\n' '\0' | xargs -0 cksum | cksum
}
page_ready() { [ -f "$page/dist/index.html" ] && matches "$page/dist/.stamp" "$(page_stamp)"; }
page_make() {
    say "Building the page (about 5 seconds)"
    quietly "building the page" npm --prefix "$page" run build
    page_stamp >"$page/dist/.stamp"
}

# Two calls of make at once: the second waits, then finds everything done. A lock whose owner died is taken over.
take_lock() {
    said=''
    until mkdir "$lock" 2>/dev/null; do
        owner=$(cat "$lock/pid" 2>/dev/null || true)
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$lock"
            continue
        fi
        [ -n "$said" ] || say "Another setup is running here (process ${owner:-unknown}); waiting for it."
        said=yes
        sleep 0.2 2>/dev/null || sleep 1
    done
    echo $$ >"$lock/pid"
    child=''
    trap 'trap - EXIT; [ -z "$child" ] || kill "$child" 2>/dev/null; rm -rf "$lock"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

[ $# -gt 0 ] || set -- python node page
missing=''
for part in "$@"; do
    case $part in
    python | node | page) ;;
    *) fail "there is no part '$part'; the parts are python, node and page" ;;
    esac
    "${part}_ready" 2>/dev/null || missing=yes
done
[ -n "$missing" ] || exit 0

mkdir -p .run 2>/dev/null || fail "cannot write in $root: the checkout must be writable"
take_lock
: >"$log"
for part in "$@"; do
    "${part}_ready" 2>/dev/null || "${part}_make"
done
