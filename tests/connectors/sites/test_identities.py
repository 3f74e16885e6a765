"""What hosts of the district say of accounts: well-known places and DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dns.rcode
import pytest

from connectors.errors import SourceUnavailable
from connectors.records import AccountKey, KnownAccount
from connectors.sites import district_sites
from connectors.sites.name_records import is_domain, read_did
from connectors.source import Questions
from tests.fakes.site import Site, accounts, source
from tests.fakes.web_server import Asked, Reply, json_reply

if TYPE_CHECKING:
    from tests.fakes.name_server import NameServer

DID = "did:plc:abcdefghijklmnopqrstuvwx"
BLUESKY = AccountKey("bluesky", DID)
NEWS = AccountKey("mastodon", "news@maple.example")
SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


def node_info(**changes: Any) -> dict[str, Any]:
    """Build a document with everything that the schema of NodeInfo 2.1 requires."""
    return {
        "version": "2.1",
        "software": {"name": "mastodon", "version": "4.4.0+glitch"},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": True,
        "usage": {"users": {"total": 1234}},
        "metadata": {},
    } | changes


def serve_node(site: Site, document: object, href: str | None = None) -> None:
    href = href or f"{site.url}/nodeinfo/2.1"
    links = [
        {"rel": f"{SCHEMA}2.0", "href": f"{site.url}/old"},
        {"rel": f"{SCHEMA}2.1", "href": href},
    ]
    site.pages["/.well-known/nodeinfo"] = json_reply({"links": links})
    site.pages["/nodeinfo/2.1"] = json_reply(document)


def descriptor(subject: str = "acct:news@maple.example", **changes: Any) -> dict[str, Any]:
    return {"subject": subject, "aliases": [], "links": []} | changes


def asking(*handles: str, **more: Any) -> dict[str, Any]:
    return {"questions": Questions(handles={"mastodon": handles}, **more)}


def resources(site: Site) -> list[str]:
    return [one.query["resource"] for one in site.asked if one.path == "/.well-known/webfinger"]


def test_the_account_whose_handle_is_the_domain_is_found(site: Site) -> None:
    site.pages["/.well-known/atproto-did"] = Reply(body=f"{DID}\n".encode())
    assert BLUESKY in accounts(site)


def test_a_server_of_the_fediverse_is_told(site: Site) -> None:
    serve_node(site, node_info())
    (note,) = source(site).fetch().notes
    assert note == (
        f"127.0.0.1:{site.port} is itself a server of the fediverse (mastodon 4.4.0+glitch): every"
        " account on it bears the district's name. It has 1,234 accounts. Anybody may open an"
        " account there."
    )
    assert "/old" not in site.paths


def test_a_closed_server_says_no_more_than_it_does(site: Site) -> None:
    document = node_info(openRegistrations=False, usage={"users": {}})
    serve_node(site, document | {"software": {"name": "<b>", "version": "a@b.example"}})
    (note,) = source(site).fetch().notes
    assert note.endswith("(unknown software): every account on it bears the district's name.")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404), Reply(500), Reply(200, {"Content-Type": "text/html"}, b"<!doctype html>"),
        json_reply({"links": 7}), json_reply([]), json_reply({"links": []}),
        json_reply({"links": [{"rel": f"{SCHEMA}2.1", "href": "http://elsewhere.example/"}]}),
        json_reply({"links": [{"rel": f"{SCHEMA}2.1", "href": "http://[broken"}]}),
    ],
)  # fmt: skip
def test_what_is_no_nodeinfo_says_nothing(site: Site, reply: Reply) -> None:
    site.pages["/.well-known/nodeinfo"] = reply
    harvest = source(site).fetch()
    assert (harvest.notes, harvest.gaps) == ((), ())


def test_a_node_without_what_the_schema_requires_says_nothing(site: Site) -> None:
    serve_node(site, {"software": {"name": "mastodon", "version": "4.4.0"}})
    assert source(site).fetch().notes == ()


def test_one_file_at_the_well_known_place_names_its_account_once(site: Site) -> None:
    links = [
        {"rel": "http://webfinger.net/rel/profile-page", "href": "https://mastodon.social/@fork"},
        {"rel": "http://ostatus.org/schema/1.0/subscribe", "template": "https://x.example/{uri}"},
        {"rel": "http://webfinger.net/rel/avatar", "href": "https://x.com/avatar"},
    ]
    found = descriptor("acct:fork@mastodon.social", aliases=["https://x.com/mf"], links=links)
    site.pages["/.well-known/webfinger"] = json_reply(found)
    links_found = source(site, access=asking("one", "two", "three")).fetch().links
    fingered = {link.account for link in links_found if "webfinger" in link.page}
    assert fingered == {AccountKey("mastodon", "fork@mastodon.social"), AccountKey("twitter", "mf")}
    assert resources(site) == [f"acct:one@127.0.0.1:{site.port}"]


def test_a_server_is_asked_for_known_accounts_and_then_for_likely_names(site: Site) -> None:
    serve_node(site, node_info())

    def answer(asked: Asked) -> Reply:
        if asked.path == "/.well-known/webfinger" and asked.query["resource"].startswith("acct:b@"):
            return json_reply(descriptor())
        return site.page(asked)

    site.answer = answer
    here, there = (
        KnownAccount(AccountKey("mastodon", name))
        for name in (f"old@127.0.0.1:{site.port}", "old@mastodon.social")
    )
    likely = ("a", "b", *(f"n{number}" for number in range(20)))
    found = source(site, access=asking(*likely, accounts=(there, here))).fetch()
    assert NEWS in {link.account for link in found.links}
    asked = [resource.partition("@")[0] for resource in resources(site)]
    assert asked == ["acct:old", "acct:a", "acct:b", *(f"acct:n{number}" for number in range(7))]


@pytest.mark.parametrize(
    "reply",
    [
        json_reply({"subject": 7}), json_reply([1]), Reply(200, {}, b"\xff"), Reply(404),
        json_reply(descriptor("acct:<script>@[x", aliases=["javascript:alert(1)", "", "\x00"])),
    ],
)  # fmt: skip
def test_a_broken_descriptor_names_nobody(site: Site, reply: Reply) -> None:
    site.pages["/.well-known/webfinger"] = reply
    harvest = source(site, access=asking("one")).fetch()
    assert [link for link in harvest.links if "webfinger" in link.page] == []
    assert harvest.gaps == ()


def test_a_redirect_leads_to_another_host_of_the_district_alone(site: Site, other: Site) -> None:
    own = f"http://localhost:{other.port}/.well-known/webfinger"
    other.pages["/.well-known/webfinger"] = json_reply(descriptor())
    site.pages["/.well-known/webfinger"] = Reply(302, {"Location": own})
    assert NEWS not in accounts(site, access=asking("one"))
    assert other.asked == []
    assert NEWS in accounts(site, access=asking("one", websites=("http://localhost",)))


@pytest.mark.parametrize(
    "robots",
    [
        Reply(body=b"User-agent: *\nDisallow: /.well-known/\n"),
        Reply(404),
        Reply(302, {"Location": "http://elsewhere.example/robots.txt"}),
    ],
)
def test_the_host_that_a_redirect_leads_to_is_asked_what_its_own_robots_allow(
    site: Site, other: Site, robots: Reply
) -> None:
    """Whatever the first host allows; a robots.txt that cannot be had allows nothing."""
    place = "/.well-known/webfinger"
    other.pages |= {"/robots.txt": robots, place: json_reply(descriptor())}
    target = f"http://localhost:{other.port}{place}"
    site.pages |= {
        place: Reply(302, {"Location": target}),
        "/.well-known/nodeinfo": Reply(302, {"Location": target}),
    }
    harvest = source(site, access=asking("one", websites=("http://localhost",))).fetch()
    is_open = robots.status == 404
    assert (NEWS in {link.account for link in harvest.links}) is is_open
    assert other.paths.count("/robots.txt") == 1
    assert (place in other.paths) is is_open


def test_the_first_hosts_robots_bind_no_other(site: Site, other: Site) -> None:
    """What a robots.txt disallows on its own host is allowed on another, and the reverse."""
    site.pages["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /fingers\n")
    target = f"http://localhost:{other.port}/fingers"
    site.pages["/.well-known/webfinger"] = Reply(302, {"Location": target})
    other.pages["/fingers"] = json_reply(descriptor())
    assert NEWS in accounts(site, access=asking("one", websites=("http://localhost",)))


def test_robots_keep_the_well_known_places_to_themselves(site: Site) -> None:
    site.pages["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /.well-known/\n")
    source(site, access=asking("one")).fetch()
    assert not any(path.startswith("/.well-known") for path in site.paths)


def test_email_domains_are_asked_for_accounts_and_nothing_else(
    site: Site, other: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(district_sites, "DOMAIN_BASE", other.url)
    other.pages["/.well-known/atproto-did"] = Reply(body=DID.encode())
    access = asking("one") | {"domains": ("127.0.0.1", "localhost")}
    assert BLUESKY in accounts(site, access=access)
    known = {f"/.well-known/{name}" for name in ("atproto-did", "nodeinfo", "webfinger")}
    assert set(other.paths) == {"/robots.txt", *known}


def test_an_email_domain_without_a_web_server_is_no_gap(site: Site) -> None:
    harvest = source(site, access={"domains": ("localhost",)}).fetch()
    assert harvest.gaps == ()
    assert harvest.dropped == {"e-mail domains without a web server that answers": 1}


def test_a_domain_proves_its_handle_by_dns(site: Site, names: NameServer) -> None:
    names.records["_atproto.maple.example"] = [f"did={DID}", "v=spf1 -all"]
    (link,) = [
        one
        for one in source(site, access={"domains": ("maple.example",)}).fetch().links
        if one.account == BLUESKY
    ]
    assert link.page == "dns:_atproto.maple.example?type=TXT"
    assert names.asked == ["_atproto.maple.example"]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([f"did={DID}"], DID),
        (["did=did:plc:abcdefghij|klmnopqrstuvwx"], DID),
        ([f"did={DID}", f"did={DID}x"], None),
        (["something else"], None),
        ([], None),
    ],
)
def test_one_did_is_a_handle_and_two_are_none(
    names: NameServer, texts: list[str], found: str | None
) -> None:
    names.records["_atproto.maple.example"] = texts
    assert read_did("tested", names.resolver(), "maple.example") == found


@pytest.mark.parametrize("name", ["elsewhere.example", f"{'x' * 70}.example", "a..example"])
def test_a_name_that_is_not_there_has_no_handle(names: NameServer, name: str) -> None:
    assert read_did("tested", names.resolver(), name) is None


def test_name_servers_in_trouble_are_told_and_cost_nothing_else(
    site: Site, names: NameServer
) -> None:
    names.rcode = dns.rcode.SERVFAIL
    harvest = source(site, access={"domains": ("maple.example",)}).fetch()
    assert harvest.notes[-1].startswith("No name server answered for 1 of")
    assert harvest.gaps == ()
    assert harvest.links


@pytest.mark.parametrize(
    ("reply", "is_open"),
    [(Reply(503), True), (Reply(403), True), (Reply(404), False), (Reply(410), False)],
)
def test_a_place_that_does_not_answer_cleanly_is_told_as_unanswered(
    site: Site, reply: Reply, is_open: bool
) -> None:
    """Without NodeInfo nobody knows whether the other handles would have been asked for."""
    names = ("atproto-did", "nodeinfo", "webfinger")
    site.pages |= {f"/.well-known/{name}": reply for name in names}
    host = f"127.0.0.1%3A{site.port}"
    places = ["atproto-did", "nodeinfo", f"webfinger?resource=acct%3Aone%40{host}"]
    unasked = f"webfinger?resource=acct%3Atwo%40{host}"
    harvest = source(site, access=asking("one", "two")).fetch()
    expected = [f"{site.url}/.well-known/{place}" for place in (*places, unasked)]
    assert list(harvest.unanswered) == (expected if is_open else [])
    assert harvest.gaps == ()


def test_what_answers_leaves_nothing_unanswered(site: Site) -> None:
    serve_node(site, node_info())
    site.pages["/.well-known/webfinger"] = json_reply(descriptor())
    harvest = source(site, access=asking("one", *map(str, range(20)))).fetch()
    assert harvest.unanswered == ()


def test_known_accounts_that_are_too_many_for_a_night_are_unanswered(site: Site) -> None:
    serve_node(site, node_info())
    many = tuple(
        KnownAccount(AccountKey("mastodon", f"n{number}@127.0.0.1:{site.port}"))
        for number in range(12)
    )
    unanswered = source(site, access=asking("likely", accounts=many)).fetch().unanswered
    assert [one.partition("acct%3A")[2].partition("%40")[0] for one in unanswered] == ["n10", "n11"]


def test_a_place_that_leads_on_is_known_by_where_it_was_asked(site: Site, other: Site) -> None:
    target = f"http://localhost:{other.port}/fingers"
    other.pages["/fingers"] = json_reply(descriptor())
    site.pages["/.well-known/webfinger"] = Reply(302, {"Location": target})
    given = asking("one", websites=("http://localhost",))
    (page,) = {one.page for one in source(site, access=given).fetch().links if one.account == NEWS}
    assert page.startswith(f"{site.url}/.well-known/webfinger?")
    for silent in ("/fingers", "/robots.txt"):
        other.pages = {"/fingers": json_reply(descriptor()), silent: Reply(503)}
        assert source(site, access=given).fetch().unanswered == (page,)


def test_silent_domains_and_name_servers_are_unanswered(site: Site, names: NameServer) -> None:
    names.rcode = dns.rcode.SERVFAIL
    harvest = source(site, access={"domains": ("maple.example",)}).fetch()
    assert harvest.unanswered == (
        "http://127.0.0.1:9/.well-known/",
        "dns:_atproto.maple.example?type=TXT",
    )


def test_a_silent_name_server_is_an_error_of_one_sentence(names: NameServer) -> None:
    names.is_silent = True
    with pytest.raises(SourceUnavailable, match="do not answer"):
        read_did("tested", names.resolver(0.05), "maple.example")
    with pytest.raises(SourceUnavailable, match="no name server is set up"):
        read_did("tested", None, "maple.example")


def test_addresses_and_names_of_this_network_are_no_domains() -> None:
    asked = ("maple.example", "127.0.0.1", "::1", "intranet")
    assert [name for name in asked if is_domain(name)] == ["maple.example"]
