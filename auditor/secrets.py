"""Secrets by reference: where one is kept, its text when needed, and out of every sentence."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from auditor.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[redacted]"
SHAPE = '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'
SHORTEST = 6
LARGEST = 1_000_000
_TELLING = re.compile(r"key|secret|token|passw|assertion", re.IGNORECASE)


class Secret(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a secret is kept: one of environment variable, file and systemd credential."""

    env: str | None = None
    file: str | None = None
    credential: str | None = None

    def check(self) -> None:
        """Raise SettingsError unless exactly one place is named."""
        if sum(map(bool, (self.env, self.file, self.credential))) != 1:
            raise SettingsError(
                "A secret names exactly one of env, file or credential; mend it in audit.toml."
            )

    def read(self, folder: Path) -> str:
        """Return the secret without its final newline; SettingsError when it is not there."""
        self.check()
        value = os.environ.get(self.env) if self.env else self._read_file(folder)
        if not value:
            place = f"environment variable {self.env}" if self.env else "secret's file"
            raise SettingsError(
                f"The {place} is empty or not set; set it for the account that runs the audit."
            )
        return value

    def _read_file(self, folder: Path) -> str:
        if self.file:
            path = folder / self.file
        else:
            path = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / str(self.credential)
            if not os.environ.get("CREDENTIALS_DIRECTORY"):
                raise SettingsError(
                    f"The credential {self.credential} is only there under systemd "
                    "(LoadCredential=); use env or file elsewhere."
                )
        try:
            if path.stat().st_size > LARGEST:
                raise SettingsError(f"The secret file {path.name} is larger than 1 MB; check it.")
            return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"The secret file {path.name} cannot be read ({cause_of(error)}); "
                "check that it exists and belongs to the account that runs the audit."
            ) from None


def secret_of(value: object) -> Secret:
    """Return the reference that a setting holds; SettingsError, without the value, for a text."""
    if not isinstance(value, dict):
        raise SettingsError(f"a secret is never written in audit.toml; use {SHAPE}")
    try:
        secret = msgspec.convert(value, Secret)
        secret.check()
    except (msgspec.ValidationError, SettingsError):
        raise SettingsError(f"a secret is exactly one of {SHAPE}") from None
    return secret


def pieces_of(secret: str) -> tuple[str, ...]:
    """Return every text that would give a secret away, longest first.

    The secret itself, its lines, its base64 form and, of a JSON document such as a service
    account's key, the values whose names tell that they are secret.
    """
    texts = {secret, secret.strip(), base64.b64encode(secret.encode()).decode()}
    try:
        document: Any = json.loads(secret)
    except (ValueError, RecursionError):
        texts |= {line.strip() for line in secret.splitlines()}
    else:
        values = document.items() if isinstance(document, dict) else ()
        for name, value in values:
            if isinstance(value, str) and _TELLING.search(name):
                texts |= {value, json.dumps(value)[1:-1], *value.splitlines()}
    marks = {text for text in texts if len(text) >= SHORTEST and not text.startswith("-----")}
    return tuple(sorted(marks, key=lambda text: (-len(text), text)))


def hide(text: str, pieces: Iterable[str]) -> str:
    """Return a text with every piece of a secret blanked."""
    for piece in pieces:
        text = text.replace(piece, HIDDEN)
    return text


def cause_of(error: OSError | ValueError) -> str:
    """Say in a few words why a file could not be read."""
    return (error.strerror or "unreadable") if isinstance(error, OSError) else "not UTF-8"
