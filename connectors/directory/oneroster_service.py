"""Asking a OneRoster REST service: OAuth 2 or 1.0a, pages that must add up, and its shapes.

1EdTech OneRoster 1.1 (REST binding, sections 3.3 paging, 3.4 filtering and 3.5 field selection;
OAuth 1.0a or OAuth 2 bearer) and OneRoster 1.2 Rostering Service (OAuth 2 client credentials, RFC
6749 4.4, per the 1EdTech Security Framework 1.1).
"""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from connectors import redaction
from connectors.closing import Closing
from connectors.errors import AccessRefused, NotConfigured, UnexpectedAnswer
from connectors.web import WebSession

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from requests.auth import AuthBase

    from connectors.source import Access
    from connectors.web import Answer

SCOPES = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly",
}
USER_FIELDS = {
    "1.1": "sourcedId,status,dateLastModified,enabledUser,orgs,role,username,userIds,givenName,"
    "familyName,email",
    "1.2": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
    "preferredFirstName,preferredLastName,email,roles,primaryOrg",
}
ORG_FIELDS = "sourcedId,status,name,type,parent"
SPARE_SECONDS = 60
"""A token that ends sooner is replaced before the next call."""
SIGNATURES = ("HMAC-SHA256", "HMAC-SHA1")


class Ref(msgspec.Struct, rename="camel"):
    """A link to another object (GUIDRef)."""

    sourced_id: str = ""


class UserId(msgspec.Struct):
    """An identifier of the user in another system."""

    identifier: str | None = None


class UserRole(msgspec.Struct, rename="camel"):
    """A role of 1.2, at one organisation."""

    role: str = ""
    org: Ref | None = None
    end_date: str | None = None


class User(msgspec.Struct, rename="camel"):
    """A user of 1.1 or 1.2; whatever else an answer holds is not kept."""

    sourced_id: str
    status: str | None = None
    date_last_modified: str | None = None
    enabled_user: bool | str | None = None
    orgs: list[Ref] | None = None
    role: str | None = None
    roles: list[UserRole] | None = None
    primary_org: Ref | None = None
    username: str | None = None
    user_ids: list[UserId] | None = None
    given_name: str | None = None
    family_name: str | None = None
    preferred_first_name: str | None = None
    preferred_last_name: str | None = None
    email: str | None = None


class Org(msgspec.Struct, rename="camel"):
    """An organisation."""

    sourced_id: str
    name: str | None = None
    status: str | None = None
    type: str | None = None
    parent: Ref | None = None


class Users(msgspec.Struct):
    """A page of users."""

    users: list[User]


class Orgs(msgspec.Struct):
    """A page of organisations."""

    orgs: list[Org]


class Token(msgspec.Struct):
    """The answer of a token endpoint (RFC 6749, 5.1)."""

    access_token: str
    expires_in: int | None = None
    scope: str | None = None


Item = TypeVar("Item", User, Org)


class FilterRefused(Exception):
    """The service does not know the filter asked for; another way has to be taken."""


