"""Whether accounts that the district's pages link to link back: yes, no, or not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from auditor.link_backs import tell_mutual
from connectors.own_sites import host_of, is_within, own_hosts
from connectors.records import AccountKey
from tests.builders import a_profile, a_site_link

if TYPE_CHECKING:
    from connectors.records import SiteLink

HOSTS = frozenset({"maplefalls.example", "herons.example"})


def told(link: SiteLink | None = None, **profile: Any) -> bool | None:
    (found,) = tell_mutual([link or a_site_link()], [a_profile(**profile)], HOSTS)
    return found.mutual


@pytest.mark.parametrize(
    "website",
    [
        "https://maplefalls.example",
        "https://www.maplefalls.example/hs?x=1",
        "HTTPS://News.Herons.example./",
        "herons.example/about",
    ],
)
def test_a_web_site_of_the_district_is_a_link_back(website: str) -> None:
    assert told(website=website) is True


@pytest.mark.parametrize(
    "website",
    [
        "https://notmaplefalls.example/",
        "https://maplefalls.example.evil.test/",
        "https://evil.test/?to=https://maplefalls.example/",
        "https://maplefalls.example@evil.test/",
        "javascript:alert(1)//maplefalls.example",
        "https://[maplefalls.example/",
    ],
)
def test_a_web_site_of_somebody_else_is_none(website: str) -> None:
    assert told(website=website) is False


def test_the_site_of_the_page_is_the_districts_too() -> None:
    link = a_site_link(page="https://www.oldherons.example/links")
    assert told(link, website="https://oldherons.example") is True


def test_without_a_web_site_nothing_is_known() -> None:
    assert told(website=None) is None
    assert told(website="") is None
    assert told(website=None, bio="See maplefalls.example or https://x.test/") is None


def test_an_account_nobody_read_tonight_is_not_known() -> None:
    assert told(native_id="1002", account_id="else", website="https://x.test/") is None
    (found,) = tell_mutual([a_site_link()], [], HOSTS)
    assert found.mutual is None


def test_an_address_in_the_text_is_a_link_back() -> None:
    bio = "Home of the Herons (https://herons.example)."
    assert told(website="https://linktr.ee/herons", bio=bio) is True
    assert told(website=None, bio=bio) is True


@pytest.mark.parametrize(
    ("platform", "handle", "mutual"),
    [
        ("bluesky", "maplefalls.example", True),
        ("bluesky", "hs.maplefalls.example", True),
        ("bluesky", "maplefalls.bsky.social", None),
        ("mastodon", "news@social.herons.example", True),
        ("instagram", "maplefalls.example", None),
    ],
)
def test_a_handle_at_our_domain_counts_where_it_is_proven(
    platform: str, handle: str, mutual: bool | None
) -> None:
    link = a_site_link(account=AccountKey(platform, "1001"))
    assert told(link, platform=platform, handle=handle, account_id=handle) is mutual


def test_the_account_is_known_by_its_handle_too() -> None:
    link = a_site_link(account=AccountKey("mastodon", "maplefallshigh"))
    assert told(link, website="https://maplefalls.example") is True


def test_a_link_that_vouches_for_nothing_is_never_mutual() -> None:
    assert told(a_site_link(endorsed=False), website="https://maplefalls.example") is None


def test_hosts_are_read_from_settings_of_any_form() -> None:
    found = own_hosts(
        ["maplefalls.example"], ["www.herons.example", "https://x.test:8443/a", "://"]
    )
    assert found == {"maplefalls.example", "herons.example", "x.test"}
    assert not is_within("", found)
    assert host_of("ftp://maplefalls.example/") == ""
