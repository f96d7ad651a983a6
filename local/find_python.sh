#!/bin/sh
# Print the path of a Python this project can run on (3.12 or newer, with venv and pip), wherever it is installed.
# Exit 1 with one message on stderr, naming what was found and what to install, when there is none.
set -u

# Newest is not best: 3.12 is what the container runs, so it comes first.
versions='3.12 3.13 3.14'

candidates() {
    [ -n "${PYTHON:-}" ] && command -v "$PYTHON"
    for version in $versions; do command -v "python$version"; done
    command -v python3
    # pyenv's own folder: its shims answer only for versions that `pyenv global` or a .python-version selects.
    for version in $versions; do
        for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python; do echo "$found"; done
    done
    for version in $versions; do
        echo "/usr/local/bin/python$version"
        echo "/opt/homebrew/bin/python$version"
        echo "/Library/Frameworks/Python.framework/Versions/$version/bin/python3"
        for found in "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}/cpython-$version"*/bin/python3; do
            echo "$found"
        done
    done
}

# Prints "<version> ok", "<version> old" or "<version> no-venv"; nothing if it does not run at all.
examine() {
    "$1" -c '
import importlib.util, sys
fit = "ok" if sys.version_info >= (3, 12) else "old"
if fit == "ok" and not all(importlib.util.find_spec(m) for m in ("venv", "ensurepip")):
    fit = "no-venv"
print("%d.%d.%d" % sys.version_info[:3], fit)' 2>/dev/null
}

seen=''
list=$(candidates)
# One path a line, so that a path with spaces stays one path.
IFS='
'
for python in $list; do
    [ -x "$python" ] || continue
    verdict=$(examine "$python") || continue
    case $verdict in
    *' ok')
        echo "$python"
        exit 0
        ;;
    *' old') seen="$seen
  $python is ${verdict% old}, too old" ;;
    *' no-venv') seen="$seen
  $python is ${verdict% no-venv} but lacks venv: apt-get install python3-venv" ;;
    esac
done

cat >&2 <<END
setup: no Python 3.12 or newer with venv was found. Looked on PATH, in pyenv, uv, Homebrew and /usr/local.${seen:+
Found:$seen}
Install one, then call make again:
  Debian, Ubuntu   sudo apt-get install python3.12 python3.12-venv
  macOS            brew install python@3.12
  any system       uv python install 3.12        or        pyenv install 3.12
or name one:       make setup PYTHON=/path/to/python3.12
END
exit 1
