"""A good night of every source that asks a platform: a server that knows its account, and it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors import build, fediverse
from connectors.breach import have_i_been_pwned
from connectors.profiles import (
    blogger,
    bluesky,
    brave_search,
    discourse,
    facebook_pages,
    flickr,
    github,
    gitlab,
    gravatar,
    instagram_business,
    linkedin_organisations,
    oembed,
    reddit,
    snapchat_profiles,
    stack_exchange,
    threads,
    tumblr,
    twitter,
    wordpress_com,
    youtube,
)
from connectors.staff_addresses import hash_address
from tests.builders import DOMAIN
from tests.connectors.account_questions import access_for, asking, known
from tests.fakes import bluesky as bluesky_fake
from tests.fakes import discourse as discourse_fake
from tests.fakes import github as github_fake
from tests.fakes import gitlab as gitlab_fake
from tests.fakes import gravatar as gravatar_fake
from tests.fakes import hibp as hibp_fake
from tests.fakes.blogs import FlickrServer, WordPressServer, an_author
from tests.fakes.gated import (
    FacebookServer,
    InstagramServer,
    LinkedInServer,
    RedditServer,
    SnapchatServer,
    XServer,
)
from tests.fakes.mastodon import FakeServer, FediverseServer, an_account
from tests.fakes.platforms import PlatformServer, YouTubeServer, a_channel
from tests.fakes.web_server import Asked, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from connectors.records import KnownAccount
    from connectors.source import Questions, Source

KEY = "key-or-token-0123456789"
NAME, IDA = "Maple Fork", f"ida.marsh@{DOMAIN}"
CHANNEL, SNAP = "UC" + "a" * 22, "12345678-9abc-4def-8123-456789abcdef"


@dataclass
class GoodNight:
    """What a source needs: ``server`` on loopback, the ``known`` account, what it is asked."""

    server: Any
    name: str
    options: dict[str, Any]
    questions: Questions
    known: KnownAccount | None

    def source(self) -> Source:
        """Build the source as audit.toml would."""
        return build(self.name, access_for(self.questions, self.options))


def _night(
    server: Any,
    name: str,
    platform: str,
    account: KnownAccount | None = None,
    likely: tuple[str, ...] = (),
    **options: Any,
) -> GoodNight:
    accounts = (account,) if account else ()
    asked = asking(platform, *likely, names=(NAME,), addresses=(IDA,), accounts=accounts)
    return GoodNight(server, name, options, asked, account)


def _gravatar(patch: pytest.MonkeyPatch) -> GoodNight:
    server = gravatar_fake.GravatarServer()
    server.add(IDA, contact_info={"email": IDA})
    patch.setattr(gravatar, "BASE", server.base)
    return _night(server, "gravatar", "gravatar.com")


def _github(patch: pytest.MonkeyPatch) -> GoodNight:
    server = github_fake.GitHubServer()
    server.accounts = [
        github_fake.a_user("maplefork", 12, name=NAME, email=IDA, bio="Games"),
        github_fake.an_organisation("MapleForkHS", 11, name=NAME),
    ]
    server.found = {f'"{NAME}" in:name': ["MapleForkHS"]}
    patch.setattr(github, "BASE", server.url)
    account = known("github", "maplefork", "12")
    return _night(server, "github", "github", account, token=github_fake.TOKEN)


def _gitlab(patch: pytest.MonkeyPatch) -> GoodNight:
    server = gitlab_fake.GitLabServer()
    server.users = [gitlab_fake.a_user("maplefork", 12, name=NAME, public_email=IDA)]
    server.groups = [gitlab_fake.a_group("maplefallshs", 12, name=NAME)]
    server.found = {NAME: ["maplefallshs"], IDA: ["maplefork"]}
    patch.setattr(gitlab, "BASE", server.base)
    account = known("gitlab", "maplefork", "12")
    return _night(server, "gitlab", "gitlab", account, token=gitlab_fake.TOKEN)


def _bluesky(patch: pytest.MonkeyPatch) -> GoodNight:
    server, handle = bluesky_fake.BlueskyServer(), "maplefork.bsky.social"
    server.actors = [bluesky_fake.an_actor(handle, 1, displayName=NAME, description="Games")]
    server.found = {NAME: [handle]}
    patch.setattr(bluesky, "BASE", server.base)
    return _night(server, "bluesky", "bluesky", known("bluesky", handle, bluesky_fake.did(1)))


def _mastodon(patch: pytest.MonkeyPatch) -> GoodNight:
    server, host = FediverseServer(), "social.example"
    one = an_account("maplefork", display_name=NAME)
    server.hosts = {host: FakeServer([one], {NAME: [one]})}
    patch.setattr(fediverse, "BASE", server.base)
    account = known("mastodon", f"maplefork@{host}", None, f"https://{host}/@maplefork")
    return _night(server, "mastodon", "mastodon", account, servers=[host])


def _discourse(patch: pytest.MonkeyPatch) -> GoodNight:
    server, host = discourse_fake.ForumServer(), "social.example"
    shown = {"bio_excerpt": "Games", "location": "Maple Falls", "website": "https://x.example"}
    users = [
        discourse_fake.a_user("maplefork", name=NAME, **shown),
        discourse_fake.a_user("badschool", name=NAME, suspended_till="2099-01-01T00:00:00.000Z"),
    ]
    by_name = {str(user["username"]): user for user in users}
    server.hosts = {host: discourse_fake.FakeForum(by_name, {NAME: users})}
    patch.setattr(discourse, "BASE", server.base)
    account = known("discourse", f"maplefork@{host}", None, f"https://{host}/u/maplefork")
    return _night(server, "discourse", "discourse", account, servers=[host])


def _youtube(patch: pytest.MonkeyPatch) -> GoodNight:
    server = YouTubeServer(KEY)
    server.channels[CHANNEL] = a_channel(CHANNEL)
    server.searches[NAME] = [CHANNEL]
    patch.setattr(youtube, "BASE", f"{server.url}/youtube/v3")
    return _night(server, "youtube", "youtube", known("youtube", None, CHANNEL), key=KEY)


def _facebook(patch: pytest.MonkeyPatch) -> GoodNight:
    server, page = FacebookServer(KEY), "108824017345866"
    server.add(username="maplefork", emails=[IDA], about="Games")
    patch.setattr(facebook_pages, "BASE", server.url)
    return _night(server, "facebook_pages", "facebook", known("facebook", None, page), token=KEY)


def _instagram(patch: pytest.MonkeyPatch) -> GoodNight:
    server = InstagramServer(KEY)
    server.accounts["maplefork"] = {
        "id": "17841407673135339",
        "username": "maplefork",
        "name": NAME,
        "biography": "Games",
        "followers_count": 64976,
    }
    patch.setattr(instagram_business, "BASE", server.url)
    account, own = known("instagram", "maplefork"), InstagramServer.ACCOUNT
    options = {"token": KEY, "account_id": own}
    return _night(server, "instagram_business", "instagram", account, **options)


def _threads(patch: pytest.MonkeyPatch) -> GoodNight:
    server = PlatformServer()
    shown = {"username": "maplefork", "name": NAME, "biography": "Games", "is_verified": False}
    server.routes["/v1.0/profile_lookup"] = shown | {"follower_count": 140}
    patch.setattr(threads, "BASE", f"{server.url}/v1.0")
    return _night(server, "threads", "threads", known("threads", "maplefork"), token=KEY)


def _linkedin(patch: pytest.MonkeyPatch) -> GoodNight:
    server = LinkedInServer(KEY)
    page = {
        "id": 2414183,
        "localizedName": NAME,
        "vanityName": "maplefork",
        "localizedWebsite": "https://www.district.example",
        "primaryOrganizationType": "SCHOOL",
    }
    server.pages, server.claims[DOMAIN] = [page], [page]
    patch.setattr(linkedin_organisations, "BASE", f"{server.url}/rest")
    url = "https://www.linkedin.com/company/maplefork"
    account = known("linkedin", "maplefork", None, url)
    return _night(server, "linkedin_organisations", "linkedin", account, token=KEY)


def _snapchat(patch: pytest.MonkeyPatch) -> GoodNight:
    server = SnapchatServer(KEY)
    server.add({"id": SNAP, "display_name": NAME, "snap_user_name": "maplefork", "email": IDA})
    patch.setattr(snapchat_profiles, "BASE", f"{server.url}/public/v1/public_profiles")
    account = known("snapchat", None, SNAP)
    return _night(server, "snapchat_profiles", "snapchat", account, token=KEY)


def _reddit(patch: pytest.MonkeyPatch) -> GoodNight:
    server = RedditServer(KEY)
    page = {"title": NAME, "public_description": "Games.", "subscribers": 2}
    data = {"name": "maplefork", "id": "61icj", "created_utc": 1318593747.0, "subreddit": page}
    server.routes["/user/maplefork/about"] = {"kind": "t2", "data": data}
    patch.setattr(reddit, "BASE", server.url)
    patch.setattr(reddit, "TOKENS", f"{server.url}/api/v1/access_token")
    account = known("reddit", "maplefork", None, "https://www.reddit.com/user/maplefork")
    options = {"client_id": "app-id", "client_secret": KEY, "username": "auditor"}
    return _night(server, "reddit", "reddit", account, **options)


def _twitter(patch: pytest.MonkeyPatch) -> GoodNight:
    server, number = XServer(KEY), "2244994945"
    server.users[number] = {
        "id": number,
        "name": NAME,
        "username": "MapleFork",
        "description": "Games",
        "created_at": "2013-12-14T04:35:55.000Z",
        "protected": False,
        "public_metrics": {"followers_count": 583},
    }
    patch.setattr(twitter, "BASE", f"{server.url}/2")
    account, options = known("twitter", None, number), {"token": KEY, "approval": "Contract 17"}
    return _night(server, "twitter", "twitter", account, **options)


def _oembed(patch: pytest.MonkeyPatch) -> GoodNight:
    server, url = PlatformServer(), "https://www.tiktok.com/@maplefork"
    server.routes["/tiktok"] = {"version": "1.0", "author_name": NAME, "author_url": url}
    patch.setattr(oembed, "ENDPOINTS", {"tiktok": f"{server.url}/tiktok"})
    return _night(server, "oembed", "tiktok", known("tiktok", "maplefork", None, url))


def _flickr(patch: pytest.MonkeyPatch) -> GoodNight:
    server, nsid = FlickrServer(KEY), "12037949632@N01"
    server.add(nsid, "maplefork", description="Games")
    server.by[IDA] = nsid
    server.groups[NAME] = [("3000@N02", NAME)]
    patch.setattr(flickr, "BASE", f"{server.url}/services/rest/")
    account = known("flickr", "maplefork", nsid)
    return _night(server, "flickr", "flickr", account, key=KEY, by_address=True)


def _tumblr(patch: pytest.MonkeyPatch) -> GoodNight:
    server = PlatformServer(json_reply({"meta": {"status": 404, "msg": "Not Found"}}, 404))
    blog = {"name": "maplefork", "title": NAME, "uuid": "t:abcdefghijklmnopqrst"}
    whole = blog | {"description": "Games.", "url": "https://maplefork.tumblr.com/"}
    told = {"meta": {"status": 200, "msg": "OK"}, "response": {"blog": whole}}
    server.routes["/v2/blog/maplefork/info"] = told
    patch.setattr(tumblr, "BASE", f"{server.url}/v2")
    return _night(server, "tumblr", "tumblr", known("tumblr", "maplefork"), key=KEY)


def _wordpress_com(patch: pytest.MonkeyPatch) -> GoodNight:
    missing = {"error": "unknown_blog", "message": "Unknown blog"}
    server, url = PlatformServer(json_reply(missing, 404)), "https://maplefork.wordpress.com"
    told = {"ID": 12345, "name": NAME, "description": "Games", "URL": url}
    server.routes["/rest/v1.1/sites/maplefork.wordpress.com"] = told
    patch.setattr(wordpress_com, "BASE", f"{server.url}/rest/v1.1")
    return _night(server, "wordpress_com", "wordpress", known("wordpress", "maplefork"))


def _blogger(patch: pytest.MonkeyPatch) -> GoodNight:
    server, url = PlatformServer(), "http://maplefork.blogspot.com/"
    told = {"kind": "blogger#blog", "id": "2399953", "name": NAME, "description": "Games"}
    day = {"published": "2007-04-23T11:37:41-07:00", "url": url}
    server.routes["/v3/blogs/byurl"] = told | day
    patch.setattr(blogger, "BASE", f"{server.url}/v3")
    return _night(server, "blogger", "blogger", known("blogger", "maplefork"), key=KEY)


def _stack_exchange(patch: pytest.MonkeyPatch) -> GoodNight:
    user = {
        "user_id": 7,
        "account_id": 9,
        "display_name": NAME,
        "creation_date": 1217514151,
        "profile_image": f"https://www.gravatar.com/avatar/{hash_address(IDA)}?s=256",
        "link": "https://stackoverflow.com/users/7/maple-fork",
        "reputation": 1,
    }
    page = {"items": [user], "has_more": False, "quota_max": 300, "quota_remaining": 299}
    server = PlatformServer(json_reply(page | {"items": []}))
    server.routes["/2.3/users/7"] = page
    patch.setattr(stack_exchange, "BASE", f"{server.url}/2.3")
    return _night(server, "stack_exchange", "stack_exchange", known("stack_exchange", None, "7"))


def _brave(patch: pytest.MonkeyPatch) -> GoodNight:
    server = PlatformServer()
    row = {"title": NAME, "url": "https://www.facebook.com/maplefork/", "description": "Games"}

    def search(asked: Asked) -> Reply:
        rows = [row] if NAME in asked.query["q"] else []
        return json_reply({"type": "search", "web": {"type": "search", "results": rows}})

    server.routes["/res/v1/web/search"] = search
    patch.setattr(brave_search, "BASE", f"{server.url}/res/v1/web/search")
    return _night(server, "brave_search", "facebook", key=KEY, platforms=["facebook"])


def _wordpress(patch: pytest.MonkeyPatch) -> GoodNight:
    server = WordPressServer()
    server.authors = [an_author(1, "Ida M.", IDA)]
    return _night(server, "wordpress", "wordpress", sites=[server.url])


def _hibp(patch: pytest.MonkeyPatch) -> GoodNight:
    server = hibp_fake.HaveIBeenPwnedServer()
    server.breaches = [hibp_fake.a_breach("Tumblr", "tumblr.com", Title="tumblr")]
    server.domains = {DOMAIN: {"ida.marsh": ["Tumblr"]}}
    patch.setattr(have_i_been_pwned, "BASE", server.base)
    options = {"key": hibp_fake.KEY, "student_domains": ["students.example"]}
    return _night(server, "have_i_been_pwned", "x", **options)


GOOD_NIGHTS: dict[str, Callable[[pytest.MonkeyPatch], GoodNight]] = {
    "gravatar": _gravatar,
    "github": _github,
    "gitlab": _gitlab,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "discourse": _discourse,
    "youtube": _youtube,
    "facebook_pages": _facebook,
    "instagram_business": _instagram,
    "threads": _threads,
    "linkedin_organisations": _linkedin,
    "snapchat_profiles": _snapchat,
    "reddit": _reddit,
    "twitter": _twitter,
    "oembed": _oembed,
    "flickr": _flickr,
    "tumblr": _tumblr,
    "wordpress": _wordpress,
    "wordpress_com": _wordpress_com,
    "blogger": _blogger,
    "stack_exchange": _stack_exchange,
    "brave_search": _brave,
    "have_i_been_pwned": _hibp,
}
