"""One night's reading: turns, the control, one profile an account, what is lost."""

from __future__ import annotations

import pytest

from connectors.profile_reading import ProfileReading, batches
from connectors.records import AccountKey, KnownAccount, Profile
from connectors.source import Questions
from tests.builders import DOMAIN, an_access


def a_reading(bookmark: bytes | None = None, **questions: object) -> ProfileReading:
    asked = Questions(**questions)  # type: ignore[arg-type]
    return ProfileReading(an_access(bookmark=bookmark, questions=asked), "github")


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
    assert first.notes[1] == ("1 of 3 handles were looked up; each has its turn within 3 nights.")
    second = a_reading(first.harvest(0).bookmark)
    assert second.take("handles", "abc", 1) == ("b",)
    third = a_reading(second.harvest(0).bookmark)
    assert third.take("names", "abc", 2) == ("c", "a")


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
    assert "nobody bears" in reading.harvest(0).gaps[0]


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
