"""The owner of an approved account has left, so nobody may hold its keys (item 8).

What it finds: approved accounts whose owner the directory shows as left (recorded), or whose owner
no entry of a complete directory has any more (possible).  A function address such as office@ that
the directory does not list is not flagged: rosters seldom carry shared mailboxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.findings import Certainty, Evidence, Finding
from auditor.function_addresses import is_function_address
from auditor.registry import Registration
from auditor.rules.rule import Rule, RuleResult
from auditor.wording import SENTENCES, platform_title
from connectors.source import Capability

if TYPE_CHECKING:
    from auditor.registry import RegisteredAccount
    from auditor.settings import PlainRule
    from auditor.snapshot import Snapshot

ID = "registered-owner-left"


def check(snapshot: Snapshot, options: PlainRule) -> RuleResult:  # noqa: ARG001 - one shape for all
    """List approved accounts whose owner has left or is in no directory."""
    found = []
    for entry in snapshot.registered.values():
        if entry.state is not Registration.APPROVED or not entry.owner:
            continue
        owners = snapshot.owners(entry.owner)
        if owners and all(snapshot.has_left(person) for person in owners):
            found.append(_finding(entry, snapshot, Certainty.RECORDED, "has left"))
        elif not owners and not is_function_address(entry.owner):
            found.append(_finding(entry, snapshot, Certainty.POSSIBLE, "is not in the directory"))
    return RuleResult(tuple(found))


def _finding(entry: RegisteredAccount, snapshot: Snapshot, grade: Certainty, what: str) -> Finding:
    backup = entry.backup or "nobody"
    return Finding(
        rule=ID,
        subject=(*entry.key, entry.owner.casefold()),
        sources=snapshot.directories,
        grade=grade,
        summary=f"The owner of {entry.handle or entry.key.account} at "
        f"{platform_title(entry.key.platform)} {what}",
        schools=entry.schools,
        platform=entry.key.platform,
        url=entry.url,
        evidence=(Evidence("owner in the registry", entry.owner, what, "registry", entry.url),),
        reasons=(f"The registry names {backup} as backup.",),
        doubts=(
            "The account may have been handed over and the registry not yet changed.",
            "The directory may list the owner under another address.",
        ),
    )


RULE = Rule(
    id=ID,
    title="Owner of an approved account has left",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset({Capability.PEOPLE}),
    check=check,
    manual=__doc__ or "",
)
