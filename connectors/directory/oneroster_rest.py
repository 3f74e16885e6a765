"""Directory connector for OneRoster REST services, 1.1 and 1.2, of a student information system.

https://www.imsglobal.org/oneroster-v11-final-specification and
https://www.imsglobal.org/spec/oneroster/v1p2 (Rostering Service).  Scope, with OAuth 2:
roster-core.readonly of the version.  Only ``users`` and ``orgs`` are asked for, and of a user only
the fields that are used: never passwords, birth dates, demographics, telephone numbers, grades,
agents or identifiers.  Students are counted and dropped page by page.

After a first full reading only users with a newer dateLastModified are asked for, with a day of
overlap; since services may forget whom they deleted, all are read every ``full_every_days``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from connectors.clock import check_clock
from connectors.directory.entries import (
    FULL_EVERY,
    enter,
    fingerprint,
    keep,
    load_kept,
    tell_increment,
)
from connectors.directory.roles import ROLE_SETTINGS
from connectors.directory.roster import Roster
from connectors.directory.rostering import DELETED, KINDS, Duty, enter_user, make_duty
from connectors.records import School
from connectors.source import Capability, Check, CheckState, Setting
from connectors.tabular import read_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.directory.entries import Entry, Kept
    from connectors.directory.oneroster_service import Service, User
    from connectors.records import Harvest
    from connectors.source import Access

OVERLAP = timedelta(days=1)
NEVER_ASKED = ("password", "birthDate", "phone", "sms", "grades", "agents")


class OneRosterRest:
    """Staff, service accounts and schools of a OneRoster REST service."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.PEOPLE, Capability.SCHOOLS, Capability.STANDING}
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "url",
            str,
            required=True,
            about="The service: https://HOST/ims/oneroster/rostering/v1p2, or .../v1p1.",
        ),
        Setting("client_id", str, required=True, about="The client id or consumer key."),
        Setting("client_secret", str, required=True, secret=True, about="Its secret."),
        Setting(
            "token_url",
            str,
            required=False,
            about="Where OAuth 2 tokens come from; without it, requests of 1.1 are signed (1.0a).",
        ),
        Setting(
            "scope",
            str,
            required=False,
            about="The OAuth 2 scope, where the service has another name for roster-core.readonly.",
        ),
        Setting(
            "signature",
            str,
            required=False,
            about="How OAuth 1.0a signs: HMAC-SHA256 or HMAC-SHA1.",
            default="HMAC-SHA256",
        ),
        Setting(
            "version",
            str,
            required=False,
            about='"1.1" or "1.2", where the url does not show it.',
        ),
        Setting(
            "page_size",
            int,
            required=False,
            about="How many users to ask for at once; services may give fewer.",
            default=500,
        ),
        FULL_EVERY,
        *ROLE_SETTINGS,
    )

    def __init__(self, access: Access) -> None:
        self._access = access

    def fetch(self) -> Harvest:
        """Read all staff, or what changed of them; ``ConnectorError`` for anything less."""
        from connectors.directory.oneroster_service import FilterRefused, Service

        made_of = fingerprint(self._access, {"client_secret"})
        kept = load_kept(self._access, made_of)
        with Service(self._access) as service:
            try:
                reading = _Reading(service, self._access, kept)
            except FilterRefused:
                reading = _Reading(service, self._access, None)
            return reading.harvest(made_of)

    def check(self) -> Iterator[Check]:
        """Try token, scope, both lists and clock; raises as ``fetch`` does."""
        from connectors.directory.oneroster_service import Service

        with Service(self._access) as service:
            token = service.token()
            if token is not None:
                yield Check("token obtained", CheckState.GOOD)
                yield from _check_scope(service.scope, token.scope)
            service.ask_one("orgs")
            yield Check("organisations readable", CheckState.GOOD)
            answer = service.ask_one("users")
            yield Check("users readable", CheckState.GOOD, f"OneRoster {service.version}")
            yield _check_fields(answer.body)
            yield from check_clock(answer.headers.get("Date"), datetime.now(UTC), "the service's")


