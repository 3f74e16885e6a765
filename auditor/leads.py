"""Ready searches for what no program may ask: links by platform and school, for people to click."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from auditor import __version__
from auditor.coverage import title_of
from auditor.queries import search_names
from reports.model import LookGroup, LookLine, LookSheet, SearchLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from auditor.matching.brand import Brand
    from auditor.schools import School
    from auditor.settings import Settings

MOST_NAMES = 4


def look_sheet(
    settings: Settings,
    brand: Brand,
    bearers: Callable[[str], int],
    now: datetime,
    only: School | None = None,
) -> LookSheet:
    """Return the searches for the district and each school, or for ``only`` one school.

    A web search asks for all names of an institution at once, a platform's own search for the
    first; ``bearers`` counts who bears a folded name nationwide.
    """
    schools = [one for one in brand.schools if only is None or one.code == only.code]
    groups = [
        _group(one.name, search_names(brand, bearers, one.code)[:MOST_NAMES]) for one in schools
    ]
    if only is None:
        names = search_names(_without_schools(brand), bearers)
        groups.insert(0, _group(brand.name, names[:MOST_NAMES]))
    return LookSheet(
        district=settings.district.name,
        policy=settings.district.policy,
        generated_at=now.astimezone(settings.zone),
        version=__version__,
        groups=tuple(one for one in groups if one.names),
    )


def _without_schools(brand: Brand) -> Brand:
    from dataclasses import replace

    return replace(brand, schools=())


def _group(title: str, names: tuple[str, ...]) -> LookGroup:
    lines = tuple(
        LookLine(key, title_of(key), tuple(_links(key, names)))
        for key in _pages()["platform"]
        if names
    )
    return LookGroup(title, names, lines)


def _links(platform: str, names: tuple[str, ...]) -> Iterator[SearchLink]:
    page: dict[str, str] = _pages()["platform"][platform]
    if "search" in page:
        address = page["search"].replace("{query}", quote(names[0], safe=""))
        yield SearchLink(f"{title_of(platform)}: {names[0]}", address)
    either = " OR ".join(f'"{name}"' for name in (one.replace('"', " ") for one in names))
    query = quote(f"site:{page['site']} {f'({either})' if len(names) > 1 else either}", safe="")
    for engine, address in _pages()["web"].items():
        yield SearchLink(engine, address.replace("{query}", query))


@cache
def _pages() -> dict[str, Any]:
    text = resources.files("auditor").joinpath("data/search_pages.toml").read_text("utf-8")
    return tomllib.loads(text)
