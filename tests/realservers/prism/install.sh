#!/bin/sh
# Install Prism, the validating proxy of "make test-real", into .tools/prism, without running scripts.
# Use: install.sh FOLDER_OF_THE_VENV'S_PROGRAMS
set -eu
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../../.tools/prism
mkdir -p "$target"
if cmp -s "$here/package-lock.json" "$target/package-lock.json" && [ -d "$target/node_modules/@stoplight" ]; then
    exit 0
fi
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$target"
PATH=$bin:$PATH npm ci --ignore-scripts --silent --prefix "$target"
