from __future__ import annotations

import pytest

from auditor.matching.naming import (
    NameKind,
    district_names,
    networks_of,
    plain_cues,
    school_names,
)


def keys_of(name: str, county: str = "", domains: tuple[str, ...] = ()) -> set[str]:
    return {one.key for one in district_names(name, county, domains)}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Elmvale SD 109", {"esd109", "eps109", "d109", "district109", "elmvaled109"}),
        ("Elmvale CCSD 21", {"ccsd21", "schooldistrict21"}),
        ("Elmvale CUSD 365U", {"sd365", "cusd365", "schooldistrict365u"}),
        ("SD U-46", {"schooldistrictu46", "districtu46"}),
        ("Elmvale SD 4J", {"sd4j", "district4j"}),
        ("ELMVALE C-6", {"elmvalec6", "elmvale"}),
        ("ELMVALE R-III", {"elmvaler3", "elmvale"}),
        ("ELM CO. R-IV", {"elmcountyr4", "elmr4", "elmcounty"}),
        ("School District No. Re-3 Fort Elm", {"fortelm", "fortelmre3"}),
        ("Kite Foundation dba Elmvale Arts Academy", {"elmvale"}),
        ("North Elm Union Elementary", {"northelm", "nelm", "neuesd", "neusd"}),
        ("Elm River", {"ersd", "erps"}),
        ("Elm City", {"ecs", "elmcity"}),
        ("ELM RIVER SCHOOL DIST", {"ersd"}),
        ("Elmvale Area Public Schools", {"eaps", "eps"}),
        ("Quill Lake Community Schools", {"qlcs", "qlschools"}),
        ("Quill Lake Public Schools", {"qlps", "qlpschools"}),
        ("Elmvale Twp HSD 410", {"ehs410", "eths410", "et410"}),
        ("Quill Lake CUSD 340", {"ql340", "qlcusd340"}),
        ("Elmvale Community SD 9", {"ecsd9"}),
        ("City of Elmvale SD 77", {"elmvale", "esd77", "district77"}),
        ("Elmvale GSD 114", {"elmvale"}),
        ("Hanmore Leadership Academy", {"hla"}),
        ("Elm Montessori PCS", {"empcs"}),
        ("Quill Valley ROP", {"qvrop", "quillvalley"}),
        ("Elm County Schools", {"elmco", "elmcounty"}),
        ("Tarrowmont Valley SD", {"tarrvalley", "tarrowmont"}),
        ("Elmvale Park Elementary", {"elmvalepark", "elmvale"}),
        ("Northeast Tilbury", {"netilbury"}),
        ("Tilbury Springs", {"tilburyspgs"}),
    ],
)
def test_a_district_goes_by_its_numbers_codes_and_initials(name: str, keys: set[str]) -> None:
    assert keys <= keys_of(name)


def test_a_district_named_for_its_county_has_the_initials_of_both() -> None:
    assert {"eusd", "ecusd"} <= keys_of("Elmvale Unified", "Elmvale County")


def test_initials_of_one_letter_are_no_names_but_show_the_district() -> None:
    assert "eps" not in keys_of("Elmvale")
    assert {"eps", "esd"} <= set(plain_cues("Elmvale"))


def test_what_two_schools_have_before_a_dash_is_their_network() -> None:
    names = ["Quill Schools - Tarrant", "Quill Schools - Marlow Campus", "Tilbury - Hanmore"]
    assert list(networks_of(names)) == ["quill"]


def test_the_word_for_a_number_is_no_part_of_the_name() -> None:
    assert "elmvale109" not in keys_of("Elmvale SD 109")
    assert not any("no" in key and "re3" in key for key in keys_of("Elm District No. Re-3"))


def test_initials_that_the_domain_shows_outrank_those_it_does_not() -> None:
    plain = {n.key: n.quality for n in district_names("Elm River Unified School District")}
    shown = {
        n.key: n.quality
        for n in district_names("Elm River Unified School District", "", ("erusd.example",))
    }
    assert shown["erusd"] > plain["erusd"]
    assert shown["ersd"] < plain["ersd"]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Edward Tilbury Career Community Academy HS", {"edwardtilbury", "tilbury"}),
        ("John Hanmore College Preparatory High School", {"johnhanmore", "hanmore"}),
        ("Quill Charter Schools - Officer Donald J. Marlow", {"marlow", "quill"}),
        ("Elmvale High School for the Arts (ElmArts)", {"elmarts", "elmvale"}),
        ("PS 288 Shirley Tarrant", {"ps288", "shirleytarrant"}),
        ("Mt. Elm Elementary", {"mtelm", "mountelm"}),
        ("Elm Mountain School", {"elmmountain", "elmmtn"}),
        ("General John Marlow Middle", {"johnmarlow", "marlow"}),
        ("1st Sgt. Kevin A. Tarrant Memorial Middle", {"tarrant"}),
        ("Jacqueline B Hanmore Occupational High School", {"hanmore"}),
        ("Quillmont Prep Chtr HS", {"quillmont"}),
        ("Elm Lights K-8 School", {"elmlights"}),
        ("PS 87 Shirley Tarrant", {"ps87", "shirleytarrant"}),
    ],
)
def test_a_school_goes_by_the_short_forms_of_its_name(name: str, keys: set[str]) -> None:
    assert keys <= {one.key for one in school_names(name)}


def test_the_last_word_of_a_school_of_a_kind_is_no_surname() -> None:
    keys = {one.key for one in school_names("John Hanmore College Preparatory High School")}
    assert not keys & {"college", "preparatory"}


def test_a_number_is_its_own_kind_of_name() -> None:
    kinds = {one.key: one.kind for one in district_names("Elmvale SD 109")}
    assert kinds["esd109"] is NameKind.NUMBER
    assert kinds["elmvaled109"] is NameKind.NAME
