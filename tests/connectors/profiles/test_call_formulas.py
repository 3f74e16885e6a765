"""The calls of a night are those that docs/platforms.md says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest

from connectors import CONNECTORS, connector_type
from connectors.records import KnownAccount
from connectors.source import Questions
from tests.builders import DOMAIN
from tests.connectors.account_questions import CONTROL, known
from tests.connectors.profiles.good_nights import GOOD_NIGHTS, GoodNight

PAGE = (Path(__file__).parents[3] / "docs" / "platforms.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.partition("## Calls of a night")[2], re.M)
FORMULAS = dict(ROWS)
LOOKING = {"discourse", "github", "gitlab"}
UPPER = {
    "bluesky", "flickr", "github", "gitlab", "mastodon", "oembed", "twitter", "wordpress",
    "youtube",
}  # fmt: skip
"""Where what is there, or a blog of another make, may cost a call more than in these nights."""
IN_URL = {
    "mastodon": "https://social.example/@{}",
    "discourse": "https://social.example/u/{}",
    "linkedin": "https://www.linkedin.com/company/{}",
    "reddit": "https://www.reddit.com/user/{}",
    "tiktok": "https://www.tiktok.com/@{}",
}


def reckon(formula: str, **numbers: int) -> int:
    """Return what a formula of the page gives."""
    text = re.sub(r"(\w) / (\d+)", r"ceil(\1 / \2)", formula)
    text = re.sub(r"(?<=[\w)]) (?=[A-Z(c])", " * ", text)
    assert re.fullmatch(r"[A-Z\d+*/() ceil]+", text), text
    found: int = eval(text, {"ceil": ceil}, dict(numbers))
    return found


def nobody(platform: str, number: int) -> KnownAccount:
    """Build a known account that the platform does not have."""
    if platform == "youtube":
        return known(platform, None, f"UC{number:022d}")
    if platform == "stack_exchange":
        return known(platform, None, str(1000 + number))
    name = f"nobody{number}"
    handle = f"{name}@social.example" if platform in {"discourse", "mastodon"} else name
    url = IN_URL.get(platform)
    return known(platform, handle, None, url.format(name) if url else None)


@pytest.fixture(params=list(FORMULAS))
def night(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoodNight]:
    good = GOOD_NIGHTS[request.param](monkeypatch)
    with good.server:
        yield good


@pytest.mark.parametrize(("k", "h", "s", "a"), [(7, 5, 3, 4), (60, 60, 1, 0)])
def test_a_night_costs_as_many_calls_as_the_page_says(
    night: GoodNight, k: int, h: int, s: int, a: int
) -> None:
    (platform,) = night.questions.handles
    questions = Questions(
        accounts=tuple(nobody(platform, number) for number in range(k)),
        handles={platform: tuple(f"likely{number}" for number in range(h))},
        names=tuple(f"Nobody {number} School" for number in range(s)),
        addresses=tuple(f"person{number}@{DOMAIN}" for number in range(a)),
        control=CONTROL,
    )
    options = night.options | ({"lookups_a_night": 60} if night.name in LOOKING else {})
    harvest = replace(night, questions=questions, options=options).source().fetch()
    most = reckon(FORMULAS[night.name], K=k, H=h, S=s, R=0, A=a, D=1, V=1, P=1)
    sent = len(night.server.asked)
    assert sent <= most if night.name in UPPER else sent == most
    assert harvest.calls == sent


def test_accounts_that_a_search_finds_cost_what_the_page_says(night: GoodNight) -> None:
    night.questions = replace(night.questions, accounts=(), addresses=())
    harvest = night.source().fetch()
    found = len(harvest.profiles)
    most = reckon(FORMULAS[night.name], K=0, H=0, S=1, R=found, A=0, D=1, V=1, P=1)
    assert harvest.calls == len(night.server.asked) <= most


def test_every_source_that_is_asked_has_a_formula_and_a_good_night() -> None:
    """A connector that asks a platform fails here until both know it."""
    asked = {name for name in CONNECTORS if hasattr(connector_type("tested", name), "terms")}
    profiles = {name for name, place in CONNECTORS.items() if ".profiles." in place}
    assert asked == profiles - {"profile_file"}
    assert set(FORMULAS) == asked
    assert set(GOOD_NIGHTS) == asked | {"have_i_been_pwned"}
