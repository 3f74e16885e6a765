"""``audit doctor``: each part is tried, and a part that fails hides no other."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from auditor.cli import invoke
from auditor.settings import load_settings
from auditor.store import open_store
from connectors.errors import AccessRefused, SourceUnavailable
from connectors.source import Capability, Check, CheckState
from tests.districts import make_district
from tests.fake_sources import Script, register

BLOCKS = (
    '[sources.google]\nconnector = "google"\nkey = { env = "DOCTOR_TEST_KEY" }\n'
    '[sources.entra]\nconnector = "entra"\n'
)
Sources = tuple[Script, Script]


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Sources:
    monkeypatch.setenv("DOCTOR_TEST_KEY", "s3cret-key")
    google = register(monkeypatch, "google", Capability.PEOPLE)
    entra = register(monkeypatch, "entra", Capability.PEOPLE)
    google.checks = (Check("token", CheckState.GOOD, "obtained"),)
    entra.checks = (Check("token", CheckState.GOOD, "obtained"),)
    return google, entra


def examine(
    config: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, list[dict[str, Any]]]:
    code = invoke(["doctor", "-c", str(config), "--format", "json", *options])
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["exit"] == code
    bad = [line for line in document["checks"] if line["state"] != "good"]
    assert all(line["advice"] for line in bad)
    return code, document["checks"]


def state_of(lines: list[dict[str, Any]], part: str, check: str) -> str:
    (line,) = [one for one in lines if (one["part"], one["check"]) == (part, check)]
    return str(line["state"])


def test_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str], sources: Sources) -> None:
    code, lines = examine(make_district(tmp_path, more=BLOCKS), capsys)
    assert code == 0
    assert {line["state"] for line in lines} == {"good"}
    assert [(line["part"], line["check"]) for line in lines] == [
        ("settings", "valid"), ("store", "opened"), ("store", "lock"), ("store", "writable"),
        ("reports", "writable"), ("staff", "settings"), ("staff", "file"), ("found", "settings"),
        ("found", "file"), ("google", "settings"), ("google", "secret"), ("google", "token"),
        ("entra", "settings"), ("entra", "token"),
    ]  # fmt: skip
    assert "s3cret-key" not in json.dumps(lines)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessRefused("google", "scope x is missing", "Grant it in the console"), 4),
        (SourceUnavailable("google", "no answer to s3cret-key", "Try later"), 3),
        (ZeroDivisionError("s3cret-key"), 3),
    ],
)
def test_one_source_that_fails_hides_no_other(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    sources: Sources,
    error: Exception,
    code: int,
) -> None:
    sources[0].error = error
    found, lines = examine(make_district(tmp_path, more=BLOCKS), capsys)
    assert found == code
    assert state_of(lines, "google", "token") == "good"
    assert state_of(lines, "google", "access") == "bad"
    assert state_of(lines, "entra", "token") == "good"
    assert "s3cret-key" not in json.dumps(lines)


def test_a_bad_line_of_a_source_ends_with_3_and_a_warning_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sources: Sources
) -> None:
    config = make_district(tmp_path, more=BLOCKS)
    sources[1].checks = (Check("scopes", CheckState.WARNING, "one too many", "Take it away"),)
    assert examine(config, capsys)[0] == 0
    sources[1].checks = (Check("scopes", CheckState.BAD, "one is missing", "Grant it"),)
    assert examine(config, capsys)[0] == 3
    assert examine(config, capsys, "--source", "google")[0] == 0


def test_a_secret_that_is_not_there_and_a_wrong_setting(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    sources: Sources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DOCTOR_TEST_KEY")
    blocks = BLOCKS + 'tennant = "x"\n'
    code, lines = examine(make_district(tmp_path, more=blocks), capsys)
    assert code == 2
    assert any("DOCTOR_TEST_KEY" in line["seen"] for line in lines if line["part"] == "google")
    assert state_of(lines, "entra", "settings") == "bad"
    assert state_of(lines, "staff", "file") == "good"


def test_files_that_are_missing_or_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = make_district(tmp_path)
    os.utime(tmp_path / "staff.csv", (0, 0))
    (tmp_path / "found.csv").unlink()
    code, lines = examine(config, capsys)
    assert code == 3
    assert state_of(lines, "staff", "file") == "warning"
    assert state_of(lines, "found", "file") == "bad"


def test_a_held_lock_is_a_warning_and_a_broken_store_hides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_district(tmp_path)
    with closing(open_store(load_settings(config).store.url)) as store, store.lock():
        code, lines = examine(config, capsys)
    assert code == 0
    assert state_of(lines, "store", "lock") == "warning"
    (tmp_path / "audit.sqlite").write_bytes(b"no database" * 100)
    code, lines = examine(config, capsys)
    assert code == 3
    assert state_of(lines, "store", "usable") == "bad"
    assert state_of(lines, "staff", "file") == "good"


def test_a_mail_server_that_does_not_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = (
        '[summary]\nchannel = "smtp"\nto = ["a@marrowick.example"]\n'
        'sender = "b@marrowick.example"\n[summary.smtp]\nhost = "127.0.0.1"\nport = 1\n'
        'security = "none"\n'
    )
    code, lines = examine(make_district(tmp_path, more=mail), capsys)
    assert code == 3
    assert state_of(lines, "mail", "connects") == "bad"


def test_the_table_shows_hostile_text_as_marks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sources: Sources
) -> None:
    sources[0].checks = (Check("token", CheckState.BAD, "\x1b[2Jgone", "Do\nthis"),)
    assert invoke(["doctor", "-c", str(make_district(tmp_path, more=BLOCKS))]) == 3
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\ufffd[2Jgone" in shown


def test_an_unknown_source_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["doctor", "-c", str(make_district(tmp_path)), "--source", "stff"]) == 2
    assert "its sources are staff, found" in capsys.readouterr().err


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


def mail(security: str, port: int) -> str:
    return (
        '[summary]\nchannel = "smtp"\nto = ["a@maple.example"]\nsender = "b@maple.example"\n'
        f'[summary.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "{security}"\n'
    )


def test_mail_is_tried_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = Sink()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        code, lines = examine(make_district(tmp_path, more=mail("none", port)), capsys)
    finally:
        controller.stop()
    assert code == 0
    assert state_of(lines, "mail", "connects") == "good"
    assert handler.messages == 0


def test_a_mail_server_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = mail("none", free_port())
    code, lines = examine(make_district(tmp_path, more=more), capsys)
    assert code == 3
    assert state_of(lines, "mail", "connects") == "bad"


def test_a_folder_for_mail_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = (
        '[summary]\nchannel = "folder"\nto = ["a@maple.example"]\nsender = "b@maple.example"\n'
        'folder = "outbox"\n'
    )
    code, lines = examine(make_district(tmp_path, more=more), capsys)
    assert code == 0
    assert state_of(lines, "mail", "writable") == "good"
    assert not (tmp_path / "outbox").exists()


class Sink:
    """Counts what it is given."""

    messages = 0

    async def handle_DATA(self, *_: object) -> str:
        self.messages += 1
        return "250 kept"
