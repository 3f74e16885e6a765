from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from auditor.matching.affiliation import Affiliation
from auditor.matching.brand import Brand, BrandSchool, brand_of
from auditor.matching.branding import Branding, Verdict, judge, judge_all
from auditor.matching.context import states_in
from auditor.matching.fields import claim_of
from auditor.matching.gazetteer import open_gazetteer
from auditor.matching.hypotheses import BrandIndex
from auditor.matching.naming import NameKind
from auditor.matching.reasons import Reason, ReasonKind, reason_in_words
from connectors.records import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

AMERY = "5500300"
CLAYTON = "2909720"


def brand_for(
    nces_id: str, *, mascots: Sequence[str] = (), domain: str = "ameryschools.example"
) -> Brand:
    district = open_gazetteer().district(nces_id)
    assert district is not None
    return brand_of(
        name=district.name,
        state=district.state,
        city=district.city,
        county=district.county,
        domains=[domain],
        mascots=mascots,
        schools=[BrandSchool(s.name, s.name, s.town) for s in district.schools],
        nces_id=nces_id,
    )


def profile(handle: str | None = None, display_name: str | None = None, **rest: object) -> Profile:
    plain = Profile("list", "facebook", "https://social.example/x", handle, None, display_name)
    return structs.replace(plain, **rest)


def judged(handle: str | None = None, display_name: str | None = None, **rest: object) -> Branding:
    brand = brand_for(AMERY, mascots=["Warriors"])
    return judge(profile(handle, display_name, **rest), brand, open_gazetteer())


@pytest.mark.parametrize(
    ("handle", "school"),
    [
        ("ameryhighschool", "Amery High"),
        ("AmeryHS", "Amery High"),
        ("amery_middle_school", "Amery Middle"),
        ("Amery.Middle.PTO", "Amery Middle"),
        ("lienelementary", "Lien Elementary"),
        ("lienelempta", "Lien Elementary"),
        ("ameryschooldistrict", None),
        ("ameryschoolswi", None),
    ],
)
def test_a_name_nobody_else_bears_is_ours(handle: str, school: str | None) -> None:
    branding = judged(handle)
    assert (branding.verdict, branding.school) == (Verdict.CONFIDENT, school)
    assert 0.5 < branding.score <= 1
    assert branding.reasons[0].speaks_for


@pytest.mark.parametrize(
    "handle", ["d9347schools", "tvsd9347", "tsdistrict9347", "tarrvalleyschools", "tvschools"]
)
def test_numbers_cut_names_and_initials_with_schools_are_read(handle: str) -> None:
    brand = brand_of("Tarrowmont Valley SD 9347", state="IL")
    found = BrandIndex([brand], open_gazetteer()).read(profile(handle))
    assert [one.term.school for one in found] == [None]
    assert found[0].gap == 0 or found[0].term.kind is not NameKind.INITIALS


def test_the_network_beside_a_school_tells_whose_it_is() -> None:
    names = ("Tarrowmont Schools - Lincoln", "Tarrowmont Schools - Quillory")
    schools = [BrandSchool(name, name) for name in names]
    index = BrandIndex([brand_of("City of Elmvale SD 977", schools=schools)], open_gazetteer())
    (found,) = index.read(profile("lincolntarrowmont"))
    assert "names the district" in {one.what for one in found.told}


@pytest.mark.parametrize(
    "text",
    [
        "\u0410mery High School",
        "\uff21mery High School",
        "Am\u200bery High School",
        "4m3ry High School",
    ],
)
def test_a_disguised_name_is_still_read(text: str) -> None:
    assert judged(None, text).verdict is Verdict.CONFIDENT


def test_a_disguise_suspects_a_pretender() -> None:
    for branding in (judged("4m3ryhighschool"), judged(None, "Am\u0435ry High School")):
        assert branding.affiliation is Affiliation.IMPERSONATION_SUSPECTED
        assert ReasonKind.DISGUISE in {reason.kind for reason in branding.reasons}


@pytest.mark.parametrize(
    ("handle", "display_name"),
    [
        ("amerypolice", "Amery Police Department"),
        ("ameryflorist", "Amery Florist"),
        ("jane.doe", "Jane Amery"),
        ("alien_elements", None),
        ("americaneagle", None),
        ("210578499273280", None),
        (None, None),
        ("asd", None),
        ("asdfgh", None),
    ],
)
def test_what_is_no_school_is_not_flagged(handle: str | None, display_name: str | None) -> None:
    assert judged(handle, display_name).verdict is Verdict.NONE


