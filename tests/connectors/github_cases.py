"""One set of cases for an emulator of GitHub and for what it answered when it was recorded.

``emulate`` 0.12.2 (Apache-2.0) is nobody's who wrote the connector, and it keeps what it is told.
What it does otherwise than GitHub, and is therefore not tested here: it knows no ``/user/{id}``, no
organisation under ``/users/`` and no ``social_accounts`` (404, all three); an organisation has no
``archived_at``; logins are told apart by case; ``in:name`` is not a place where it searches, and a
search by ``in:email`` finds any part of an address, which is more than GitHub finds; a search may
be of any length and counts to the limit of other calls; every token is good, and none has scopes
that it tells.
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from connectors.errors import RateLimited
from connectors.profile_reading import FOREIGN
from connectors.profiles import github
from connectors.profiles.github import NO_ADDRESS, GitHub
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, ProfileKind
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, an_access
from tests.fakes.web_server import LOOPBACK

TOKEN = "github_pat_0123456789abcdefghij"
SPENT_TOKEN = "github_pat_spent0123456789abcde"
IDA, OTIS = f"ida.marsh@{DOMAIN}", f"otis.reed@{DOMAIN}"
PUPILS = 4
USERS: list[dict[str, Any]] = [
    {
        "login": "idam",
        "name": "Ida Marsh",
        "email": IDA,
        "bio": "Teaches computer science",
        "blog": f"https://{DOMAIN}/ida",
        "location": "Maple Falls",
    },
    {"login": "OtisReed", "name": "Otis Reed", "email": OTIS.title()},
    {"login": "longer", "email": f"{IDA}.example"},
    {"login": "before", "email": f"ida@not{DOMAIN}"},
    {"login": "nothing-shown", "name": "Maple Falls"},
    *({"login": f"pupil{n}", "email": f"27pupil{n}@{DOMAIN}"} for n in range(PUPILS)),
]
ORGANISATION = {
    "login": "MapleFallsHS",
    "name": "Maple Falls High School",
    "description": "Home of the Herons",
    "email": "office@elsewhere.example",
}


def known(login: str) -> KnownAccount:
    return KnownAccount(AccountKey("github", login), login, None, None)


def read(token: str = TOKEN, **questions: Any) -> Harvest:
    """Let the connector read a night, nothing asked but what is given."""
    options = {"token": token, "searches_a_night": 10, "lookups_a_night": 100}
    access = an_access(options, web=LOOPBACK, questions=Questions(**questions))
    return GitHub(access).fetch()


def profiles(**questions: Any) -> dict[str, Profile]:
    return {profile.handle or "": profile for profile in read(**questions).profiles}


def ask(url: str, method: str, target: str, body: Any = None, token: str = TOKEN) -> Any:
    """Ask without the connector, whose answer is good."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        connection.request(method, target, body and json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return json.load(answer)
    finally:
        connection.close()


