"""LinkedIn, Snapchat, Reddit and X: what they tell those they have approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors import build
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    RateLimited,
    UnexpectedAnswer,
)
from connectors.profiles import linkedin_organisations, reddit, snapchat_profiles, twitter
from connectors.profiles.linkedin_organisations import LinkedInOrganisations
from connectors.profiles.reddit import Reddit
from connectors.profiles.snapchat_profiles import SnapchatProfiles
from connectors.profiles.twitter import Twitter
from connectors.records import AccountKey, Standing
from connectors.source import Questions
from tests.builders import DOMAIN
from tests.connectors.account_questions import FakePurse, access_for, asking, known
from tests.connectors.contract import ConnectorContract
from tests.fakes.gated import LinkedInServer, RedditServer, SnapchatServer, XServer
from tests.fakes.web_server import HTML, Reply, json_reply

TOKEN = "granted-token-0123456789"
SNAP = "12345678-9abc-4def-8123-456789abcdef"
LINKEDIN = asking("linkedin")
SNAPCHAT = asking("snapchat", names=("Maple Fork",))
REDDIT = asking("reddit", "maplefork", names=("Maple Fork",))
X = asking("twitter", "maplefork")
ORGANISATION = {
    "id": 2414183,
    "localizedName": "Maple Fork Schools",
    "vanityName": "maple-fork-schools",
    "localizedWebsite": "https://www.district.example",
    "primaryOrganizationType": "SCHOOL",
    "name": {"localized": {"en_US": "Maple Fork Schools"}},
}


@pytest.fixture
def linkedin(monkeypatch: pytest.MonkeyPatch) -> Iterator[LinkedInServer]:
    with LinkedInServer(TOKEN) as server:
        server.claims[DOMAIN] = [ORGANISATION]
        server.pages = [ORGANISATION]
        monkeypatch.setattr(linkedin_organisations, "BASE", f"{server.url}/rest")
        yield server


@pytest.fixture
def snapchat(monkeypatch: pytest.MonkeyPatch) -> Iterator[SnapchatServer]:
    with SnapchatServer(TOKEN) as server:
        server.add(a_snap())
        monkeypatch.setattr(snapchat_profiles, "BASE", f"{server.url}/public/v1/public_profiles")
        yield server


@pytest.fixture
def snoo(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedditServer]:
    with RedditServer(TOKEN) as server:
        server.routes["/user/maplefork/about"] = a_user()
        server.searches["/subreddits/search Maple Fork"] = [a_community()]
        monkeypatch.setattr(reddit, "BASE", server.url)
        monkeypatch.setattr(reddit, "TOKENS", f"{server.url}/api/v1/access_token")
        yield server


@pytest.fixture
def x(monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    with XServer(TOKEN) as server:
        server.users["2244994945"] = {
            "id": "2244994945",
            "name": "Maple Fork",
            "username": "MapleFork",
            "created_at": "2013-12-14T04:35:55.000Z",
            "protected": False,
            "public_metrics": {
                "followers_count": 583,
                "following_count": 2,
                "tweet_count": 40,
                "listed_count": 0,
            },
        }
        monkeypatch.setattr(twitter, "BASE", f"{server.url}/2")
        yield server


def a_snap(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": SNAP,
        "display_name": "Maple Fork High",
        "snap_user_name": "maplefork",
        "email": f"office@{DOMAIN}",
        "profile_tier": "TIER_PUBLIC",
    }
    return fields | changes


def a_user(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "maplefork",
        "id": "61icj",
        "created_utc": 1318593747.0,
        "hide_from_robots": False,
        "subreddit": {"title": "Maple Fork", "public_description": "Games.", "subscribers": 0},
    }
    return {"kind": "t2", "data": data | changes}


def a_community(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "t5_380j4",
        "display_name": "maplefork",
        "title": "Maple Fork High School",
        "public_description": "A place.",
        "created_utc": 1430194067.0,
        "subscribers": 2,
    }
    return {"kind": "t5", "data": data | changes}


def organisations(questions: Questions = LINKEDIN, **options: Any) -> LinkedInOrganisations:
    return LinkedInOrganisations(access_for(questions, {"token": TOKEN, **options}))


def snaps(questions: Questions = SNAPCHAT, **options: Any) -> SnapchatProfiles:
    return SnapchatProfiles(access_for(questions, {"token": TOKEN, **options}))


def communities(questions: Questions = REDDIT, **options: Any) -> Reddit:
    given = {"client_id": "app-id", "client_secret": TOKEN, "username": "auditor", **options}
    return Reddit(access_for(questions, given))


def users(questions: Questions = X, purse: FakePurse | None = None, **options: Any) -> Twitter:
    given = {"token": TOKEN, "approval": "Contract 17 of 2026-10-01", **options}
    return Twitter(access_for(questions, given, purse=purse))


class TestLinkedInContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, linkedin: LinkedInServer) -> LinkedInOrganisations:
        return organisations()

    @pytest.fixture
    def broken(self, linkedin: LinkedInServer) -> Sequence[LinkedInOrganisations]:
        return [organisations(token="another-wrong-token")]

    @pytest.fixture
    def hostile(self, linkedin: LinkedInServer) -> Callable[[str], LinkedInOrganisations]:
        def give(text: str) -> LinkedInOrganisations:
            linkedin.claims[DOMAIN] = [ORGANISATION | {"localizedName": text}]
            return organisations()

        return give


class TestSnapchatContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, snapchat: SnapchatServer) -> SnapchatProfiles:
        return snaps()

    @pytest.fixture
    def broken(self, snapchat: SnapchatServer) -> Sequence[SnapchatProfiles]:
        return [snaps(token="another-wrong-token")]

    @pytest.fixture
    def hostile(self, snapchat: SnapchatServer) -> Callable[[str], SnapchatProfiles]:
        def give(text: str) -> SnapchatProfiles:
            snapchat.add(a_snap(description=text))
            return snaps()

        return give


class TestRedditContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN, "app-only-token")

    @pytest.fixture
    def connector(self, snoo: RedditServer) -> Reddit:
        return communities()

    @pytest.fixture
    def broken(self, snoo: RedditServer) -> Sequence[Reddit]:
        return [communities(client_secret="another-wrong-secret")]

    @pytest.fixture
    def hostile(self, snoo: RedditServer) -> Callable[[str], Reddit]:
        def give(text: str) -> Reddit:
            snoo.searches["/subreddits/search Maple Fork"] = [a_community(title=text)]
            return communities()

        return give


class TestTwitterContract(ConnectorContract):
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)

    @pytest.fixture
    def connector(self, x: XServer) -> Twitter:
        return users()

    @pytest.fixture
    def broken(self, x: XServer) -> Sequence[Twitter]:
        return [users(token="another-wrong-token")]

    @pytest.fixture
    def hostile(self, x: XServer) -> Callable[[str], Twitter]:
        def give(text: str) -> Twitter:
            x.users["2244994945"]["description"] = text
            return users()

        return give


def test_linkedin_tells_the_pages_that_claim_the_domain(linkedin):
    (profile,) = organisations().fetch().profiles
    assert profile.key == AccountKey("linkedin", "2414183")
    assert profile.website == "https://www.district.example"
    assert linkedin.asked[0].query["emailDomain"] == DOMAIN
    assert linkedin.asked[0].headers["linkedin-version"] == "202611"


def test_linkedin_pages_are_read_to_the_end(linkedin):
    linkedin.claims[DOMAIN] = [
        ORGANISATION | {"id": 1000 + n, "vanityName": f"school-{n}"} for n in range(70)
    ]
    assert len(organisations().fetch().profiles) == 70


def test_a_vanity_name_nobody_has_is_cleanly_gone(linkedin):
    url = "https://www.linkedin.com/company/gone-school"
    account = known("linkedin", "gone-school", None, url)
    harvest = organisations(asking("linkedin", accounts=(account,))).fetch()
    assert harvest.not_found == (account.key,)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (426, "Requested version 20241101 is not active", NotConfigured),
        (403, "Not enough permissions to access: organizations.FINDER", AccessRefused),
        (400, "Invalid parameter", UnexpectedAnswer),
    ],
)
def test_each_error_of_linkedin_has_its_kind(linkedin, status, message, kind):
    problem = {"serviceErrorCode": 100, "message": message, "status": status}
    linkedin.queue(json_reply(problem, status))
    with pytest.raises(kind):
        organisations().fetch()


def test_linkedins_daily_quota_is_no_error_of_ours(linkedin):
    problem = {"serviceErrorCode": 101, "message": "Resource level throttle", "status": 429}
    linkedin.queue(*[json_reply(problem, 429)] * 10)
    with pytest.raises(QuotaExhausted):
        organisations().fetch()


def test_a_page_only_its_administrators_may_see_is_not_gone(linkedin):
    message = "Viewer don't have permission to the ADMIN_ONLY VisibilityReduction"
    account = known("linkedin", "hidden-school")
    linkedin.queue(json_reply({"message": message, "status": 403}, 403))
    harvest = organisations(asking("linkedin", accounts=(account,))).fetch()
    assert harvest.not_found == ()
    assert len(harvest.gaps) == 1


def test_unofficial_snapchat_profiles_are_asked_for(snapchat):
    (profile,) = snaps().fetch().profiles
    assert (profile.native_id, profile.handle) == (SNAP, "maplefork")
    assert profile.public_addresses == (f"office@{DOMAIN}",)
    assert profile.verified is False


def test_a_snapchat_id_that_is_gone_is_gone_and_a_name_never(snapchat):
    gone = "00000000-9abc-4def-8123-456789abcdef"
    accounts = (known("snapchat", None, gone), known("snapchat", "nobody"))
    harvest = snaps(asking("snapchat", accounts=accounts)).fetch()
    assert harvest.not_found == (AccountKey("snapchat", gone),)
    assert len(harvest.gaps) == 1


def test_snapchat_that_answers_in_part_is_not_believed(snapchat):
    snapchat.queue(json_reply({"request_status": "PARTIAL", "public_profiles": []}))
    with pytest.raises(UnexpectedAnswer):
        snaps().fetch()


def test_reddit_tells_accounts_and_communities(snoo):
    found = {one.native_id: one for one in communities().fetch().profiles}
    assert set(found) == {"t2_61icj", "t5_380j4"}
    assert found["t5_380j4"].url == "https://www.reddit.com/r/maplefork"
    assert str(found["t2_61icj"].created_on) == "2011-10-14"


def test_reddit_is_told_who_asks_as_it_wants(snoo):
    communities().fetch()
    assert {one.headers["user-agent"] for one in snoo.asked} == {
        "python:district-social-auditor:1 (by /u/auditor)"
    }


def test_accounts_hidden_from_robots_are_dropped_and_counted(snoo):
    snoo.routes["/user/maplefork/about"] = a_user(hide_from_robots=True)
    hidden = a_user(hide_from_robots=True, name="MapleFork")
    snoo.routes["/users/search"] = {"kind": "Listing", "data": {"children": [hidden]}}
    snoo.routes["/subreddits/search"] = {"kind": "Listing", "data": {"children": []}}
    questions = asking("reddit", "maplefork", names=("Maple Fork",), control="")
    harvest = communities(questions).fetch()
    assert [one.path for one in snoo.asked][-3:] == [
        "/user/maplefork/about",
        "/users/search",
        "/subreddits/search",
    ]
    assert harvest.profiles == ()
    assert harvest.dropped == {"accounts whose owners ask not to be listed": 1}


def test_a_suspended_reddit_account_is_suspended_and_not_gone(snoo):
    suspended = {"name": "maplefork", "is_suspended": True}
    snoo.routes["/user/maplefork/about"] = {"kind": "t2", "data": suspended}
    account = known("reddit", "maplefork", None, "https://www.reddit.com/user/maplefork")
    harvest = communities(asking("reddit", accounts=(account,))).fetch()
    assert [one.standing for one in harvest.profiles] == [Standing.SUSPENDED]
    assert harvest.not_found == ()


@pytest.mark.parametrize(
    ("status", "reason", "gone", "found", "gaps"),
    [
        (404, None, 1, 0, 0),
        (404, "banned", 0, 1, 0),
        (403, "private", 0, 0, 1),
    ],
)
def test_a_community_is_gone_banned_or_private(snoo, status, reason, gone, found, gaps):
    problem = {"message": "No", "error": status} | ({"reason": reason} if reason else {})
    snoo.routes["/r/maplefork/about"] = json_reply(problem, status)
    account = known("reddit", "maplefork", None, "https://www.reddit.com/r/maplefork")
    harvest = communities(asking("reddit", accounts=(account,))).fetch()
    told = (len(harvest.not_found), len(harvest.profiles), len(harvest.gaps))
    assert told == (gone, found, gaps)


def test_a_field_of_reddit_that_is_gone_is_named(snoo):
    del snoo.searches["/subreddits/search Maple Fork"][0]["data"]["display_name"]
    with pytest.raises(UnexpectedAnswer, match="display_name"):
        communities().fetch()


def test_x_refuses_to_start_without_the_reference_to_its_approval():
    with pytest.raises(NotConfigured, match="approval"):
        build("twitter", access_for(asking("twitter"), {"token": TOKEN}))
    with pytest.raises(NotConfigured, match="approval"):
        users(approval="")


@pytest.mark.parametrize(
    "name", ["linkedin_organisations", "snapchat_profiles", "reddit", "twitter"]
)
def test_nothing_starts_without_the_grant(name):
    with pytest.raises(NotConfigured, match=r"Apply for|Ask"):
        build(name, access_for(asking("x"), {}))


def test_x_is_asked_for_a_hundred_at_a_time(x):
    handles = tuple(f"maple{n}" for n in range(150))
    users(asking("twitter", *handles), lookups_a_night=150).fetch()
    assert [len(one.query["usernames"].split(",")) for one in x.asked] == [100, 50]
    assert "protected" in x.asked[0].query["user.fields"]


def test_x_is_asked_about_no_more_accounts_than_the_money_pays(x):
    accounts = tuple(known("twitter", f"maple{n}") for n in range(4))
    handles = tuple(f"fork{n}" for n in range(9))
    purse = FakePurse(6)
    harvest = users(asking("twitter", *handles, accounts=accounts), purse).fetch()
    asked = [one.query["usernames"] for one in x.asked]
    assert asked == ["maple0,maple1,maple2,maple3", "fork0,fork1"]
    assert purse.units == 0
    assert "2 of 9 handles were looked up; each has its turn within 5 nights." in harvest.notes
    x.asked.clear()
    harvest = users(asking("twitter", accounts=accounts), FakePurse(3)).fetch()
    assert [one.query["usernames"] for one in x.asked] == ["maple0,maple1,maple2"]
    assert "1 known accounts could not be looked at again" in harvest.gaps[0]
    assert accounts[3].key not in harvest.not_found


def test_another_attempt_is_paid_again_and_none_is_made_without_money(x):
    x.queue(json_reply({}, 503))
    with pytest.raises(QuotaExhausted, match="the money for this source is spent"):
        users(asking("twitter", "fork1", "fork2"), FakePurse(3)).fetch()
    assert len(x.asked) == 1


def test_x_accounts_are_there_gone_suspended_or_protected(x):
    x.users["5"] = x.users["2244994945"] | {"id": "5", "username": "MapleFork5", "protected": True}
    x.suspended = {"badschool"}
    accounts = (
        known("twitter", None, "2244994945", "https://x.com/oldname"),
        known("twitter", "goneschool"),
        known("twitter", "badschool"),
        known("twitter", None, "5"),
    )
    harvest = users(asking("twitter", "MapleFork5", accounts=accounts)).fetch()
    assert harvest.not_found == (AccountKey("twitter", "goneschool"),)
    standings = {one.handle: one.standing for one in harvest.profiles}
    assert standings == {"MapleFork": None, "badschool": Standing.SUSPENDED}
    assert sum(harvest.dropped.values()) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_reply({"title": "CreditsDepleted", "type": "x/credits"}, 402), QuotaExhausted),
        (json_reply({"title": "No", "type": "x/client-forbidden"}, 403), AccessRefused),
        (json_reply({"title": "No", "type": "x/invalid-request"}, 400), UnexpectedAnswer),
        (json_reply({"meta": {}}), UnexpectedAnswer),
        (json_reply({"data": [{"id": "1", "name": "n"}]}), UnexpectedAnswer),
        (HTML, UnexpectedAnswer),
    ],
)
def test_each_error_of_x_has_its_kind(x: XServer, reply: Reply, kind: type[ConnectorError]):
    x.queue(reply)
    with pytest.raises(kind):
        users().fetch()


def test_x_that_asks_for_patience_is_left_alone(x):
    x.queue(*[json_reply({"title": "Too Many Requests", "type": "about:blank"}, 429)] * 10)
    with pytest.raises(RateLimited):
        users().fetch()


def test_a_community_nobody_founded_is_answered_by_a_search_and_is_gone(snoo):
    snoo.routes["/r/nobody/about"] = Reply(302, {"Location": "/subreddits/search?q=nobody"})
    snoo.searches["/subreddits/search nobody"] = [a_community()]
    account = known("reddit", "nobody", None, "https://www.reddit.com/r/nobody")
    harvest = communities(asking("reddit", accounts=(account,))).fetch()
    assert harvest.not_found == (account.key,)
    assert harvest.profiles == ()
