"""A district e-mail address is in use at a social networking site (item 10).

What it finds: profiles that themselves show an address of an audited domain, in any disguise
(grade A); public hashes equal to the hash of a directory address (grade B); and what other sources
say of an address at a site: look-ups (B); sign-ins with the district account and breaches (C, D),
which stay with the coordinator.  Several apps, sources or breaches of one site are one lead.

Modes, for all staff or per group: ``forbid`` lists every use, save on a registered account whose
approval allows the address; ``forbid_unless_registered`` lists none on an approved account;
``require`` lists approved accounts that show another address and none of the district's.

What it leaves out: addresses at student domains, always.  An address that nobody in the staff
directory has, and that is not a function such as office@, may be a pupil's: it is counted, not
listed, unless ``unknown_addresses = "list"``; from leaked data such an address is never listed.
A lead stays when its address leaves the directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from auditor.findings import Evidence, Finding
from auditor.function_addresses import is_function_address
from auditor.registry import Registration
from auditor.rules import address_uses
from auditor.rules.rule import Rule, RuleResult
from auditor.wording import SENTENCES, platform_title
from connectors.records import Grade, Role
from connectors.source import Capability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.registry import RegisteredAccount
    from auditor.settings import AddressRule
    from auditor.snapshot import Snapshot
    from connectors.records import AddressUse, Person, Profile

ID = "district-address-in-use"
READERS_OF_A_SCHOOL = ("principal", "administrator")
DOUBTS_SHOWN = (
    "Anyone can write an address into a profile; the account need not be the employee's.",
    "The profile may have changed since it was read.",
)
DOUBT_HASH = "The hash may stand there because somebody set an avatar by that address."


@dataclass(frozen=True, slots=True)
class _Sighting:
    """One address at one account or site, whatever showed it."""

    address: str
    site: str
    subject: tuple[str, ...]
    sources: frozenset[str]
    grade: Grade
    url: str | None
    evidence: Evidence
    reason: str
    doubts: tuple[str, ...]
    registered: RegisteredAccount | None = None
    use: AddressUse | None = None


def check(snapshot: Snapshot, options: AddressRule) -> RuleResult:
    """Judge every sighting of a district address tonight."""
    findings: dict[tuple[str, ...], Finding] = {}
    unlisted: set[str] = set()
    unreported: set[str] = set()
    for sighting in _sightings(snapshot):
        if snapshot.is_student_address(sighting.address):
            continue
        owners = snapshot.owners(sighting.address)
        if not owners and not _is_listed(sighting, snapshot, options):
            (unlisted if sighting.use is None else unreported).add(sighting.address)
        elif not _is_allowed(sighting, owners, snapshot, options):
            known = findings.get(sighting.subject)
            findings[sighting.subject] = _join(known, _finding(sighting, owners, snapshot))
    for finding in _missing_where_required(snapshot, options):
        findings[finding.subject] = finding
    return RuleResult(tuple(findings.values()), _notes(len(unlisted), len(unreported - unlisted)))


def _sightings(snapshot: Snapshot) -> Iterator[_Sighting]:
    for profile, found in snapshot.addresses:
        disguise = "" if found.disguise == "plain" else f", disguised with {found.disguise}"
        yield _of_profile(
            snapshot,
            profile,
            found.address,
            Grade.A,
            Evidence(
                f"{found.field} of the account",
                found.address,
                found.fragment,
                profile.source,
                profile.url,
                profile.seen_at,
            ),
            f"The account itself shows the address{disguise}.",
            DOUBTS_SHOWN,
        )
    for profile, address in snapshot.hashed_addresses:
        yield _of_profile(
            snapshot,
            profile,
            address,
            Grade.B,
            Evidence(
                "published hash of an address",
                address,
                "the hash the account publishes",
                profile.source,
                profile.url,
                profile.seen_at,
            ),
            "A hash the account publishes equals the hash of the directory's address.",
            (DOUBT_HASH, *DOUBTS_SHOWN[1:]),
        )
    for use in address_uses.in_order(snapshot.uses):
        yield _of_use(use)


def _of_profile(
    snapshot: Snapshot,
    profile: Profile,
    address: str,
    grade: Grade,
    evidence: Evidence,
    reason: str,
    doubts: tuple[str, ...],
) -> _Sighting:
    return _Sighting(
        address=address,
        site=profile.platform,
        subject=(*profile.key, address),
        sources=snapshot.sources_of(profile),
        grade=grade,
        url=profile.url,
        evidence=evidence,
        reason=reason,
        doubts=doubts,
        registered=snapshot.registration(profile),
    )


def _of_use(use: AddressUse) -> _Sighting:
    address = use.address.casefold()
    return _Sighting(
        address=address,
        site=use.site,
        subject=address_uses.subject_of(use),
        sources=frozenset({use.source}),
        grade=use.grade,
        url=use.url,
        evidence=Evidence(
            address_uses.what_of(use),
            address,
            use.statement[:300],
            use.source,
            use.url,
            use.seen_at,
        ),
        reason=address_uses.reason_of(use),
        doubts=(),
        use=use,
    )


def _is_listed(sighting: _Sighting, snapshot: Snapshot, options: AddressRule) -> bool:
    """Whether an address without an owner is surely no pupil's, or the district wants it anyway."""
    is_leaked = sighting.use is not None and address_uses.is_leak(sighting.use)
    return (
        (options.unknown_addresses == "list" and not is_leaked)
        or sighting.address in snapshot.once_listed
        or is_function_address(sighting.address)
    )


