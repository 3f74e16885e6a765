"""Profiles from files: exports of other tools and lists made by hand.

Format: one row a profile; only ``url``, or ``platform`` and ``handle``, is required.  Known are
profile_id, platform, handle, display_name, bio, url, website, location, verified, native_id,
created_on, followers, public_addresses, kind, seen_at, age and looked_on (the day on which somebody
looked for such an account by hand, with or without finding one).  Texts are cut to 300 characters
(display_name, location), 5,000 (bio), 200 (handle) and 2,048 (website).
"""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from connectors.errors import NotConfigured, SourceUnavailable
from connectors.inputs import explain, show
from connectors.platforms import (
    Account,
    Reason,
    Refusal,
    account_of,
    identify,
    platform_named,
    with_native_id,
)
from connectors.profiles import columns
from connectors.profiles.looks import Looks
from connectors.profiles.tables import read_batches
from connectors.records import AccountKey, Harvest, Profile
from connectors.source import Capability, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connectors.profiles.tables import Batch
    from connectors.source import Access

SEEN_TWICE = "accounts seen more than once"
MINORS = "profiles of people under 18"
NAMELESS = "rows without an address, or a platform and a handle"
FILLABLE = (
    "handle",
    "display_name",
    "bio",
    "website",
    "public_addresses",
    "location",
    "verified",
    "kind",
    "created_on",
    "followers",
    "seen_at",
    "row",
)
"""What a later row of the same account may add where the first one was silent."""


