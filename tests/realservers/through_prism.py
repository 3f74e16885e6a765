"""Send every good answer of the fake Google tenant through Prism while a suite runs.

Use: ``pytest -p tests.realservers.through_prism tests/connectors/test_google_*.py``.  What a test
asks of the fake goes to Prism first, which refuses what Google's documents do not allow and passes
the rest on to the fake; faults that a test plants never were Google's and go as they are.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.fakes.google import FakeGoogle, refusal
from tests.fakes.web_server import Asked, Reply, WebServer
from tests.realservers.prism_proxy import is_installed, run_prism

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOSE = "x-fake-tenant"
HOP_BY_HOP = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}
answer_itself = FakeGoogle._call


class Detour:
    """The way to Prism and back to the fake that was asked."""

    def __init__(self) -> None:
        self.fakes: dict[str, FakeGoogle] = {}
        self.behind = WebServer(self._answer_behind)
        self.session = requests.Session()
        self.session.trust_env = False
        self.prism = ""
        self.passed = 0

    def __call__(self, fake: FakeGoogle, asked: Asked) -> Reply:
        key = str(id(fake))
        self.fakes[key] = fake
        headers = {n: v for n, v in asked.headers.items() if n not in HOP_BY_HOP}
        answer = self.session.request(
            asked.method, self.prism + asked.target, headers={**headers, WHOSE: key}, timeout=30
        )
        kind = {"Content-Type": answer.headers.get("Content-Type", "")}
        if "violations" in answer.headers or b"stoplight.io/prism/errors" in answer.content:
            fake.wrongs.append(f"Prism refuses {asked.path}: {answer.text[:500]}")
        return Reply(answer.status_code, kind, answer.content)

    def _answer_behind(self, asked: Asked) -> Reply:
        self.passed += 1
        fake = self.fakes[asked.headers[WHOSE]]
        try:
            return answer_itself(fake, asked)
        except AssertionError as error:
            fake.wrongs.append(f"{asked.path}: {error}")
            return refusal(400, "invalid")


@pytest.fixture(scope="session", autouse=True)
def _through_prism() -> Iterator[None]:
    if not is_installed():
        pytest.fail(
            "NOT TESTED: Prism is not installed; `make test-real` installs it", pytrace=False
        )
    detour = Detour()
    with ExitStack() as stack:
        stack.enter_context(detour.behind)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        detour.prism = stack.enter_context(run_prism(detour.behind.url, folder))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(FakeGoogle, "_call", lambda fake, asked: detour(fake, asked))
        yield
    assert detour.passed, "nothing went through Prism"
    print(f"\n{detour.passed} answers went through Prism")
