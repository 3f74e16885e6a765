"""A public account carries the district's or a school's brand and nobody registered it (item 8).

What it finds: accounts that the matcher holds for this district's (``confident``), or that fit it
and others, or fit weakly (``possible``), and that have no approval in the registry.  An account
whose approval was asked for is listed as waiting.

What it leaves out: approved accounts; accounts that may imitate a registered one (see
impersonation-suspected: one account, one lead); accounts on retired platforms (see
retired-platform-link).
``report = "confident"`` keeps the ``possible`` ones off the list.

An account that a page of the district's own links to and that links back is ``possible`` at most:
somebody answers for it, and what is missing is its entry in the registry.  A link that is not
returned, or not known to be, is shown as evidence and changes no grade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.findings import Certainty, Evidence, Finding
from auditor.matching.affiliation import Affiliation
from auditor.matching.branding import Verdict
from auditor.matching.reasons import reason_in_words
from auditor.registry import Registration
from auditor.rules.rule import Rule, RuleResult
from auditor.rules.site_links import is_mutual, link_evidence, link_reasons
from auditor.wording import AFFILIATIONS, SENTENCES, platform_title
from connectors.platforms import platforms
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.matching.branding import Branding
    from auditor.registry import RegisteredAccount
    from auditor.settings import BrandRule
    from auditor.snapshot import Snapshot
    from connectors.records import Profile, SiteLink

ID = "unregistered-branded-account"
DOUBT_OTHERS = {
    Certainty.CONFIDENT: "A private person, a club or another town may carry the same name.",
    Certainty.POSSIBLE: "The name fits other places or things as well; look before you ask.",
}
DOUBT_CONSENT = "Consent may have been given before the registry was kept."


def check(snapshot: Snapshot, options: BrandRule) -> RuleResult:
    """List branded accounts without an approval."""
    return RuleResult(tuple(_findings(snapshot, options)))


def _findings(snapshot: Snapshot, options: BrandRule) -> Iterator[Finding]:
    for profile, branding in snapshot.branded:
        platform = platforms().get(profile.platform)
        if platform is not None and platform.retired_on is not None:
            continue
        if branding.affiliation is Affiliation.UNRELATED or profile.key in snapshot.imitations:
            continue
        grade = _grade(branding, snapshot.links_to(profile))
        if grade is not Certainty.CONFIDENT and options.report == "confident":
            continue
        entry = snapshot.registration(profile)
        if entry is None or entry.state is not Registration.APPROVED:
            yield _finding(profile, branding, entry, snapshot)


def _grade(branding: Branding, links: Sequence[SiteLink]) -> Certainty:
    is_confident = branding.verdict is Verdict.CONFIDENT and not is_mutual(links)
    return Certainty.CONFIDENT if is_confident else Certainty.POSSIBLE


def _finding(
    profile: Profile, branding: Branding, entry: RegisteredAccount | None, snapshot: Snapshot
) -> Finding:
    links = snapshot.links_to(profile)
    grade = _grade(branding, links)
    name = profile.display_name or profile.handle or profile.url
    brand = snapshot.schools.name(branding.school) if branding.school else snapshot.brand.name
    reasons = [reason_in_words(reason) for reason in branding.reasons]
    return Finding(
        rule=ID,
        subject=tuple(profile.key),
        sources=snapshot.sources_of(profile),
        grade=grade,
        summary=f"{name[:120]} at {platform_title(profile.platform)} carries the name of {brand}",
        schools=(branding.school,) if branding.school else (),
        platform=profile.platform,
        url=profile.url,
        affiliation=AFFILIATIONS[branding.affiliation],
        evidence=(*_evidence(profile, brand), *link_evidence(links)),
        reasons=(*_registration_reasons(entry), *link_reasons(links), *reasons),
        doubts=(DOUBT_OTHERS[grade], DOUBT_CONSENT),
    )


def _evidence(profile: Profile, brand: str) -> tuple[Evidence, ...]:
    shown = (("display name", profile.display_name), ("handle", profile.handle))
    return tuple(
        Evidence(
            f"{what} of the account", brand, text[:80], profile.source, profile.url, profile.seen_at
        )
        for what, text in shown
        if text
    )


def _registration_reasons(entry: RegisteredAccount | None) -> Iterator[str]:
    if entry is None:
        yield "No account of the registry has this identity."
    elif entry.state is Registration.REQUESTED:
        yield f"Approval was asked for on {entry.requested_on:%Y-%m-%d} and is waiting."
    else:
        yield "Its approval was revoked."


RULE = Rule(
    id=ID,
    title="Branded account that nobody registered",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset({Capability.PROFILES}),
    check=check,
    manual=__doc__ or "",
)
