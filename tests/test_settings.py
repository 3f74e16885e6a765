from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.errors import SettingsError
from auditor.settings import Secret, load_settings

DISTRICT = '[district]\nname = "Marrowick"\nemail_domains = ["marrowick.example"]\n'
EXAMPLE = Path(__file__).parent.parent / "config" / "audit.example.toml"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "audit.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_smallest_file_has_every_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, DISTRICT))
    assert settings.domains == ("marrowick.example",)
    assert settings.store.url == f"sqlite:///{tmp_path}/audit.sqlite"
    assert settings.reports_folder == tmp_path / "reports"
    assert settings.rules.district_address_in_use.mode == "forbid"
    assert settings.summary is None


def test_relative_paths_start_from_the_file_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, DISTRICT)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    settings = load_settings(Path("../audit.toml"))
    assert Path(settings.store.url.removeprefix("sqlite:///")).resolve() == (
        tmp_path / "audit.sqlite"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[district]\nname = "M"\nemail_domain = ["m.example"]', 'did you mean "email_domains"'),
        ('[district]\nname = 3\nemail_domains = ["m.example"]', "district.name: expected text"),
        ('[district]\nname = "M"', "needs the setting email_domains"),
        ('[district]\nname = "M"\nemail_domains = []', "district.email_domains"),
        ('[district]\nname = "M"\nemail_domains = ["not a domain"]', "district.email_domains"),
        (DISTRICT + "[rules.district-adress-in-use]\n", '"district-address-in-use"'),
        (DISTRICT + '[rules.district-address-in-use]\nmode = "forbit"', "forbit"),
        (DISTRICT + '[[schools]]\ncode = "A"\nname = "B"\ntwon = "C"', 'did you mean "town"'),
        (DISTRICT + '[[schools]]\ncode = "../x"\nname = "B"', "schools[0].code"),
        (
            DISTRICT + '[[schools]]\ncode = "A"\nname = "B"\n[[schools]]\ncode = "a"\nname = "C"',
            'two schools have the code "a"',
        ),
        (DISTRICT + '[sources.x]\npath = "y"', 'sources.x needs a "connector"'),
        (DISTRICT + '[store]\nurl = "mysql://x"', "store.url"),
        (DISTRICT + '[store]\nurl = "sqlite:///:memory:"', "from night to night"),
        (DISTRICT + "nces_id = 5500300", "district.nces_id: expected text, got a number"),
        (DISTRICT + 'time_zone = "Mars/Base"', "Mars/Base"),
        (DISTRICT + 'time_zone = "../../etc/passwd"', "not a time zone"),
        (
            DISTRICT + '[summary]\nchannel = "smtp"\nto = ["a@m.example"]\nsender = "b@m.example"\n'
            '[summary.smtp]\npassword = "hunter2"',
            "a secret is never written here",
        ),
        (DISTRICT + 'path = "/elsewhere"', 'unknown setting "path"'),
        ("path = 3\n" + DISTRICT, 'unknown setting "path"'),
        ("[district", "is not valid TOML"),
        (b"\xff\xfe[\x00d\x00", "is not UTF-8"),
        ("x = " + "[" * 5000, "is not valid TOML"),
        ("#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_is_wrong_is_one_sentence_naming_it(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        load_settings(write(tmp_path, text))
    assert str(caught.value).endswith((".", "?"))
    assert "\n" not in str(caught.value).strip()
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="audit init"):
        load_settings(tmp_path / "none.toml")


def test_the_example_loads_and_names_every_setting() -> None:
    settings = load_settings(EXAMPLE)
    assert settings.summary is not None
    text = EXAMPLE.read_text(encoding="utf-8")
    for name in every_key(settings):
        assert re.search(rf"^(# )?\s*{re.escape(name)}\s*=", text, re.MULTILINE) or (
            f"{name} = " in text
            or f"[{name}]" in text
            or f".{name}]" in text
            or f"[{name}." in text
        ), name


def every_key(section: object) -> set[str]:
    import msgspec

    names: set[str] = set()
    for one in msgspec.structs.fields(type(section)):  # type: ignore[arg-type]
        if (
            one.encode_name in {"path", "digest", "sources"}
            and type(section).__name__ == "Settings"
        ):
            continue
        value = getattr(section, one.name)
        names.add(one.encode_name)
        if isinstance(value, msgspec.Struct):
            names |= every_key(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            names |= every_key(value[0])
    return names


class TestSecret:
    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("AUDIT_TEST_SECRET", "s3cret")
        assert Secret(env="AUDIT_TEST_SECRET").read(tmp_path) == "s3cret"
        monkeypatch.delenv("AUDIT_TEST_SECRET")
        with pytest.raises(SettingsError, match="AUDIT_TEST_SECRET is empty or not set"):
            Secret(env="AUDIT_TEST_SECRET").read(tmp_path)

    def test_from_a_file_without_its_last_newline(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("s3cret\n")
        assert Secret(file="key").read(tmp_path) == "s3cret"
        with pytest.raises(SettingsError, match="cannot be read"):
            Secret(file="none").read(tmp_path)

    def test_from_a_systemd_credential(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "mail").write_text("s3cret")
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        assert Secret(credential="mail").read(Path("/")) == "s3cret"
        monkeypatch.delenv("CREDENTIALS_DIRECTORY")
        with pytest.raises(SettingsError, match="systemd"):
            Secret(credential="mail").read(Path("/"))

    def test_exactly_one_place(self, tmp_path: Path) -> None:
        for secret in (Secret(), Secret(env="A", file="b")):
            with pytest.raises(SettingsError, match="exactly one"):
                secret.read(tmp_path)


def test_options_of_a_rule_are_found_by_its_id(tmp_path: Path) -> None:
    from auditor.rules import RULES

    settings = load_settings(write(tmp_path, DISTRICT))
    for rule in RULES:
        assert settings.rules.options(rule.id).enabled is True


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('[reports]\nformats = ["pdf"]', "reports.formats[0]: 'pdf' is none of html, csv, json."),
        (
            '[rules.district-address-in-use]\nmode = "allow"',
            "'allow' is none of forbid, forbid_unless_registered, require.",
        ),
        (
            '[summary]\nchannel = "fax"\nto = ["a@b.example"]\nsender = "a@b.example"',
            "summary.channel: 'fax' is none of smtp, folder.",
        ),
    ],
)
def test_a_wrong_choice_names_the_right_ones(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(f'[district]\nname = "A"\nemail_domains = ["a.example"]\n{lines}\n')
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert words in str(caught.value)


@pytest.mark.parametrize("domain", ["a..b.com", "a.-b.com", "b-.com", f"{'a' * 64}.com", ".com"])
def test_a_domain_that_no_rule_could_look_for_is_refused(tmp_path: Path, domain: str) -> None:
    path = tmp_path / "audit.toml"
    path.write_text(f'[district]\nname = "Maple"\nemail_domains = ["{domain}"]\n')
    with pytest.raises(SettingsError, match="email_domains"):
        load_settings(path)
