"""Nights with the district's own web site: what its links do to leads, and when they close."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from auditor.doctor import examine
from auditor.findings import Certainty, Change, State
from auditor.gathering import brand_of_district
from auditor.known_links import DAMAGED, KEY, recall_links
from auditor.known_schools import district_schools
from auditor.nightly import run_night
from auditor.outcomes import ReadingState
from auditor.rules.site_links import MUTUAL, UNENDORSED, UNRETURNED
from auditor.settings import load_settings
from auditor.store import open_store
from connectors import pacing
from connectors.errors import RateLimited
from connectors.platforms import Account, identify
from connectors.records import Harvest, Profile
from connectors.sites import district_sites, name_records
from connectors.source import Capability, CheckState, Terms
from tests.districts import SETTINGS, approve, make_district
from tests.fake_sources import register
from tests.fakes.name_server import NameServer
from tests.fakes.site import Site
from tests.fakes.web_server import FakeTimer, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.findings import Finding, StoredFinding
    from auditor.nightly import NightResult

NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
BRANDED, RETIRED = "unregistered-branded-account", "retired-platform-link"
IMITATION, URL = "impersonation-suspected", "https://www.facebook.com/marrowickhighschool"
TERMS = Terms(
    ("facebook",), "https://docs.example/", "https://rules.example/", date(2026, 11, 22), "", ""
)
SOURCES = """
[web]
internal_hosts = ["127.0.0.1"]
[sources.sites]
connector = "district_sites"
"""
PAGE = '<a href="https://www.facebook.com/marrowickhighschool">f</a>'
GOOGLE = '<a href="https://plus.google.com/+MarrowickSchools">g</a>'


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(pacing, "TIMER", FakeTimer())
    monkeypatch.setattr(district_sites, "DOMAIN_BASE", "http://127.0.0.1:9")
    with Site() as running, NameServer() as names:
        monkeypatch.setattr(name_records, "new_resolver", names.resolver)
        running.pages = {"/": PAGE + GOOGLE}
        yield running


@pytest.fixture
def config(tmp_path: Path, site: Site) -> Path:
    found = (
        "url,display_name,bio,location,website\n"
        "https://www.facebook.com/marrowickhighschool,Marrowick High School,News,"
        f'"Marrowick, WI",{site.url}/\n'
    )
    path = make_district(tmp_path, found=found)
    given = SETTINGS.replace("[district]", f'[district]\nwebsites = ["{site.url}/"]')
    path.write_text(given + SOURCES, encoding="utf-8")
    return path


def night(config: Path, day: int = 0) -> NightResult:
    return run_night(load_settings(config), now=NOW + day * timedelta(days=1))


def same(finding: Finding) -> Finding:
    """Return a finding without the hour at which each piece of evidence was seen."""
    return replace(finding, evidence=tuple(replace(one, seen_at=None) for one in finding.evidence))


def lead(result: NightResult, rule: str) -> StoredFinding:
    (found,) = [one for one in result.findings if one.finding.rule == rule]
    return found


def test_an_account_that_links_back_stays_with_the_coordinator(config: Path, site: Site) -> None:
    found = lead(night(config), BRANDED).finding
    assert found.grade is Certainty.POSSIBLE
    assert f"{site.url}/" in {one.theirs for one in found.evidence} | {
        one.ours for one in found.evidence
    }
    site.pages["/"] = GOOGLE
    assert lead(night(config, 1), BRANDED).finding.grade is Certainty.CONFIDENT


def test_a_site_that_fails_for_a_night_changes_no_judgement(config: Path, site: Site) -> None:
    pages = dict(site.pages)
    first = lead(night(config), BRANDED).finding
    site.pages = dict.fromkeys(pages, Reply(503))
    failed = night(config, 1)
    assert {one.state for one in failed.readings if one.source == "sites"} == {ReadingState.FAILED}
    assert same(lead(failed, BRANDED).finding) == same(first)
    assert failed.changed(Change.CHANGED) == 0
    site.pages = pages
    assert same(lead(night(config, 2), BRANDED).finding) == same(first)
    site.pages = pages | {"/": GOOGLE}
    assert lead(night(config, 3), BRANDED).finding.grade is Certainty.CONFIDENT
    site.pages = dict.fromkeys(pages, Reply(503))
    assert lead(night(config, 4), BRANDED).finding.grade is Certainty.CONFIDENT


def test_a_site_that_only_the_source_names_is_the_districts_too(config: Path, site: Site) -> None:
    given = config.read_text("utf-8").replace(f'websites = ["{site.url}/"]', "")
    config.write_text(f'{given}websites = ["{site.url}/"]\n', "utf-8")
    assert lead(night(config), BRANDED).finding.grade is Certainty.POSSIBLE


def test_an_account_that_links_to_a_neighbour_of_the_site_does_not_link_back(
    config: Path, site: Site
) -> None:
    given = config.read_text("utf-8")
    config.write_text(given.replace(f'["{site.url}/"]', f'["{site.url}/view/ours"]'), "utf-8")
    site.pages = {"/view/ours": PAGE}
    assert UNRETURNED in lead(night(config), BRANDED).finding.reasons
    found = config.parent / "found.csv"
    found.write_text(found.read_text("utf-8").replace(site.url, f"{site.url}/view/ours"), "utf-8")
    assert MUTUAL in lead(night(config, 1), BRANDED).finding.reasons


def test_a_host_of_others_is_no_name_of_the_district(config: Path) -> None:
    sites = 'websites = ["https://pages.test/view/ours", "https://www.herons.test/home"]'
    given = re.sub(r"websites = .*", sites, config.read_text("utf-8"))
    config.write_text(given, "utf-8")
    settings = load_settings(config)
    brand = brand_of_district(settings, None, district_schools(settings, None, ()))
    assert brand.domains == (*settings.domains, "herons.test")


def test_a_link_of_a_reader_changes_no_lead_by_coming_and_going(config: Path, site: Site) -> None:
    pages = {"/": PAGE.replace("<a ", "<a rel=ugc ")}
    site.pages = dict(pages)
    assert UNENDORSED in lead(night(config), BRANDED).finding.reasons
    site.pages = dict.fromkeys(pages, Reply(503))
    failed = night(config, 1)
    assert UNENDORSED not in lead(failed, BRANDED).finding.reasons
    assert failed.changed(Change.CHANGED) == 0


@pytest.mark.parametrize(
    "kept",
    [
        "{",
        "[]",
        '{"links": {"sites": [["https://x.example/", "x"]]}}',
        '{"returned": {"found": [["x", "y", "maybe"]]}}',
        '{"links": {"sites": [["https://x.example/", "x", "y", "2026-99-99", true]]}}',
        f'{{"more": {"[" * 100_000}',
    ],
)
def test_known_links_that_are_damaged_cost_a_sentence(config: Path, site: Site, kept: str) -> None:
    first = night(config)
    assert first.notes == ()
    store = open_store(load_settings(config).store.url)
    store.write_meta(KEY, kept)
    second = night(config, 1)
    assert second.notes == (DAMAGED,)
    assert same(lead(second, BRANDED).finding) == same(lead(first, BRANDED).finding)
    assert recall_links(store).links.keys() == {"sites"}
    store.close()
    assert night(config, 2).notes == ()


def test_an_account_whose_platform_fails_for_a_night_changes_no_judgement(
    config: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list names an account, the platform tells its web site."""
    listed = config.parent / "found.csv"
    listed.write_text(listed.read_text("utf-8").replace(f"{site.url}/", ""), "utf-8")
    platform = register(monkeypatch, "pages", Capability.PROFILES, terms=TERMS)
    config.write_text(config.read_text("utf-8") + '[sources.pages]\nconnector = "pages"\n', "utf-8")
    account = identify(URL)
    assert isinstance(account, Account)
    shown = Profile(
        "pages", "facebook", URL, account.handle, account_id=account.id,
        display_name="Marrowick High School", website=f"{site.url}/",
    )  # fmt: skip
    platform.harvest = Harvest(profiles=(shown,))
    for day, error in enumerate((None, RateLimited("pages", "too many", "Wait"), None)):
        platform.error = error
        found = lead(night(config, day), BRANDED).finding
        assert (found.grade, MUTUAL in found.reasons) == (Certainty.POSSIBLE, True), day
    platform.harvest = Harvest(profiles=(structs.replace(shown, website=None),))
    assert lead(night(config, 3), BRANDED).finding.grade is Certainty.CONFIDENT


