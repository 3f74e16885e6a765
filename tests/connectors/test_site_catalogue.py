from __future__ import annotations

import pytest

from connectors.platforms import platforms
from connectors.site_catalogue import identify_app, site_of_domain


@pytest.mark.parametrize(
    ("domain", "key"),
    [
        ("facebook.com", "facebook"),
        ("M.Facebook.com.", "facebook"),
        ("x.com", "twitter"),
        ("instagram.com", "instagram"),
        ("github.com", "github"),
        ("strava.com", "strava.com"),
        ("spotify.com", "spotify.com"),
        ("plus.google.com", "google_plus"),
    ],
)
def test_a_social_site_is_known_by_its_domain_and_those_beneath(domain: str, key: str) -> None:
    assert site_of_domain(domain) == key


@pytest.mark.parametrize(
    "domain",
    ["notfacebook.com", "facebook.com.evil.example", "duolingo.com", "co.uk", "com", "", "." * 300],
)
def test_what_only_looks_like_one_or_is_none_is_not(domain: str) -> None:
    assert site_of_domain(domain) is None


@pytest.mark.parametrize(
    ("name", "key"), [("Instagram", "instagram"), (" PINTEREST ", "pinterest"), ("X", "twitter")]
)
def test_an_app_is_known_by_its_whole_name(name: str, key: str) -> None:
    site = identify_app(None, name)
    assert site is not None
    assert site.key == key in platforms()
    assert site.is_social


@pytest.mark.parametrize("name", ["Instagram Planner", "Face", "", "\u202e", "School Pinterest"])
def test_a_part_of_a_name_is_no_name(name: str) -> None:
    assert identify_app(None, name) is None


def test_the_districts_own_list_leads_then_the_name_then_the_home_page() -> None:
    known = {"123.apps": "strava.com"}
    assert identify_app("123.apps", "Instagram", ["tumblr.com"], known).key == "strava.com"
    assert identify_app("124.apps", "Instagram", ["tumblr.com"], known).key == "instagram"
    assert identify_app("124.apps", "Nameless", ["www.tumblr.com"], known).key == "tumblr"
    assert identify_app("124.apps", "Nameless", ["nobody.example"], known) is None
    assert identify_app("", "Nameless", (), {"": "strava.com"}) is None


def test_a_site_that_teaches_is_not_social_and_one_that_serves_work_says_so() -> None:
    assert identify_app(None, "Duolingo").is_social is False
    assert identify_app(None, "YouTube").may_be_work_tool
    assert not identify_app(None, "Instagram").may_be_work_tool


def test_platforms_that_cannot_be_asked_are_known_where_an_app_or_a_breach_names_them() -> None:
    assert site_of_domain("www.nextdoor.com") == "nextdoor.com"
    for name in ("Remind", "ClassDojo", "ParentSquare"):
        site = identify_app(None, name)
        assert site is not None
        assert (site.is_social, site.may_be_work_tool) == (False, True)
