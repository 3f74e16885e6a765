"""Nights from end to end: what opens, what closes, and what must not."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.decisions import ExemptionSubject, SubjectKind, grant_exemption
from auditor.errors import NoSuchSchool, SettingsError
from auditor.findings import Change, State
from auditor.nightly import run_night
from auditor.outcomes import ReadingState, RuleState
from auditor.registry_file import plan_import
from auditor.reporting import is_new
from auditor.settings import load_settings
from auditor.store import open_store
from tests.districts import FOUND, STAFF, make_district

if TYPE_CHECKING:
    from auditor.nightly import NightResult

DAY = timedelta(days=1)


def night(config: Path, now: datetime, **options: object) -> NightResult:
    return run_night(load_settings(config), now=now, **options)  # type: ignore[arg-type]


def changes(result: NightResult) -> dict[str, Change]:
    rules = {one.finding.key: one.finding.rule for one in result.findings}
    return {rules[one.key]: one.change for one in result.transitions}


def test_a_first_night_opens_and_writes_every_page(tmp_path: Path, now: datetime) -> None:
    result = night(make_district(tmp_path), now)
    assert result.exit_code == 0
    assert changes(result) == {
        "district-address-in-use": Change.OPENED,
        "unregistered-branded-account": Change.OPENED,
    }
    names = {path.name for path in (tmp_path / "reports").iterdir()}
    assert names >= {
        "index.html", "registry.html", "coverage.html", "findings.csv", "findings.json",
        "school-MHS.html", "school-MMS.html", "coverage.csv", "coverage.json",
    }  # fmt: skip
    assert not [name for name in names if name.startswith((".", "tmp"))]
    assert result.pages[0].name == "index.html"
    assert (tmp_path / "reports").stat().st_mode & 0o077 == 0
    assert (tmp_path / "reports" / "index.html").stat().st_mode & 0o077 == 0
    assert (tmp_path / "audit.sqlite").stat().st_mode & 0o077 == 0


def test_the_same_night_twice_changes_nothing(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    first = night(config, now)
    second = night(config, now + DAY)
    assert set(changes(second).values()) == {Change.SEEN_AGAIN}
    assert [one.first_seen for one in second.findings] == [one.first_seen for one in first.findings]
    assert all(one.last_seen > now + DAY - timedelta(minutes=1) for one in second.findings)


def test_what_is_gone_closes_and_comes_back_as_reopened(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    (tmp_path / "found.csv").write_text(FOUND.replace("ida.marsh@marrowick.example", "gone"))
    assert changes(night(config, now + DAY))["district-address-in-use"] is Change.CLOSED
    (tmp_path / "found.csv").write_text(FOUND)
    assert changes(night(config, now + 2 * DAY))["district-address-in-use"] is Change.REOPENED


def test_a_source_that_is_down_closes_nothing(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    (tmp_path / "found.csv").unlink()
    result = night(config, now + DAY)
    assert set(changes(result).values()) == {Change.NOT_LOOKED}
    assert {one.state for one in result.findings} == {State.OPEN}
    assert result.exit_code == 3
    assert result.complete == 1
    assert {one.state for one in result.outcomes if one.reason} == {
        RuleState.SAT_OUT,
        RuleState.IDLE,
    }
    page = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert "found" in page


def test_a_source_taken_out_of_the_settings_closes_nothing(tmp_path: Path, now: datetime) -> None:
    config = make_district(
        tmp_path, more='[sources.other]\nconnector = "profile_file"\npath = "other.csv"\n'
    )
    (tmp_path / "other.csv").write_text("url\nhttps://www.flickr.com/photos/nobody\n")
    night(config, now)
    text = config.read_text(encoding="utf-8")
    start = text.index("[sources.found]")
    config.write_text(text[:start] + text[text.index("[sources.other]") :], encoding="utf-8")
    assert set(changes(night(config, now + DAY)).values()) == {Change.NOT_LOOKED}


def test_half_a_staff_list_makes_nobody_leave(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    half = STAFF.splitlines(keepends=True)[:10]
    (tmp_path / "staff.csv").write_text("".join([half[0], *half[2:]]))  # without Ida Marsh
    result = night(config, now + DAY)
    staff = next(one for one in result.readings if one.source == "staff")
    assert staff.state is ReadingState.SHRUNK
    assert changes(result)["district-address-in-use"] is Change.NOT_LOOKED
    assert result.exit_code == 3
    accepted = night(config, now + 2 * DAY, accept_smaller=["staff"])
    assert accepted.exit_code == 0
    assert changes(accepted)["district-address-in-use"] is Change.CHANGED


def test_one_school_looks_only_at_itself(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    before = (tmp_path / "reports" / "index.html").read_bytes()
    (tmp_path / "found.csv").write_text("url\nhttps://www.flickr.com/photos/nobody\n")
    result = night(config, now + DAY, school="marrowick middle school")
    assert result.school == "Marrowick Middle School"
    assert (result.findings, result.transitions, result.open) == ((), (), 0)
    with closing(open_store(load_settings(config).store.url)) as store:
        assert {one.state for one in store.findings()} == {State.OPEN}
    assert (tmp_path / "reports" / "index.html").read_bytes() == before
    assert [path.name for path in result.pages] == ["school-MMS.html"]
    result = night(config, now + 2 * DAY, school="MHS")
    assert set(changes(result).values()) == {Change.CLOSED}


def test_a_night_for_one_school_closes_nothing_that_moved_to_another(
    tmp_path: Path, now: datetime
) -> None:
    config = make_district(tmp_path)
    night(config, now)
    moved = "ida.marsh@marrowick.example,Marrowick Middle School"
    (tmp_path / "staff.csv").write_text(
        STAFF.replace("ida.marsh@marrowick.example,Marrowick High School", moved)
    )
    result = night(config, now + DAY, school="MHS")
    assert result.changed(Change.CLOSED) == 0
    with closing(open_store(load_settings(config).store.url)) as store:
        assert {one.state for one in store.findings()} == {State.OPEN}
        assert {one.finding.schools for one in store.findings()} == {("MHS",), ("MMS",)}


def test_an_unknown_school_leaves_no_trace(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    with pytest.raises(NoSuchSchool, match="Marrowick High School"):
        night(config, now, school="Marrowick Hihg School")
    assert not (tmp_path / "reports").exists()
    assert night(config, now).run == 1


def test_an_unknown_source_to_accept_is_refused(tmp_path: Path, now: datetime) -> None:
    with pytest.raises(SettingsError, match="its sources are staff, found"):
        night(make_district(tmp_path), now, accept_smaller=["staf"])


def test_an_unknown_nces_id_is_refused(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('state = "WI"', 'state = "WI"\nnces_id = "9999999"'))
    with pytest.raises(SettingsError, match="audit init --find"):
        night(config, now)


def test_a_rule_that_fails_costs_only_itself(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from auditor import nightly

    def burst(*_: object) -> None:
        raise ZeroDivisionError

    config = make_district(tmp_path)
    night(config, now)
    broken = tuple(
        replace(rule, check=burst) if rule.id == "district-address-in-use" else rule
        for rule in nightly.RULES
    )
    monkeypatch.setattr(nightly, "RULES", broken)
    result = night(config, now + DAY)
    assert changes(result) == {
        "district-address-in-use": Change.NOT_LOOKED,
        "unregistered-branded-account": Change.SEEN_AGAIN,
    }
    assert result.exit_code == 3
    assert any("ZeroDivisionError" in (one.reason or "") for one in result.outcomes)


def test_a_rule_that_is_off_closes_nothing(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    with config.open("a", encoding="utf-8") as file:
        file.write("[rules.district-address-in-use]\nenabled = false\n")
    result = night(config, now + DAY)
    assert changes(result)["district-address-in-use"] is Change.NOT_LOOKED
    assert result.exit_code == 0


def test_students_never_enter_the_store_or_the_reports(tmp_path: Path, now: datetime) -> None:
    staff = STAFF.replace("title\n", "title,role\n", 1).replace(",Teacher\n", ",Teacher,staff\n")
    staff += "Pia Pupil,pia.pupil@marrowick.example,Marrowick High School,,student\n"
    found = FOUND + "https://www.flickr.com/photos/pias,Pia,pia.pupil@marrowick.example,\n"
    result = night(make_district(tmp_path, staff=staff, found=found), now)
    reading = next(one for one in result.readings if one.source == "staff")
    assert reading.dropped.get("students") == 1
    assert any("1 district address is shown" in note for note in result.notes)
    for path in [*(tmp_path / "reports").iterdir(), tmp_path / "audit.sqlite"]:
        assert b"pia" not in path.read_bytes().lower().replace(b"copia", b""), path.name


@pytest.mark.parametrize("where", ["district", "source"])
def test_a_students_domain_named_once_holds_everywhere(
    tmp_path: Path, now: datetime, where: str
) -> None:
    pupil = (
        "Kid Two,kid2@students.marrowick.example; kid2@marrowick.example,Marrowick High School,\n"
    )
    found = FOUND + (
        "https://www.flickr.com/photos/kida,K,kid2@marrowick.example,\n"
        "https://www.flickr.com/photos/kidb,K,band@students.marrowick.example,\n"
    )
    config = make_district(tmp_path, staff=STAFF + pupil, found=found)
    if where == "source":
        line = 'student_domains = ["students.marrowick.example"]\n'
        text = config.read_text(encoding="utf-8").replace(line, "")
        config.write_text(text.replace('path = "staff.csv"\n', f'path = "staff.csv"\n{line}'))
    result = night(config, now)
    staff = next(one for one in result.readings if one.source == "staff")
    assert staff.dropped.get("students") == 1
    assert {one.finding.subject[-1] for one in result.findings} == {
        "ida.marsh@marrowick.example", "marrowickhighschool",
    }  # fmt: skip


def test_a_review_that_is_due_is_news_once(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    (tmp_path / "accounts.csv").write_text(
        "url,owner,purpose,state,approved by,approved on,review on\n"
        "https://www.facebook.com/marrowickhighschool,ida.marsh@marrowick.example,News,approved,"
        "boss,2026-01-05,2026-11-30\n"
    )
    with closing(open_store(load_settings(config).store.url)) as store:
        plan = plan_import(
            tmp_path / "accounts.csv", {}, by="boss", at=now, today=now.date(), approve=False
        )
        store.add_registry_events(plan.events)
    assert changes(night(config, now))["registration-review-due"] is Change.OPENED
    later = night(config, now + DAY)
    assert changes(later)["registration-review-due"] is Change.SEEN_AGAIN


def test_an_exemption_ends_on_its_day_though_its_source_is_down(
    tmp_path: Path, now: datetime
) -> None:
    config = make_district(tmp_path)
    key = night(config, now).findings[0].key
    with closing(open_store(load_settings(config).store.url)) as store:
        subject = ExemptionSubject(SubjectKind.FINDING, key)
        until, today = (now + DAY).date(), now.date()
        store.add_decision(
            grant_exemption(subject, reason="agreed", until=until, by="boss", at=now, today=today),
            today,
        )
    (tmp_path / "found.csv").unlink()
    states = []
    for day in (1, 2, 3):
        result = night(config, now + day * DAY)
        states.append(next(one.state for one in result.findings if one.key == key))
    assert states == [State.EXEMPT, State.OPEN, State.OPEN]


def test_what_came_back_is_new_for_seven_days(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    (tmp_path / "found.csv").write_text("url\nhttps://www.flickr.com/photos/nobody\n")
    night(config, now + DAY)
    (tmp_path / "found.csv").write_text(FOUND)
    fresh = {}
    for day in (20, 26, 27, 60):
        result = night(config, now + day * DAY)
        fresh[day] = {is_new(one, now + day * DAY) for one in result.findings}
    assert fresh == {20: {True}, 26: {True}, 27: {False}, 60: {False}}


def test_an_evening_run_keeps_the_districts_day(tmp_path: Path) -> None:
    evening = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Sunday, 8 in the evening in Marrowick
    staff = STAFF.replace("title\n", "title,end date\n").replace("Teacher\n", "Teacher,\n")
    staff = staff.replace("High School,Teacher,\n", "High School,Teacher,2026-11-22\n", 1)
    config = make_district(tmp_path, staff=staff, more="[reports]\nkeep_days = 1\n")
    first = night(config, evening)
    assert not any("left" in text for one in first.findings for text in one.finding.reasons)
    with closing(open_store(load_settings(config).store.url)) as store:
        assert [str(week) for week, *_ in store.trend(zone=load_settings(config).zone)] == [
            "2026-11-16"
        ]
        subject = ExemptionSubject(SubjectKind.FINDING, first.findings[0].key)
        until, today = evening.date() + 30 * DAY, evening.date() - DAY
        store.add_decision(
            grant_exemption(subject, reason="a", until=until, by="b", at=evening, today=today),
            today,
        )
    (tmp_path / "found.csv").unlink()
    night(config, evening)
    page = (tmp_path / "reports" / "index.html").read_text(encoding="utf-8")
    assert '<time datetime="2026-11-23">Nov 23, 2026</time>' in page
    assert "<b>0</b> <span>exemptions ending soon</span>" in page
    coverage = (tmp_path / "reports" / "coverage.html").read_text(encoding="utf-8")
    assert "found could not be read in full since 2026-11-22." in coverage


def test_weak_leads_stay_off_the_school_page(tmp_path: Path, now: datetime) -> None:
    found = FOUND + "https://www.facebook.com/marrowickhsfans,Marrowick HS fans maybe,,\n"
    result = night(make_district(tmp_path, found=found), now)
    weak = [one for one in result.findings if str(one.finding.grade) == "possible"]
    page = (tmp_path / "reports" / "school-MHS.html").read_text(encoding="utf-8")
    for one in weak:
        assert one.finding.url not in page
    assert "marrowickhighschool" in page


@pytest.mark.parametrize("title", ["Principal", "administrator"])
def test_a_principals_own_lead_stays_off_the_school_page(
    tmp_path: Path, now: datetime, title: str
) -> None:
    staff = STAFF.replace(
        "ida.marsh@marrowick.example,Marrowick High School,Teacher",
        f"ida.marsh@marrowick.example,Marrowick High School,{title}",
    )
    night(make_district(tmp_path, staff=staff), now)
    reports = tmp_path / "reports"
    assert "idaphotos" in (reports / "index.html").read_text(encoding="utf-8")
    assert "idaphotos" not in (reports / "school-MHS.html").read_text(encoding="utf-8")
    assert "idaphotos" not in (reports / "school-MHS.csv").read_text(encoding="utf-8")


def test_no_page_or_export_calls_a_lead_a_violation(tmp_path: Path, now: datetime) -> None:
    night(make_district(tmp_path), now)
    for path in (tmp_path / "reports").iterdir():
        assert "violation" not in path.read_text(encoding="utf-8").casefold(), path.name


def test_a_lead_stays_when_its_owner_is_taken_out_of_the_directory(
    tmp_path: Path, now: datetime
) -> None:
    config = make_district(tmp_path)
    night(config, now)
    (tmp_path / "staff.csv").write_text(STAFF.replace("ida.marsh", "i.newname"))
    result = night(config, now + DAY)
    assert changes(result)["district-address-in-use"] is Change.CHANGED
    assert night(config, now + 2 * DAY).changed(Change.CLOSED) == 0


def test_what_was_gone_before_is_not_counted_again(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    night(config, now)
    (tmp_path / "found.csv").write_text("url\nhttps://www.flickr.com/photos/nobody\n")
    assert night(config, now + DAY).changed(Change.CLOSED) == 2
    assert night(config, now + 2 * DAY).changed(Change.CLOSED) == 0
    (tmp_path / "found.csv").unlink()
    assert night(config, now + 3 * DAY).changed(Change.NOT_LOOKED) == 0
    (tmp_path / "found.csv").write_text(FOUND)
    assert night(config, now + 4 * DAY).changed(Change.REOPENED) == 2


def test_a_school_that_only_the_directory_knows_outlives_a_night_without_it(
    tmp_path: Path, now: datetime
) -> None:
    staff = STAFF + "Una Vale,una.vale@marrowick.example,Osprey Grove School,Teacher\n"
    found = FOUND + "https://www.flickr.com/photos/unav,U,una.vale@marrowick.example,\n"
    config = make_district(tmp_path, staff=staff, found=found)
    night(config, now)
    page = tmp_path / "reports" / "school-osprey-grove-school.html"
    before = page.read_bytes()
    (tmp_path / "staff.csv").unlink()
    result = night(config, now + DAY)
    assert result.schools.name("osprey-grove-school") == "Osprey Grove School"
    assert page.read_bytes() != before
    assert "Complete for 1 of 2 sources" in page.read_text(encoding="utf-8")
    assert night(config, now + DAY, school="osprey").school == "Osprey Grove School"


def test_pages_of_a_school_that_is_gone_are_taken_away(tmp_path: Path, now: datetime) -> None:
    staff = STAFF + "Una Vale,una.vale@marrowick.example,Osprey Grove School,Teacher\n"
    config = make_district(tmp_path, staff=staff)
    night(config, now)
    reports = tmp_path / "reports"
    (reports / "notes.txt").write_text("mine")
    assert list(reports.glob("*-osprey-grove-school.*"))
    (tmp_path / "staff.csv").write_text(STAFF)
    night(config, now + DAY)
    assert not list(reports.glob("*-osprey-grove-school.*"))
    assert (reports / "school-MHS.html").exists()
    assert (reports / "notes.txt").exists()


def test_addresses_listed_on_request_go_when_they_are_only_counted_again(
    tmp_path: Path, now: datetime
) -> None:
    found = FOUND + "https://www.flickr.com/photos/josp,J,jo.former@marrowick.example,\n"
    more = '[rules.district-address-in-use]\nunknown_addresses = "list"\n'
    config = make_district(tmp_path, found=found, more=more)
    assert night(config, now).open == 3
    config.write_text(config.read_text(encoding="utf-8").replace('"list"', '"count"'))
    result = night(config, now + DAY)
    assert result.open == 2
    assert result.changed(Change.CLOSED) == 1


def test_a_verdict_outlives_the_night_on_which_a_native_id_becomes_known(
    tmp_path: Path, now: datetime
) -> None:
    from auditor.decisions import Verdict

    config = make_district(tmp_path)
    night(config, now)
    with closing(open_store(load_settings(config).store.url)) as store:
        for one in store.findings():
            store.record_verdict(one.key, Verdict.NOT_OURS, by="me", why="a shop", at=now)
    header, *rows = FOUND.splitlines()
    with_ids = [f"{header},native_id", *(f"{row},10020030040{n}" for n, row in enumerate(rows))]
    for day, lines in enumerate((with_ids, with_ids, FOUND.splitlines()), 1):
        (tmp_path / "found.csv").write_text("\n".join(lines) + "\n")
        result = night(config, now + day * DAY)
        assert {one.state for one in result.findings} == {State.FALSE_POSITIVE}
        assert result.changed(Change.OPENED) == 0
