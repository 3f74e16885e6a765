"""The demo from end to end: what two nights must find, close, keep and never show."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from auditor.cli.demo import demo as command
from auditor.demo import FIRST_NIGHT, MARKER, SECOND_NIGHT, DemoError, prepare_folder, run_demo
from auditor.findings import Change, Finding, State
from auditor.outcomes import ReadingState
from auditor.settings import load_settings
from auditor.store import open_store
from config.sample.build import HERE, load
from connectors.platforms import Account, identify

if TYPE_CHECKING:
    from auditor.demo import Demo
    from auditor.nightly import NightResult

ADDRESS, BRANDED = "district-address-in-use", "unregistered-branded-account"
IMITATION = "impersonation-suspected"
OWNER, REVIEW, RETIRED = (
    "registered-owner-left",
    "registration-review-due",
    "retired-platform-link",
)
PLANTED: list[dict[str, Any]] = load("planted.toml")["profiles"]


def planted(night: int, **wanted: Any) -> list[dict[str, Any]]:
    return [
        one
        for one in PLANTED
        if night in one.get("nights", (1, 2))
        and all(one.get(key) == value for key, value in wanted.items())
    ]


def account_of(profile: dict[str, Any]) -> Account:
    account = identify(profile["url"])
    assert isinstance(account, Account), profile["url"]
    return account


def by_account(night: NightResult) -> dict[tuple[str, ...], dict[str, list[Finding]]]:
    """Tonight's findings by account and rule."""
    seen = {one.key for one in night.transitions if one.finding is not None}
    found: dict[tuple[str, ...], dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for stored in night.findings:
        if stored.key in seen:
            found[stored.finding.subject[:2]][stored.finding.rule].append(stored.finding)
    return found


def change_of(night: NightResult, finding: Finding) -> Change:
    return next(one.change for one in night.transitions if one.key == finding.key)


def finding_of(night: NightResult, url: str, rule: str) -> Finding:
    account = identify(url)
    assert isinstance(account, Account)
    return next(
        one.finding
        for one in night.findings
        if one.finding.rule == rule and one.finding.subject[:2] == tuple(account.key)
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, Result]:
    """The command run once where an earlier demo was begun: what it did and what it printed."""
    done: list[Demo] = []

    def run_and_keep(*args: Any, **options: Any) -> Demo:
        done.append(run_demo(*args, **options))
        return done[0]

    folder = tmp_path_factory.mktemp("demo") / "district"
    prepare_folder(folder)
    (folder / "mine.txt").write_text("keep me", encoding="utf-8")
    (folder / "found.csv").write_text("spoilt", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditor.demo.run_demo", run_and_keep)
        arguments = ["--folder", str(folder)]
        outcome = CliRunner().invoke(command, arguments, standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return done[0], outcome


@pytest.fixture(scope="module")
def nights(ran: tuple[Demo, Result]) -> Demo:
    return ran[0]


@pytest.fixture(scope="module")
def first(nights: Demo) -> dict[tuple[str, ...], dict[str, list[Finding]]]:
    return by_account(nights.first)


@pytest.mark.parametrize(
    "profile", [one for one in planted(1) if "address" in one], ids=lambda one: one["url"]
)
def test_every_planted_address_is_found_with_its_disguise(
    first: dict[tuple[str, ...], dict[str, list[Finding]]], profile: dict[str, Any]
) -> None:
    (finding,) = first[tuple(account_of(profile).key)][ADDRESS]
    assert finding.subject[-1] == profile["address"]
    assert str(finding.grade) == "A"
    reasons = " ".join(finding.reasons)
    if profile["disguise"] == "plain":
        assert "The account itself shows the address." in reasons
    else:
        assert profile["disguise"] in reasons
    assert all(len(one.theirs) <= 80 for one in finding.evidence)


@pytest.mark.parametrize(
    "profile",
    [one for one in planted(1) if one["lead"] in {"branded", "both"}],
    ids=lambda one: one["url"],
)
def test_every_planted_brand_is_found_for_its_school(
    first: dict[tuple[str, ...], dict[str, list[Finding]]], profile: dict[str, Any]
) -> None:
    (finding,) = first[tuple(account_of(profile).key)][BRANDED]
    if "school" in profile:
        assert finding.schools == (profile["school"],)
    certainty = profile.get("certainty", "confident")
    assert certainty in {"any", str(finding.grade)}


def test_an_imitation_is_one_lead_with_both_names_and_where_they_differ(nights: Demo) -> None:
    found = by_account(nights.second)
    imitations = {
        account: rules[IMITATION] for account, rules in found.items() if IMITATION in rules
    }
    (profile,) = planted(2, lead="imitation")
    account = tuple(account_of(profile).key)
    assert imitations.keys() == {account}
    assert found[account].keys() == {IMITATION}
    (finding,) = imitations[account]
    assert str(finding.grade) == "confident"
    names, where, letter = finding.evidence
    assert (names.ours, names.theirs) == ("Marrowick Area Schools", profile["display_name"])
    assert account_of({"url": profile["imitates"]}).url in where.ours
    assert account_of(profile).url in where.theirs
    assert (letter.ours, letter.theirs) == (
        "U+0061 LATIN SMALL LETTER A",
        "U+0430 CYRILLIC SMALL LETTER A",
    )
    assert IMITATION not in {one.finding.rule for one in nights.first.findings}


@pytest.mark.parametrize("night", [1, 2])
def test_what_is_no_lead_gives_no_confident_finding(nights: Demo, night: int) -> None:
    found = by_account(nights.first if night == 1 else nights.second)
    for profile in planted(night, lead="none"):
        rules = found[tuple(account_of(profile).key)]
        assert ADDRESS not in rules, profile["url"]
        assert [one for one in rules[BRANDED] if str(one.grade) == "confident"] == [], profile[
            "url"
        ]


@pytest.mark.parametrize("night", [1, 2])
def test_registered_accounts_are_not_flagged(nights: Demo, night: int) -> None:
    found = by_account(nights.first if night == 1 else nights.second)
    registered = planted(night, registered=True)
    assert len(registered) == 6
    for profile in registered:
        rules = found[tuple(account_of(profile).key)]
        assert rules.keys() <= {OWNER, REVIEW}, profile["url"]


def test_nobody_among_the_real_organisations_is_surely_ours(nights: Demo) -> None:
    sure = [
        one.finding.url
        for one in nights.first.findings
        if one.finding.sources == {"wikidata"} and str(one.finding.grade) in {"A", "confident"}
    ]
    assert sure == []


def test_the_registry_s_own_leads_are_there(nights: Demo) -> None:
    left = {one.finding.url for one in nights.first.findings if one.finding.rule == OWNER}
    assert left == {"https://www.facebook.com/RiversideElementaryMarrowick"}
    due = [one.finding for one in nights.first.findings if one.finding.rule == REVIEW]
    assert [one.platform for one in due] == ["youtube"]
    retired = [one.finding for one in nights.first.findings if one.finding.rule == RETIRED]
    assert [one.platform for one in retired] == ["google_plus"]


def test_students_and_parents_are_nowhere(nights: Demo) -> None:
    names = load("people.toml")["names"]["family_of_students"]
    traces = [name.casefold() for name in names] + ["@students.", "homemail.example", "parent-0"]
    files = [
        path
        for path in nights.folder.rglob("*")
        if path.is_file() and (path.name.startswith("audit.sqlite") or "reports" in path.parts[-2])
    ]
    assert len(files) > 30
    for path in files:
        text = path.read_bytes().decode("utf-8", "replace").casefold()
        assert [trace for trace in traces if trace in text] == [], path.name
    dropped = next(one.dropped for one in nights.first.readings if one.source == "roster")
    assert dropped["students"] == 300
    assert sum(dropped.values()) >= 400


def test_the_first_night_is_complete(nights: Demo) -> None:
    assert nights.first.exit_code == 0
    assert nights.first.complete == len(nights.first.readings) == 4
    assert {one.change for one in nights.first.transitions} == {Change.OPENED}


SECOND = {
    "closed": {Change.CLOSED},
    "opened": {Change.OPENED},
    "not_looked": {Change.NOT_LOOKED},
    "exemption_expired": {Change.EXEMPTION_EXPIRED},
    "changed": {Change.CHANGED},
    "seen": {Change.SEEN_AGAIN},
}


@pytest.mark.parametrize(
    "profile",
    [
        one
        for one in PLANTED
        if one["lead"] in {"address", "branded", "both", "imitation"} and one.get("second") != "any"
    ],
    ids=lambda one: f"{one['url']} {one.get('nights', '')}",
)
def test_the_second_night_makes_of_each_lead_what_it_must(
    nights: Demo, profile: dict[str, Any]
) -> None:
    wanted = SECOND[profile.get("second", "seen")]
    rules = {
        "address": (ADDRESS,),
        "branded": (BRANDED,),
        "both": (ADDRESS, BRANDED),
        "imitation": (IMITATION,),
    }
    for rule in rules[profile["lead"]]:
        finding = finding_of(nights.second, profile["url"], rule)
        assert change_of(nights.second, finding) in wanted


def test_a_source_that_is_down_closes_nothing_and_coverage_says_since_when(nights: Demo) -> None:
    reading = next(one for one in nights.second.readings if one.source == "handmade")
    assert reading.state is ReadingState.FAILED
    assert nights.second.exit_code == 3
    kept = [one for one in nights.second.findings if one.finding.sources >= {"handmade"}]
    assert len(kept) >= 4
    assert {one.state for one in kept} == {State.OPEN}
    with closing(open_store(load_settings(nights.folder / "audit.toml").store.url)) as store:
        history = store.source_history()["handmade"]
    assert history.incomplete_since == SECOND_NIGHT
    assert history.last_complete is not None
    assert FIRST_NIGHT <= history.last_complete < SECOND_NIGHT
    page = (nights.reports / "coverage.html").read_text(encoding="utf-8")
    assert "handmade" in page
    assert 'since <time datetime="2026-11-17">' in page


def test_an_owner_who_leaves_is_told_on_the_second_night(nights: Demo) -> None:
    finding = finding_of(nights.second, "https://www.pinterest.com/OspreyGroveReads", OWNER)
    assert change_of(nights.second, finding) is Change.OPENED


def test_decisions_between_the_nights_are_kept(nights: Demo) -> None:
    states = {
        one.finding.url: one.state for one in nights.second.findings if one.finding.rule == BRANDED
    }
    alumni = finding_of(
        nights.second, "https://www.facebook.com/marrowickhighalumni.sample", BRANDED
    )
    drama = finding_of(nights.second, "https://marrowickhighdrama.tumblr.com/", BRANDED)
    assert states[alumni.url] is State.ACKNOWLEDGED
    assert states[drama.url] is State.EXEMPT


def test_both_nights_have_their_reports(nights: Demo) -> None:
    for folder in (nights.first_reports, nights.reports):
        names = {path.name for path in folder.iterdir()}
        assert {"index.html", "registry.html", "coverage.html", "findings.json"} <= names
        assert {
            f"school-{code}.html" for code in ("MHS", "MMS", "LES", "RES", "OGE", "MVA")
        } <= names
    before = json.loads((nights.first_reports / "findings.json").read_text(encoding="utf-8"))
    after = json.loads((nights.reports / "findings.json").read_text(encoding="utf-8"))
    assert len(before["findings"]) < len(after["findings"])


def test_the_command_prints_both_nights_and_starts_anew(ran: tuple[Demo, Result]) -> None:
    nights, outcome = ran
    assert outcome.return_value == 0
    lines = outcome.stdout.splitlines()
    assert lines[0] == "First night, 2026-11-09 02:00 CST"
    second = lines.index("Second night, 2026-11-17 02:00 CST")
    assert any("Complete for 4 of 4 sources" in line for line in lines[:second])
    assert any("Complete for 3 of 4 sources" in line for line in lines[second:])
    assert any(" 5 not looked at" in line for line in lines[second:])
    reports = [line.partition("Report: ")[2] for line in lines if "Report: " in line]
    assert reports == [
        str(nights.first_reports / "index.html"),
        str(nights.reports / "index.html"),
    ]
    assert all(Path(report).is_file() for report in reports)
    assert (nights.folder / "mine.txt").read_text(encoding="utf-8") == "keep me"


def test_a_folder_that_is_not_a_demo_s_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(DemoError, match="not a demo's"):
        prepare_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["audit.toml"]
    assert (tmp_path / "audit.toml").read_text(encoding="utf-8") == "mine"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine", encoding="utf-8")
    with pytest.raises(DemoError, match="is a file"):
        prepare_folder(tmp_path / "demo")


def test_keep_protects_an_earlier_demo(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    (tmp_path / "audit.sqlite").write_text("findings", encoding="utf-8")
    with pytest.raises(DemoError, match="keeps an earlier demo"):
        prepare_folder(tmp_path, keep=True)
    assert (tmp_path / "audit.sqlite").read_text(encoding="utf-8") == "findings"


def test_an_earlier_demo_s_store_and_reports_are_removed(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    for name in ("audit.sqlite", "audit.sqlite-wal"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "index.html").write_text("old", encoding="utf-8")
    prepare_folder(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert MARKER in names
    assert {"audit.sqlite", "audit.sqlite-wal", "reports"}.isdisjoint(names)
    assert (tmp_path / "found.csv").read_bytes() == (HERE / "found.csv").read_bytes()
