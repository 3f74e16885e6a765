from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from report_samples import district_report, school_report

from reports import exports, html
from reports.files import sweep_remains, write_private

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_and_new_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "2026" / "index.html"
    write_private(path, b"x")
    assert mode(path) == 0o600
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_private(tmp_path / "a", b"x")
    assert mode(tmp_path) == 0o755


def test_an_older_file_is_replaced_and_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600


def test_nothing_is_left_when_the_file_cannot_be_put_in_place(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").write_bytes(b"x")
    with pytest.raises(OSError, match="taken"):
        write_private(tmp_path / "taken", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_a_reader_of_the_old_file_keeps_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_private(path, b"new")
        assert reader.read() == b"old"


@pytest.mark.parametrize(
    "write",
    [
        html.write_district,
        html.write_registry,
        html.write_coverage,
        exports.write_csv,
        exports.write_json,
        exports.write_coverage_csv,
        exports.write_coverage_json,
    ],
)
def test_every_report_of_the_district_is_private(write: object, tmp_path: Path) -> None:
    path = tmp_path / "new" / "report"
    write(district_report(), path)  # type: ignore[operator]
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_a_schools_page_is_private(tmp_path: Path) -> None:
    html.write_school(school_report(), tmp_path / "new" / "HLH.html")
    assert mode(tmp_path / "new" / "HLH.html") == 0o600


def test_an_error_names_the_file_that_was_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_a_full_disk(**_: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), str(tmp_path / "temporary")

    monkeypatch.setattr("tempfile.mkstemp", on_a_full_disk)
    with pytest.raises(OSError, match="No space left") as caught:
        write_private(tmp_path / "index.html", b"x")
    assert caught.value.filename == str(tmp_path / "index.html")


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".index.html.ab12.new").write_bytes(b"half")
    (tmp_path / "index.html").write_bytes(b"whole")
    sweep_remains(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["index.html"]
