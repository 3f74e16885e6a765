"""An approved account is due for its review (item 8).

What it finds: approved accounts whose review date has come, or comes within ``days_ahead`` days.
An account without a review date is not flagged: unknown is not bad.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from auditor.findings import Certainty, Evidence, Finding
from auditor.registry import Registration
from auditor.rules.rule import Rule, RuleResult
from auditor.wording import SENTENCES, platform_title

if TYPE_CHECKING:
    from auditor.registry import RegisteredAccount
    from auditor.settings import ReviewRule
    from auditor.snapshot import Snapshot

ID = "registration-review-due"


def check(snapshot: Snapshot, options: ReviewRule) -> RuleResult:
    """List approved accounts whose review is due soon or overdue."""
    last = snapshot.today + timedelta(days=options.days_ahead)
    return RuleResult(
        tuple(
            _finding(entry, snapshot)
            for entry in snapshot.registered.values()
            if entry.state is Registration.APPROVED
            and entry.review_on is not None
            and entry.review_on <= last
        )
    )


def _finding(entry: RegisteredAccount, snapshot: Snapshot) -> Finding:
    verb = "was" if entry.review_on is not None and entry.review_on < snapshot.today else "is"
    return Finding(
        rule=ID,
        subject=(*entry.key, str(entry.review_on)),
        sources=frozenset(),
        grade=Certainty.RECORDED,
        summary=f"Review of {entry.handle or entry.key.account} at "
        f"{platform_title(entry.key.platform)} {verb} due on {entry.review_on}",
        schools=entry.schools,
        platform=entry.key.platform,
        url=entry.url,
        evidence=(Evidence("review date", str(entry.review_on), f"review {verb} due", "registry"),),
        reasons=(f"Approved on {entry.approved_on} by {entry.approved_by}.",),
        doubts=("The review may have been done and not yet recorded.",),
    )


RULE = Rule(
    id=ID,
    title="Review of an approved account is due",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset(),
    check=check,
    manual=__doc__ or "",
)
