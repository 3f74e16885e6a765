"""An approved account no longer looks as it did when it was approved (item 8).

What it finds: approved accounts that were renamed, whose bio, link or name changed, that lost their
mark of verification, were suspended, or whose handle belongs to another account now (its native id
differs).  What an account looked like is taken at its first sight after the approval; of a bio only
a digest is kept.  ``watch`` says which of these count.  A fact that is not known on either side is
not compared.  A change that is right is accepted by approving the account again, ``audit registry
approve URL --why "..."``: what was last seen then counts as approved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.findings import Certainty, Evidence, Finding
from auditor.registry import Registration
from auditor.rules.rule import Rule, RuleResult
from auditor.wording import SENTENCES, platform_title
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.registry import RegisteredAccount
    from auditor.settings import ChangedRule
    from auditor.sightings import Facts, Sight
    from auditor.snapshot import Snapshot

ID = "registered-account-changed"
LONGEST = 80
QUIET_STANDING = frozenset({None, "active"})


class Difference(NamedTuple):
    """One thing that is no longer as approved: what, then, now."""

    what: str
    before: str
    now: str


def check(snapshot: Snapshot, options: ChangedRule) -> RuleResult:
    """List approved accounts that look otherwise than when they were approved."""
    found = []
    for entry in snapshot.registered.values():
        if entry.state is not Registration.APPROVED:
            continue
        told = [
            (source, sight, differences)
            for source, sight in snapshot.sights_of(entry.key)
            if sight.accepted is not None and sight.seen is not None
            if (differences := list(compare(sight.accepted, sight.seen, options.watch)))
        ]
        if told:
            found.append(_finding(entry, told))
    return RuleResult(tuple(found))


def compare(accepted: Facts, seen: Facts, watch: Collection[str]) -> Iterator[Difference]:
    """Yield what differs, only what is known on both sides; another account is told alone."""
    if "owner" in watch and _differs(accepted.native_id, seen.native_id):
        yield Difference("another account", f"id {accepted.native_id}", f"id {seen.native_id}")
        return
    if "handle" in watch and _differs(_plain(accepted.handle), _plain(seen.handle)):
        yield Difference("handle", accepted.handle or "", seen.handle or "")
    if "name" in watch and _differs(accepted.display_name, seen.display_name):
        yield Difference("name", accepted.display_name or "", seen.display_name or "")
    if "bio" in watch and _differs(accepted.bio_digest, seen.bio_digest):
        yield Difference("bio", "as approved", "another text")
    if "website" in watch and _differs(_plain(accepted.website), _plain(seen.website)):
        yield Difference("link", accepted.website or "none", seen.website or "none")
    if "verified" in watch and accepted.verified and seen.verified is False:
        yield Difference("mark of verification", "verified", "not verified any more")
    if "standing" in watch and seen.standing not in {accepted.standing, *QUIET_STANDING}:
        yield Difference("standing", accepted.standing or "active", seen.standing or "")


def _differs(before: object, now: object) -> bool:
    return before is not None and now is not None and before != now


def _plain(text: str | None) -> str | None:
    return None if text is None else text.casefold().rstrip("/")


def _finding(entry: RegisteredAccount, told: list[tuple[str, Sight, list[Difference]]]) -> Finding:
    differences = list(dict.fromkeys(one for _, _, several in told for one in several))
    is_other = any(one.what == "another account" for one in differences)
    name, place = entry.handle or entry.key.account, platform_title(entry.key.platform)
    changed = ", ".join(dict.fromkeys(one.what for one in differences))
    return Finding(
        rule=ID,
        subject=(*entry.key, "another account" if is_other else "changed"),
        sources=frozenset(source for source, _, _ in told),
        grade=Certainty.RECORDED,
        summary=f"The handle {name} at {place} belongs to another account than the approved one"
        if is_other
        else f"The approved account {name} at {place} has changed: {changed}",
        schools=entry.schools,
        platform=entry.key.platform,
        url=entry.url,
        evidence=tuple(
            Evidence(
                one.what, one.before[:LONGEST], one.now[:LONGEST], source, entry.url, sight.seen_at
            )
            for source, sight, several in told
            for one in several
        ),
        reasons=(
            f"Approved on {entry.approved_on} by {entry.approved_by}.",
            "If the change is right, approve the account again; what was last seen then counts.",
        ),
        doubts=(
            "The school may have changed its own account, as it may.",
            "The platform may show or write a fact differently than before.",
        ),
    )


RULE = Rule(
    id=ID,
    title="Approved account has changed",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset(),
    needs_one_of=frozenset({Capability.PROFILES, Capability.PROFILES_BY_ACCOUNT}),
    check=check,
    manual=__doc__ or "",
)
