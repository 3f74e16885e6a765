"""Google's APIs that need only an API key: how it is sent, and what their errors mean.

https://docs.cloud.google.com/docs/authentication/api-keys-use and
https://developers.google.com/youtube/v3/docs/errors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    QuotaExhausted,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.web import Answer, WebSession

CONSOLE = "console.cloud.google.com, APIs & Services"
QUOTA = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
RATE = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
KEY = {"keyInvalid", "keyExpired", "badRequest", "API_KEY_INVALID"}
DISABLED = {"accessNotConfigured", "SERVICE_DISABLED"}
DOWN = {"backendError", "SERVICE_UNAVAILABLE"}
NO_PERMISSION = "permission to access this resource"


class NotPublic(AccessRefused):
    """What was asked for is not shown to everybody; the key itself is good."""


class Reason(msgspec.Struct):
    """One reason of an error."""

    reason: str = ""


class Problem(msgspec.Struct):
    """The error itself."""

    code: int
    message: str = ""
    errors: list[Reason] = []
    status: str = ""


class Refused(msgspec.Struct):
    """An error of a Google API."""

    error: Problem


def ask(web: WebSession, url: str, params: Mapping[str, str | int]) -> Answer | None:
    """Return a good answer, None for a 404 that says so; errors become ConnectorErrors.

    A 404 without such a reason speaks of the address that was asked, not of what is behind it.
    """
    answer = web.get(url, params=params, accept=(200, 400, 401, 403, 404, 429))
    if answer.status == 200:
        return answer
    problem = answer.decode(Refused).error
    reasons = {one.reason for one in problem.errors}
    if answer.status == 404 and any(one.lower().endswith("notfound") for one in reasons):
        return None
    raise _explain(answer, problem, reasons)


def _explain(answer: Answer, problem: Problem, reasons: set[str]) -> ConnectorError:
    source = answer.source
    if reasons & QUOTA:
        advice = "The next night tries again; lower the calls a night if it lasts"
        return QuotaExhausted(source, "Google's quota of the day is used up", advice)
    if reasons & RATE or answer.status == 429:
        return RateLimited(source, "Google asked us to slow down", "The next night tries again")
    if reasons & DISABLED:
        advice = f"Switch the API on at {CONSOLE}, Library"
        return AccessRefused(source, "the API is not switched on for the key's project", advice)
    if reasons & DOWN:
        advice = "The next night tries again"
        return SourceUnavailable(source, "Google's service is not available", advice)
    if answer.status == 400 and ("API key" in problem.message or reasons & (KEY - {"badRequest"})):
        advice = f"Copy it again from {CONSOLE}, Credentials"
        return NotConfigured(source, "Google does not accept the key", advice)
    if answer.status == 403 and NO_PERMISSION in problem.message and "forbidden" in reasons:
        advice = "See whether it is meant to be private"
        return NotPublic(source, "Google shows this to nobody without permission", advice)
    if answer.status in {401, 403}:
        advice = f"See the key's restrictions at {CONSOLE}, Credentials"
        return AccessRefused(source, "Google refuses the key this access", advice)
    advice = "Report it with this sentence"
    return UnexpectedAnswer(source, f"Google answered {answer.status} to a request of ours", advice)
