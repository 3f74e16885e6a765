"""What a server of the fediverse without Mastodon's API answers, and what is read of it.

Run against Fedify (``make test-real``) and against what it answered, recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import fediverse, pacing
from connectors.profiles.mastodon import Mastodon
from connectors.records import AccountKey, Harvest, KnownAccount, Standing
from connectors.sites.district_sites import DistrictSites
from connectors.source import CheckState, Questions
from tests.builders import an_access
from tests.connectors.account_questions import asking
from tests.fakes.web_server import LOOPBACK, FakeTimer

HOST = "social.example"


class FediverseCases:
    """``server`` is the URL of a running server whose accounts are called ``@name@HOST``."""

    @pytest.fixture
    def server(self) -> Iterator[str]:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def base(self, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pacing, "TIMER", FakeTimer())
        monkeypatch.setattr(fediverse, "BASE", server)

    @pytest.mark.parametrize("user", ["maplefallshigh", "athletics"])
    def test_an_account_that_is_there(self, user: str) -> None:
        harvest = look_at(user)
        (profile,) = harvest.profiles
        assert profile.key == AccountKey("mastodon", f"{user}@{HOST}")
        assert (profile.standing, profile.bio) == (None, None)
        assert (harvest.not_found, harvest.gaps, harvest.calls) == ((), (), 2)

    def test_an_account_that_is_no_more(self) -> None:
        harvest = look_at("gone")
        assert [profile.standing for profile in harvest.profiles] == [Standing.SUSPENDED]
        assert (harvest.not_found, harvest.gaps) == ((), ())

    def test_an_account_that_never_was(self) -> None:
        harvest = look_at("nobody")
        assert harvest.not_found == (AccountKey("mastodon", f"nobody@{HOST}"),)
        assert (harvest.profiles, harvest.gaps) == ((), ())

    def test_doctor_says_what_runs_there_and_that_it_has_no_search(self) -> None:
        (check,) = connector().check()
        assert check.state is CheckState.BAD
        assert "maplefalls 1.2.3" in check.seen
        assert "no search" in check.seen
        assert "Take it out of 'servers'" in check.advice

    def test_a_site_that_is_a_server_of_the_fediverse_tells_its_accounts(self, server: str) -> None:
        questions = Questions(
            handles={"mastodon": ("maplefallshigh", "gone", "nobody", "athletics")}
        )
        options = {"websites": [server], "most_pages": 9}
        site = an_access(options, web=LOOPBACK, domains=(), questions=questions)
        harvest = DistrictSites(site).fetch()
        assert [link.account for link in harvest.links] == [
            AccountKey("mastodon", f"maplefallshigh@{HOST}"),
            AccountKey("mastodon", f"athletics@{HOST}"),
        ]
        (note,) = harvest.notes
        assert "is itself a server of the fediverse (maplefalls 1.2.3)" in note
        assert note.endswith("It has 2 accounts.")


def connector(**questions: Any) -> Mastodon:
    """Build the connector for the one server."""
    given = {"servers": [HOST], "searches_a_night": 0}
    return Mastodon(an_access(given, web=LOOPBACK, questions=asking("mastodon", **questions)))


def look_at(user: str) -> Harvest:
    """Look again at an account that is known."""
    account = f"{user}@{HOST}"
    known = KnownAccount(AccountKey("mastodon", account), user, f"https://{HOST}/@{user}")
    return connector(accounts=(known,)).fetch()
