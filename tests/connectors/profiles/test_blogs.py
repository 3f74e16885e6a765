"""Flickr, Tumblr, WordPress.com, Blogger and oEmbed: there, gone, closed, or not to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec
import pytest

from connectors import build
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profiles import blogger, flickr, oembed, tumblr, wordpress_com
from connectors.profiles.blogger import Blogger
from connectors.profiles.flickr import Flickr
from connectors.profiles.oembed import OEmbed
from connectors.profiles.tumblr import Tumblr
from connectors.profiles.wordpress_com import WordPressCom
from connectors.records import AccountKey, Grade, KnownAccount, Way
from connectors.source import Questions
from tests.builders import DOMAIN
from tests.connectors.account_questions import CONTROL, access_for, asking, known
from tests.connectors.contract import ConnectorContract
from tests.fakes.blogs import FlickrServer, flickr_failure
from tests.fakes.platforms import PlatformServer, discovery, google_error
from tests.fakes.web_server import HTML, Reply, json_reply

KEY = "blog-key-0123456789"
IDA, OMAR = f"ida.marsh@{DOMAIN}", f"omar.reed@{DOMAIN}"
NSID, GROUP = "12037949632@N01", "3000@N02"
UUID = "t:abcdefghijklmnopqrst"
FLICKR = asking("flickr", "maplefork", names=("Maple Fork",), addresses=(IDA, OMAR))
TIKTOK = "https://www.tiktok.com/@maplefork"
KNOWN = asking("tiktok", accounts=(known("tiktok", "maplefork", None, TIKTOK),))


@pytest.fixture
def photos(monkeypatch: pytest.MonkeyPatch) -> Iterator[FlickrServer]:
    with FlickrServer(KEY) as server:
        server.add(NSID, "maplefork")
        server.by[IDA] = NSID
        server.groups["Maple Fork"] = [(GROUP, "Maple Fork Photographers")]
        monkeypatch.setattr(flickr, "BASE", f"{server.url}/services/rest/")
        yield server


@pytest.fixture
def blogs(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    meta = {"meta": {"status": 404, "msg": "Not Found"}, "response": []}
    missing = {"error": "unknown_blog", "message": "Unknown blog", "errors": [{"code": 0}]}
    with PlatformServer(json_reply(meta | missing, 404)) as server:
        server.routes |= {
            "/v2/blog/maplefork/info": a_tumblr(),
            "/rest/v1.1/sites/maplefork.wordpress.com": a_site(),
            "/v3/blogs/byurl": a_blogger(),
            "/tiktok": {"version": "1.0", "author_name": "Maple Fork", "author_url": TIKTOK},
        }
        monkeypatch.setattr(tumblr, "BASE", f"{server.url}/v2")
        monkeypatch.setattr(wordpress_com, "BASE", f"{server.url}/rest/v1.1")
        monkeypatch.setattr(blogger, "BASE", f"{server.url}/v3")
        ends = {"tiktok": f"{server.url}/tiktok", "pinterest": f"{server.url}/pinterest"}
        monkeypatch.setattr(oembed, "ENDPOINTS", ends)
        yield server


def a_tumblr(**changes: Any) -> dict[str, Any]:
    fields = {"name": "maplefork", "title": "Maple Fork", "uuid": UUID, "description": "Games."}
    blog = fields | {"url": "https://maplefork.tumblr.com/"} | changes
    return {"meta": {"status": 200, "msg": "OK"}, "response": {"blog": blog}}


def a_site(**changes: Any) -> dict[str, Any]:
    url = "https://maplefork.wordpress.com"
    return {"ID": 12345, "name": "Maple Fork", "description": "", "URL": url} | changes


def a_blogger(**changes: Any) -> dict[str, Any]:
    fields = {
        "kind": "blogger#blog",
        "id": "2399953",
        "name": "Maple Fork",
        "description": "",
        "published": "2007-04-23T11:37:41-07:00",
        "url": "http://maplefork.blogspot.com/",
    }
    return fields | changes


def pictures(questions: Questions = FLICKR, **options: Any) -> Flickr:
    return Flickr(access_for(questions, {"key": KEY, "by_address": True, **options}))


def a_blog_source(kind: type[Any], platform: str, *accounts: KnownAccount, **options: Any) -> Any:
    questions = asking(platform, "maplefork", accounts=accounts)
    given = options if kind is WordPressCom else {"key": KEY, **options}
    return kind(access_for(questions, given))


class TestFlickrContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, photos: FlickrServer) -> Flickr:
        return pictures()

    @pytest.fixture
    def broken(self, photos: FlickrServer) -> Sequence[Flickr]:
        return [pictures(key="another-wrong-key")]

    @pytest.fixture
    def hostile(self, photos: FlickrServer) -> Callable[[str], Flickr]:
        def give(text: str) -> Flickr:
            photos.add(NSID, "maplefork", description=text)
            return pictures()

        return give


class TestTumblrContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, blogs: PlatformServer) -> Tumblr:
        return a_blog_source(Tumblr, "tumblr")

    @pytest.fixture
    def broken(self, blogs: PlatformServer) -> Sequence[Tumblr]:
        refused = {"meta": {"status": 401, "msg": "Unauthorized"}, "errors": [{"code": 1016}]}
        blogs.routes["/v2/blog/maplefork/info"] = json_reply(refused, 401)
        return [a_blog_source(Tumblr, "tumblr")]

    @pytest.fixture
    def hostile(self, blogs: PlatformServer) -> Callable[[str], Tumblr]:
        def give(text: str) -> Tumblr:
            blogs.routes["/v2/blog/maplefork/info"] = a_tumblr(title=text)
            return a_blog_source(Tumblr, "tumblr")

        return give


class TestWordPressComContract(ConnectorContract):
    @pytest.fixture
    def connector(self, blogs: PlatformServer) -> WordPressCom:
        return a_blog_source(WordPressCom, "wordpress")

    @pytest.fixture
    def broken(self, blogs: PlatformServer) -> Sequence[WordPressCom]:
        blogs.routes["/rest/v1.1/sites/maplefork.wordpress.com"] = HTML
        return [a_blog_source(WordPressCom, "wordpress")]

    @pytest.fixture
    def hostile(self, blogs: PlatformServer) -> Callable[[str], WordPressCom]:
        def give(text: str) -> WordPressCom:
            blogs.routes["/rest/v1.1/sites/maplefork.wordpress.com"] = a_site(description=text)
            return a_blog_source(WordPressCom, "wordpress")

        return give


class TestBloggerContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, blogs: PlatformServer) -> Blogger:
        return a_blog_source(Blogger, "blogger")

    @pytest.fixture
    def broken(self, blogs: PlatformServer) -> Sequence[Blogger]:
        blogs.routes["/v3/blogs/byurl"] = google_error(403, "quotaExceeded")
        return [a_blog_source(Blogger, "blogger")]

    @pytest.fixture
    def hostile(self, blogs: PlatformServer) -> Callable[[str], Blogger]:
        def give(text: str) -> Blogger:
            blogs.routes["/v3/blogs/byurl"] = a_blogger(name=text)
            return a_blog_source(Blogger, "blogger")

        return give


class TestOEmbedContract(ConnectorContract):
    @pytest.fixture
    def connector(self, blogs: PlatformServer) -> OEmbed:
        return OEmbed(access_for(KNOWN, {}))

    @pytest.fixture
    def broken(self, blogs: PlatformServer) -> Sequence[OEmbed]:
        blogs.routes["/tiktok"] = HTML
        return [OEmbed(access_for(KNOWN, {}))]

    @pytest.fixture
    def hostile(self, blogs: PlatformServer) -> Callable[[str], OEmbed]:
        def give(text: str) -> OEmbed:
            blogs.routes["/tiktok"]["author_name"] = text
            return OEmbed(access_for(KNOWN, {}))

        return give


def test_flickr_finds_people_by_account_and_groups_by_name(photos):
    found = {one.native_id: one for one in pictures().fetch().profiles}
    assert set(found) == {NSID, GROUP}
    assert found[NSID].handle == "maplefork"
    assert found[GROUP].url == f"https://www.flickr.com/groups/{GROUP}"


def test_flickrs_look_up_by_address_is_grade_b(photos):
    (use,) = pictures().fetch().uses
    assert (use.address, use.site, use.way, use.grade) == (IDA, "flickr", Way.LOOKUP, Grade.B)
    assert use.url == f"https://www.flickr.com/photos/{NSID}"


def test_addresses_that_flickr_was_asked_about_rest_and_their_uses_are_told_all_the_same(photos):
    first = pictures().fetch()
    assert b"@maple" not in (first.bookmark or b"")
    photos.asked.clear()
    second = Flickr(
        access_for(FLICKR, {"key": KEY, "by_address": True}, bookmark=first.bookmark)
    ).fetch()
    assert second.uses == first.uses
    assert photos.asked == []


def test_flickr_is_asked_no_more_than_an_hour_allows(photos, monkeypatch):
    monkeypatch.setattr(flickr, "MOST_CALLS", 0)
    harvest = pictures().fetch()
    assert harvest.uses == ()
    assert "0 of 2 addresses whose turn it was were looked up" in harvest.notes[-1]


def test_no_address_is_asked_about_unless_the_district_says_so(photos):
    source = build("flickr", access_for(FLICKR, {"key": KEY}))
    assert source.fetch().uses == ()
    assert "flickr.people.findByEmail" not in {one.query["method"] for one in photos.asked}
    assert all(DOMAIN not in one.target for one in photos.asked)


def test_a_deleted_or_unknown_flickr_member_is_gone(photos):
    photos.deleted = {"11@N01"}
    accounts = (known("flickr", None, "11@N01"), known("flickr", "nobody"))
    harvest = pictures(asking("flickr", accounts=accounts)).fetch()
    assert set(harvest.not_found) == {one.key for one in accounts}


def test_a_known_flickr_group_is_looked_up_as_one(photos):
    url = "https://www.flickr.com/groups/maplefork"
    photos.by[url] = GROUP
    account = KnownAccount(AccountKey("flickr", "groups/maplefork"), "maplefork", url)
    harvest = pictures(asking("flickr", accounts=(account,))).fetch()
    assert [one.native_id for one in harvest.profiles] == [GROUP]


def test_a_flickr_search_that_finds_the_name_nobody_bears_is_not_trusted(photos):
    photos.groups[CONTROL] = [(GROUP, CONTROL)]
    harvest = pictures(asking("flickr", names=("Maple Fork",))).fetch()
    assert harvest.profiles == ()
    assert len(harvest.gaps) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (flickr_failure(100, "Invalid API Key"), AccessRefused),
        (flickr_failure(105, "Service currently unavailable"), SourceUnavailable),
        (flickr_failure(106, "Write operation failed"), SourceUnavailable),
        (flickr_failure(112, "Method not found"), UnexpectedAnswer),
        (json_reply({"user": {"nsid": NSID}}), UnexpectedAnswer),
        (json_reply({"stat": "ok", "user": {"number": NSID}}), UnexpectedAnswer),
        (HTML, UnexpectedAnswer),
    ],
)
def test_flickrs_failures_come_with_http_200_and_are_told_apart(
    photos: FlickrServer, reply: Reply, kind: type[ConnectorError]
):
    photos.queue(reply)
    with pytest.raises(kind):
        pictures().fetch()


@pytest.mark.parametrize(
    ("kind", "platform", "native"),
    [
        (Tumblr, "tumblr", UUID),
        (WordPressCom, "wordpress", "12345"),
        (Blogger, "blogger", "2399953"),
    ],
)
def test_a_blog_becomes_a_profile_with_its_lasting_id(blogs, kind, platform, native):
    (profile,) = a_blog_source(kind, platform).fetch().profiles
    assert profile.key == AccountKey(platform, native)
    assert (profile.handle, profile.display_name) == ("maplefork", "Maple Fork")


@pytest.mark.parametrize(("kind", "platform"), [(Tumblr, "tumblr"), (WordPressCom, "wordpress")])
def test_a_blog_that_is_gone_is_gone(blogs, kind, platform):
    account = known(platform, "gone-blog")
    assert a_blog_source(kind, platform, account).fetch().not_found == (account.key,)


def test_a_gone_blogger_blog_is_gone(blogs):
    blogs.routes["/v3/blogs/byurl"] = google_error(404, "notFound")
    account = known("blogger", "gone-blog")
    assert a_blog_source(Blogger, "blogger", account).fetch().not_found == (account.key,)


@pytest.mark.parametrize(
    ("kind", "platform", "path", "reply"),
    [
        (
            Tumblr,
            "tumblr",
            "/v2/blog/closed/info",
            json_reply({"meta": {"status": 404}, "errors": [{"code": 4012}]}, 404),
        ),
        (
            WordPressCom,
            "wordpress",
            "/rest/v1.1/sites/closed.wordpress.com",
            json_reply({"error": "unauthorized", "message": "Private"}, 403),
        ),
    ],
)
def test_a_blog_closed_to_the_public_is_not_gone(blogs, kind, platform, path, reply):
    blogs.routes[path] = reply
    harvest = a_blog_source(kind, platform, known(platform, "closed")).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


def test_a_404_for_a_reason_nobody_knows_is_no_not_found(blogs):
    blogs.routes["/rest/v1.1/sites/odd.wordpress.com"] = json_reply({"error": "strange"}, 404)
    with pytest.raises(UnexpectedAnswer):
        a_blog_source(WordPressCom, "wordpress", known("wordpress", "odd")).fetch()


@pytest.mark.parametrize(
    ("kind", "platform", "path", "answer", "field"),
    [
        (Tumblr, "tumblr", "/v2/blog/maplefork/info", {"response": {"blog": {}}}, "name"),
        (WordPressCom, "wordpress", "/rest/v1.1/sites/maplefork.wordpress.com", {"id": 1}, "ID"),
        (Blogger, "blogger", "/v3/blogs/byurl", {"id": 2399953}, "id"),
    ],
)
def test_a_field_that_is_gone_or_of_another_type_is_named(
    blogs, kind, platform, path, answer, field
):
    blogs.routes[path] = answer
    with pytest.raises(UnexpectedAnswer, match=field):
        a_blog_source(kind, platform).fetch()


def test_blogger_is_asked_as_its_discovery_document_says(blogs):
    document = discovery("blogger.v3")
    a_blog_source(Blogger, "blogger").fetch()
    method = document["resources"]["blogs"]["methods"]["getByUrl"]
    assert blogs.asked[0].path == f"/{method['path']}"
    assert set(blogs.asked[0].query) <= set(method["parameters"])
    names = {one.encode_name for one in msgspec.structs.fields(blogger.Blog)}
    assert names <= set(document["schemas"]["Blog"]["properties"])


def test_bloggers_quota_is_told_as_one(blogs):
    blogs.routes["/v3/blogs/byurl"] = google_error(403, "dailyLimitExceeded")
    with pytest.raises(QuotaExhausted):
        a_blog_source(Blogger, "blogger").fetch()


def test_a_private_blog_of_blogger_is_closed_and_a_refused_key_an_error(blogs):
    private = "We're sorry, but you don't have permission to access this resource."
    blogs.routes["/v3/blogs/byurl"] = google_error(403, "forbidden", private)
    url = "https://maplefork.blogspot.com"
    account = known("blogger", "maplefork.blogspot.com", None, url)
    harvest = a_blog_source(Blogger, "blogger", account).fetch()
    assert (harvest.profiles, harvest.not_found) == ((), ())
    assert harvest.gaps[0].startswith("1 known accounts")
    blogs.routes["/v3/blogs/byurl"] = google_error(403, "forbidden", "Requests are blocked.")
    with pytest.raises(AccessRefused, match="refuses the key"):
        a_blog_source(Blogger, "blogger").fetch()


@pytest.mark.parametrize("name", ["flickr", "tumblr", "blogger", "youtube"])
def test_a_key_is_needed_and_must_look_like_one(name):
    with pytest.raises(NotConfigured, match="key"):
        build(name, access_for(FLICKR, {}))
    with pytest.raises(NotConfigured, match="key"):
        build(name, access_for(FLICKR, {"key": "two words"}))


def test_only_a_clean_404_says_that_a_tiktok_account_is_gone(blogs):
    blogs.routes["/tiktok"] = json_reply({"code": 400, "message": "Something went wrong"}, 400)
    unclear = OEmbed(access_for(KNOWN, {})).fetch()
    assert (unclear.not_found, len(unclear.gaps)) == ((), 1)
    own = json_reply({"version": "1.0", "author_url": oembed.PROBES["tiktok"]})
    blogs.routes["/tiktok"] = lambda asked: blogs.unknown if asked.query["url"] == TIKTOK else own
    gone = OEmbed(access_for(KNOWN, {})).fetch()
    assert (gone.not_found, gone.calls) == ((KNOWN.accounts[0].key,), 2)


def test_an_embedding_that_knows_not_even_the_platforms_own_account_says_nothing(blogs):
    del blogs.routes["/tiktok"]
    harvest = OEmbed(access_for(KNOWN, {})).fetch()
    assert (harvest.not_found, len(harvest.gaps)) == ((), 1)


def test_another_accounts_embedding_is_not_taken_for_its_own(blogs):
    blogs.routes["/tiktok"]["author_url"] = "https://www.tiktok.com/@somebodyelse"
    harvest = OEmbed(access_for(KNOWN, {})).fetch()
    assert harvest.profiles == ()
    assert len(harvest.gaps) == 1


def test_oembed_asks_of_both_platforms_about_known_accounts_alone(blogs):
    blogs.routes["/pinterest"] = {"version": "1.0", "author_name": "Maple Fork"}
    pinned = known("pinterest", "maplefork", None, "https://www.pinterest.com/maplefork")
    questions = asking("tiktok", "maplefork", accounts=(*KNOWN.accounts, pinned), names=("M",))
    harvest = OEmbed(access_for(questions, {})).fetch()
    assert {one.platform for one in harvest.profiles} == {"tiktok", "pinterest"}
    assert harvest.calls == 2
