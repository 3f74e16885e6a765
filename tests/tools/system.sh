#!/bin/sh
# See that the programs the tests drive are there: a browser, and Java for the HTML checker.
# On Debian and its kin what is missing is installed; elsewhere it is named.
set -eu
missing=
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="chromium fonts-liberation"
command -v java >/dev/null 2>&1 || missing="$missing default-jre-headless"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests open reports in Chromium and check them with Java; install with your system's packages: $missing" >&2
    exit 1
fi
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
echo "Installing for the tests: $missing"
# shellcheck disable=SC2086
$sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
