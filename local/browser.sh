#!/bin/sh
# Install what only the tests need and packages cannot bring: Chromium (browser tests) and ffmpeg (recordings).
# Uses apt-get where that is allowed; elsewhere says what to install, and which tests are skipped without it.
set -eu

missing=''
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        browser=$name
        break
    fi
done
[ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ] && browser=$CHROMIUM
[ -n "${browser:-}" ] || missing="$missing chromium"
command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
[ -n "$missing" ] || exit 0

as_root=''
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'; else as_root=no; fi
fi
if [ "$as_root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: the browser tests need$missing, and this user may not install packages here." >&2
    echo "  Debian, Ubuntu: sudo apt-get install$missing      macOS: brew install$missing" >&2
    echo "  or name a browser: CHROMIUM=/path/to/chrome make test" >&2
    exit 1
fi

mkdir -p .run
echo "Installing$missing with apt-get (about 150 MB to fetch, 1 to 2 minutes)"
# shellcheck disable=SC2086 -- both hold several words on purpose
if ! { $as_root apt-get -q update && DEBIAN_FRONTEND=noninteractive $as_root apt-get -qy install --no-install-recommends $missing; } >.run/apt.log 2>&1; then
    tail -n 5 .run/apt.log | sed 's/^/  | /' >&2
    echo "setup: apt-get could not install$missing; the log is .run/apt.log" >&2
    exit 1
fi
