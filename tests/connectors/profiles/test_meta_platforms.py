"""Facebook Pages, Instagram and Threads: one family of errors, and never a wrong "gone"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors import build
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.profiles import facebook_pages, instagram_business, threads
from connectors.profiles.facebook_pages import FacebookPages
from connectors.profiles.instagram_business import InstagramBusiness
from connectors.profiles.threads import Threads
from connectors.records import AccountKey, KnownAccount, ProfileKind
from connectors.source import Questions
from tests.builders import DOMAIN
from tests.connectors.account_questions import CONTROL, access_for, asking, known
from tests.connectors.contract import ConnectorContract
from tests.fakes.gated import FacebookServer, InstagramServer, graph_error
from tests.fakes.platforms import PlatformServer
from tests.fakes.web_server import HTML, Reply, json_reply

TOKEN = "EAAB-token-0123456789"
PAGE = "108824017345866"
ACCOUNT = InstagramServer.ACCOUNT
FACEBOOK = asking("facebook", "maplefork", names=("Maple Fork",))
INSTAGRAM = asking("instagram", "maplefork")


@pytest.fixture
def facebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[FacebookServer]:
    with FacebookServer(TOKEN) as server:
        server.add(username="maplefork", emails=[f"office@{DOMAIN}", "me@elsewhere.example"])
        monkeypatch.setattr(facebook_pages, "BASE", server.url)
        yield server


@pytest.fixture
def instagram(monkeypatch: pytest.MonkeyPatch) -> Iterator[InstagramServer]:
    with InstagramServer(TOKEN) as server:
        server.accounts["maplefork"] = {
            "id": "17841407673135339",
            "username": "maplefork",
            "name": "Maple Fork",
            "biography": "Follow us for games.",
            "followers_count": 64976,
        }
        monkeypatch.setattr(instagram_business, "BASE", server.url)
        yield server


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    with PlatformServer(graph_error(100)) as server:
        server.routes["/v1.0/profile_lookup"] = {
            "username": "maplefork",
            "name": "Maple Fork",
            "biography": "Games.",
            "is_verified": False,
            "follower_count": 140,
        }
        monkeypatch.setattr(threads, "BASE", f"{server.url}/v1.0")
        yield server


def pages(questions: Questions = FACEBOOK, **options: Any) -> FacebookPages:
    return FacebookPages(access_for(questions, {"token": TOKEN, **options}))


def business(questions: Questions = INSTAGRAM, **options: Any) -> InstagramBusiness:
    given = {"token": TOKEN, "account_id": ACCOUNT, **options}
    return InstagramBusiness(access_for(questions, given))


def profiles_of_threads(questions: Questions) -> Threads:
    return Threads(access_for(questions, {"token": TOKEN}))


class TestFacebookPagesContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, facebook: FacebookServer) -> FacebookPages:
        return pages()

    @pytest.fixture
    def broken(self, facebook: FacebookServer) -> Sequence[FacebookPages]:
        return [pages(token="another-wrong-token")]

    @pytest.fixture
    def hostile(self, facebook: FacebookServer) -> Callable[[str], FacebookPages]:
        def give(text: str) -> FacebookPages:
            facebook.add(username="maplefork", name=text, about=text)
            return pages()

        return give


class TestInstagramBusinessContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, instagram: InstagramServer) -> InstagramBusiness:
        return business()

    @pytest.fixture
    def broken(self, instagram: InstagramServer) -> Sequence[InstagramBusiness]:
        return [business(token="another-wrong-token")]

    @pytest.fixture
    def hostile(self, instagram: InstagramServer) -> Callable[[str], InstagramBusiness]:
        def give(text: str) -> InstagramBusiness:
            instagram.accounts["maplefork"]["biography"] = text
            return business()

        return give


class TestThreadsContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, looked: PlatformServer) -> Threads:
        return profiles_of_threads(asking("threads", "maplefork"))

    @pytest.fixture
    def broken(self, looked: PlatformServer) -> Sequence[Threads]:
        looked.routes["/v1.0/profile_lookup"] = graph_error(190, status=401)
        return [profiles_of_threads(asking("threads", "maplefork"))]

    @pytest.fixture
    def hostile(self, looked: PlatformServer) -> Callable[[str], Threads]:
        def give(text: str) -> Threads:
            looked.routes["/v1.0/profile_lookup"]["name"] = text
            return profiles_of_threads(asking("threads", "maplefork"))

        return give


def test_a_page_becomes_a_profile_with_the_districts_address_alone(facebook):
    (profile,) = pages().fetch().profiles
    assert profile.key == AccountKey("facebook", PAGE)
    assert profile.public_addresses == (f"office@{DOMAIN}",)
    assert (profile.handle, profile.kind) == ("maplefork", ProfileKind.PAGE)


def test_what_meta_calls_missing_or_not_for_us_is_a_gap_and_never_gone(facebook):
    harvest = pages(asking("facebook", accounts=(known("facebook", "gonepage"),))).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


def test_an_alias_that_does_not_exist_is_cleanly_gone(facebook):
    facebook.unknown = graph_error(
        803, "(#803) Some of the aliases you requested do not exist", 404
    )
    harvest = pages(asking("facebook", accounts=(known("facebook", "gonepage"),))).fetch()
    assert harvest.not_found == (AccountKey("facebook", "gonepage"),)
    assert harvest.gaps == ()


def test_a_group_is_never_asked_about(facebook):
    url = "https://www.facebook.com/groups/maplefork"
    account = KnownAccount(AccountKey("facebook", "groups/maplefork"), "maplefork", url)
    harvest = pages(asking("facebook", accounts=(account,))).fetch()
    assert facebook.asked == []
    assert harvest.not_found == ()


def test_a_search_that_finds_the_name_nobody_bears_is_not_trusted(facebook):
    facebook.add(id="20531316728", name=CONTROL)
    harvest = pages(asking("facebook", names=("Maple Fork",))).fetch()
    assert harvest.profiles == ()
    assert len(harvest.gaps) == 1


def test_the_apps_secret_becomes_a_proof_and_is_not_sent(facebook):
    pages(app_secret="the-apps-secret").fetch()
    assert all("appsecret_proof" in one.query for one in facebook.asked)
    assert all("the-apps-secret" not in one.target for one in facebook.asked)
    assert all(TOKEN not in one.target for one in facebook.asked)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (graph_error(4), RateLimited),
        (graph_error(17), RateLimited),
        (graph_error(32, status=403), RateLimited),
        (graph_error(613), RateLimited),
        (graph_error(190), AccessRefused),
        (
            graph_error(10, "(#10) This endpoint requires 'Page Public Content Access'"),
            AccessRefused,
        ),
        (graph_error(200, status=403), AccessRefused),
        (graph_error(100, "requires either app secret proof or an app token"), NotConfigured),
        (graph_error(2), SourceUnavailable),
        (graph_error(2635), UnexpectedAnswer),
        (json_reply({"error": "x"}, 400), UnexpectedAnswer),
        (HTML, UnexpectedAnswer),
    ],
)
def test_each_error_has_its_kind(
    facebook: FacebookServer, reply: Reply, kind: type[ConnectorError]
):
    facebook.queue(reply)
    with pytest.raises(kind):
        pages().fetch()


def test_a_field_that_is_gone_is_named(facebook):
    facebook.routes["/v26.0/maplefork"] = {"id": PAGE, "title": "Maple Fork"}
    with pytest.raises(UnexpectedAnswer, match="name"):
        pages().fetch()


@pytest.mark.parametrize("name", ["facebook_pages", "instagram_business", "threads"])
def test_nothing_starts_without_the_grant_and_the_sentence_says_what_to_apply_for(name):
    with pytest.raises(NotConfigured, match="Apply for"):
        build(name, access_for(asking("facebook"), {}))


def test_a_version_that_is_none_is_refused(facebook):
    with pytest.raises(NotConfigured, match="version"):
        pages(version="26/../me")


def test_a_personal_or_missing_instagram_account_is_a_gap_and_never_gone(instagram):
    harvest = business(asking("instagram", accounts=(known("instagram", "ida"),))).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


def test_an_instagram_handle_of_somebody_else_by_now_is_another_account(instagram):
    account = known("instagram", "maplefork", "999", "https://www.instagram.com/maplefork")
    harvest = business(asking("instagram", accounts=(account,))).fetch()
    assert [one.native_id for one in harvest.profiles] == ["17841407673135339"]
    assert AccountKey("instagram", "999") not in {one.key for one in harvest.profiles}
    assert sum(harvest.dropped.values()) == 1


def test_the_number_of_the_own_account_must_be_one(instagram):
    with pytest.raises(NotConfigured, match="account_id"):
        business(account_id="me/accounts")


def test_threads_answers_only_for_accounts_with_many_followers(looked):
    looked.routes.clear()
    harvest = profiles_of_threads(asking("threads", accounts=(known("threads", "small"),))).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1