def _is_allowed(
    sighting: _Sighting, owners: tuple[Person, ...], snapshot: Snapshot, options: AddressRule
) -> bool:
    """Whether mode and registry allow this use; the one place that decides it."""
    modes = {_mode(person, snapshot, options) for person in owners} or {options.mode}
    entry = sighting.registered
    is_approved = entry is not None and entry.state is Registration.APPROVED
    if modes == {"require"}:
        return True
    if "forbid" in modes:
        return is_approved and entry is not None and entry.may_use_district_address
    return is_approved


def _mode(person: Person, snapshot: Snapshot, options: AddressRule) -> str:
    groups = (*person.groups, *snapshot.codes_of(person))
    for choice in options.groups:
        for pattern in choice.members:
            if any(fnmatchcase(group.casefold(), pattern.casefold()) for group in groups):
                return choice.mode
    return options.mode


def _finding(sighting: _Sighting, owners: tuple[Person, ...], snapshot: Snapshot) -> Finding:
    schools = {code for person in owners for code in snapshot.codes_of(person)}
    if sighting.registered is not None:
        schools |= set(sighting.registered.schools)
    names = ", ".join(sorted(person.name for person in owners if person.role is Role.STAFF))
    whose = f" ({names})" if names else ""
    was_staffs = bool(owners) or sighting.address in snapshot.once_listed
    use = sighting.use
    doubts = list(sighting.doubts if use is None else address_uses.doubts_of(use, owners))
    seen = address_uses.seen_of(use) if use else f"in use at {platform_title(sighting.site)}"
    if not owners:
        doubts.append("Nobody in the staff directory has this address; it may be out of use.")
    return Finding(
        rule=ID,
        subject=sighting.subject,
        sources=sighting.sources | (snapshot.directories if was_staffs else frozenset()),
        grade=sighting.grade,
        summary=f"{sighting.address}{whose} {seen}",
        schools=tuple(sorted(schools)),
        people=tuple(sorted(person.id for person in owners)),
        withheld_from=_own_schools(owners, snapshot),
        platform=sighting.site,
        url=sighting.url,
        evidence=(sighting.evidence,),
        reasons=(sighting.reason, *_owner_reasons(owners, snapshot)),
        doubts=tuple(doubts),
    )


