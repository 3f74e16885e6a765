"""A night with several directories and what their tenants know, each failing in turn."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.cli.run import closing_lines
from auditor.collect import LARGEST
from auditor.errors import SettingsError
from auditor.findings import State
from auditor.nightly import run_night
from auditor.outcomes import ReadingState, RuleState
from auditor.settings import load_settings
from auditor.store import open_store
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    QuotaExhausted,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.records import App, Grade, Harvest, Way
from connectors.source import Capability
from tests.builders import a_person, an_address_use
from tests.districts import SETTINGS
from tests.fake_sources import Script, register

if TYPE_CHECKING:
    from auditor.nightly import NightResult

DAY = timedelta(days=1)
DOMAIN = "marrowick.example"
NAMES = ("google", "entra", "google_apps", "entra_apps", "breaches")
District = dict[str, Script]


def staff(source: str, count: int = 20) -> Harvest:
    return Harvest(
        people=tuple(
            a_person(
                source=source,
                id=f"{source}-{n}",
                name=f"Staff Member{n}",
                addresses=(f"staff{n}@{DOMAIN}",),
                schools=("Marrowick High School",),
                groups=("MHS",),
            )
            for n in range(count)
        )
    )


def uses(source: str, way: Way, *places: tuple[int, str]) -> Harvest:
    return Harvest(
        uses=tuple(
            an_address_use(
                source=source,
                address=f"staff{n}@{DOMAIN}",
                site=site,
                way=way,
                grade=Grade.C,
                url=None,
                statement=f"Seen by {source}.",
            )
            for n, site in places
        )
    )


@pytest.fixture
def district(monkeypatch: pytest.MonkeyPatch) -> District:
    people, known = Capability.PEOPLE, Capability.ADDRESS_USES
    made = {
        name: register(monkeypatch, name, people if name in NAMES[:2] else known) for name in NAMES
    }
    made["google"].harvest = staff("google")
    made["entra"].harvest = staff("entra")
    made["google_apps"].harvest = uses("google_apps", Way.APP_GRANT, (1, "tumblr"), (2, "reddit"))
    made["entra_apps"].harvest = uses("entra_apps", Way.APP_GRANT, (1, "tumblr"))
    made["breaches"].harvest = uses("breaches", Way.BREACH, (3, "myspace"))
    return made


def configure(folder: Path, **more: str) -> Path:
    blocks = "".join(
        f'[sources.{name}]\nconnector = "{name}"\n{more.get(name, "")}\n' for name in NAMES
    )
    config = folder / "audit.toml"
    config.write_text(SETTINGS.partition("[sources.staff]")[0] + blocks, encoding="utf-8")
    return config


def night(config: Path, now: datetime, **options: object) -> NightResult:
    return run_night(load_settings(config), now=now, **options)  # type: ignore[arg-type]


def states(result: NightResult) -> dict[str, ReadingState]:
    return {one.source: one.state for one in result.readings}


def test_two_directories_are_one_staff_and_two_sources_one_lead(
    tmp_path: Path, now: datetime, district: District
) -> None:
    result = night(configure(tmp_path), now)
    assert result.exit_code == 0
    assert {one.finding.subject for one in result.findings} == {
        ("tumblr", f"staff1@{DOMAIN}"),
        ("reddit", f"staff2@{DOMAIN}"),
        ("myspace", f"staff3@{DOMAIN}"),
    }
    (tumblr,) = [one.finding for one in result.findings if one.finding.platform == "tumblr"]
    assert tumblr.sources == {"google", "entra", "google_apps", "entra_apps"}
    assert len(tumblr.evidence) == 2
    assert tumblr.people == ("google-1",)
    assert "share this address" not in " ".join(tumblr.reasons)
    page = (tmp_path / "reports" / "school-MHS.html").read_text(encoding="utf-8")
    assert DOMAIN not in page.replace("students.marrowick.example", "").partition("Findings")[2]
    for path in (tmp_path / "reports").glob("school-*"):
        assert b"staff1@" not in path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        (AccessRefused, ReadingState.DENIED, 4),
        (RateLimited, ReadingState.RATE_LIMITED, 3),
        (QuotaExhausted, ReadingState.QUOTA_EXHAUSTED, 3),
        (SourceUnavailable, ReadingState.FAILED, 3),
        (UnexpectedAnswer, ReadingState.FAILED, 3),
    ],
)
@pytest.mark.parametrize("broken", NAMES)
def test_a_source_that_fails_closes_nothing_and_harms_nobody(
    tmp_path: Path,
    now: datetime,
    district: District,
    broken: str,
    kind: type[ConnectorError],
    state: ReadingState,
    code: int,
) -> None:
    config = configure(tmp_path)
    night(config, now)
    district[broken].error = kind(broken, "it said no", "Ask again")
    result = night(config, now + DAY)
    assert states(result) == dict.fromkeys(NAMES, ReadingState.COMPLETE) | {broken: state}
    assert result.exit_code == code
    assert f"  {broken}: it said no. Ask again." in closing_lines(result)
    assert {one.state for one in result.findings} == {State.OPEN}
    assert len(result.findings) == 3
    district[broken].error = None
    assert night(config, now + 2 * DAY).exit_code == 0


def test_a_directory_that_halves_closes_nothing(
    tmp_path: Path, now: datetime, district: District
) -> None:
    config = configure(tmp_path)
    night(config, now)
    district["entra"].harvest = staff("entra", 10)
    result = night(config, now + DAY)
    assert states(result)["entra"] is ReadingState.SHRUNK
    assert {one.state for one in result.findings} == {State.OPEN}
    rule = next(one for one in result.outcomes if one.rule == "district-address-in-use")
    assert rule.state is RuleState.SAT_OUT
    assert "entra" in (rule.reason or "")


def test_a_reading_in_part_counts_and_closes_nothing(
    tmp_path: Path, now: datetime, district: District
) -> None:
    config = configure(tmp_path)
    night(config, now)
    district["google_apps"].harvest = replace(
        uses("google_apps", Way.APP_GRANT, (5, "tumblr")),
        gaps=("One of 20 people could not be asked.", "A page was refused."),
        bookmark=b"too far",
    )
    result = night(config, now + DAY)
    assert states(result)["google_apps"] is ReadingState.PARTIAL
    subjects = {one.finding.subject for one in result.findings if one.state is State.OPEN}
    assert ("tumblr", f"staff5@{DOMAIN}") in subjects
    assert ("reddit", f"staff2@{DOMAIN}") in subjects
    assert any("One of 20 people could not be asked" in line for line in closing_lines(result))
    page = (tmp_path / "reports" / "coverage.html").read_text(encoding="utf-8")
    assert "One of 20 people could not be asked" in page
    assert "A page was refused." in page
    night(config, now + 2 * DAY)
    assert district["google_apps"].seen[-1].bookmark is None


def test_apps_nobody_could_place_are_listed_without_anybody(
    tmp_path: Path, now: datetime, district: District
) -> None:
    app = App("google_apps", "123.apps.example", "<b>Chatterbox</b>", 4)
    district["google_apps"].harvest = replace(district["google_apps"].harvest, apps=(app,))
    night(configure(tmp_path), now)
    page = (tmp_path / "reports" / "coverage.html").read_text(encoding="utf-8")
    assert "Apps that nobody could place" in page
    assert "&lt;b&gt;Chatterbox&lt;/b&gt;" in page
    assert '"users": 4' in (tmp_path / "reports" / "coverage.json").read_text(encoding="utf-8")
    school = (tmp_path / "reports" / "school-MHS.html").read_text(encoding="utf-8")
    assert "Chatterbox" not in school


class TestBookmarks:
    def test_a_complete_night_hands_its_bookmark_to_the_next(
        self, tmp_path: Path, now: datetime, district: District
    ) -> None:
        config, google = configure(tmp_path), district["google"]
        google.harvest = replace(google.harvest, bookmark=b"\x00one")
        night(config, now)
        google.harvest = replace(google.harvest, bookmark=b"two")
        google.error = SourceUnavailable("google", "down", "Wait")
        night(config, now + DAY)
        google.error = None
        night(config, now + 2 * DAY, school="MHS")
        night(config, now + 3 * DAY)
        night(config, now + 4 * DAY)
        assert [one.bookmark for one in google.seen] == [
            None, b"\x00one", b"\x00one", b"\x00one", b"two",
        ]  # fmt: skip

    def test_other_settings_mean_reading_in_full_but_another_secret_does_not(
        self,
        tmp_path: Path,
        now: datetime,
        district: District,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        google = district["google"]
        google.harvest = replace(google.harvest, bookmark=b"one")
        monkeypatch.setenv("KEY_ONE", "first-secret")
        monkeypatch.setenv("KEY_TWO", "second-secret")
        night(configure(tmp_path, google='key = { env = "KEY_ONE" }'), now)
        night(configure(tmp_path, google='key = { env = "KEY_TWO" }'), now + DAY)
        result = night(configure(tmp_path, google='tenant = "other"'), now + 2 * DAY)
        assert [one.bookmark for one in google.seen] == [None, b"one", None]
        assert any("made with other settings" in note for note in result.readings[0].notes)

    def test_one_that_is_damaged_or_huge_is_refused_in_a_sentence(
        self, tmp_path: Path, now: datetime, district: District
    ) -> None:
        config, google = configure(tmp_path), district["google"]
        google.harvest = replace(google.harvest, bookmark=b"one")
        night(config, now)
        with closing(sqlite3.connect(tmp_path / "audit.sqlite")) as file, file:
            file.execute("UPDATE bookmark SET body = x'00'")
        google.harvest = replace(google.harvest, bookmark=bytes(LARGEST + 1))
        result = night(config, now + DAY)
        notes = " ".join(result.readings[0].notes)
        assert "is damaged; it was read anew" in notes
        assert "larger than 64 MB and was not kept" in notes
        assert google.seen[-1].bookmark is None
        assert result.exit_code == 0

    def test_a_night_that_cannot_be_written_moves_no_bookmark(
        self, tmp_path: Path, now: datetime, district: District, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from auditor.store import bookmarks

        config, google = configure(tmp_path), district["google"]
        google.harvest = replace(google.harvest, bookmark=b"one")
        night(config, now)
        google.harvest = replace(google.harvest, bookmark=b"two")
        with monkeypatch.context() as broken:
            broken.setattr(bookmarks, "_hash", lambda _: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                night(config, now + DAY)
        with closing(open_store(load_settings(config).store.url)) as store:
            assert store.bookmarks()["google"].body == b"one"


class TestSecrets:
    def test_a_secret_reaches_its_connector_alone(
        self, tmp_path: Path, now: datetime, district: District, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TENANT_KEY", "s3cret-key")
        night(configure(tmp_path, google='key = { env = "TENANT_KEY" }'), now)
        assert district["google"].seen[0].options["key"] == "s3cret-key"
        assert "s3cret-key" not in str(district["entra"].seen[0].options)
        for path in [*(tmp_path / "reports").iterdir(), tmp_path / "audit.sqlite"]:
            assert b"s3cret-key" not in path.read_bytes()

    def test_one_that_cannot_be_read_costs_only_its_source(
        self, tmp_path: Path, now: datetime, district: District
    ) -> None:
        result = night(configure(tmp_path, breaches='key = { env = "NOT_SET_ANYWHERE" }'), now)
        assert states(result)["breaches"] is ReadingState.NOT_CONFIGURED
        assert sum(one.is_complete for one in result.readings) == 4
        line = next(line for line in closing_lines(result) if "breaches:" in line)
        assert "NOT_SET_ANYWHERE is empty or not set" in line
        assert not district["breaches"].seen

    @pytest.mark.parametrize(
        "written", ['"hunter2-inline"', '{ env = "A", file = "b" }', '{ text = "hunter2-inline" }']
    )
    def test_one_of_a_wrong_shape_is_refused_before_anything_is_read(
        self, tmp_path: Path, now: datetime, district: District, written: str
    ) -> None:
        with pytest.raises(SettingsError, match=r'sources\.google: the setting "key"') as caught:
            night(configure(tmp_path, google=f"key = {written}"), now)
        assert "hunter2" not in str(caught.value)
        assert not any(one.seen for one in district.values())

    @pytest.mark.parametrize("kind", [SourceUnavailable, ValueError])
    def test_one_that_a_connector_gives_away_is_blanked(
        self,
        tmp_path: Path,
        now: datetime,
        district: District,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        kind: type[Exception],
    ) -> None:
        (tmp_path / "key.json").write_text('{"private_key": "line-one\\nline-two"}')
        said = "refused line-one\nline-two"
        google = district["google"]
        is_ours = kind is SourceUnavailable
        google.error = SourceUnavailable("google", said, "Wait") if is_ours else kind(said)
        with caplog.at_level(logging.DEBUG, "auditor"):
            result = night(configure(tmp_path, google='key = { file = "key.json" }'), now)
        assert "line-two" not in repr(result) + "".join(closing_lines(result))
        assert "line-two" not in caplog.text


def test_the_way_to_the_web_is_the_settings_own(
    tmp_path: Path, now: datetime, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://evil.example")
    night(config, now)
    web = district["google"].seen[0].web
    assert (web.proxy, web.ca_file, web.cache) == (None, None, tmp_path / "web-cache")
    text = config.read_text(encoding="utf-8")
    (tmp_path / "ca.pem").write_text("")
    monkeypatch.setenv("OUR_PROXY", "http://user:pw@proxy.example:3128")
    config.write_text(
        text + '[web]\nca_file = "ca.pem"\nproxy = { env = "OUR_PROXY" }\ncache = ""\n'
        'internal_hosts = ["LDAP.Marrowick.example"]\ncontact = "it@marrowick.example"\n'
    )
    night(config, now + DAY)
    web = district["google"].seen[-1].web
    assert web.proxy == "http://user:pw@proxy.example:3128"
    assert (web.ca_file, web.cache) == (tmp_path / "ca.pem", None)
    assert web.internal_hosts == {"ldap.marrowick.example"}
    assert web.contact == "it@marrowick.example"
    config.write_text(text + '[web]\nproxy = "http://user:pw@proxy.example:3128"\n')
    with pytest.raises(SettingsError, match=r"web\.proxy: a secret is never") as caught:
        load_settings(config)
    assert "pw@" not in str(caught.value)
