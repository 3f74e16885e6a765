"""A small invented district on disk: a staff list, found accounts, audit.toml, a registry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from auditor.registry import account_at, approve_account, request_account
from auditor.settings import load_settings
from auditor.store import open_store

SETTINGS = """
[district]
name = "Marrowick Area School District"
state = "WI"
city = "Marrowick"
county = "Tannewick County"
aliases = ["Marrowick Schools"]
email_domains = ["marrowick.example"]
student_domains = ["students.marrowick.example"]
[[schools]]
code = "MHS"
name = "Marrowick High School"
town = "Marrowick"
aliases = ["Marrowick HS"]
[[schools]]
code = "MMS"
name = "Marrowick Middle School"
town = "Marrowick"
[sources.staff]
connector = "spreadsheet"
path = "staff.csv"
[sources.found]
connector = "profile_file"
path = "found.csv"
"""
URL = "https://github.com/marrowickschools"
BEFORE = datetime(2026, 11, 16, 8, 15, tzinfo=UTC)
"""The day before the nights of the tests."""
NAMES = ("Ida Marsh", "Noor Haddad", "Bao Tran", "Rosa Lindqvist", "Tom O'Dell")
STAFF = "name,email,school,title\n" + "".join(
    f"{name},{name.lower().replace(' ', '.').replace(chr(39), '')}@marrowick.example,"
    f"{'Marrowick High School' if n % 2 == 0 else 'Marrowick Middle School'},Teacher\n"
    for n, name in enumerate([*NAMES, *(f"Staff Member{n}" for n in range(20))])
)
FOUND = (
    "url,display_name,bio,location\n"
    'https://www.facebook.com/marrowickhighschool,Marrowick High School,News,"Marrowick, WI"\n'
    "https://www.flickr.com/photos/idaphotos,Ida's photos,ida.marsh@marrowick.example,\n"
    "https://www.instagram.com/sunrisebakery,Sunrise Bakery,Bread,\n"
)


def make_district(folder: Path, *, more: str = "", staff: str = STAFF, found: str = FOUND) -> Path:
    """Write the district into a folder and return the path of its audit.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "staff.csv").write_text(staff, encoding="utf-8")
    (folder / "found.csv").write_text(found, encoding="utf-8")
    (folder / "audit.toml").write_text(SETTINGS + more, encoding="utf-8")
    return folder / "audit.toml"


def approve(config: Path, url: str = URL, *, at: datetime = BEFORE, again: bool = False) -> None:
    """Request and approve an account, or only approve it ``again``."""
    store = open_store(load_settings(config).store.url)
    account = account_at(url)
    who = {"by": "boss", "at": at, "today": at.date()}
    if not again:
        event = request_account(
            store.registered_accounts(), account.key, url=account.url, handle=account.handle,
            owner="office@marrowick.example", purpose="code", **who,  # type: ignore[arg-type]
        )  # fmt: skip
        store.add_registry_events([event])
    event = approve_account(
        store.registered_accounts(),
        account.key,
        review_on=None,
        why="agreed",
        **who,  # type: ignore[arg-type]
    )
    store.add_registry_events([event])
    store.close()
