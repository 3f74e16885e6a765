"""The one suite every connector inherits: what the rest of the product relies on."""

from __future__ import annotations

import pickle
import re
from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from connectors.errors import ConnectorError
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from connectors.records import Harvest
    from connectors.source import Source

FILLED_BY: dict[Capability, tuple[str, ...]] = {
    Capability.PEOPLE: ("people",),
    Capability.SCHOOLS: ("schools",),
    Capability.STANDING: ("people",),
    Capability.PROFILES: ("profiles",),
    Capability.PROFILES_BY_ADDRESS: ("profiles", "uses"),
    Capability.PROFILES_BY_BRAND: ("profiles",),
    Capability.PROFILES_BY_ACCOUNT: ("profiles",),
    Capability.ADDRESS_USES: ("uses",),
    Capability.SITE_LINKS: ("links",),
}
KINDS = ("people", "schools", "profiles", "uses", "links")
HOSTILE = (
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "Robert'); DROP TABLE people;--",
    "{{ 7*7 }} ${7*7} %s %(name)s",
    "../../etc/passwd",
    "\u202egnp.exe \u200bO\u2019Brien \N{PILE OF POO}",
    "NULL",
    "0012",
)
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


class ConnectorContract:
    """Inherit as ``class TestXContract(ConnectorContract)`` and define the three fixtures.

    ``connector``: a source that answers well, fills every capability it declares, and was built
    with ``source="tested"`` (``an_access`` of ``tests.builders`` does).  ``broken``: sources each
    of which is given broken input (cut short, refused, a bad second page, a paging loop).
    ``hostile``: a function that takes a text and returns a source in whose input that text is a
    name, a display name or a statement.  ``secrets``: texts of the input that may stand neither
    in an error nor in a harvest.
    """

    secrets: ClassVar[tuple[str, ...]] = ()

    @pytest.fixture
    def connector(self) -> Source:
        raise NotImplementedError

    @pytest.fixture
    def broken(self) -> Sequence[Source]:
        raise NotImplementedError

    @pytest.fixture
    def hostile(self) -> Callable[[str], Source]:
        raise NotImplementedError

    def test_settings_are_well_formed(self, connector: Source) -> None:
        names = [setting.name for setting in connector.settings]
        assert len(names) == len(set(names))
        for setting in connector.settings:
            assert setting.about, setting.name
            assert not (setting.required and setting.default is not None), setting.name
            assert setting.default is None or isinstance(setting.default, setting.kind), (
                setting.name
            )

    def test_yields_only_what_it_declares(self, connector: Source) -> None:
        allowed = {kind for c in connector.capabilities for kind in FILLED_BY[c]}
        harvest = connector.fetch()
        assert {kind for kind in KINDS if getattr(harvest, kind)} <= allowed

    def test_fills_what_it_declares(self, connector: Source) -> None:
        assert connector.capabilities
        harvest = connector.fetch()
        for capability in connector.capabilities:
            assert any(getattr(harvest, kind) for kind in FILLED_BY[capability]), capability
        if Capability.STANDING in connector.capabilities:
            assert any(person.standing for person in harvest.people)

    def test_ids_are_unique(self, connector: Source) -> None:
        harvest = connector.fetch()
        for keys in _keys(harvest):
            assert len(keys) == len(set(keys))

    def test_records_name_their_source(self, connector: Source) -> None:
        harvest = connector.fetch()
        assert {record.source for kind in KINDS for record in getattr(harvest, kind)} == {"tested"}

    def test_same_input_gives_the_same_output(self, connector: Source) -> None:
        assert connector.fetch() == connector.fetch()

    def test_harvest_travels_between_processes(self, connector: Source) -> None:
        harvest = connector.fetch()
        assert pickle.loads(pickle.dumps(harvest)) == harvest

    def test_secrets_are_not_in_the_harvest(self, connector: Source) -> None:
        shown = repr(connector.fetch())
        assert [secret for secret in self.secrets if secret in shown] == []

    def test_counts_and_notes_name_nobody(self, connector: Source) -> None:
        harvest = connector.fetch()
        remarks = [*harvest.dropped, *harvest.notes]
        assert [remark for remark in remarks if ADDRESS.search(remark)] == []
        assert all(count > 0 for count in harvest.dropped.values())
        assert all(note.endswith(".") for note in harvest.notes)

    def test_broken_input_raises_one_clear_sentence(self, broken: Sequence[Source]) -> None:
        assert broken
        for source in broken:
            with pytest.raises(ConnectorError) as caught:
                source.fetch()
            _check_error(caught.value, self.secrets)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_values_stay_text(self, hostile: Callable[[str], Source], text: str) -> None:
        assert any(text in value for value in _texts(hostile(text).fetch()))


def _keys(harvest: Harvest) -> Iterable[list[object]]:
    yield [person.id for person in harvest.people]
    yield [school.id for school in harvest.schools]
    yield [profile.key for profile in harvest.profiles]
    yield [(use.address, use.site, use.way, use.url, use.statement) for use in harvest.uses]
    yield [(link.page, link.account) for link in harvest.links]


def _texts(harvest: Harvest) -> Iterable[str]:
    for kind in KINDS:
        for record in getattr(harvest, kind):
            for name in _names(record):
                value = getattr(record, name)
                values = value if isinstance(value, tuple) else (value,)
                yield from (text for text in values if isinstance(text, str))


def _names(record: object) -> Iterable[str]:
    if isinstance(record, msgspec.Struct):
        return record.__struct_fields__
    return [field.name for field in fields(record)]  # type: ignore[arg-type]


def _check_error(error: ConnectorError, secrets: tuple[str, ...]) -> None:
    text = str(error)
    assert str(pickle.loads(pickle.dumps(error))) == text
    assert error.source == "tested"
    assert error.problem
    assert error.advice
    assert "\n" not in text
    assert len(text) < 500
    assert "Traceback" not in text
    assert not ADDRESS.search(text), "an error may not hold an address"
    assert [secret for secret in secrets if secret in text] == []
