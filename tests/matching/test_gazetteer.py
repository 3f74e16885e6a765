from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.matching.build_gazetteer import build, find_given_names, main
from auditor.matching.gazetteer import Gazetteer, open_gazetteer
from auditor.matching.naming import (
    NameKind,
    district_names,
    domain_keys,
    given_names,
    plain_cues,
    school_names,
)
from auditor.matching.vocabulary import Tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = [
    {
        "district_id": "9900001",
        "district_name": "Elmvale School District",
        "state": "WI",
        "city": "Elmvale",
        "county": "Birch County",
        "domains": ["elmvale.k12.wi.example"],
        "schools": ["Elmvale High", "Quill Lake Elementary"],
        "school_cities": ["Elmvale", "Quill Lake"],
        "agency_type": "1-Regular local school district",
    },
    {
        "district_id": "9900002",
        "district_name": "ELMVALE ISD",
        "state": "TX",
        "city": "Elmvale",
        "county": "Dust County",
        "domains": [],
        "schools": ["ELMVALE H S", "JOHN Q MARROW EL", "JOHN P VANCE EL", "JOHN O BRISK EL"],
        "school_cities": ["Elmvale", "Elmvale", "", "Elmvale"],
        "agency_type": "1-Regular local school district",
    },
]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Gazetteer]:
    build(ROWS, tmp_path)
    yield Gazetteer(tmp_path)
    given_names.cache_clear()


def test_a_real_district_is_known_with_schools_and_towns() -> None:
    district = open_gazetteer().district("5500300")
    assert district is not None
    assert (district.name, district.city, district.state) == (
        "Amery School District",
        "Amery",
        "WI",
    )
    assert {school.name for school in district.schools} >= {"Lien Elementary", "Amery High"}
    assert {school.town for school in district.schools} == {"Amery"}
    assert district.agency_type == "regular district"
    assert open_gazetteer().district("0000000") is None


def test_the_whole_country_is_there() -> None:
    gazetteer = open_gazetteer()
    assert len(gazetteer) == 18_431
    assert len(gazetteer.bearers("lincoln")) > 300
    assert len({bearer.state for bearer in gazetteer.bearers("lincoln")}) > 30
    assert gazetteer.bearers("zzqzzq") == ()


def test_the_data_stays_under_four_megabytes() -> None:
    from importlib.resources import files

    sizes = [
        len(file.read_bytes())
        for file in (files("auditor") / "data").iterdir()
        if file.name.startswith(("gazetteer", "given"))
    ]
    assert len(sizes) == 5
    assert sum(sizes) < 4_000_000


@pytest.mark.parametrize("text", ["Amery, WI", "amery", "Amery WI", "5500300", "Amery, Wisconsin"])
def test_one_district_is_found_by_town_name_or_id(text: str) -> None:
    assert [district.nces_id for district in open_gazetteer().find(text)] == ["5500300"]


def test_a_common_name_finds_several_and_a_wrong_one_suggests() -> None:
    gazetteer = open_gazetteer()
    assert len(gazetteer.find("Lincoln")) > 5
    assert all(district.state == "AR" for district in gazetteer.find("Lincoln, AR"))
    assert gazetteer.find("Amrey, WI") == []
    assert gazetteer.suggest("Amrey, WI")[0].nces_id == "5500300"
    assert gazetteer.find("") == []
    assert gazetteer.find("\x00' OR 1=1 --") == []


def test_what_is_built_can_be_asked(small: Gazetteer) -> None:
    district = small.district("9900002")
    assert district is not None
    assert [school.town for school in district.schools] == ["Elmvale", "Elmvale", "", "Elmvale"]
    bearers = small.bearers("elmvale")
    assert [(b.district, b.name) for b in bearers] == [
        ("9900001", "Elmvale School District"),
        ("9900002", "ELMVALE ISD"),
        ("9900001", "Elmvale High"),
        ("9900002", "ELMVALE H S"),
    ]
    assert all(b.tags & Tag.DISTRICT for b in bearers[:2])
    assert all(b.tags & Tag.HIGH for b in bearers[2:])
    assert bearers[0].domains == ("elmvale.k12.wi.example",)
    assert small.bearers("quilllake")[0].town == "Quill Lake"
    assert small.bearers("vance")[0].quality < small.bearers("johnpvance")[0].quality


