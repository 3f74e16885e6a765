"""Ways a summary leaves the house: the table of channels and what each of them promises."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage

CHANNELS = {
    "smtp": "reports.delivery.smtp:SmtpChannel",
    "folder": "reports.delivery.folder:FolderChannel",
}
LONGEST_REPLY = 200


class Fate(StrEnum):
    """What became of a message that was not delivered for sure."""

    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel took the message over; ``reply`` is what it said."""

    reply: str


class DeliveryFailed(Exception):
    """The message was not taken over for sure.

    ``fate`` REFUSED: for good, do not try again.  NOT_SENT: nothing left the house, try later.
    UNKNOWN: the answer was lost, it may have arrived.  ``reply`` says why, in one sentence.
    """

    def __init__(self, fate: Fate, reply: str) -> None:
        self.fate, self.reply = fate, tidy_reply(reply)
        super().__init__(self.reply)


class Channel(Protocol):
    """Anything that can deliver one message to the one recipient in its To header."""

    def deliver(self, message: EmailMessage) -> Receipt:
        """Hand the message over, or raise ``DeliveryFailed``."""
        ...


def open_channel(name: str, options: Mapping[str, Any]) -> Channel:
    """Make the channel of that name; ValueError for an option it cannot work with."""
    module, _, kind = CHANNELS[name].partition(":")
    channel: Channel = getattr(importlib.import_module(module), kind)(**options)
    return channel


def tidy_reply(reply: str) -> str:
    """Return a reply on one line of at most 200 printable characters."""
    shown = "".join(char if char.isprintable() else " " for char in reply)
    return " ".join(shown.split())[:LONGEST_REPLY]
