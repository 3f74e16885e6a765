"""YouTube: ids in batches, handles, searches in turn, and what its errors mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import msgspec
import pytest

from connectors import build
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profiles import youtube
from connectors.profiles.youtube import YouTube
from connectors.records import AccountKey, KnownAccount
from connectors.source import Questions
from tests.connectors.account_questions import CONTROL, access_for, asking, known
from tests.connectors.contract import ConnectorContract
from tests.fakes.platforms import YouTubeServer, a_channel, discovery, google_error
from tests.fakes.web_server import HTML, Reply, json_reply

KEY = "AIza-tube-key-0123456789"
OURS, OTHER = "UC" + "a" * 22, "UC" + "b" * 22
ALL = asking(
    "youtube", "maplefork", names=("Maple Fork",), accounts=(known("youtube", None, OURS),)
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTubeServer]:
    with YouTubeServer(KEY) as server:
        server.channels[OURS] = a_channel(OURS)
        server.searches["Maple Fork"] = [OURS]
        monkeypatch.setattr(youtube, "BASE", f"{server.url}/youtube/v3")
        yield server


def a_source(questions: Questions = ALL, **options: Any) -> YouTube:
    changes = {"bookmark": options.pop("bookmark", None)}
    return YouTube(access_for(questions, {"key": KEY, **options}, **changes))


class TestYouTubeContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (KEY,)

    @pytest.fixture
    def connector(self, server: YouTubeServer) -> YouTube:
        return a_source()

    @pytest.fixture
    def broken(self, server: YouTubeServer) -> Sequence[YouTube]:
        return [a_source(key="another-wrong-key")]

    @pytest.fixture
    def hostile(self, server: YouTubeServer) -> Callable[[str], YouTube]:
        def give(text: str) -> YouTube:
            server.channels[OURS] = a_channel(OURS, title=text, description=text)
            return a_source()

        return give


def test_a_channel_becomes_a_profile_with_its_handle_and_id(server):
    (profile,) = a_source().fetch().profiles
    assert profile.key == AccountKey("youtube", OURS)
    assert profile.handle == "maplefork"
    assert (profile.display_name, profile.location) == ("Maple Fork High School", "US")
    assert (profile.followers, str(profile.created_on)) == (120, "2007-08-23")


def test_known_ids_are_asked_for_fifty_at_a_time(server):
    accounts = tuple(known("youtube", None, f"UC{n:022}") for n in range(120))
    harvest = a_source(asking("youtube", accounts=accounts)).fetch()
    assert [len(one.query["id"].split(",")) for one in server.asked] == [50, 50, 20]
    assert len(harvest.not_found) == 120
    assert harvest.calls == 3


def test_a_known_id_that_is_gone_is_not_found_and_one_that_is_there_is_not(server):
    accounts = (known("youtube", None, OURS), known("youtube", None, OTHER))
    harvest = a_source(asking("youtube", accounts=accounts)).fetch()
    assert harvest.not_found == (AccountKey("youtube", OTHER),)
    assert [one.native_id for one in harvest.profiles] == [OURS]
    assert harvest.gaps == ()


def test_a_renamed_channel_keeps_its_key(server):
    server.channels[OURS] = a_channel(OURS, customUrl="@newname")
    (profile,) = (
        a_source(asking("youtube", accounts=(known("youtube", None, OURS),))).fetch().profiles
    )
    assert (profile.handle, profile.native_id) == ("newname", OURS)


def test_an_old_custom_address_cannot_be_asked_for_and_is_never_not_found(server):
    account = KnownAccount(AccountKey("youtube", "c/maplefork"), "maplefork",
                           "https://www.youtube.com/c/maplefork")  # fmt: skip
    harvest = a_source(asking("youtube", accounts=(account,))).fetch()
    assert harvest.not_found == ()
    assert sum(harvest.dropped.values()) == 1
    assert server.asked == []


def test_a_handle_of_somebody_else_by_now_is_another_account(server):
    server.channels = {OTHER: a_channel(OTHER)}
    account = known("youtube", "maplefork", OURS, "https://www.youtube.com/@maplefork")
    harvest = a_source(asking("youtube", "maplefork", accounts=(account,))).fetch()
    assert [one.native_id for one in harvest.profiles] == [OTHER]
    assert harvest.not_found == (AccountKey("youtube", OURS),)


def test_names_take_turns_from_night_to_night_below_the_quota(server):
    names = tuple(f"School {n}" for n in range(40))
    questions = asking("youtube", names=names)
    first = a_source(questions, searches_a_night=12).fetch()
    assert [one.query["q"] for one in server.asked] == [CONTROL, *names[:12]]
    assert "12 of 40 names were searched for; each has its turn within 4 nights." in first.notes
    server.asked.clear()
    a_source(questions, searches_a_night=12, bookmark=first.bookmark).fetch()
    assert [one.query["q"] for one in server.asked] == [CONTROL, *names[12:24]]


def test_more_searches_than_youtube_allows_are_refused(server):
    with pytest.raises(NotConfigured, match="not between 0 and 99"):
        a_source(searches_a_night=100)


def test_a_search_that_finds_the_name_nobody_bears_is_not_trusted(server):
    server.searches[CONTROL] = [OURS]
    harvest = a_source(asking("youtube", names=("Maple Fork",))).fetch()
    assert harvest.profiles == ()
    assert len(harvest.gaps) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (google_error(403, "quotaExceeded"), QuotaExhausted),
        (google_error(403, "rateLimitExceeded"), RateLimited),
        (google_error(403, "accessNotConfigured"), AccessRefused),
        (google_error(403, "forbidden"), AccessRefused),
        (google_error(403, "SERVICE_UNAVAILABLE"), SourceUnavailable),
        (google_error(400, "keyInvalid", "Bad Request: API key"), NotConfigured),
        (google_error(400, "invalidParameter"), UnexpectedAnswer),
        (json_reply({"error": "no"}, 403), UnexpectedAnswer),
        (HTML, UnexpectedAnswer),
    ],
)
def test_each_error_has_its_kind(server: YouTubeServer, reply: Reply, kind: type[ConnectorError]):
    server.queue(reply)
    with pytest.raises(kind):
        a_source().fetch()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda c: c["snippet"].pop("title"), "title"),
        (lambda c: c.pop("id"), "id"),
        (lambda c: c["statistics"].update(subscriberCount=120), "subscriberCount"),
    ],
)
def test_a_field_that_is_gone_or_of_another_type_is_named(server, change, field):
    change(server.channels[OURS])
    with pytest.raises(UnexpectedAnswer, match=field):
        a_source().fetch()


def test_items_under_another_name_are_not_taken_for_nothing(server):
    server.queue(json_reply({"pageInfo": {"totalResults": 1}, "entries": [a_channel(OURS)]}))
    with pytest.raises(UnexpectedAnswer, match="items"):
        a_source().fetch()


def test_requests_and_fields_are_those_of_the_discovery_document(server):
    document = discovery("youtube.v3")
    a_source(asking("youtube", "maplefork", names=("Maple Fork",), accounts=ALL.accounts)).fetch()
    methods = document["resources"]
    for asked in server.asked:
        name = asked.path.rpartition("/")[2]
        assert methods[name]["methods"]["list"]["path"] == asked.path.lstrip("/")
        assert set(asked.query) <= set(methods[name]["methods"]["list"]["parameters"])
    read = {
        "ChannelSnippet": youtube.Snippet,
        "ChannelStatistics": youtube.Statistics,
        "Channel": youtube.Channel,
        "ChannelListResponse": youtube.Channels,
        "SearchResult": youtube.Result,
        "SearchListResponse": youtube.Results,
        "ResourceId": youtube.ResultId,
    }
    for schema, kind in read.items():
        names = {one.encode_name for one in msgspec.structs.fields(kind)}
        assert names <= set(document["schemas"][schema]["properties"]), schema
    assert document["rootUrl"] == "https://youtube.googleapis.com/"


def test_the_key_is_needed_and_only_sent_as_a_header(server):
    with pytest.raises(NotConfigured):
        build("youtube", access_for(ALL, {}))
    a_source().fetch()
    assert all(KEY not in one.target for one in server.asked)


def test_doctor_tries_the_key(server):
    assert [check.state for check in a_source().check()] == ["good"]
    with pytest.raises(NotConfigured):
        list(a_source(key="another-wrong-key").check())
