"""``audit init``: write a commented audit.toml for a real district, from the gazetteer."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.output import say
from auditor.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.matching.gazetteer import District

PRIVATE_FILE = 0o600
DOMAIN = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}$")
ESCAPES = {'"': '\\"', "\\": "\\\\"}
ZONES = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Phoenix": "AZ",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU",
    "Pacific/Pago_Pago": "AS",
}


@click.command()
@click.option("--nces", "nces_id", metavar="ID", help="The district's NCES id, 7 digits.")
@click.option("--find", "wanted", metavar="NAME", help='Its name or town: "Amery, WI".')
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("audit.toml"),
    show_default=True,
    help="The settings file to write.",
)
@click.option("--force", is_flag=True, help="Write over an existing file.")
def init(nces_id: str | None, wanted: str | None, output: Path, force: bool) -> None:
    """Write audit.toml for a real US public school district.

    \b
    Exit codes: 0 written; 2 not clear which district, or the file is already there.
    """
    district = choose_district(nces_id, wanted)
    write_settings(output, settings_text(district), force=force)
    say(
        f"Wrote {output} for {district.name}, {_place(district)} ({len(district.schools)} schools)."
    )
    for step in _next_steps(district, output):
        say(step)


def choose_district(nces_id: str | None, wanted: str | None) -> District:
    """Return the one district meant; SettingsError when none or several are, naming the nearest."""
    from auditor.matching.gazetteer import open_gazetteer

    if (nces_id is None) == (wanted is None):
        raise SettingsError('Name the district: either --nces ID or --find "TOWN OR NAME, STATE".')
    gazetteer = open_gazetteer()
    if nces_id is not None:
        district = gazetteer.district(nces_id.strip())
        if district is None:
            raise SettingsError(
                f"No district has the NCES id {nces_id[:20]!r}; it has 7 digits "
                "(look it up at nces.ed.gov/ccd/districtsearch, or use --find)."
            )
        return district
    found = gazetteer.find(wanted or "")
    if len(found) == 1:
        return found[0]
    near = found or gazetteer.suggest(wanted or "")
    if near:
        _list_districts(near)
    how_many = f"{len(found)} districts fit" if found else "No district fits"
    advice = "name one by --nces ID from the list above" if near else "try its town and state"
    raise SettingsError(f"{how_many} {(wanted or '')[:60]!r}; {advice}.")


def _list_districts(districts: Sequence[District]) -> None:
    from tabulate import tabulate

    rows = [
        (d.nces_id, d.name, d.city, d.state, d.county, len(d.schools), d.agency_type)
        for d in districts
    ]
    headers = ("NCES id", "name", "town", "state", "county", "schools", "kind")
    for line in tabulate(rows, headers, disable_numparse=True).splitlines():
        say(line)


def write_settings(path: Path, text: str, *, force: bool) -> None:
    """Write ``text`` to ``path`` for its owner's eyes only, making its folders.

    SettingsError when the file is there and ``force`` is not set, or when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not force:
            _create(path, text)
            return
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        _create(fresh, text)
        fresh.replace(path)
    except FileExistsError:
        raise SettingsError(
            f"{path} is already there; choose another file with -o, or write over it with --force."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror}); choose another place with -o."
        ) from None


