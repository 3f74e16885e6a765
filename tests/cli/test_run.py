"""``audit run`` as a user runs it: streams, exit codes, formats, the lock, and being killed."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli import invoke
from tests.districts import make_district

AUDIT = [sys.executable, "-m", "auditor"]


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*AUDIT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(env or {})},
    )


def test_closing_lines_say_what_changed_and_where_the_report_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_district(tmp_path)
    assert invoke(["run", "-c", str(config)]) == 0
    out = capsys.readouterr().out
    assert "Marrowick Area School District: 2 new, 2 open, 0 changed, 0 gone" in out
    assert "Complete for 2 of 2 sources" in out
    assert f"Report: {tmp_path / 'reports' / 'index.html'}" in out


def test_json_is_one_document_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = make_district(tmp_path)
    assert invoke(["run", "-c", str(config), "--format", "json"]) == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert captured.err == ""
    assert document["schema_version"] == 1
    assert set(document) == {"schema_version", "run", "sources", "findings", "exit"}
    assert [one["state"] for one in document["sources"]] == ["complete", "complete"]
    finding = next(one for one in document["findings"] if one["grade"] == "A")
    assert set(finding) >= {
        "key", "rule", "state", "change", "grade", "school", "subject", "platform", "url",
        "summary", "evidence",
    }  # fmt: skip
    assert finding["school"] == ["MHS"]
    assert finding["evidence"][0]["theirs"] == "ida.marsh@marrowick.example"


def test_csv_has_a_row_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["run", "-c", str(make_district(tmp_path)), "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["change"] for row in rows] == ["opened", "opened"]


@pytest.mark.parametrize(
    ("fail_on", "code"), [("A", 1), ("confident", 1), ("C", 1), ("D", 1), ("possible", 1)]
)
def test_fail_on_ends_with_1_for_findings_as_strong(
    tmp_path: Path, fail_on: str, code: int
) -> None:
    assert invoke(["run", "-c", str(make_district(tmp_path)), "-q", "--fail-on", fail_on]) == code


def test_fail_on_without_findings_ends_with_0(tmp_path: Path) -> None:
    config = make_district(tmp_path, found="url\nhttps://www.flickr.com/photos/nobody\n")
    assert invoke(["run", "-c", str(config), "-q", "--fail-on", "D"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "-c", "none.toml"], "audit init"),
        (["run", "--school"], "--school"),
        (["run", "--format", "xml"], "'xml'"),
        (["rnu"], "Did you mean 'run'?"),
        (["run", "--scool", "x"], "--school"),
    ],
)
def test_usage_errors_end_with_2_in_words(
    tmp_path: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_an_unknown_school_suggests_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_district(tmp_path)
    assert invoke(["run", "-c", str(config), "--school", "Marrowick"]) == 2
    assert "Marrowick High School, Marrowick Middle School" in capsys.readouterr().err


def test_an_incomplete_night_ends_with_3_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_district(tmp_path)
    (tmp_path / "found.csv").unlink()
    assert invoke(["run", "-c", str(config)]) == 3
    out = capsys.readouterr().out
    assert "Complete for 1 of 2 sources" in out
    assert "  found: " in out
    assert "rule unregistered-branded-account sat out" in out


def test_reports_that_cannot_be_written_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_district(tmp_path)
    (tmp_path / "reports").write_text("a file is in the way")
    assert invoke(["run", "-c", str(config)]) == 3
    err = capsys.readouterr().err
    assert err.startswith(f"Error: {tmp_path / 'reports' / 'index.html'} cannot be ")
    assert "then run again." in err
    assert len(err.strip().splitlines()) == 1
    (tmp_path / "reports").unlink()
    assert invoke(["run", "-c", str(config), "-q"]) == 0
    assert (tmp_path / "reports" / "index.html").exists()


@pytest.mark.parametrize("place", ["connectors.profiles.file.ProfileFile.fetch", "rule"])
def test_what_breaks_inside_a_night_shows_its_traceback_with_debug_only(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    place: str,
) -> None:
    def burst(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    where = "auditor.matching.addresses.AddressFinder.find_in" if place == "rule" else place
    monkeypatch.setattr(where, burst)
    config = make_district(tmp_path)
    assert invoke(["run", "-c", str(config)]) == 3
    assert "an unexpected ZeroDivisionError" in capsys.readouterr().out
    assert "secret detail" not in caplog.text
    assert invoke(["--debug", "run", "-c", str(config)]) == 3
    assert "secret detail" in caplog.text


def test_a_rule_switched_off_did_not_sit_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_district(tmp_path, more="[rules.retired-platform-link]\nenabled = false\n")
    assert invoke(["run", "-c", str(config)]) == 0
    assert "rule retired-platform-link switched off" in capsys.readouterr().out


def test_an_unexpected_error_is_a_sentence_unless_debug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def burst(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("auditor.nightly.run_night", burst)
    config = make_district(tmp_path)
    assert invoke(["run", "-c", str(config)]) == 3
    err = capsys.readouterr().err
    assert "ZeroDivisionError; run again with --debug" in err
    assert "secret detail" not in err
    with pytest.raises(ZeroDivisionError):
        invoke(["--debug", "run", "-c", str(config)])


def test_interrupting_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("auditor.nightly.run_night", interrupt)
    assert invoke(["run", "-c", str(make_district(tmp_path))]) == 130
    assert "nothing was lost" in capsys.readouterr().err


def test_no_progress_and_no_colour_where_there_is_no_terminal(tmp_path: Path) -> None:
    done = run("run", "-c", str(make_district(tmp_path)), env={"NO_COLOR": "1"})
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


HOLD = """
import sys
from auditor.store import open_store
store = open_store(sys.argv[1])
with store.lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_at_once_ends_with_75_and_names_the_first(tmp_path: Path) -> None:
    config = make_district(tmp_path)
    url = f"sqlite:///{tmp_path / 'audit.sqlite'}"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        second = run("run", "-c", str(config))
        assert second.returncode == 75
        assert str(holder.pid) in second.stderr
        holder.stdin.close()
        assert holder.wait(30) == 0
    assert run("run", "-c", str(config)).returncode == 0


