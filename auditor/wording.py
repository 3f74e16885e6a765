"""The words reports use for keys; kept in one place, plain, and never a verdict."""

from __future__ import annotations

from auditor.findings import Certainty, Change, State
from auditor.outcomes import ReadingState, RuleState
from connectors.platforms import platforms
from connectors.records import Grade

SENTENCES = {
    "8": "Item 8: nobody creates an account, blog or site that represents the district without "
    "the District Administrator's prior consent.",
    "10": "Item 10: staff do not use their district e-mail address on social networking sites.",
}
DISPUTE = (
    "If this is wrong, tell {responsible}: the lead is then marked as disputed, and your own "
    "statement is kept and printed with it. Items 6 and 13 of the policy name exemptions and "
    "exceptions."
)
STATES = {
    State.OPEN: "Open",
    State.UNDER_REVIEW: "Under review",
    State.ACKNOWLEDGED: "Acknowledged",
    State.EXEMPT: "Exempt",
    State.DISPUTED: "Disputed",
    State.FALSE_POSITIVE: "Not ours",
    State.RESOLVED: "Resolved",
    State.CLOSED: "Gone",
}
CHANGES = {
    Change.OPENED: "New",
    Change.SEEN_AGAIN: "Seen again",
    Change.CHANGED: "Changed",
    Change.CLOSED: "Gone",
    Change.REOPENED: "Back again",
    Change.NOT_LOOKED: "Not looked at",
    Change.EXEMPTION_EXPIRED: "Exemption ended",
}
GRADES = {
    Grade.A: "A: the account itself shows the address",
    Grade.B: "B: a public hash or a documented look-up fits the address",
    Grade.C: "C: a sign-in, or a breach of a site where an account was needed",
    Grade.D: "D: a breach list that proves no account",
    Certainty.CONFIDENT: "Confident: the name is this district's",
    Certainty.POSSIBLE: "Possible: the name fits others too, or fits weakly",
    Certainty.RECORDED: "Recorded: a fact of the registry or the directory",
}
READINGS = {
    ReadingState.COMPLETE: "Complete",
    ReadingState.PARTIAL: "Only in part",
    ReadingState.FAILED: "Not read",
    ReadingState.RATE_LIMITED: "Asked to slow down",
    ReadingState.QUOTA_EXHAUSTED: "Daily quota used up",
    ReadingState.DENIED: "Access refused",
    ReadingState.NOT_CONFIGURED: "Not configured",
    ReadingState.NOT_SUPPORTED: "Not supported",
    ReadingState.SHRUNK: "Far smaller than last time",
}
RULE_STATES = {
    RuleState.RAN: "Ran",
    RuleState.SAT_OUT: "Sat out",
    RuleState.IDLE: "Not set up",
    RuleState.OFF: "Switched off",
    RuleState.FAILED: "Failed",
}
AFFILIATIONS = {
    "official_looking": "Looks official",
    "support_group": "Support group",
    "student_run": "Run by students",
    "impersonation_suspected": "May pass itself off as official",
    "unrelated": "Unrelated",
}


def platform_title(key: str) -> str:
    """Return a platform's name for people; a domain or unknown key stays as it is."""
    platform = platforms().get(key)
    return platform.title if platform else key


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: "1 school", "2 schools"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
