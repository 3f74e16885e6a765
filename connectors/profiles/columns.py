"""What the columns of a profile list are called, and how their hostile values become ours."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from connectors.records import ProfileKind
from connectors.tabular import fold_header

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

HEADERS: dict[str, tuple[str, ...]] = {
    "profile_id": ("profileid", "id", "rowid", "recordid", "row"),
    "platform": ("platform", "network", "socialnetwork", "service", "socialmedia", "site"),
    "handle": ("handle", "username", "screenname", "accountname", "account", "user"),
    "display_name": ("displayname", "name", "fullname", "pagename", "title"),
    "bio": ("bio", "biography", "description", "about", "profiletext"),
    "url": ("url", "profileurl", "accounturl", "pageurl", "link", "profilelink", "permalink"),
    "website": ("website", "homepage", "externalurl", "web"),
    "location": ("location", "place", "town", "city"),
    "verified": ("verified", "isverified"),
    "native_id": ("nativeid", "platformid", "accountid", "userid", "pageid", "channelid"),
    "created_on": ("createdon", "createdat", "created", "datecreated", "joined"),
    "followers": ("followers", "followerscount", "followercount", "subscribers", "fans"),
    "public_addresses": (
        "publicaddresses",
        "publicaddress",
        "publicemail",
        "publicemails",
        "email",
        "emails",
        "emailaddress",
        "contactemail",
    ),
    "kind": ("kind", "type", "accounttype"),
    "seen_at": ("seenat", "foundat", "fetchedat", "foundon", "lastseen", "observedat"),
    "age": ("age",),
    "looked_on": ("lookedon", "lookedat"),
}
"""Our fields and the folded headers they may have, best first."""

LIMITS = {
    "display_name": 300,
    "bio": 5000,
    "handle": 200,
    "location": 300,
    "website": 2048,
    "url": 2049,
}
"""Characters a text is cut to; a longer URL stays too long to be read as another one."""

SHORT_TEXT = 200
LONGEST_HEADER = 100
EARLIEST, LATEST = 1970, 2200
MAX_ADDRESSES = 20
CUT = "texts cut to length"
WRONG_TYPE = "values of a wrong type"
WRONG_ADDRESS = "published addresses that are none"

_UNFIT = re.compile("[\0\ud800-\udfff]")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_KINDS = {kind.value: kind for kind in ProfileKind} | {
    "organization": ProfileKind.ORGANISATION,
    "company": ProfileKind.ORGANISATION,
    "user": ProfileKind.PERSON,
}
_AGE = re.compile(r"\s*(\d{1,3})(?!\d)", re.ASCII)
_ADDRESS = re.compile(r"[^\s@|;,<>\"]{1,64}@[^\s@|;,<>\"]{1,253}")


def match_headers(headers: Iterable[str]) -> dict[str, list[str]]:
    """Find our fields among headers: field -> every header spelt like its best name."""
    by_name: dict[str, list[str]] = {}
    for header in headers:
        by_name.setdefault(fold_header(header), []).append(header)
    return {
        field: next(by_name[name] for name in names if name in by_name)
        for field, names in HEADERS.items()
        if any(name in by_name for name in names)
    }


@lru_cache(maxsize=1024)
def find_field(header: str) -> tuple[str, int] | None:
    """Find the field a single header means, and how good a name for it that is (0 is best)."""
    name = fold_header(header[:LONGEST_HEADER])
    for field, names in HEADERS.items():
        if name in names:
            return field, names.index(name)
    return None


def identifies_accounts(fields: Iterable[str] | Mapping[str, object]) -> bool:
    """Tell whether these fields are enough to know an account."""
    known = set(fields)
    return "url" in known or ("platform" in known and bool(known & {"handle", "native_id"}))


def read_text(value: object, limit: int, tally: Counter[str]) -> str | None:
    """Return stripped text of at most ``limit`` characters; numbers and dates become text.

    NUL and lone surrogates become U+FFFD.  Other types are counted and not known.
    """
    if not isinstance(value, str):
        value = _written(value, tally)
        if value is None:
            return None
    text = value.strip()
    if len(text) > limit:
        tally[CUT] += 1
        text = text[:limit].rstrip()
    if not text.isascii() or "\0" in text:
        text = _UNFIT.sub("\ufffd", text)
    return text or None


def read_truth(value: object) -> bool | None:
    """Read a yes or no; anything else is not known."""
    if isinstance(value, bool):
        return value
    return _TRUTH.get(str(value).strip().lower()) if isinstance(value, str | int) else None


def read_count(value: object) -> int | None:
    """Read a whole number from 0 to 10 billion, also as text with thousands separators."""
    if isinstance(value, str):
        digits = value.strip().replace(",", "").removesuffix(".0")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    whole = int(value) if isinstance(value, int) or _is_whole(value) else -1
    return whole if 0 <= whole <= 10**10 else None


def read_date(value: object) -> date | None:
    """Read an ISO date, with or without a time."""
    moment = read_moment(value)
    return moment.date() if moment else None


def read_moment(value: object) -> datetime | None:
    """Read an ISO date or time of 1970 to 2200 as an aware time; without a zone it is UTC."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.strip()[:40])
    if not isinstance(value, date) or not EARLIEST <= value.year <= LATEST:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def read_kind(value: object) -> ProfileKind | None:
    """Read what sort of account it is."""
    return _KINDS.get(value.strip().lower()) if isinstance(value, str) else None


def read_addresses(value: object, tally: Counter[str]) -> tuple[str, ...]:
    """Read published e-mail addresses: a list, or text separated by ``|``, ``;`` or commas."""
    parts = value if isinstance(value, list | tuple) else [value]
    tally[CUT] += len(parts) > MAX_ADDRESSES
    found: dict[str, None] = {}
    for part in parts[:MAX_ADDRESSES]:
        text = read_text(part, LIMITS["bio"], tally) or ""
        for address in re.split(r"[|;,\s]+", text):
            bare = address.removeprefix("mailto:")
            if _ADDRESS.fullmatch(bare):
                found[bare] = None
            elif bare:
                tally[WRONG_ADDRESS] += 1
    tally[CUT] += len(found) > MAX_ADDRESSES
    return tuple(found)[:MAX_ADDRESSES]


def is_minor(value: object) -> bool:
    """Tell whether an age column says under 18."""
    if not isinstance(value, str | int | float | Decimal):
        return False
    age = _AGE.match(str(value))
    return age is not None and int(age[1]) < 18


def _written(value: object, tally: Counter[str]) -> str | None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | date):
        tally[WRONG_TYPE] += 1
        return None
    if isinstance(value, int | date):
        return value.isoformat() if isinstance(value, date) else str(value)
    return str(int(value)) if _is_whole(value) and -(2**53) < value < 2**53 else str(value)


def _is_whole(value: float | Decimal) -> bool:
    return math.isfinite(value) and value == int(value)