def _owner_reasons(owners: tuple[Person, ...], snapshot: Snapshot) -> Iterator[str]:
    if any(person.role is Role.SHARED for person in owners):
        yield "It is a shared mailbox."
    if any(person.role is Role.SERVICE for person in owners):
        yield "It is a service account."
    if owners and all(snapshot.has_left(person) for person in owners):
        yield "The directory says that its owner has left."
    if len(owners) > 1:
        yield f"{len(owners)} entries of the directory share this address."


def _own_schools(owners: tuple[Person, ...], snapshot: Snapshot) -> tuple[str, ...]:
    """Schools whose principal the finding is about: their page must not carry it.

    OneRoster 1.1 has no other word for a principal than "administrator".
    """
    return tuple(
        sorted(
            {
                code
                for person in owners
                if any(_is_reader(entry) for entry in snapshot.entries_of(person))
                for code in snapshot.codes_of(person)
            }
        )
    )


def _is_reader(person: Person) -> bool:
    return any(word in (person.title or "").casefold() for word in READERS_OF_A_SCHOOL)


def _join(known: Finding | None, new: Finding) -> Finding:
    """Put two sightings of one address at one account together; the better grade leads."""
    if known is None:
        return new
    first, second = sorted((known, new), key=lambda one: str(one.grade))
    return Finding(
        **{
            **{name: getattr(first, name) for name in Finding.__slots__},
            "sources": first.sources | second.sources,
            "evidence": tuple(dict.fromkeys((*first.evidence, *second.evidence)))[:10],
            "reasons": tuple(dict.fromkeys((*first.reasons, *second.reasons))),
            "doubts": tuple(dict.fromkeys((*first.doubts, *second.doubts))),
        }
    )


def _missing_where_required(snapshot: Snapshot, options: AddressRule) -> Iterator[Finding]:
    """Approved accounts that show an address, though not the district's that is required."""
    if options.mode != "require" and all(one.mode != "require" for one in options.groups):
        return
    showing = {profile.key for profile, _ in snapshot.addresses}
    for profile in snapshot.profiles:
        entry = snapshot.registration(profile)
        if entry is None or entry.state is not Registration.APPROVED:
            continue
        owners = snapshot.owners(entry.owner)
        modes = {_mode(person, snapshot, options) for person in owners} or {options.mode}
        if modes != {"require"} or not profile.public_addresses or profile.key in showing:
            continue
        yield Finding(
            rule=ID,
            subject=(*profile.key, "required"),
            sources=snapshot.sources_of(profile) | snapshot.directories,
            grade=Grade.A,
            summary=f"Approved account at {platform_title(profile.platform)} shows an address that "
            "is not the district's, where a district address is required",
            schools=entry.schools,
            platform=profile.platform,
            url=profile.url,
            evidence=(
                Evidence(
                    "contact address of the account",
                    "an address at " + " or ".join(snapshot.domains),
                    profile.public_addresses[0].rpartition("@")[2][:80],
                    profile.source,
                    profile.url,
                    profile.seen_at,
                ),
            ),
            reasons=(
                "The account is approved, and its owner's group must use a district address.",
            ),
            doubts=DOUBTS_SHOWN[1:],
        )


def _notes(unlisted: int, unreported: int) -> tuple[str, ...]:
    notes = []
    if unlisted:
        notes.append(
            f"{_say_many(unlisted)} shown by public accounts but in nobody's staff entry; they may "
            "be pupils' or former staff's and are not listed (unknown_addresses = \"list\" would)."
        )
    if unreported:
        notes.append(
            f"{_say_many(unreported)} reported in use by other sources but in nobody's staff "
            "entry; they may be pupils' or former staff's and are not listed."
        )
    return tuple(notes)


def _say_many(number: int) -> str:
    return f"{number} district addresses are" if number > 1 else "1 district address is"


RULE = Rule(
    id=ID,
    title="District address in use at a social site",
    item="10",
    sentence=SENTENCES["10"],
    needs=frozenset({Capability.PEOPLE}),
    needs_one_of=frozenset({Capability.PROFILES, Capability.ADDRESS_USES}),
    check=check,
    manual=__doc__ or "",
)
