"""Sending the weekly summary: at most once a week and recipient, whatever breaks in between."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from auditor.errors import SettingsError
from auditor.store.outbox import Letter, LetterState, Outbox
from reports.delivery import DeliveryFailed, Fate, open_channel
from reports.digest import compose, read_address

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime, tzinfo
    from email.message import EmailMessage
    from pathlib import Path

    from sqlalchemy import Engine

    from auditor.settings import Settings, SummarySettings
    from reports.delivery import Channel
    from reports.digest import Digest

log = logging.getLogger(__name__)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=1))
LONGEST_TRIAL = timedelta(days=3)
WEEK = re.compile(r"(\d{4})-W(\d{2})")
DISTRICT = "district"
BY_ITSELF = (LetterState.PENDING, LetterState.RETRY)
BY_HAND = (*BY_ITSELF, LetterState.FAILED, LetterState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient's summary; ``is_tried`` tells whether it was tried just now."""

    recipient: str
    state: LetterState
    attempts: int
    reply: str | None
    is_tried: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What sending would do for one recipient now: ``plan`` is "send", "wait" or "nothing"."""

    recipient: str
    state: str
    plan: str


def send_week(
    engine: Engine,
    digest_for: Callable[[str], Digest],
    recipients: Iterable[str],
    channel: Channel,
    week: str,
    scope: str,
    now: datetime,
    *,
    sender: str,
    reply_to: str | None = None,
    resend: bool = False,
) -> list[Outcome]:
    """Send a week's summary to each recipient who has not had it; return how each one stands.

    SMTP knows no idempotency key, so SENDING is committed before the channel is called: a letter
    whose end is not known becomes UNKNOWN and goes again with ``resend`` only, under the same
    Message-ID.  What failed before it left is tried again after 1, 5 and 30 minutes and then
    hourly, at the next run that comes, for three days.  The caller holds the store's lock.
    Raises StoreError, and ValueError for an address no header can hold.
    """
    outbox = Outbox(engine)
    interrupted = outbox.settle_interrupted(now)
    if interrupted:
        log.warning("outbox: %d letters were being sent when a run ended", interrupted)
    states = BY_HAND if resend else BY_ITSELF
    outcomes: list[Outcome] = []
    for key, recipient in _distinct(recipients).items():
        digest = replace(digest_for(recipient), week=week)
        message = compose(digest, sender, recipient, reply_to)
        letter = outbox.enter(week, scope, key, message["Message-ID"], now)
        tried = None
        if letter.state in states and (resend or _is_due(letter, now)):
            tried = _send(outbox, letter, message, channel, states, now)
        stands = tried or letter
        outcomes.append(
            Outcome(recipient, stands.state, stands.attempts, stands.last_reply, tried is not None)
        )
    _log_states(outcomes)
    return outcomes


def mail_summary(
    settings: Settings,
    engine: Engine,
    digest: Digest,
    now: datetime,
    *,
    week: str | None = None,
    resend: bool = False,
) -> list[Outcome]:
    """Send the district's summary as audit.toml says; SettingsError when it says nothing usable."""
    summary, channel = _check(settings)
    return send_week(
        engine,
        lambda _: digest,
        summary.to,
        channel,
        week or week_of(now, settings.zone),
        DISTRICT,
        now,
        sender=summary.sender,
        reply_to=summary.reply_to,
        resend=resend,
    )


def plan_week(
    settings: Settings, engine: Engine, week: str, now: datetime, *, resend: bool = False
) -> list[Plan]:
    """Say what ``mail_summary`` would do; SettingsError where it would raise one."""
    summary, _ = _check(settings)
    known = {one.recipient: one for one in Outbox(engine).letters(week) if one.scope == DISTRICT}
    plans = []
    for key, recipient in _distinct(summary.to).items():
        letter = known.get(key)
        if letter is None:
            plans.append(Plan(recipient, "new", "send"))
            continue
        state = letter.state
        # A letter still in SENDING here was left by a dead run, or another run is at it now.
        if state is LetterState.SENDING:
            state = LetterState.UNKNOWN
        is_allowed = state in (BY_HAND if resend else BY_ITSELF)
        is_due = resend or _is_due(letter, now)
        plan = ("send" if is_due else "wait") if is_allowed else "nothing"
        plans.append(Plan(recipient, str(state), plan))
    return plans


