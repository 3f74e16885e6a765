"""Connectors read sources and speak in records; they know neither the auditor nor the reports."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from connectors.errors import NotConfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.source import Access, Capability, Source

CONNECTORS = {
    "oneroster": "connectors.directory.oneroster:OneRoster",
    "oneroster_rest": "connectors.directory.oneroster_rest:OneRosterRest",
    "ldap": "connectors.directory.ldap:Ldap",
    "spreadsheet": "connectors.directory.spreadsheet:Spreadsheet",
    "profile_file": "connectors.profiles.file:ProfileFile",
    "gravatar": "connectors.profiles.gravatar:Gravatar",
    "github": "connectors.profiles.github:GitHub",
    "gitlab": "connectors.profiles.gitlab:GitLab",
    "bluesky": "connectors.profiles.bluesky:Bluesky",
    "mastodon": "connectors.profiles.mastodon:Mastodon",
    "discourse": "connectors.profiles.discourse:Discourse",
    "google_workspace": "connectors.directory.google_workspace:GoogleWorkspace",
    "google_app_grants": "connectors.tenant.google_app_grants:GoogleAppGrants",
    "microsoft_entra": "connectors.directory.microsoft_entra:MicrosoftEntra",
    "microsoft_app_grants": "connectors.tenant.microsoft_app_grants:MicrosoftAppGrants",
    "youtube": "connectors.profiles.youtube:YouTube",
    "facebook_pages": "connectors.profiles.facebook_pages:FacebookPages",
    "instagram_business": "connectors.profiles.instagram_business:InstagramBusiness",
    "threads": "connectors.profiles.threads:Threads",
    "linkedin_organisations": "connectors.profiles.linkedin_organisations:LinkedInOrganisations",
    "snapchat_profiles": "connectors.profiles.snapchat_profiles:SnapchatProfiles",
    "reddit": "connectors.profiles.reddit:Reddit",
    "twitter": "connectors.profiles.twitter:Twitter",
    "oembed": "connectors.profiles.oembed:OEmbed",
    "flickr": "connectors.profiles.flickr:Flickr",
    "tumblr": "connectors.profiles.tumblr:Tumblr",
    "wordpress": "connectors.profiles.wordpress:WordPress",
    "wordpress_com": "connectors.profiles.wordpress_com:WordPressCom",
    "blogger": "connectors.profiles.blogger:Blogger",
    "stack_exchange": "connectors.profiles.stack_exchange:StackExchange",
    "brave_search": "connectors.profiles.brave_search:BraveSearch",
    "district_sites": "connectors.sites.district_sites:DistrictSites",
    "have_i_been_pwned": "connectors.breach.have_i_been_pwned:HaveIBeenPwned",
}


WORDS = {
    str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list",
    dict: "a table",
}  # fmt: skip


def connector_type(source: str, name: str) -> type[Source]:
    """Return the class of a connector by its name in audit.toml; NotConfigured when unknown."""
    place = CONNECTORS.get(name)
    if place is None:
        near = get_close_matches(name, CONNECTORS, 1)
        hint = f'Did you mean "{near[0]}"?' if near else f"Known are {', '.join(CONNECTORS)}"
        raise NotConfigured(source, f'there is no connector "{name}"', hint)
    module, _, attribute = place.partition(":")
    found: type[Source] = getattr(importlib.import_module(module), attribute)
    return found


def check_options(source: str, kind: type[Source], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with defaults filled in; NotConfigured names the first wrong one."""
    known = {setting.name: setting for setting in kind.settings}
    for key, value in options.items():
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f'Did you mean "{near[0]}"?' if near else f"Known are {', '.join(known)}"
            raise NotConfigured(source, f'unknown setting "{key}"', hint)
        wanted = known[key].kind
        fits = isinstance(value, (int, float) if wanted is float else wanted)
        if not fits or (wanted in {int, float} and isinstance(value, bool)):
            raise NotConfigured(
                source,
                f'the setting "{key}" is {WORDS.get(type(value), "something else")}',
                f"Give it as {WORDS[wanted]}: {known[key].about}",
            )
    for name, setting in known.items():
        if setting.required and name not in options:
            raise NotConfigured(source, f'the setting "{name}" is missing', setting.about)
    return {name: options.get(name, setting.default) for name, setting in known.items()}


def capabilities_with(kind: type[Source], options: Mapping[str, Any]) -> frozenset[Capability]:
    """Return what a source can tell with its settings: less where one is switched off."""
    off = (one.enables for one in kind.settings if not options.get(one.name, one.default))
    return kind.capabilities.difference(*off)


def build(connector: str, access: Access) -> Source:
    """Make a connector ready to fetch; NotConfigured when its name or options are wrong."""
    from dataclasses import replace

    kind = connector_type(access.source, connector)
    return kind(replace(access, options=check_options(access.source, kind, access.options)))
