"""Connectors against Prism alone, which answers by what a platform published: ``make test-real``.

No fake of ours has a part in it: a wrong parameter is refused (422), and the answers are what the
description says they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connectors import fediverse
from connectors.errors import UnexpectedAnswer
from connectors.profiles import github, gravatar, twitter
from connectors.profiles.github import GitHub
from connectors.profiles.gravatar import Gravatar
from connectors.profiles.mastodon import Mastodon
from connectors.profiles.twitter import Twitter
from connectors.source import CheckState
from tests.builders import DOMAIN
from tests.connectors.account_questions import access_for, asking, known
from tests.fakes.github import TOKEN
from tests.fakes.gravatar import KEY
from tests.realservers.prism_proxy import is_installed, run_mock
from tests.realservers.through_specs import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.source import Questions

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not is_installed(), reason="NOT TESTED: Prism is not installed"),
]

IDA, SCHOOL = f"ida@{DOMAIN}", "Maple Falls High School"


@pytest.fixture(scope="module", params=["gravatar", "github", "mastodon", "twitter"])
def mock(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Serve one platform's description; yields its name and URL."""
    folder = tmp_path_factory.mktemp("prism")
    with run_mock(DATA / request.param / "openapi.json", folder) as url:
        yield request.param, url


@pytest.fixture
def served(mock: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    name, url = mock
    module = {"gravatar": gravatar, "github": github, "mastodon": fediverse, "twitter": twitter}
    base = f"{url}/2" if name == "twitter" else url
    monkeypatch.setattr(module[name], "BASE", base)
    plain = {"Accept": "application/json"}  # GitHub's description names no other media type
    monkeypatch.setattr(github, "HEADERS", github.HEADERS | plain)
    return mock


def a_source(name: str) -> Gravatar | GitHub | Mastodon | Twitter:
    questions = questions_for(name)
    match name:
        case "gravatar":
            return Gravatar(access_for(questions, {"key": KEY}))
        case "github":
            options = {"token": TOKEN, "searches_a_night": 30, "lookups_a_night": 100}
            return GitHub(access_for(questions, options))
        case "mastodon":
            options = {"servers": ["social.example"], "searches_a_night": 30}
            return Mastodon(access_for(questions, options))
    return Twitter(access_for(questions, {"token": TOKEN, "approval": "Contract 17"}))


def questions_for(name: str) -> Questions:
    """Ask everything a source can ask: a known account by name and by id, likely names, names."""
    accounts = {
        "github": (known("github", "maplefalls", "12"), known("github", "other-school")),
        "twitter": (known("twitter", None, "2244994945"), known("twitter", "otherschool")),
        "mastodon": (known("mastodon", "high@social.example"),),
    }
    return asking(
        name,
        "maplefork",
        control="",
        names=(SCHOOL,),
        addresses=(IDA,),
        accounts=accounts.get(name, ()),
    )


def test_every_request_is_accepted_and_every_answer_is_read(served: tuple[str, str]) -> None:
    name, _ = served
    harvest = a_source(name).fetch()
    assert harvest.calls >= (1 if name == "gravatar" else 2)
    assert harvest.uses if name == "gravatar" else harvest.profiles or harvest.dropped
    assert harvest.not_found == ()


def test_the_doctor_is_accepted_too(served: tuple[str, str]) -> None:
    name, _ = served
    if name == "mastodon":
        return
    assert all(check.state is not CheckState.BAD for check in a_source(name).check())


def test_a_wrong_parameter_would_have_been_refused(
    served: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, url = served
    wrong = {
        "github": "/search/users?query=x&per_page=10",
        "mastodon": "/api/v2/search?query=x",
        "twitter": "/2/users/by?usernames=x&user.fields=email",
        "gravatar": "/profile/x",
    }
    assert requests.get(url + wrong[name], timeout=30).status_code in {404, 422}
    if name == "twitter":
        monkeypatch.setattr(twitter, "FIELDS", "created_at,e_mail")
        with pytest.raises(UnexpectedAnswer):
            a_source(name).fetch()