@pytest.mark.parametrize(("handle", "name"), [("amery", "Amery"), ("amerysmith", None)])
def test_a_bare_name_without_a_word_for_a_school_is_never_confident(
    handle: str, name: str | None
) -> None:
    assert judged(handle, name).verdict is not Verdict.CONFIDENT


def test_a_person_who_mentions_the_school_is_not_flagged() -> None:
    bio = "Teacher at Amery High School. Proud mom. Views my own."
    assert judged("jdoe1980", "Jane Doe", bio=bio).verdict is Verdict.NONE


def test_a_bio_that_claims_to_be_the_school_counts() -> None:
    branding = judged("warriornation", None, bio="Official page of Amery High School, go team")
    assert branding.verdict is not Verdict.NONE
    assert branding.school == "Amery High"
    assert branding.reasons[0].where == "bio"


@pytest.mark.parametrize(
    ("handle", "affiliation"),
    [
        ("ameryhighschoolboosters", Affiliation.SUPPORT_GROUP),
        ("AmeryHighAlumni", Affiliation.SUPPORT_GROUP),
        ("ameryhighyearbook", Affiliation.STUDENT_RUN),
        ("AmeryHighClassOf2027", Affiliation.STUDENT_RUN),
        ("ameryhighschoolparody", Affiliation.IMPERSONATION_SUSPECTED),
        ("ameryhighschool", Affiliation.OFFICIAL_LOOKING),
    ],
)
def test_affiliation_follows_the_words(handle: str, affiliation: Affiliation) -> None:
    assert judged(handle).affiliation is affiliation


def test_what_is_not_flagged_is_unrelated() -> None:
    assert judged("amerypolice").affiliation is Affiliation.UNRELATED


LINCOLN_AR = "0508940"


def lincoln(display_name: str = "Lincoln Middle School", **rest: object) -> Branding:
    district = open_gazetteer().district(LINCOLN_AR)
    assert district is not None
    brand = dataclasses.replace(brand_for(LINCOLN_AR), domains=("lincolnwolves.example",))
    brand = brand_of(
        brand.name, brand.state, brand.city, brand.county, brand.domains,
        schools=brand.schools, nces_id=LINCOLN_AR,
    )  # fmt: skip
    return judge(profile(None, display_name, **rest), brand, open_gazetteer())


def test_a_common_name_alone_is_never_confident() -> None:
    branding = lincoln()
    assert branding.verdict is not Verdict.CONFIDENT
    shared = [reason for reason in branding.reasons if reason.kind is ReasonKind.SHARED]
    assert shared[0].shared_by > 20
    assert 0 < len(branding.rivals) <= 5


def test_the_state_makes_a_common_name_likelier_and_the_town_settles_it() -> None:
    alone, state = lincoln().score, lincoln(location="Arkansas").score
    town = lincoln(location="Lincoln, AR")
    assert alone < state <= town.score
    assert town.verdict is Verdict.CONFIDENT


def test_a_link_to_our_domain_settles_it() -> None:
    assert lincoln(website="https://www.lincolnwolves.example/hs").verdict is Verdict.CONFIDENT


@pytest.mark.parametrize("location", ["Portland, OR", "Nebraska", "Des Moines, Iowa"])
def test_another_place_means_another_school(location: str) -> None:
    branding = lincoln(location=location)
    assert branding.verdict is Verdict.NONE
    against = [reason for reason in branding.reasons if reason.kind is ReasonKind.CONTEXT]
    assert any(not reason.speaks_for for reason in against)


def test_a_longer_name_around_ours_belongs_to_its_bearers() -> None:
    branding = lincoln("North Lincoln High School")
    assert branding.verdict is Verdict.NONE


def test_initials_are_never_more_than_possible() -> None:
    assert judged("ahs").verdict is Verdict.NONE
    assert judged("ahswarriors", location="Amery, WI").verdict is Verdict.POSSIBLE
    assert (
        judged("AHS Warriors", website="https://ameryschools.example").verdict is Verdict.POSSIBLE
    )


def test_a_level_we_do_not_have_weakens() -> None:
    assert judged("lienhighschool").score < judged("lienelementaryschool").score


HANDLES = st.one_of(
    st.sampled_from(
        ["ameryhs", "lienelem", "l1en elementary", "asd", "Amery", "AMERY-PTO", "amery" * 40, "ahs"]
    ),
    st.text(max_size=30),
)


