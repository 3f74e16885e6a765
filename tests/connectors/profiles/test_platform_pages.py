"""The page on platforms names every setting, the rules and the settings' defaults."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from connectors import CONNECTORS, check_options, connector_type
from connectors.platforms import platforms
from connectors.source import Capability, Setting, Source, Terms

PAGE = (Path(__file__).parents[3] / "docs" / "platforms.md").read_text(encoding="utf-8")
ASKED = [name for name in CONNECTORS if hasattr(connector_type("tested", name), "terms")]
SOURCES = ("gravatar", "github", "gitlab", "bluesky", "mastodon")


def section(connector: str) -> str:
    return next(part for part in PAGE.split("\n## ") if f'connector = "{connector}"' in part)


def shown(kind: type[Source], setting: Setting) -> str:
    """Return a setting as the table shows it."""
    text, most = f"`{setting.name}`", getattr(kind, "most_allowed", {}).get(setting.name)
    if setting.required:
        text += " needed"
    elif isinstance(setting.default, list):
        text += f" = {', '.join(setting.default)}"
    elif setting.default is not None:
        text += f" = {json.dumps(setting.default)}"
    return text if most is None else f"{text} (at most {most:,})"


def terms_of(connector: str) -> Terms:
    terms: Terms = connector_type("tested", connector).terms  # type: ignore[attr-defined]
    return terms


@pytest.mark.parametrize("connector", SOURCES)
def test_every_setting_and_the_rules_stand_on_the_page(connector: str) -> None:
    text = section(connector)
    for setting in connector_type("tested", connector).settings:
        assert re.search(rf"^#? ?{setting.name} = ", text, re.MULTILINE), setting.name
    assert terms_of(connector).rules in text
    assert "**Never:**" in text
    assert "**Limits:**" in text


@pytest.mark.parametrize("connector", SOURCES)
def test_the_block_on_the_page_works_and_shows_the_defaults(connector: str) -> None:
    block = section(connector).split("```")[1].removeprefix("toml")
    shown = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", block, flags=re.MULTILINE))
    options = shown["sources"][connector]
    assert options.pop("connector") == connector
    kind = connector_type("tested", connector)
    given = {name: "secret" if isinstance(one, dict) else one for name, one in options.items()}
    assert check_options("tested", kind, given) == given
    for setting in kind.settings:
        assert setting.default is None or options[setting.name] == setting.default


@pytest.mark.parametrize("connector", SOURCES)
def test_terms_say_why_a_way_of_asking_is_missing(connector: str) -> None:
    kind, terms = connector_type("tested", connector), terms_of(connector)
    ways = {
        Capability.PROFILES_BY_ADDRESS,
        Capability.PROFILES_BY_BRAND,
        Capability.PROFILES_BY_ACCOUNT,
    }
    assert set(terms.missing) == ways - kind.capabilities
    assert terms.reviewed_on >= date(2026, 11, 22)
    assert terms.platforms
    sentences = [terms.limits, terms.never, *terms.missing.values()]
    assert all(sentence.endswith(".") for sentence in sentences)
    assert terms.documentation.startswith("https://")
    assert terms.rules.startswith("https://")


def test_the_table_has_every_source_that_is_asked_with_its_settings_and_limits() -> None:
    part = PAGE.partition("\n## Settings and limits\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", part, re.MULTILINE)
    expected = []
    for name in ASKED:
        kind = connector_type("tested", name)
        settings = "; ".join(shown(kind, one) for one in kind.settings) or "none"
        expected.append((name, settings, terms_of(name).limits))
    assert rows == expected


@pytest.mark.parametrize("connector", ASKED)
def test_the_rules_of_every_source_stand_on_the_page(connector: str) -> None:
    assert terms_of(connector).rules in re.split(r"[\s;]+", PAGE)


def test_platforms_that_nobody_asks_are_named_as_such_and_no_others() -> None:
    part = PAGE.partition("\n## Where nothing lawful can be asked\n")[2].partition("\n## ")[0]
    asked = {key for name in ASKED for key in terms_of(name).platforms}
    for key, platform in platforms().items():
        assert (platform.title in part) is (key not in asked), key
