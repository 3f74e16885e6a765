"""Whether accounts that the district's pages link to link back, tonight and as last told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from auditor.collect import Collected
from auditor.known_links import KEY, recall_links, remember_links
from auditor.link_backs import LinkBacks, follow_links
from auditor.outcomes import ReadingState
from auditor.store import open_store
from connectors.own_sites import host_of, is_own_page, is_within, own_hosts, own_places
from connectors.records import AccountKey, Harvest, Profile, SiteLink
from tests.builders import a_profile, a_site_link
from tests.nights import a_reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from auditor.store import Store

HOSTS = frozenset({"maplefalls.example", "herons.example"})
COMPLETE, PARTIAL = ReadingState.COMPLETE, ReadingState.PARTIAL
FAILED, SHRUNK = ReadingState.FAILED, ReadingState.SHRUNK
OURS, OTHERS = "https://maplefalls.example", "https://x.test/"


def site(*links: SiteLink, state: ReadingState = COMPLETE) -> Collected:
    return Collected(a_reading(source="site", state=state), Harvest(links=links))


def found(
    *profiles: Profile, state: ReadingState = COMPLETE, source: str = "found", **more: Any
) -> Collected:
    harvest = Harvest(
        profiles=tuple(structs.replace(one, source=source) for one in profiles), **more
    )
    return Collected(a_reading(source=source, state=state), harvest)


def night(*collected: Collected, before: LinkBacks | None = None, **more: Any) -> LinkBacks:
    asked = {"asked": {"found", "other"}} | more
    return follow_links(before or LinkBacks(), collected, HOSTS, **asked)


def mutual(known: LinkBacks) -> Sequence[bool | None]:
    return [link.mutual for link in known.tell()]


def told(link: SiteLink | None = None, **profile: Any) -> bool | None:
    (answer,) = mutual(night(site(link or a_site_link()), found(a_profile(**profile))))
    return answer


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


SHARED = own_places(["maplefalls.example"], ["https://pages.test/view/maplefalls/home"])


def at_shared_host(**profile: Any) -> bool | None:
    link = a_site_link(page="https://pages.test/view/maplefalls/news")
    collected = (site(link), found(a_profile(**profile)))
    (answer,) = mutual(follow_links(LinkBacks(), collected, SHARED, {"found"}))
    return answer


@pytest.mark.parametrize(
    "website",
    [
        "https://pages.test/view/maplefalls",
        "pages.test/view/maplefalls/?authuser=0",
        "https://www.pages.test/view/maple%66alls/sports#x",
        "https://maplefalls.example/view/another",
    ],
)
def test_a_link_to_the_districts_place_on_a_shared_host_is_a_link_back(website: str) -> None:
    assert at_shared_host(website=website) is True
    assert at_shared_host(website=None, bio=f"See https://{website.partition('//')[2] or website}.")


@pytest.mark.parametrize(
    "website",
    [
        "https://pages.test/",
        "https://pages.test/view",
        "https://pages.test/view/another",
        "https://pages.test/view/maplefalls-imitated",
        "https://pages.test/view/maplefalls/../another",
        "https://pages.test/view/maplefalls/%2e%2e/another",
        "https://pages.test/view/maplefalls\\..\\..\\view\\another",
        "https://another.pages.test/view/maplefalls",
        "https://pages.test/another#/view/maplefalls",
    ],
)
def test_a_neighbour_on_a_shared_host_is_somebody_else(website: str) -> None:
    assert at_shared_host(website=website) is False
    assert at_shared_host(website=None, bio=f"See {website}") is None


@pytest.mark.parametrize(
    ("site", "place"),
    [
        ("https://www.herons.example", "herons.example"),
        ("www.herons.example/index.html", "herons.example"),
        ("https://herons.example/Home/", "herons.example"),
        ("https://herons.example/o/high", "herons.example/o/high"),
        ("https://hs.maplefalls.example/o/high", "hs.maplefalls.example"),
        ("https://[broken/x", None),
    ],
)
def test_a_host_is_the_districts_own_at_its_domains_or_without_a_path(
    site: str, place: str | None
) -> None:
    places = own_places(["maplefalls.example"], [site])
    assert places == {"maplefalls.example", place} - {None}
    assert is_own_page(site if "://" in site else f"https://{site}", places) is bool(place)
    named = own_places([], ["https://herons.example/o/high", "https://herons.example/"])
    assert named == {"herons.example"}


def test_without_a_web_site_nothing_is_known() -> None:
    assert told(website=None) is None
    assert told(website="") is None
    assert told(website=None, bio="See maplefalls.example or https://x.test/") is None


def test_an_account_nobody_read_tonight_is_not_known() -> None:
    assert told(native_id="1002", account_id="else", website="https://x.test/") is None
    assert mutual(night(site(a_site_link()))) == [None]


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
    bare = {"display_name": None, "bio": None, "platform": platform, "handle": handle}
    assert told(link, **bare) is mutual


def test_the_account_is_known_by_its_handle_too() -> None:
    link = a_site_link(account=AccountKey("mastodon", "maplefallshigh"))
    assert told(link, website="https://maplefalls.example") is True


def test_a_link_that_vouches_for_nothing_is_never_mutual() -> None:
    assert told(a_site_link(endorsed=False), website="https://maplefalls.example") is None


def test_hosts_are_read_from_settings_of_any_form() -> None:
    own = own_hosts(["maplefalls.example"], ["www.herons.example", "https://x.test:8443/a", "://"])
    assert own == {"maplefalls.example", "herons.example", "x.test"}
    assert not is_within("", own)
    assert host_of("ftp://maplefalls.example/") == ""


# From night to night


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'kept.db'}")
    yield opened
    opened.close()


@pytest.fixture
def good() -> LinkBacks:
    """Return what is known after a night on which everything answered and the link is mutual."""
    known = night(site(a_site_link()), found(a_profile(website=OURS)))
    assert mutual(known) == [True]
    return known


@pytest.mark.parametrize("state", [FAILED, PARTIAL, SHRUNK])
def test_a_site_that_does_not_answer_in_full_takes_no_link_away(
    good: LinkBacks, state: ReadingState
) -> None:
    second = night(site(state=state), found(a_profile(website=OURS)), before=good)
    assert second == good
    third = night(site(a_site_link()), found(a_profile(website=OURS)), before=second)
    assert third == good


def test_a_site_read_in_full_without_the_link_vouches_no_more(good: LinkBacks) -> None:
    second = night(site(), found(a_profile(website=OURS)), before=good)
    assert second.tell() == ()
    assert night(site(state=FAILED), found(a_profile(website=OURS)), before=second).tell() == ()


def test_a_link_first_seen_by_a_reading_in_part_stays_until_one_in_full(good: LinkBacks) -> None:
    new = a_site_link(page="https://maplefalls.example/new")
    partial = night(site(new, state=PARTIAL), before=good)
    assert [link.page for link in partial.tell()] == [new.page, a_site_link().page]
    assert partial.tell() == night(site(state=FAILED), before=partial).tell()
    assert [link.page for link in night(site(new), before=partial).tell()] == [new.page]


def test_a_link_that_loses_its_word_loses_it_in_part_too(good: LinkBacks) -> None:
    second = night(site(a_site_link(endorsed=False), state=PARTIAL), before=good)
    assert mutual(second) == [None]


def test_a_place_beside_the_site_that_is_silent_takes_no_link_away(good: LinkBacks) -> None:
    beside = a_site_link(page="dns:_atproto.maplefalls.example?type=TXT")
    finger = a_site_link(page="https://maplefalls.example/.well-known/webfinger?resource=acct%3Aa")
    first = night(site(a_site_link(), beside, finger), before=good)
    silent = Harvest(unanswered=(beside.page, "https://maplefalls.example/.well-known/"))
    second = night(Collected(a_reading(source="site"), silent), before=first)
    assert [link.page for link in second.tell()] == [beside.page, finger.page]
    assert night(site(), before=second).tell() == ()


def test_a_night_for_one_school_takes_no_link_away(good: LinkBacks) -> None:
    assert night(site(), found(a_profile(website=OURS)), before=good, is_whole=False) == good


@pytest.mark.parametrize("website", [OURS, OTHERS])
@pytest.mark.parametrize(
    "second",
    [
        found(state=FAILED),
        found(state=PARTIAL),
        found(),
        found(a_profile(display_name=None, bio=None, website=None)),
    ],
)
def test_an_account_that_is_not_read_tonight_is_what_it_was_last(
    website: str, second: Collected
) -> None:
    """Not answered, in part, not asked about, or nothing told but that it is there."""
    first = night(site(a_site_link()), found(a_profile(website=website)))
    assert night(site(a_site_link()), second, before=first) == first


@pytest.mark.parametrize(("website", "mutual_then"), [(OTHERS, False), (None, None)])
def test_an_account_that_is_read_without_the_link_back_is_vouched_for_no_more(
    good: LinkBacks, website: str | None, mutual_then: bool | None
) -> None:
    second = night(site(a_site_link()), found(a_profile(website=website)), before=good)
    assert mutual(second) == [mutual_then]
    third = night(site(a_site_link()), found(state=FAILED), before=second)
    assert mutual(third) == [mutual_then]


def test_another_source_takes_no_link_back_away(good: LinkBacks) -> None:
    other = found(a_profile(website=OTHERS), source="other")
    second = night(site(a_site_link()), found(state=FAILED), other, before=good)
    assert mutual(second) == [True]
    third = night(site(a_site_link()), found(a_profile(website=OTHERS)), other, before=second)
    assert mutual(third) == [False]


def test_an_account_that_is_gone_has_no_link_back(good: LinkBacks) -> None:
    gone = found(not_found=(a_profile().key,))
    assert mutual(night(site(a_site_link()), gone, before=good)) == [None]


def test_a_list_read_in_full_that_lacks_the_account_has_no_link_back(good: LinkBacks) -> None:
    def list_of(state: ReadingState) -> Sequence[bool | None]:
        return mutual(night(site(a_site_link()), found(state=state), before=good, asked=()))

    assert (list_of(COMPLETE), list_of(PARTIAL)) == ([None], [True])


def test_a_source_that_is_no_longer_set_up_vouches_for_nothing(good: LinkBacks) -> None:
    assert mutual(night(site(a_site_link()), before=good)) == [None]
    assert night(found(a_profile(website=OURS)), before=good).tell() == ()


def test_one_row_that_links_back_is_enough() -> None:
    rows = [a_profile(website=one) for one in (OTHERS, OURS, None)]
    assert mutual(night(site(a_site_link()), found(*rows))) == [True]


def test_what_is_known_is_kept_as_it_is(store: Store, good: LinkBacks) -> None:
    assert recall_links(store) == LinkBacks()
    handle = a_site_link(account=AccountKey("x", "\U0001d4aa\ud7ff"), seen_at=None)
    known = replace(good, links=good.links | {"blog": (replace(handle, source="blog"),)})
    remember_links(store, known)
    assert recall_links(store) == known


def test_links_of_readers_are_shown_tonight_and_not_kept(store: Store, good: LinkBacks) -> None:
    stranger = a_site_link(account=AccountKey("x", "stranger"), endorsed=False)
    forum = replace(stranger, source="forum")
    tonight = night(site(a_site_link(), stranger), found(a_profile(website=OURS)), before=good)
    assert stranger in tonight.tell()
    remember_links(store, replace(tonight, links={**tonight.links, "forum": (forum,)}))
    assert "stranger" not in (store.read_meta(KEY) or "")
    assert recall_links(store) == good


def test_links_of_readers_that_an_older_version_kept_go(store: Store) -> None:
    kept = '["https://maplefalls.example/","x","%s",null,%s]'
    rows = [kept % ("stranger", "false"), kept % ("ours", "true")]
    store.write_meta(KEY, f'{{"links":{{"site":[{",".join(rows)}]}}}}')
    known = night(site(state=FAILED), before=recall_links(store))
    assert [link.account.account for link in known.tell()] == ["ours"]
    remember_links(store, known)
    assert "stranger" not in (store.read_meta(KEY) or "")
