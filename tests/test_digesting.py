"""The weekly summary of a real night: numbers only."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from auditor.digesting import build_digest
from auditor.nightly import run_night
from auditor.settings import load_settings
from auditor.store import open_store
from reports.digest import Digest, render_html, render_text
from tests.districts import FOUND, NAMES, STAFF, make_district

DAY = timedelta(days=1)


def digest_after(config: Path, now: datetime) -> Digest:
    settings = load_settings(config)
    store = open_store(settings.store.url)
    try:
        return build_digest(settings, store, now)
    finally:
        store.close()


def test_a_week_is_counted(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    settings = load_settings(config)
    run_night(settings, now=now)
    (tmp_path / "found.csv").write_text(FOUND.replace("ida.marsh@marrowick.example", "gone"))
    run_night(settings, now=now + DAY)
    digest = digest_after(config, now + 2 * DAY)
    assert (digest.counts.new, digest.counts.open, digest.counts.gone) == (1, 1, 1)
    assert (digest.sources_complete, digest.sources_total) == (2, 2)
    assert [(one.name, one.new, one.open) for one in digest.schools] == [
        ("Marrowick High School", 1, 1)
    ]
    assert digest.week == "2026-W47"
    later = digest_after(config, now + 30 * DAY)
    assert (later.counts.new, later.counts.open, later.counts.gone) == (0, 1, 0)
    assert "nightly job" in later.next_steps[0]


def test_a_school_is_counted_as_its_page_shows_it(tmp_path: Path, now: datetime) -> None:
    staff = STAFF.replace("High School,Teacher", "High School,Principal", 1)
    config = make_district(tmp_path, staff=staff)
    run_night(load_settings(config), now=now)
    (school,) = digest_after(config, now + DAY).schools
    assert (school.new, school.open) == (1, 1)


def test_a_source_that_is_down_is_said_with_since_when(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    settings = load_settings(config)
    run_night(settings, now=now)
    (tmp_path / "found.csv").unlink()
    run_night(settings, now=now + DAY)
    run_night(settings, now=now + 2 * DAY)
    digest = digest_after(config, now + 3 * DAY)
    assert [(one.name, one.since) for one in digest.failed_sources] == [("found", now + DAY)]
    assert digest.sources_complete == 1


def test_no_name_address_or_account_is_in_it(tmp_path: Path, now: datetime) -> None:
    config = make_district(tmp_path)
    run_night(load_settings(config), now=now)
    digest = digest_after(config, now + DAY)
    for text in (render_text(digest), render_html(digest), repr(digest)):
        assert not re.search(r"[\w.]+@[\w.]+\.\w+", text)
        assert "flickr" not in text.casefold()
        assert "marrowickhighschool" not in text
        for name in NAMES:
            assert name.split()[1] not in text


def test_a_school_that_only_the_directory_knows_is_named(tmp_path: Path, now: datetime) -> None:
    staff = STAFF + "Una Vale,una.vale@marrowick.example,Osprey Grove School,Teacher\n"
    found = FOUND + "https://www.flickr.com/photos/unav,U,una.vale@marrowick.example,\n"
    config = make_district(tmp_path, staff=staff, found=found)
    run_night(load_settings(config), now=now)
    names = [one.name for one in digest_after(config, now + DAY).schools]
    assert names == ["Marrowick High School", "Osprey Grove School"]