def test_an_account_that_is_vouched_for_is_no_imitation_while_a_site_fails(
    config: Path, site: Site
) -> None:
    approve(config, URL)
    site.pages["/"] = '<a href="https://www.facebook.com/marrowickhiighschool">f</a>'
    found = config.parent / "found.csv"
    rows = found.read_text("utf-8")
    row = rows.splitlines()[1].replace("marrowickhighschool,", "marrowickhiighschool,", 1)
    found.write_text(f"{rows}{row}\n", "utf-8")
    pages = dict(site.pages)
    for day, is_listed in enumerate((False, False, False, True, True)):
        site.pages = dict.fromkeys(pages, Reply(503)) if day in {1, 4} else dict(pages)
        if day == 3:
            site.pages["/"] = "nothing"
        rules = {one.finding.rule for one in night(config, day).findings}
        assert (IMITATION in rules) is is_listed, day


def test_a_dead_link_is_a_lead_until_it_is_taken_down(config: Path, site: Site) -> None:
    assert lead(night(config), RETIRED).finding.sources == {"sites"}
    site.pages["/"] = PAGE + '<a href="/news">n</a>'
    site.pages["/news"] = Reply(500)
    partial = night(config, 1)
    assert lead(partial, RETIRED).state is State.OPEN
    (reading,) = [one for one in partial.readings if one.source == "sites"]
    assert reading.state is ReadingState.PARTIAL
    site.pages["/news"] = "nothing"
    assert lead(night(config, 2), RETIRED).state is State.CLOSED


