"""Gravatar: which addresses are asked about, whose turn it is, and what may be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profiles import gravatar
from connectors.profiles.gravatar import Gravatar
from connectors.records import Grade, Harvest, Way
from connectors.source import CheckState, Questions
from tests.builders import DOMAIN, NOW, an_access
from tests.connectors.contract import ConnectorContract
from tests.fakes.gravatar import KEY, GravatarServer, a_gravatar, sha256
from tests.fakes.web_server import HTML, LOOPBACK, json_reply

IDA, OMAR = f"Ida.Marsh@{DOMAIN}", f"omar.reed@{DOMAIN}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GravatarServer]:
    with GravatarServer() as server:
        server.add(IDA)
        monkeypatch.setattr(gravatar, "BASE", server.base)
        yield server


def a_connector(
    bookmark: bytes | None = None,
    nights: int = 0,
    addresses: Sequence[str] = (IDA, OMAR),
    **options: Any,
) -> Gravatar:
    questions = Questions(addresses=tuple(addresses))
    access = an_access(
        options,
        web=LOOPBACK,
        bookmark=bookmark,
        now=NOW + timedelta(days=nights),
        questions=questions,
    )
    return Gravatar(access)


def people(many: int) -> list[str]:
    return [f"person{n}@{DOMAIN}" for n in range(many)]


def asked(server: GravatarServer) -> list[str]:
    return [path.rpartition("/")[2] for path in server.paths]


def said(harvest: Harvest) -> list[tuple[str, Way, Grade]]:
    return [(use.address, use.way, use.grade) for use in harvest.uses]


class TestGravatarContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, server: GravatarServer) -> Gravatar:
        return a_connector(key=KEY)

    @pytest.fixture
    def broken(self, server: GravatarServer) -> Sequence[Gravatar]:
        return [a_connector(key="another-wrong-key")]

    @pytest.fixture
    def hostile(self, server: GravatarServer) -> Callable[[str], Gravatar]:
        def give(text: str) -> Gravatar:
            server.add(IDA, display_name=text)
            return a_connector()

        return give


def test_a_profile_found_by_hash_is_grade_b(server):
    (use,) = a_connector().fetch().uses
    assert (use.address, use.site, use.way, use.grade) == (IDA, "gravatar.com", Way.HASH, Grade.B)
    assert use.url == "https://gravatar.com/idam"
    assert use.seen_at == NOW


def test_only_hashes_of_directory_addresses_leave_the_district(server):
    a_connector(addresses=[IDA]).fetch()
    assert asked(server) == [sha256(IDA.lower())]
    assert all(DOMAIN not in one.target for one in server.asked)


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({"contact_info": {"email": IDA.upper()}}, Grade.A),
        ({"contact_info": {"email": OMAR}}, Grade.B),
        ({"contact_info": {"email": "ida@elsewhere.example"}}, Grade.B),
        ({"contact_info": {}}, Grade.B),
        (
            {
                "contact_info": {"email": IDA},
                "section_visibility": {"hidden_contact_info": True},
            },
            Grade.B,
        ),
    ],
)
def test_only_the_very_address_made_public_is_grade_a(server, changes, grade):
    server.add(IDA, **changes)
    assert [one[2] for one in said(a_connector().fetch())] == [grade]


def test_accounts_listed_elsewhere_are_not_read(server):
    harvest = a_connector().fetch()
    assert "privatelife" not in repr(harvest)
    assert harvest.profiles == ()


def test_the_bookmark_holds_hashes_and_no_address(server):
    bookmark = a_connector().fetch().bookmark or b""
    assert sha256(IDA).encode() in bookmark
    assert DOMAIN.encode() not in bookmark


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://gravatar.com/x", "https://notgravatar.com/x",
            "javascript:alert(1)", "https://[", "https://gravatar.com/\x00"],
)  # fmt: skip
def test_a_page_elsewhere_is_not_linked(server, url):
    server.add(IDA, profile_url=url)
    (use,) = a_connector().fetch().uses
    assert use.url == "https://gravatar.com"


# Turns


def test_addresses_take_turns_and_what_was_found_stays(server):
    everyone = people(5)
    server.add(everyone[0])
    bookmark, seen = None, []
    for night in range(3):
        server.asked.clear()
        harvest = a_connector(bookmark, night, everyone, lookups_a_night=2).fetch()
        bookmark = harvest.bookmark
        seen.append(asked(server))
        assert [use.address for use in harvest.uses] == [everyone[0]]
        assert harvest.uses[0].seen_at == NOW
    assert [len(night) for night in seen] == [2, 2, 1]
    assert sorted(key for night in seen for key in night) == sorted(map(sha256, everyone))


def test_the_turns_are_told(server):
    harvest = a_connector(addresses=people(5), lookups_a_night=2).fetch()
    assert any("2 of 5" in note and "3 nights" in note for note in harvest.notes)


@pytest.mark.parametrize(("nights", "again"), [(5, []), (6, [IDA]), (27, [IDA, OMAR])])
def test_what_was_found_is_looked_at_weekly_and_the_rest_monthly(server, nights, again):
    bookmark = a_connector().fetch().bookmark
    server.asked.clear()
    a_connector(bookmark, nights).fetch()
    assert sorted(asked(server)) == sorted(map(sha256, again))


def test_a_profile_that_is_gone_is_told_no_more(server):
    bookmark = a_connector().fetch().bookmark
    server.profiles.clear()
    assert a_connector(bookmark, 7).fetch().uses == ()


def test_who_left_the_directory_is_forgotten(server):
    bookmark = a_connector().fetch().bookmark
    harvest = a_connector(bookmark, 1, addresses=[OMAR]).fetch()
    assert harvest.uses == ()
    assert sha256(IDA).encode() not in (harvest.bookmark or b"")


def test_it_stops_when_the_allowance_ends_and_goes_on_the_next_night(server):
    everyone = people(5)
    server.left = 3
    first = a_connector(addresses=everyone).fetch()
    assert len(server.asked) == first.calls == 3
    server.left, server.asked = 100, []
    a_connector(first.bookmark, 1, everyone).fetch()
    assert asked(server) == [sha256(one) for one in everyone[3:]]


@pytest.mark.parametrize(
    "damage", [b"", b"[]", b"\xff", b'{"version":1}', b'{"version":0,"looks":{}}']
)
def test_a_bookmark_of_another_shape_is_ignored(server, damage):
    assert len(a_connector(damage).fetch().uses) == 1
    assert len(server.asked) == 2


def test_nobody_to_ask_about_is_no_call(server):
    assert a_connector(addresses=[]).fetch().calls == 0


# Faults


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (json_reply({"error": "x"}, 401), AccessRefused, "401"),
        (json_reply({"error": "x"}, 500), SourceUnavailable, "trouble"),
        (HTML, UnexpectedAnswer, "web page"),
        (json_reply({"hash": "x", "display_name": "y"}), UnexpectedAnswer, "profile_url"),
        (json_reply(a_gravatar(IDA) | {"display_name": None}), UnexpectedAnswer, "display_name"),
        (json_reply(a_gravatar(IDA) | {"contact_info": []}), UnexpectedAnswer, "contact_info"),
    ],
)
def test_each_fault_is_one_clear_sentence(server, fault, error, words):
    server.answer = lambda _: fault
    with pytest.raises(error, match=words):
        a_connector().fetch()


def test_too_many_requests_is_rate_limited(server):
    server.left = 0
    with pytest.raises(RateLimited):
        a_connector().fetch()


@pytest.mark.parametrize(
    "options",
    [
        {"key": "a b"},
        {"key": "x\ny" * 9},
        {"lookups_a_night": 0},
        {"lookups_a_night": 101},
        {"key": KEY, "lookups_a_night": 1_001},
    ],
)
def test_settings_out_of_bounds_are_refused(options):
    with pytest.raises(NotConfigured):
        a_connector(**options)


def test_the_allowance_is_never_used_up_by_default(server):
    a_connector(addresses=people(120)).fetch()
    assert len(server.asked) == 90


# audit doctor


def test_doctor_asks_about_nobody(server):
    server.left = 50
    (check,) = a_connector(key=KEY).check()
    assert (check.state, check.seen) == (CheckState.GOOD, "49 look-ups left this hour")
    assert asked(server) == [sha256("")]


def test_doctor_names_a_wrong_key(server):
    (check,) = a_connector(key="another-wrong-key").check()
    assert check.state is CheckState.BAD
    assert "gravatar.com/developers" in check.advice


def test_the_server_of_these_tests_has_the_fields_the_provider_requires():
    """Required properties of the schema Profile of api.gravatar.com/v3/openapi, 3.0.0."""
    required = (
        "hash display_name profile_url avatar_url avatar_alt_text location description"
        " job_title company verified_accounts pronunciation pronouns"
    )
    assert set(a_gravatar(IDA)) == set(required.split())
    read = set(gravatar.GravatarProfile.__struct_fields__)
    assert read - {"contact_info", "section_visibility"} <= set(a_gravatar(IDA))


def test_errors_are_the_sources_own(server):
    server.answer = lambda _: HTML
    with pytest.raises(ConnectorError) as caught:
        a_connector(key=KEY).fetch()
    assert DOMAIN not in str(caught.value)
    assert sha256(IDA) not in str(caught.value)


def test_a_limit_in_the_middle_ends_the_turn_and_loses_nothing(server):
    plain, count = server.answer, iter(range(100))

    def limited(asked):
        too_many = json_reply({"error": "Rate limit exceeded"}, 429, Retry_After="3600")
        return plain(asked) if next(count) < 2 else too_many

    server.answer = limited
    first = a_connector(addresses=[IDA, *people(4)]).fetch()
    assert len(first.uses) == 1
    assert any("2 of 5" in note for note in first.notes)
    server.answer, server.asked = plain, []
    a_connector(first.bookmark, 1, [IDA, *people(4)]).fetch()
    assert asked(server) == [sha256(one) for one in people(4)[1:]]
