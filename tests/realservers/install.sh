#!/bin/sh
# Installs the real servers "make test-real" reads and Debian has: slapd, Samba, WordPress, PostgreSQL.
# None is left running as a service; the tests start their own on loopback ports.
set -eu
missing=
command -v slapd >/dev/null && command -v samba-tool >/dev/null || missing="slapd samba samba-ad-provision
    samba-dsdb-modules samba-vfs-modules winbind python3-samba"
command -v php >/dev/null && command -v mariadbd >/dev/null && [ -d /usr/share/wordpress/wp-content/themes/twentytwentythree ] ||
    missing="$missing wordpress wordpress-theme-twentytwentythree php-cli php-mysql php-xml mariadb-server"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "######## NOT TESTED: these need apt-get and root; their tests are skipped:" $missing >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing
