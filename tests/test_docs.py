"""What the documents list is what the code has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest

from auditor import __version__
from auditor.cli import COMMANDS, root
from auditor.rules import RULES
from auditor.settings import RulesSettings
from connectors import CONNECTORS, connector_type

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "config" / "audit.example.toml").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the cells of the rows of the table under a heading of the README."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def test_every_command_is_in_the_readme_and_only_those() -> None:
    assert [row[0] for row in table("Commands")] == [f"`audit {name}`" for name in COMMANDS]


def test_the_verbs_of_each_group_are_named() -> None:
    for name, text in table("Commands"):
        command = root.get_command(None, name.strip("`").split()[1])  # type: ignore[arg-type]
        if isinstance(command, click.Group):
            for verb in command.commands:
                assert verb in text, (name, verb)


def test_options_named_in_the_readme_exist() -> None:
    for name, text in table("Commands"):
        command = root.get_command(None, name.strip("`").split()[1])  # type: ignore[arg-type]
        assert command is not None
        known = {option for one in command.params for option in one.opts}
        assert set(re.findall(r"--[a-z-]+", text)) <= known, name


def test_every_connector_is_in_the_readme_with_its_capabilities_and_settings() -> None:
    rows = {row[0].strip("`"): row for row in table("Connectors")}
    assert list(rows) == list(CONNECTORS)
    for name, row in rows.items():
        kind = connector_type("tested", name)
        assert set(row[1].split(", ")) == {str(one) for one in kind.capabilities}
        assert re.findall(r"`(\w+)`", row[2]) == [setting.name for setting in kind.settings]


def test_every_connector_has_a_block_in_the_example_with_every_setting() -> None:
    for name in CONNECTORS:
        _, found, rest = EXAMPLE.partition(f'connector = "{name}"')
        assert found, name
        block = rest.partition("[sources.")[0]
        for setting in connector_type("tested", name).settings:
            assert re.search(rf"^(# )?{setting.name} = ", block, re.MULTILINE) or (
                setting.name == "path"
            ), (name, setting.name)


def test_every_rule_is_in_the_readme_with_item_and_needs() -> None:
    rows = table("Rules")
    assert [row[0].strip("`") for row in rows] == [rule.id for rule in RULES]
    for row, rule in zip(rows, RULES, strict=True):
        assert row[1] == rule.item
        either = " or ".join(sorted(rule.needs_one_of))
        needs = ", ".join([*sorted(rule.needs), *filter(None, [either])]) or "the registry alone"
        assert row[3] == needs


def test_every_rule_has_settings_and_a_block_in_the_example() -> None:
    import msgspec

    names = {one.encode_name for one in msgspec.structs.fields(RulesSettings)}
    assert names == {rule.id for rule in RULES}
    for rule in RULES:
        assert f"[rules.{rule.id}]" in EXAMPLE


def test_exit_codes_of_help_and_documents_agree() -> None:
    codes = set(re.findall(r"^\| (\d+) \|", (ROOT / "docs" / "formats.md").read_text(), re.M))
    assert codes == {"0", "1", "2", "3", "4", "75", "130"}
    for code in codes:
        assert re.search(rf"\b{code} ", root.help or ""), code


def test_links_between_documents_lead_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), (path.name, target)


def test_files_named_in_the_contributing_guide_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:auditor|connectors|reports|config|tests|docs)/[\w./]+)`", text):
        if "NAME" not in name:
            assert (ROOT / name).exists(), name


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_closing_lines_in_the_readme_are_those_of_the_demo(tmp_path: Path) -> None:
    from auditor.cli.run import closing_lines
    from auditor.demo import run_demo

    lines = closing_lines(run_demo(tmp_path / "demo").second)
    shown = README.split("```")[3].strip("\n").splitlines()
    assert shown == [line.replace(f"{tmp_path}/", "") for line in lines]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_the_lock_pins_every_direct_dependency_by_hash(lock: str) -> None:
    import configparser

    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    text = (ROOT / "config" / lock).read_text(encoding="utf-8").casefold()
    wanted = parser["options"]["install_requires"].split()
    for requirement in wanted:
        name = re.split(r"[><=\[]", requirement)[0].casefold().replace("_", "-")
        assert re.search(rf"^{re.escape(name)}(\[.*\])?==", text, re.MULTILINE), name
    pins = re.findall(r"^[\w.-]+(?:\[.*\])?==.*\n(.*)", text, re.MULTILINE)
    assert pins
    assert all("--hash=sha256:" in line for line in pins)
    assert "://" not in text


def test_the_project_speaks_of_itself_alone() -> None:
    import subprocess

    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    wrong = re.compile(r"/(?:work|home|root|tmp)/\w|pypi\.org|files\.pythonhosted|registry\.npmjs")
    for name in filter(None, names):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".cfg", ".lock", ".sh", ".html", ".json", ""}:
            if path.name in {"test_docs.py"} or "hostile" in path.parts or not path.is_file():
                continue
            found = wrong.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, (name, found)


def test_the_example_is_valid_toml() -> None:
    assert tomllib.loads(EXAMPLE)["district"]["email_domains"]
