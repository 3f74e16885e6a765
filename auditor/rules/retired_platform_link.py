"""A link leads to a platform that no longer exists (item 8).

What it finds: accounts on a retired platform, such as Google+ (closed on 2019-04-02), that carry
the district's brand, stand in the registry unrevoked, or are linked from the district's own pages.
They cannot be checked any more; the link or the entry can be taken down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.findings import Certainty, Evidence, Finding
from auditor.registry import Registration
from auditor.rules.rule import Rule, RuleResult
from auditor.wording import SENTENCES, platform_title
from connectors.platforms import platforms
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.settings import PlainRule
    from auditor.snapshot import Snapshot
    from connectors.records import AccountKey

ID = "retired-platform-link"


def check(snapshot: Snapshot, options: PlainRule) -> RuleResult:  # noqa: ARG001 - one shape for all
    """List what still points to a retired platform."""
    findings: dict[AccountKey, Finding] = {}
    for key, finding in _findings(snapshot):
        findings.setdefault(key, finding)
    return RuleResult(tuple(findings.values()))


def _findings(snapshot: Snapshot) -> Iterator[tuple[AccountKey, Finding]]:
    retired = {key for key, platform in platforms().items() if platform.retired_on is not None}
    for entry in snapshot.registered.values():
        if entry.key.platform in retired and entry.state is not Registration.REVOKED:
            yield (
                entry.key,
                _finding(entry.key, entry.url, "registry", frozenset(), entry.schools, "registry"),
            )
    for link in snapshot.links:
        if link.account.platform in retired:
            sources = frozenset({link.source})
            yield link.account, _finding(link.account, None, link.page, sources, (), link.source)
    if any(profile.platform in retired for profile in snapshot.profiles):
        for profile, branding in snapshot.branded:
            if profile.platform in retired:
                schools = (branding.school,) if branding.school else ()
                sources = snapshot.sources_of(profile)
                yield (
                    profile.key,
                    _finding(
                        profile.key, profile.url, profile.url, sources, schools, profile.source
                    ),
                )


def _finding(
    key: AccountKey,
    url: str | None,
    place: str,
    sources: frozenset[str],
    schools: tuple[str, ...],
    source: str,
) -> Finding:
    platform = platforms()[key.platform]
    return Finding(
        rule=ID,
        subject=tuple(key),
        sources=sources,
        grade=Certainty.RECORDED,
        summary=f"Link to {platform_title(key.platform)}, which closed on {platform.retired_on}",
        schools=schools,
        platform=key.platform,
        url=url,
        evidence=(Evidence("where the link stands", place[:300], key.account, source, url),),
        reasons=(f"{platform.title} closed on {platform.retired_on}; nothing there can be read.",),
        doubts=("The link may stand in an archived page that is kept on purpose.",),
    )


RULE = Rule(
    id=ID,
    title="Link to a platform that is gone",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset(),
    needs_one_of=frozenset({Capability.PROFILES, Capability.SITE_LINKS}),
    check=check,
    manual=__doc__ or "",
)
