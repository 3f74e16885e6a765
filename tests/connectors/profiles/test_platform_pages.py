"""The page on platforms names every setting, the rules and the settings' defaults."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from connectors import check_options, connector_type
from connectors.source import Capability, Terms

PAGE = (Path(__file__).parents[3] / "docs" / "platforms.md").read_text(encoding="utf-8")
SOURCES = ("gravatar", "github", "gitlab", "bluesky", "mastodon")


def section(connector: str) -> str:
    return next(part for part in PAGE.split("\n## ") if f'connector = "{connector}"' in part)


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
