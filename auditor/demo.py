"""Two nights on the invented district, by the same calls as real ones: no network, no secrets."""

from __future__ import annotations

import shutil
import tomllib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from auditor.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from auditor.nightly import NightResult
    from auditor.settings import Settings
    from auditor.store import Store

MARKER = ".audit-demo"
# The registry and the decisions of the sample bear dates, so its nights have fixed ones.
FIRST_NIGHT = datetime(2026, 11, 9, 2, 0, tzinfo=ZoneInfo("America/Chicago"))
SECOND_NIGHT = FIRST_NIGHT + timedelta(days=8)
BEFORE, AFTER = timedelta(hours=1), timedelta(hours=8)
FILES = (
    "README.md",
    "audit.toml",
    "decisions.toml",
    "found.csv",
    "handmade.csv",
    "haystack.parquet",
    "registry.csv",
    "roster.zip",
)
# What stands in another's place on the second night.
REPLACED = {"roster.zip": "roster_night2.zip", "found.csv": "found_night2.csv"}
MISSING = "handmade.csv"
REPORTS, FIRST_REPORTS, STORE = "reports", "reports-first-night", "audit.sqlite"


class DemoError(AuditError):
    """The demo's folder cannot be used."""


@dataclass(frozen=True, slots=True)
class Demo:
    """How the two nights went; ``first_reports`` is a copy of the first night's reports."""

    folder: Path
    first: NightResult
    second: NightResult
    first_reports: Path
    reports: Path


def run_demo(
    folder: Path, *, keep: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Demo:
    """Run both nights in ``folder``, starting anew; with ``keep`` an earlier demo is left alone.

    Raises DemoError for a folder that is not a demo's, or that ``keep`` protects.
    """
    from auditor.nightly import run_night
    from auditor.settings import load_settings

    prepare_folder(folder, keep=keep)
    settings = load_settings(folder / "audit.toml")
    decisions = tomllib.loads((folder / "decisions.toml").read_text(encoding="utf-8"))
    with closing(_open(settings)) as store:
        import_registry(store, settings, folder / "registry.csv", FIRST_NIGHT - BEFORE)
        decide(store, settings, decisions, "before", FIRST_NIGHT - BEFORE)
    tell("The first night")
    first = run_night(settings, now=FIRST_NIGHT, tell=tell)
    shutil.copytree(folder / REPORTS, folder / FIRST_REPORTS)
    with closing(_open(settings)) as store:
        decide(store, settings, decisions, "between", FIRST_NIGHT + AFTER)
    change_sources(folder)
    tell("The second night")
    second = run_night(settings, now=SECOND_NIGHT, tell=tell)
    return Demo(folder, first, second, folder / FIRST_REPORTS, folder / REPORTS)


def prepare_folder(folder: Path, *, keep: bool = False) -> None:
    """Make the folder ready with the sample's files; only an earlier demo's own are removed."""
    if folder.exists():
        if not folder.is_dir():
            raise DemoError(f"{folder} is a file; name a folder with --folder.")
        is_demo = (folder / MARKER).is_file()
        if not is_demo and any(folder.iterdir()):
            raise DemoError(
                f"{folder} has files that are not a demo's; name an empty or new folder "
                "with --folder."
            )
        if is_demo and keep:
            raise DemoError(f"{folder} keeps an earlier demo; name another folder with --folder.")
        if is_demo:
            _remove_demo(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARKER).write_text("Made by `audit demo`, which may empty it.\n", encoding="utf-8")
    for name in FILES:
        copy_sample(name, folder / name)


def copy_sample(name: str, target: Path) -> None:
    """Copy one of the sample's files."""
    with as_file(files("config.sample") / name) as source:
        shutil.copyfile(source, target)


def change_sources(folder: Path) -> None:
    """Do to the sources what a day does: something mended, something new, and one list gone."""
    for name, second in REPLACED.items():
        copy_sample(second, folder / name)
    (folder / MISSING).unlink()


def import_registry(store: Store, settings: Settings, path: Path, at: datetime) -> None:
    """Import the sample's registry of approved accounts, as ``audit registry import`` does."""
    from auditor.registry_file import plan_import

    plan = plan_import(
        path,
        store.registered_accounts(),
        by="h.abernathycole",
        at=at,
        today=at.astimezone(settings.zone).date(),
    )
    store.add_registry_events(plan.events)


def decide(
    store: Store, settings: Settings, decisions: dict[str, Any], when: str, at: datetime
) -> None:
    """Record the sample's decisions of one time: exemptions, approvals, acknowledgements."""
    today = at.astimezone(settings.zone).date()
    chosen = {
        kind: [one for one in entries if one["when"] == when] for kind, entries in decisions.items()
    }
    for one in chosen["exemptions"]:
        _exempt(store, one, at, today)
    for one in chosen["approvals"]:
        _approve(store, one, at, today)
    for one in chosen["acknowledgements"]:
        _acknowledge(store, one, at)


def _exempt(store: Store, one: dict[str, Any], at: datetime, today: date) -> None:
    from auditor.decisions import ExemptionSubject, SubjectKind, grant_exemption
    from auditor.registry import account_at

    platform, account = account_at(one["account"]).key
    subject = ExemptionSubject(SubjectKind.ACCOUNT, account, platform)
    event = grant_exemption(
        subject, reason=one["reason"], until=one["until"], by=one["by"], at=at, today=today
    )
    store.add_decision(event, today)


def _approve(store: Store, one: dict[str, Any], at: datetime, today: date) -> None:
    from auditor.registry import account_at, approve_account, request_account

    account = account_at(one["account"])
    request = request_account(
        store.registered_accounts(),
        account.key,
        url=account.url,
        handle=account.handle,
        owner=one["owner"],
        backup=one["backup"],
        purpose=one["purpose"],
        schools=tuple(one["schools"]),
        by=one["owner"],
        at=at,
        today=today,
    )
    store.add_registry_events([request])
    approval = approve_account(
        store.registered_accounts(),
        account.key,
        by=one["by"],
        at=at,
        today=today,
        review_on=one["review_on"],
        why=one["why"],
    )
    store.add_registry_events([approval])


def _acknowledge(store: Store, one: dict[str, Any], at: datetime) -> None:
    from auditor.decisions import Verdict
    from auditor.findings import finding_key
    from auditor.registry import account_at

    key = finding_key(one["rule"], tuple(account_at(one["account"]).key))
    store.record_verdict(key, Verdict.ACKNOWLEDGE, by=one["by"], why=one["why"], at=at)


def _open(settings: Settings) -> Store:
    from auditor.store import open_store

    return open_store(settings.store.url)


def _remove_demo(folder: Path) -> None:
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    for path in folder.glob(f"{STORE}*"):
        path.unlink()
    for name in (REPORTS, FIRST_REPORTS):
        if (folder / name).exists():
            shutil.rmtree(folder / name)
