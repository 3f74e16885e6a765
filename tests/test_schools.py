from __future__ import annotations

import pytest

from auditor.errors import NoSuchSchool
from auditor.schools import SchoolList, join_schools
from auditor.settings import SchoolSettings
from tests.builders import a_person, a_school

LINCOLN = SchoolSettings(code="LES", name="Lincoln Elementary School", aliases=("Lincoln El",))
EAST = SchoolSettings(code="EHS", name="East High School")


def joined() -> SchoolList:
    return join_schools(
        [LINCOLN, EAST],
        [
            ("lincoln elementary school", "Marrowick"),
            ("Martin Luther King Jr. School", "Marrowick"),
        ],
        [
            a_school(id="1", name="LINCOLN  Elementary-School"),
            a_school(id="2", name="Osprey Grove School", town="Marrowick"),
            a_school(id="3", name="District Office", kind="district"),
        ],
    )


def test_three_lists_become_one() -> None:
    schools = joined()
    assert [one.code for one in schools.schools] == [
        "LES",
        "EHS",
        "martin-luther-king-jr-school",
        "osprey-grove-school",
    ]
    assert schools.schools[0].town == "Marrowick"
    assert schools.schools[0].ids == {("roster", "1")}
    assert schools.name("EHS") == "East High School"
    assert schools.name("gone") == "gone"


def test_names_that_fold_alike_after_shortening_get_codes_of_their_own() -> None:
    long = "An Extraordinarily Long School Name"
    schools = join_schools([], [(f"{long} One", None), (f"{long} Two", None)], [])
    codes = [one.code for one in schools.schools]
    assert len(set(codes)) == 2
    assert all(len(code) <= 32 for code in codes)


def test_a_person_belongs_by_directory_id_and_by_group() -> None:
    office = SchoolSettings(code="DO", name="District Office", members=("/Staff/Office*", "77"))
    schools = join_schools([LINCOLN, office], [], [a_school(id="1", name="Lincoln El")])
    assert schools.codes_of(a_person(schools=("1",))) == ("LES",)
    assert schools.codes_of(a_person(schools=("77",), groups=())) == ("DO",)
    assert schools.codes_of(a_person(schools=("1",), groups=("/staff/office/Payroll",))) == (
        "DO",
        "LES",
    )
    assert schools.codes_of(a_person(schools=(), groups=())) == ()
    assert schools.codes_of(a_person(source="another", schools=("1",))) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("LES", "LES"),
        ("les", "LES"),
        ("Lincoln Elementary School", "LES"),
        ("lincoln  elementary school", "LES"),
        ("Lincoln El", "LES"),
        ("east", "EHS"),
        ("osprey", "osprey-grove-school"),
    ],
)
def test_a_school_is_meant_by_code_name_alias_or_unique_prefix(text: str, code: str) -> None:
    assert joined().resolve(text).code == code


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lincon elementary school", "did you mean Lincoln Elementary School"),
        ("High School", "East High School"),
        ("westfield", "give its code or full name"),
        ("", "fits no school"),
        ("%", "fits no school"),
    ],
)
def test_never_a_guess(text: str, words: str) -> None:
    with pytest.raises(NoSuchSchool, match=words) as caught:
        joined().resolve(text)
    assert caught.value.exit_code == 2


def test_a_prefix_of_two_is_refused_with_both() -> None:
    schools = join_schools([], [("Lincoln High School", None), ("Lincoln Middle School", None)], [])
    with pytest.raises(NoSuchSchool, match="more than one") as caught:
        schools.resolve("Lincoln")
    assert "Lincoln High School, Lincoln Middle School" in str(caught.value)


def test_an_exact_name_wins_over_those_it_begins() -> None:
    schools = join_schools([], [("East", None), ("East High School", None)], [])
    assert schools.resolve("east").name == "East"


def test_registers_that_spell_a_school_differently_mean_one_school() -> None:
    schools = join_schools(
        [], [("Amery High", "Amery"), ("Lien Elem", "Amery")],
        [a_school(id="7", name="Amery High School"), a_school(id="8", name="Lien Elementary")],
    )  # fmt: skip
    assert [one.ids for one in schools.schools] == [{("roster", "7")}, {("roster", "8")}]
    assert schools.resolve("Amery High School").name == "Amery High"
    assert schools.resolve("AMERY HS").name == "Amery High"
    assert schools.resolve("Lien Elementary School").name == "Lien Elem"


def test_two_schools_of_one_list_are_never_joined() -> None:
    twice = [("Alternative School", "Easton"), ("Alternative School", "Weston")]
    assert len(join_schools([], twice, []).schools) == 2
    both = [a_school(id="1", name="Lincoln"), a_school(id="2", name="Lincoln School")]
    schools = join_schools([], [], both)
    assert [one.name for one in schools.schools] == ["Lincoln", "Lincoln School"]
    assert schools.resolve("lincoln school").name == "Lincoln School"


def test_a_pattern_of_members_joins_the_directorys_school() -> None:
    settings = SchoolSettings(code="EHS", name="East High School", members=("ORG-E*",))
    record = a_school(id="org-ehs", name="EHS (grades 9-12)")
    schools = join_schools([settings], [], [record])
    assert [(one.code, one.ids) for one in schools.schools] == [("EHS", {("roster", "org-ehs")})]
    assert schools.codes_of(a_person(schools=("org-ehs",))) == ("EHS",)
