"""One set of cases for a real Bluesky network and for what it answered when it was recorded.

What the network of ``tests/realservers/bluesky`` does otherwise than the public one, and is not
tested here: its search looks for a text within handles only, in small letters; it takes a handle
for proven when it hears of the account, and does not look a domain up that it never heard of; it
sends no headers of limits; it never says ``AccountSuspended``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from connectors.profiles import bluesky
from connectors.profiles.bluesky import Bluesky
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, Standing
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, an_access
from tests.fakes.web_server import LOOPBACK

CONTROL = "zqabcxvdef"
NOT_SHOWN = "accounts that ask not to be shown to visitors without a session"
NOBODY = "did:plc:" + "a" * 24
CLUBS = tuple(f"mfclub{number}" for number in range(10, 36))
MAY_BE = ["mfhigh.test", "MFHIGH.TEST", NOBODY, "did:web:maplefalls.example", "did:plc:a:b%20c",
          "handle.invalid", "a." * 124 + "test"]  # fmt: skip
MAY_NOT_BE = ["no dots", "nodots", "a.bsky.9", "-a.test", "x" * 64 + ".test", "../x", "did:plc:",
              "DID:plc:a", "a..test", "maple_falls.test", "mäple.test", "did:plc:a b", "did:PLC:a",
              "mf.test.", "did:plc:a:", "mf.t-", "a." * 125 + "test"]  # fmt: skip
NAMED = ["mfhigh", "mfathletics", "mflibrary", "mfband", "mfdrama", "mfchess", "mfnews", "mfbare"]


@dataclass(frozen=True)
class Network:
    """Where an AppView answers, and the DIDs of its accounts by name."""

    url: str
    dids: dict[str, str]

    def known(self, *names: str) -> tuple[KnownAccount, ...]:
        """Return accounts as an earlier night knew them: by DID, with the handle of then."""
        return tuple(known(f"{name}.test", self.dids[name]) for name in names)

    def key(self, name: str) -> AccountKey:
        """Return the identity of an account."""
        return AccountKey("bluesky", self.dids[name])

    def read(self, **questions: Any) -> Harvest:
        """Let the connector read a night, nothing asked but what is given."""
        options = {"searches_a_night": 10, "lookups_a_night": 100}
        access = an_access(options, web=LOOPBACK, questions=Questions(**questions))
        return Bluesky(access).fetch()

    def profiles(self, **questions: Any) -> dict[str, Profile]:
        """Return what a night finds, by the name of the account."""
        names = {did: name for name, did in self.dids.items()}
        found = self.read(**questions).profiles
        return {names[profile.native_id or ""]: profile for profile in found}

    def ask(self, target: str) -> tuple[int, Any]:
        """Ask without the connector."""
        try:
            with urlopen(f"{self.url}/xrpc/{target}", timeout=30) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)


def known(handle: str, did: str | None = None) -> KnownAccount:
    return KnownAccount(AccountKey("bluesky", did or handle), handle, None, did)


class BlueskyCases:
    """Inherited with fixtures ``before`` and ``after``: the network before and after changes."""

    @pytest.fixture(autouse=True)
    def _asked(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        state = "after" if "after" in request.fixturenames else "before"
        url = request.getfixturevalue(state).url
        monkeypatch.setattr(bluesky, "BASE", f"{url}/xrpc")

    def test_a_profile_is_read_whole(self, before: Network) -> None:
        (profile,) = (before.profiles(accounts=before.known("mfhigh"))["mfhigh"],)
        assert profile.key == before.key("mfhigh")
        assert profile.url == "https://bsky.app/profile/mfhigh.test"
        assert (profile.handle, profile.display_name) == ("mfhigh.test", "Maple Falls High School")
        assert profile.bio == f"Home of the Herons. Write to ida.marsh@{DOMAIN}"
        assert profile.website == f"https://{DOMAIN}/high"
        assert (profile.followers, profile.created_on) == (0, date(2024, 2, 14))
        assert (profile.verified, profile.standing) == (None, None)

    def test_an_account_without_a_profile_is_read(self, before: Network) -> None:
        profile = before.profiles(accounts=before.known("mfbare"))["mfbare"]
        assert profile.handle == "mfbare.test"
        assert (profile.display_name, profile.bio, profile.created_on) == (None, None, None)

    def test_the_check_mark_is_the_verifiers_word(self, before: Network) -> None:
        accounts = before.known("mfnews", "mfverifier", "mfhigh")
        found = before.profiles(accounts=accounts)
        marks = {name: profile.verified for name, profile in found.items()}
        assert marks == {"mfnews": True, "mfverifier": True, "mfhigh": None, "mfdistrict": None}

    def test_known_accounts_are_all_found_in_batches(self, before: Network) -> None:
        harvest = before.read(accounts=before.known(*CLUBS, *NAMED))
        found = {profile.key for profile in harvest.profiles}
        assert found == {before.key(name) for name in (*CLUBS, *NAMED, "mfdistrict")}
        assert harvest.calls == 2 + 1 + 1
        assert (harvest.not_found, harvest.gaps, harvest.dropped) == ((), (), {})

    def test_a_did_that_never_was_is_not_found(self, before: Network) -> None:
        accounts = (known("nobody.test", NOBODY), known("nobody.test"), *before.known("mfhigh"))
        harvest = before.read(accounts=accounts)
        assert harvest.not_found == (accounts[0].key, accounts[1].key)
        assert {one.key for one in harvest.profiles} == {
            before.key("mfhigh"),
            before.key("mfdistrict"),
        }
        assert harvest.gaps == ()

    def test_an_account_known_by_its_handle_is_found_in_any_case(self, before: Network) -> None:
        assert "mfhigh" in before.profiles(accounts=(known("MFHigh.Test"),))

    def test_an_account_that_asks_not_to_be_shown_is_dropped(self, before: Network) -> None:
        asked = {
            "accounts": before.known("mfquiet"),
            "handles": {"bluesky": ("mfquiet.test",)},
            "names": ("mfquiet",),
        }
        harvest = before.read(**asked, control=CONTROL)
        assert {profile.key for profile in harvest.profiles} == {before.key("mfdistrict")}
        assert harvest.dropped == {NOT_SHOWN: 1}
        assert harvest.not_found == ()
        assert "quiet" not in repr(harvest)

    def test_likely_handles_are_looked_up(self, before: Network) -> None:
        handles = ("mfhigh.test", "mfnobody.test", "MFNEWS.test", "no handle", "mfchess.test")
        harvest = before.read(handles={"bluesky": handles})
        found = {profile.handle for profile in harvest.profiles}
        assert found == {"mfhigh.test", "mfnews.test", "mfchess.test", DOMAIN}
        assert harvest.not_found == ()

    def test_names_are_searched_for_after_the_control(self, before: Network) -> None:
        harvest = before.read(names=("mfclub1", "mfhi", "mfnone"), control=CONTROL)
        found = {profile.handle for profile in harvest.profiles}
        assert found == {*(f"{name}.test" for name in CLUBS[:10]), "mfhigh.test", DOMAIN}
        assert (harvest.gaps, harvest.calls) == ((), 2 + 1 + 3)

    def test_a_search_that_finds_the_control_is_distrusted(self, before: Network) -> None:
        harvest = before.read(names=("mfclub1",), control="mfhi")
        assert {profile.handle for profile in harvest.profiles} == {DOMAIN}
        assert "not trusted" in harvest.gaps[0]

    def test_a_domain_that_its_own_site_confirms_is_a_handle(self, before: Network) -> None:
        found = before.profiles()
        assert set(found) == {"mfdistrict"}
        assert found["mfdistrict"].handle == DOMAIN

    def test_a_name_is_asked_for_if_and_only_if_it_may_be(self, before: Network) -> None:
        for name in MAY_BE + MAY_NOT_BE:
            target = f"app.bsky.actor.getProfiles?actors={quote(name, safe='')}"
            status, answer = before.ask(target)
            assert (name, status) == (name, 200 if name in MAY_BE else 400)
            assert status == 200 or answer["error"] == "InvalidRequest"
            assert bluesky._is_askable(name) is (name in MAY_BE)

    def test_more_than_a_batch_is_refused(self, before: Network) -> None:
        def ask(many: int) -> tuple[int, Any]:
            query = "&".join(f"actors=mfclub{number}.test" for number in range(10, 10 + many))
            return before.ask(f"app.bsky.actor.getProfiles?{query}")

        status, answer = ask(bluesky.BATCH)
        assert (status, len(answer["profiles"])) == (200, bluesky.BATCH)
        assert ask(bluesky.BATCH + 1)[0] == 400

    def test_an_error_has_the_form_that_is_read(self, before: Network) -> None:
        resolve = "com.atproto.identity.resolveHandle?handle=nobody.test"
        for target, message in [
            ("app.bsky.actor.getProfile?actor=nobody.test", "Profile not found"),
            (f"app.bsky.actor.getProfile?actor={NOBODY}", "Profile not found"),
            (resolve, "Unable to resolve handle"),
        ]:
            assert before.ask(target) == (400, {"error": "InvalidRequest", "message": message})

    def test_doctor(self, before: Network) -> None:
        access = an_access({}, web=LOOPBACK)
        assert [check.state for check in Bluesky(access).check()] == [CheckState.GOOD]

    def test_each_known_account_afterwards(self, after: Network) -> None:
        names = ("mfathletics", "mflibrary", "mfband", "mfdrama", "mfart", "mfchess", "mfhigh")
        harvest = after.read(accounts=after.known(*names))
        found = {profile.key: profile for profile in harvest.profiles}
        standings = {name: found[after.key(name)].standing for name in names if name != "mfchess"}
        assert standings == {
            "mfathletics": None,
            "mflibrary": Standing.ARCHIVED,
            "mfband": Standing.SUSPENDED,
            "mfdrama": Standing.SUSPENDED,
            "mfart": Standing.SUSPENDED,
            "mfhigh": None,
        }
        assert found[after.key("mfathletics")].handle == "mfherons.test"
        assert harvest.not_found == (after.key("mfchess"),)
        assert harvest.gaps == ()

    def test_an_account_known_by_its_handle_only_is_away_too(self, after: Network) -> None:
        accounts = (known("mflibrary.test"), known("mfband.test"), known("mfchess.test"))
        harvest = after.read(accounts=accounts)
        standings = {profile.key: profile.standing for profile in harvest.profiles}
        assert standings == {
            accounts[0].key: Standing.ARCHIVED,
            accounts[1].key: Standing.SUSPENDED,
        }
        assert harvest.not_found == (accounts[2].key,)

    def test_an_account_that_may_be_shown_again_is_read(self, after: Network) -> None:
        found = after.profiles(accounts=after.known("mfquiet"))
        assert found["mfquiet"].display_name == "Not quiet now"

    def test_a_handle_that_a_stranger_took_is_another_account(self, after: Network) -> None:
        asked = {"accounts": after.known("mfathletics")}
        handles = {"bluesky": ("mfathletics.test",)}
        found = after.profiles(**asked, handles=handles)
        assert found["mfathletics"].handle == "mfherons.test"
        assert found["stranger"].handle == "mfathletics.test"
        assert found["stranger"].key != found["mfathletics"].key

    def test_accounts_that_are_away_are_no_likely_handles(self, after: Network) -> None:
        handles = ("mflibrary.test", "mfband.test", "mfdrama.test", "mfchess.test", "mfhigh.test")
        harvest = after.read(handles={"bluesky": handles})
        assert [profile.handle for profile in harvest.profiles] == ["mfhigh.test"]
        assert (harvest.not_found, harvest.gaps) == ((), ())

    def test_a_domain_that_is_not_confirmed_any_more_is_no_handle(self, after: Network) -> None:
        found = after.profiles(accounts=after.known("mfdistrict"))
        assert set(found) == {"mfdistrict"}
        assert found["mfdistrict"].handle is None
        assert found["mfdistrict"].url == f"https://bsky.app/profile/{after.dids['mfdistrict']}"
        assert after.profiles() == {}
