"""Invented reports: a district of five schools, one of its schools, and any number of findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from reports.model import (
    AccountLine,
    CoverageLine,
    EvidenceLine,
    FindingLine,
    Headline,
    LookGroup,
    LookLine,
    LookSheet,
    Pages,
    Report,
    RuleLine,
    SchoolLine,
    SearchLink,
    SourceLine,
    TrendPoint,
)

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 11, 20, 2, 41, tzinfo=ZONE)
SCHOOLS = {
    "HLH": "Heron Lake High School",
    "HLM": "Heron Lake Middle School",
    "OAK": "Oak Street Elementary",
    "RIV": "Riverbend Elementary",
    "DO": "District Office",
}
PLATFORMS = {
    "facebook": "Facebook",
    "twitter": "X (Twitter)",
    "instagram": "Instagram",
    "youtube": "YouTube",
    "bluesky": "Bluesky",
}
ITEM_8 = (
    "No account that represents the district or a school may be created without prior consent of "
    "the District Administrator."
)
ITEM_10 = (
    "Staff shall not use their district e-mail address to register on social networking sites."
)
DISPUTE = (
    "Tell the Technology Coordinator within ten working days, in writing or in person. What you "
    "say is kept with the finding and printed with it."
)
GRADES = {
    "A": "the account itself publishes the address",
    "B": "a public hash of the address is the same",
    "C": "an app grant with the district account",
    "confident": "name, place and web site all fit",
    "possible": "the name fits, little else does",
    "recorded": "a plain fact of the registry",
}
STATES = {
    "open": "Open",
    "under_review": "Under review",
    "acknowledged": "Acknowledged",
    "exempt": "Exempt",
    "disputed": "Disputed",
    "closed": "Gone by itself",
}


def finding(number: int = 1, **changes: object) -> FindingLine:
    """Make a finding of item 10; ``number`` makes it another one."""
    address = f"staff{number}@heronlake.example"
    seen = NOW.astimezone(UTC) - timedelta(days=number % 90)
    line = FindingLine(
        key=f"{number:016x}",
        rule="district-address-in-use",
        rule_title="District address in use on a social site",
        item="10",
        schools=("HLH",),
        school_names=("Heron Lake High School",),
        platform="facebook",
        platform_title="Facebook",
        subject=f"{address} at Facebook",
        url=f"https://www.facebook.com/staff{number}",
        grade="A",
        grade_title=GRADES["A"],
        state="open",
        state_title="Open",
        change="seen_again",
        change_title="Seen again",
        is_new=False,
        first_seen=seen,
        last_seen=NOW.astimezone(UTC),
        summary=f"District address in use at Facebook by account staff{number}",
        policy_sentence=ITEM_10,
        dispute=DISPUTE,
        evidence=(
            EvidenceLine(
                "E-mail address in the profile's bio",
                address,
                f"... write to {address} for ...",
                "found profiles",
                f"https://www.facebook.com/staff{number}/about",
                NOW,
            ),
        ),
        reasons=("The profile shows an address of the district's own domain.",),
        doubts=(
            "Anyone can write an address into a profile; the employee may not own the account.",
            "The profile may be older than the policy.",
        ),
    )
    return replace(line, **changes)  # type: ignore[arg-type]


def branded(number: int = 1, **changes: object) -> FindingLine:
    """Make a finding of item 8."""
    handle = f"HeronLakeHerons{number}"
    line = finding(
        number,
        rule="unregistered-branded-account",
        rule_title="Account that looks like ours and is not registered",
        item="8",
        platform="instagram",
        platform_title="Instagram",
        subject=f"@{handle} on Instagram",
        url=f"https://www.instagram.com/{handle}",
        grade="confident",
        grade_title=GRADES["confident"],
        summary="Account looks like Heron Lake High School and is not registered",
        policy_sentence=ITEM_8,
        affiliation="An official account",
        evidence=(
            EvidenceLine(
                "Display name and school name",
                "Heron Lake High School",
                "Heron Lake HS Athletics",
                "found profiles",
                f"https://www.instagram.com/{handle}",
                NOW,
            ),
            EvidenceLine(
                "Web site in the profile",
                "www.heronlake.example",
                "heronlake.example/athletics",
                "found profiles",
                None,
                NOW,
            ),
        ),
        reasons=(
            "The name \u201cHeron Lake\u201d is borne by one district in the country.",
            "The profile links to the district's own web site.",
        ),
        doubts=("Booster clubs and alumni often use a school's name and may link to its site.",),
    )
    return replace(line, **changes)  # type: ignore[arg-type]


def district_report() -> Report:
    """Make the district's report: 24 findings in every state, one source that failed."""
    findings = [*_varied_findings()]
    return Report(
        district="Heron Lake School District",
        school=None,
        school_code=None,
        generated_at=NOW,
        zone="America/Chicago",
        run=412,
        version="1.0.0",
        settings_hash="9f2c41d07b3e",
        policy="Board policy 529",
        responsible="Technology Coordinator",
        contact="technology@heronlake.example",
        dispose_after=date(2033, 11, 20),
        headline=Headline(
            new=sum(line.is_new for line in findings),
            open=sum(line.is_open for line in findings),
            waiting=2,
            exemptions_ending=sum(line.is_exemption_ending(NOW.date()) for line in findings),
        ),
        pages=Pages(
            "index.html", "registry.html", "coverage.html", "findings.csv", "findings.json"
        ),
        sources=_sources(),
        rules=_rules(),
        coverage=_coverage(),
        findings=tuple(findings),
        accounts=_accounts(),
        schools=tuple(
            SchoolLine(
                code,
                name,
                f"{code}.html",
                sum(f.is_new for f in findings if code in f.schools),
                sum(f.is_open for f in findings if code in f.schools),
                sum(f.state == "exempt" for f in findings if code in f.schools),
            )
            for code, name in SCHOOLS.items()
        ),
        trend=tuple(
            TrendPoint(date(2026, 8, 30) + timedelta(weeks=i), eight, ten)
            for i, (eight, ten) in enumerate(zip(TREND_8, TREND_10, strict=True))
        ),
        notes=("The roster names 14 people without a school; they are on this page only.",),
    )


