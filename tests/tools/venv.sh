#!/bin/sh
# Make a virtual environment; on Debian install the part of Python that makes them when it is missing.
# Use: venv.sh PYTHON FOLDER
set -eu
python=$1 folder=$2
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed, found: $("$python" -V 2>&1 || echo none). Name another with make PYTHON=..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if command -v apt-get >/dev/null 2>&1; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        sudo=$([ "$(id -u)" = 0 ] || echo sudo)
        $sudo apt-get update -qq && $sudo apt-get install -y -qq "python$version-venv"
    else
        echo "Python's modules venv and ensurepip are missing; install them with your system's packages." >&2
        exit 1
    fi
fi
"$python" -m venv "$folder"
