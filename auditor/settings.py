"""audit.toml as validated settings; secrets by reference, paths relative to the file."""

from __future__ import annotations

import hashlib
import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from auditor.errors import SettingsError
from auditor.secrets import SHAPE, Secret, cause_of
from auditor.settings_words import in_words, refuse_unknown_keys

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Address = Annotated[str, Meta(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$", max_length=254)]
Domain = Annotated[
    str,
    Meta(pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,10}[A-Za-z]{2,63}$"),
]
Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:\[\]-]{1,253}$")]
Mode = Literal["forbid", "forbid_unless_registered", "require"]
Watched = Literal["owner", "handle", "name", "bio", "website", "verified", "standing"]
WATCHED: tuple[Watched, ...] = get_args(Watched)
LARGEST_FILE = 1_000_000
SQLITE = "sqlite:///"


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of audit.toml; unknown keys are errors."""


class DistrictSettings(Section, frozen=True):
    """Who is audited.  ``nces_id`` (7 digits) fills schools, town and state from the gazetteer."""

    name: Text
    email_domains: Annotated[tuple[Domain, ...], Meta(min_length=1)]
    nces_id: Annotated[str, Meta(pattern=r"^\d{7}$")] | None = None
    state: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    city: Text | None = None
    county: Text | None = None
    aliases: tuple[Text, ...] = ()
    mascots: tuple[Text, ...] = ()
    student_domains: tuple[Domain, ...] = ()
    websites: tuple[Text, ...] = ()
    policy: Text = "Board policy on staff use of social media"
    responsible: Text = "Technology Coordinator"
    contact: Text | None = None
    time_zone: Text = "America/Chicago"


class SchoolSettings(Section, frozen=True):
    """A school: overrides the gazetteer's of the same name, or adds one."""

    code: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
    name: Text
    town: Text | None = None
    aliases: tuple[Text, ...] = ()
    mascots: tuple[Text, ...] = ()
    members: tuple[Text, ...] = ()


class StoreSettings(Section, frozen=True):
    """Where findings live: an SQLAlchemy URL (SQLite or PostgreSQL)."""

    url: Text = "sqlite:///audit.sqlite"


class GroupMode(Section, frozen=True):
    """Item 10's direction for some staff: patterns of groups, org units or school codes."""

    members: Annotated[tuple[Text, ...], Meta(min_length=1)]
    mode: Mode


class AddressRule(Section, frozen=True):
    """Settings of district-address-in-use."""

    enabled: bool = True
    mode: Mode = "forbid"
    groups: tuple[GroupMode, ...] = ()
    unknown_addresses: Literal["count", "list"] = "count"


class BrandRule(Section, frozen=True):
    """Settings of unregistered-branded-account."""

    enabled: bool = True
    report: Literal["possible", "confident"] = "possible"


class ReviewRule(Section, frozen=True):
    """Settings of registration-review-due: told this many days ahead."""

    enabled: bool = True
    days_ahead: Annotated[int, Meta(ge=0, le=365)] = 30


class ChangedRule(Section, frozen=True):
    """Settings of registered-account-changed: what of an approved account is watched."""

    enabled: bool = True
    watch: tuple[Watched, ...] = WATCHED


class MissingRule(Section, frozen=True):
    """Settings of registered-account-missing: told after so many nights in a row."""

    enabled: bool = True
    nights: Annotated[int, Meta(ge=2, le=60)] = 2


class PlainRule(Section, frozen=True):
    """Settings of a rule that can only be switched off."""

    enabled: bool = True


class RulesSettings(Section, frozen=True, rename="kebab"):
    """One table a rule, named by the rule's id."""

    district_address_in_use: AddressRule = AddressRule()
    impersonation_suspected: PlainRule = PlainRule()
    unregistered_branded_account: BrandRule = BrandRule()
    registration_review_due: ReviewRule = ReviewRule()
    registered_owner_left: PlainRule = PlainRule()
    registered_account_changed: ChangedRule = ChangedRule()
    registered_account_missing: MissingRule = MissingRule()
    retired_platform_link: PlainRule = PlainRule()

    def options(self, rule: str) -> Any:
        """Return the settings of a rule by its id."""
        return getattr(self, rule.replace("-", "_"))


class ReportsSettings(Section, frozen=True):
    """Where reports go and in which formats; ``link`` is the address people open them at."""

    folder: Text = "reports"
    formats: tuple[Literal["html", "csv", "json"], ...] = ("html", "csv", "json")
    link: Text | None = None
    keep_days: Annotated[int, Meta(ge=1, le=36500)] | None = None


class SmtpSettings(Section, frozen=True):
    """How to reach the mail server; ``security`` none is allowed on loopback only."""

    host: Text = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password: Secret | None = None
    ca_file: Text | None = None


class SummarySettings(Section, frozen=True):
    """The weekly summary: who gets it, from whom, and by which channel."""

    channel: Literal["smtp", "folder"]
    to: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=200)]
    sender: Address
    reply_to: Address | None = None
    folder: Text = "outbox"
    smtp: SmtpSettings = SmtpSettings()


class RunSettings(Section, frozen=True):
    """How a night behaves: under this share of its last complete count a source has shrunk."""

    shrink_below: Annotated[float, Meta(ge=0, le=1)] = 0.7


class WebSettings(Section, frozen=True):
    """How sources reach the web; nothing of it is ever taken from the environment.

    ``contact`` ends the User-Agent (district.contact by default); ``cache`` is a folder, beside
    the store by default, and "" keeps nothing; ``internal_hosts`` may be at private addresses.
    """

    contact: Text | None = None
    ca_file: Text | None = None
    proxy: Text | Secret | None = None
    internal_hosts: tuple[Host, ...] = ()
    cache: Annotated[str, Meta(max_length=500)] | None = None


