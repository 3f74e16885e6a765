"""audit leads: links to click, a list to fill in, and what the next night makes of it."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from auditor.cli import invoke
from connectors.platforms import platforms
from reports.leads import COLUMNS
from tests.districts import make_district

if TYPE_CHECKING:
    from pathlib import Path

NEXT = '[sources.by_hand]\nconnector = "profile_file"\npath = "leads/leads.csv"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return make_district(tmp_path)


def make(config: Path, *options: str) -> Path:
    folder = config.parent / "leads"
    assert invoke(["leads", "-c", str(config), "--out", str(folder), *options]) == 0
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "leads.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def links(folder: Path) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="(https?://[^"]+)"', page(folder))]


def page(folder: Path) -> str:
    return (folder / "leads.html").read_text(encoding="utf-8")


def test_every_platform_of_the_policy_can_be_looked_at_for_every_school(config: Path) -> None:
    found = rows(make(config))
    assert tuple(found[0]) == COLUMNS
    schools = {"Marrowick Area School District", "Marrowick High School", "Marrowick Middle School"}
    assert {row["school"] for row in found} == schools
    open_ones = {
        key for key, one in platforms().items() if one.is_named_by_policy and not one.retired_on
    }
    for school in schools:
        looked = {row["platform"] for row in found if row["school"] == school}
        assert looked >= open_ones | {"tiktok", "nextdoor", "remind", "classdojo", "parentsquare"}
    assert not any(row["looked_on"] or row["url"] for row in found)


def test_a_link_searches_one_site_for_all_names_of_a_school(config: Path) -> None:
    queries = [
        parse_qs(urlsplit(link).query)["q"][0] for link in links(make(config)) if "google" in link
    ]
    assert 'site:facebook.com ("Marrowick High School" OR "Marrowick HS")' in queries
    assert 'site:nextdoor.com "Marrowick Middle School"' in queries


def test_the_platforms_own_search_is_a_link_too(config: Path) -> None:
    own = [unquote(one) for one in links(make(config)) if "facebook.com/search" in one]
    assert "https://www.facebook.com/search/pages?q=Marrowick High School" in own


def test_one_school_alone(config: Path) -> None:
    folder = make(config, "--school", "mms")
    assert {row["school"] for row in rows(folder)} == {"Marrowick Middle School"}
    assert "Marrowick High" not in page(folder)


def test_an_unknown_school_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["leads", "-c", str(config), "--school", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    more = '[[schools]]\ncode = "EVL"\nname = \'=1+1"><script>alert(1)</script> & School\'\n'
    folder = make(make_district(tmp_path, more=more))
    assert "<script" not in page(folder)
    assert not re.search(r'href="javascript|"[^"]*"alert', page(folder))
    evil = [row["school"] for row in rows(folder) if "alert" in row["school"]]
    assert evil
    assert all(one.startswith("'=") for one in evil)


def test_the_page_runs_nothing_and_asks_nothing(config: Path) -> None:
    text = page(make(config))
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert "<script" not in text
    assert not re.search(r"<(?:img|link|iframe|form)\b", text)
    assert all(
        'rel="noopener noreferrer nofollow"' in one
        for one in re.findall("<a [^>]*http[^>]*>", text)
    )


def test_a_list_that_is_filled_in_is_never_overwritten(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(config)
    (folder / "leads.csv").write_text("mine", encoding="utf-8")
    make(config)
    assert (folder / "leads.csv").read_text(encoding="utf-8") == "mine"
    assert "left as it is" in capsys.readouterr().out


def test_the_next_night_reads_it_and_says_what_was_looked_at(config: Path) -> None:
    folder = make(config)
    filled = rows(folder)
    for row in filled:
        if row["platform"] == "facebook":
            row["looked_on"] = "2026-11-20"
        if row["platform"] == "nextdoor":
            row["looked_on"] = "2026-11-19"
    filled[0] |= {"looked_on": "2026-11-21", "url": "https://www.facebook.com/marrowickbitterns"}
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(filled)
    with config.open("a", encoding="utf-8") as file:
        file.write(NEXT)
    assert invoke(["run", "-q", "-c", str(config)]) == 0
    document = json.loads((config.parent / "reports" / "coverage.json").read_text())
    (source,) = [one for one in document["sources"] if one["name"] == "by_hand"]
    assert source["records"] == 1
    notes = " ".join(source["notes"])
    assert "Facebook, 3 searches, from 2026-11-20 to 2026-11-21." in notes
    assert "other sites, 3 searches, on 2026-11-19." in notes
