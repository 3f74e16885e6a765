"""Telling staff, students, parents, service accounts and shared mailboxes apart.

Role words are those of OneRoster 1.1 and 1.2 (`role` of users.csv and roles.csv) and the words
that districts use for the same in their own lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING

from connectors.errors import NotConfigured
from connectors.records import Role
from connectors.source import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.source import Access

SERVICE_PATTERNS = [
    "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "postmaster",
    "mailer-daemon", "daemon", "scan", "scanner", "printer", "copier", "fax", "svc-*", "svc",
    "service", "serviceaccount", "service-account", "backup", "sync", "api", "bot", "kiosk",
]  # fmt: skip
SHARED_PATTERNS = [
    "accounts", "activities", "admin", "administration", "admissions", "athletics", "attendance",
    "band", "billing", "board", "bus", "business", "cafeteria", "calendar", "careers",
    "communication", "communications", "contact", "counseling", "counselors", "enroll",
    "enrollment", "events", "facilities", "faculty", "feedback", "finance", "food",
    "foodservice", "frontdesk", "frontoffice", "guidance", "health", "hello", "help",
    "helpdesk", "hr", "humanresources", "info", "information", "it", "jobs", "library",
    "mail", "mainoffice", "maintenance", "media", "news", "newsletter", "nurse", "nutrition",
    "office", "payroll", "pr", "principal", "pta", "pto", "purchasing", "questions",
    "reception", "records", "registrar", "safety", "schoolboard", "secretary", "security",
    "social", "socialmedia", "staff", "superintendent", "support", "team", "tech",
    "technology", "transportation", "webmaster", "yearbook",
]  # fmt: skip
NOT_NAMES = {
    "account", "district", "elementary", "front", "high", "junior", "main", "middle",
    "school", "senior", "shared", "the",
}  # fmt: skip
STUDENT_WORDS = {"student", "students", "pupil", "pupils", "learner", "learners"}
GUARDIAN_WORDS = {
    "parent", "parents", "guardian", "guardians", "relative", "relatives", "father", "mother",
}  # fmt: skip
# A job title may begin with "Student": these second words make it one.
STAFF_WORDS = {
    "achievement", "activities", "advocate", "affairs", "assistance", "assistant",
    "athletics", "conduct", "coordinator", "counselor", "data", "dean", "director",
    "discipline", "educator", "engagement", "health", "information", "interventionist",
    "liaison", "life", "nutrition", "outreach", "records", "resource", "service", "services",
    "specialist", "success", "supervisor", "support", "teacher", "transportation", "wellness",
}  # fmt: skip

# Further words of staff, for the word "student" or "parent" anywhere else in a role: "Aide,
# Students with Disabilities".
MORE_STAFF_WORDS = STAFF_WORDS | {
    "accounts", "administrator", "admin", "aide", "attendance", "chief", "clerk", "coach",
    "driver", "employee", "faculty", "head", "instructor", "librarian", "manager", "monitor",
    "nurse", "officer", "paraprofessional", "president", "principal", "programs", "psychologist",
    "secretary", "staff", "superintendent", "technician", "therapist", "trainer", "tutor",
    "worker",
}  # fmt: skip
EMERGENCY = {"emergency", "contact"}


class Group(StrEnum):
    """Whom a role word stands for."""

    STAFF = "staff"
    STUDENT = "students"
    GUARDIAN = "parents and guardians"


@dataclass(frozen=True, slots=True)
class Patterns:
    """Glob patterns that make an account a service account or a shared mailbox.

    A pattern with ``@`` is compared with the whole address, any other with the local part, the
    user name, and the words of each ("scanner" fits scanner2@ and hs-scanner@).
    """

    service: re.Pattern[str]
    shared: re.Pattern[str]

    @classmethod
    def of(cls, access: Access) -> Patterns:
        """Take the patterns from a source's settings, the built-in ones where they are absent."""
        return cls(
            _compile(read_words(access, "service_patterns", SERVICE_PATTERNS)),
            _compile(read_words(access, "shared_patterns", SHARED_PATTERNS)),
        )