def test_given_names_are_learnt_from_middle_initials() -> None:
    names = ["John Q Marrow El", "John P Vance", "John O Brisk High", "Quill B Lake High"]
    assert find_given_names(names) == ["john"]


def test_the_builder_needs_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Parquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Amery High", {"amery"}),
        ("MYRTLE COOPER EL", {"myrtlecooper"}),
        ("La Mesa El Dorado", {"lamesaeldorado"}),
        ("PS 288 SHIRLEY TANYHILL (THE)", {"ps288", "shirleytanyhill"}),
        ("Carver School of Arts and Science", {"carver"}),
        ("Fairfield Jr-Sr High School", {"fairfield"}),
        ("High Point Elementary", {"highpoint"}),
        ("School of Science and Tech", {"schoolofscienceandtech"}),
        ("Orange County High", {"orangecounty", "orange"}),
        ("John F Kennedy Middle", {"johnfkennedy", "johnkennedy", "jfkennedy", "kennedy"}),
        ("The Brook School", {"brook"}),
    ],
)
def test_a_school_goes_by_its_core_and_short_forms(name: str, keys: set[str]) -> None:
    assert {n.key for n in school_names(name)} >= keys


@pytest.mark.parametrize(
    ("name", "county", "domain", "keys"),
    [
        ("School District of Amery", "", "amerysd.k12.wi.us", {"amery", "amerysd", "asd"}),
        ("ORANGE", "Orange County", "", {"orange", "orangecounty"}),
        ("Granville County Public Schools", "", "", {"granvillecounty", "granville", "gcps"}),
        ("Rosemount ISD 196", "", "", {"rosemount", "isd196", "district196"}),
        ("Los Angeles Unified", "", "", {"losangeles", "lausd"}),
        ("GREENE CENTRAL SCHOOL DISTRICT", "", "", {"greenecentral", "greene", "gcsd"}),
        ("WAYNESVILLE R-VI", "", "", {"waynesville"}),
        ("St. Vrain Valley School District No. Re1J", "", "", {"stvrainvalley"}),
        ("School District No. 1 in the county of Denver", "Denver County", "", {"denver"}),
        ("Riverside County Office of Education", "", "", {"riversidecounty", "rcoe"}),
    ],
)
def test_a_district_goes_by_core_initials_number_and_label(
    name: str, county: str, domain: str, keys: set[str]
) -> None:
    assert {n.key for n in district_names(name, county, [domain] if domain else ())} >= keys


def test_a_short_label_counts_as_initials() -> None:
    kinds = {
        n.key: n.kind for n in district_names("Amery", domains=["asd.example", "ameryk.example"])
    }
    assert kinds["asd"] is NameKind.INITIALS
    assert kinds["ameryk"] is NameKind.DOMAIN_LABEL


def test_domains_are_compared_as_registered() -> None:
    hosts = ["www.amerysd.k12.wi.us", "sites.elm.example", "localhost"]
    assert list(domain_keys(hosts)) == ["amerysd.k12.wi.us", "elm.example"]


def test_a_districts_cues_are_its_initials_numbers_and_domain_labels() -> None:
    kinds = {NameKind.INITIALS, NameKind.NUMBER, NameKind.DOMAIN_LABEL}
    for bearer in open_gazetteer().bearers("lincoln")[:40]:
        owner = open_gazetteer().district(bearer.district)
        assert owner is not None
        names = district_names(owner.name, owner.county, owner.domains)
        named = {name.key for name in names if name.kind in kinds}
        assert {*bearer.cues} == named | {*plain_cues(owner.name)}
