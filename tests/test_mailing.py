"""At most once a week and recipient: what the outbox remembers when sending breaks."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine

from auditor.errors import SettingsError, StoreError
from auditor.mailing import channel_of, check_week, mail_summary, plan_week, send_week, week_of
from auditor.settings import Settings, load_settings
from auditor.store import open_store
from auditor.store.outbox import LetterState, Outbox, metadata
from reports.delivery import DeliveryFailed, Fate, Receipt
from reports.delivery.smtp import SmtpChannel
from reports.digest import Digest, DigestCounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from sqlalchemy import Engine

    from auditor.mailing import Outcome

NOW = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
ANN, BEN = "ann@heronlake.example", "ben@heronlake.example"
WEEK = "2026-W47"


def digest(new: int = 3) -> Digest:
    return Digest(
        district="Heron Lake",
        week="2026-W01",
        generated_at=NOW,
        zone="UTC",
        scope="Whole district",
        counts=DigestCounts(new=new),
        sources_complete=1,
        sources_total=1,
    )


class Scripted:
    """A channel that does what it was told for each attempt, then succeeds."""

    def __init__(self, *script: BaseException) -> None:
        self.script = list(script)
        self.sent: list[EmailMessage] = []

    def deliver(self, message: EmailMessage) -> Receipt:
        """Raise the next of the script, or take the message."""
        if self.script:
            raise self.script.pop(0)
        self.sent.append(message)
        return Receipt("250 queued")


def failure(fate: Fate) -> DeliveryFailed:
    return DeliveryFailed(fate, f"it was {fate}")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'audit.sqlite'}")
    metadata.create_all(made)
    yield made
    made.dispose()


def send(
    engine: Engine,
    channel: Scripted,
    *recipients: str,
    now: datetime = NOW,
    week: str = WEEK,
    resend: bool = False,
    new: int = 3,
) -> list[Outcome]:
    return send_week(
        engine,
        lambda _: digest(new),
        recipients or (ANN,),
        channel,
        week,
        "district",
        now,
        sender="audit@heronlake.example",
        resend=resend,
    )


def states(outcomes: list[Outcome]) -> list[LetterState]:
    return [one.state for one in outcomes]


def test_each_recipient_gets_one_message_of_their_own(engine: Engine) -> None:
    channel = Scripted()
    outcomes = send(engine, channel, ANN, BEN)
    assert states(outcomes) == [LetterState.SENT, LetterState.SENT]
    assert [message["To"] for message in channel.sent] == [ANN, BEN]
    assert all(WEEK in message["Subject"] for message in channel.sent)


def test_a_week_is_never_sent_twice(engine: Engine) -> None:
    channel = Scripted()
    send(engine, channel)
    again = send(engine, channel, ANN, BEN, now=NOW + timedelta(days=1), resend=True)
    assert [message["To"] for message in channel.sent] == [ANN, BEN]
    assert [one.is_tried for one in again] == [False, True]
    send(engine, channel, week="2026-W48")
    assert len(channel.sent) == 3


def test_two_spellings_of_an_address_get_one_message(engine: Engine) -> None:
    channel = Scripted()
    send(engine, channel, ANN, ANN.upper())
    send(engine, channel, ANN.title())
    assert len(channel.sent) == 1


def test_sending_is_committed_before_the_channel_is_called(engine: Engine) -> None:
    seen: list[LetterState] = []

    class Looking(Scripted):
        def deliver(self, message: EmailMessage) -> Receipt:
            seen.extend(one.state for one in Outbox(engine).letters())
            return super().deliver(message)

    channel = Looking()
    send(engine, channel)
    assert seen == [LetterState.SENDING]
    (letter,) = Outbox(engine).letters(WEEK)
    assert letter.sha256 == hashlib.sha256(channel.sent[0].as_bytes()).hexdigest()
    assert (letter.state, letter.attempts, letter.last_reply) == (
        LetterState.SENT,
        1,
        "250 queued",
    )


def test_a_refusal_is_for_good_until_somebody_resends(engine: Engine) -> None:
    channel = Scripted(failure(Fate.REFUSED))
    (outcome,) = send(engine, channel)
    assert (outcome.state, outcome.reply) == (LetterState.FAILED, "it was refused")
    assert states(send(engine, channel, now=NOW + timedelta(days=1))) == [LetterState.FAILED]
    assert states(send(engine, channel, resend=True)) == [LetterState.SENT]
    assert len(channel.sent) == 1


def test_what_may_have_arrived_goes_again_only_by_hand_and_under_its_name(engine: Engine) -> None:
    channel = Scripted(failure(Fate.UNKNOWN))
    assert states(send(engine, channel)) == [LetterState.UNKNOWN]
    assert states(send(engine, channel, now=NOW + timedelta(days=2))) == [LetterState.UNKNOWN]
    assert channel.sent == []
    (letter,) = Outbox(engine).letters()
    assert states(send(engine, channel, resend=True, new=9)) == [LetterState.SENT]
    assert channel.sent[0]["Message-ID"] == letter.message_id


def test_what_did_not_leave_waits_longer_each_time(engine: Engine) -> None:
    channel = Scripted(*(failure(Fate.NOT_SENT) for _ in range(6)))
    now, pauses = NOW, []
    for _ in range(6):
        assert states(send(engine, channel, now=now)) == [LetterState.RETRY]
        (letter,) = Outbox(engine).letters()
        assert letter.next_try is not None
        pauses.append((letter.next_try - now).total_seconds() / 60)
        (early,) = send(engine, channel, now=letter.next_try - timedelta(seconds=1))
        assert not early.is_tried
        now = letter.next_try
    assert pauses == [1, 5, 30, 60, 60, 60]
    assert states(send(engine, channel, now=now)) == [LetterState.SENT]


def test_after_three_days_it_is_given_up(engine: Engine) -> None:
    channel = Scripted(*(failure(Fate.NOT_SENT) for _ in range(9)))
    nights = [states(send(engine, channel, now=NOW + timedelta(days=day)))[0] for day in range(6)]
    assert nights == [LetterState.RETRY] * 3 + [LetterState.FAILED] * 3


def test_one_recipient_who_fails_costs_no_other(engine: Engine) -> None:
    channel = Scripted(failure(Fate.REFUSED))
    assert states(send(engine, channel, ANN, BEN)) == [LetterState.FAILED, LetterState.SENT]
    assert Outbox(engine).backlog() == {LetterState.FAILED: 1}


def test_an_interrupted_run_leaves_unknown_behind(engine: Engine) -> None:
    channel = Scripted(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        send(engine, channel)
    (outcome,) = send(engine, channel)
    assert (outcome.state, outcome.is_tried) == (LetterState.UNKNOWN, False)
    assert "ended while this was being sent" in (outcome.reply or "")
    assert channel.sent == []


KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from sqlalchemy import create_engine
from auditor.mailing import send_week
from reports.digest import Digest, DigestCounts
class Killing:
    def deliver(self, message):
        os.kill(os.getpid(), signal.SIGKILL)
now = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
digest = Digest("Heron Lake", "2026-W47", now, "UTC", "Whole district", DigestCounts(), 1, 1)
send_week(create_engine(sys.argv[1]), lambda _: digest, ["ann@heronlake.example"], Killing(),
          "2026-W47", "district", now, sender="audit@heronlake.example")
"""


