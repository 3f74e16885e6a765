from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.matching.impersonation import Kind, OwnName, OwnNames, compare
from auditor.matching.skeletons import Field, read_name
from connectors.records import AccountKey

NAMES = st.text(
    st.sampled_from("aeimnorstvwAI015 ._-@\u0430\u043e\u0456\u200b\u00e9\u00f1\u202e\U0001f43b"),
    max_size=24,
) | st.text(max_size=24)
FIELDS = st.sampled_from(Field)
TWITTER, FACEBOOK = AccountKey("twitter", "marrowickasd"), AccountKey("facebook", "marrowickarea")


def kind_of(one: str, other: str, field: Field = Field.DISPLAY_NAME) -> Kind | None:
    return compare(read_name(one, field), read_name(other, field))


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Marrowick Area Schools", "Marrowick Are\u0430 Schools", Kind.LOOK_ALIKE),
        ("Marrowick Schools", "Marrow\u200bick Schools", Kind.LOOK_ALIKE),
        ("MarrowickAthletics", "MarrowickAthIetics", Kind.LOOK_ALIKE),
        ("marrowickschools", "marrowicksch00ls", Kind.LOOK_ALIKE),
        ("marrowickbitterns", "marrowickbittems", Kind.LOOK_ALIKE),
        ("marrowickhs", "therealmarrowickhs", Kind.ADDED_WORDS),
        ("marrowickhs", "marrowickhs0fficial", Kind.ADDED_WORDS),
        ("Marrowick High", "Marrowick High (official)", Kind.ADDED_WORDS),
        ("marrowickhs", "_marrowick.hs", Kind.SEPARATORS),
        ("marrowickhs", "marrowickkhs", Kind.DOUBLED_LETTERS),
        ("marrowickbitterns", "marrowickbittrens", Kind.MISTYPED),
        ("marrowickbitterns", "marrowickbittrns", Kind.MISTYPED),
        ("marrowickschools", "morrowickschools", Kind.MISTYPED),
    ],
)
def test_how_a_name_imitates_another(one: str, other: str, kind: Kind) -> None:
    assert kind_of(one, other) is kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pe\u00f1asco Schools", "Penasco Schools"),
        ("Marrowick Schools", "\U0001d40c\U0001d41a\U0001d42browick Schools"),
        ("marrowickhs", "marrowickms"),
        ("marrowickhsbitterns", "marrowickmsbitterns"),
        ("marrowickschoolswi", "marrowickschoolsmi"),
        ("marrowickhs2026", "marrowickhs2027"),
        ("marrowickhs1", "marrowickhs11"),
        ("class of 2020 official", "class of 2021"),
        ("Marrowick School", "Marrowick Schools"),
        ("marrowickschooldistrict", "marrowickschoolsdistrict"),
        ("MASD", "MASD official"),
        ("amerys", "emerys"),
        ("Montreal", "Mont"),
        ("", ""),
    ],
)
def test_names_that_imitate_nobody(one: str, other: str) -> None:
    assert kind_of(one, other) is None


def test_servers_tails_and_at_signs_are_no_part_of_a_handle() -> None:
    for handle in ("@marrowickhs@schools.example", "marrowickhs.bsky.social", "groups/marrowickhs"):
        assert read_name(handle, Field.HANDLE).written == "marrowickhs"
    assert read_name("Marrowick-HS-100200300400", Field.HANDLE).written == "marrowickhs"


@settings(max_examples=200)
@given(NAMES, NAMES, FIELDS)
def test_the_order_of_two_names_does_not_matter(one: str, other: str, field: Field) -> None:
    assert kind_of(one, other, field) is kind_of(other, one, field)


@settings(max_examples=200)
@given(NAMES, FIELDS)
def test_no_name_imitates_itself(name: str, field: Field) -> None:
    assert kind_of(name, name, field) is None
    own = OwnNames([OwnName(TWITTER, field, name)])
    assert own.find("twitter", [(field, name)]) == ()


