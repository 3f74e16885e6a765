"""Handles proven by DNS: the TXT record ``_atproto.NAME`` of a district's domain.

Documentation https://atproto.com/specs/handle#handle-resolution (reviewed 2026-11-22): one record
``did=did:...`` names the Bluesky account whose handle the domain is; several that differ name none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.errors import SourceUnavailable

if TYPE_CHECKING:
    from dns.resolver import Resolver

SECONDS = 5.0
PREFIX = "did="


def new_resolver() -> Resolver | None:
    """Return what asks this computer's name servers; None where it has none."""
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return None
    resolver.lifetime = SECONDS
    return resolver


def read_did(source: str, resolver: Resolver | None, name: str) -> str | None:
    """Return the DID that a domain names as its account, None where it names none.

    SourceUnavailable when no name server answers.
    """
    import dns.exception
    import dns.name
    import dns.rdatatype
    import dns.resolver

    advice = "See that this computer may ask its name servers"
    if resolver is None:
        raise SourceUnavailable(source, "no name server is set up on this computer", advice)
    try:
        asked = dns.name.from_text(f"_atproto.{name}.")
    except dns.exception.DNSException:
        return None
    try:
        answer = resolver.resolve(asked, dns.rdatatype.TXT, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except dns.exception.DNSException:
        raise SourceUnavailable(source, "the name servers do not answer", advice) from None
    texts = {b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer}
    found = {text.removeprefix(PREFIX) for text in texts if text.startswith(PREFIX)}
    return found.pop() if len(found) == 1 else None


def is_domain(name: str) -> bool:
    """Whether a host is a name that DNS may know: no address, no name of this network alone."""
    return "." in name and not name.replace(".", "").isdigit() and ":" not in name
