"""The night of a platform that is asked by account name: known ones, likely ones, names."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from connectors import redaction
from connectors.errors import NotConfigured
from connectors.platforms import Account, Refusal, account_of, identify
from connectors.profile_reading import ProfileReading
from connectors.records import Profile
from connectors.rotation import lookups_a_night
from connectors.source import Check, CheckState, Setting
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connectors.records import Harvest, KnownAccount
    from connectors.source import Access, Capability, Terms

SECRET = re.compile(r"[!-~]{8,4000}")
LOOKUPS = lookups_a_night(100)


class Absence(StrEnum):
    """Why there is no profile: only the first means that there is no such account."""

    NOT_FOUND = "not found"
    UNCLEAR = "accounts of which the platform does not say whether they exist"
    CLOSED = "accounts that are closed to the public"
    WITHHELD = "accounts whose owners ask not to be listed"
    UNREACHABLE = "accounts that the platform's interface cannot be asked about"


class Night:
    """One reading of one platform: the way to it, and what was gathered."""

    def __init__(self, web: WebSession, reading: ProfileReading) -> None:
        self.web, self.reading = web, reading
        self.access = reading.access

    def profile(
        self, handle: str | None, native_id: str | None, **fields: Any
    ) -> Profile | Absence:
        """Return a profile with its canonical identity; UNREACHABLE where it has none."""
        begun = self.reading.profile(handle, native_id)
        if begun is None:
            return Absence.UNREACHABLE
        given = {name: value for name, value in fields.items() if value is not None}
        return replace(begun, **given)

    def withhold(self, handle: str) -> Absence:
        """Count an account whose owner asks not to be listed, once however often it is met."""
        account = account_of(self.reading.platform, handle, None)
        name = handle.casefold() if isinstance(account, Refusal) else account.id
        self.reading.leave_out(str(Absence.WITHHELD), name)
        return Absence.WITHHELD

    def own_addresses(self, texts: Iterable[str | None]) -> tuple[str, ...]:
        """Return the district's addresses among those an account shows; others are not kept."""
        endings = tuple(f"{mark}{domain}" for domain in self.access.domains for mark in "@.")
        shown = (text.strip() for text in texts if text)
        return tuple(dict.fromkeys(s for s in shown if "@" in s and s.lower().endswith(endings)))


