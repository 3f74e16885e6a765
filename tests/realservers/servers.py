"""Starts Debian's slapd and Samba AD DC on loopback, filled with the invented district."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.connectors.ldap_people import LdapServer, make_certificates, people, units
from tests.realservers.processes import find_port, launch, stopping, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "Correct-horse-9"
SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
security simple_bind=128
database mdb
maxsize 104857600
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw {password}
directory {folder}/data
limits dn.exact="cn=reader,{base}" size.hard=1000 size.prtotal=unlimited
limits dn.exact="cn=small,{base}" size.hard=1000 size.prtotal=200
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,{base}" read by dn.exact="cn=small,{base}" read
"""


def are_installed() -> bool:
    """Say whether both servers are there and may be started."""
    found = shutil.which("slapd", path=f"{os.environ['PATH']}:/usr/sbin")
    return bool(found and shutil.which("samba-tool") and os.geteuid() == 0)


@contextmanager
def run_slapd(folder: Path) -> Iterator[LdapServer]:
    """Run slapd with a size limit of 1,000, as Active Directory has, paged reading allowed."""
    base = "dc=maplefalls,dc=example"
    files = make_certificates(folder)
    (folder / "data").mkdir()
    config = folder / "slapd.conf"
    config.write_text(SLAPD.format(folder=folder, base=base, password=PASSWORD, **files))
    entries = [
        (base, {"objectClass": ["dcObject", "organization"], "dc": ["maplefalls"], "o": ["MF"]}),
        *((f"cn={n},{base}", _login(n)) for n in ("reader", "small")),
        *units(base),
        *people(base, is_ad=False),
    ]
    ldif = folder / "district.ldif"
    ldif.write_text("\n".join(_to_ldif(dn, values) for dn, values in entries))
    slapd = shutil.which("slapd", path="/usr/sbin:/usr/bin") or "slapd"
    subprocess.run(
        [slapd, "-T", "add", "-q", "-f", str(config), "-l", str(ldif)],
        check=True,
        capture_output=True,
    )
    port, tls_port = find_port(), find_port()
    urls = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
    server = launch([slapd, "-f", str(config), "-h", urls, "-d", "0"])
    with stopping(server):
        wait_for(server, port)
        user = f"cn=reader,{base}"
        yield LdapServer(port, tls_port, files["ca"], base, user, PASSWORD, is_ad=False)


@contextmanager
def run_samba(folder: Path) -> Iterator[LdapServer]:
    """Provision and run a Samba AD DC: Active Directory's own schema, userAccountControl, USNs."""
    domain, home = "corp.maplefalls.example", folder / "dc"
    base = ",".join(f"DC={part}" for part in domain.split("."))
    _provision(domain, home)
    files = make_certificates(folder)
    config = home / "etc" / "smb.conf"
    port, tls_port = 389, 636
    extra = (
        "[global]\n server services = ldap, rpc, cldap\n interfaces = lo\n"
        " bind interfaces only = yes\n tls enabled = yes\n"
        f" tls keyfile = {files['key']}\n tls certfile = {files['cert']}\n"
        f" tls cafile = {files['ca']}\n"
    )
    config.write_text(config.read_text().replace("[global]\n", extra, 1))
    _fill(home, [*units(base), *people(base, is_ad=True)])
    words = ["samba", "-i", "-M", "single", "-s", str(config)]
    server = launch(words, stdin=subprocess.PIPE)  # samba -i ends when its standard input does
    with stopping(server):
        wait_for(server, tls_port)
        user = f"Administrator@{domain}"
        database = {"database": str(home / "private" / "sam.ldb")}
        yield LdapServer(
            port, tls_port, files["ca"], base, user, PASSWORD, is_ad=True, extras=database
        )


def change_samba(server: LdapServer, ldif: str) -> None:
    """Change the directory behind the connector's back."""
    database = server.extras["database"]
    _run_python(
        f"db = SamDB(url={database!r}, session_info=system_session(lp), lp=lp)\n"
        f"db.modify_ldif({ldif!r})\n"
    )


def _provision(domain: str, home: Path) -> None:
    subprocess.run(
        [
            "samba-tool", "domain", "provision", f"--realm={domain.upper()}", "--domain=CORP",
            "--server-role=dc", "--dns-backend=NONE", f"--adminpass={PASSWORD}",
            f"--targetdir={home}", "--host-name=localhost", "--host-ip=127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip


def _fill(home: Path, entries: list[tuple[str, dict[str, list[str]]]]) -> None:
    ldif = home / "district.ldif"
    ldif.write_text("\n".join(_to_ldif(dn, values) for dn, values in entries))
    _run_python(
        f"db = SamDB(url={str(home / 'private' / 'sam.ldb')!r},"
        " session_info=system_session(lp), lp=lp)\n"
        "db.transaction_start()\n"
        f"db.add_ldif(open({str(ldif)!r}).read())\n"
        "db.transaction_commit()\n"
    )


def _run_python(script: str) -> None:
    """Run lines in the system's Python, which has Samba's own modules."""
    begin = (
        "from samba.samdb import SamDB\nfrom samba.auth import system_session\n"
        "from samba.param import LoadParm\nlp = LoadParm()\nlp.load_default()\n"
    )
    subprocess.run(["/usr/bin/python3", "-c", begin + script], check=True, capture_output=True)


def _login(name: str) -> dict[str, list[str]]:
    classes = ["simpleSecurityObject", "organizationalRole"]
    return {"objectClass": classes, "cn": [name], "userPassword": [PASSWORD]}


def _to_ldif(dn: str, values: dict[str, list[str]]) -> str:
    lines = [f"{name}: {value}" for name, found in values.items() for value in found]
    return "\n".join([f"dn: {dn}", *lines, ""])
