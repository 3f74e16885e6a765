"""Rule cases as data: what is known tonight in, subjects out."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.matching.addresses import address_hashes
from auditor.matching.brand import BrandSchool, brand_of
from auditor.matching.gazetteer import open_gazetteer
from auditor.registry import RegisteredAccount, Registration
from auditor.rules import BY_ID, RULES
from auditor.schools import School as DistrictSchool
from auditor.schools import SchoolList
from auditor.settings import RulesSettings
from auditor.sightings import Facts, Sight, SightKey
from auditor.snapshot import Snapshot, merge_profiles
from connectors.platforms import account_of
from connectors.records import (
    AccountKey,
    AddressUse,
    Grade,
    Person,
    Profile,
    Role,
    SiteLink,
    Standing,
    Way,
)

FOLDER = Path(__file__).parent / "cases"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]
NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
KEYS = {
    "name", "kind", "options", "people", "profiles", "uses", "links", "registered", "expect",
    "grade", "schools", "people_found", "withheld", "reason", "notes", "once_listed",
    "summary", "doubt", "evidence", "sights",
}  # fmt: skip


def person(given: dict[str, Any], number: int) -> Person:
    standing = given.get("standing", "active")
    return Person(
        source="roster",
        id=given.get("id", f"p{number}"),
        name=given.get("name", "Somebody"),
        addresses=tuple(given["addresses"]),
        role=Role(given.get("role", "staff")),
        standing=Standing(standing) if standing else None,
        schools=tuple(given.get("schools", ())),
        groups=tuple(given.get("groups", ())),
        title=given.get("title"),
        hired_on=date.fromisoformat(given["hired_on"]) if "hired_on" in given else None,
    )


def profile(given: dict[str, Any]) -> Profile:
    account = account_of(given["platform"], given.get("handle"), given.get("native_id"))
    hashed = [given[name] for name in ("hash_of", "md5_of") if name in given]
    kind = 0 if "md5_of" in given else 1
    return Profile(
        source="found",
        platform=account.platform,
        url=account.url,
        handle=given.get("handle"),
        native_id=given.get("native_id"),
        display_name=given.get("display_name"),
        bio=given.get("bio"),
        location=given.get("location"),
        public_addresses=tuple(given.get("public_addresses", ())),
        address_hashes=tuple(address_hashes(one)[kind] for one in hashed),
        seen_at=NOW,
        account_id=account.id,
    )


def registered(given: dict[str, Any]) -> RegisteredAccount:
    account = account_of(given.get("platform", "facebook"), given["handle"], None)
    state = Registration(given.get("state", "approved"))
    review = given.get("review_on")
    return RegisteredAccount(
        key=account.key,
        url=account.url,
        handle=account.handle,
        schools=tuple(given.get("schools", ())),
        purpose="News",
        owner=given.get("owner", "ida.marsh@marrowick.example"),
        backup=None,
        state=state,
        requested_by="ida",
        requested_on=date(2026, 1, 7),
        approved_by="administrator",
        approved_on=date(2026, 1, 9),
        review_on=date.fromisoformat(review) if review else None,
        may_use_district_address=given.get("may_use_district_address", False),
    )


def sight(given: dict[str, Any]) -> tuple[SightKey, Sight]:
    place = SightKey(AccountKey(given["platform"], given["account"]), given.get("source", "asked"))
    accepted, seen = (
        msgspec.convert(given[name], Facts) if name in given else None
        for name in ("accepted", "seen")
    )
    seen_at = NOW if seen else None
    return place, Sight(accepted, seen, seen_at, misses=given.get("misses", 0))


def snapshot(case: dict[str, Any]) -> Snapshot:
    schools = SchoolList(
        [
            DistrictSchool("MHS", "Marrowick High School", ids=frozenset({("roster", "org-mhs")})),
            DistrictSchool("MMS", "Marrowick Middle School"),
        ]
    )
    profiles, also_in = merge_profiles(map(profile, case.get("profiles", ())))
    accounts = [registered(one) for one in case.get("registered", ())]
    return Snapshot(
        taken_at=NOW,
        today=date(2026, 11, 17),
        domains=("marrowick.example",),
        student_domains=("students.marrowick.example",),
        schools=schools,
        brand=brand_of(
            name="Marrowick Area School District",
            state="WI",
            city="Marrowick",
            county="Tannewick County",
            domains=("marrowick.example",),
            aliases=("Marrowick Schools",),
            mascots=("Bitterns",),
            schools=tuple(
                BrandSchool(one.code, one.name, "Marrowick", (), ()) for one in schools.schools
            ),
            nces_id=None,
        ),
        gazetteer=open_gazetteer(),
        people=tuple(person(one, n) for n, one in enumerate(case.get("people", ()))),
        profiles=profiles,
        uses=tuple(
            AddressUse(
                one.get("source", "tenant"),
                one["address"],
                one["site"],
                Way(one["way"]),
                Grade(one["grade"]),
                seen_at=NOW,
                statement=one.get("statement", ""),
                occurred_on=date.fromisoformat(one["on"]) if "on" in one else None,
            )
            for one in case.get("uses", ())
        ),
        links=tuple(
            SiteLink(
                "site",
                one["page"],
                AccountKey(one["platform"], one["account"]),
                mutual=one.get("mutual"),
                endorsed=one.get("endorsed", True),
            )
            for one in case.get("links", ())
        ),
        registered={one.key: one for one in accounts},
        directories=frozenset({"roster"}),
        once_listed=frozenset(case.get("once_listed", ())),
        also_in=also_in,
        sights=dict(map(sight, case.get("sights", ()))),
    )


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_case(rule: str, case: dict[str, Any]) -> None:
    assert set(case) <= KEYS
    options = msgspec.convert({rule: case.get("options", {})}, RulesSettings, strict=True).options(
        rule
    )
    result = BY_ID[rule].check(snapshot(case), options)
    assert sorted(one.subject for one in result.findings) == sorted(map(tuple, case["expect"]))
    assert (case["kind"] == "hit") is bool(case["expect"])
    for finding in result.findings:
        assert str(finding.grade) == case.get("grade", str(finding.grade))
        assert list(finding.schools) == case.get("schools", list(finding.schools))
        assert list(finding.people) == case.get("people_found", list(finding.people))
        assert list(finding.withheld_from) == case.get("withheld", list(finding.withheld_from))
        assert case.get("reason", "") in " ".join(finding.reasons)
        assert case.get("doubt", "") in " ".join(finding.doubts)
        assert case.get("summary", "") in finding.summary
        assert len(finding.evidence) == case.get("evidence", len(finding.evidence))
        assert finding.rule == rule
        assert finding.evidence
        assert finding.doubts
    if "notes" in case:
        assert len(result.notes) == case["notes"]


def test_every_rule_has_a_hit_a_miss_and_an_unknown() -> None:
    for rule in RULES:
        kinds = {param.values[1]["kind"] for param in CASES if param.values[0] == rule.id}
        assert kinds == {"hit", "miss", "unknown"}, rule.id


def test_every_rule_has_a_manual_and_quotes_the_policy() -> None:
    for rule in RULES:
        assert "What it finds" in rule.manual
        assert rule.sentence.startswith(f"Item {rule.item}:")
        assert "violation" not in (rule.manual + rule.title + rule.sentence).casefold()


def test_with_the_rule_switched_off_an_imitation_counts_as_branded() -> None:
    case = {
        "profiles": [
            {
                "platform": "instagram",
                "handle": "marrowickhighschoolofficial",
                "display_name": "Marrowick High School",
                "location": "Marrowick, WI",
            }
        ],
        "registered": [{"handle": "marrowickhighschool"}],
    }
    for seeks, counts in ((True, [1, 0]), (False, [0, 1])):
        tonight = replace(snapshot(case), seeks_imitations=seeks)
        rules = ("impersonation-suspected", "unregistered-branded-account")
        found = [BY_ID[one].check(tonight, RulesSettings().options(one)).findings for one in rules]
        assert list(map(len, found)) == counts


@pytest.mark.parametrize("name", ["\u202e", "\ud800", "<script>", "\x1b[2J", "=1+1", "\n" * 300])
def test_an_imitation_s_hostile_name_makes_a_short_finding(name: str) -> None:
    case = {
        "profiles": [
            {
                "platform": "instagram",
                "handle": "marrowickkhighschool",
                "display_name": f"M\u0430rrowick{name} High School" + "." * 5000,
            },
            {
                "platform": "facebook",
                "handle": "marrowickhighschool",
                "display_name": "Marrowick High School",
            },
        ],
        "registered": [{"handle": "marrowickhighschool"}],
    }
    (finding,) = BY_ID["impersonation-suspected"].check(snapshot(case), None).findings
    assert len(finding.key) == len(finding.content) == 16
    assert len(finding.evidence) <= 8
    assert all(len(one.theirs) <= 200 and len(one.ours) <= 200 for one in finding.evidence)
    assert len(finding.summary) <= 400


def test_no_text_of_a_finding_holds_the_whole_bio() -> None:
    long = "words " * 500 + "ida.marsh@marrowick.example" + " words" * 500
    case = {
        "people": [{"addresses": ["ida.marsh@marrowick.example"]}],
        "profiles": [{"platform": "flickr", "handle": "gardenlog", "bio": long}],
    }
    rule = BY_ID["district-address-in-use"]
    (finding,) = rule.check(snapshot(case), RulesSettings().district_address_in_use).findings
    assert max(len(one.theirs) for one in finding.evidence) <= 80
    assert "words words words words words words words words words words words" not in repr(finding)
