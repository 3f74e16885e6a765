"""Apps of a Google Workspace tenant: who granted what, what happened, how many use what.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/tokens,
/admin/reports/reference/rest/v1/activities/list (application ``token``) and
/admin/reports/v1/guides/manage-usage-customers (``accounts:authorized_apps``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from connectors.errors import UnexpectedAnswer
from connectors.google_api import BadRequest, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from connectors.google_api import Google, Request

READ_TOKENS = "admin.directory.user.security"
READ_EVENTS = "admin.reports.audit.readonly"
READ_USAGE = "admin.reports.usage.readonly"
REPORTS = ("admin", "reports_v1")
EVENTS_A_PAGE = 1_000
LONGEST_LAG = 7
"""Days that the usage report may be late."""
AUTHORIZE = "authorize"
TOUCHING = frozenset({AUTHORIZE, "revoke"})
"""Events after which somebody's grants are others; "activity" is an app at work."""
PLACEHOLDER = "105250506097979753968"
TOKEN_FIELDS = "items(clientId,displayText,scopes,userKey)"  # noqa: S105
EVENT_FIELDS = (
    "nextPageToken,items(id(time,uniqueQualifier,applicationName,customerId),"
    "actor(email,profileId),events(name,parameters(name,value)))"
)

SCOPE_WORDS = (
    (("openid", "email", "profile", "userinfo.email", "userinfo.profile"), "name and address"),
    (("contacts", "directory", "contacts.readonly"), "contacts"),
    (("drive", "docs", "documents", "spreadsheets", "presentations"), "files in Drive"),
    (("gmail", "mail.google.com"), "mail"),
    (("calendar",), "calendar"),
    (("classroom",), "Classroom"),
    (("photoslibrary", "photos"), "photos"),
    (("youtube", "yt-analytics"), "YouTube"),
)
OTHER_SCOPES = "other data"


class Token(msgspec.Struct, rename="camel"):
    """A grant that is alive: of whom, to which app, for what."""

    client_id: str = ""
    display_text: str = ""
    scopes: list[str] = []
    user_key: str = ""


class TokenList(msgspec.Struct):
    """All grants of one user; ``items`` is absent where there is none."""

    items: list[Token] = []


class EventId(msgspec.Struct, rename="camel"):
    """What makes an event the same one when it is told again."""

    time: datetime
    unique_qualifier: str = ""
    application_name: str = ""
    customer_id: str = ""


class Actor(msgspec.Struct, rename="camel"):
    """Who did it; either may be absent."""

    email: str = ""
    profile_id: str = ""


class Parameter(msgspec.Struct):
    """A parameter; only texts are asked for."""

    name: str = ""
    value: str = ""


class Happening(msgspec.Struct):
    """One of the things an activity consists of."""

    name: str = ""
    parameters: list[Parameter] = []


class Activity(msgspec.Struct):
    """One entry of the audit log."""

    id: EventId
    actor: Actor = msgspec.field(default_factory=Actor)
    events: list[Happening] = []


class Activities(Page):
    """A page of the audit log, the newest first."""

    items: list[Activity] = msgspec.field(default_factory=list)


class UsageParameter(msgspec.Struct, rename="camel"):
    """A figure of a report; that of the apps is a list of rows."""

    name: str = ""
    msg_value: list[dict[str, Any]] = []


class UsageReport(msgspec.Struct):
    """A day's figures of the tenant."""

    parameters: list[UsageParameter] = []


class UsageReports(Page):
    """A page of a day's figures."""

    usage_reports: list[UsageReport] = msgspec.field(default_factory=list)


class Event(NamedTuple):
    """Somebody let an app in or out: ``key`` tells repeats, the email is for who has no id."""

    key: str
    name: str
    user_id: str
    email: str
    client_id: str
    day: date


class Counted(NamedTuple):
    """What the tenant's own report says: its day, and by client id an app's name and users."""

    day: date
    users: dict[str, tuple[str, int]]