class ProfileFile:
    """Reads Parquet, CSV and JSON Lines files of public profiles."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.PROFILES})
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "path",
            str,
            required=True,
            about='The files, relative to audit.toml, such as "profiles/*.parquet"',
        ),
    )

    def __init__(self, access: Access) -> None:
        self._access = access

    def fetch(self) -> Harvest:
        """Read every file; an account in several rows becomes one profile.

        The first row leads and later ones fill its gaps.  Rows that name no account are counted
        in ``dropped`` by the reason.  Raises NotConfigured, SourceUnavailable (no such file),
        UnexpectedAnswer (a file that is not a list of profiles).
        """
        tally: Counter[str] = Counter()
        profiles: dict[AccountKey, Profile] = {}
        minors: set[AccountKey] = set()
        looks = Looks()
        files = self._find_files()
        for path in files:
            for batch in read_batches(path, self._access.source):
                looks.read(batch)
                for profile in read_profiles(batch, self._access.source, tally, minors):
                    key = profile.key
                    if (known := profiles.get(key)) is not None:
                        tally[SEEN_TWICE] += 1
                        profile = _filled(known, profile)
                    profiles[key] = profile
        kept = (one for one in profiles.values() if minors.isdisjoint(_identities(one)))
        return Harvest(
            profiles=tuple(kept), dropped=dict(+tally), calls=len(files), notes=looks.sentences()
        )

    def _find_files(self) -> list[Path]:
        source, pattern = self._access.source, str(self._access.options.get("path") or "")
        if not pattern.strip() or "\0" in pattern:
            raise NotConfigured(source, "'path' names no file", "Name it in audit.toml")
        named = self._access.folder / pattern
        try:
            if named.is_file():
                return [named]
            relative = Path(pattern)
            start = Path(relative.anchor) if relative.is_absolute() else self._access.folder
            inside = str(relative.relative_to(relative.anchor))
            found = sorted(path for path in start.glob(inside) if path.is_file())
        except (ValueError, NotImplementedError, IndexError):  # pathlib: "a**b", "", "."
            raise NotConfigured(
                source,
                f"'path' is no pattern of files: {show(pattern)}",
                "Correct it in audit.toml",
            ) from None
        except OSError as error:
            raise explain(error, source, named.name) from None
        if not found:
            raise SourceUnavailable(
                source,
                f"no file fits '{show(pattern)}'",
                "Check 'path' in audit.toml and whether the files were delivered",
            )
        return found


def read_profiles(
    batch: Batch,
    source: str,
    tally: Counter[str],
    minors: set[AccountKey],
    *,
    keep_unidentified: bool = False,
) -> Iterator[Profile]:
    """Make profiles of the rows of a batch, counting in ``tally`` what is left out.

    The URL leads where the row's platform or handle say otherwise.  The accounts of people under
    18 are added to ``minors``, so that no other row of theirs enters.  ``keep_unidentified`` keeps
    a row whose URL or handle no platform's rules can read, as it is written; it is counted too.
    """

    def values(name: str) -> Iterable[object]:
        return batch.columns.get(name) or repeat(None, batch.rows)

    def texts(name: str) -> Iterable[str | None]:
        limit, read = columns.LIMITS.get(name, columns.SHORT_TEXT), columns.read_text
        if (column := batch.columns.get(name)) is None:
            return repeat(None, batch.rows)
        return [None if v is None else read(v, limit, tally) for v in column]

    identities = zip(
        values("age"),
        values("looked_on"),
        *map(texts, ("url", "platform", "handle", "native_id")),
        strict=True,
    )
    details = zip(
        *map(texts, ("display_name", "bio", "website", "location", "profile_id")),
        *map(values, ("public_addresses", "verified", "kind", "created_on")),
        *map(values, ("followers", "seen_at")),
        strict=True,
    )
    for (age, looked, *identity), detail in zip(identities, details, strict=True):
        if age is not None and columns.is_minor(age):
            tally[MINORS] += 1
            if isinstance(account := _find_account(*identity), Account):
                minors |= _identities(account)
            continue
        account = _find_account(*identity)
        if isinstance(account, Refusal):
            tally[account.reason] += not (looked and account.reason == NAMELESS)
            if not keep_unidentified:
                continue
            account = _as_written(*identity)
        yield _profile(source, account, identity[2], detail, tally)


def _profile(
    source: str,
    account: Account,
    handle: str | None,
    detail: tuple[Any, ...],
    tally: Counter[str],
) -> Profile:
    name, bio, website, location, row, addresses, verified, kind, created, followers, seen = detail
    return Profile(
        source,
        account.platform,
        account.url,
        _spelling(account, handle),
        account.native_id,
        name,
        bio,
        website,
        columns.read_addresses(addresses, tally) if addresses else (),
        (),
        location,
        columns.read_truth(verified) if verified is not None else None,
        (columns.read_kind(kind) if kind else None) or account.kind,
        columns.read_date(created) if created else None,
        columns.read_count(followers) if followers is not None else None,
        None,
        columns.read_moment(seen) if seen else None,
        row,
        account.id,
    )


def _find_account(
    url: str | None, platform: str | None, handle: str | None, native_id: str | None
) -> Account | Refusal:
    if not url:
        if platform and (handle or native_id):
            return _named(account_of(platform, handle, native_id))
        return Refusal(NAMELESS)
    account = identify(url)
    if isinstance(account, Refusal):
        if account.reason is Reason.UNKNOWN and platform and (known := platform_named(platform)):
            account = identify(url, known.key)
        if isinstance(account, Refusal):
            return _named(account)
    return with_native_id(account, native_id) if native_id else account


def _identities(one: Account | Profile) -> set[AccountKey]:
    """Return every identity an account goes by: its native id and its folded handle."""
    handle = one.id if isinstance(one, Account) else one.account_id
    return {AccountKey(one.platform, name) for name in (one.native_id, handle) if name}


def _as_written(
    url: str | None, platform: str | None, handle: str | None, native_id: str | None
) -> Account:
    """Return the account of a row that no platform's rules can read."""
    known = native_id or handle or url or ""
    return Account((platform or "").lower(), known, url or "", handle, native_id)


def _named(account: Account | Refusal) -> Account | Refusal:
    return Refusal(f"rows with {account.reason}") if isinstance(account, Refusal) else account


def _spelling(account: Account, given: str | None) -> str | None:
    """Prefer the row's spelling of the same handle: lists keep capitals that URLs have lost."""
    if not given or "/" in given or ":" in given:
        return account.handle
    given = given.lstrip("@")
    if account.handle is None:
        return given if given != account.native_id else None
    return given if given.lower() == account.handle.lower() else account.handle


def _filled(known: Profile, later: Profile) -> Profile:
    """Fill what the first row of an account did not say from a later one."""
    gaps = {
        name: value
        for name in FILLABLE
        if getattr(known, name) in (None, ()) and (value := getattr(later, name)) not in (None, ())
    }
    return replace(known, **gaps) if gaps else known
