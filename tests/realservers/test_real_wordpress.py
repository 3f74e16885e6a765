"""Debian's WordPress, PHP and MariaDB, with a school's pages; run by ``make test-real``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from tests.connectors.wordpress_cases import Blog, WordPressCases
from tests.realservers.conftest import Way
from tests.realservers.wordpress_server import WordPressSite, is_installed, run_wordpress

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not is_installed(), reason="NOT TESTED: WordPress is not installed"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPressSite]:
    with run_wordpress(tmp_path_factory.mktemp("wordpress")) as running:
        yield running


class TestRealWordPress(WordPressCases):
    @pytest.fixture
    def blog(self, site: WordPressSite, way_to: Way) -> Blog:
        def be(state: str) -> AbstractContextManager[str]:
            site.be(state)
            return way_to("wordpress", site.url)

        return be