@given(
    st.lists(st.tuples(st.none() | HANDLES, st.none() | HANDLES, st.none() | HANDLES), max_size=8)
)
@settings(max_examples=40, deadline=None)
def test_judging_all_equals_judging_each(
    rows: list[tuple[str | None, str | None, str | None]],
) -> None:
    brand, gazetteer = brand_for(AMERY), open_gazetteer()
    profiles = [profile(handle, name, bio=bio) for handle, name, bio in rows]
    each = [(one, judge(one, brand, gazetteer)) for one in profiles]
    expected = [pair for pair in each if pair[1].verdict is not Verdict.NONE]
    assert list(judge_all(profiles, brand, gazetteer)) == expected


def test_judging_all_passes_over_batches_in_order() -> None:
    brand, gazetteer = brand_for(AMERY), open_gazetteer()
    profiles = [profile(f"someone{n}") for n in range(5000)]
    profiles[4095] = profile("ameryhighschool")
    profiles[4096] = profile("lienelementary")
    found = [one.handle for one, _ in judge_all(iter(profiles), brand, gazetteer)]
    assert found == ["ameryhighschool", "lienelementary"]


def test_a_hostile_profile_is_judged_like_any_other() -> None:
    long = "amery high school " * 5000
    branding = judged("a" * 100_000, long, bio=long, location=long, website="http://[::1")
    assert branding.verdict in set(Verdict)
    assert all(len(reason.matched) <= 80 for reason in branding.reasons)


def test_a_brand_without_names_flags_nothing() -> None:
    assert judge(profile("ameryhs"), brand_of("X"), open_gazetteer()).verdict is Verdict.NONE


@pytest.mark.parametrize("kind", list(ReasonKind))
def test_every_reason_has_words(kind: ReasonKind) -> None:
    said = reason_in_words(Reason(kind, "x" * 200, "handle", 0.5, shared_by=3, detail="names"))
    assert said.endswith(".")
    assert "x" * 81 not in said


def test_numbers_of_institutions_are_in_words() -> None:
    one = reason_in_words(Reason(ReasonKind.SHARED, "lien", "handle", 0.5, shared_by=2))
    none = reason_in_words(Reason(ReasonKind.SHARED, "lien", "handle", 2.0))
    assert one == 'One institution elsewhere in the US also fits "lien".'
    assert none.startswith("No other US public school")


def test_reasons_read_as_sentences() -> None:
    named = Reason(ReasonKind.NAME, "lienelem", "handle", 2.0, detail="LIEN ELEM.")
    one, two = (Reason(ReasonKind.WORDS, said, "handle", 2.0) for said in ("pto", "elem pto"))
    assert reason_in_words(named) == 'The handle "lienelem" carries the name of LIEN ELEM.'
    assert reason_in_words(one) == 'Beside the name stands "pto", a word schools use.'
    assert reason_in_words(two) == 'Beside the name stands "elem pto", words schools use.'


def test_namesakes_that_the_profile_tells_apart_do_not_speak_against_a_confident_lead() -> None:
    name = "Clayton High School"
    brand, site = brand_for(CLAYTON, domain="clayton.example"), "https://clayton.example"
    linked = judge(profile("claytonhs3", name, website=site), brand, open_gazetteer())
    bare = judge(profile("claytonhs3", name), brand, open_gazetteer())
    assert linked.verdict is Verdict.CONFIDENT
    assert re.fullmatch(
        r'By name alone \d+ institutions elsewhere in the US also fit "clayton"; '
        r"what else the profile says points to this one\.",
        reason_in_words(linked.reasons[-1]),
    )
    assert "points to" not in reason_in_words(bare.reasons[-1])


@pytest.mark.parametrize(
    ("location", "states"),
    [
        ("Amery, WI", {"WI"}),
        ("Amery, Wisconsin", {"WI"}),
        ("West Virginia", {"WV"}),
        ("north carolina", {"NC"}),
        ("somewhere in", set()),
        ("Fort Wayne, IN", {"IN"}),
        ("", set()),
    ],
)
def test_states_are_read_from_locations(location: str, states: set[str]) -> None:
    assert states_in(location) == states


def test_only_a_claim_is_taken_from_a_bio() -> None:
    assert claim_of("Official account of Amery High") == "account of Amery High"
    assert claim_of("I teach at Amery High") == ""
    assert claim_of(None) == ""
    assert len(claim_of("official " + "x" * 500)) == 80
