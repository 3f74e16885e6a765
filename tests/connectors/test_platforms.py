"""Canonical account identity: the rows of platform_cases.toml, and what holds for any text."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from connectors.platforms import (
    Account,
    Reason,
    Refusal,
    account_of,
    identify,
    platforms,
    with_native_id,
)
from connectors.records import AccountKey, Profile, ProfileKind

CASES = tomllib.loads(Path(__file__).with_name("platform_cases.toml").read_text("utf-8"))
ACCOUNTS = [
    pytest.param(platform, *row, id=f"{platform}-{number}")
    for platform, rows in CASES.items()
    for number, row in enumerate(rows["accounts"])
]
REFUSED = [
    pytest.param(*row, id=f"{platform}-{number}")
    for platform, rows in CASES.items()
    for number, row in enumerate(rows["refused"])
]
CHANNEL = "UCabcdefghijklmnopqrsTUV"


@pytest.mark.parametrize(("platform", "text", "identity", "url"), ACCOUNTS)
def test_an_address_of_an_account(platform: str, text: str, identity: str, url: str) -> None:
    account = identify(text)
    assert isinstance(account, Account)
    assert (account.platform, account.id, account.url) == (platform, identity, url)
    assert identify(url) == account
    again = account_of(account.platform, account.id, account.native_id)
    assert isinstance(again, Account)
    assert again.key == account.key


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_text_that_names_no_account(text: str, reason: str) -> None:
    assert identify(text) == Refusal(Reason[reason.upper()])


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("https://forum.district.example/u/Ida.Marsh", "ida.marsh@forum.district.example"),
        ("https://forum.district.example/u/ida/summary", "ida@forum.district.example"),
        ("ida@forum.district.example", "ida@forum.district.example"),
    ],
)
def test_a_forum_of_ones_own_is_known_where_the_platform_is_told(text: str, identity: str) -> None:
    account = account_of("discourse", text, None)
    assert isinstance(account, Account)
    assert (account.id, account.native_id) == (identity, None)
    assert identify(account.url, "discourse") == account
    assert isinstance(identify(account.url), Refusal)


def test_the_cases_cover_every_platform() -> None:
    assert len(ACCOUNTS) + len(REFUSED) >= 300
    for platform in platforms():
        assert CASES[platform]["accounts"], platform
        assert CASES[platform]["refused"], platform


# ------------------------------------------------------------------ what holds for any text

HOSTS = sorted({h for p in platforms().values() for h in p.hosts} | {"fb.me", "a.tumblr.com"})
LETTERS = st.characters()  # lone surrogates included
WORDS = st.sampled_from(
    ["groups", "channel", CHANNEL, "company", "school", "in", "add", "user", "r", "u", "c", "@",
     "profile", "id", "p", "12345678", "maplefalls", "@Maple.Falls", "Maple-Falls-123456789",
     "profile.php?id=12345", "..", "%40x", "about", "école", "e\u0301", "İ", "ſ", "K",
     "x@y.example", "did:plc:abcdefghijklmnopqrstuvw2", "1@N01", "+x", "", "\\", "#!",
     "%C3%89", "ẞ", "Ω"]
)  # fmt: skip
PATHS = st.lists(st.one_of(WORDS, st.text(LETTERS, max_size=6)), max_size=4).map("/".join)
ADDRESSES = st.builds(
    lambda scheme, front, host, path: f"{scheme}{front}{host}/{path}",
    st.sampled_from(["https://", "http://", "", "//", "HTTPS://", "ftp://"]),
    st.sampled_from(["", "www.", "m.", "fr.", "x.", "a@", "WWW."]),
    st.sampled_from([*HOSTS, "social.maplefalls.example", "evil.example"]),
    PATHS,
)
ANY_TEXT = st.one_of(ADDRESSES, st.text(LETTERS), st.text(LETTERS).map("https://".__add__))


@settings(deadline=None, max_examples=600)
@given(ANY_TEXT)
@example("https://www.youtube.com/@" + "İ" * 3)
@example("@a@xn--a")
@example("https://pinterest.com/#!/..")
@example("https://" + "a." * 1000 + "facebook.com/x")
@example("https://www.facebook.com/" + "a" * 10_000_000)
def test_canonical_addresses_name_the_same_account_again(text: str) -> None:
    account = identify(text)
    if isinstance(account, Refusal):
        assert account.reason in set(Reason)
        return
    assert identify(account.url) == account
    assert account.url.isascii()
    assert account.url.startswith("https://")
    assert account.id
    assert account.platform in platforms()


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(platforms())),
    st.text(LETTERS, max_size=30),
    st.text(LETTERS, max_size=30),
)
def test_any_handle_gives_an_account_or_a_reason(platform: str, handle: str, native: str) -> None:
    account = account_of(platform, handle, native)
    if isinstance(account, Account):
        assert account.platform == platform
        by_id = account_of(platform, account.id, account.native_id)
        assert isinstance(by_id, Account)
        assert by_id.key == account.key
    else:
        assert account.reason in set(Reason)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(HOSTS),
    st.from_regex(r"[A-Za-z0-9_@.-]{1,12}(/[A-Za-z0-9_.@-]{1,12}){0,2}", fullmatch=True),
)
def test_the_short_way_and_the_standard_agree(host: str, path: str) -> None:
    """A harmless userinfo forces the full reading of the URL Standard."""
    assume("/." not in f"/{path}")
    assert identify(f"https://{host}/{path}") == identify(f"https://u:p@{host}/{path}")


def test_spellings_of_one_account_have_one_key_and_keep_their_spelling() -> None:
    first, second = (
        identify("facebook.com/Maple.Falls"),
        identify("https://fb.com/MAPLEFALLS/about"),
    )
    assert isinstance(first, Account)
    assert isinstance(second, Account)
    assert first.key == second.key == AccountKey("facebook", "maplefalls")
    assert (first.handle, second.handle) == ("Maple.Falls", "MAPLEFALLS")


@pytest.mark.parametrize(
    "texts",
    [
        ("facebook.com/maplefalls", "facebook.com/groups/maplefalls"),
        ("instagram.com/maple.falls", "instagram.com/maplefalls"),
        ("linkedin.com/company/maplefalls", "linkedin.com/school/maplefalls"),
        ("youtube.com/@maplefalls", "youtube.com/c/maplefalls"),
        ("youtube.com/user/maplefalls", "youtube.com/c/maplefalls"),
        ("reddit.com/r/maplefalls", "reddit.com/u/maplefalls"),
        ("discord.gg/AbCdEf", "discord.gg/abcdef"),
        (f"youtube.com/channel/{CHANNEL}", f"youtube.com/channel/{CHANNEL[:-1]}v"),
        ("medium.com/@maplefalls", "medium.com/maplefalls"),
        ("@office@one.example", "@office@two.example"),
        ("flickr.com/photos/maplefalls", "flickr.com/groups/maplefalls"),
    ],
)  # fmt: skip
def test_different_accounts_have_different_keys(texts: tuple[str, str]) -> None:
    first, second = map(identify, texts)
    assert isinstance(first, Account)
    assert isinstance(second, Account)
    assert first.key != second.key


def test_the_key_is_that_of_the_profile() -> None:
    for native in (None, "12345678"):
        account = account_of("facebook", "MapleFalls", native)
        assert isinstance(account, Account)
        profile = Profile(
            source="found",
            platform=account.platform,
            url=account.url,
            native_id=account.native_id,
            account_id=account.id,
        )
        assert profile.key == account.key == AccountKey("facebook", native or "maplefalls")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("facebook.com/groups/maplefalls", ProfileKind.GROUP),
        ("linkedin.com/school/maplefalls", ProfileKind.ORGANISATION),
        ("youtube.com/@maplefalls", ProfileKind.CHANNEL),
        ("maplefalls.tumblr.com", ProfileKind.BLOG),
        ("reddit.com/u/maplefalls", ProfileKind.PERSON),
        ("facebook.com/maplefalls", None),
    ],
)
def test_the_kind_is_told_where_the_address_shows_it(text: str, kind: ProfileKind | None) -> None:
    account = identify(text)
    assert isinstance(account, Account)
    assert account.kind is kind


@pytest.mark.parametrize(
    ("platform", "handle", "native", "url"),
    [
        ("twitter", "@MapleFalls", None, "https://x.com/MapleFalls"),
        ("X (Twitter)", "MapleFalls", None, "https://x.com/MapleFalls"),
        ("x", "https://twitter.com/MapleFalls?s=20", None, "https://x.com/MapleFalls"),
        ("linkedin", "maple-falls", None, "https://www.linkedin.com/company/maple-falls"),
        ("linkedin", "school/maple-falls", None, "https://www.linkedin.com/school/maple-falls"),
        ("linkedin", "maple-falls/", None, "https://www.linkedin.com/company/maple-falls"),
        ("linkedin", "%C3%A9cole", None, "https://www.linkedin.com/company/%C3%A9cole"),
        ("youtube", CHANNEL, None, f"https://www.youtube.com/channel/{CHANNEL}"),
        ("youtube", None, CHANNEL, f"https://www.youtube.com/channel/{CHANNEL}"),
        ("youtube", "maplefalls", CHANNEL, "https://www.youtube.com/@maplefalls"),
        ("youtube", "user/maplefalls", None, "https://www.youtube.com/user/maplefalls"),
        ("facebook", "groups/maplefalls", None, "https://www.facebook.com/groups/maplefalls"),
        ("facebook", "", "12345678", "https://www.facebook.com/12345678"),
        ("reddit", "maplefalls", None, "https://www.reddit.com/user/maplefalls"),
        ("reddit", "r/maplefalls", None, "https://www.reddit.com/r/maplefalls"),
        ("bluesky", "maplefalls.example", None, "https://bsky.app/profile/maplefalls.example"),
        ("mastodon", "office@one.example", None, "https://one.example/@office"),
        ("mastodon", "@office@one.example", None, "https://one.example/@office"),
        ("tumblr", "maplefalls.tumblr.com", None, "https://www.tumblr.com/maplefalls"),
        ("wordpress", "maplefalls", None, "https://maplefalls.wordpress.com"),
        ("wordpress", "blog.maplefalls.example", None, "https://blog.maplefalls.example"),
        ("instagram", "maple.falls", "178", "https://www.instagram.com/maple.falls"),
        ("snapchat", "maplefalls", None, "https://www.snapchat.com/@maplefalls"),
    ],
)
def test_an_account_from_handle_and_id(
    platform: str, handle: str | None, native: str | None, url: str
) -> None:
    account = account_of(platform, handle, native)
    assert isinstance(account, Account)
    assert account.url == url


@pytest.mark.parametrize(
    ("platform", "handle", "native", "reason"),
    [
        ("myspace", "maplefalls", None, Reason.PLATFORM),
        ("twitter", None, None, Reason.HANDLE),
        ("twitter", "@", None, Reason.HANDLE),
        ("twitter", "maple falls", None, Reason.HANDLE),
        ("twitter", "maple\u200bfalls", None, Reason.HANDLE),
        ("twitter", "search", None, Reason.SEARCH),
        ("twitter", "x" * 5000, None, Reason.HANDLE),
        ("linkedin", "in/ida-marsh", None, Reason.PERSONAL),
        ("instagram", None, "178", Reason.NO_ADDRESS),
        ("facebook", None, "not-a-number", Reason.HANDLE),
        ("facebook", "maple%2Ffalls", None, Reason.HANDLE),
    ],
)
def test_handles_and_ids_that_name_no_account(
    platform: str, handle: str | None, native: str | None, reason: Reason
) -> None:
    assert account_of(platform, handle, native) == Refusal(reason)


def test_a_native_id_of_a_foreign_form_is_not_known() -> None:
    account = account_of("twitter", "maplefalls", "1.23e17")
    assert isinstance(account, Account)
    assert account.native_id is None


def test_a_native_id_is_added_only_where_it_lacks_and_fits() -> None:
    handle, native = identify("youtube.com/@maplefalls"), identify(f"youtube.com/channel/{CHANNEL}")
    assert isinstance(handle, Account)
    assert isinstance(native, Account)
    assert with_native_id(handle, CHANNEL).key == native.key
    assert with_native_id(handle, CHANNEL.lower()) == handle
    assert with_native_id(handle, None) == handle
    assert with_native_id(native, "UC" + "x" * 22) == native


def test_own_domains_are_read_only_with_the_platform_named() -> None:
    address = "https://blog.maplefalls.example/"
    assert identify(address) == Refusal(Reason.UNKNOWN)
    blog = identify(address, "wordpress")
    assert isinstance(blog, Account)
    assert (blog.platform, blog.id) == ("wordpress", "blog.maplefalls.example")
    server = identify("https://social.maplefalls.example/users/office", "mastodon")
    assert isinstance(server, Account)
    assert server.id == "office@social.maplefalls.example"
    known = identify("https://www.facebook.com/maplefalls", "wordpress")
    assert isinstance(known, Account)
    assert known.platform == "facebook"


def test_accounts_travel_between_processes() -> None:
    account = identify("youtube.com/@maplefalls")
    assert pickle.loads(pickle.dumps(account)) == account
