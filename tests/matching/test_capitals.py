"""Names registered in capitals are shown as one reads them; others are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.matching.capitals import lower_capitals
from auditor.matching.text import squeeze


@pytest.mark.parametrize(
    ("registered", "shown"),
    [
        ("WOODFORD ISD", "Woodford ISD"),
        ("RIVER BEND R-II", "River Bend R-II"),
        ("SCHOOL FOR THE DEAF", "School for the Deaf"),
        ("ST. OLIN JR/SR H S", "St. Olin Jr/Sr H S"),
        ("NYS SCHOOL FOR THE BLIND", "NYS School for the Blind"),
        ("MCALLEN DIST 47", "McAllen Dist 47"),
        ("HILL CO PBLC SCHS", "Hill Co Pblc Schs"),
        ("RUBEN A VALE EL", "Ruben A Vale El"),
        ("PS 87", "PS 87"),
        ("LAKE PRE-K", "Lake Pre-K"),
        ("DR LYNN VALE ES", "Dr Lynn Vale ES"),
        ("deForest High", "deForest High"),
        ("IDEA Vale", "IDEA Vale"),
        ("", ""),
    ],
)
def test_a_name_is_shown_as_it_is_read(registered: str, shown: str) -> None:
    assert lower_capitals(registered) == shown


@given(st.text(alphabet="ABCDEI '-./&()1278", max_size=24))
def test_only_capitals_change(name: str) -> None:
    assert squeeze(lower_capitals(name)) == squeeze(name)


def test_a_registered_district_is_shown_so() -> None:
    from auditor.matching.gazetteer import open_gazetteer

    shown = open_gazetteer().find("laneville, TX")
    assert [one.name for one in shown] == ["Laneville ISD"]
