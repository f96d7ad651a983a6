#!/bin/sh
# Run one of delivery's tools, or a module by name: run.sh publish ...; run.sh -m pytest ...
set -eu
cd "$(dirname "$0")/.."
sh delivery/setup.sh
case $1 in
    -m) shift; exec .venv/bin/python -m "$@" ;;
    *) tool=$1; shift; exec .venv/bin/python -m "delivery.$tool" "$@" ;;
esac
