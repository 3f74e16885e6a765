from __future__ import annotations

from auditor.matching.brand import Brand, BrandSchool, brand_of
from auditor.matching.naming import NameKind


def elmvale() -> Brand:
    return brand_of(
        name="Elmvale School District",
        state="wi",
        city="Elmvale",
        county="Birch County",
        domains=["Elmvale.Example"],
        aliases=["Elmvale Schools", "ESD"],
        mascots=["Otters"],
        schools=[
            BrandSchool("EHS", "Elmvale High", "Elmvale", aliases=("Elmvale HS",)),
            BrandSchool("QLE", "Quill Lake Elementary", "Quill Lake", mascots=("Loons",)),
        ],
    )


def kinds_of(brand: Brand) -> dict[tuple[str, str | None], NameKind]:
    return {(term.key, term.school): term.kind for term in brand.terms}


def test_terms_name_district_and_schools() -> None:
    kinds = kinds_of(elmvale())
    assert kinds["elmvale", None] in {NameKind.NAME, NameKind.ALIAS}
    assert kinds["elmvale", "EHS"] in {NameKind.NAME, NameKind.ALIAS}
    assert kinds["quilllake", "QLE"] is NameKind.NAME
    assert kinds["qles", "QLE"] is NameKind.INITIALS
    assert kinds["ehs", "EHS"] is NameKind.INITIALS
    assert kinds["otters", None] is NameKind.MASCOT
    assert kinds["loons", "QLE"] is NameKind.MASCOT


def test_an_alias_that_only_spells_out_a_kind_of_school_makes_no_name_of_its_own() -> None:
    school = BrandSchool("L", "Lincoln Elementary School", "Elmvale", ("Lincoln Elementary",))
    brand = brand_of("Elmvale School District", aliases=("Elmvale Schools",), schools=(school,))
    kinds = kinds_of(brand)
    assert ("lincolnelementary", "L") not in kinds
    assert ("elmvaleschools", None) not in kinds
    assert ("lincoln", "L") in kinds
    other = BrandSchool("L", "Lincoln Elementary School", "Elmvale", ("Honest Abe's",))
    assert kinds_of(brand_of("Elmvale", schools=(other,)))["honestabes", "L"] is NameKind.ALIAS


def test_an_alias_of_a_few_letters_is_initials() -> None:
    assert kinds_of(elmvale())["esd", None] is NameKind.INITIALS


def test_the_fullest_names_come_first_and_every_key_once() -> None:
    brand = elmvale()
    qualities = [term.quality for term in brand.terms]
    assert qualities == sorted(qualities, reverse=True)
    assert len(kinds_of(brand)) == len(brand.terms)
    assert all(len(term.key) > 2 for term in brand.terms)


def test_facts_are_folded() -> None:
    brand = elmvale()
    assert (brand.state, brand.domains) == ("WI", ("elmvale.example",))
    assert brand_of("X").terms == ()


def test_a_brand_can_key_a_cache() -> None:
    assert hash(elmvale()) == hash(elmvale())
    assert elmvale() == elmvale()
