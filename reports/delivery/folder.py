"""Delivery into a folder: one .eml file a message, for those who send by other means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from reports.delivery import DeliveryFailed, Fate, Receipt
from reports.files import write_private

if TYPE_CHECKING:
    from email.message import EmailMessage


class FolderChannel:
    """Writes messages as files (mode 0600) named by their Message-ID; the folder is made."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def deliver(self, message: EmailMessage) -> Receipt:
        """Write the message; the same message again replaces its file."""
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", message["Message-ID"].strip("<>")).strip(".")
        path = self.folder / f"{name[:120]}.eml"
        try:
            write_private(path, message.as_bytes())
        except OSError as error:
            raise DeliveryFailed(
                Fate.NOT_SENT,
                f"The folder {self.folder} cannot be written ({error.strerror}); "
                "give the account that runs the audit the right to write there.",
            ) from None
        return Receipt(f"Written as {path.name}")
