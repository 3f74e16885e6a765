#!/bin/sh
# Install real servers of "make test-real" from npm into .tools/NAME, without running their scripts.
# Use: install_node.sh FOLDER_OF_THE_VENV'S_PROGRAMS NAME...
set -eu
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
shift
for name in "$@"; do
    from=$here/$name
    target=$here/../../.tools/$name
    mkdir -p "$target"
    if cmp -s "$from/package-lock.json" "$target/package-lock.json" && [ -f "$target/node_modules/.package-lock.json" ]; then
        continue
    fi
    cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$target"
    PATH=$bin:$PATH npm ci --ignore-scripts --silent --prefix "$target"
done
