"""Meta's Graph API: how it is asked and what its errors mean, for Pages, Instagram and Threads.

https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import msgspec

from connectors.account_source import Absence
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    RateLimited,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.web import Answer, WebSession

VERSION_FORM = re.compile(r"v\d{1,3}\.\d")
VERSION = Setting(
    "version",
    str,
    required=False,
    about="Version of the Graph API; each lives about two years.",
    default="v26.0",
)
LIMITS = {4, 17, 32, 613, 80001, 80002}
TOKEN = {102, 190, 463, 467}
TROUBLE = {1, 2}
NO_SUCH_NAME = 803
NOT_THERE_OR_NOT_FOR_US = {100, 110, 24}
APPROVALS = "developers.facebook.com, My Apps, App Review, Permissions and Features"


class Problem(msgspec.Struct):
    """What every error of the Graph API says."""

    message: str
    code: int
    type: str = ""


class Refused(msgspec.Struct):
    """An error of the Graph API; mostly with HTTP 400."""

    error: Problem


def check_version(source: str, version: str) -> str:
    """Return the version; NotConfigured for what is none."""
    if VERSION_FORM.fullmatch(version):
        return version
    raise NotConfigured(source, "the setting 'version' is no version", 'Write it as "v26.0"')


def proof_of(token: str, secret: str | None) -> dict[str, str | int]:
    """Return ``appsecret_proof``, which Meta asks for where the app has a secret."""
    if not secret:
        return {}
    return {
        "appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    }


def ask(web: WebSession, url: str, params: Mapping[str, str | int]) -> Answer | Absence:
    """Return a good answer, or why there is none; errors that concern us are raised."""
    answer = web.get(url, params=params, accept=(200, 400, 401, 403, 404, 429))
    if answer.status == 200:
        return answer
    problem = answer.decode(Refused).error
    if problem.code == NO_SUCH_NAME:
        return Absence.NOT_FOUND
    if problem.code in NOT_THERE_OR_NOT_FOR_US and "app secret" not in problem.message:
        return Absence.UNCLEAR
    raise _explain(answer.source, problem)


def _explain(source: str, problem: Problem) -> ConnectorError:
    code = problem.code
    if code in LIMITS:
        return RateLimited(
            source, f"Meta asked us to slow down ({code})", "The next night tries again"
        )
    if code in TOKEN:
        advice = "Make a new token and put it where audit.toml points"
        return AccessRefused(source, f"Meta does not accept the token ({code})", advice)
    if code in {3, 10} or 200 <= code < 300:
        advice = f"Apply for it at {APPROVALS}"
        return AccessRefused(source, f"the app has no approval for this ({code})", advice)
    if code == 100:
        advice = "Set app_secret, or use an app token"
        return NotConfigured(source, "Meta asks for a proof of the app's secret", advice)
    if code in TROUBLE:
        advice = "The next night tries again"
        return SourceUnavailable(source, f"Meta has trouble of its own ({code})", advice)
    return UnexpectedAnswer(
        source, f"Meta answered with error {code}", "Report it with this sentence"
    )
