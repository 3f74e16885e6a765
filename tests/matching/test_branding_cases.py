from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from auditor.matching.brand import Brand, BrandSchool, brand_of
from auditor.matching.branding import judge
from auditor.matching.gazetteer import open_gazetteer
from connectors.records import Profile

CASES = Path(__file__).parents[1] / "data" / "branding_cases.csv"


@cache
def brand_for(nces_id: str) -> Brand:
    district = open_gazetteer().district(nces_id)
    assert district is not None
    return brand_of(
        district.name, district.state, district.city, district.county, district.domains,
        schools=[BrandSchool(s.name, s.name, s.town) for s in district.schools], nces_id=nces_id,
    )  # fmt: skip


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['handle']}: {case['about']}")
def test_a_case_is_judged_as_a_reader_would(case: dict[str, str]) -> None:
    display_name = case["display_name"].encode().decode("unicode_escape") or None
    profile = Profile(
        "list", "facebook", "https://social.example/x", case["handle"] or None, None, display_name,
        location=case["location"] or None,
    )  # fmt: skip
    branding = judge(profile, brand_for(case["district"]), open_gazetteer())
    assert branding.verdict == case["expected"], (branding.score, branding.reasons)
