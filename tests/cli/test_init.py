from __future__ import annotations

import stat
import tomllib
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.cli.init import comment, init, quote, settings_text, zone_of
from auditor.errors import SettingsError
from auditor.matching.gazetteer import District, ListedSchool
from auditor.matching.vocabulary import STATES, Tag
from auditor.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def call(*arguments: str) -> Result:
    return CliRunner().invoke(init, arguments)


def district(name: str = "Elmvale", school: str = "Elmvale High", domain: str = "") -> District:
    domains = (domain,) if domain else ()
    schools = (ListedSchool(school, "Elmvale"),)
    return District("9900001", name, "WI", "Elmvale", "Birch", domains, schools, "", Tag(0))


def test_the_file_is_valid_settings_for_the_district(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "audit.toml"
    result = call("--nces", "5500300", "-o", str(path))
    assert result.exit_code == 0
    read = load_settings(path)
    assert read.district.name == "Amery School District"
    assert read.district.nces_id == "5500300"
    assert read.district.policy == "Board policy on staff use of social media"
    assert read.district.responsible == "Technology Coordinator"
    assert [source.connector for source in read.source_list] == ["oneroster", "profile_file"]
    assert "#   Amery High (Amery)" in path.read_text(encoding="utf-8")
    assert read.schools == ()


def test_next_steps_go_to_stderr_and_nothing_to_stdout(tmp_path: Path) -> None:
    result = call("--find", "Amery, WI", "-o", str(tmp_path / "audit.toml"))
    assert result.stdout == ""
    assert "audit run" in result.stderr


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    call("--nces", "5500300", "-o", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_existing_file_is_written_over_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text("mine", encoding="utf-8")
    path.chmod(0o644)
    refused = call("--nces", "5500300", "-o", str(path))
    assert isinstance(refused.exception, SettingsError)
    assert "--force" in str(refused.exception)
    assert path.read_text(encoding="utf-8") == "mine"
    assert call("--nces", "5500300", "-o", str(path), "--force").exit_code == 0
    assert "Amery" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["audit.toml"]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = call("--nces", "5500300", "-o", str(tmp_path / "file" / "audit.toml"))
    assert isinstance(result.exception, SettingsError)


def test_several_fits_are_listed_and_none_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    result = call("--find", "Lincoln", "-o", str(path))
    assert isinstance(result.exception, SettingsError)
    assert result.exception.exit_code == 2
    assert "0508940" in result.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nces", "1"], "7 digits"),
        (["--find", "Qqzzqqzz"], "No district fits"),
        ([], "--nces"),
        (["--nces", "5500300", "--find", "Amery"], "either"),
    ],
)
def test_an_unclear_request_says_what_to_do(arguments: list[str], words: str) -> None:
    result = call(*arguments)
    assert isinstance(result.exception, SettingsError)
    assert words in str(result.exception)


def test_a_misspelt_town_suggests_the_right_one() -> None:
    result = call("--find", "Amrey, WI")
    assert isinstance(result.exception, SettingsError)
    assert "5500300" in result.stderr


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=150)
def test_any_name_survives_toml(name: str) -> None:
    assert tomllib.loads(f"name = {quote(name)}")["name"] == name


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=100)
def test_a_hostile_name_cannot_add_settings(name: str) -> None:
    data = tomllib.loads(settings_text(district(name=name, school=name)))
    assert data["district"]["name"] == name
    assert set(data) == {"district", "store", "sources", "rules", "reports"}


def test_comments_are_one_line() -> None:
    assert comment("a\nb\r[x]\x00\u2028c") == "a b [x] c"


def test_a_district_without_a_domain_must_name_one() -> None:
    text = settings_text(district())
    assert "email_domains" not in tomllib.loads(text)["district"]
    assert '# email_domains = ["district.example"]' in text
    assert tomllib.loads(settings_text(district(domain="x y/z")))["district"]["websites"] == []


def test_every_state_has_a_zone() -> None:
    import zoneinfo

    known = zoneinfo.available_timezones()
    assert {zone_of(code.upper()) for code in STATES} <= known
    assert zone_of("") == "America/Chicago"