class GitHubCases:
    """Inherited with a fixture ``server``, a URL, and ``spent``, a token that has no calls left."""

    @pytest.fixture(autouse=True)
    def _asked(self, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(github, "BASE", server)

    def test_a_profile_is_read_whole(self, server: str) -> None:
        profile = profiles(accounts=(known("idam"),), addresses=(IDA,))["idam"]
        shown = ask(server, "GET", "/users/idam")
        assert profile.key == AccountKey("github", str(shown["id"]))
        assert profile.url == "https://github.com/idam"
        assert (profile.display_name, profile.bio) == ("Ida Marsh", "Teaches computer science")
        assert (profile.website, profile.location) == (f"https://{DOMAIN}/ida", "Maple Falls")
        assert (profile.public_addresses, profile.kind) == ((IDA,), ProfileKind.PERSON)
        assert (profile.followers, str(profile.created_on)) == (0, shown["created_at"][:10])

    def test_an_account_that_shows_nothing_is_read(self) -> None:
        profile = profiles(accounts=(known("nothing-shown"),))["nothing-shown"]
        assert (profile.display_name, profile.public_addresses) == ("Maple Falls", ())
        assert (profile.bio, profile.website, profile.location) == (None, None, None)

    @pytest.mark.parametrize("login", ["never-was", "../orgs/MapleFallsHS", "idam?x=1", "%69dam"])
    def test_an_account_that_is_not_there_is_not_found(self, login: str) -> None:
        harvest = read(accounts=(known(login), known("idam")))
        assert harvest.not_found == (AccountKey("github", login),)
        assert [profile.handle for profile in harvest.profiles] == ["idam"]

    def test_likely_logins_are_looked_up(self) -> None:
        handles = {"github": ("idam", "never-was", "nothing-shown", "longer")}
        harvest = read(handles=handles, addresses=(IDA, OTIS))
        found = {profile.handle: profile.public_addresses for profile in harvest.profiles}
        assert found == {"idam": (IDA,), "nothing-shown": (), "longer": (), "OtisReed": (OTIS,)}
        assert harvest.not_found == ()

    def test_a_pupils_account_is_dropped_and_counted_once_wherever_it_is_found(self) -> None:
        harvest = read(handles={"github": ("pupil3",)}, addresses=(IDA, OTIS))
        assert {profile.handle for profile in harvest.profiles} == {"idam", "OtisReed"}
        assert harvest.dropped == {FOREIGN: PUPILS, NO_ADDRESS: 2}
        assert "pupil" not in repr(harvest).replace(FOREIGN, "")

    def test_only_accounts_that_show_an_employees_address_are_kept(self) -> None:
        harvest = read(addresses=(IDA, OTIS))
        shown = {profile.handle: profile.public_addresses for profile in harvest.profiles}
        assert shown == {"idam": (IDA,), "OtisReed": (OTIS,)}
        assert harvest.dropped == {FOREIGN: PUPILS, NO_ADDRESS: 2}
        assert harvest.gaps == ()
        assert "27pupil" not in repr(harvest)

    def test_all_pages_of_a_search_are_read_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(github, "PAGE", 3)
        pages, found, links_home = 3, PUPILS + 4, 1
        harvest = read(addresses=(IDA, OTIS))
        assert harvest.dropped == {FOREIGN: PUPILS, NO_ADDRESS: 2}
        assert harvest.calls == pages + found + links_home

    def test_without_a_directory_nobody_is_searched_for(self) -> None:
        harvest = read()
        assert (harvest.profiles, harvest.calls) == ((), 0)

    def test_an_address_that_is_taken_back_is_not_shown_any_more(self, server: str) -> None:
        asked: dict[str, Any] = {"accounts": (known("idam"),), "addresses": (IDA,)}
        ask(server, "PATCH", "/user", {"email": None})
        try:
            assert profiles(**asked)["idam"].public_addresses == ()
            assert profiles(addresses=(IDA,)) == {}
        finally:
            ask(server, "PATCH", "/user", {"email": IDA})
        assert profiles(**asked)["idam"].public_addresses == (IDA,)

    def test_searches_by_name_are_understood(self) -> None:
        harvest = read(names=("Maple Falls", 'a "quoted" name'), control="Zqabc Xvdef School")
        assert (harvest.gaps, harvest.dropped, harvest.calls) == ((), {}, 3)

    def test_an_organisation_has_what_is_read_of_it(self, server: str) -> None:
        answer = ask(server, "GET", "/orgs/MapleFallsHS")
        assert "archived_at" not in answer
        found = msgspec.convert(answer | {"archived_at": None}, github.Organisation)
        assert (found.login, found.name) == ("MapleFallsHS", "Maple Falls High School")
        assert (found.description, found.email) == (
            "Home of the Herons",
            "office@elsewhere.example",
        )
        assert (found.is_verified, found.followers) == (False, 0)

    def test_a_spent_limit_is_not_a_refusal(self, spent: str) -> None:
        with pytest.raises(RateLimited):
            read(token=spent, accounts=(known("idam"),))

    def test_doctor(self) -> None:
        checks = GitHub(an_access({"token": TOKEN}, web=LOOPBACK)).check()
        assert [(check.name, check.state) for check in checks] == [("token", CheckState.GOOD)]