@settings(max_examples=400)
@given(st.data())
def test_the_look_up_finds_what_comparing_with_each_would(data: st.DataObject) -> None:
    name = data.draw(st.text("aemnrvw", min_size=7, max_size=16))
    place = data.draw(st.integers(0, len(name) - 1))
    letter = data.draw(st.sampled_from("aemnrvw\u0430\u0435"))
    change = data.draw(st.sampled_from(["put", "add", "drop", "swap"]))
    rest = name[place + 1 :]
    other = {
        "put": name[:place] + letter + rest,
        "add": name[:place] + letter + name[place:],
        "drop": name[:place] + rest,
        "swap": name[:place] + rest[:1] + name[place] + rest[1:],
    }[change]
    own = OwnNames([OwnName(TWITTER, Field.DISPLAY_NAME, name)])
    if data.draw(st.booleans()):
        other = other.replace("m", "rn").replace("w", "vv")
    other = data.draw(st.sampled_from(["", "the ", "Real"])) + other
    found = own.find("facebook", [(Field.DISPLAY_NAME, other)])
    kind = kind_of(name, other)
    shorter = len(read_name(other).skeleton) <= len(read_name(name).skeleton)
    is_shorter = kind is Kind.ADDED_WORDS and shorter
    wanted = [] if kind in {None, Kind.SEPARATORS} or is_shorter else [kind]
    assert [one.kind for one in found] == wanted
    seen = own.glance(Field.DISPLAY_NAME, ["", other, "line\nfeed"])
    assert seen == own.glance(Field.DISPLAY_NAME, ["", other, "linefeed"])
    assert not wanted or 1 in seen


@pytest.mark.parametrize(
    "handle",
    [
        "marrowickkschools@schools.example",
        "pages/marrowickkschools",
        "marrowickkschools.bsky.social",
        "Marrowickk-Schools-100200300400",
        "mmarrowickschoolss",
    ],
)
def test_a_glance_passes_over_no_like_handle(handle: str) -> None:
    own = OwnNames([OwnName(TWITTER, Field.HANDLE, "MarrowickSchools")])
    assert own.find("facebook", [(Field.HANDLE, handle)])
    assert own.glance(Field.HANDLE, ["sunrisebakery", handle, ""]) == [1]


def test_the_same_handle_elsewhere_is_no_imitation_but_for_foreign_letters() -> None:
    own = OwnNames(
        [
            OwnName(TWITTER, Field.HANDLE, "MarrowickASD"),
            OwnName(TWITTER, Field.DISPLAY_NAME, "Marrowick Schools"),
        ]
    )
    handle = (Field.HANDLE, "marrowick_asd")
    assert own.find("facebook", [handle]) == ()
    assert own.find("facebook", [handle, (Field.DISPLAY_NAME, "Marrowick Schools official")]) == ()
    (found,) = own.find("facebook", [handle, (Field.DISPLAY_NAME, "Marrowick Sch\u043eols")])
    assert found.kind is Kind.LOOK_ALIKE
    (found,) = own.find("twitter", [handle])
    assert found.kind is Kind.SEPARATORS


def test_separators_and_signs_count_between_handles_of_one_platform_alone() -> None:
    shown = (Field.DISPLAY_NAME, "MARROWICK - SCHOOLS \U0001f43b\u200d\U0001f33e")
    own = OwnNames([OwnName(TWITTER, Field.DISPLAY_NAME, "Marrowick Schools")])
    assert own.find("twitter", [shown, (Field.HANDLE, "marrowick_schools")]) == ()


def test_the_plain_name_does_not_imitate_the_one_called_official() -> None:
    own = OwnNames([OwnName(TWITTER, Field.HANDLE, "MarrowickASDofficial")])
    assert own.find("facebook", [(Field.HANDLE, "marrowickasd")]) == ()


def test_the_strongest_likeness_and_the_same_platform_lead() -> None:
    own = OwnNames(
        [
            OwnName(FACEBOOK, Field.HANDLE, "MarrowickSchools"),
            OwnName(TWITTER, Field.HANDLE, "MarrowickSchools"),
        ]
    )
    names = [(Field.HANDLE, "marrowickkschools"), (Field.DISPLAY_NAME, "Marr\u043ewick Schools")]
    found = own.find("twitter", names)
    assert [(one.kind, one.own.account) for one in found] == [
        (Kind.LOOK_ALIKE, TWITTER),
        (Kind.LOOK_ALIKE, FACEBOOK),
        (Kind.DOUBLED_LETTERS, TWITTER),
        (Kind.DOUBLED_LETTERS, FACEBOOK),
    ]


def test_names_of_any_size_and_shape_are_read() -> None:
    own = OwnNames([OwnName(TWITTER, Field.DISPLAY_NAME, "Marrowick Schools")])
    for text in ("x" * 10_000_000, "\ud800\udfff\u202e" * 1000, "\u0430" * 1000, "\x00\n\t"):
        assert own.find("twitter", [(Field.DISPLAY_NAME, text), (Field.HANDLE, text)]) == ()


def test_nothing_is_like_nothing() -> None:
    assert not OwnNames([])
    assert OwnNames([]).find("twitter", [(Field.HANDLE, "marrowickasd")]) == ()
    assert not OwnNames([OwnName(TWITTER, Field.HANDLE, "masd")])