class AccountSource:
    """A source that answers account by account; subclasses say how one is asked for.

    ``batch`` accounts are asked for in one call.  The settings ``lookups_a_night`` and
    ``searches_a_night``, where a source has them, are the night's budgets; ``most_allowed`` caps
    numbers.  ``probe`` is an account of the platform's own, for ``audit doctor``.
    ``calls_before`` are the calls that ``headers`` took, for a token.
    """

    platform: ClassVar[str]
    per_second: ClassVar[float] = 5.0
    batch: ClassVar[int] = 1
    most_allowed: ClassVar[Mapping[str, int]] = {}
    probe: ClassVar[str] = ""
    calls_before = 0
    capabilities: ClassVar[frozenset[Capability]]
    settings: ClassVar[tuple[Setting, ...]]
    terms: ClassVar[Terms]

    def __init__(self, access: Access) -> None:
        """Take the settings; NotConfigured for a secret or a number that cannot be one."""
        self._access = access
        defaults = {one.name: one.default for one in self.settings}
        self.options: dict[str, Any] = defaults | dict(access.options)
        for setting in self.settings:
            self._check(setting)

    def _check(self, setting: Setting) -> None:
        value = self.options[setting.name]
        if setting.secret and value is not None:
            self.options[setting.name] = value = str(value).strip()
            if not SECRET.fullmatch(value):
                problem = f"the setting '{setting.name}' holds no key or token"
                raise NotConfigured(self._access.source, problem, setting.about)
            redaction.install([value])
        if setting.required and not value:
            problem = f"the setting '{setting.name}' is missing"
            raise NotConfigured(self._access.source, problem, setting.about)
        if setting.kind is int:
            most = self.most_allowed.get(setting.name, 10_000)
            if not 0 <= int(value) <= most:
                problem = f"the setting '{setting.name}' is not between 0 and {most:,}"
                raise NotConfigured(self._access.source, problem, "Correct it in audit.toml")

    def affordable(self, most: int) -> int:
        """Return how many of so many units the source's purse can pay; all of them without one."""
        purse = self._access.purse
        return most if purse is None else min(most, purse.units)

    def headers(self) -> dict[str, str]:
        """Return the headers every call carries, the key among them."""
        return {}

    def look(self, night: Night, accounts: Sequence[Account]) -> Iterable[Profile | Absence]:
        """Ask about up to ``batch`` accounts; one answer each, in their order."""
        raise NotImplementedError

    def find(self, night: Night, name: str) -> Iterator[Profile | Absence]:
        """Search for a name; a platform without a search finds nothing."""
        raise NotImplementedError

    def fetch(self) -> Harvest:
        """Return known, likely and searched-for accounts.

        Raises AccessRefused, RateLimited, QuotaExhausted, SourceUnavailable, UnexpectedAnswer.
        """
        with self._session() as web:
            night = Night(web, ProfileReading(self._access, self.platform))
            self.look_again(night)
            self._look_up(night)
            self.search(night)
            return night.reading.harvest(self.calls_before + web.calls)

    def check(self) -> Iterator[Check]:
        """Try the access with an account of the platform's own; raises as ``fetch`` does."""
        account = account_of(self.platform, self.probe, None)
        if isinstance(account, Refusal):
            return
        with self._session() as web:
            night = Night(web, ProfileReading(self._access, self.platform))
            found = next(iter(self.look(night, [account])))
        if isinstance(found, Profile):
            yield Check("access", CheckState.GOOD, "an account of the platform's own was read")
            return
        seen = "the platform answers, but shows nothing of an account of its own"
        yield Check("access", CheckState.WARNING, seen, "See what the key or grant may read")

    def _session(self) -> WebSession:
        per_second, headers = self.per_second, self.headers()
        return WebSession(self._access, per_second=per_second, burst=5, headers=headers)

    def look_again(self, night: Night) -> None:
        """Look at known accounts; only a clean answer says that one is gone."""
        reading, unclear = night.reading, 0
        pairs = [(known, account_known(known)) for known in reading.accounts]
        askable = [(known, account) for known, account in pairs if account is not None]
        reading.dropped[str(Absence.UNREACHABLE)] += len(pairs) - len(askable)
        if (unpaid := len(askable) - self.affordable(len(askable))) > 0:
            askable = askable[:-unpaid]
            told = "known accounts could not be looked at again: the money for it is spent"
            reading.gaps.append(f"{unpaid} {told}.")
        asked = [account for _, account in askable]
        for (known, account), found in zip(askable, self._answers(night, asked), strict=True):
            if isinstance(found, Profile):
                reading.add(found)
                if account.native_id and found.native_id not in {None, account.native_id}:
                    reading.dropped["account names that belong to somebody else by now"] += 1
            elif found is Absence.NOT_FOUND:
                reading.lose(known)
            elif found is not Absence.WITHHELD:
                reading.dropped[str(found)] += 1
                unclear += found in {Absence.UNCLEAR, Absence.CLOSED}
        if unclear:
            reading.gaps.append(
                f"{unclear} known accounts could not be looked at again: they are closed, or the"
                " platform does not say whether they are gone or only hidden from us."
            )

    def _look_up(self, night: Night) -> None:
        most = self.affordable(int(self.options.get("lookups_a_night") or 0))
        handles = night.reading.handles
        if most < 1 or not handles:
            return
        taken = night.reading.take("handles", handles, most, "were looked up")
        accounts = [account_of(self.platform, handle, None) for handle in taken]
        asked = [account for account in accounts if isinstance(account, Account)]
        for found in self._answers(night, asked):
            self.keep(night, found)

    def search(self, night: Night) -> None:
        """Search for tonight's names, after the one that nobody bears."""
        most = int(self.options.get("searches_a_night") or 0)
        names = night.reading.names(most, lambda name: any(True for _ in self.find(night, name)))
        for name in names:
            for found in self.find(night, name):
                self.keep(night, found)

    def keep(self, night: Night, found: Profile | Absence) -> None:
        """Keep what was found; count what may not be read.  ``Night.withhold`` has counted."""
        if isinstance(found, Profile):
            night.reading.add(found)
        elif found not in {Absence.NOT_FOUND, Absence.UNREACHABLE, Absence.WITHHELD}:
            night.reading.dropped[str(found)] += 1

    def _answers(self, night: Night, accounts: list[Account]) -> Iterator[Profile | Absence]:
        for start in range(0, len(accounts), self.batch):
            yield from self.look(night, accounts[start : start + self.batch])


def account_known(known: KnownAccount) -> Account | None:
    """Return what is known of an account as an identity that can be asked for."""
    platform = known.key.platform
    texts = (known.url, known.handle, known.key.account)
    for account in (identify(text, platform) for text in texts[:1] if text):
        if isinstance(account, Account) and account.platform == platform:
            return replace(account, native_id=known.native_id or account.native_id)
    for text in texts[1:]:
        account = account_of(platform, text, known.native_id)
        if not isinstance(account, Refusal):
            return account
    return None
