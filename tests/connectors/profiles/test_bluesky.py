"""Bluesky: DIDs are identities, 25 at a time, names in turns, and wishes not to be shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import AccessRefused, RateLimited, SourceUnavailable, UnexpectedAnswer
from connectors.profiles import bluesky
from connectors.profiles.bluesky import Bluesky
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, Standing
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.bluesky import NOT_FOUND, BlueskyServer, a_label, an_actor, did
from tests.fakes.spec import misfits
from tests.fakes.web_server import HTML, LOOPBACK, json_reply

SCHOOL, CONTROL = "Maple Falls High School", "Zqabc Xvdef School"
HIGH = "maplefallshigh.bsky.social"
LEXICONS = json.loads((Path(__file__).parents[2] / "data/atproto/lexicons.json").read_text())
NOT_SHOWN = "accounts that ask not to be shown to visitors without a session"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BlueskyServer]:
    with BlueskyServer() as server:
        server.actors = [an_actor(HIGH, 1, displayName=SCHOOL, description="Go Herons")]
        server.found = {SCHOOL: [HIGH]}
        monkeypatch.setattr(bluesky, "BASE", server.base)
        yield server


def a_connector(
    bookmark: bytes | None = None, options: dict[str, Any] | None = None, **questions: Any
) -> Bluesky:
    asked = {"names": (SCHOOL,), "control": CONTROL} | questions
    given = {"searches_a_night": 100, "lookups_a_night": 1_000} | (options or {})
    return Bluesky(an_access(given, web=LOOPBACK, bookmark=bookmark, questions=Questions(**asked)))


def known(handle: str, number: int | None = None) -> KnownAccount:
    native_id = did(number) if number is not None else None
    return KnownAccount(AccountKey("bluesky", native_id or handle), handle, None, native_id)


def found(harvest: Harvest) -> dict[str, Profile]:
    return {profile.handle or "": profile for profile in harvest.profiles}


class TestBlueskyContract(ConnectorContract):
    @pytest.fixture
    def connector(self, server: BlueskyServer) -> Bluesky:
        return a_connector(accounts=(known(HIGH, 1),))

    @pytest.fixture
    def broken(self, server: BlueskyServer) -> Sequence[Bluesky]:
        server.answer = lambda _: json_reply({"actors": {}})
        return [a_connector(), a_connector(accounts=(known(HIGH, 1),))]

    @pytest.fixture
    def hostile(self, server: BlueskyServer) -> Callable[[str], Bluesky]:
        def give(text: str) -> Bluesky:
            server.actors[0] |= {"displayName": text, "description": text, "website": text}
            return a_connector()

        return give


# What is read


def test_a_profile_is_read_whole(server):
    server.actors[0] |= {
        "website": f"https://{DOMAIN}",
        "verification": {
            "verifications": [],
            "verifiedStatus": "valid",
            "trustedVerifierStatus": "none",
        },
    }
    (profile,) = a_connector().fetch().profiles
    assert profile.key == AccountKey("bluesky", did(1))
    assert (profile.handle, profile.display_name, profile.bio) == (HIGH, SCHOOL, "Go Herons")
    assert (profile.website, profile.verified, profile.followers) == (f"https://{DOMAIN}", True, 7)
    assert profile.created_on == date(2023, 2, 14)
    assert profile.url == f"https://bsky.app/profile/{HIGH}"


@pytest.mark.parametrize(
    ("statuses", "verified"),
    [(("none", "none"), False), (("invalid", "valid"), True), (("none", "invalid"), False)],
)
def test_the_check_mark_may_be_of_either_kind(server, statuses, verified):
    names = ("verifiedStatus", "trustedVerifierStatus")
    server.actors[0]["verification"] = dict(zip(names, statuses, strict=True))
    assert found(a_connector().fetch())[HIGH].verified is verified


def test_a_handle_that_its_domain_does_not_confirm_is_none(server):
    server.actors[0]["handle"] = "handle.invalid"
    (profile,) = a_connector(accounts=(known(HIGH, 1),), names=()).fetch().profiles
    assert (profile.handle, profile.key.account) == (None, did(1))


# Known accounts


def test_a_known_account_is_looked_at_by_did_even_if_renamed(server):
    server.actors[0]["handle"] = f"high.{DOMAIN}"
    (profile,) = a_connector(accounts=(known(HIGH, 1),), names=()).fetch().profiles
    assert (profile.handle, profile.key.account) == (f"high.{DOMAIN}", did(1))


def test_a_handle_taken_by_somebody_else_is_not_the_same_account(server):
    server.actors = [an_actor(HIGH, 2)]
    account = known(HIGH, 1)
    harvest = a_connector(accounts=(account,), names=()).fetch()
    assert harvest.not_found == (account.key,)
    assert harvest.profiles == ()


def test_an_account_left_out_of_a_batch_is_asked_for_alone(server):
    accounts = (known(HIGH.upper()), known("gone.bsky.social"))
    harvest = a_connector(accounts=accounts, names=()).fetch()
    assert set(found(harvest)) == {HIGH}
    assert harvest.not_found == (accounts[1].key,)
    assert [one["actor"] for one in server.calls("getProfile")] == [["gone.bsky.social"]]


@pytest.mark.parametrize(
    ("error", "standing"),
    [
        ("AccountTakedown", Standing.SUSPENDED),
        ("AccountSuspended", Standing.SUSPENDED),
        ("AccountDeactivated", Standing.ARCHIVED),
    ],
)
def test_an_account_that_is_away_is_not_gone(server, error, standing):
    server.away[did(1)] = error
    harvest = a_connector(accounts=(known(HIGH, 1),), names=()).fetch()
    assert [profile.standing for profile in harvest.profiles] == [standing]
    assert harvest.not_found == ()


def test_any_other_error_leaves_a_gap_and_is_never_not_found(server):
    server.away[did(1)] = "SomethingNew"
    harvest = a_connector(accounts=(known(HIGH, 1),), names=()).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


def test_known_accounts_are_asked_for_25_at_a_time(server):
    server.actors = [an_actor(f"s{n}.bsky.social", n) for n in range(60)]
    accounts = tuple(known(f"s{n}.bsky.social", n) for n in range(60))
    harvest = a_connector(accounts=accounts, names=(), options={}).fetch()
    assert len(harvest.profiles) == 60
    assert [len(one["actors"]) for one in server.calls("getProfiles")] == [25, 25, 10]


# Wishes and marks


@pytest.mark.parametrize(
    "asked",
    [
        {"accounts": (known(HIGH, 1),)},
        {"handles": {"bluesky": (HIGH,)}},
        {"accounts": (known(HIGH, 1),), "handles": {"bluesky": (HIGH,)}},
        {},
    ],
)
def test_an_account_that_asks_not_to_be_shown_is_dropped(server, asked):
    server.actors[0]["labels"] = [a_label("!no-unauthenticated")]
    harvest = a_connector(**asked).fetch()
    assert harvest.profiles == ()
    assert harvest.not_found == ()
    assert harvest.dropped == {NOT_SHOWN: 1}
    assert "Herons" not in repr(harvest)


def test_a_label_taken_back_does_not_count(server):
    server.actors[0]["labels"] = [a_label("!no-unauthenticated", neg=True)]
    assert set(found(a_connector().fetch())) == {HIGH}


def test_a_moderators_takedown_is_a_suspension(server):
    server.actors[0]["labels"] = [a_label("!takedown")]
    assert found(a_connector().fetch())[HIGH].standing is Standing.SUSPENDED


# Domains, handles, names


def test_a_domain_of_the_district_as_handle_is_found(server):
    server.actors.append(an_actor(DOMAIN, 3))
    harvest = a_connector(names=()).fetch()
    assert set(found(harvest)) == {DOMAIN}
    assert server.calls("resolveHandle") == [{"handle": [DOMAIN]}]


def test_a_domain_whose_account_does_not_name_it_back_is_not_taken(server):
    server.actors.append(an_actor(DOMAIN, 3))
    plain = server.answer

    def unproven(asked):
        if asked.path.endswith("getProfiles"):
            return json_reply({"profiles": [an_actor("handle.invalid", 3)]})
        return plain(asked)

    server.answer = unproven
    assert a_connector(names=()).fetch().profiles == ()


def test_likely_handles_are_looked_up_in_batches_and_turns(server):
    handles = {"bluesky": (*(f"s{n}.bsky.social" for n in range(80)), HIGH)}
    first = a_connector(None, {"lookups_a_night": 50}, handles=handles, names=()).fetch()
    assert [len(one["actors"]) for one in server.calls("getProfiles")] == [25, 25]
    assert "50 of 81 handles were looked up; each has its turn within 2 nights." in first.notes
    second = a_connector(first.bookmark, {"lookups_a_night": 50}, handles=handles, names=())
    assert set(found(second.fetch())) == {HIGH}


def test_a_search_that_finds_the_control_is_distrusted(server):
    server.found[CONTROL] = [HIGH]
    harvest = a_connector().fetch()
    assert [one["q"] for one in server.calls("searchActors")] == [[CONTROL]]
    assert harvest.profiles == ()
    assert "not trusted" in harvest.gaps[0]


def test_names_take_turns(server):
    names = ("A", "B", "C")
    first = a_connector(None, {"searches_a_night": 2}, names=names).fetch()
    server.asked.clear()
    a_connector(first.bookmark, {"searches_a_night": 2}, names=names).fetch()
    assert [one["q"][0] for one in server.calls("searchActors")] == [CONTROL, "C", "A"]


@pytest.mark.parametrize("handle", ["../x", "no dots", "", "x" * 300, "evil.example/a"])
def test_a_handle_that_cannot_be_one_is_counted(server, handle):
    server.actors[0]["handle"] = handle
    server.found[SCHOOL] = [handle]
    harvest = a_connector().fetch()
    assert all(profile.url.startswith("https://bsky.app/profile/") for profile in harvest.profiles)
    assert harvest.dropped or [profile.handle for profile in harvest.profiles] == [None]


# Faults


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (json_reply({"error": "AuthMissing", "message": "x"}, 401), AccessRefused, "401"),
        (json_reply({"error": "Forbidden", "message": "x"}, 403), AccessRefused, "403"),
        (
            json_reply({"error": "RateLimitExceeded"}, 429, Retry_After="3600"),
            RateLimited,
            "429",
        ),
        (json_reply({"error": "UpstreamFailure"}, 502), SourceUnavailable, "502"),
        (json_reply({"error": "InvalidRequest"}, 400), UnexpectedAnswer, "400"),
        (HTML, UnexpectedAnswer, "web page"),
        (json_reply({}), UnexpectedAnswer, "profiles"),
        (json_reply({"profiles": [{"did": did(1)}]}), UnexpectedAnswer, "handle"),
        (
            json_reply({"profiles": [an_actor(HIGH, 1) | {"displayName": 1}]}),
            UnexpectedAnswer,
            "displayName",
        ),
        (
            json_reply({"profiles": [an_actor(HIGH, 1) | {"labels": ["x"]}]}),
            UnexpectedAnswer,
            "labels",
        ),
    ],
)
def test_each_fault_is_one_clear_sentence(server, fault, error, words):
    server.answer = lambda _: fault
    account = known(HIGH, 1)
    with pytest.raises(error, match=words) as caught:
        a_connector(accounts=(account,)).fetch()
    assert HIGH not in str(caught.value)


# audit doctor and the lexicons


def test_doctor_asks_about_nobody(server):
    (check,) = a_connector().check()
    assert check.state is CheckState.GOOD
    assert server.calls("searchActors") == [{"q": ["bluesky"], "limit": ["1"]}]


def test_the_server_of_these_tests_answers_as_the_lexicons_say():
    schemas = LEXICONS["schemas"]
    assert misfits(schemas["profileViewDetailed"], an_actor(HIGH, 1)) == []
    assert set(NOT_FOUND) == {"error", "message"}


def test_what_is_read_stands_in_the_lexicons():
    detailed = LEXICONS["schemas"]["profileViewDetailed"]
    names = dict(
        zip(bluesky.Actor.__struct_fields__, bluesky.Actor.__struct_encode_fields__, strict=True)
    )
    assert set(names.values()) <= set(detailed["properties"])
    required = bluesky.Actor.__struct_fields__[: -len(bluesky.Actor.__struct_defaults__)]
    assert [names[field] for field in required] == detailed["required"]
    marks = LEXICONS["schemas"]["verificationState"]["required"]
    assert set(bluesky.Verification.__struct_encode_fields__) <= set(marks)


def test_only_specified_parameters_are_sent(server):
    a_connector(accounts=(known(HIGH, 1), known("gone.bsky.social"))).fetch()
    for asked in server.asked:
        operation = LEXICONS["operations"][asked.path.rpartition("/")[2]]
        assert set(asked.query) <= set(operation["parameters"])
    most = LEXICONS["operations"]["app.bsky.actor.getProfiles"]["parameters"]["actors"]
    assert most["maxLength"] == bluesky.BATCH


def test_calls_follow_the_formula_on_the_page(server):
    server.actors += [an_actor(f"s{n}.bsky.social", n) for n in range(2, 30)]
    accounts = tuple(known(f"s{n}.bsky.social", n) for n in range(2, 30))
    handles = {"bluesky": tuple(f"h{n}.bsky.social" for n in range(30))}
    asked = {"accounts": (*accounts, known("gone.bsky.social")), "handles": handles}
    harvest = a_connector(**asked).fetch()
    assert harvest.calls == 29 // 25 + 1 + 1 + 30 // 25 + 1 + 1 + 1 + 1


def test_an_account_that_only_the_single_look_up_knows_is_read(server):
    plain = server.answer

    def forgetful(asked):
        is_batch = asked.path.endswith("getProfiles")
        return json_reply({"profiles": []}) if is_batch else plain(asked)

    server.answer = forgetful
    harvest = a_connector(accounts=(known(HIGH, 1),), names=()).fetch()
    assert set(found(harvest)) == {HIGH}
    assert harvest.not_found == ()


@pytest.mark.parametrize(
    "name", ["no dots", "did:plc:", "a.bsky.9", "x" * 250 + ".com", "../x", "-a.bsky.social"]
)
def test_a_name_that_is_none_does_not_spoil_its_batch(server, name):
    account = KnownAccount(AccountKey("bluesky", name), name, None, None)
    handles = {"bluesky": (name, HIGH)}
    harvest = a_connector(accounts=(account,), handles=handles, names=()).fetch()
    assert set(found(harvest)) == {HIGH}
    assert [one["actors"] for one in server.calls("getProfiles")] == [[HIGH]]


@pytest.mark.parametrize("written", ["yesterday", "", "2023-99-99T00:00:00Z", "9" * 400, None])
def test_a_day_of_creation_that_is_none_does_no_harm(server, written):
    server.actors[0]["createdAt"] = written
    assert found(a_connector().fetch())[HIGH].created_on is None
