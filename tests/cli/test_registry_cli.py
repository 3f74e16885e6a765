"""``audit registry`` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.cli import invoke
from tests.districts import make_district

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "https://www.facebook.com/MapleFalls"
ADD = ["add", URL, "--owner", "Ida@maplefalls.example", "--purpose", "News"]
Audit = "Callable[..., tuple[int, str, str]]"


@pytest.fixture
def audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    config = tmp_path / "audit.toml"
    config.write_text('[district]\nname = "Maple Falls"\nemail_domains = ["maplefalls.example"]\n')
    monkeypatch.setenv("AUDIT_CONFIG", str(config))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(["registry", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def rows(audit: Audit, *arguments: str) -> list[dict[str, object]]:
    code, out, _ = audit("list", "--format", "json", *arguments)
    assert code == 0
    document = json.loads(out)
    assert document["schema_version"] == 1
    return document["rows"]


def test_an_account_is_asked_for_approved_and_revoked(audit: Audit) -> None:
    code, out, err = audit(*ADD, "--school", "MFH", "--school", "MFE", "--by", "ida")
    assert (code, out) == (0, "")
    assert "approve it with" in err
    (row,) = rows(audit, "--state", "requested")
    assert (row["owner"], row["schools"]) == ("ida@maplefalls.example", ["MFH", "MFE"])
    assert row["requested_by"] == "ida"
    code, _, err = audit(
        "approve", "facebook.com/maplefalls", "--why", "fine", "--by", "boss",
        "--review-on", "2099-01-01",
    )  # fmt: skip
    assert code == 0
    assert "by boss, review on 2099-01-01" in err
    assert audit("revoke", URL, "--why", "closed")[0] == 0
    (row,) = rows(audit)
    assert row["state"] == "revoked"
    assert rows(audit, "--state", "approved") == []


def test_an_account_may_be_named_by_platform_and_handle(audit: Audit) -> None:
    named = ["--platform", "x", "--handle", "@MapleFalls", "--no-district-address"]
    assert audit("add", *named, *ADD[2:])[0] == 0
    (row,) = rows(audit)
    assert (row["platform"], row["handle"]) == ("twitter", "MapleFalls")
    assert row["may_use_district_address"] == "no"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "https://www.facebook.com/sharer.php", *ADD[2:]], "names no account"),
        (["add", *ADD[2:]], "by its URL, or by --platform"),
        ([*ADD[:2], "--owner", "x", "--purpose", "y"], "not an e-mail address"),
        (["approve", URL, "--why", "x"], "not in the registry"),
        (["revoke", URL, "--why", "x"], "not in the registry"),
        (["add", URL, "--purpose", "News"], "--owner"),
        (["approve", URL], "--why"),
        (["import", "nowhere.csv"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    audit: Audit, arguments: list[str], message: str
) -> None:
    code, out, err = audit(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert rows(audit) == []


def test_the_table_is_for_people(audit: Audit) -> None:
    audit(*ADD)
    _, out, _ = audit("list")
    assert "ida@maplefalls.example" in out
    assert "requested" in out


@pytest.mark.parametrize("purpose", ["@News, = and more", "'26 seniors", "'=x", "\u22121", "''a"])
def test_import_and_export_go_round(audit: Audit, tmp_path: Path, purpose: str) -> None:
    audit(*ADD, "--school", "MFH", "--by", "ida")
    audit("approve", URL, "--why", "fine", "--by", "boss")
    audit("add", "https://vimeo.com/maplefalls", *ADD[2:5], purpose)
    code, exported, _ = audit("export")
    assert code == 0
    path = tmp_path / "registry.csv"
    path.write_text(exported)
    before = rows(audit)
    _, _, err = audit("import", str(path))
    assert "0 imported, 0 changed, 2 as they were" in err
    (tmp_path / "audit.sqlite").unlink()
    code, out, err = audit("import", str(path), "-n")
    assert (code, out) == (0, "")
    assert "2 would be imported" in err
    assert rows(audit) == []
    assert audit("import", str(path))[0] == 0
    assert rows(audit) == before
    _, out, _ = audit("export", "--format", "json")
    assert json.loads(out)["rows"] == before


def test_an_import_is_approved_or_refused_whole(audit: Audit, tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    good = f"Web address,Owner,Purpose\n{URL},ida@maplefalls.example,News\n"
    path.write_text(good + "https://vimeo.com/maplefalls,nobody,News\n")
    code, _, err = audit("import", str(path), "--approve", "--by", "boss")
    assert code == 2
    assert "registry.csv, line 3" in err
    assert rows(audit) == []
    path.write_text(good)
    assert audit("import", str(path), "--approve", "--by", "boss")[0] == 0
    (row,) = rows(audit)
    assert (row["state"], row["approved_by"]) == ("approved", "boss")


def test_a_purpose_keeps_no_escape_sequence_and_no_line_break(audit: Audit) -> None:
    assert audit("add", URL, "--owner", "a@maplefalls.example", "--purpose", "a\x1b[31m\nb")[0] == 0
    _, out, _ = audit("export")
    assert "\x1b" not in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize("school", ["mhs", "Marrowick High School"])
def test_a_school_is_written_by_its_own_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], school: str
) -> None:
    config = make_district(tmp_path)
    assert invoke(["registry", *ADD, "-c", str(config), "--school", school]) == 0
    capsys.readouterr()
    assert invoke(["registry", "list", "-c", str(config), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["schools"] == ["MHS"]
