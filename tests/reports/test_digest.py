"""The weekly summary as a mail: its numbers, its headers, its size, and what it must not say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from zoneinfo import ZoneInfo

import pytest

from reports.digest import (
    Digest,
    DigestCounts,
    FailedSource,
    SchoolCount,
    compose,
    render_html,
    render_text,
    subject,
)

ZONE = ZoneInfo("America/Chicago")
DIGEST = Digest(
    district="Heron Lake School District",
    week="2026-W47",
    generated_at=datetime(2026, 11, 20, 2, 41, tzinfo=ZONE),
    zone="America/Chicago",
    scope="Whole district",
    counts=DigestCounts(new=3, open=12, changed=1, gone=2, waiting=4, exemptions_ending=5),
    sources_complete=7,
    sources_total=8,
    failed_sources=(FailedSource("roster", datetime(2026, 11, 18, 2, 0, tzinfo=ZONE)),),
    report_link="https://reports.heronlake.example/audit/",
    schools=(SchoolCount("Oak Street Elementary", 1, 4), SchoolCount("Riverbend", 2, 8)),
    next_steps=("Approve the accounts that wait.",),
    audience="You get this because summary.to names you; the Technology Coordinator changes it.",
)
SENDER, RECIPIENT = "audit@heronlake.example", "coordinator@heronlake.example"
HOSTILE = "<script>alert(1)</script>\r\nBcc: all@elsewhere.test\x1b[31m\u202e{{ 7*7 }}"


def sent(digest: Digest = DIGEST, recipient: str = RECIPIENT) -> bytes:
    return compose(digest, SENDER, recipient, "tech@heronlake.example").as_bytes()


def test_the_text_comes_first_and_both_parts_hold_every_number() -> None:
    message = message_from_bytes(sent(), policy=SMTP)
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    for part in message.iter_parts():
        words = " ".join(re.sub(r"<[^>]*>", " ", part.get_content()).split())
        for shown in ("3 New this week", "12 Open", "1 Changed", "2 Gone", "4 Accounts waiting",
                      "5 Exemptions ending", "7 of 8 sources", "2 8 Riverbend",
                      "1. Approve the accounts that wait.", "summary.to names you"):  # fmt: skip
            assert shown in words
        assert re.search(r"roster,? \(?since Nov 18, 2026", words)
        assert DIGEST.report_link in part.get_content()


def test_the_headers_are_those_of_an_automatic_message() -> None:
    message = message_from_bytes(sent(), policy=SMTP)
    assert message["Subject"] == "Social media audit 2026-W47: 3 new, 12 open (incomplete)"
    assert message["To"].addresses[0].addr_spec == RECIPIENT
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["Reply-To"] == "tech@heronlake.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-ID"] == "<social-media-audit.heronlake.example>"
    assert message["Date"].datetime == DIGEST.generated_at


def test_the_message_id_is_the_same_at_every_attempt_and_tells_no_address() -> None:
    first = message_from_bytes(sent(), policy=SMTP)["Message-ID"]
    later = replace(DIGEST, generated_at=datetime(2026, 11, 21, 3, 0, tzinfo=ZONE))
    assert message_from_bytes(sent(later), policy=SMTP)["Message-ID"] == first
    assert re.fullmatch(r"<weekly\.2026-W47\.[0-9a-f]{12}@heronlake\.example>", first)
    others = [
        sent(recipient="principal@heronlake.example"),
        sent(replace(DIGEST, week="2026-W48")),
        sent(replace(DIGEST, scope="Riverbend")),
    ]
    ids = {message_from_bytes(octets, policy=SMTP)["Message-ID"] for octets in others}
    assert len(ids | {first}) == 4


def test_the_same_digest_makes_the_same_bytes() -> None:
    assert sent() == sent()


def test_nothing_found_is_said_aloud() -> None:
    quiet = replace(
        DIGEST, counts=DigestCounts(), schools=(), failed_sources=(), sources_complete=8
    )
    assert subject(quiet) == "Social media audit 2026-W47: 0 new, 0 open"
    assert "0  New this week" in render_text(quiet)
    assert "All 8 sources were read in full." in render_text(quiet)
    assert "Incomplete" not in render_html(quiet)


def test_no_source_at_all_is_not_called_complete() -> None:
    empty = replace(DIGEST, sources_complete=0, sources_total=0, failed_sources=())
    assert "No source has been read yet" in render_text(empty)
    assert "No source has been read yet" in render_html(empty)


@pytest.mark.parametrize("field", ["district", "week", "zone", "scope", "audience"])
def test_hostile_text_stays_text(field: str) -> None:
    digest = replace(DIGEST, **{field: HOSTILE})
    message = message_from_bytes(sent(digest), policy=SMTP)
    assert message["Bcc"] is None
    assert set(message.keys()) == set(message_from_bytes(sent(), policy=SMTP).keys())
    html = render_html(digest)
    assert "<script" not in html
    assert "49" not in html.replace(":49", "")
    for part in (html, render_text(digest)):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", part)


def test_hostile_names_of_schools_sources_and_steps_stay_text() -> None:
    digest = replace(
        DIGEST,
        schools=(SchoolCount(HOSTILE, 1, 1),),
        failed_sources=(FailedSource(HOSTILE),),
        next_steps=(HOSTILE,),
    )
    assert "<script" not in render_html(digest)
    assert "\nBcc:" not in render_text(digest)


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nBcc: x@y.test", "a@b.example, c@d.example", "a b@c.example", "a@",
     "\u00e9@b.example", "<a@b.example>", "a" * 300 + "@b.example"],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_address_that_no_header_may_hold_is_refused(address: str, place: int) -> None:
    addresses = [SENDER, RECIPIENT, "tech@heronlake.example"]
    addresses[place] = address
    with pytest.raises(ValueError, match="is not a mail address"):
        compose(DIGEST, *addresses)


@pytest.mark.parametrize("name", ["x" * 500, "\U0001f3eb" * 500, "<&>\"'" * 100])
def test_the_largest_message_stays_under_what_gmail_clips(name: str) -> None:
    digest = replace(
        DIGEST,
        district=name,
        scope=name,
        zone=name,
        audience=name,
        schools=tuple(SchoolCount(f"{n} {name}", n, n) for n in range(2000)),
        failed_sources=tuple(FailedSource(f"{n} {name}") for n in range(200)),
        next_steps=(name,) * 50,
        report_link=f"https://reports.heronlake.example/{'x' * 2000}",
    )
    octets = sent(digest)
    assert len(octets) < 102_000
    assert b"1940 more schools" in octets.replace(b"=\r\n", b"") or "\U0001f3eb" in name
    assert "1999 " in render_text(digest)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "/srv/reports/district.html", None])
def test_what_is_no_web_address_never_becomes_a_link(link: str | None) -> None:
    html = render_html(replace(DIGEST, report_link=link))
    assert "href" not in html
    assert (link or "Whole district") in html


def test_mail_programs_get_inlined_styles_and_nothing_to_fetch() -> None:
    html = render_html(DIGEST)
    assert "<style" not in html
    assert "<link" not in html
    assert "<img" not in html
    assert not re.search(r"url\(|@media|@import|flex|grid|float|max-width", html)
    assert 'role="presentation"' in html
    assert 'width="600"' in html
    assert html.count("<h1") == 1