def _create(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def quote(text: str) -> str:
    """Write ``text`` as a TOML basic string (TOML 1.0, Strings)."""
    escaped = "".join(
        ESCAPES.get(char) or (f"\\u{ord(char):04X}" if _is_control(char) else char) for char in text
    )
    return f'"{escaped}"'


def quote_list(texts: Iterable[str]) -> str:
    """Write ``texts`` as a TOML array of strings on one line."""
    return f"[{', '.join(map(quote, texts))}]"


def comment(text: str) -> str:
    """Make ``text`` fit to stand in a comment: one line, no control characters."""
    return " ".join("".join(" " if _is_control(char) else char for char in text).split())


def _is_control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F or char in "\u2028\u2029"


def settings_text(district: District) -> str:
    """Return the whole audit.toml for ``district``."""
    return "\n\n".join(
        (_opening(district), _district_table(district), _schools(district), _sources(), _rest())
    )


def _opening(district: District) -> str:
    return (
        f"# Settings of the audit for {comment(district.name)}, {comment(_place(district))}.\n"
        "# Facts of the district come from NCES (Common Core of Data): check them.\n"
        '# Secrets never stand here; use { env = "NAME" } or { file = "PATH" }.'
    )


def _district_table(district: District) -> str:
    domains = [domain for domain in district.domains if DOMAIN.match(domain)]
    lines = [
        "[district]",
        f"name = {quote(district.name)}",
        f"nces_id = {quote(district.nces_id)}  # fills schools, town and state",
        "aliases = []  # what people call it: short names, initials",
        "mascots = []",
    ]
    if domains:
        lines += [
            f"email_domains = {quote_list(domains)}  # check: taken from the web site",
            f"websites = {quote_list(f'https://www.{domain}' for domain in domains)}",
        ]
    else:
        lines += [
            "# No domain is known for this district: name its e-mail domains before the first run.",
            '# email_domains = ["district.example"]',
            "websites = []",
        ]
    lines += [
        'policy = "Board policy on staff use of social media"  # its number and title, as cited',
        'responsible = "Technology Coordinator"  # who answers for the audit',
        f"time_zone = {quote(zone_of(district.state))}",
    ]
    return "\n".join(lines)


def zone_of(state: str) -> str:
    """Return the time zone most of a state keeps, America/Chicago for one that is not known."""
    zones = (zone for zone, states in ZONES.items() if state in states.split())
    return next(zones, "America/Chicago")


def _schools(district: District) -> str:
    lines = ["# Schools are taken from the gazetteer. Add a table only to correct or to add one:"]
    lines += [
        "# [[schools]]",
        '# code = "AHS"',
        '# name = "the name as listed below"',
        '# aliases = ["what people call it"]',
        '# mascots = ["Warriors"]',
        '# members = ["/Staff/High School"]  # org units, OneRoster org ids or departments',
        f"# Listed: {len(district.schools)}",
    ]
    for school in district.schools:
        town = f" ({comment(school.town)})" if school.town else ""
        lines.append(f"#   {comment(school.name)}{town}")
    return "\n".join(lines)


def _sources() -> str:
    return """\
[store]
url = "sqlite:///audit.sqlite"  # or postgresql+psycopg://...

# Who works here: a OneRoster export of the student information system. Students are never kept.
[sources.roster]
connector = "oneroster"
path = "oneroster.zip"

# Which accounts exist: exports and hand-made lists as Parquet, CSV or JSON Lines.
[sources.found]
connector = "profile_file"
path = "profiles/*.csv\""""


def _rest() -> str:
    return """\
[rules.district-address-in-use]
mode = "forbid"  # forbid, forbid_unless_registered or require

[rules.unregistered-branded-account]
report = "possible"  # or confident

[reports]
folder = "reports"
formats = ["html", "csv", "json"]

# The weekly summary, when it is wanted:
# [summary]
# channel = "smtp"
# to = ["coordinator@district.example"]
# sender = "audit@district.example"
"""


def _place(district: District) -> str:
    return ", ".join(part for part in (district.city, district.state) if part)


def _next_steps(district: District, output: Path) -> tuple[str, ...]:
    domains = "Check email_domains" if district.domains else "Name email_domains (none is known)"
    option = "" if output.name == "audit.toml" and output.parent == Path() else f" -c {output}"
    return (
        "Next:",
        f"  1. {domains}, policy and responsible in {output}.",
        "  2. Put the OneRoster export and the list of profiles where [sources] say.",
        f"  3. audit run{option}",
    )