class SourceSettings(Section, frozen=True):
    """One source: its name in reports, its connector and that connector's own settings."""

    name: str
    connector: str
    options: dict[str, Any]


class Settings(Section, frozen=True):
    """Everything audit.toml says; ``sources`` as read, see ``source_list``."""

    district: DistrictSettings
    schools: tuple[SchoolSettings, ...] = ()
    store: StoreSettings = StoreSettings()
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: RulesSettings = RulesSettings()
    reports: ReportsSettings = ReportsSettings()
    summary: SummarySettings | None = None
    run: RunSettings = RunSettings()
    web: WebSettings = WebSettings()
    path: Path = Path("audit.toml")
    digest: str = ""

    @property
    def folder(self) -> Path:
        """The folder relative paths start from: that of audit.toml."""
        return self.path.parent

    @property
    def domains(self) -> tuple[str, ...]:
        """The audited e-mail domains, lower case."""
        return tuple(domain.lower() for domain in self.district.email_domains)

    @property
    def student_domains(self) -> tuple[str, ...]:
        """Domains of students' mailboxes, lower case: the district's and every source's own."""
        named = [*self.district.student_domains]
        for source in self.source_list:
            named += source.options.get("student_domains") or []
        return tuple(dict.fromkeys(str(one).strip().lower().lstrip("@.") for one in named))

    @property
    def websites(self) -> tuple[str, ...]:
        """The district's own web sites, as given: the district's and every source's own."""
        named = [*self.district.websites]
        for source in self.source_list:
            named += source.options.get("websites") or []
        return tuple(dict.fromkeys(map(str, named)))

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The district's time zone."""
        return zoneinfo.ZoneInfo(self.district.time_zone)

    @property
    def reports_folder(self) -> Path:
        """The absolute folder of the reports."""
        return (self.folder / self.reports.folder).absolute()

    @property
    def cache_folder(self) -> Path | None:
        """The absolute folder of answers kept from the web, None to keep none."""
        if self.web.cache is not None:
            return (self.folder / self.web.cache).absolute() if self.web.cache else None
        is_file = self.store.url.startswith(SQLITE)
        beside = Path(self.store.url.removeprefix(SQLITE)).parent if is_file else self.folder
        return (beside / "web-cache").absolute()

    @property
    def source_list(self) -> tuple[SourceSettings, ...]:
        """The sources in the file's order, each with its connector's own settings."""
        return tuple(
            SourceSettings(
                name=name,
                connector=block["connector"],
                options={key: value for key, value in block.items() if key != "connector"},
            )
            for name, block in self.sources.items()
        )


def load_settings(path: Path) -> Settings:
    """Read and check audit.toml; SettingsError with one sentence naming the key that is wrong."""
    raw = _read(path)
    try:
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None
    for inner in ("path", "digest"):
        if inner in data:
            raise SettingsError(f'{path}: unknown setting "{inner}"; remove it.')
    refuse_unknown_keys(Settings, data, "", path)
    try:
        settings = msgspec.convert(data, Settings, strict=True)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {in_words(str(error), Settings)}.") from None
    _check(settings, path)
    return msgspec.structs.replace(
        settings,
        path=path.absolute(),
        digest=hashlib.sha256(raw).hexdigest()[:12],
        store=StoreSettings(url=_absolute_url(settings.store.url, path.absolute().parent)),
    )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SettingsError(f"{path} is larger than 1 MB; it is not an audit.toml.")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({cause_of(error)}); "
            "write one with `audit init`, or name it with -c."
        ) from None


def _check(settings: Settings, path: Path) -> None:
    try:
        zoneinfo.ZoneInfo(settings.district.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f'{path}: district.time_zone "{settings.district.time_zone}" is not a time zone; '
            'use one such as "America/Chicago".'
        ) from None
    codes = [school.code.casefold() for school in settings.schools]
    for code in codes:
        if codes.count(code) > 1:
            raise SettingsError(f'{path}: two schools have the code "{code}"; codes are unique.')
    _check_proxy(settings.web.proxy, path)
    for name, block in settings.sources.items():
        if not isinstance(block.get("connector"), str):
            raise SettingsError(f'{path}: sources.{name} needs a "connector".')


def _check_proxy(proxy: str | Secret | None, path: Path) -> None:
    try:
        if isinstance(proxy, Secret):
            proxy.check()
        elif proxy is not None:
            parsed = urlsplit(proxy)
            if parsed.scheme not in {"http", "https"} or not parsed.hostname:
                raise SettingsError("it is no http(s) address such as http://proxy.example:3128.")
            if parsed.username or parsed.password:
                raise SettingsError(f"a secret is never written here; use {SHAPE}.")
    except (SettingsError, ValueError) as error:
        what = error if isinstance(error, SettingsError) else "it is no address."
        raise SettingsError(f"{path}: web.proxy: {what}") from None


def _absolute_url(url: str, folder: Path) -> str:
    """Make the path of an SQLite URL absolute from the settings' folder."""
    if url == SQLITE + ":memory:":
        raise SettingsError("store.url: findings must live from night to night; name a file.")
    if not url.startswith(SQLITE):
        if not url.startswith("postgresql"):
            raise SettingsError(
                'store.url: expected "sqlite:///FILE" or "postgresql+psycopg://...".'
            )
        return url
    return SQLITE + str((folder / url.removeprefix(SQLITE)).absolute())
