"""A public account bears a name made to be taken for that of a registered account (item 8).

What it finds: accounts without an entry in the registry whose handle or display name is that of an
approved account but for look-alike letters (U+0430 CYRILLIC SMALL LETTER A instead of U+0061),
an added "official", "real" or "the", other separators on the same platform, doubled letters, or one
slip of the keyboard in a name of ten letters or more.  Both names stand side by side, with the code
points in which they differ.

Why it may be wrong: schools open accounts called "official" themselves, people mistype, and another
town's school may bear nearly the same name.  Look-alike letters of another alphabet are seldom
chance; everything else may be.

What to do: open the account beside the registered one.  If it is yours, ask for its approval; if it
is not, report it to the platform as an impersonation, and warn families if it asks for something.

What it leaves out: accounts with an entry in the registry, and those that a page of the district's
own links to and that link back; the same name on another platform (see
unregistered-branded-account); names that differ in digits or in the kind of school alone; a name
that another district bears, unless the account shows this one's town, domain or mascot; retired
platforms.  An account listed here is not listed as unregistered-branded-account too: one account,
one lead.  Switched off, the other rule lists it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.findings import Certainty, Evidence, Finding
from auditor.matching.affiliation import Affiliation
from auditor.matching.imitations import differences
from auditor.matching.impersonation import Kind
from auditor.matching.reasons import reason_in_words
from auditor.rules.rule import Rule, RuleResult
from auditor.rules.site_links import link_evidence, link_reasons
from auditor.wording import AFFILIATIONS, SENTENCES, platform_title
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.matching.imitations import Difference, Imitation
    from auditor.settings import PlainRule
    from auditor.snapshot import Snapshot

ID = "impersonation-suspected"
HOW = {
    Kind.LOOK_ALIKE: "Characters of the name only look like those of the registered one.",
    Kind.ADDED_WORDS: 'The name is the registered one with "official", "real" or "the" added.',
    Kind.SEPARATORS: "The handle is the registered one with other separators.",
    Kind.DOUBLED_LETTERS: "The name is the registered one but for doubled letters.",
    Kind.MISTYPED: "The name is one slip of the keyboard from the registered one.",
}
DOUBT_OWN = "The district or a school may have opened the account itself and not registered it."
DOUBT_CHANCE = "The likeness may be chance: a slip, or another place's name."
DOUBT_LETTERS = "Some people write names in other alphabets for their looks."


def check(snapshot: Snapshot, options: PlainRule) -> RuleResult:
    """List the accounts that imitate a registered one."""
    del options
    return RuleResult(tuple(_finding(one, snapshot) for one in snapshot.imitations.values()))


def _finding(one: Imitation, snapshot: Snapshot) -> Finding:
    profile, found = one.profile, one.resemblance
    entry = snapshot.registered[found.own.account]
    name = f"{(profile.handle or found.text)[:120]} at {platform_title(profile.platform)}"
    ours = (entry.handle or found.own.text)[:120]
    own = f"{ours} at {platform_title(found.own.account.platform)}"
    links = snapshot.links_to(profile)
    differing = differences(found.own.text, found.text)
    branded = one.branding.reasons if one.branding else ()
    carried = (one.branding.school,) if one.branding and one.branding.school else ()
    return Finding(
        rule=ID,
        subject=tuple(profile.key),
        sources=snapshot.sources_of(profile) | found.own.sources,
        grade=Certainty.CONFIDENT if one.is_sure else Certainty.POSSIBLE,
        summary=f"{name} has a name like that of the registered {own}",
        schools=entry.schools or carried,
        platform=profile.platform,
        url=profile.url,
        affiliation=AFFILIATIONS[Affiliation.IMPERSONATION_SUSPECTED],
        evidence=(*_names(one, snapshot), *_places(one, differing), *link_evidence(links)),
        reasons=(
            HOW[found.kind],
            *_sentences(differing),
            "No account of the registry has this identity.",
            *link_reasons(links),
            *map(reason_in_words, branded),
        ),
        doubts=(DOUBT_OWN, DOUBT_LETTERS if found.has_foreign_letters else DOUBT_CHANCE),
    )


def _names(one: Imitation, snapshot: Snapshot) -> Iterator[Evidence]:
    """Show the registered name and this one, then where each is."""
    profile, found = one.profile, one.resemblance
    own, seen = found.own, (profile.source, profile.url, profile.seen_at)
    what = f"{found.field} of the account, beside the {own.field} of the registered one"
    yield Evidence(what, own.text[:80], found.text[:80], *seen)
    ours = f"{platform_title(own.account.platform)}, {snapshot.registered[own.account].url}"
    theirs = f"{platform_title(profile.platform)}, {profile.url}"
    what = "where the two accounts are"
    yield Evidence(what, ours[:200], theirs[:200], profile.source, None, profile.seen_at)


def _places(one: Imitation, differing: tuple[Difference, ...]) -> Iterator[Evidence]:
    profile = one.profile
    for each in differing:
        what = f"character {each.place} of the registered name"
        yield Evidence(what, each.ours, each.theirs, profile.source, None, profile.seen_at)


def _sentences(differing: tuple[Difference, ...]) -> Iterator[str]:
    for one in differing:
        yield f"At character {one.place}: {one.theirs} instead of {one.ours}."


RULE = Rule(
    id=ID,
    title="Account that may imitate a registered one",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset({Capability.PROFILES}),
    check=check,
    manual=__doc__ or "",
)
