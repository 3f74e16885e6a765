"""The rules, listed once; the order is the reports' order."""

from __future__ import annotations

from auditor.rules import (
    district_address_in_use,
    impersonation_suspected,
    registered_account_changed,
    registered_account_missing,
    registered_owner_left,
    registration_review_due,
    retired_platform_link,
    unregistered_branded_account,
)

RULES = (
    district_address_in_use.RULE,
    impersonation_suspected.RULE,
    unregistered_branded_account.RULE,
    registered_owner_left.RULE,
    registration_review_due.RULE,
    registered_account_changed.RULE,
    registered_account_missing.RULE,
    retired_platform_link.RULE,
)
BY_ID = {rule.id: rule for rule in RULES}