TREND_8 = (14, 14, 13, 13, 11, 12, 10, 9, 9, 8, 8, 9)
TREND_10 = (21, 22, 22, 19, 18, 18, 16, 15, 15, 13, 12, 11)


def school_report(findings: tuple[FindingLine, ...] | None = None) -> Report:
    """Make the high school's report, with its own findings unless others are given."""
    district = district_report()
    own = (
        tuple(f for f in district.findings if "HLH" in f.schools) if findings is None else findings
    )
    return replace(
        district,
        school="Heron Lake High School",
        school_code="HLH",
        findings=own,
        headline=Headline(
            sum(f.is_new for f in own),
            sum(f.is_open for f in own),
            1,
            sum(f.is_exemption_ending(NOW.date()) for f in own),
        ),
        pages=replace(district.pages, csv="HLH.csv", json="HLH.json"),
        schools=(),
        trend=tuple(
            replace(p, item_8=p.item_8 // 3, item_10=p.item_10 // 3) for p in district.trend
        ),
    )


def quiet_school_report() -> Report:
    """Make the report of a school where nothing was found and every source was read."""
    report = school_report(findings=())
    complete = tuple(replace(s, is_complete=True) for s in report.sources)
    return replace(report, sources=complete, trend=(), notes=(), dispose_after=None)


def many_findings(count: int) -> Report:
    """Make a district report of ``count`` findings, half of each item, spread over everything."""
    codes, platforms, states = list(SCHOOLS), list(PLATFORMS), list(STATES)
    lines = []
    for i in range(count):
        make = finding if i % 2 else branded
        code, platform, state = codes[i % 5], platforms[i % 7 % 5], states[i % 11 % 6]
        lines.append(
            make(
                i,
                schools=(code,),
                school_names=(SCHOOLS[code],),
                platform=platform,
                platform_title=PLATFORMS[platform],
                state=state,
                state_title=STATES[state],
                is_new=i % 40 == 0,
            )
        )
    return replace(district_report(), findings=tuple(lines))


def _varied_findings() -> list[FindingLine]:
    lines = [
        finding(1, is_new=True, change="opened", change_title="Found in this run"),
        branded(2, is_new=True, change="opened", change_title="Found in this run"),
        finding(
            3,
            grade="B",
            grade_title=GRADES["B"],
            schools=("HLH", "HLM"),
            school_names=("Heron Lake High School", "Heron Lake Middle School"),
        ),
        branded(
            4,
            schools=(),
            school_names=("District",),
            grade="possible",
            grade_title=GRADES["possible"],
            platform="youtube",
            platform_title="YouTube",
            subject="Heron Lake Schools \u5b66\u6821 on YouTube",
        ),
        finding(
            5,
            state="exempt",
            state_title="Exempt",
            until=date(2026, 12, 4),
            platform="twitter",
            platform_title="X (Twitter)",
        ),
        finding(
            6,
            state="disputed",
            state_title="Disputed",
            statement="I never opened this account. I have asked Facebook to take it down.",
        ),
        branded(
            7,
            rule="retired-platform-link",
            rule_title="Link to a platform that is gone",
            grade="recorded",
            grade_title=GRADES["recorded"],
            url="javascript:alert(1)",
        ),
        finding(8, state="closed", state_title="Gone by itself", change_title="Gone"),
    ]
    extra = [
        (finding if i % 3 else branded)(
            i,
            schools=(code,),
            school_names=(SCHOOLS[code],),
            state=state,
            state_title=STATES[state],
        )
        for i, (code, state) in enumerate(
            zip(
                list(SCHOOLS) * 4, ["open", "open", "acknowledged", "under_review"] * 5, strict=True
            ),
            9,
        )
    ]
    return lines + extra


def _sources() -> tuple[SourceLine, ...]:
    names = {"roster": "oneroster", "found profiles": "profile_file", "web sites": "sites"}
    complete = [
        SourceLine(
            name, kind, "complete", "Complete", True, 340 + i, "Read in 12 seconds.", None, NOW
        )
        for i, (name, kind) in enumerate(names.items())
    ]
    failed = SourceLine(
        name="youtube search",
        connector="youtube",
        state="quota_exhausted",
        state_title="Quota used up",
        is_complete=False,
        records=0,
        detail="",
        incomplete_since=datetime(2026, 11, 18, 2, 20, tzinfo=ZONE),
        last_complete=datetime(2026, 11, 17, 2, 22, tzinfo=ZONE),
        problem="The daily quota was used up after 100 of 140 searches",
        advice="Nothing for now: the remaining searches are made tomorrow night",
        notes=("40 searches are left over.",),
    )
    return (*complete, failed)


def _rules() -> tuple[RuleLine, ...]:
    return (
        RuleLine("district-address-in-use", "District address in use", "10", "Ran", True, 13),
        RuleLine("unregistered-branded-account", "Unregistered account", "8", "Ran", True, 9),
        RuleLine(
            "registered-owner-left",
            "Owner of a registered account has left",
            "8",
            "Sat out",
            False,
            0,
            "The roster does not say who has left.",
        ),
    )


def _coverage() -> tuple[CoverageLine, ...]:
    since = datetime(2026, 9, 1, 2, 0, tzinfo=ZONE)
    asked = [
        CoverageLine(
            key,
            title,
            "accounts by name",
            True,
            "Asked",
            ("found profiles",),
            since,
            "Public pages only.",
        )
        for key, title in PLATFORMS.items()
    ]
    barred = [
        CoverageLine(
            key,
            PLATFORMS[key],
            "accounts by e-mail address",
            False,
            "No lawful interface",
            (),
            None,
            "The platform offers no way to ask.",
        )
        for key in ("facebook", "instagram")
    ]
    later = CoverageLine(
        "youtube",
        "YouTube",
        "accounts by brand",
        False,
        "Quota used up",
        ("youtube search",),
        None,
        "Tomorrow.",
        date(2026, 11, 2),
        "https://rules.example/youtube",
    )
    return tuple(sorted([*asked, *barred, later], key=lambda line: line.platform_title))


def _accounts() -> tuple[AccountLine, ...]:
    def account(name: str, state: str, title: str, **changes: object) -> AccountLine:
        line = AccountLine(
            platform="facebook",
            platform_title="Facebook",
            account=name,
            url=f"https://www.facebook.com/{name}",
            school_names=("Heron Lake High School",),
            state=state,
            state_title=title,
            purpose="News and events for families",
            owner="J. Almqvist",
            backup="R. Okafor",
            requested_on=date(2025, 8, 20),
            approved_on=date(2025, 9, 2),
            approved_by="District Administrator",
            review_on=date(2027, 9, 2),
            is_review_due=False,
        )
        return replace(line, **changes)  # type: ignore[arg-type]

    waiting = {"approved_on": None, "approved_by": None, "review_on": None}
    return (
        account("HeronLakeHigh", "approved", "Approved"),
        account("HeronLakeBand", "requested", "Asked for", **waiting),
        account("OakStreetReads", "requested", "Asked for", backup=None, **waiting),
        account(
            "HeronLakeFootball",
            "approved",
            "Approved",
            review_on=date(2026, 9, 1),
            is_review_due=True,
        ),
        account("HeronLakeOld", "retired", "Retired"),
    )


def look_sheet() -> LookSheet:
    """Return searches for the district and a school, one platform with a search of its own."""
    links = (
        SearchLink("Facebook: Heron Lake Schools", "https://www.facebook.com/search/pages?q=Heron"),
        SearchLink("Google", "https://www.google.com/search?q=site%3Afacebook.com%20%22Heron%22"),
    )
    lines = (
        LookLine("facebook", "Facebook", links),
        LookLine("nextdoor", "Nextdoor", links[1:]),
    )
    groups = (
        LookGroup("Heron Lake Schools", ("Heron Lake Schools", "HLS"), lines),
        LookGroup("Heron Lake <b>High</b>", ("Heron Lake High",), lines),
    )
    return LookSheet("Heron Lake Schools", "Policy 522.7", NOW, "1.0", groups)
