"""What a source is given to work with: checked options, resolved secrets, the way to the web."""

from __future__ import annotations

import hashlib
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from auditor.errors import SettingsError
from auditor.secrets import Secret, hide, pieces_of, secret_of
from connectors import check_options, connector_type, redaction
from connectors.errors import ConnectorError, NotConfigured
from connectors.source import Access, Questions, WebOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from auditor.settings import Settings, SourceSettings
    from connectors.source import Purse, Source

log = logging.getLogger(__name__)

KEPT_ELSEWHERE = "kept elsewhere"
NOTHING = Questions()


@dataclass(frozen=True, slots=True)
class Granted:
    """A source's access; ``hide`` blanks its secrets in whatever the source says."""

    access: Access
    hide: Callable[[str], str]


def check_source(settings: Settings, source: SourceSettings) -> type[Source]:
    """Return the connector's class; SettingsError when it or a setting is wrong.

    A secret's reference is checked for its shape only: whether it can be read is the night's
    business, and costs that source alone.
    """
    try:
        kind = connector_type(source.name, source.connector)
        check_options(source.name, kind, _without_secrets(source, kind, KEPT_ELSEWHERE))
    except NotConfigured as error:
        end = "" if error.advice.endswith("?") else "."
        raise SettingsError(
            f"{settings.path}: sources.{source.name}: {error.problem}. {error.advice}{end}"
        ) from None
    return kind


def grant_access(
    settings: Settings,
    source: SourceSettings,
    now: datetime,
    bookmark: bytes | None = None,
    questions: Questions | None = None,
    purse: Purse | None = None,
) -> Granted:
    """Read the source's secrets and return its access; NotConfigured names what is not there.

    A source that is not asked anything is told the district's web sites all the same.
    """
    kind = connector_type(source.name, source.connector)
    options = _with_student_domains(settings, source, kind)
    pieces: list[str] = []
    for name in _secret_names(kind) & set(options):
        try:
            options[name] = secret_of(options[name]).read(settings.folder)
        except SettingsError as error:
            what, _, advice = str(error).partition("; ")
            raise NotConfigured(
                source.name, f'the setting "{name}": {what}', _sentence(advice)
            ) from None
        pieces += pieces_of(options[name])
    redaction.install(pieces)
    access = Access(
        source=source.name,
        options=options,
        folder=settings.folder,
        domains=settings.domains,
        now=now.astimezone(settings.zone),
        web=web_options(settings),
        bookmark=bookmark,
        questions=questions or Questions(websites=settings.district.websites),
        purse=purse,
    )
    return Granted(access, lambda text: hide(text, pieces))


def web_options(settings: Settings) -> WebOptions:
    """Return ``[web]`` as connectors take it; SettingsError when the proxy's secret is missing."""
    web = settings.web
    proxy = web.proxy
    if isinstance(proxy, Secret):
        try:
            proxy = proxy.read(settings.folder)
        except SettingsError as error:
            raise SettingsError(f"{settings.path}: web.proxy: {error}") from None
    ca_file = (settings.folder / web.ca_file).absolute() if web.ca_file else None
    if ca_file is not None and not ca_file.is_file():
        raise SettingsError(
            f"{settings.path}: web.ca_file: there is no file {ca_file}; name a PEM file."
        )
    return WebOptions(
        contact=web.contact or settings.district.contact,
        ca_file=ca_file,
        proxy=proxy,
        cache=settings.cache_folder,
        internal_hosts=frozenset(host.lower() for host in web.internal_hosts),
    )


def digest_of(settings: Settings, source: SourceSettings) -> str:
    """Hash what a source's bookmark depends on: connector, options without secrets, domains."""
    kind = connector_type(source.name, source.connector)
    options = _with_student_domains(settings, source, kind)
    for name in _secret_names(kind):
        options.pop(name, None)
    facts = (source.connector, options, settings.domains)
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()


def _secret_names(kind: type[Source]) -> set[str]:
    return {setting.name for setting in kind.settings if setting.secret}


def _with_student_domains(
    settings: Settings, source: SourceSettings, kind: type[Source]
) -> dict[str, Any]:
    options = dict(source.options)
    if any(setting.name == "student_domains" for setting in kind.settings):
        options["student_domains"] = list(settings.student_domains)
    return options


def _without_secrets(source: SourceSettings, kind: type[Source], instead: str) -> dict[str, Any]:
    """Return the options with each secret's reference, once checked, replaced by a text."""
    options = dict(source.options)
    for name in _secret_names(kind) & set(options):
        try:
            secret_of(options[name])
        except SettingsError as error:
            what, _, advice = str(error).partition("; ")
            raise NotConfigured(
                source.name, f'the setting "{name}": {what}', _sentence(advice)
            ) from None
        options[name] = instead
    return options


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text else "Mend it in audit.toml"


@contextmanager
def surprises_told(part: str, name: str) -> Iterator[None]:
    """Turn an error that the code of ``part`` did not foresee into a ConnectorError with advice.

    A mistake in one source must stop neither the others nor the night.
    """
    try:
        yield
    except ConnectorError:
        raise
    except Exception as error:
        log.debug("%s failed", part, exc_info=True)
        problem = f"an unexpected {type(error).__name__}"
        raise ConnectorError(name, problem, "Run again with --debug and report it") from error
