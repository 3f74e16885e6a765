"""What a source is: declared capabilities, and one ``fetch``: an answer in full or an error."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from connectors.records import Harvest


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
    """One key of a connector's block in audit.toml, for checking, docs and the example."""

    name: str
    kind: type
    required: bool
    about: str
    default: Any = None


@dataclass(frozen=True, slots=True)
class Access:
    """What every connector is built with.

    ``source`` is the block's name in audit.toml, ``options`` its checked settings, ``folder`` the
    folder relative paths start from, ``domains`` the district's e-mail domains (lower case),
    ``now`` the run's clock (aware).
    """

    source: str
    options: Mapping[str, Any]
    folder: Path
    domains: tuple[str, ...]
    now: datetime


class Source(Protocol):
    """Anything that can be read during a night."""

    capabilities: ClassVar[frozenset[Capability]]
    settings: ClassVar[tuple[Setting, ...]]

    def __init__(self, access: Access) -> None: ...

    def fetch(self) -> Harvest:
        """Return everything, or raise a ``ConnectorError``; never half a list."""
        ...