def channel_of(summary: SummarySettings, folder: Path) -> Channel:
    """Make the channel that [summary] names, relative paths taken from ``folder``.

    SettingsError when a secret cannot be read, ValueError for settings that cannot work.
    """
    if summary.channel == "folder":
        return open_channel("folder", {"folder": folder / summary.folder})
    smtp = summary.smtp
    options = {
        "host": smtp.host,
        "port": smtp.port,
        "security": smtp.security,
        "username": smtp.username,
        "password": smtp.password.read(folder) if smtp.password else None,
        "ca_file": str(folder / smtp.ca_file) if smtp.ca_file else None,
    }
    return open_channel("smtp", options)


def week_of(now: datetime, zone: tzinfo) -> str:
    """Return the ISO 8601 week of a moment in a zone, such as "2026-W47"."""
    year, week, _ = now.astimezone(zone).isocalendar()
    return f"{year}-W{week:02}"


def check_week(text: str) -> str:
    """Return the week if the calendar has it; ValueError with a sentence otherwise."""
    match = WEEK.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise ValueError(f'"{text}" is not an ISO week; write it as 2026-W47.') from None
    return text


def _check(settings: Settings) -> tuple[SummarySettings, Channel]:
    summary = settings.summary
    if summary is None:
        raise SettingsError(
            f"{settings.path} has no [summary]; add one with channel, to and sender "
            "(see config/audit.example.toml)."
        )
    try:
        channel = channel_of(summary, settings.folder)
        for address in (summary.sender, summary.reply_to or summary.sender, *summary.to):
            read_address(address)
    except ValueError as error:
        raise SettingsError(f"[summary] in {settings.path}: {error}") from None
    return summary, channel


def _distinct(recipients: Iterable[str]) -> dict[str, str]:
    """Return recipients by what they are told apart by; two spellings of one get one letter."""
    return {recipient.lower(): recipient for recipient in recipients}


def _is_due(letter: Letter, now: datetime) -> bool:
    return letter.next_try is None or letter.next_try <= now


def _send(
    outbox: Outbox,
    letter: Letter,
    message: EmailMessage,
    channel: Channel,
    states: Collection[LetterState],
    now: datetime,
) -> Letter | None:
    """Claim a letter and deliver it; None when another run was quicker."""
    message.replace_header("Message-ID", letter.message_id)
    if not outbox.claim(letter, states, hashlib.sha256(message.as_bytes()).hexdigest(), now):
        return None
    try:
        receipt = channel.deliver(message)
    except DeliveryFailed as failure:
        state, next_try = _after(failure.fate, letter, now)
        return outbox.record(letter, state, failure.reply, now, next_try)
    return outbox.record(letter, LetterState.SENT, receipt.reply, now)


def _after(fate: Fate, letter: Letter, now: datetime) -> tuple[LetterState, datetime | None]:
    """Return the state after a failed attempt and when the next one is due."""
    if fate is Fate.UNKNOWN:
        return LetterState.UNKNOWN, None
    next_try = now + PAUSES[min(letter.attempts, len(PAUSES) - 1)]
    if fate is Fate.REFUSED or next_try > letter.created_at + LONGEST_TRIAL:
        return LetterState.FAILED, None
    return LetterState.RETRY, next_try


def _log_states(outcomes: list[Outcome]) -> None:
    states = sorted({one.state for one in outcomes})
    counted = ", ".join(f"{sum(o.state is s for o in outcomes)} {s}" for s in states)
    log.info("summary: %s", counted or "no recipients")