STOP_IN = """
import os, signal, sys
from pathlib import Path
import auditor.nightly, auditor.publishing
from auditor.settings import load_settings
from auditor.store.store import Store
def stop(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
place = sys.argv[2]
if place == "judging":
    auditor.nightly._judge = stop
elif place == "writing":
    from auditor.store import finding_rows
    real = finding_rows.write_transitions
    def half(*arguments, **options):
        real(*arguments, **options)
        stop()
    finding_rows.write_transitions = half
else:
    auditor.nightly.publish = stop
auditor.nightly.run_night(load_settings(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("place", ["judging", "writing", "publishing"])
def test_a_killed_run_leaves_the_store_before_or_after_and_the_next_catches_up(
    tmp_path: Path, place: str
) -> None:
    config = make_district(tmp_path)
    killed = subprocess.run(
        [sys.executable, "-c", STOP_IN, str(config), place], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    listed = run("findings", "list", "-c", str(config), "--format", "json")
    assert listed.returncode == 0
    assert len(json.loads(listed.stdout)["rows"]) == (2 if place == "publishing" else 0)
    after = run("run", "-c", str(config), "--format", "json")
    assert after.returncode == 0
    wanted = "seen_again" if place == "publishing" else "opened"
    assert {one["change"] for one in json.loads(after.stdout)["findings"]} == {wanted}
    assert (tmp_path / "reports" / "index.html").exists()


def test_school_leaves_other_schools_findings_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(make_district(tmp_path))
    assert invoke(["run", "-c", config, "--format", "json"]) == 0
    everything = json.loads(capsys.readouterr().out)["findings"]
    school = "Marrowick Middle School"
    assert invoke(["run", "-c", config, "--school", school, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert everything
    assert document["findings"] == []
    assert invoke(["run", "-c", config, "--school", school, "--fail-on", "D"]) == 0
    assert ": 0 new, 0 open, 0 changed, 0 gone" in capsys.readouterr().out


def test_a_question_ends_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = make_district(tmp_path)
    config.write_text(config.read_text().replace('"profile_file"', '"profil_file"'))
    assert invoke(["run", "-c", str(config)]) == 2
    assert capsys.readouterr().err.endswith('Did you mean "profile_file"?\n')