def test_a_well_known_place_that_is_silent_closes_nothing(config: Path, site: Site) -> None:
    place = "/.well-known/webfinger"
    alias = "https://plus.google.com/+MarrowickSchools"
    known = json_reply({"subject": "", "aliases": [alias]})
    site.pages = {"/": PAGE, place: known}
    for day, (answer, state) in enumerate(
        [(known, State.OPEN), (Reply(503), State.OPEN), (Reply(404), State.CLOSED)]
    ):
        site.pages[place] = answer
        result = night(config, day)
        (reading,) = [one for one in result.readings if one.source == "sites"]
        assert reading.state is ReadingState.COMPLETE
        assert lead(result, RETIRED).state is state, day


def test_the_site_is_asked_for_likely_handles_after_the_directories(
    config: Path, site: Site
) -> None:
    night(config)
    (asked,) = [one for one in site.asked if one.path == "/.well-known/webfinger"]
    assert asked.query["resource"] == f"acct:marrowick@127.0.0.1:{site.port}"


def test_a_site_that_suddenly_links_to_little_is_held_for_shrunk(config: Path, site: Site) -> None:
    site.pages["/"] = "".join(f'<a href="https://x.com/school{n}">x</a>' for n in range(12))
    night(config)
    site.pages["/"] = PAGE
    (reading,) = [one for one in night(config, 1).readings if one.source == "sites"]
    assert reading.state is ReadingState.SHRUNK


def test_the_doctor_knows_the_sites_of_the_district(config: Path) -> None:
    lines = list(examine(load_settings(config), "sites", NOW))
    assert [(line.check.name, line.check.state) for line in lines] == [
        ("settings", CheckState.GOOD),
        ("site 127.0.0.1", CheckState.GOOD),
        ("name servers", CheckState.GOOD),
    ]


def test_a_page_that_has_not_changed_is_not_sent_again(config: Path, site: Site) -> None:
    first = night(config)
    calls = [one.calls for one in first.readings if one.source == "sites"]
    assert site.unchanged == 0
    second = night(config, 1)
    assert [one.calls for one in second.readings if one.source == "sites"] == calls
    assert site.unchanged == 1
    assert lead(second, RETIRED).state is State.OPEN