def list_tokens(google: Google, make: Callable[..., Request], user_id: str) -> list[Token]:
    """Return a user's grants; ``make`` is the method ``tokens().list``.

    Raises Forbidden or NotThere of this one user, and UnexpectedAnswer when the answer is about
    somebody else: a grant never comes to the wrong person.
    """
    found = google.get(make(userKey=user_id, fields=TOKEN_FIELDS), TokenList, READ_TOKENS).items
    if any(token.user_key not in {"", user_id} for token in found):
        raise UnexpectedAnswer(
            google.source,
            "Google answered with the grants of another user than was asked about",
            "The next night tries again; if it lasts, report it with this sentence",
        )
    return [token for token in found if token.client_id]


def list_events(google: Google, since: datetime | None) -> Iterator[Event]:
    """Yield what was let in and out since a moment, each once, the newest first.

    Without a moment, everything Google has, 180 days, but only what was let in: a question that
    names an event counts against a small quota, one chain of pages stays below it.
    """
    start = {"startTime": _stamp(since)} if since else {"eventName": AUTHORIZE}
    seen: set[str] = set()
    pages = google.pages(
        google.service(*REPORTS).activities().list,
        Activities,
        READ_EVENTS,
        userKey="all",
        applicationName="token",
        maxResults=EVENTS_A_PAGE,
        fields=EVENT_FIELDS,
        **start,
    )
    for page in pages:
        for activity in page.items:
            key = _key_of(activity.id)
            if key not in seen:
                happenings = [one for one in activity.events if one.name in TOUCHING]
                if happenings:
                    seen.add(key)
                for one in happenings:
                    yield _event_of(activity, one, key)


def count_users(google: Google, today: date, lag: int) -> tuple[Counted | None, int]:
    """Return the newest report of how many use what, and how late to expect the next one.

    Begins ``lag`` days back, which is one less than last time it took; None when there is none
    within a week.
    """
    days = sorted(range(1, LONGEST_LAG + 1), key=lambda one: (one < lag, one))
    for back in days:
        day = today - timedelta(days=back)
        try:
            users = _read_report(google, day)
        except BadRequest:
            continue
        if users is not None:
            return Counted(day, users), max(1, back - 1)
    return None, 1


def describe_scopes(scopes: Iterable[str]) -> str:
    """Say in words what an app may see: "name and address, files in Drive"; empty for nothing."""
    said: dict[str, None] = {}
    for scope in scopes:
        said[_word_of(scope)] = None
    order = [*(words for _, words in SCOPE_WORDS), OTHER_SCOPES]
    return ", ".join(sorted(said, key=order.index))


def home_domains_of(client_id: str, name: str) -> tuple[str, ...]:
    """Return what of an app is a domain: unregistered apps go by theirs."""
    texts = (text.strip().casefold() for text in (client_id, name))
    return tuple(
        text
        for text in texts
        if "." in text and " " not in text and not text.endswith(".googleusercontent.com")
    )


def _read_report(google: Google, day: date) -> dict[str, tuple[str, int]] | None:
    """Return the rows of a day's report; None when that day has none yet."""
    users: dict[str, tuple[str, int]] = {}
    is_there = False
    pages = google.pages(
        google.service(*REPORTS).customerUsageReports().get,
        UsageReports,
        READ_USAGE,
        date=day.isoformat(),
        parameters="accounts:authorized_apps",
    )
    for page in pages:
        for report in page.usage_reports:
            is_there = True
            for parameter in report.parameters:
                for row in parameter.msg_value:
                    client, count = row.get("client_id"), str(row.get("num_users"))
                    if isinstance(client, str) and count.isascii() and count.isdigit():
                        users[client] = str(row.get("client_name") or ""), int(count[:9])
    return users if is_there else None


def _event_of(activity: Activity, one: Happening, key: str) -> Event:
    texts = {parameter.name: parameter.value for parameter in one.parameters}
    user = activity.actor.profile_id
    return Event(
        key=key,
        name=one.name,
        user_id=user if user != PLACEHOLDER else "",
        email=activity.actor.email.casefold(),
        client_id=texts.get("client_id", ""),
        day=activity.id.time.astimezone(UTC).date(),
    )


def _key_of(one: EventId) -> str:
    parts = (one.time, one.unique_qualifier, one.application_name, one.customer_id)
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _word_of(scope: str) -> str:
    """Return the words for a scope by the last part of its name, or its host."""
    name = scope.rstrip("/").rpartition("/")[2].casefold()
    first = name.partition(".")[0]
    for names, words in SCOPE_WORDS:
        if name in names or first in names:
            return words
    return OTHER_SCOPES
