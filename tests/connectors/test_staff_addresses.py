"""Staff addresses found again by text and by hash; others' stay unknown."""

from __future__ import annotations

import hashlib

import pytest

from connectors.staff_addresses import StaffAddresses, hash_address
from tests.builders import DOMAIN

IDA = f"Ida.Marsh@{DOMAIN}"
STAFF = StaffAddresses([IDA], [DOMAIN])


@pytest.mark.parametrize("text", [IDA, IDA.lower(), f" {IDA.upper()} "])
def test_the_directorys_spelling_is_found(text):
    assert STAFF.find(text) == IDA
    assert not STAFF.is_of_somebody_else(text)


@pytest.mark.parametrize("text", [None, "", f"mail {IDA}", f"x@{DOMAIN}", "ida.marsh"])
def test_any_other_text_is_nobodys(text):
    assert STAFF.find(text) is None


@pytest.mark.parametrize(
    ("text", "is_other"),
    [(f"27jdoe@{DOMAIN}", True), (f"27jdoe@students.{DOMAIN}", True), ("a@b.example", False),
     ("", False), (None, False), ("no address", False)],
)  # fmt: skip
def test_addresses_of_the_district_that_no_employee_has(text, is_other):
    assert STAFF.is_of_somebody_else(text) is is_other


@pytest.mark.parametrize(
    "digest",
    [hashlib.md5(IDA.lower().encode()).hexdigest(), hash_address(IDA), hash_address(IDA).upper()],
)
def test_our_hash_in_an_avatar_is_found(digest):
    url = f"https://secure.gravatar.com/avatar/{digest}?s=80&d=identicon"
    assert STAFF.hashes_in(url) == (digest.lower(),)


@pytest.mark.parametrize(
    "url",
    [None, "", "https://x.example/uploads/1.png",
     f"https://secure.gravatar.com/avatar/{hash_address('b@c.example')}",
     f"https://secure.gravatar.com/avatar/{hash_address(IDA)}0"],
)  # fmt: skip
def test_the_hash_of_anybody_else_is_not_kept(url):
    assert STAFF.hashes_in(url) == ()