def test_a_run_killed_while_sending_does_not_send_again(engine: Engine) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(engine.url)], check=False)
    assert done.returncode == -signal.SIGKILL
    channel = Scripted()
    assert states(send(engine, channel)) == [LetterState.UNKNOWN]
    assert channel.sent == []


def test_a_letter_claimed_by_another_run_is_left_to_it(engine: Engine) -> None:
    outbox = Outbox(engine)
    letter = outbox.enter(WEEK, "district", ANN, "<1@x.example>", NOW)
    allowed = (LetterState.PENDING, LetterState.RETRY)
    assert outbox.claim(letter, allowed, "a", NOW)
    assert not outbox.claim(letter, allowed, "b", NOW)
    outbox.record(letter, LetterState.RETRY, "later", NOW, NOW)
    assert not outbox.claim(letter, allowed, "c", NOW)


def test_what_another_run_claims_meanwhile_is_not_sent_here(engine: Engine) -> None:
    class Slow(Scripted):
        def deliver(self, message: EmailMessage) -> Receipt:
            other.extend(send(engine, Scripted(), ANN, BEN))
            return super().deliver(message)

    other: list[Outcome] = []
    channel = Slow()
    send(engine, channel, ANN, BEN)
    assert [(one.recipient, one.is_tried) for one in other] == [(ANN, False), (BEN, True)]
    assert [message["To"] for message in channel.sent] == [ANN]
    assert {one.state for one in Outbox(engine).letters()} == {LetterState.SENT}


