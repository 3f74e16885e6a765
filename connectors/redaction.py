"""No secret, token, address or URL in any log line of ours or of the libraries we use."""

from __future__ import annotations

import logging
import re
import threading
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HIDDEN = "[redacted]"
SHORTEST_SECRET = 6
NOISY = ("urllib3", "requests", "google", "googleapiclient", "google_auth_httplib2", "msal")
"""Libraries that write URLs and headers when they log at DEBUG; they are kept at WARNING."""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(https?://)(?:[^\s/@\"'<>]*@)?([\w.\-\[\]:]{1,253})[^\s\"'<>)]*"), r"\1\2/..."),
    (re.compile(r"\b(GET|POST|HEAD|PUT|PATCH|DELETE) /[^\s\"']*"), r"\1 /..."),
    (re.compile(r"\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)*"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic|negotiate)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"(?i)([\w-]*(?:token|secret|passw(?:or)?d|assertion|api[_-]?key|authorization|cookie"
            r"|signature|credential)[\w-]*[\"']?\s*[=:]\s*[\"']?)(?!\[)[^\s&\"',;}]+"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"[^\s@<>\"'=:,;(\[{]{1,64}(?:@|%40)[\w.-]+\.\w{2,}"), HIDDEN),
)


SECRET_WORDS = ("authorization", "key", "token", "secret", "cookie", "password")
_lock = threading.Lock()


def is_secret_header(name: str) -> bool:
    """Whether a header of this name carries something secret."""
    return any(word in name.lower() for word in SECRET_WORDS)


class Redaction(logging.Filter):
    """Blanks what may not be logged: known secrets by value, the rest by its shape."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: set[str] = set()

    def add(self, secrets: Iterable[str]) -> None:
        """Remember secrets to blank wherever they stand."""
        with _lock:
            self._secrets = self._secrets | {s for s in secrets if len(s) >= SHORTEST_SECRET}

    def clean(self, text: str) -> str:
        """Return the text without secrets, tokens, e-mail addresses and the paths of URLs."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Blank a record's message and traceback; always lets it pass."""
        try:
            record.msg = self.clean(record.getMessage())
        except (TypeError, ValueError, KeyError):
            record.msg = f"a message that cannot be formatted, from {record.name}"
        record.args = ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = self.clean("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        return True


REDACTION = Redaction()


class _RedactedRecords:
    """Makes log records as before, then blanks them."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        REDACTION.filter(record)
        return record


def install(secrets: Iterable[str] = ()) -> None:
    """Blank every log record from now on, whichever logger and handler it takes.

    It sits where records are made: a filter of a logger is not asked about the records of its
    children ("urllib3.connectionpool"), one of a handler not about later handlers.
    """
    REDACTION.add(secrets)
    with _lock:
        make = logging.getLogRecordFactory()
        if not isinstance(make, _RedactedRecords):
            logging.setLogRecordFactory(_RedactedRecords(make))
        for name in NOISY:
            logger = logging.getLogger(name)
            if logger.level == logging.NOTSET:
                logger.setLevel(logging.WARNING)
