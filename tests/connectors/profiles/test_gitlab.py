"""GitLab: known accounts first, names in turns, and only what shows the address asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors.errors import (
    AccessRefused,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profile_reading import FOREIGN
from connectors.profiles import gitlab
from connectors.profiles.gitlab import GitLab
from connectors.records import AccountKey, Harvest, KnownAccount, Profile, ProfileKind, Standing
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.gitlab import TOKEN, GitLabServer, a_group, a_user
from tests.fakes.web_server import HTML, LOOPBACK, FakeTimer, json_reply

IDA, OMAR = f"Ida.Marsh@{DOMAIN}", f"omar.reed@{DOMAIN}"
SCHOOL = "Maple Falls High School"
CONTROL = "Zqabc Xvdef School"
UNSEEN = "accounts found by an address that they do not show"
MOST = {"searches_a_night": 30, "lookups_a_night": 60, "addresses_a_night": 100}


def gravatar(address: str, kind: str = "sha256") -> str:
    digest = hashlib.new(kind, address.lower().encode()).hexdigest()
    return f"https://secure.gravatar.com/avatar/{digest}?s=80&d=identicon"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLabServer]:
    with GitLabServer() as server:
        server.users = [a_user("idam", 12, name="Ida", public_email=IDA.upper())]
        server.groups = [a_group("maplefallshs", 12, name=SCHOOL)]
        server.found = {SCHOOL: ["maplefallshs"], IDA: ["idam"]}
        monkeypatch.setattr(gitlab, "BASE", server.base)
        yield server


def a_connector(
    bookmark: bytes | None = None, options: dict[str, Any] | None = None, **questions: Any
) -> GitLab:
    asked = {"names": (SCHOOL,), "addresses": (IDA,), "control": CONTROL} | questions
    given = {"token": TOKEN} | MOST | (options or {})
    return GitLab(an_access(given, web=LOOPBACK, bookmark=bookmark, questions=Questions(**asked)))


def known(account: str, native_id: str | None = None) -> KnownAccount:
    return KnownAccount(AccountKey("gitlab", native_id or account), account, None, native_id)


def found(harvest: Harvest) -> dict[str, Profile]:
    return {profile.handle or "": profile for profile in harvest.profiles}


class TestGitLabContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, server: GitLabServer) -> GitLab:
        return a_connector(accounts=(known("idam", "12"),))

    @pytest.fixture
    def broken(self, server: GitLabServer) -> Sequence[GitLab]:
        return [a_connector(options={"token": TOKEN + "x"})]

    @pytest.fixture
    def hostile(self, server: GitLabServer) -> Callable[[str], GitLab]:
        def give(text: str) -> GitLab:
            server.users[0] |= {"name": text, "bio": text, "website_url": text}
            return a_connector()

        return give


# Known accounts


def test_a_known_user_is_looked_at_by_id_even_if_renamed(server):
    server.users[0]["username"] = "newname"
    harvest = a_connector(accounts=(known("idam", "12"),), names=(), addresses=()).fetch()
    (profile,) = harvest.profiles
    assert (profile.key, profile.handle) == (AccountKey("gitlab", "12"), "newname")


def test_a_name_registered_by_somebody_else_is_not_the_same_account(server):
    server.users[0]["id"] = 99
    account = known("idam", "12")
    harvest = a_connector(accounts=(account,), names=(), addresses=()).fetch()
    assert harvest.not_found == (account.key,)


def test_accounts_known_by_name_may_be_users_or_groups(server):
    gone = known("never-was")
    accounts = (known("idam"), known("MapleFallsHS".lower()), gone)
    harvest = a_connector(accounts=accounts, names=(), addresses=()).fetch()
    assert set(found(harvest)) == {"idam", "maplefallshs"}
    assert harvest.not_found == (gone.key,)


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("active", Standing.ACTIVE),
        ("blocked", Standing.SUSPENDED),
        ("banned", Standing.SUSPENDED),
        ("deactivated", Standing.ARCHIVED),
        ("something new", None),
    ],
)
def test_a_blocked_account_is_suspended_and_not_gone(server, state, standing):
    server.users[0]["state"] = state
    harvest = a_connector(accounts=(known("idam", "12"),), names=()).fetch()
    assert found(harvest)["idam"].standing is standing
    assert harvest.not_found == ()


def test_a_private_profile_is_kept_with_what_it_shows(server):
    shown = ("id", "username", "name", "state", "avatar_url")
    server.users[0] = {key: server.users[0][key] for key in shown} | {"private_profile": True}
    profile = found(a_connector(accounts=(known("idam", "12"),), names=()).fetch())["idam"]
    assert (profile.bio, profile.created_on, profile.public_addresses) == (None, None, ())


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_an_error_is_never_not_found(server, status):
    server.answer = lambda _: json_reply({"message": "x"}, status)
    with pytest.raises((AccessRefused, RateLimited, SourceUnavailable)):
        a_connector(accounts=(known("idam", "12"),)).fetch()


def test_a_group_and_a_user_of_the_same_number_are_two_accounts(server):
    keys = {profile.key for profile in a_connector().fetch().profiles}
    assert keys == {AccountKey("gitlab", "12"), AccountKey("gitlab", "maplefallshs")}


# By address


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_an_avatar_that_is_the_hash_of_our_address_is_kept_as_a_hash(server, kind):
    server.users[0] |= {"public_email": "", "avatar_url": gravatar(IDA, kind)}
    profile = found(a_connector().fetch())["idam"]
    assert profile.public_addresses == ()
    assert profile.address_hashes == (hashlib.new(kind, IDA.lower().encode()).hexdigest(),)


def test_a_published_address_is_kept_in_the_directorys_spelling(server):
    assert found(a_connector().fetch())["idam"].public_addresses == (IDA,)


@pytest.mark.parametrize(
    "changes",
    [
        {"public_email": ""},
        {"public_email": None},
        {"public_email": "ida@elsewhere.example"},
        {"public_email": OMAR},
        {"public_email": f"27jdoe@{DOMAIN}"},
        {"public_email": "", "avatar_url": gravatar("ida@elsewhere.example")},
    ],
)
def test_what_a_private_address_may_have_matched_is_dropped_unread(server, changes):
    server.users[0] |= changes
    harvest = a_connector(addresses=(IDA, OMAR)).fetch()
    assert "idam" not in found(harvest)
    assert harvest.dropped[UNSEEN] == 1
    assert not [path for path in server.paths if path.endswith("/users/12")]


def test_an_account_that_several_addresses_find_is_counted_once(server):
    server.users[0] |= {"public_email": ""}
    server.found[OMAR] = server.found[IDA]
    assert a_connector(addresses=(IDA, OMAR)).fetch().dropped == {UNSEEN: 1}


def test_a_row_without_the_field_is_dropped_unread(server):
    del server.users[0]["public_email"]
    assert a_connector().fetch().dropped == {UNSEEN: 1}


def test_addresses_take_turns(server):
    addresses = (IDA, OMAR, f"vi.stone@{DOMAIN}")
    first = a_connector(None, {"addresses_a_night": 2}, names=(), addresses=addresses).fetch()
    assert server.searched == [IDA, OMAR]
    assert "2 of 3 addresses were searched for; each has its turn within 2 nights." in first.notes
    assert DOMAIN.encode() not in (first.bookmark or b"")
    server.asked.clear()
    second = {"addresses_a_night": 1}
    a_connector(first.bookmark, second, names=(), addresses=addresses).fetch()
    assert server.searched == [addresses[2]]


def test_no_address_is_sent_where_that_is_turned_off(server):
    a_connector(options={"addresses_a_night": 0}).fetch()
    assert server.searched == [CONTROL, SCHOOL]


# By name and by handle


def test_a_group_is_found_by_name(server):
    server.groups[0]["description"] = "Go Herons"
    profile = found(a_connector().fetch())["maplefallshs"]
    assert (profile.kind, profile.bio) == (ProfileKind.GROUP, "Go Herons")
    assert profile.url == "https://gitlab.com/maplefallshs"


def test_a_row_that_does_not_show_the_name_is_dropped_unread(server):
    server.users.append(a_user("stranger", 13, name="Somebody Else"))
    server.found[SCHOOL].append("stranger")
    server.found["Maple Falls"] = ["stranger"]
    harvest = a_connector(names=(SCHOOL, "Maple Falls")).fetch()
    assert "stranger" not in found(harvest)
    assert harvest.dropped == {"accounts found by a name that they do not show": 1}
    assert not [path for path in server.paths if path.endswith("/13")]


def test_an_account_with_a_pupils_address_is_dropped_wherever_it_was_found(server):
    server.users.append(a_user("club", 13, name=SCHOOL, public_email=f"27jdoe@{DOMAIN}"))
    server.found[SCHOOL] = ["club"]
    harvest = a_connector(handles={"gitlab": ("club",)}).fetch()
    assert "club" not in found(harvest)
    assert harvest.dropped[FOREIGN] == 1
    assert "27jdoe" not in repr(harvest)


def test_a_group_that_the_token_may_see_and_others_may_not_is_dropped(server):
    server.groups[0]["visibility"] = "private"
    account, likely = known("maplefallshs"), {"gitlab": ("maplefallshs",)}
    harvest = a_connector(accounts=(account,), handles=likely, names=()).fetch()
    assert "maplefallshs" not in found(harvest)
    assert harvest.dropped == {"groups that are not public": 1}


def test_likely_handles_are_looked_up(server):
    harvest = a_connector(names=(), handles={"gitlab": ("maplefallshs", "nobody")}).fetch()
    assert "maplefallshs" in found(harvest)
    assert harvest.not_found == ()


def test_a_search_that_finds_the_control_is_distrusted(server):
    server.users.append(a_user("any", 14))
    server.found[CONTROL] = ["any"]
    harvest = a_connector().fetch()
    assert SCHOOL not in server.searched
    assert "not trusted" in harvest.gaps[0]


def test_a_subgroup_is_no_account(server):
    server.groups[0]["full_path"] = "other/maplefallshs"
    harvest = a_connector().fetch()
    assert "maplefallshs" not in found(harvest)
    assert sum(harvest.dropped.values()) == 1


# Limits, faults


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (json_reply({"message": "401 Unauthorized"}, 401), AccessRefused, "401"),
        (json_reply({"message": "403 Forbidden"}, 403), AccessRefused, "403"),
        (json_reply({}, 429, Retry_After="3600", RateLimit_Remaining="0"), RateLimited, "429"),
        (json_reply({"error": "x"}, 502), SourceUnavailable, "502"),
        (HTML, UnexpectedAnswer, "web page"),
        (json_reply({"message": "x"}), UnexpectedAnswer, "array"),
        (json_reply([{"id": 1, "username": "x", "name": "y"}]), UnexpectedAnswer, "state"),
        (json_reply([a_user("x", 1) | {"id": "1"}]), UnexpectedAnswer, r"\[0\]\.id"),
    ],
)
def test_each_fault_is_one_clear_sentence(server, fault, error, words):
    server.answer = lambda _: fault
    with pytest.raises(error, match=words) as caught:
        a_connector(names=()).fetch()
    assert TOKEN not in str(caught.value)
    assert DOMAIN not in str(caught.value)


def test_looks_at_users_stay_within_300_in_ten_minutes(server, monkeypatch):
    timer, times = FakeTimer(), []
    monkeypatch.setattr("connectors.pacing.TIMER", timer)
    plain = server.answer

    def note(asked):
        times.extend([timer.now] if "/users/" in asked.path else [])
        return plain(asked)

    server.answer = note
    accounts = tuple(known(f"u{n}", str(n)) for n in range(400))
    a_connector(accounts=accounts, names=(), addresses=()).fetch()
    assert len(times) == 400
    assert all(sum(start <= at < start + 600 for at in times) <= 300 for start in times)


@pytest.mark.parametrize("token", ["", "short", "x" * 300, "glpat-0123456789 bcdefghij"])
def test_a_token_that_is_none_is_not_sent(token):
    with pytest.raises(NotConfigured):
        a_connector(options={"token": token})


# audit doctor


@pytest.mark.parametrize(
    ("scopes", "state", "words"),
    [
        (["read_api"], CheckState.GOOD, "only read"),
        (["read_user"], CheckState.BAD, "read_api is missing"),
        (["read_api", "api"], CheckState.WARNING, "more than is needed: api"),
    ],
)
def test_doctor_tells_what_the_token_may_do(server, scopes, state, words):
    server.scopes = scopes
    (check,) = a_connector().check()
    assert check.state is state
    assert words in check.seen


def test_doctor_names_a_wrong_token(server):
    (check,) = a_connector(options={"token": TOKEN + "x"}).check()
    assert check.state is CheckState.BAD
    assert "Access tokens" in check.advice
