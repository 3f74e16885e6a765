"""The command line starts fast: heavy packages are imported by the command that needs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli import COMMANDS, SUMMARIES, root
from tests.districts import make_district

HEAVY = {
    "pandas", "numpy", "pyarrow", "googleapiclient", "msal", "requests", "jinja2", "sqlalchemy",
    "alembic", "openpyxl", "rapidfuzz", "msgspec", "css_inline",
}  # fmt: skip
PROBE = """
import json, sys
from auditor.cli import invoke
code = invoke(sys.argv[1:])
names = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps([code, names]), file=sys.stderr)
"""


def modules_after(*arguments: str, folder: Path | None = None) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True, text=True, check=True, cwd=folder, timeout=60,
    )  # fmt: skip
    code, names = json.loads(done.stderr.splitlines()[-1])
    return code, set(names)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["rnu"], ["run", "--help"]])
def test_help_and_errors_import_nothing_heavy(arguments: list[str]) -> None:
    _, names = modules_after(*arguments)
    assert not names & HEAVY


@pytest.mark.parametrize("command", list(COMMANDS))
def test_help_of_every_command_imports_nothing_heavy(command: str) -> None:
    code, names = modules_after(command, "--help")
    assert code == 0
    assert not names & HEAVY


def test_a_missing_settings_file_is_told_without_the_store(tmp_path: Path) -> None:
    code, names = modules_after("run", "-c", "none.toml", folder=tmp_path)
    assert code == 2
    assert not names & (HEAVY - {"msgspec"})


def test_listing_findings_imports_neither_tables_nor_migrations(tmp_path: Path) -> None:
    config = make_district(tmp_path)
    assert modules_after("run", "-q", "-c", str(config))[0] == 0
    code, names = modules_after("findings", "list", "-c", str(config))
    assert code == 0
    assert not names & {"pandas", "pyarrow", "alembic", "jinja2", "requests", "rapidfuzz"}


def test_the_table_of_commands_has_a_summary_each_and_every_command_has_help() -> None:
    assert set(COMMANDS) == set(SUMMARIES)
    for name in COMMANDS:
        command = root.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
