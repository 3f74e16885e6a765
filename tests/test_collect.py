from __future__ import annotations

from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from auditor.collect import Collected, Readers, check_sources, guard
from auditor.errors import SettingsError
from auditor.outcomes import ReadingState
from auditor.settings import load_settings
from connectors.records import Harvest
from connectors.source import Capability, Questions

if TYPE_CHECKING:
    from auditor.settings import Settings

DISTRICT = '[district]\nname = "M"\nemail_domains = ["marrowick.example"]\n'
PEOPLE = "name,email,school\n" + "".join(
    f"Person {n},person{n}@marrowick.example,Marrowick High School\n" for n in range(40)
)


def settings_of(folder: Path, text: str) -> Settings:
    (folder / "audit.toml").write_text(DISTRICT + text)
    return load_settings(folder / "audit.toml")


def read_all(settings: Settings, *told: object, **more: object) -> list[Collected]:
    with Readers(settings, *told, **more) as readers:  # type: ignore[arg-type]
        readers.start(settings.source_list)
        return readers.wait(settings.source_list)


STAFF = '[sources.staff]\nconnector = "spreadsheet"\npath = "staff.csv"\n'
FOUND = '[sources.found]\nconnector = "profile_file"\npath = "found.csv"\n'


def test_a_source_that_fails_costs_only_itself(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "staff.csv").write_text(PEOPLE)
    told: list[str] = []
    staff, found = read_all(settings_of(tmp_path, STAFF + FOUND), {}, now, tell=told.append)
    assert staff.reading.state is ReadingState.COMPLETE
    assert staff.reading.counts["people"] == 40
    assert found.reading.state is ReadingState.FAILED
    assert found.reading.problem
    assert found.reading.advice
    assert len(found.harvest) == 0
    assert sorted(told) == ["read found", "read staff"]


@pytest.mark.parametrize(("by_address", "is_able"), [("", False), ("by_address = true\n", True)])
def test_what_a_setting_switches_off_is_no_capability_of_the_night(
    tmp_path: Path, now: datetime, by_address: str, is_able: bool
) -> None:
    key = 'key = { env = "NO_SUCH_VARIABLE" }\n'
    flickr = f'[sources.photos]\nconnector = "flickr"\n{key}{by_address}'
    settings = settings_of(tmp_path, flickr)
    with Readers(settings, {}, now) as readers:
        readers.start(settings.source_list, Questions())
        (photos,) = readers.wait(settings.source_list)
    assert (Capability.PROFILES_BY_ADDRESS in photos.reading.capabilities) is is_able
    assert (Capability.ADDRESS_USES in photos.reading.capabilities) is is_able
    assert Capability.PROFILES_BY_BRAND in photos.reading.capabilities


def test_an_unexpected_error_in_one_source_costs_only_itself(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.directory.spreadsheet import Spreadsheet

    def burst(_: Spreadsheet) -> None:
        raise ZeroDivisionError("jo@marrowick.example")

    monkeypatch.setattr(Spreadsheet, "fetch", burst)
    (tmp_path / "found.csv").write_text("url\nhttps://www.facebook.com/someone\n")
    staff, found = read_all(settings_of(tmp_path, STAFF + FOUND), {}, now)
    assert staff.reading.state is ReadingState.FAILED
    assert staff.reading.problem == "an unexpected ZeroDivisionError"
    assert found.reading.is_complete


def test_ten_slow_sources_do_not_hold_a_quick_one(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.directory.spreadsheet import Spreadsheet

    is_read = Event()

    def hang(_: Spreadsheet) -> Harvest:
        assert is_read.wait(60), "the quick source had to wait"
        return Harvest()

    monkeypatch.setattr(Spreadsheet, "fetch", hang)
    (tmp_path / "found.csv").write_text("url\nhttps://www.facebook.com/someone\n")
    slow = "".join(STAFF.replace("staff]", f"staff{n}]") for n in range(10))
    settings = settings_of(tmp_path, slow + FOUND)
    with Readers(settings, {}, now) as readers:
        readers.start(settings.source_list)
        (found,) = readers.wait([settings.source_list[-1]])
        is_read.set()
        assert found.reading.is_complete
        assert all(one.reading.is_complete for one in readers.wait(settings.source_list))


def test_half_a_staff_list_has_shrunk_and_gives_nobody(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "staff.csv").write_text(PEOPLE)
    settings = settings_of(tmp_path, STAFF)
    last = {"staff": {"people": 80}}
    (staff,) = read_all(settings, last, now)
    assert staff.reading.state is ReadingState.SHRUNK
    assert staff.harvest.people == ()
    assert "40 people" in (staff.reading.problem or "")
    (accepted,) = read_all(settings, last, now, accept_smaller=["staff"])
    assert accepted.reading.is_complete


@pytest.mark.parametrize(
    ("before", "state"),
    [(57, "complete"), (58, "shrunk"), (9, "complete"), (0, "complete")],
)
def test_the_guard_starts_under_seven_tenths(
    tmp_path: Path, now: datetime, before: int, state: str
) -> None:
    (tmp_path / "staff.csv").write_text(PEOPLE)
    (staff,) = read_all(settings_of(tmp_path, STAFF), {"staff": {"people": before}}, now)
    assert staff.reading.state == state


def test_a_kind_that_vanished_has_shrunk_too(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "staff.csv").write_text(PEOPLE)
    (staff,) = read_all(settings_of(tmp_path, STAFF), {}, now)
    guarded = guard(Collected(staff.reading, staff.harvest), {"links": 30}, 0.7)
    assert guarded.reading.state is ReadingState.SHRUNK


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[sources.a]\nconnector = "spredsheet"', 'Did you mean "spreadsheet"'),
        ('[sources.a]\nconnector = "spreadsheet"\npth = "x"', 'Did you mean "path"'),
        ('[sources.a]\nconnector = "spreadsheet"', 'the setting "path" is missing'),
        ('[sources.a]\nconnector = "spreadsheet"\npath = 3', 'the setting "path" is a number'),
    ],
)
def test_a_wrong_source_is_one_sentence_before_anything_is_read(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=r"sources\.a: .*") as caught:
        check_sources(settings_of(tmp_path, text))
    assert words in str(caught.value)
