"""Ready searches for people to click: an HTML page, and a CSV list to note down what was found.

The list has the columns that a source of profiles reads (platform, url, looked_on) beside those
that only help to fill it in.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reports.exports import guard_cell
from reports.files import write_private
from reports.html import render_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from reports.model import LookSheet

COLUMNS = ("platform", "school", "looked_on", "url", "display_name", "search_link")


def write_page(sheet: LookSheet, path: Path) -> None:
    """Write the page of links.  Raises ``OSError`` when ``path`` cannot be written."""
    write_private(path, render_sheet(sheet).encode())


def write_list(sheet: LookSheet, path: Path) -> None:
    """Write the list to fill in, a row for each institution and platform.  Raises ``OSError``."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for group in sheet.groups:
        for line in group.lines:
            link = line.links[0].url if line.links else ""
            cells = (line.platform, group.title, "", "", "", link)
            writer.writerow([guard_cell(cell) for cell in cells])
    write_private(path, text.getvalue().encode("utf-8-sig"))
