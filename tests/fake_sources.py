"""Connectors made up in memory: a test says what each gives, raises or answers when checked."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import connectors
from connectors.records import Harvest
from connectors.source import Access, Capability, Check, Setting, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

MODULE = "tests_fake_connectors"


@dataclass
class Script:
    """What a made-up source does, and what it was built with."""

    harvest: Harvest = field(default_factory=Harvest)
    answer: Callable[[Access], Harvest] | None = None
    error: Exception | None = None
    checks: tuple[Check, ...] = ()
    seen: list[Access] = field(default_factory=list)


def register(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    *given: Capability,
    is_checkable: bool = True,
    terms: Terms | None = None,
) -> Script:
    """Make a connector of a name known for one test, and return what it does.

    One with ``terms`` is asked questions; ``Script.answer``, if set, makes its harvest of them.
    """
    script = Script()

    class Made:
        capabilities: ClassVar[frozenset[Capability]] = frozenset(given)
        settings: ClassVar[tuple[Setting, ...]] = (
            Setting("key", str, required=False, secret=True, about="the key of the service"),
            Setting("tenant", str, required=False, about="the tenant"),
        )

        def __init__(self, access: Access) -> None:
            script.seen.append(access)
            self.access = access

        def fetch(self) -> Harvest:
            if script.error is not None:
                raise script.error
            return script.answer(self.access) if script.answer else script.harvest

    if terms is not None:
        Made.terms = terms  # type: ignore[attr-defined]
    if is_checkable:

        def check(_: Any) -> Iterable[Check]:
            yield from script.checks
            if script.error is not None:
                raise script.error

        Made.check = check  # type: ignore[attr-defined]
    module = sys.modules.get(MODULE) or ModuleType(MODULE)
    setattr(module, name, Made)
    monkeypatch.setitem(sys.modules, MODULE, module)
    monkeypatch.setitem(connectors.CONNECTORS, name, f"{MODULE}:{name}")
    return script
