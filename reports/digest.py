"""The weekly summary as a mail: counts and a link, no person, no address, no account."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reports.security import printable, safe_link
from reports.wording import format_day, format_moment

if TYPE_CHECKING:
    from datetime import datetime

    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
MOST_SCHOOLS = 60
MOST_SOURCES = 10
MOST_STEPS = 8
LONGEST_NAME = 60
LONGEST_SENTENCE = 240
UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class DigestCounts:
    """The week in numbers of findings; ``waiting`` counts accounts that wait for approval."""

    new: int = 0
    open: int = 0
    changed: int = 0
    gone: int = 0
    waiting: int = 0
    exemptions_ending: int = 0


@dataclass(frozen=True, slots=True)
class FailedSource:
    """A source, by its name in the settings, that was not read in full, and since when."""

    name: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SchoolCount:
    """One school's findings, new this week and open."""

    name: str
    new: int
    open: int


@dataclass(frozen=True, slots=True)
class Digest:
    """One summary: ``week`` is an ISO 8601 week ("2026-W47"), ``generated_at`` aware.

    ``scope`` says whom it covers ("Whole district" or a school), ``report_link`` is a web address
    or a path, ``audience`` says who gets it and how that is changed.  No field may hold a
    person's name, an address or an account.
    """

    district: str
    week: str
    generated_at: datetime
    zone: str
    scope: str
    counts: DigestCounts
    sources_complete: int
    sources_total: int
    failed_sources: tuple[FailedSource, ...] = ()
    report_link: str | None = None
    schools: tuple[SchoolCount, ...] = ()
    next_steps: tuple[str, ...] = ()
    audience: str = ""


def compose(
    digest: Digest, sender: str, recipient: str, reply_to: str | None = None
) -> EmailMessage:
    """Make the message for one recipient: text first, then HTML, under 102 kB.

    The Message-ID depends on week, scope and recipient only, so that a second copy shows itself
    as one (RFC 5322, section 3.6.4); automatic answers are asked not to come (RFC 3834).
    ValueError for an address that cannot stand in a header.
    """
    origin, target = read_address(sender), read_address(recipient)
    message = EmailMessage(policy=SMTP)
    title = f"{one_line(digest.district)}: social media audit"
    message["From"] = Address(title, origin.username, origin.domain)
    message["To"] = target
    if reply_to:
        message["Reply-To"] = read_address(reply_to)
    message["Subject"] = subject(digest)
    message["Date"] = format_datetime(digest.generated_at)
    message["Message-ID"] = message_id(digest, origin.domain, target.addr_spec)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-ID"] = f"<social-media-audit.{origin.domain}>"
    message.set_content(render_text(digest))
    message.add_alternative(render_html(digest), subtype="html")
    message.set_boundary(f"=-{_short_hash(message['Message-ID'])}-=")
    return message


def subject(digest: Digest) -> str:
    """Write the subject: the week and its numbers, and whether the look was incomplete."""
    counts = digest.counts
    text = f"Social media audit {one_line(digest.week)}: {counts.new} new, {counts.open} open"
    missing = digest.sources_total - digest.sources_complete
    return f"{text} (incomplete)" if missing > 0 else text


def message_id(digest: Digest, host: str, recipient: str) -> str:
    """Name a message by week and a hash of scope and recipient, the same at every attempt.

    Short enough that the header is not folded, which some relays mistake.
    """
    week = re.sub(r"[^A-Za-z0-9-]", "", digest.week)[:20]
    tail = _short_hash(f"{digest.week}\n{digest.scope}\n{recipient.lower()}")
    return f"<weekly.{week}.{tail}@{host}>"


def read_address(text: str) -> Address:
    """Read one plain ASCII mail address; ValueError with a sentence for anything else."""
    if len(text) > 254 or not ADDRESS.fullmatch(text):
        raise ValueError(
            f"{one_line(text)!r} is not a mail address that can be written to; "
            "use the form name@district.example."
        )
    return Address(addr_spec=text)


def render_text(digest: Digest) -> str:
    """Write the summary as plain text, wrapped at 76 columns."""
    return _environment().get_template("digest.txt").render(_view(digest))


def render_html(digest: Digest) -> str:
    """Write the summary as HTML that mail programs show alike: one table, styles inlined."""
    import css_inline

    page = _environment().get_template("digest.html").render(_view(digest))
    return css_inline.inline(page, load_remote_stylesheets=False, keep_style_tags=False)


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Return text from outside on one line, without characters that hide or turn others.

    At most ``longest`` characters and twice as many bytes of UTF-8.
    """
    text = " ".join(text[:2000].split())
    line = "".join("\ufffd" if unicodedata.category(char) in UNSHOWN else char for char in text)
    room = 2 * longest - len("…".encode())
    if len(line) <= longest and len(line.encode()) <= 2 * longest:
        return line
    return line[: longest - 1].encode()[:room].decode("utf-8", "ignore").rstrip() + "…"


def _view(digest: Digest) -> dict[str, object]:
    """Return what the templates print: every text on one line and of bounded length."""
    counts = digest.counts
    schools = sorted(digest.schools, key=lambda one: (-one.new, -one.open))[:MOST_SCHOOLS]
    shown = {id(school) for school in schools}
    zone, link = digest.generated_at.tzinfo, safe_link(digest.report_link)
    return {
        "district": one_line(digest.district),
        "scope": one_line(digest.scope),
        "week": one_line(digest.week),
        "moment": f"{format_moment(digest.generated_at)} ({one_line(digest.zone)})",
        "numbers": (
            ("New this week", counts.new),
            ("Open", counts.open),
            ("Changed this week", counts.changed),
            ("Gone this week", counts.gone),
            ("Accounts waiting for approval", counts.waiting),
            ("Exemptions ending soon", counts.exemptions_ending),
        ),
        "complete": digest.sources_complete,
        "total": digest.sources_total,
        "failed": [
            (one_line(one.name), format_day(one.since, zone) if one.since else None)
            for one in digest.failed_sources[:MOST_SOURCES]
        ],
        "failed_more": max(0, len(digest.failed_sources) - MOST_SOURCES),
        "schools": [
            (one_line(one.name), one.new, one.open) for one in digest.schools if id(one) in shown
        ],
        "schools_more": len(digest.schools) - len(schools),
        "steps": [one_line(step, LONGEST_SENTENCE) for step in digest.next_steps[:MOST_STEPS]],
        "link": link,
        "place": link or one_line(digest.report_link or "", LONGEST_SENTENCE),
        "audience": one_line(digest.audience, 2 * LONGEST_SENTENCE),
    }


@cache
def _environment() -> Environment:
    import textwrap

    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrap"] = lambda text, indent="": textwrap.fill(
        printable(str(text)), 76, subsequent_indent=indent, break_on_hyphens=False
    )
    return environment


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
