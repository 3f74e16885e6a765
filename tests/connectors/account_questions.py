"""Questions of a night about accounts, and sources that are asked them on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from connectors.errors import QuotaExhausted
from connectors.records import AccountKey, KnownAccount
from connectors.source import Questions
from tests.builders import an_access
from tests.fakes.web_server import LOOPBACK

if TYPE_CHECKING:
    from connectors.source import Access

CONTROL = "Qvxzorbleck Academy"
S = TypeVar("S")


class FakePurse:
    """Money for so many units, each paid before it is asked for."""

    def __init__(self, units: int) -> None:
        self.units = units

    def pay(self, units: int) -> None:
        if units > self.units:
            raise QuotaExhausted("tested", "the money for this source is spent", "Wait")
        self.units -= units


def known(
    platform: str, handle: str | None = None, native_id: str | None = None, url: str | None = None
) -> KnownAccount:
    """Build an account that was seen before."""
    key = AccountKey(platform, native_id or handle or "")
    return KnownAccount(key, handle, url, native_id)


def asking(platform: str, *handles: str, **questions: Any) -> Questions:
    """Build questions whose control is a name nobody bears."""
    given = {"control": CONTROL, "handles": {platform: handles}}
    return Questions(**given | questions)


def access_for(questions: Questions, options: dict[str, Any], **changes: Any) -> Access:
    """Build an access to servers on loopback."""
    return an_access(options, web=LOOPBACK, questions=questions, **changes)
