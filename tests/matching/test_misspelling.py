"""One letter wrong in a long rare name: read as that name, never as more than possible."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from auditor.matching.brand import Brand, BrandSchool, brand_of
from auditor.matching.branding import Branding, Matcher, Verdict
from auditor.matching.column_sieve import NameSieve
from auditor.matching.gazetteer import open_gazetteer
from auditor.matching.misspelling import says_school
from auditor.matching.reasons import ReasonKind, reason_in_words
from auditor.matching.segmentation import name_segmenter
from connectors.records import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

MENOMONIE, OCONOMOWOC = "5509090", "5510890"
RARE = ("menomonie", "oconomowoc")


def brand(nces_id: str) -> Brand:
    found = open_gazetteer().district(nces_id)
    assert found is not None
    schools = [BrandSchool(one.name, one.name, one.town) for one in found.schools]
    return brand_of(
        found.name, found.state, found.city, found.county, found.domains,
        schools=schools, nces_id=nces_id,
    )  # fmt: skip


@pytest.fixture(scope="module")
def both() -> Matcher:
    return Matcher([brand(MENOMONIE), brand(OCONOMOWOC)], open_gazetteer())


@pytest.fixture(scope="module")
def alone() -> list[Matcher]:
    return [Matcher([brand(one)], open_gazetteer()) for one in (MENOMONIE, OCONOMOWOC)]


def profile(handle: str | None = None, name: str | None = None) -> Profile:
    return Profile("x", "facebook", "https://www.facebook.com/x", handle, None, name)


def flag(matcher: Matcher, one: Profile) -> Branding | None:
    return next((found for _, found in matcher.flags(one)), None)


@st.composite
def mistakes(draw: st.DrawFn, name: str) -> str:
    """Write a name with one letter left out, put in, changed or swapped, not the first one."""
    place = draw(st.integers(1, len(name) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    rest = name[place + 1 :]
    ways: Sequence[str] = (
        name[:place] + rest,
        name[:place] + letter + name[place:],
        name[:place] + letter + rest,
        name[: place - 1] + name[place] + name[place - 1] + rest if place > 1 else name,
    )
    return draw(st.sampled_from(ways))


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(RARE), st.booleans())
def test_a_mistake_in_a_long_rare_name_is_read(
    both: Matcher, alone: list[Matcher], data: st.DataObject, name: str, fused: bool
) -> None:
    written = data.draw(mistakes(name))
    keys = both.index.namesakes.keys
    is_meant = any(written[a:b] in keys for a in (0, 1) for b in (len(written), len(written) - 1))
    if OSA.distance(written, name) != 1 or name in f"{written}high" or is_meant:
        return
    assert name_segmenter().segment(written, frozenset()).gap
    shown = profile(f"{written}highschool") if fused else profile(None, f"{written} High School")
    found = flag(both, shown)
    assert found is not None, written
    assert found.verdict is Verdict.POSSIBLE
    told = [one for one in found.reasons if one.kind is ReasonKind.MISSPELT]
    assert [one.detail for one in told] == [name]
    assert fused or told[0].matched == written
    assert f'read as a misspelling of "{name}"' in reason_in_words(told[0])
    assert flag(alone[RARE.index(name)], shown) == found
    assert flag(alone[1 - RARE.index(name)], shown) is None


@pytest.mark.parametrize(
    ("handle", "name"),
    [
        ("menomineehighschool", None),  # another town's name
        ("menominie", None),  # nothing says school
        (None, "Menominie Bakery"),
        ("menominichighschul", None),  # two mistakes
        ("nenomoniehighschool", None),  # who mistypes the first letter?
    ],
)
def test_what_is_no_misspelling_is_not_read_as_one(
    both: Matcher, handle: str | None, name: str | None
) -> None:
    assert flag(both, profile(handle, name)) is None


def test_the_right_spelling_wins(both: Matcher) -> None:
    found = flag(both, profile("menomoniehighschool", "Menominie High School"))
    assert found is not None
    assert found.verdict is Verdict.CONFIDENT
    assert ReasonKind.MISSPELT not in {one.kind for one in found.reasons}


@pytest.mark.parametrize("rest", ["schooldistrict", "schoollibrary", "usd"])
def test_a_name_and_a_word_for_a_school_are_no_misspelling_of_a_longer_name(rest: str) -> None:
    """The "greenfieldschoold" of a school district is one letter away from an alias."""
    ours = brand_of("Larkwhistle", "WI", aliases=["Greenfieldschools", "Greenfieldasd"])
    matcher = Matcher([ours], open_gazetteer())
    assert not matcher.index.read(profile(f"greenfield{rest}"), with_faint=True)


@pytest.mark.parametrize("name", ["Greenville", "Georgetown"])
def test_a_name_as_it_is_written_comes_before_one_put_right(name: str) -> None:
    """A letter short of "Greenville ASD", but Greenville as it stands."""
    matcher = Matcher([brand_of(f"{name} Area School District", "WI")], open_gazetteer())
    (found,) = matcher.index.read(profile(f"{name.lower()}sd"))
    assert found.term.key == name.lower()
    assert found.field.field.misspelt is None


def test_a_name_that_many_bear_is_not_guessed() -> None:
    """Washington is long and borne everywhere: a slip says nothing of whose it is."""
    bearer = open_gazetteer().bearers("washington")[0]
    matcher = Matcher([brand(bearer.district)], open_gazetteer())
    assert flag(matcher, profile("washngtonhighschool", "Washngton High School")) is None


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_first_look_keeps_what_may_be_misspelt(both: Matcher, data: st.DataObject) -> None:
    words = st.sampled_from(["High School", "Elementary", "Bakery", "Año", "Å", "schools", "x1"])
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from(RARE).flatmap(mistakes), words, st.booleans()), min_size=1
        )
    )
    texts = [f"{written} {more}" for written, more, _ in rows]
    shown = [
        profile(text.replace(" ", "")) if as_handle else profile(None, text)
        for text, (*_, as_handle) in zip(texts, rows, strict=True)
    ]
    sieve = NameSieve(both.index)
    columns = {
        "handle": pa.array([one.handle for one in shown], pa.string()),
        "display_name": pa.array([one.display_name for one in shown], pa.string()),
    }
    kept = zip(sieve.select(columns), sieve.select_profiles(shown), shown, strict=True)
    for in_columns, in_profiles, one in kept:
        assert (in_columns and in_profiles) or not both.flags(one)


def test_a_piece_without_a_word_for_a_school_is_left_out(both: Matcher) -> None:
    shown = [profile("menobakery"), profile(None, "Meno Bakery"), profile("oconobakery")]
    assert not NameSieve(both.index).select_profiles(shown).any()
    assert says_school("menominiehighschool")
    assert not says_school("menominiebakery")
