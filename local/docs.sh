#!/bin/sh
# Write the pages of docs/ that are generated; the tests compare them with what they are generated from.
set -eu
cd "$(dirname "$0")/.."
for generator in docs/generate/[!_]*.py; do
    module=$(echo "${generator%.py}" | tr / .)
    .venv/bin/python -m "$module"
done
