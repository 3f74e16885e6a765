#!/bin/sh
# Installs the real directory servers that "make test-real" reads: Debian's slapd and Samba.
# Neither is left running as a service; the tests start their own on loopback ports.
set -eu
if command -v slapd >/dev/null && command -v samba-tool >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "######## NOT TESTED: slapd and Samba need apt-get and root; their tests are skipped" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -qq
apt-get install -y -qq --no-install-recommends slapd samba samba-ad-provision \
    samba-dsdb-modules samba-vfs-modules winbind python3-samba
