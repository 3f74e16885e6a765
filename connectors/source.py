"""What a source is: declared capabilities, and one ``fetch``: an answer in full or an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from connectors.records import Harvest, KnownAccount


class Capability(StrEnum):
    """What a source can tell; a rule names those it needs."""

    PEOPLE = "people"
    SCHOOLS = "schools"
    STANDING = "standing"
    PROFILES = "profiles"
    PROFILES_BY_ADDRESS = "by address"
    PROFILES_BY_BRAND = "by brand"
    PROFILES_BY_ACCOUNT = "by account"
    ADDRESS_USES = "address uses"
    SITE_LINKS = "site links"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a connector's block in audit.toml, for checking, docs and the example.

    A ``secret`` is written in audit.toml as a reference, ``{ env = "NAME" }``,
    ``{ file = "PATH" }`` or ``{ credential = "NAME" }``; the connector finds its text in its
    options.  ``enables`` are capabilities the source lacks while the setting is false or 0.
    """

    name: str
    kind: type
    required: bool
    about: str
    default: Any = None
    secret: bool = False
    enables: frozenset[Capability] = frozenset()


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How every connector speaks to the web, from ``[web]`` of audit.toml.

    ``contact`` (an address or page of the district) ends the User-Agent; ``ca_file`` replaces the
    certificate authorities; ``proxy`` is an http(s) URL, none is ever taken from the environment;
    ``cache`` is a folder, None keeps nothing; hosts in ``internal_hosts`` (lower case) may be at
    private addresses, all others may not.
    """

    contact: str | None = None
    ca_file: Path | None = None
    proxy: str | None = None
    cache: Path | None = None
    internal_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Questions:
    """What the sources of public profiles are asked tonight, the most urgent first.

    ``accounts`` are to be looked at again: approved ones, then those of open findings; a source
    takes those of its platforms.  ``handles`` are names an account of ours might go by at a
    platform, by its key.  ``names`` are to be searched for, schools in turn from night to night.
    ``addresses`` are the staff's, for documented look-ups and for hashes.  ``control`` is a name
    nobody bears: a search that finds it is not to be trusted tonight.  ``websites`` are the
    district's own sites.  ``asks_anew``: somebody waits for the answers, so what had its turn
    lately is asked again.
    """

    accounts: tuple[KnownAccount, ...] = ()
    handles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    control: str = ""
    websites: tuple[str, ...] = ()
    asks_anew: bool = False


class Purse(Protocol):
    """The money of a source that costs some; every request is paid before it is sent."""

    @property
    def units(self) -> int:
        """How many units can still be paid."""
        ...

    def pay(self, units: int) -> None:
        """Write down that units are paid; QuotaExhausted where the money is spent."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """What every connector is built with.

    ``source`` is the block's name in audit.toml, ``options`` its checked settings, ``folder`` the
    folder relative paths start from, ``domains`` the district's e-mail domains (lower case),
    ``now`` the run's clock (aware).  ``bookmark`` is what this source's last complete reading left
    in ``Harvest.bookmark``, None on a first night.  ``questions`` are for sources of public
    profiles, which are read after the directories.  ``purse`` is for sources that cost money.
    """

    source: str
    options: Mapping[str, Any]
    folder: Path
    domains: tuple[str, ...]
    now: datetime
    web: WebOptions = WebOptions()
    bookmark: bytes | None = None
    questions: Questions = Questions()
    purse: Purse | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a source of public profiles is bound by, for the coverage page.

    ``documentation`` and ``rules`` are pages; ``reviewed_on`` is the day the latter was read;
    ``limits`` and ``never`` are sentences: what it keeps to and what it never does; ``missing``
    says for each capability it lacks why, in plain words.
    """

    platforms: tuple[str, ...]
    documentation: str
    rules: str
    reviewed_on: date
    limits: str
    never: str
    missing: Mapping[Capability, str] = field(default_factory=dict)


class Source(Protocol):
    """Anything that can be read during a night.

    One whose class has ``terms: ClassVar[Terms]`` is asked ``Questions`` and tells of what it was
    asked; one with ``takes_questions = True`` is given them too, after the directories, but tells
    everything it has every night.  ``Questions.websites`` every source is given.
    """

    capabilities: ClassVar[frozenset[Capability]]
    settings: ClassVar[tuple[Setting, ...]]

    def __init__(self, access: Access) -> None: ...

    def fetch(self) -> Harvest:
        """Return everything, or raise a ``ConnectorError``; never half a list."""
        ...


class CheckState(StrEnum):
    """How a line of ``audit doctor`` ended."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried: its name, how it ended, what was seen, what to do next.

    ``seen`` and ``advice`` hold no secret and no person's address; ``advice`` is empty when good.
    """

    name: str
    state: CheckState
    seen: str = ""
    advice: str = ""


@runtime_checkable
class Checkable(Protocol):
    """A source that can try its access without reading everything."""

    def check(self) -> Iterable[Check]:
        """Yield checks in order: token obtained, scopes, domain, clock ...; may raise as fetch."""
        ...
