"""Secrets kept in files, as editors of several systems write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.secrets import Secret

if TYPE_CHECKING:
    from pathlib import Path


def test_the_mark_windows_editors_put_before_utf8_is_no_part_of_a_secret(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_bytes(b"\xef\xbb\xbfsesame-open\r\n")
    assert Secret(file="key.txt").read(tmp_path) == "sesame-open"
