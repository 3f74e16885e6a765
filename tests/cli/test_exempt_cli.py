"""``audit exempt`` as a user runs it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from auditor.cli import invoke
from auditor.findings import State
from auditor.store import open_store
from tests.builders import a_finding
from tests.nights import keep_night

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADDRESS = "ida.marsh@maplefalls.example"
LATER = str(date.today() + timedelta(days=30))
Audit = "Callable[..., tuple[int, str, str]]"


@pytest.fixture
def audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    config = tmp_path / "audit.toml"
    config.write_text('[district]\nname = "Maple Falls"\nemail_domains = ["maplefalls.example"]\n')
    monkeypatch.setenv("AUDIT_CONFIG", str(config))
    branded = a_finding(
        rule="unregistered-branded-account", subject=("facebook", "maplefalls"),
        platform="facebook", summary="Branded.",
    )  # fmt: skip
    with closing(open_store(f"sqlite:///{tmp_path}/audit.sqlite")) as store:
        keep_night(store, [a_finding(), branded])

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(["exempt", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def exempt_ones(folder: Path) -> list[str]:
    with closing(open_store(f"sqlite:///{folder}/audit.sqlite")) as store:
        return [one.finding.summary for one in store.findings([State.EXEMPT])]


def rows(audit: Audit) -> list[dict[str, object]]:
    return json.loads(audit("list", "--format", "json")[1])["rows"]


def test_an_accounts_url_exempts_it_though_its_native_id_is_known(
    audit: Audit, tmp_path: Path
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path}/audit.sqlite")) as store:
        by_id = a_finding(
            rule="unregistered-branded-account", subject=("facebook", "100064"),
            platform="facebook", url="https://www.facebook.com/MapleFalls", summary="By id.",
        )  # fmt: skip
        other = replace(by_id, subject=("facebook", "7"), url="https://www.facebook.com/Elsewhere")
        keep_night(store, [by_id, other], day=1)
    url = "https://www.facebook.com/maplefalls"
    code, _, err = audit("add", "--account", url, "--reason", "agreed", "--until", LATER)
    assert (code, err[-3:-1]) == (0, "1.")
    assert exempt_ones(tmp_path) == ["By id."]


@pytest.mark.parametrize(
    ("subject", "summary"),
    [
        (["--finding", a_finding().key[:8]], a_finding().summary),
        (["--address", ADDRESS.upper()], a_finding().summary),
        (["--address", ADDRESS, "--platform", "Mastodon"], a_finding().summary),
        (["--account", "https://www.facebook.com/MapleFalls/"], "Branded."),
        (["--account", "facebook.com/MapleFalls", "--item", "8"], "Branded."),
        (["--address", ADDRESS, "--platform", "x"], None),
        (["--account", "facebook.com/MapleFalls", "--item", "10"], None),
    ],
)
def test_an_exemption_holds_at_once_until_it_is_revoked(
    audit: Audit, tmp_path: Path, subject: list[str], summary: str | None
) -> None:
    expected = [summary] if summary else []
    code, out, err = audit("add", *subject, "--reason", "agreed", "--until", LATER, "--by", "boss")
    assert (code, out) == (0, "")
    assert f"findings exempt: {len(expected)}" in err
    assert exempt_ones(tmp_path) == expected
    (row,) = rows(audit)
    assert (row["state"], row["by"], row["until"]) == ("active", "boss", LATER)
    code, _, err = audit("revoke", str(row["id"])[:5], "--why", "over")
    assert (code, exempt_ones(tmp_path)) == (0, [])
    assert f"open again: {len(expected)}" in err
    assert rows(audit)[0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "--reason", "r", "--until", LATER], "exactly one of"),
        (["add", "--finding", "a", "--address", ADDRESS, "--reason", "r", "--until", LATER],
         "exactly one of"),
        (["add", "--finding", "a", "--platform", "x", "--reason", "r", "--until", LATER],
         "--platform goes with --address"),
        (["add", "--address", ADDRESS, "--until", LATER], "--reason"),
        (["add", "--address", ADDRESS, "--reason", "r"], "--until"),
        (["add", "--address", ADDRESS, "--reason", " ", "--until", LATER], "reason is empty"),
        (["add", "--address", ADDRESS, "--reason", "r", "--until", "2020-01-01"], "has passed"),
        (["add", "--address", ADDRESS, "--reason", "r", "--until", "2099-01-01"], "two years"),
        (["add", "--address", ADDRESS, "--reason", "r", "--until", "soon"], "'soon'"),
        (["add", "--address", "ida", "--reason", "r", "--until", LATER], "not an e-mail address"),
        (["add", "--address", ADDRESS, "--platform", "nope", "--reason", "r", "--until", LATER],
         "not a platform"),
        (["add", "--account", "https://x.example/", "--reason", "r", "--until", LATER],
         "names no account"),
        (["add", "--finding", "zz", "--reason", "r", "--until", LATER], "No finding's key"),
        (["revoke", "zz", "--why", "w"], "No exemption"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(
    audit: Audit, arguments: list[str], message: str
) -> None:
    code, out, err = audit(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert rows(audit) == []