def read_words(access: Access, setting: str, default: Iterable[str] = ()) -> tuple[str, ...]:
    """Return a list setting without case; NotConfigured if it holds anything but text."""
    words = access.options.get(setting)
    words = default if words is None else words
    if not all(isinstance(word, str) for word in words):
        raise NotConfigured(
            access.source, f"'{setting}' holds something that is not text", "Put it in quotes"
        )
    return tuple(word.strip().casefold() for word in words if word.strip())


ROLE_SETTINGS = (
    Setting(
        "student_domains",
        list,
        required=False,
        about="E-mail domains that only students have; people whose first address is there are"
        " counted and dropped.",
        default=[],
    ),
    Setting(
        "service_patterns",
        list,
        required=False,
        about="Glob patterns of the names or addresses of service accounts, instead of the"
        " built-in ones.",
        default=SERVICE_PATTERNS,
    ),
    Setting(
        "shared_patterns",
        list,
        required=False,
        about="Glob patterns of the names or addresses of shared mailboxes, instead of the"
        " built-in ones; an entry with a person's name is never one.",
        default=SHARED_PATTERNS,
    ),
)


@lru_cache(maxsize=1024)
def tell_group(role: str) -> Group | None:
    """Say whom a role word stands for; None for an empty one.

    "Grade 10 student" is a student and "Legal Guardian" a guardian; "Dean of Students" is staff,
    and so is every word that is not a student's, parent's, guardian's or relative's.
    """
    words = re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", role).casefold())
    words = words[1:] if words[:1] == ["ext"] else words
    if not words:
        return None
    if words[0] in STUDENT_WORDS and STAFF_WORDS.isdisjoint(words[1:]):
        return Group.STUDENT
    if words[0] in GUARDIAN_WORDS and STAFF_WORDS.isdisjoint(words[1:]):
        return Group.GUARDIAN
    if MORE_STAFF_WORDS.isdisjoint(words):
        if not STUDENT_WORDS.isdisjoint(words):
            return Group.STUDENT
        if not GUARDIAN_WORDS.isdisjoint(words) or set(words) >= EMERGENCY:
            return Group.GUARDIAN
    return Group.STAFF


def tell_role(names: Iterable[str], given: str, family: str, patterns: Patterns) -> Role:
    """Tell an employee from a service account and a shared mailbox.

    ``names`` are addresses and user names.  An entry with a given and a family name of a person is
    never a shared mailbox, and no service account where both stand in the address.
    """
    folded = [name.casefold() for name in names if name]
    is_named = _is_person(folded, given.casefold(), family.casefold())
    if _fits(folded, patterns.service) and not (is_named and _holds(folded, given, family)):
        return Role.SERVICE
    if _fits(folded, patterns.shared) and not is_named:
        return Role.SHARED
    return Role.STAFF


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)) or "(?!)")


def _fits(names: Iterable[str], pattern: re.Pattern[str]) -> bool:
    return any(pattern.match(text) for name in names for text in {name, *_words(name)})


def _words(name: str) -> set[str]:
    local = name.partition("@")[0]
    words = (word.rstrip("0123456789") for word in re.split(r"[-._+\s]+", local))
    return {local, local.rstrip("0123456789"), *words} - {""}


def _is_person(names: list[str], given: str, family: str) -> bool:
    if not (given and family):
        return False
    functions = NOT_NAMES.union(SHARED_PATTERNS, SERVICE_PATTERNS)
    if given in NOT_NAMES or given + family in functions:
        return False
    return _holds(names, given, family) or functions.isdisjoint(f"{given} {family}".split())


def _holds(names: Iterable[str], given: str, family: str) -> bool:
    needed = (given.casefold(), family.casefold())
    return any(all(part in name.partition("@")[0] for part in needed) for name in names)
