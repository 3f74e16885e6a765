"""Delivery against a real mail server on loopback, and into a folder."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reports.delivery import CHANNELS, DeliveryFailed, Fate, open_channel
from reports.delivery.folder import FolderChannel
from reports.delivery.smtp import SmtpChannel
from reports.digest import Digest, DigestCounts, compose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

HOST = "127.0.0.1"
USER, PASSWORD = "audit", "correct horse"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for 127.0.0.1, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.heronlake.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class Mailbox:
    """Takes mail, except from and for those whose name says otherwise."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.greeted: str | None = None

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted = session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("stranger"):
            return "550 5.7.1 not allowed to send"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("gone"):
            return "550 5.1.1 no such user\x07"
        if address.startswith("cut"):
            server.transport.abort()
        if address.startswith("slow"):
            return "451 4.7.1 greylisted, try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith("full"):
            return "452 4.2.2 mailbox full"
        if recipient.startswith("spam"):
            return "554 5.7.1 content refused"
        self.taken.append(envelope.content)
        if recipient.startswith("lost"):
            server.transport.abort()
        return "250 2.0.0 queued as 1"


def check_login(
    server: SMTP, session: Any, envelope: Any, mechanism: str, auth_data: Any
) -> AuthResult:
    good = (auth_data.login, auth_data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


class Server(Controller):
    """A mail server on a free port of the loopback; TLS by STARTTLS, at once, or not at all."""

    def __init__(self, mailbox: Mailbox, certificate: Path, security: str) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        self.options: dict[str, Any] = {}
        if security == "starttls":
            self.options = {
                "tls_context": tls,
                "require_starttls": True,
                "auth_required": True,
                "auth_require_tls": True,
                "authenticator": check_login,
            }
        at_once = tls if security == "tls" else None
        super().__init__(mailbox, hostname=HOST, port=port, ssl_context=at_once)

    def factory(self) -> SMTP:
        """Make the protocol of one connection."""
        return SMTP(self.handler, hostname="mail.heronlake.example", **self.options)


@contextmanager
def serving(certificate: Path, security: str = "starttls") -> Iterator[tuple[Mailbox, int]]:
    mailbox = Mailbox()
    server = Server(mailbox, certificate, security)
    server.start()
    try:
        yield mailbox, server.port
    finally:
        server.stop()


@pytest.fixture
def server(certificate: Path) -> Iterator[tuple[Mailbox, int]]:
    with serving(certificate) as running:
        yield running


def letter(recipient: str = "coordinator", sender: str = "audit") -> EmailMessage:
    digest = Digest(
        district="H\u00e9ron Lake",
        week="2026-W47",
        generated_at=datetime(2026, 11, 20, 2, 41, tzinfo=UTC),
        zone="UTC",
        scope="Whole district",
        counts=DigestCounts(new=3),
        sources_complete=1,
        sources_total=1,
        next_steps=(".", "Look at the \u201creport\u201d."),
    )
    return compose(digest, f"{sender}@heronlake.example", f"{recipient}@heronlake.example")


def test_greeting_a_server_signs_in_and_leaves_no_message(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    mailbox, port = server
    channel(port, certificate).greet("heronlake.example")
    assert mailbox.greeted == "heronlake.example"
    assert not mailbox.taken
    with pytest.raises(DeliveryFailed, match="refuses the username or password"):
        channel(port, certificate, password="wrong").greet("heronlake.example")


def channel(port: int, certificate: Path | None, **changes: Any) -> SmtpChannel:
    options = {
        "host": HOST,
        "port": port,
        "security": "starttls",
        "username": USER,
        "password": PASSWORD,
        "ca_file": str(certificate) if certificate else None,
        "timeout": 10.0,
    }
    made = open_channel("smtp", options | changes)
    assert isinstance(made, SmtpChannel)
    return made


def fails(channel: SmtpChannel, message: EmailMessage | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.deliver(message or letter())
    return caught.value


def test_a_message_arrives_whole_over_starttls_with_login(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    mailbox, port = server
    message = letter()
    receipt = channel(port, certificate).deliver(message)
    assert receipt.reply == "2.0.0 queued as 1"
    assert mailbox.taken == [message.as_bytes()]
    assert mailbox.greeted == "heronlake.example"


def test_tls_from_the_first_byte(certificate: Path) -> None:
    with serving(certificate, "tls") as (mailbox, port):
        channel(port, certificate, security="tls", username=None, password=None).deliver(letter())
        assert len(mailbox.taken) == 1


def test_loopback_may_go_without_tls(certificate: Path) -> None:
    with serving(certificate, "none") as (mailbox, port):
        channel(port, None, security="none", username=None, password=None).deliver(letter())
        assert len(mailbox.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path, security: str) -> None:
    with serving(certificate, security) as (mailbox, port):
        failure = fails(channel(port, None, security=security))
        assert failure.fate is Fate.NOT_SENT
        assert "certificate that is not trusted" in failure.reply
        assert mailbox.taken == []


def test_a_certificate_of_another_host_is_refused(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    mailbox, port = server
    failure = fails(channel(port, certificate, host="localhost"))
    assert failure.fate is Fate.NOT_SENT
    assert mailbox.taken == []


def test_a_server_without_starttls_gets_neither_password_nor_message(certificate: Path) -> None:
    with serving(certificate, "none") as (mailbox, port):
        failure = fails(channel(port, certificate))
        assert failure.fate is Fate.NOT_SENT
        assert "does not offer" in failure.reply
        assert mailbox.taken == []


def test_a_wrong_password_is_told_apart_and_not_told(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    failure = fails(channel(server[1], certificate, password="wrong horse"))
    assert failure.fate is Fate.NOT_SENT
    assert "username or password" in failure.reply
    assert "wrong horse" not in failure.reply


@pytest.mark.parametrize(
    ("recipient", "fate", "reply"),
    [
        ("gone", Fate.REFUSED, "550 5.1.1 no such user"),
        ("slow", Fate.NOT_SENT, "451 4.7.1 greylisted, try later"),
        ("full", Fate.NOT_SENT, "452 4.2.2 mailbox full"),
        ("spam", Fate.REFUSED, "554 5.7.1 content refused"),
    ],
)
def test_what_the_server_says_of_a_recipient_decides(
    server: tuple[Mailbox, int], certificate: Path, recipient: str, fate: Fate, reply: str
) -> None:
    failure = fails(channel(server[1], certificate), letter(recipient))
    assert (failure.fate, failure.reply) == (fate, reply)


def test_a_sender_the_server_does_not_take_is_refused(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    assert fails(channel(server[1], certificate), letter(sender="stranger")).fate is Fate.REFUSED


def test_a_connection_lost_after_the_message_leaves_it_unknown(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    mailbox, port = server
    failure = fails(channel(port, certificate), letter("lost"))
    assert failure.fate is Fate.UNKNOWN
    assert len(mailbox.taken) == 1


def test_a_connection_lost_before_the_message_means_nothing_was_sent(
    server: tuple[Mailbox, int], certificate: Path
) -> None:
    mailbox, port = server
    assert fails(channel(port, certificate), letter("cut")).fate is Fate.NOT_SENT
    assert mailbox.taken == []


def test_nobody_listening_means_nothing_was_sent() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    failure = fails(channel(port, None))
    assert failure.fate is Fate.NOT_SENT
    assert "cannot be reached" in failure.reply


def test_a_server_that_never_greets_got_nothing() -> None:
    with socket.create_server((HOST, 0)) as listener:
        link = channel(listener.getsockname()[1], None, security="none", timeout=0.2)
        assert fails(link).fate is Fate.NOT_SENT


@contextmanager
def replying(*replies: bytes) -> Iterator[int]:
    """A server that greets with the first reply and answers each line with the next."""

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for reply in replies:
                connection.sendall(reply + b"\r\n")
                lines.readline()

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("replies", "fate", "reply"),
    [
        ((b"554 no service here",), Fate.NOT_SENT, "answered 554 no service here"),
        ((b"220 x", b"250 x", b"250 ok", b"250 ok", b"451 not now"), Fate.NOT_SENT, "451 not now"),
        ((b"220 x", b"250 x", b"250 ok", b"250 ok", b"554 never"), Fate.REFUSED, "554 never"),
    ],
)
def test_a_refusal_before_the_message_is_known_as_one(
    replies: tuple[bytes, ...], fate: Fate, reply: str
) -> None:
    with replying(*replies) as port:
        plain = channel(port, None, security="none", username=None, password=None)
        failure = fails(plain)
    assert failure.fate is fate
    assert reply in failure.reply


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"security": "none", "host": "mail.heronlake.example"}, "unprotected"),
        ({"security": "none", "host": "10.0.0.1"}, "unprotected"),
        ({"password": None}, "set together"),
        ({"username": None}, "set together"),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file /nowhere/ca.pem cannot be used"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        channel(25, None, **changes)


def test_the_folder_takes_private_files_that_mail_programs_read(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    receipt = FolderChannel(folder).deliver(letter())
    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    assert path.name in receipt.reply
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    read = message_from_bytes(path.read_bytes(), policy=SMTP_POLICY)
    assert read["Subject"] == letter()["Subject"]


def test_the_same_message_again_replaces_its_file(tmp_path: Path) -> None:
    folder = FolderChannel(tmp_path)
    for recipient in ("a", "b", "a"):
        folder.deliver(letter(recipient))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_means_nothing_was_sent(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file", encoding="utf-8")
    with pytest.raises(DeliveryFailed, match="cannot be written") as caught:
        FolderChannel(tmp_path / "outbox").deliver(letter())
    assert caught.value.fate is Fate.NOT_SENT


def test_a_message_id_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    message = letter()
    message.replace_header("Message-ID", "<../../etc/x@heronlake.example>")
    FolderChannel(tmp_path / "outbox").deliver(message)
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [tmp_path / "outbox"]


def test_every_channel_of_the_table_can_be_made(tmp_path: Path) -> None:
    assert set(CHANNELS) == {"smtp", "folder"}
    assert isinstance(open_channel("folder", {"folder": tmp_path}), FolderChannel)
