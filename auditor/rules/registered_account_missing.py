"""An approved account is not there any more (item 8).

What it finds: approved accounts that their platform, asked for just that account, cleanly said not
to have, in two nights running (``nights``), and that no source saw meanwhile.  An error, a limit or
a login wall is never such an answer, two runs on one day are one night, and a night in which the
source did not answer in full counts neither way.  An account that was given up on purpose is ended
with ``audit registry revoke URL --why "..."``; one that moved is asked for under its new address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.findings import Certainty, Evidence, Finding
from auditor.registry import Registration
from auditor.rules.rule import Rule, RuleResult
from auditor.wording import SENTENCES, platform_title
from connectors.source import Capability

if TYPE_CHECKING:
    from auditor.registry import RegisteredAccount
    from auditor.settings import MissingRule
    from auditor.sightings import Sight
    from auditor.snapshot import Snapshot

ID = "registered-account-missing"


def check(snapshot: Snapshot, options: MissingRule) -> RuleResult:
    """List approved accounts that were cleanly not found often enough."""
    found = []
    for entry in snapshot.registered.values():
        if entry.state is not Registration.APPROVED:
            continue
        sights = snapshot.sights_of(entry.key)
        missing = [(source, one) for source, one in sights if one.misses >= options.nights]
        if missing and not any(one.seen_at == snapshot.taken_at for _, one in sights):
            found.append(_finding(entry, missing))
    return RuleResult(tuple(found))


def _finding(entry: RegisteredAccount, missing: list[tuple[str, Sight]]) -> Finding:
    return Finding(
        rule=ID,
        subject=tuple(entry.key),
        sources=frozenset(source for source, _ in missing),
        grade=Certainty.RECORDED,
        summary=f"The approved account {entry.handle or entry.key.account} at "
        f"{platform_title(entry.key.platform)} is not there any more",
        schools=entry.schools,
        platform=entry.key.platform,
        url=entry.url,
        evidence=tuple(
            Evidence(
                "account asked for", entry.url[:300], "not found", source, entry.url, one.seen_at
            )
            for source, one in missing
        ),
        reasons=(
            f"Approved on {entry.approved_on} by {entry.approved_by}.",
            "The platform was asked for this account and said, without any error, that it is not "
            "there, in two nights or more.",
        ),
        doubts=(
            "The account may have been renamed; its followers would then still find it.",
            "The platform may hide an account for a while, when it is under review for instance.",
        ),
    )


RULE = Rule(
    id=ID,
    title="Approved account is not there any more",
    item="8",
    sentence=SENTENCES["8"],
    needs=frozenset({Capability.PROFILES_BY_ACCOUNT}),
    check=check,
    manual=__doc__ or "",
)