class _Reading:
    """One reading of one service, in full or, with what was ``kept``, of the changes."""

    def __init__(self, service: Service, access: Access, kept: Kept | None) -> None:
        self._service, self._access, self._kept = service, access, kept
        self._roster = Roster(access)
        self._newest: datetime | None = None
        self._is_dated = True
        self._count = 0
        self.entries = self._read_changes(kept) if kept else dict(self._read(self._roster))
        self._schools = list(self._read_schools())

    def harvest(self, made_of: str) -> Harvest:
        """Return everybody, with a bookmark where every user says when it was changed."""
        kept, repeats = self._kept, self._service.repeats
        harvest = self._roster.harvest(
            self._schools, [tell_increment(kept, self._count)] if kept else []
        )
        harvest = replace(harvest, calls=self._service.calls)
        if kept:
            harvest = replace(harvest, dropped=kept.dropped)
        if repeats:
            gap = (
                f"{repeats} users came twice while pages were turned, so as many may have been"
                " missed."
            )
            return replace(harvest, gaps=(gap,))
        mark = self._mark()
        if not (self._is_dated and mark):
            return harvest
        return keep(
            harvest,
            self.entries.values(),
            made_of=made_of,
            server="",
            mark=mark,
            full_on=kept.full_on if kept else self._access.now.date(),
        )

    def _mark(self) -> str:
        if self._newest is None:
            return self._kept.mark if self._kept else ""
        newest = min(self._newest, self._access.now)
        return newest.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def _read(self, roster: Roster, since: str = "") -> Iterator[tuple[str, Entry]]:
        for user in self._service.users(since):
            entry = self._take(user, roster)
            if entry is not None:
                yield user.sourced_id, entry

    def _read_changes(self, kept: Kept) -> dict[str, Entry]:
        """Apply the changed users; one who is no longer staff is taken out."""
        marked = _read_time(kept.mark)
        since = (marked - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S.000Z") if marked else kept.mark
        entries = {entry.id: entry for entry in kept.entries}
        scratch = Roster(self._access)
        for user in self._service.users(since):
            entry = self._take(user, scratch)
            if entry is not None:
                entries[user.sourced_id] = entry
            else:
                entries.pop(user.sourced_id, None)
        for entry in entries.values():
            enter(self._roster, entry)
        return entries

    def _take(self, user: User, roster: Roster) -> Entry | None:
        self._count += 1
        changed = _read_time(user.date_last_modified or "")
        self._is_dated &= changed is not None
        if changed and (self._newest is None or changed > self._newest):
            self._newest = changed
        return enter_user(_row(user), list(self._duties(user)), roster)

    def _duties(self, user: User) -> Iterable[Duty]:
        for org in [ref.sourced_id for ref in user.orgs or ()] or [""]:
            if user.role:
                yield Duty(user.role, org)
        for role in user.roles or ():
            end = read_date(role.end_date or "")
            org = role.org.sourced_id if role.org else ""
            yield make_duty(role.role, org, "", end, self._access.now.date())

    def _read_schools(self) -> Iterator[School]:
        for org in self._service.orgs():
            kind = (org.type or "").casefold()
            if (org.status or "").casefold() == DELETED:
                self._roster.drop("organisations to be deleted")
            elif not org.sourced_id or not org.name:
                self._roster.drop("organisations repeated or without an id or a name")
            elif kind and kind not in KINDS:
                self._roster.drop("organisations beyond the district")
            else:
                yield School(
                    source=self._access.source,
                    id=org.sourced_id,
                    name=org.name,
                    kind=kind or None,
                    parent=org.parent.sourced_id or None if org.parent else None,
                )


def _row(user: User) -> dict[str, str]:
    """Return a user in the words of the CSV binding."""
    ids = [found.identifier or "" for found in user.user_ids or ()]
    return {
        "id": user.sourced_id,
        "status": user.status or "",
        "enabled": str(user.enabled_user if user.enabled_user is not None else ""),
        "primary_org": user.primary_org.sourced_id if user.primary_org else "",
        "username": user.username or "",
        "given": user.given_name or "",
        "family": user.family_name or "",
        "preferred_given": user.preferred_first_name or "",
        "preferred_family": user.preferred_last_name or "",
        "email": user.email or "",
        "aliases": ",".join(text for text in ids if "@" in text),
    }


def _read_time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _check_scope(wanted: str, given: str | None) -> Iterator[Check]:
    """Compare the scopes of the token with the one that is needed."""
    if given is None:
        return
    scopes = given.split()
    if wanted not in scopes and not set(wanted.split()) <= set(scopes):
        yield Check(
            "scope", CheckState.BAD, "the token lacks roster-core.readonly",
            f"In the service's administration, allow this client the scope {wanted}",
        )  # fmt: skip
    elif set(scopes) - set(wanted.split()):
        extra = len(set(scopes) - set(wanted.split()))
        yield Check(
            "scope", CheckState.WARNING, f"{extra} more than needed",
            f"In the service's administration, leave this client only the scope {wanted}",
        )  # fmt: skip
    else:
        yield Check("scope", CheckState.GOOD)


def _check_fields(body: bytes) -> Check:
    found = [name for name in NEVER_ASKED if f'"{name}"'.encode() in body]
    if not found:
        return Check("only the fields asked for", CheckState.GOOD)
    return Check(
        "only the fields asked for", CheckState.WARNING, f"the service adds {', '.join(found)}",
        "Nothing of it is kept; in the service's administration, hide these fields from the client",
    )  # fmt: skip
