"""``audit findings`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.cli import invoke
from auditor.findings import Certainty
from auditor.store import open_store
from tests.builders import a_finding
from tests.nights import keep_night

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = a_finding().key
BRANDED = a_finding(
    rule="unregistered-branded-account",
    subject=("facebook", "maplefalls"),
    platform="facebook",
    grade=Certainty.POSSIBLE,
    summary="Branded \x1b[31mred.",
    schools=("MFE",),
)
Audit = "Callable[..., tuple[int, str, str]]"


@pytest.fixture
def audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    config = tmp_path / "audit.toml"
    config.write_text('[district]\nname = "Maple Falls"\nemail_domains = ["maplefalls.example"]\n')
    monkeypatch.setenv("AUDIT_CONFIG", str(config))
    gone = a_finding(subject=("mastodon", "7"), summary="Gone.")
    with closing(open_store(f"sqlite:///{tmp_path}/audit.sqlite")) as store:
        keep_night(store, [a_finding(), BRANDED, gone])
        keep_night(store, [a_finding(), BRANDED], day=1)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(["findings", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def keys(audit: Audit, *arguments: str) -> set[str]:
    code, out, _ = audit("list", "--format", "json", *arguments)
    assert code == 0
    return {row["summary"].partition(" ")[0] for row in json.loads(out)["rows"]}


def state(audit: Audit) -> str:
    return json.loads(audit("show", KEY, "--format", "json")[1])["state"]


def test_findings_are_listed_and_narrowed(audit: Audit) -> None:
    assert keys(audit) == {"A", "Branded"}
    assert keys(audit, "--state", "closed") == {"Gone."}
    assert keys(audit, "--state", "closed", "--state", "open") == {"A", "Branded", "Gone."}
    assert keys(audit, "--school", "mfe") == {"Branded"}
    assert keys(audit, "--rule", "district-address-in-use") == {"A"}


def test_the_table_holds_no_escape_sequences(audit: Audit) -> None:
    _, out, _ = audit("list")
    assert KEY in out
    assert "possible" in out
    assert "\x1b" not in out


def test_a_finding_is_shown_with_all_that_speaks_for_and_against_it(audit: Audit) -> None:
    code, out, _ = audit("show", KEY[:6])
    assert code == 0
    for text in (KEY, "Why this may be wrong", *a_finding().doubts, *a_finding().reasons, "run 1"):
        assert text in out
    assert "violation" not in out.lower()
    _, out, _ = audit("show", BRANDED.key)
    assert "\x1b" not in out


def test_a_finding_is_shown_as_json(audit: Audit) -> None:
    document = json.loads(audit("show", KEY, "--format", "json")[1])
    assert document["schema_version"] == 1
    assert document["evidence"][0]["ours"] == a_finding().evidence[0].ours
    assert [one["verb"] for one in document["history"]] == ["opened"]


def test_verdicts_one_after_the_other(audit: Audit) -> None:
    steps = [
        (["review", KEY, "--why", "asking"], "under_review"),
        (["acknowledge", KEY[:5], "--why", "known"], "acknowledged"),
        (["resolve", KEY, "--as", "fixed", "--why", "mended"], "resolved"),
        (["reopen", KEY, "--why", "not mended"], "open"),
        (["resolve", KEY, "--as", "wrong-person", "--why", "namesake"], "false_positive"),
        (["reopen", KEY, "--why", "not a namesake"], "open"),
        (["resolve", KEY, "--as", "not-ours", "--why", "another town"], "false_positive"),
        (["dispute", KEY, "--statement", "It was never mine."], "disputed"),
    ]
    for arguments, after in steps:
        code, out, err = audit(*arguments, "--by", "boss")
        assert (code, out) == (0, "")
        assert after.replace("_", " ") in err
        assert state(audit) == after
    _, out, _ = audit("show", KEY)
    assert "It was never mine." in out
    assert "boss, wrong person: namesake" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "zz"], "No finding's key"),
        (["reopen", KEY, "--why", "x"], "does not apply"),
        (["acknowledge", KEY, "--why", " "], "reason is empty"),
        (["acknowledge", KEY, "--why", "x" * 281], "280"),
        (["acknowledge", KEY], "--why"),
        (["resolve", KEY, "--why", "x"], "--as"),
        (["resolve", KEY, "--as", "guilty", "--why", "x"], "guilty"),
        (["dispute", KEY, "--statement", "x" * 2001], "2000"),
        (["list", "--state", "nope"], "nope"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    audit: Audit, arguments: list[str], message: str
) -> None:
    code, out, err = audit(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert state(audit) == "open"


def test_what_is_gone_is_not_judged(audit: Audit) -> None:
    key = a_finding(subject=("mastodon", "7")).key
    code, _, err = audit("acknowledge", key, "--why", "x")
    assert code == 2
    assert "opens by itself" in err


def test_listing_imports_nothing_heavy(audit: Audit) -> None:
    code = (
        "import sys; from auditor.cli import invoke; invoke(['findings', 'list'])\n"
        "heavy = {'alembic', 'pandas', 'numpy', 'pyarrow', 'requests', 'jinja2', 'openpyxl'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--school", "none"), '--school "none" fits no school'),
        (("list", "--rule", "none"), "district-address-in-use"),
        (("show", KEY, "--format", "csv"), "'csv'"),
        (("acknowledge", KEY, "--why", "known", "--by", " "), "name the person who decides"),
    ],
)
def test_what_is_not_there_ends_with_2(audit: Audit, arguments: tuple[str], words: str) -> None:
    code, out, err = audit(*arguments)
    assert (code, out) == (2, "")
    assert words in err