class Service(Closing):
    """One OneRoster service; use as a context manager.

    ``repeats`` counts objects that came on two pages although fewer came than were promised.
    """

    def __init__(self, access: Access) -> None:
        """Take url, version and keys from the settings; NotConfigured when they do not fit."""
        self._source, options = access.source, access.options
        self._url = options["url"].strip().rstrip("/")
        self.version = _tell_version(access)
        self._token_url = (options.get("token_url") or "").strip()
        self._key, self._secret = options["client_id"].strip(), options["client_secret"]
        self.scope = options.get("scope") or SCOPES[self.version]
        self._limit = options.get("page_size") or 500
        if self._limit < 1:
            raise NotConfigured(
                self._source, "the setting 'page_size' is below 1", "Leave it out, or give 100"
            )
        redaction.install([self._secret])
        self._web = WebSession(access, auth=None if self._token_url else self._signer(access))
        self._token: Token | None = None
        self._token_ends = 0.0
        self.repeats = 0

    @property
    def calls(self) -> int:
        """Requests sent."""
        return self._web.calls

    def close(self) -> None:
        """Close all connections."""
        self._web.close()

    def users(self, modified_since: str = "") -> Iterator[User]:
        """Yield every user, or those modified since a time (ISO 8601); FilterRefused if it may not.

        Raises ``ConnectorError`` for anything less than all pages.
        """
        params = {"fields": USER_FIELDS[self.version]}
        if modified_since:
            params["filter"] = f"dateLastModified>='{modified_since}'"
        yield from self._pages("users", _users, params)

    def orgs(self) -> Iterator[Org]:
        """Yield every organisation."""
        yield from self._pages("orgs", _orgs, {"fields": ORG_FIELDS})

    def ask_one(self, path: str) -> Answer:
        """Ask for one user or organisation, to see that it is allowed."""
        fields = USER_FIELDS[self.version] if path == "users" else ORG_FIELDS
        return self._get(path, {"fields": fields, "limit": 1, "offset": 0})

    def token(self) -> Token | None:
        """Return a token that is still good; None where requests are signed instead."""
        if not self._token_url:
            return None
        if self._token is None or time.monotonic() > self._token_ends:
            self._token = self._fetch_token()
            lasts = self._token.expires_in or 3600
            self._token_ends = time.monotonic() + max(lasts - SPARE_SECONDS, 0)
        return self._token

    def _pages(
        self, path: str, decode: Callable[[Answer], list[Item]], params: dict[str, str]
    ) -> Iterator[Item]:
        """Yield objects once each.  A short page is no end, since services clamp the limit.

        The end is an empty page, or the promised number (X-Total-Count) without a next link.
        """
        seen: set[str] = set()
        received = repeats = 0
        total: int | None = None
        while True:
            page: dict[str, str | int] = {"limit": self._limit, "offset": received}
            answer = self._get(path, params | page | {"sort": "sourcedId", "orderBy": "asc"})
            items = decode(answer)
            total = _read_total(answer.headers, total)
            fresh = {item.sourced_id: item for item in items if item.sourced_id not in seen}
            self._check_page(path, len(items), len(fresh), received, total)
            repeats += sum(item.sourced_id in seen for item in items)
            seen.update(fresh)
            received += len(items)
            yield from fresh.values()
            is_all = total is not None and received >= total and not _has_next(answer.headers)
            if not items or is_all:
                break
        if total is None or len(seen) < total:
            self.repeats += repeats

    def _check_page(
        self, path: str, items: int, fresh: int, received: int, total: int | None
    ) -> None:
        if items and not fresh:
            raise UnexpectedAnswer(
                self._source,
                f"the service gives the same page of {path} again after {received}",
                "It does not follow 'offset': tell its maker, or use the connector oneroster with"
                " its CSV export",
            )
        if not items and total is not None and received < total:
            raise UnexpectedAnswer(
                self._source,
                f"the service gave {received} of the {total} {path} it promised",
                "Try again later; if it stays, tell the maker of the service",
            )

    def _get(self, path: str, params: Mapping[str, str | int]) -> Answer:
        token = self.token()
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token.access_token}"
        accept: Collection[int] = (200, 400, 422) if "filter" in params else (200,)
        answer = self._web.get(f"{self._url}/{path}", params=params, headers=headers, accept=accept)
        if answer.status != 200:
            raise FilterRefused
        return answer

    def _fetch_token(self) -> Token:
        pair = f"{quote(self._key, safe='')}:{quote(self._secret, safe='')}"
        answer = self._web.post(
            self._token_url,
            data={"grant_type": "client_credentials", "scope": self.scope},
            headers={
                "Accept": "application/json",
                "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            },
            accept=(200, 400),
            is_idempotent=True,
        )
        if answer.status == 400:
            raise AccessRefused(
                self._source,
                "the service gives no token to this client for the scope asked for",
                f"In the service's administration, allow the client the scope {self.scope}",
            )
        token = answer.decode(Token)
        redaction.install([token.access_token])
        return token

    def _signer(self, access: Access) -> AuthBase:
        if self.version == "1.2":
            raise NotConfigured(
                self._source,
                "OneRoster 1.2 needs the setting 'token_url'",
                "Copy the token URL from the service's administration",
            )
        signature = access.options.get("signature") or SIGNATURES[0]
        if signature not in SIGNATURES:
            raise NotConfigured(
                self._source,
                "the setting 'signature' is no known way to sign",
                f"Write {' or '.join(SIGNATURES)}",
            )
        from requests_oauthlib import OAuth1

        signer: AuthBase = OAuth1(self._key, client_secret=self._secret, signature_method=signature)
        return signer


def _tell_version(access: Access) -> str:
    found = access.options.get("version") or ""
    url = access.options["url"]
    told = next((v for mark, v in (("v1p1", "1.1"), ("v1p2", "1.2")) if mark in url), "")
    if (found or told) not in SCOPES:
        raise NotConfigured(
            access.source,
            "the version of OneRoster is not known",
            "Set 'version' to 1.1 or 1.2, in quotes, or give the whole 'url', as in"
            " https://HOST/ims/oneroster/rostering/v1p2",
        )
    return found or told


def _users(answer: Answer) -> list[User]:
    return answer.decode(Users).users


def _orgs(answer: Answer) -> list[Org]:
    return answer.decode(Orgs).orgs


def _read_total(headers: Mapping[str, str], known: int | None) -> int | None:
    text = (headers.get("X-Total-Count") or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else known


def _has_next(headers: Mapping[str, str]) -> bool:
    return bool(re.search(r"""rel=["']?next\b""", headers.get("Link") or "", re.IGNORECASE))
