"""WordPress: authors found by the hash of their address, or by a feed that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from connectors.errors import NotConfigured, UnexpectedAnswer
from connectors.profiles.wordpress import WordPress
from connectors.records import Grade, Way
from tests.builders import DOMAIN
from tests.connectors.account_questions import access_for, asking
from tests.connectors.contract import ConnectorContract
from tests.fakes.blogs import FRONT, WordPressServer, a_feed, an_author
from tests.fakes.web_server import HTML, json_reply

IDA, OMAR = f"Ida.Marsh@{DOMAIN}", f"omar.reed@{DOMAIN}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WordPressServer]:
    with WordPressServer() as server:
        server.authors = [
            an_author(1, "Ida M.", IDA),
            an_author(2, "A stranger", "stranger@elsewhere.example"),
        ]
        yield server


def a_source(server: WordPressServer, *sites: str) -> WordPress:
    questions = asking("wordpress", addresses=(IDA, OMAR))
    return WordPress(access_for(questions, {"sites": list(sites or (server.url,))}))


class TestWordPressContract(ConnectorContract):
    @pytest.fixture
    def connector(self, server: WordPressServer) -> WordPress:
        return a_source(server)

    @pytest.fixture
    def broken(self, server: WordPressServer) -> Sequence[WordPress]:
        server.routes["/wp-json/wp/v2/users"] = server.routes["/"] = HTML
        return [a_source(server)]

    @pytest.fixture
    def hostile(self, server: WordPressServer) -> Callable[[str], WordPress]:
        def give(text: str) -> WordPress:
            server.authors = [an_author(1, text, IDA)]
            return a_source(server)

        return give


@pytest.mark.parametrize("how", ["md5", "sha256"])
def test_an_author_whose_avatar_has_the_hash_of_an_address_is_grade_b(server, how):
    server.authors = [an_author(1, "Ida M.", IDA, how)]
    (use,) = a_source(server).fetch().uses
    assert (use.address, use.way, use.grade) == (IDA, Way.HASH, Grade.B)
    assert (use.site, use.url) == ("127.0.0.1", "http://127.0.0.1/author/1")


def test_no_address_is_sent_anywhere(server):
    a_source(server).fetch()
    assert all(DOMAIN not in one.target for one in server.asked)


def test_all_pages_of_authors_are_read(server):
    others = [an_author(n, "x", f"p{n}@elsewhere.example") for n in range(3, 230)]
    server.authors = [*others, an_author(1, "Ida M.", IDA)]
    assert [use.address for use in a_source(server).fetch().uses] == [IDA]
    assert [one.query["page"] for one in server.asked if "users" in one.path] == ["1", "2", "3"]


def test_a_blog_without_pretty_addresses_is_asked_at_its_front_door(server):
    server.is_plain, server.feed = True, a_feed(f"<author>{OMAR}</author>")
    uses = {use.address: use for use in a_source(server).fetch().uses}
    assert set(uses) == {IDA, OMAR}
    assert uses[OMAR].url == f"{server.url}/?feed=rss2"


def test_a_blog_without_a_feed_is_counted(server):
    server.is_plain, server.feed = True, FRONT
    assert a_source(server).fetch().dropped == {"blogs without a feed": 1}


def test_an_author_whose_name_is_an_employees_address_is_grade_a(server):
    server.authors = [an_author(1, OMAR.upper(), "o@elsewhere.example")]
    (use,) = a_source(server).fetch().uses
    assert (use.address, use.way, use.grade) == (OMAR, Way.PUBLISHED, Grade.A)
    server.authors = [an_author(1, f"pupil@{DOMAIN}", "o@elsewhere.example")]
    assert a_source(server).fetch().uses == ()


def test_a_blog_that_does_not_tell_its_authors_is_counted(server):
    refused = {"code": "rest_user_cannot_view", "message": "Sorry", "data": {"status": 401}}
    server.routes["/wp-json/wp/v2/users"] = json_reply(refused, 401)
    harvest = a_source(server).fetch()
    assert harvest.uses == ()
    assert harvest.dropped == {"blogs that do not tell their authors": 1}


@pytest.mark.parametrize(
    "author",
    [
        f"<author>{OMAR} (Omar Reed)</author>",
        f"<managingEditor>{OMAR.upper()}</managingEditor>",
        f'<a:author xmlns:a="http://www.w3.org/2005/Atom"><a:email>{OMAR}</a:email></a:author>',
    ],
)
def test_a_feed_that_shows_an_employees_address_is_grade_a(server, author):
    server.authors = []
    server.routes["/feed/"] = a_feed(author)
    (use,) = a_source(server).fetch().uses
    assert (use.address, use.way, use.grade) == (OMAR, Way.PUBLISHED, Grade.A)


def test_an_address_that_no_employee_has_is_not_kept(server):
    server.authors = []
    server.routes["/feed/"] = a_feed(f"<author>pupil@{DOMAIN}</author>")
    assert a_source(server).fetch().uses == ()


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><author>&b;</author></r>',
        "<rss><author>",
        "{}",
    ],
)
def test_a_feed_that_is_none_or_a_bomb_is_refused(server, body):
    from tests.fakes.web_server import Reply

    server.routes["/feed/"] = Reply(body=body.encode())
    with pytest.raises(UnexpectedAnswer, match="feed"):
        a_source(server).fetch()


def test_a_field_of_another_type_is_named(server):
    server.authors[0]["avatar_urls"] = [1]
    with pytest.raises(UnexpectedAnswer, match="avatar_urls"):
        a_source(server).fetch()


@pytest.mark.parametrize(
    "site", ["", "blog", "ftp://blog.example", "https://", "https://[", "https://b.example/?a=b"]
)
def test_a_site_that_is_no_web_address_is_refused(server, site):
    with pytest.raises(NotConfigured, match="sites"):
        a_source(server, site)


def test_a_link_to_another_host_is_not_shown(server):
    server.authors[0]["link"] = "https://evil.example/author/1"
    (use,) = a_source(server).fetch().uses
    assert use.url == server.url
