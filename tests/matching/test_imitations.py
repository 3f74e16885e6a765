from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.matching.brand import BrandSchool, brand_of
from auditor.matching.branding import judge_all
from auditor.matching.gazetteer import open_gazetteer
from auditor.matching.imitations import Difference, differences, find_imitations
from auditor.matching.impersonation import OwnName, OwnNames
from auditor.matching.skeletons import Field
from connectors.records import AccountKey, Profile

if TYPE_CHECKING:
    from auditor.matching.imitations import Imitation

OWN = AccountKey("facebook", "own")
BRAND = brand_of(
    name="Marrowick Area School District",
    state="WI",
    city="Marrowick",
    domains=("marrowick.example",),
    schools=(BrandSchool("LES", "Lincoln Elementary School", "Marrowick"),),
)
AMERY = "5500300"


def imitations(
    profile: Profile, *own: str, field: Field = Field.DISPLAY_NAME, nces_id: str | None = None
) -> list[Imitation]:
    brand, gazetteer = BRAND, open_gazetteer()
    if nces_id:
        district = gazetteer.district(nces_id)
        assert district is not None
        brand = brand_of(name=district.name, state=district.state, nces_id=nces_id)
    names = OwnNames(OwnName(OWN, field, one) for one in own)
    judged = {one.key: branding for one, branding in judge_all([profile], brand, gazetteer)}
    return list(find_imitations([profile], names, judged, brand, gazetteer))


def shown(name: str, location: str | None = None, handle: str | None = None) -> Profile:
    return Profile(
        "list", "twitter", "https://social.example/x", handle, "1", name, location=location
    )


def test_a_name_others_bear_needs_our_town() -> None:
    name = "Lincoln Elementary School"
    (found,) = imitations(shown(f"{name} official", "Marrowick, WI"), name)
    assert found.is_sure
    (found,) = imitations(shown("Lincoln official", "Marrowick, WI"), "Lincoln")
    assert not found.is_sure
    assert imitations(shown(f"{name} official", "Dubuque, Iowa"), name) == []
    assert imitations(shown(f"{name} official"), name) == []


def test_the_same_name_is_another_district_s_right() -> None:
    name = "Lincoln Elementary School"
    for place in (None, "Dubuque, Iowa", "Marrowick, WI"):
        assert imitations(shown(name, place), name) == []


def test_what_only_this_district_bears_needs_no_town() -> None:
    (found,) = imitations(shown("Amery High School official"), "Amery High School", nces_id=AMERY)
    assert found.resemblance.text == "Amery High School official"
    assert imitations(shown("Amery High School official"), "Amery High School") == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Clinton High School", "Clifton High School"), ("Allentown High", "Ellentown High")],
)
def test_a_slip_that_is_another_place_s_name_is_none(ours: str, theirs: str) -> None:
    assert imitations(shown(theirs), ours) == []


def test_one_account_is_one_imitation() -> None:
    profile = shown("M\u0430rrowick Schools", handle="marrowickkschools")
    (found,) = imitations(profile, "Marrowick Schools", "MarrowickSchools")
    assert found.resemblance.field is Field.DISPLAY_NAME
    assert found.is_sure


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        (
            "Area",
            "Are\u0430",
            [(4, "U+0061 LATIN SMALL LETTER A", "U+0430 CYRILLIC SMALL LETTER A")],
        ),
        ("Area", "Ar\u200bea", [(3, "nothing", "U+200B ZERO WIDTH SPACE")]),
        ("Area", "AREA", []),
        ("area", "areaofficial", [(5, "nothing", "official")]),
        ("area", "aea", [(2, "U+0072 LATIN SMALL LETTER R", "nothing")]),
        ("area", "a\ud800ea", [(2, "U+0072 LATIN SMALL LETTER R", "U+D800 without a name")]),
    ],
)
def test_differences_are_named_by_code_point(
    ours: str, theirs: str, wanted: list[tuple[int, str, str]]
) -> None:
    assert differences(ours, theirs) == tuple(Difference(*one) for one in wanted)


@settings(max_examples=100)
@given(st.text(max_size=30), st.text(max_size=30))
def test_differences_are_plain_words_and_few(ours: str, theirs: str) -> None:
    found = differences(ours, theirs)
    assert len(found) <= 6
    assert differences(ours, ours) == ()
    for one in found:
        assert one.ours != one.theirs
        assert (one.ours + one.theirs).isascii()
        assert (one.ours + one.theirs).isprintable()
