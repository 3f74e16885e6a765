"""One night's reading: turns, the control, one profile an account, what is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.profile_reading import ProfileReading, batches
from connectors.records import AccountKey, KnownAccount, Profile
from connectors.source import Questions
from tests.builders import DOMAIN, NOW, an_access


def a_reading(bookmark: bytes | None = None, day: int = 0, **questions: object) -> ProfileReading:
    asked, now = Questions(**questions), NOW + timedelta(days=day)  # type: ignore[arg-type]
    return ProfileReading(an_access(bookmark=bookmark, questions=asked, now=now), "github")


def taken(items: str, most: int) -> bytes | None:
    reading = a_reading()
    reading.take("names", items, most)
    return reading.harvest(0).bookmark


def a_found(reading: ProfileReading, handle: str, native_id: str) -> Profile:
    profile = reading.profile(handle, native_id)
    assert profile is not None
    return profile


def test_an_account_that_was_found_is_not_lost_as_well():
    reading = a_reading()
    known = KnownAccount(AccountKey("github", "12"), "ida", None, "12")
    reading.lose(known)
    assert reading.harvest(0).not_found == (known.key,)
    reading.add(a_found(reading, "ida2", "12"))
    assert reading.harvest(0).not_found == ()


def test_the_first_profile_of_an_account_stays():
    reading = a_reading()
    assert reading.add(a_found(reading, "first", "12"))
    reading.add(a_found(reading, "second", "12"))
    assert [profile.handle for profile in reading.harvest(0).profiles] == ["first"]
    assert not reading.add(None)
    assert reading.has(AccountKey("github", "12"))


def test_a_name_that_can_be_no_account_is_counted():
    reading = a_reading()
    assert reading.profile("../x", None) is None
    assert sum(reading.harvest(0).dropped.values()) == 1


def test_an_account_left_out_is_counted_once_for_each_reason():
    reading = a_reading()
    for reason, native_id in [("hidden", "1"), ("hidden", "1"), ("hidden", "2"), ("foreign", "1")]:
        reading.leave_out(reason, native_id)
    assert reading.harvest(0).dropped == {"hidden": 2, "foreign": 1}


def test_turns_of_different_kinds_go_on_side_by_side():
    first = a_reading()
    assert first.take("names", "abc", 2) == ("a", "b")
    assert first.take("handles", "abc", 1, "were looked up") == ("a",)
    assert first.harvest(0).notes == (
        "2 of 3 names were searched for; each has its turn within 2 nights.",
        "1 of 3 handles were looked up; each has its turn within 3 nights.",
    )
    second = a_reading(first.harvest(0).bookmark, day=1)
    assert second.take("handles", "abc", 1) == ("b",)
    third = a_reading(second.harvest(0).bookmark, day=7)
    assert third.take("names", "abc", 2) == ("c", "a")


def test_what_had_its_turn_rests_unless_somebody_waits_for_it():
    bookmark = taken("abc", 2)
    assert a_reading(bookmark, day=6).take("names", "ab", 2) == ()
    assert a_reading(bookmark, day=6, asks_anew=True).take("names", "ab", 2) == ("a", "b")


def test_who_was_put_back_comes_first_the_next_night():
    reading = a_reading()
    reading.take("names", "abc", 2)
    reading.put_back("names", "b")
    reading.put_back("handles", "b")
    harvest = reading.harvest(0)
    assert harvest.notes == ("1 of 3 names were searched for; each has its turn within 2 nights.",)
    assert a_reading(harvest.bookmark, day=1).take("names", "abc", 2) == ("b", "c")


def test_names_that_are_gone_are_forgotten():
    reading = a_reading(taken("abc", 3), day=1)
    reading.take("names", "a", 3)
    assert (reading.harvest(0).bookmark or b"").count(b"2024") == 1


def test_a_night_in_part_keeps_whose_turn_it_was():
    reading = a_reading(names=("a",))
    reading.take("names", "a", 1)
    reading.gaps.append("A known account is closed.")
    assert reading.harvest(0).holds_despite_gaps


@pytest.mark.parametrize("broken", [b"", b"{", b'{"version":1,"turns":{"names":"x"}}', b"\xff"])
def test_a_bookmark_of_another_form_begins_anew(broken):
    assert a_reading(broken).take("names", "ab", 1) == ("a",)


def test_the_bookmark_spells_no_name_out():
    reading = a_reading()
    reading.take("names", ("Maple Falls",), 1)
    assert b"Maple" not in (reading.harvest(0).bookmark or b"")


def test_a_search_that_finds_the_control_is_not_used():
    reading = a_reading(names=("a", "b"), control="zq")
    asked: list[str] = []

    def ask(name: str) -> list[str]:
        asked.append(name)
        return [name]

    reading.search(5, ask, lambda row: a_found(reading, row, "1"))
    assert asked == ["zq"]
    assert reading.harvest(0).profiles == ()
    harvest = reading.harvest(0)
    assert "nobody bears" in harvest.gaps[0]
    assert a_reading(harvest.bookmark, day=1).take("names", "ab", 1) == ("a",)


def test_without_a_name_whose_turn_it_is_the_control_is_not_searched_either():
    reading = a_reading(taken("a", 1), names=("a",), control="zq")
    reading.search(5, lambda name: pytest.fail(name), lambda row: None)


@pytest.mark.parametrize(("names", "most"), [((), 5), (("a",), 0)])
def test_without_names_or_turns_nothing_is_searched(names, most):
    reading = a_reading(names=names, control="zq")
    reading.search(most, lambda name: pytest.fail(name), lambda row: None)


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (f"https://{DOMAIN}", True),
        (f"http://www.{DOMAIN}/a", True),
        (f"https://hs.{DOMAIN.upper()}", True),
        ("https://www.herons.example/x", True),
        (f"https://x{DOMAIN}", False),
        (f"https://{DOMAIN}.evil.example", False),
        (f"https://{DOMAIN}@evil.example", False),
        (f"ftp://{DOMAIN}", False),
        ("https://[", False),
        ("", False),
        (None, False),
    ],
)
def test_the_districts_own_sites(url, is_own):
    reading = a_reading(websites=("https://herons.example/",))
    assert reading.is_own_site(url) is is_own


def test_without_sites_no_link_is_the_districts_own():
    reading = ProfileReading(an_access(domains=()), "github")
    assert not reading.is_own_site("https://")


def test_batches_hold_all_once():
    assert batches("abcde", 2) == ["ab", "cd", "e"]
    assert batches("", 2) == []
