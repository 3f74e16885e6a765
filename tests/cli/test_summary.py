"""``audit summary``: preview, plan, send, and what each of them ends with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.cli import invoke
from auditor.store import open_store
from auditor.store.outbox import LetterState, Outbox

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
[district]
name = "Heron Lake"
email_domains = ["heronlake.example"]
[summary]
channel = "folder"
to = ["ann@heronlake.example"]
sender = "audit@heronlake.example"
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "audit.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return str(path)


def letters(config: str) -> list[tuple[str, str]]:
    store = open_store(f"sqlite:///{config.replace('audit.toml', 'audit.sqlite')}")
    try:
        return [(one.week, str(one.state)) for one in Outbox(store.engine).letters()]
    finally:
        store.close()


def test_preview_prints_and_sends_nothing(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["summary", "preview", "-c", config]) == 0
    out = capsys.readouterr().out
    assert "0  New this week" in out
    assert "No run ended in the last seven days" in out
    assert invoke(["summary", "preview", "-c", config, "--html"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")
    assert letters(config) == []


def test_a_dry_run_tells_the_plan_and_sends_nothing(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["summary", "send", "-c", config, "-n", "--week", "2026-W47"]) == 0
    shown = capsys.readouterr().out
    assert "ann@heronlake.example" in shown
    assert "2026-W47" in shown
    assert "send" in shown
    assert letters(config) == []


def test_sending_twice_writes_one_message(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["summary", "send", "-c", config, "--week", "2026-W47", "--format", "json"]
    assert invoke(arguments) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["state"], row["tried_now"]) == ("sent", "yes")
    assert invoke(arguments) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["tried_now"] == "no"
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1
    assert letters(config) == [("2026-W47", "sent")]


def test_who_did_not_get_it_ends_in_3_and_resend_mends_it(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "outbox"
    blocked.write_text("in the way", encoding="utf-8")
    arguments = ["summary", "send", "-c", config, "--week", "2026-W47"]
    assert invoke(arguments) == 3
    assert "cannot be written" in capsys.readouterr().out
    assert letters(config) == [("2026-W47", str(LetterState.RETRY))]
    blocked.unlink()
    assert invoke([*arguments, "--resend"]) == 0
    assert letters(config) == [("2026-W47", "sent")]


def test_a_week_of_no_calendar_is_a_usage_error(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["summary", "send", "-c", config, "--week", "2026-47"]) == 2
    assert "is not an ISO week" in capsys.readouterr().err


def test_without_a_summary_table_nothing_is_sent(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SETTINGS.partition("[summary]")[0]
    (tmp_path / "audit.toml").write_text(text, encoding="utf-8")
    assert invoke(["summary", "send", "-c", config]) == 2
    assert "has no [summary]" in capsys.readouterr().err


def test_while_a_run_holds_the_store_nothing_is_sent(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(f"sqlite:///{config.replace('audit.toml', 'audit.sqlite')}")
    with store.lock():
        assert invoke(["summary", "send", "-c", config]) == 75
    store.close()
    assert letters(config) == []
