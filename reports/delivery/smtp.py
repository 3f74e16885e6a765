"""Delivery by SMTP, with TLS that is verified, one message a connection."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from reports.delivery import DeliveryFailed, Fate, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

Security = Literal["starttls", "tls", "none"]
TIMEOUT_SECONDS = 60.0


class SmtpChannel:
    """A mail server and how to speak to it (RFC 5321; STARTTLS, RFC 3207; AUTH, RFC 4954).

    ``security`` "none" is for a server on this machine only; ``ca_file`` names the authority that
    signed the server's certificate where the system's do not.  ValueError for a setting that
    cannot work.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security = "starttls",
        username: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        if security == "none" and not _is_loopback(host):
            raise ValueError(
                f'Mail to {host} would travel unprotected; set security to "starttls" or "tls".'
            )
        if (username is None) != (password is None):
            raise ValueError(
                "username and password of a mail server are set together or not at all."
            )
        self.host, self.port, self.security, self.timeout = host, port, security, timeout
        self._login = (username, password) if username is not None and password else None
        self._context = None if security == "none" else _trust(ca_file)

    def deliver(self, message: EmailMessage) -> Receipt:
        """Hand the message to the server; DeliveryFailed says whether it may have arrived."""
        sender, recipient = (message[name].addresses[0] for name in ("From", "To"))
        connection = self._connect(sender.domain)
        try:
            with _before_data(self.host):
                self._prepare(connection)
            self._address(connection, sender.addr_spec, recipient.addr_spec)
            return self._send(connection, message.as_bytes())
        finally:
            # The message is taken over or not; how the conversation ends changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def greet(self, own_name: str) -> None:
        """Connect, secure and sign in, and leave without a message; DeliveryFailed if refused."""
        connection = self._connect(own_name)
        try:
            with _before_data(self.host):
                self._prepare(connection)
                connection.noop()
        finally:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connect(self, own_name: str) -> smtplib.SMTP:
        # Without a name of its own smtplib asks the DNS for this machine's.
        with _before_data(self.host):
            if self.security == "tls":
                return smtplib.SMTP_SSL(
                    self.host, self.port, own_name, timeout=self.timeout, context=self._context
                )
            return smtplib.SMTP(self.host, self.port, own_name, timeout=self.timeout)

    def _prepare(self, connection: smtplib.SMTP) -> None:
        if self.security == "starttls":
            # smtplib verifies nothing unless it is given a context.
            connection.starttls(context=self._context)
        if self._login is not None:
            connection.login(*self._login)

    def _address(self, connection: smtplib.SMTP, sender: str, recipient: str) -> None:
        with _before_data(self.host):
            connection.ehlo_or_helo_if_needed()
            replies = [connection.mail(sender)]
            if replies[0][0] == 250:
                replies.append(connection.rcpt(recipient))
        code, text = replies[-1]
        if code not in {250, 251}:
            raise _refusal(code, text)

    def _send(self, connection: smtplib.SMTP, octets: bytes) -> Receipt:
        try:
            code, text = connection.data(octets)
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError):
            raise DeliveryFailed(
                Fate.UNKNOWN,
                f"{self.host} broke off after taking the message and before confirming it.",
            ) from None
        if code != 250:
            raise _refusal(code, text)
        return Receipt(_decode(text))


@contextmanager
def _before_data(host: str) -> Iterator[None]:
    """Turn what can go wrong before a message is sent into a sentence; nothing has left then."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        cause = error.verify_message or "verification failed"
        reply = f"{host} shows a certificate that is not trusted ({cause}); check ca_file."
    except smtplib.SMTPAuthenticationError as error:
        reply = f"{host} refuses the username or password: {error.smtp_code}; check both."
    except smtplib.SMTPNotSupportedError:
        reply = f"{host} does not offer what security or username ask for; check both."
    except smtplib.SMTPResponseException as error:
        reply = f"{host} answered {error.smtp_code} {_decode(error.smtp_error)}"
    except (smtplib.SMTPException, OSError) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        reply = f"{host} cannot be reached or broke off ({cause}); check host, port and security."
    else:
        return
    raise DeliveryFailed(Fate.NOT_SENT, reply)


def _refusal(code: int, text: bytes | str) -> DeliveryFailed:
    """Return the failure for a reply code: 5yz is for good, all else may pass (RFC 5321, 4.2.1)."""
    fate = Fate.REFUSED if 500 <= code <= 599 else Fate.NOT_SENT
    return DeliveryFailed(fate, f"{code} {_decode(text)}")


def _decode(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        cause = error.strerror or type(error).__name__
        raise ValueError(f"ca_file {ca_file} cannot be used ({cause}); give a PEM file.") from None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
