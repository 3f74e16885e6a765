"""An invented district's LDAP entries, and what a server of them must offer, real or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.builders import DOMAIN, NOW, an_access

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.source import Access

STAFF, STUDENTS = 1100, 300
"""More staff than a page holds, so that every reading turns pages."""
Entry = tuple[str, dict[str, list[str]]]


@dataclass
class LdapServer:
    """A running server: where it is, who may read, and what it holds."""

    port: int
    tls_port: int
    ca_file: Path
    base: str
    user: str
    password: str
    is_ad: bool
    staff: int = STAFF
    students: int = STUDENTS
    extras: dict[str, Any] = field(default_factory=dict)

    def access(self, **changes: Any) -> Access:
        """Build what the connector is made with: staff in one unit, students in another."""
        options = {
            "url": f"ldaps://localhost:{self.tls_port}",
            "user": self.user,
            "password": self.password,
            "ca_file": str(self.ca_file),
            "student_units": [f"OU=Students,{self.base}"],
            "staff_units": [],
            "student_groups": [],
            "filter": "",
            "school_attributes": ["physicalDeliveryOfficeName", "ou"],
            "full_every_days": 7,
        }
        names = {name: changes.pop(name) for name in ("bookmark", "now") if name in changes}
        return an_access(options | changes, **names)


def make_certificates(folder: Path) -> dict[str, Path]:
    """Make a throwaway authority and a certificate of it for localhost."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def begin(subject: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("Throwaway CA"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = (
        begin("Throwaway CA", root.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = (
        begin("localhost", own.public_key())
        .add_extension(names, critical=False)
        .sign(root, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = {"ca": ca.public_bytes(pem), "cert": certificate.public_bytes(pem), "key": key}
    for file, content in files.items():
        (folder / f"{file}.pem").write_bytes(content)
        (folder / f"{file}.pem").chmod(0o600)
    return {file: folder / f"{file}.pem" for file in files}


def units(base: str) -> list[Entry]:
    """Return the units of the district, one with a comma in its name."""
    places = ["OU=Staff", "OU=High School,OU=Staff", "OU=Elm\\, North,OU=Staff", "OU=Students"]
    return [(f"{place},{base}", {"objectClass": ["organizationalUnit"]}) for place in places]


def people(base: str, staff: int = STAFF, students: int = STUDENTS, *, is_ad: bool) -> list[Entry]:
    """Return staff in two schools, a service account, a disabled teacher and students."""
    schools = {"OU=High School,OU=Staff": "Maple Falls High", "OU=Elm\\, North,OU=Staff": "Elm"}
    places = list(schools.items())
    entries = []
    for number in range(staff):
        place, school = places[number % 2]
        entries.append(_person(f"Ida Marsh{number}", place, base, school, is_ad=is_ad))
    entries += [
        _person(f"Pupil Small{number}", "OU=Students", base, "", is_ad=is_ad)
        for number in range(students)
    ]
    return entries


def _person(name: str, place: str, base: str, school: str, *, is_ad: bool) -> Entry:
    given, family = name.split()
    key = f"{given}.{family}".casefold()
    values = {
        "cn": [name],
        "givenName": [given],
        "sn": [family],
        "mail": [f"{key}@{DOMAIN}"],
        "title": ["Teacher" if school else "Grade 4"],
        "telephoneNumber": ["555-0100"],
    }
    if school:
        values["physicalDeliveryOfficeName"] = [school]
    if is_ad:
        values |= {
            "objectClass": ["user"],
            "sAMAccountName": [key],
            "userPrincipalName": [f"{key}@corp.{DOMAIN}"],
            "proxyAddresses": [f"SMTP:{key}@{DOMAIN}", f"smtp:{family}@{DOMAIN}".casefold()],
            "userAccountControl": ["546" if family == "Marsh7" else "544"],
        }
    else:
        values |= {"objectClass": ["inetOrgPerson"], "uid": [key]}
        values["mail"].append(f"{family}@{DOMAIN}".casefold())
    return f"CN={name},{place},{base}", values


__all__ = ["NOW", "LdapServer", "make_certificates", "people", "units"]
