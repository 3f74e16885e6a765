"""Small pieces of HTML that stand on a page by the thousand, where a template macro is too slow.

Each takes text from outside, makes it printable, escapes it, and returns HTML.  Most texts of a
page stand on it many times, so what was made of those is kept for a while.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from markupsafe import Markup

from reports.security import printable, safe_link


@lru_cache(maxsize=4096)
def escaped(text: str) -> str:
    """Return text from outside as HTML, for an element or a quoted attribute."""
    return escape(printable(text))


def apart(text: str) -> str:
    """Return text from outside, escaped and set apart, so that its direction stays its own."""
    return f"<bdi>{escaped(text)}</bdi>"


def outside(text: str) -> Markup:
    """Return ``apart`` as markup for a template."""
    return Markup(apart(text))  # noqa: S704 - escaped


def fact(name: str, value: str | None) -> str:
    """Name a value in a list of facts, ``name`` being our own words; nothing when not known."""
    return f"<div><dt>{name}</dt><dd><bdi>{escaped(value)}</bdi></dd></div>" if value else ""


recurring_fact = lru_cache(maxsize=4096)(fact)
"""The same for a value that many findings share."""


@lru_cache(maxsize=4096)
def link_or_text(url: str, is_link: bool) -> Markup:
    """Link to a web address that may be followed, or show it as text."""
    target = safe_link(url) if is_link else None
    if target is None:
        return outside(url)
    address = escape(target)
    return Markup(  # noqa: S704 - escaped
        f'<a href="{address}" rel="noopener noreferrer nofollow"><bdi>{address}</bdi></a>'
    )
