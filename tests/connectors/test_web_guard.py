"""Where requests may go: private addresses, names that change, redirects, certificates."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import NotConfigured, SourceUnavailable, UnexpectedAnswer
from connectors.source import WebOptions
from connectors.web import WebSession
from connectors.web_guard import Guard, is_public, show_host
from tests.builders import an_access
from tests.fakes.web_server import LOOPBACK, FakeTimer, Reply, WebServer

PRIVATE = (
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2001:db8::1",
    "",
    "no address",
)
PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "2002:808:808::", "64:ff9b::8.8.8.8")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as running:
        yield running


def a_session(web: WebOptions = LOOPBACK, **options: object) -> WebSession:
    return WebSession(an_access(web=web), timer=FakeTimer(), **options)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_known(address):
    assert is_public(address)


@settings(max_examples=60)
@given(st.ip_addresses(v=4))
def test_a_private_address_stays_private_inside_ipv6(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    in_nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))
    assert is_public(str(in_nat64)) == is_public(str(address))
    assert is_public(str(address)) or not is_public(str(mapped))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "0"]
)
def test_a_private_address_is_refused_however_it_is_written(server, host):
    with (
        a_session(WebOptions()) as session,
        pytest.raises(UnexpectedAnswer, match="internal_hosts"),
    ):
        session.get(f"http://{host}:{server.port}/")
    assert server.asked == []


def test_only_the_named_internal_host_may_be_private(server):
    with a_session(WebOptions(internal_hosts=frozenset({"localhost"}))) as session:
        assert session.get(f"http://LOCALHOST:{server.port}/a").status == 200
        with pytest.raises(UnexpectedAnswer):
            session.get(f"http://127.0.0.1:{server.port}/b")
    assert server.paths == ["/a"]


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["10.0.0.1"]])
def test_a_public_name_with_a_private_address_is_refused(server, monkeypatch, answers):
    monkeypatch.setattr("connectors.web_guard.resolve", lambda host, port: answers)
    with a_session() as session, pytest.raises(UnexpectedAnswer, match="private"):
        session.get(f"http://social.example:{server.port}/")
    assert server.asked == []


def test_a_name_is_resolved_once_and_the_checked_address_connected_to(server, monkeypatch):
    """A name that is public when looked at and private when connected to gains nothing."""
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"] if len(resolved) == 1 else ["10.0.0.1"]

    monkeypatch.setattr("connectors.web_guard.resolve", resolve)
    monkeypatch.setattr("connectors.web_guard.is_public", lambda address: address == "127.0.0.1")
    with a_session() as session:
        assert session.get(f"http://social.example:{server.port}/a").status == 200
    assert resolved == ["social.example"]
    assert server.asked[0].headers["host"] == f"social.example:{server.port}"


@pytest.mark.parametrize("addresses", [["::1", "127.0.0.1"], ["127.0.0.1", "::1"]])
def test_the_next_address_is_tried_when_one_does_not_answer(server, monkeypatch, addresses):
    monkeypatch.setattr("connectors.web_guard.resolve", lambda *_: addresses)
    web = WebOptions(internal_hosts=frozenset({"maple.example"}))
    with a_session(web) as session:
        assert session.get(f"http://maple.example:{server.port}/a").status == 200


# Redirects


def _to(location: str, status: int = 302) -> Reply:
    return Reply(status, {"Location": location}, b"moved")


def test_follows_redirects_and_says_where_it_ended(server):
    server.queue(_to("/b", 301), _to("c?x=1", 307))
    with a_session() as session:
        answer = session.get(f"{server.url}/a")
    assert answer.url == f"{server.url}/c?x=1"
    assert [asked.target for asked in server.asked] == ["/a", "/b", "/c?x=1"]


def test_a_redirect_that_is_not_followed_is_an_answer(server):
    server.queue(_to("http://10.0.0.1/"), _to("/b"))
    with a_session(follows=False) as session:
        answer = session.get(f"{server.url}/a", accept=(302,))
        assert (answer.status, answer.headers["Location"]) == (302, "http://10.0.0.1/")
        with pytest.raises(UnexpectedAnswer, match="302"):
            session.get(f"{server.url}/a")
    assert server.paths == ["/a", "/a"]


def test_a_public_server_cannot_send_us_to_an_internal_one(server, monkeypatch):
    monkeypatch.setattr("connectors.web_guard.resolve", lambda *_: ["127.0.0.1"])
    monkeypatch.setattr("connectors.web_guard.is_public", lambda _: True)
    server.queue(_to(f"{server.url}/inside"))
    with a_session() as session, pytest.raises(UnexpectedAnswer, match="private"):
        session.get(f"http://social.example:{server.port}/a")
    assert server.paths == ["/a"]


def test_endless_redirects_end(server):
    server.answer = lambda asked: _to("/again")
    with a_session() as session, pytest.raises(UnexpectedAnswer, match="more than 5 times"):
        session.get(server.url)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://0/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:secret@social.example/",
        "http://[::1",
        "http://social.example:99999/",
    ],
)
def test_a_redirect_to_a_forbidden_place_is_refused(server, target):
    server.queue(_to(target))
    with a_session() as session, pytest.raises(UnexpectedAnswer):
        session.get(server.url)
    assert len(server.asked) == 1


def test_keys_stay_with_the_host_they_are_for(server):
    with WebServer() as other:
        server.queue(_to(f"{other.url}/b"))
        keys = {"Authorization": "Bearer s3cret-token", "hibp-api-key": "k3y", "X-Other": "1"}
        with a_session(headers=keys) as session:
            assert session.get(f"{server.url}/a", headers={"Accept": "text/html"}).status == 200
    assert server.asked[0].headers["hibp-api-key"] == "k3y"
    kept = other.asked[0].headers
    assert {"authorization", "hibp-api-key", "x-other"}.isdisjoint(kept)
    assert kept["accept"] == "text/html"
    assert kept["user-agent"].startswith("district-social-auditor/")


def test_a_key_goes_along_on_the_same_host(server):
    server.queue(_to("/b"))
    with a_session(headers={"hibp-api-key": "k3y"}) as session:
        session.get(f"{server.url}/a")
    assert server.asked[1].headers["hibp-api-key"] == "k3y"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_sent_on(server, status):
    server.queue(_to("/b", status))
    with a_session() as session, pytest.raises(UnexpectedAnswer, match="redirected"):
        session.post(f"{server.url}/a", data={"client_secret": "s"})
    assert server.paths == ["/a"]


@pytest.mark.parametrize("pieces", [10, 10_000])
def test_a_redirect_with_a_large_body_is_not_read(server, pieces):
    server.queue(Reply(302, {"Location": "/b"}, (b"x" * 65536 for _ in range(pieces))))
    with a_session() as session, pytest.raises(UnexpectedAnswer, match="more than"):
        session.get(server.url)


# Certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A CA file and a server's TLS context for 127.0.0.1 that it vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Maple Falls")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.pem").write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "ca.pem", context


def test_the_ca_file_of_the_settings_is_used(authority):
    ca_file, context = authority
    web = WebOptions(ca_file=ca_file, internal_hosts=LOOPBACK.internal_hosts)
    with WebServer(tls=context) as server, a_session(web) as session:
        assert session.get(f"{server.url}/a").json() == {"path": "/a"}
        assert session.requests_session().get(f"{server.url}/b").status_code == 200


def test_an_unknown_certificate_is_refused_at_once(authority, monkeypatch):
    ca_file, context = authority
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
    with WebServer(tls=context) as server, a_session() as session:
        with pytest.raises(SourceUnavailable, match="certificate"):
            session.get(server.url)
        with pytest.raises(SourceUnavailable, match="certificate"):
            session.requests_session().get(server.url, verify=False)
        assert session.calls == 2
    assert server.asked == []


def test_https_is_not_led_to_http(authority):
    ca_file, context = authority
    web = WebOptions(ca_file=ca_file, internal_hosts=LOOPBACK.internal_hosts)
    with WebServer(tls=context) as server, WebServer() as plain, a_session(web) as session:
        server.queue(_to(f"{plain.url}/b"))
        with pytest.raises(UnexpectedAnswer, match="unencrypted"):
            session.get(server.url)
    assert plain.asked == []


# URLs and names


@settings(max_examples=80)
@given(st.text(max_size=60))
def test_any_text_is_checked_without_another_error(text):
    guard = Guard("tested", frozenset())
    for url in (text, f"http://{text}", f"https://social.example/{text}"):
        with suppress(UnexpectedAnswer, NotConfigured):
            assert guard.check_url(url)


def test_a_host_is_shown_without_tricks():
    assert show_host("social.example") == "social.example"
    assert show_host("a\n\x1b[31mb" + "c" * 300) == "a??" + "?31mb" + "c" * 52
