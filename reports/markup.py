"""Small pieces of HTML that stand on a page by the thousand, where a template macro is too slow.

Each takes text from outside, makes it printable, escapes it, and returns safe markup.
"""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape

from reports.security import printable, safe_link


@lru_cache(maxsize=4096)
def outside(text: str) -> Markup:
    """Set text from outside apart, so that its direction stays its own."""
    return Markup(f"<bdi>{escape(printable(text))}</bdi>")  # noqa: S704 - escaped


@lru_cache(maxsize=4096)
def fact(name: str, value: str | None) -> Markup:
    """Name a value in a list of facts; nothing when it is not known."""
    if not value:
        return Markup()
    return Markup(f"<div><dt>{escape(name)}</dt><dd>{outside(value)}</dd></div>")  # noqa: S704


def link_or_text(url: str, is_link: bool) -> Markup:
    """Link to a web address that may be followed, or show it as text."""
    target = safe_link(url) if is_link else None
    if target is None:
        return outside(url)
    address = escape(target)
    return Markup(  # noqa: S704 - escaped
        f'<a href="{address}" rel="noopener noreferrer nofollow"><bdi>{address}</bdi></a>'
    )


def items(texts: tuple[str, ...] | list[str]) -> Markup:
    """List sentences."""
    return Markup("").join(Markup(f"<li>{outside(text)}</li>\n") for text in texts)  # noqa: S704
