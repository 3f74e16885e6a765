"""Who else a reading's field may mean: counted and weighed as one by one would."""

from __future__ import annotations

import pytest

from auditor.matching.brand import BrandSchool, brand_of
from auditor.matching.evidence import FEATURES, features_of, is_at_most_possible, unseen_of
from auditor.matching.gazetteer import open_gazetteer
from auditor.matching.hypotheses import BrandIndex, Hypothesis
from auditor.matching.likeliest_other import ALIKE, BETTER, MOST_NAMES, others_of
from auditor.matching.namesakes import gap_factor
from connectors.records import Profile

LINCOLN_AR, BARRINGTON_IL, AMERY = "0508940", "1705050", "5500300"
NAMES = ("Lincoln Middle School", "Lincoln", "Springfield Lincoln Elementary", "LincolnHS",
         "Washington Lincoln Schools", "Lincoln Central Academy")  # fmt: skip
LOCATIONS = (None, "Lincoln, AR", "Lincoln, NE", "Arkansas", "Springfield")


def read(
    nces_id: str, name: str, location: str | None = None, website: str | None = None
) -> Hypothesis:
    district = open_gazetteer().district(nces_id)
    assert district is not None
    schools = [BrandSchool(one.name, one.name, one.town) for one in district.schools]
    brand = brand_of(
        district.name, district.state, district.city, domains=["own.example"], schools=schools,
        nces_id=nces_id,
    )  # fmt: skip
    url = "https://social.example/x"
    profile = Profile("x", "facebook", url, display_name=name, location=location, website=website)
    (found,) = BrandIndex([brand], open_gazetteer()).read(profile, with_faint=True)
    return found


def every_other(found: Hypothesis) -> list[float]:
    """Weigh each institution elsewhere alone."""
    weights = []
    for key, beside, _, shown in found.standing.names[:MOST_NAMES]:
        crowd = found.namesakes.crowd(key)
        told = {bearer.place: (gap, factor) for bearer, gap, factor in shown}
        for district, bearers in crowd.by_district.items():
            for bearer in bearers if district != found.own.brand.district_id else ():
                gap, factor = told.get(bearer.place, (beside.gap, 1.0))
                weight = crowd.weigh(bearer, beside, found.states) * factor
                weights.append(weight * gap_factor(gap, len(key)))
    return sorted(weights, reverse=True)


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_others_are_those_weighed_one_by_one(name: str, location: str | None) -> None:
    found = read(LINCOLN_AR, name, location)
    ours = max(found.weight, 1e-7)
    others, plainly = others_of(found, ours), every_other(found)
    assert [one.weight for one in others.best] == pytest.approx(plainly[:2])
    assert others.better == sum(weight >= ours * BETTER for weight in plainly)
    assert others.alike == sum(weight >= ours * ALIKE for weight in plainly)


def test_the_best_other_is_told_by_its_own_town() -> None:
    best = others_of(read(LINCOLN_AR, "Lincoln Middle School", "Bentonville, AR"), 1.0).best[0]
    assert best.told > 1
    assert best.group[2] == "AR"


def test_a_name_that_another_bears_and_fits_as_well_is_at_most_possible() -> None:
    # Barrington and Oregon, both in Illinois, are both CUSD 220.
    assert is_at_most_possible(read(BARRINGTON_IL, "cusd220"))
    assert not is_at_most_possible(read(BARRINGTON_IL, "Barrington CUSD 220"))
    assert not is_at_most_possible(read(BARRINGTON_IL, "cusd220", website="https://own.example/"))


@pytest.mark.parametrize(
    ("location", "here", "only"),
    [("Lincoln, AR", 1.0, 1.0), ("Arkansas", 0.0, 0.0), ("Lincoln, NE", 0.0, 0.0)],
)
def test_a_location_counts_more_where_nobody_else_comes_near(
    location: str, here: float, only: float
) -> None:
    told = unseen_of(read(LINCOLN_AR, "Lincoln Middle School", location))
    assert (told["located"], told["only_here"]) == (here, only)


def test_a_name_nobody_else_bears_has_no_other() -> None:
    found = read(AMERY, "Amery")
    assert others_of(found, found.weight).best == ()
    values = dict(zip(FEATURES, features_of(found), strict=True))
    assert values["best_other"] < -15
    assert values["better"] == values["alike"] == 0
