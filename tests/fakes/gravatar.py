"""Gravatar's REST API 3.0 on loopback: profiles by SHA-256, its allowance, its errors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tests.fakes.web_server import Reply, WebServer, json_reply

if TYPE_CHECKING:
    from tests.fakes.web_server import Asked

KEY = "grav-0123456789-key"
TOO_MANY = {"error": "Rate limit exceeded", "code": "rate_limit_exceeded"}


def sha256(address: str) -> str:
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


def a_gravatar(address: str, **changes: Any) -> dict[str, Any]:
    """Build a whole profile: every field the schema ``Profile`` requires."""
    fields: dict[str, Any] = {
        "hash": sha256(address),
        "display_name": "Ida M.",
        "profile_url": "https://gravatar.com/idam",
        "avatar_url": f"https://0.gravatar.com/avatar/{sha256(address)}",
        "avatar_alt_text": "",
        "location": "",
        "description": "",
        "job_title": "",
        "company": "",
        "verified_accounts": [
            {
                "service_type": "tumblr",
                "service_label": "Tumblr",
                "service_icon": "https://gravatar.com/icons/tumblr-alt.svg",
                "url": "https://privatelife.tumblr.com/",
                "is_hidden": False,
            }
        ],
        "pronunciation": "",
        "pronouns": "",
    }
    return fields | changes


class GravatarServer(WebServer):
    """Knows profiles by hash; ``left`` look-ups remain, None says nothing of it."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.base = f"{self.url}/v3"
        self.profiles: dict[str, dict[str, Any]] = {}
        self.left: int | None = None

    def add(self, address: str, **changes: Any) -> None:
        self.profiles[sha256(address)] = a_gravatar(address, **changes)

    def _answer(self, asked: Asked) -> Reply:
        key = asked.headers.get("authorization")
        if key not in {None, f"Bearer {KEY}"}:
            return json_reply({"error": "You are not authorized to perform this action"}, 401)
        headers: dict[str, str] = {}
        if self.left is not None:
            if self.left < 1:
                return json_reply(TOO_MANY, 429, Retry_After="3600")
            self.left -= 1
            headers = {"X_RateLimit_Limit": "100", "X_RateLimit_Remaining": str(self.left)}
        profile = self.profiles.get(asked.path.removeprefix("/v3/profiles/"))
        if profile is None:
            return json_reply({"error": "Profile not found", "code": "not_found"}, 404, **headers)
        return json_reply(profile, **headers)
