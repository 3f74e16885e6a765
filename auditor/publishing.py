"""Write a night's reports: the district's page, one a school, registry, coverage, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.reporting import (
    build_district,
    build_school,
    registry_page,
    school_page,
)

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reporting import Night
    from auditor.schools import School
    from reports.model import Report


def publish(night: Night, only: School | None = None) -> tuple[Path, ...]:
    """Write every page and export, or only one school's; return what people open, first first.

    Each file is written whole under another name and then put in place, so that a reader never
    meets half a page.
    """
    from reports.files import sweep_remains

    folder = night.settings.reports_folder
    sweep_remains(folder)
    pages: list[Path] = []
    if only is None:
        report = build_district(night)
        pages += _write_district(report, folder, night.settings.reports.formats)
    for school in night.schools.schools if only is None else (only,):
        report = build_school(night, school)
        pages += _write_school(report, folder, school, night.settings.reports.formats)
    if only is None:
        _remove_strangers(folder, {school.code for school in night.schools.schools})
    return tuple(pages)


def _remove_strangers(folder: Path, codes: set[str]) -> None:
    """Take away pages of schools that are no longer listed: nobody would ever renew them."""
    for pattern in ("school-*.html", "school-*.csv", "school-*.json", "registry-*.html"):
        for page in folder.glob(pattern):
            if page.stem.partition("-")[2] not in codes:
                page.unlink(missing_ok=True)


def _write_district(report: Report, folder: Path, formats: tuple[str, ...]) -> list[Path]:
    from reports import exports, html

    pages = []
    if "html" in formats:
        pages = [folder / "index.html", folder / "registry.html", folder / "coverage.html"]
        html.write_district(report, pages[0])
        html.write_registry(report, pages[1])
        html.write_coverage(report, pages[2])
    if "csv" in formats:
        exports.write_csv(report, folder / "findings.csv")
        exports.write_coverage_csv(report, folder / "coverage.csv")
    if "json" in formats:
        exports.write_json(report, folder / "findings.json")
        exports.write_coverage_json(report, folder / "coverage.json")
    return pages


def _write_school(
    report: Report, folder: Path, school: School, formats: tuple[str, ...]
) -> list[Path]:
    from reports import exports, html

    pages = []
    if "html" in formats:
        pages = [folder / school_page(school)]
        html.write_school(report, pages[0])
        html.write_registry(report, folder / registry_page(school))
    if "csv" in formats:
        exports.write_csv(report, folder / f"school-{school.code}.csv")
    if "json" in formats:
        exports.write_json(report, folder / f"school-{school.code}.json")
    return pages
