"""Directory connector for Active Directory, OpenLDAP and their like over LDAPS or StartTLS.

RFC 4511, RFC 2696 (pages of 1,000), MS-ADTS (uSNChanged, highestCommittedUSN, invocationId), with
the ldap3 package.  Read-only: it binds and searches.  Passwords, birth dates, telephone numbers,
home addresses, employee numbers and photographs are never asked for.

Against Active Directory a later night asks only for entries whose uSNChanged has grown, from the
same domain controller; a deleted entry, a moved parent unit or a changed group does not change an
entry's number, so the directory is read in full every ``full_every_days``, and every night where
groups tell the students.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, ClassVar

from connectors.clock import check_clock
from connectors.directory.entries import FULL_EVERY, fingerprint, load_kept
from connectors.directory.roles import ROLE_SETTINGS
from connectors.errors import NotConfigured
from connectors.source import Capability, Check, CheckState, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.directory.ldap_connection import LdapConnection, Root
    from connectors.directory.ldap_reading import Reading
    from connectors.records import Harvest
    from connectors.source import Access


class Ldap:
    """Staff, service accounts and schools of an LDAP directory."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PEOPLE, Capability.SCHOOLS, Capability.STANDING}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "url",
            str,
            required=True,
            about="The server: ldaps://HOST, or ldap://HOST, which then must offer StartTLS.",
        ),
        Setting(
            "user",
            str,
            required=True,
            about="Distinguished name, or user@domain, of an account that may only read.",
        ),
        Setting("password", str, required=True, secret=True, about="The account's password."),
        Setting(
            "ca_file",
            str,
            required=False,
            about="PEM file of the authority that issued the server's certificate; without it,"
            " that of [web] or the system's.",
        ),
        Setting(
            "staff_units",
            list,
            required=False,
            about="Distinguished names of the units that hold staff; only these are searched.",
            default=[],
        ),
        Setting(
            "student_units",
            list,
            required=False,
            about="Distinguished names of units whose entries are counted as students and dropped.",
            default=[],
        ),
        Setting(
            "student_groups",
            list,
            required=False,
            about="Distinguished names of groups whose direct members are students.",
            default=[],
        ),
        Setting(
            "filter",
            str,
            required=False,
            about="A further LDAP filter that entries must fit, such as (employeeType=staff).",
            default="",
        ),
        Setting(
            "school_attributes",
            list,
            required=False,
            about="Attributes that name the school; the first that is filled counts.",
            default=["physicalDeliveryOfficeName", "ou"],
        ),
        FULL_EVERY,
        *ROLE_SETTINGS,
    )

    def __init__(self, access: Access) -> None:
        """Check the settings; NotConfigured when nothing tells staff from students."""
        self._access = access
        options = access.options
        for name in ("staff_units", "student_units", "student_groups", "school_attributes"):
            if not all(isinstance(text, str) and text for text in options.get(name) or ()):
                raise NotConfigured(
                    access.source, f"'{name}' holds something that is not text", "Put it in quotes"
                )
        telling = ("staff_units", "student_units", "student_groups", "student_domains")
        if not any(options.get(name) for name in telling):
            raise NotConfigured(
                access.source,
                "nothing tells staff from students",
                "Set 'staff_units' to the units of staff, or 'student_units', 'student_groups' or"
                " 'student_domains'",
            )

    def fetch(self) -> Harvest:
        """Read all staff, or what changed of them; ``ConnectorError`` for anything less."""
        made_of = fingerprint(self._access, {"password"})
        told_by_groups = self._access.options.get("student_groups")
        kept = None if told_by_groups else load_kept(self._access, made_of)
        with self._connect() as connection:
            return _reading_of(connection, self._access).fetch(kept, made_of)

    def check(self) -> Iterator[Check]:
        """Try connection, units and clock; yields as it goes, raises as ``fetch`` does."""
        with self._connect() as connection:
            yield Check("encrypted and logged in", CheckState.GOOD)
            reading = _reading_of(connection, self._access)
            kind = "Active Directory" if reading.root.is_active_directory else "LDAP"
            yield Check("directory", CheckState.GOOD, kind)
            reading.check_places()
            yield Check("units and groups found", CheckState.GOOD)
            yield _check_paging(reading.root)
            yield from _check_clock(reading.root)

    def _connect(self) -> LdapConnection:
        if importlib.util.find_spec("ldap3") is None:
            raise NotConfigured(
                self._access.source,
                "the package ldap3 is not installed",
                "Install the auditor with its extra: pip install 'district-social-auditor[ldap]'",
            )
        from connectors.directory.ldap_connection import LdapConnection

        return LdapConnection(self._access)


def _check_paging(root: Root) -> Check:
    if root.can_page:
        return Check("paged results", CheckState.GOOD)
    return Check(
        "paged results",
        CheckState.WARNING,
        "not offered",
        "Raise the server's size limit for the account above the number of entries",
    )


def _check_clock(root: Root) -> Iterable[Check]:
    from datetime import UTC, datetime

    try:
        served = datetime.strptime(root.clock, "%Y%m%d%H%M%S.0Z").replace(tzinfo=UTC)
    except ValueError:
        return ()
    return check_clock(served, datetime.now(UTC), "the server's")


def _reading_of(connection: LdapConnection, access: Access) -> Reading:
    from connectors.directory.ldap_reading import Reading

    return Reading(connection, access)
