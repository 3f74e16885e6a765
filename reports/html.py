"""Self-contained HTML pages: one file each, no request to anywhere, a CSP of hashes only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.charts import draw_trend
from reports.files import write_private
from reports.finding_rows import finding_rows
from reports.markup import link_or_text, outside
from reports.packing import pack_findings
from reports.security import content_security_policy, local_page, printable, safe_link
from reports.views import ANY_OPEN, ENDING, NEW, offer_choices, view_findings
from reports.wording import format_day, format_moment, iso_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.model import AccountLine, CoverageLine, LookSheet, Report

HERE = Path(__file__).parent
STYLES = ("assets/dataTables.dataTables.min.css", "templates/page.css")
SCRIPTS = ("assets/dataTables.min.js", "templates/findings.js")
MOST_ENHANCED_ROWS = 400


def write_district(report: Report, path: Path) -> None:
    """Write the district's page: numbers, trend, all findings, schools, what could not be checked.

    Raises ``OSError`` when ``path`` cannot be written.
    """
    views = view_findings(report)
    packed = pack_findings(views) if views else None
    choices = offer_choices(report, views)
    _write(report, path, "district.html", bool(views), choices=choices, packed=packed)


def write_school(report: Report, path: Path) -> None:
    """Write one school's page, which can be read in full without JavaScript.

    Raises ``OSError`` when ``path`` cannot be written.
    """
    views = view_findings(report)
    is_enhanced = 0 < len(views) <= MOST_ENHANCED_ROWS
    choices = offer_choices(report, views)
    rows = finding_rows(views)
    _write(report, path, "school.html", is_enhanced, choices=choices, rows=rows)


def write_registry(report: Report, path: Path) -> None:
    """Write the registry of approved accounts, those that wait for somebody first.

    Raises ``OSError`` when ``path`` cannot be written.
    """
    groups = _group_accounts(report.accounts)
    _write(report, path, "registry.html", is_scripted=False, groups=groups)


def write_coverage(report: Report, path: Path) -> None:
    """Write what was read, what was asked of each platform, and what nobody may ask.

    Raises ``OSError`` when ``path`` cannot be written.
    """
    platforms = _group_by_platform(report.coverage)
    _write(report, path, "coverage.html", is_scripted=False, platforms=platforms)


def render_sheet(sheet: LookSheet) -> str:
    """Return the page of searches for people to click."""
    style = _style()
    template = _environment().get_template("leads.html")
    return template.render(
        sheet=sheet, style=style, policy_csp=content_security_policy([style], [])
    )


def _write(report: Report, path: Path, template: str, is_scripted: bool, **extra: object) -> None:
    style = _style()
    scripts = [_text(name) for name in SCRIPTS] if is_scripted else []
    pieces = (
        _environment()
        .get_template(template)
        .generate(
            report=report,
            zone=report.generated_at.tzinfo,
            policy_csp=content_security_policy([style], scripts),
            style=style,
            scripts=scripts,
            chart=draw_trend(report.trend),
            incomplete=[source for source in report.sources if not source.is_complete],
            gaps=_gaps(report.coverage),
            **extra,
        )
    )
    # Piece by piece: most are ASCII, and one sign beyond it makes a whole page slow to encode.
    write_private(path, b"".join([piece.encode() for piece in pieces]))


@cache
def _style() -> Markup:
    return Markup("\n").join(_text(name) for name in STYLES)


@cache
def _text(name: str) -> Markup:
    """Read a style or script of ours or a vendored one, which goes into a page as it stands."""
    return Markup((HERE / name).read_text("utf-8"))  # noqa: S704


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "day": format_day,
        "iso_day": iso_day,
        "moment": format_moment,
        "link": safe_link,
        "page": local_page,
    }
    environment.globals |= {"ANY_OPEN": ANY_OPEN, "NEW": NEW, "ENDING": ENDING}
    environment.globals |= {"link_or_text": link_or_text, "outside": outside}
    return environment


def _finalize(value: object) -> object:
    return printable(value) if type(value) is str else value


def _group_accounts(accounts: Sequence[AccountLine]) -> list[tuple[str, str, list[AccountLine]]]:
    """Return (anchor, title, accounts): waiting first, then review due, then by state."""
    groups: dict[tuple[str, str], list[AccountLine]] = {("waiting", "Waiting for approval"): []}
    groups[("review-due", "Review due")] = []
    for account in accounts:
        if account.is_waiting:
            groups[("waiting", "Waiting for approval")].append(account)
        elif account.is_review_due:
            groups[("review-due", "Review due")].append(account)
        else:
            anchor = f"state-{local_page(account.state)}"
            groups.setdefault((anchor, account.state_title), []).append(account)
    return [(anchor, title, group) for (anchor, title), group in groups.items() if group]


def _group_by_platform(lines: Sequence[CoverageLine]) -> list[tuple[str, list[CoverageLine]]]:
    groups: dict[tuple[str, str], list[CoverageLine]] = {}
    for line in lines:
        groups.setdefault((line.platform, line.platform_title), []).append(line)
    return [(title, group) for (_, title), group in groups.items()]


def _gaps(lines: Sequence[CoverageLine]) -> list[tuple[str, list[str]]]:
    """Return, for each reason a question was not asked, the platforms it concerns."""
    gaps: dict[str, dict[str, None]] = {}
    for line in lines:
        if not line.is_asked:
            gaps.setdefault(line.state_title, {})[line.platform_title] = None
    return [(reason, list(platforms)) for reason, platforms in gaps.items()]
