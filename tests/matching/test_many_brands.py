"""Judging many brands at once decides as judging by one, term by term, does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.matching import namesakes
from auditor.matching.brand import Brand, BrandSchool, brand_of
from auditor.matching.branding import Matcher, Verdict
from auditor.matching.evidence import FEATURES
from auditor.matching.fields import Field
from auditor.matching.forest import Forest
from auditor.matching.gazetteer import open_gazetteer
from auditor.matching.namesakes import Namesakes
from auditor.matching.profile_reading import LONGEST_NAME, SHORTEST_NAME, FieldReading
from auditor.matching.scorecard import ScoreCard, Tree, open_scorecard
from auditor.matching.text import read_words
from auditor.matching.tree_paths import TreePaths
from connectors.records import Profile

HANDLES = (
    "lincolnhighschool", "lincoln_elementary", "LincolnHS", "ahs", "amery", "centralhigh",
    "washingtonms", "lincolnpto", "LHSWarriors", "springfieldschools", "lincolnpolice", "sunrise",
)  # fmt: skip
LOCATIONS = ("", "Amery, WI", "Lincoln, NE", "Springfield", "Texas")


def brand(nces_id: str) -> Brand:
    found = open_gazetteer().district(nces_id)
    assert found is not None
    schools = [BrandSchool(one.name, one.name, one.town) for one in found.schools]
    return brand_of(
        found.name, found.state, found.city, found.county, found.domains,
        mascots=["Warriors"], schools=schools, nces_id=nces_id,
    )  # fmt: skip


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    gazetteer = open_gazetteer()
    bearers = [*gazetteer.bearers("lincoln")[:60], *gazetteer.bearers("amery")]
    bearers += gazetteer.bearers("springfield")[:20]
    return Matcher([brand(i) for i in sorted({one.district for one in bearers})], gazetteer)


def profiles() -> list[Profile]:
    return [
        Profile("x", "facebook", f"https://www.facebook.com/{handle}", handle, location=location)
        for handle in HANDLES
        for location in LOCATIONS
    ]


def test_many_at_once_are_judged_as_each_alone(matcher: Matcher) -> None:
    asked = profiles()
    flags = 0
    for profile, found in matcher.flags_of(asked):
        alone = [one for one in matcher.judge(profile) if one[1].verdict is not Verdict.NONE]
        assert found == alone == matcher.flags(profile)
        flags += len(found)
    assert flags > len(asked)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_trees_asked_together_add_up_to_the_last_bit(values: list[float]) -> None:
    card = open_scorecard()
    none = dict.fromkeys(card.set_by_hand, 0.0)
    rows = [tuple(values), (0.0,) * len(FEATURES), tuple(float(round(one)) for one in values)]
    begun, alone = [card.begin(none)] * len(rows), [card.log_odds(row, none) for row in rows]
    paths = TreePaths(card, len(FEATURES))
    assert Forest(card, len(FEATURES)).log_odds(rows, begun).tolist() == alone
    assert paths.log_odds(rows, begun).tolist() == alone
    terms = paths.terms(rows, len(rows))
    roots = sum(tree.value[0] for tree in card.trees)
    assert (terms.sum(axis=1) + begun[0] + roots).tolist() == pytest.approx(alone)
    assert terms[1].tolist() == paths.terms(rows[1:2], 1)[0].tolist()


def test_a_value_at_a_limit_goes_the_same_way() -> None:
    tree = Tree((0, -1, 1, -1, -1), (1.5, 0, 2.0, 0, 0), (1, 0, 3, 0, 0), (2, 0, 4, 0, 0),
                (0.0, 0.25, 0.0, 0.5, 0.125))  # fmt: skip
    card = ScoreCard(0.0, (tree,), {}, 0.8, 0.1)
    rows = [(x, y) for x in (1.0, 1.5, 1.5000001) for y in (1.0, 2.0, 2.1)]
    alone = [card.log_odds(row, {}) for row in rows]
    assert Forest(card, 2).log_odds(rows, [0.0] * len(rows)).tolist() == alone
    paths = TreePaths(card, 2)
    assert paths.log_odds(rows, [0.0] * len(rows)).tolist() == alone
    assert paths.terms([(1.0, 1.0), (1.6, 2.1)], 2).tolist() == [[0.25, 0.0], [0.0, 0.125]]


def test_a_tree_with_too_many_leaves_is_refused() -> None:
    leaves = 65
    feature = (0,) * (leaves - 1) + (-1,) * leaves
    low = tuple(range(leaves - 1, 2 * leaves - 2)) + (0,) * leaves
    high = (*range(1, leaves - 1), 2 * leaves - 2) + (0,) * leaves
    tree = Tree(feature, tuple(map(float, range(len(feature)))), low, high, (0.0,) * len(feature))
    with pytest.raises(ValueError, match="65 leaves"):
        Forest(ScoreCard(0.0, (tree,), {}, 0.8, 0.1), 1)


@given(st.lists(st.sampled_from((*HANDLES, "lincoln", "mt", "ps", "st", " ", "7"))))
@settings(max_examples=50, deadline=None)
def test_the_names_borne_in_a_text_are_all_its_pieces_that_are_names(
    matcher: Matcher, parts: list[str]
) -> None:
    crowds = matcher.index.namesakes
    text = "".join(parts)
    field = FieldReading(Field("display name", text, read_words(text)), crowds)
    size = len(field.text)
    plainly = [
        (field.text[begin:end], begin, end)
        for begin in range(size)
        for end in range(begin + SHORTEST_NAME, min(size, begin + LONGEST_NAME) + 1)
        if field.text[begin:end] in crowds.keys and field.is_apart(begin, end)
    ]
    assert list(field.spans) == plainly


def test_only_so_many_crowds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep over millions of profiles meets every name of the country."""
    monkeypatch.setattr(namesakes, "MOST_CROWDS", 3)
    crowds = Namesakes(open_gazetteer())
    before = crowds.crowd("lincoln")
    for key in ("washington", "jefferson", "madison", "no such name"):
        crowds.crowd(key)
        assert len(crowds._crowds) <= 3
    assert crowds.crowd("lincoln") == before
    assert crowds.crowd("lincoln").size > 100
