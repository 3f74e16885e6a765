"""Send every good answer of the fake platforms through Prism while their suites run.

Use: ``pytest -p tests.realservers.through_specs tests/connectors/profiles/test_github.py ...``.
Prism knows only what each platform published (``tests/data/*/openapi.json``): a request or an
answer that it does not allow fails the test.  Faults that a test queues, and refusals the
description is silent about, go as they are; tests in ``PLANTED`` change answers on purpose.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.fakes.gated import XServer
from tests.fakes.github import GitHubServer
from tests.fakes.gravatar import GravatarServer
from tests.fakes.mastodon import FediverseServer
from tests.fakes.web_server import Asked, Reply, WebServer
from tests.realservers.prism_proxy import is_installed, run_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).parents[1] / "data"
WHICH = "x-which-answer"
PLANTED = {
    "test_a_field_that_is_gone_is_named",
    "test_a_page_elsewhere_is_not_linked",
    "test_hostile_values_stay_text",
}
HOP_BY_HOP = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}


@dataclass
class Published:
    """What a platform published: its description, before which path, silent on which statuses."""

    name: str
    served: re.Pattern[str] = field(default_factory=lambda: re.compile("(?P<path>/.*)"))
    silent_on: frozenset[int] = frozenset()

    @property
    def spec(self) -> Path:
        return DATA / self.name / "openapi.json"


PUBLISHED: dict[type[WebServer], Published] = {
    GravatarServer: Published("gravatar", re.compile("/v3(?P<path>/.*)"), frozenset({401})),
    GitHubServer: Published("github", silent_on=frozenset({401})),
    FediverseServer: Published(
        "mastodon", re.compile("/[^/]+(?P<path>/api/.*)"), frozenset({400, 403})
    ),
    XServer: Published("twitter"),
}


class Detour:
    """The way to Prism and back; ``passed`` counts by platform, ``refused`` is what it said."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._replies: dict[str, Reply] = {}
        self._numbers = count()
        self._behind = stack.enter_context(WebServer(self._answer_behind))
        self._prisms: dict[str, str] = {}
        self._session = requests.Session()
        self._session.trust_env = False
        self.passed: dict[str, int] = {}
        self.refused: list[str] = []

    def send(self, published: Published, asked: Asked, reply: Reply) -> Reply:
        """Return a fake's answer as it comes back from Prism."""
        place = published.served.fullmatch(asked.target)
        is_page = reply.headers.get("Content-Type", "").startswith("text/html")
        if place is None or is_page or reply.status in published.silent_on:
            return reply
        number = str(next(self._numbers))
        self._replies[number] = reply
        headers = {n: v for n, v in asked.headers.items() if n not in HOP_BY_HOP}
        answer = self._session.request(
            asked.method,
            self._prism(published) + place["path"],
            headers={**headers, WHICH: number},
            timeout=30,
        )
        if "violations" in answer.headers or b"stoplight.io/prism/errors" in answer.content:
            self.refused.append(f"{published.name} {asked.path}: {answer.text[:800]}")
            return reply
        self.passed[published.name] = self.passed.get(published.name, 0) + 1
        kept = {n: v for n, v in reply.headers.items() if n.lower() != "content-type"}
        kind = answer.headers.get("Content-Type", "")
        return Reply(answer.status_code, {**kept, "Content-Type": kind}, answer.content)

    def _prism(self, published: Published) -> str:
        if published.name not in self._prisms:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            running = run_proxy(published.spec, self._behind.url, folder)
            self._prisms[published.name] = self._stack.enter_context(running)
        return self._prisms[published.name]

    def _answer_behind(self, asked: Asked) -> Reply:
        return self._replies.pop(asked.headers[WHICH])


def _detoured(kind: Any, published: Published, detour: Detour) -> Callable[[Any, Asked], Reply]:
    answer = kind._answer

    def send(fake: Any, asked: Asked) -> Reply:
        return detour.send(published, asked, answer(fake, asked))

    return send


@pytest.fixture(scope="session")
def _detour() -> Iterator[Detour]:
    if not is_installed():
        pytest.fail(
            "NOT TESTED: Prism is not installed; `make test-real` installs it", pytrace=False
        )
    with ExitStack() as stack:
        detour = Detour(stack)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for kind, published in PUBLISHED.items():
            patch.setattr(kind, "_answer", _detoured(kind, published, detour))
        yield detour
    assert detour.passed, "nothing went through Prism"
    print("\nanswers that went through Prism:", detour.passed)


@pytest.fixture(autouse=True)
def _as_published(_detour: Detour, request: pytest.FixtureRequest) -> Iterator[None]:
    _detour.refused.clear()
    yield
    assert _detour.refused == [] or request.function.__name__ in PLANTED