def test_a_letter_left_in_sending_is_planned_as_unknown(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(engine, Scripted(KeyboardInterrupt()))
    plans = plan_week(settings(tmp_path), engine, WEEK, NOW)
    assert [(one.state, one.plan) for one in plans] == [("unknown", "nothing"), ("new", "send")]


def test_a_database_without_the_table_is_told_in_a_sentence(tmp_path: Path) -> None:
    made = create_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(StoreError, match=r"empty\.sqlite"):
        send(made, Scripted())
    made.dispose()


def test_the_stores_own_table_takes_letters(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'audit.sqlite'}")
    assert states(send(store.engine, Scripted())) == [LetterState.SENT]
    store.close()


SETTINGS = """
[district]
name = "Heron Lake"
email_domains = ["heronlake.example"]
[summary]
channel = "folder"
to = ["ann@heronlake.example", "ben@heronlake.example"]
sender = "audit@heronlake.example"
"""


def settings(tmp_path: Path, text: str = SETTINGS) -> Settings:
    path = tmp_path / "audit.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_the_settings_decide_who_gets_it_and_how(engine: Engine, tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert [one.plan for one in plan_week(made, engine, WEEK, NOW)] == ["send", "send"]
    outcomes = mail_summary(made, engine, digest(), NOW)
    assert states(outcomes) == [LetterState.SENT, LetterState.SENT]
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 2
    assert [one.plan for one in plan_week(made, engine, WEEK, NOW, resend=True)] == [
        "nothing",
        "nothing",
    ]


def test_the_plan_tells_what_waits_and_what_is_stuck(engine: Engine, tmp_path: Path) -> None:
    made = settings(tmp_path)
    send(engine, Scripted(failure(Fate.NOT_SENT), failure(Fate.UNKNOWN)), ANN, BEN)
    assert [one.plan for one in plan_week(made, engine, WEEK, NOW)] == ["wait", "nothing"]
    assert [one.plan for one in plan_week(made, engine, WEEK, NOW, resend=True)] == ["send", "send"]


UNPROTECTED = """
[summary.smtp]
host = "mail.heronlake.example"
security = "none"
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SETTINGS.partition("[summary]")[0], r"has no \[summary\]"),
        (SETTINGS.replace("audit@", "\u00e9@"), "is not a mail address"),
        (SETTINGS.replace('"folder"', '"smtp"') + UNPROTECTED, "unprotected"),
    ],
)
def test_settings_that_cannot_work_are_told_before_anything_is_recorded(
    engine: Engine, tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        mail_summary(settings(tmp_path, text), engine, digest(), NOW)
    assert Outbox(engine).letters() == ()


def test_secrets_and_files_of_the_mail_server_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "s3cret")
    text = SETTINGS.replace('"folder"', '"smtp"') + (
        '[summary.smtp]\nhost = "mail.heronlake.example"\nport = 465\nsecurity = "tls"\n'
        'username = "audit"\npassword = { env = "MAIL_PASSWORD" }\n'
    )
    made = settings(tmp_path, text)
    assert made.summary is not None
    channel = channel_of(made.summary, made.folder)
    assert isinstance(channel, SmtpChannel)
    assert (channel.host, channel.port, channel.security) == (
        "mail.heronlake.example",
        465,
        "tls",
    )
    assert channel._login == ("audit", "s3cret")


def test_the_week_is_that_of_the_districts_own_clock() -> None:
    monday = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert week_of(monday, ZoneInfo("America/Chicago")) == "2026-W47"
    assert week_of(monday, UTC) == "2026-W48"
    assert week_of(datetime(2027, 1, 2, tzinfo=UTC), UTC) == "2026-W53"


def test_only_weeks_of_the_calendar_are_weeks() -> None:
    assert check_week("2026-W53") == "2026-W53"
    for text in ("2027-W53", "2026-W00", "2026-47", "2026-W7", "x", "0000-W01"):
        with pytest.raises(ValueError, match="is not an ISO week"):
            check_week(text)
