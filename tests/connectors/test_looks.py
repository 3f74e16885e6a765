"""What was looked at by hand: days by platform, nothing else of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.profiles.file import NAMELESS
from connectors.profiles.looks import Looks
from connectors.profiles.tables import Batch
from tests.connectors.profile_lists import source_of, write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def looks(**columns: Sequence[object]) -> tuple[str, ...]:
    found = Looks()
    found.read(Batch(columns, len(next(iter(columns.values())))))
    return found.sentences()


def test_rows_are_counted_by_platform_with_their_days() -> None:
    told = looks(
        platform=["facebook", "Facebook", "tiktok"],
        looked_on=["2026-11-20", "2026-11-22", "2026-11-21"],
    )
    assert told == (
        "Looked at by hand: Facebook, 2 searches, from 2026-11-20 to 2026-11-22.",
        "Looked at by hand: TikTok, 1 search, on 2026-11-21.",
    )


def test_what_is_no_day_is_not_known() -> None:
    assert looks(platform=["facebook"] * 4, looked_on=["yes", "", None, "9999-99-99"]) == ()


def test_hostile_platforms_are_never_repeated() -> None:
    told = looks(platform=["<script>ida@marrowick.example", 7], looked_on=["2026-11-20"] * 2)
    assert told == ("Looked at by hand: other sites, 2 searches, on 2026-11-20.",)


def test_a_list_without_such_a_column_says_nothing() -> None:
    assert looks(url=["https://x.com/somebody"]) == ()


def test_a_row_that_found_nothing_is_no_row_without_an_account(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", "platform,looked_on,url", "facebook,2026-11-20,", "facebook,,"
    )
    harvest = source_of(path).fetch()
    assert harvest.dropped == {NAMELESS: 1}
    assert harvest.notes == ("Looked at by hand: Facebook, 1 search, on 2026-11-20.",)
