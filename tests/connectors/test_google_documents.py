"""The fake tenant is judged by Google's own documents: what they do not allow, it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.discovery import find_call

USERS = "/admin/directory/v1/users"
EVENTS = "/admin/reports/v1/activity/users/all/applications/{}"


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        (USERS, {"maxResults": "501"}, "too large"),
        (USERS, {"maxResults": "0"}, "too small"),
        (USERS, {"maxResults": "many"}, "no number"),
        (USERS, {"pagetoken": "x"}, "unknown parameter"),
        (USERS, {"projection": "all"}, "not among its values"),
        (EVENTS.format("tokens"), {}, "not among its values"),
        (EVENTS.format("token"), {"startTime": "yesterday"}, "does not fit"),
        ("/admin/reports/v1/usage/dates/today", {}, "does not fit"),
    ],
)
def test_wrong_parameters_are_refused(path: str, query: dict[str, str], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        find_call("GET", path, query).check_parameters()


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(AssertionError, match="no method"):
        find_call("GET", "/admin/directory/v9/users/x/y/z", {})


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ({"suspended": "false"}, "must be boolean"),
        ({"primaryMail": "x"}, "not in the schema"),
        ({"aliases": "x"}, "must be array"),
        ({"name": {"givenName": 7}}, "must be string"),
        ({"creationTime": "now"}, "is no time"),
    ],
)
def test_wrong_answers_are_refused(user: dict[str, Any], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        find_call("GET", USERS, {}).shape({"users": [user]})


def test_a_mask_cuts_and_knows_its_names() -> None:
    answer = {"users": [{"id": "1", "name": {"givenName": "a", "familyName": "b"}}], "etag": "e"}
    call = find_call("GET", USERS, {"fields": "nextPageToken,users(name(familyName))"})
    assert call.shape(answer) == {"users": [{"name": {"familyName": "b"}}]}
    with pytest.raises(AssertionError, match="unknown"):
        find_call("GET", USERS, {"fields": "users(mail)"}).shape(answer)


def test_a_method_knows_its_scopes() -> None:
    call = find_call("GET", f"{USERS}/7/tokens", {})
    assert call.name == "directory.tokens.list"
    assert call.may({"https://www.googleapis.com/auth/admin.directory.user.security"})
    assert not call.may({"https://www.googleapis.com/auth/admin.directory.user.readonly"})
