from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.archives import Limits, open_archive, open_members
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.inputs import (
    ConvertingStream,
    explain,
    find_input,
    note_age,
    open_input,
    show,
    show_some,
)
from tests.builders import NOW, an_access
from tests.connectors.rosters import a_folder, a_zip

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1_000_000


def read(path: Path, name: str, limits: Limits | None = None) -> bytes:
    with open_archive(path, "tested", limits) as archive, archive.open(name) as stream:
        return stream.read()


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(UnexpectedAnswer) as caught, open_archive(path, "tested", limits):
        pass
    return str(caught.value)


def test_names_without_the_folder_around_them_in_any_case(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"Users.CSV": "x", "orgs.csv": "y"}, top="Export 2031/")
    with open_archive(path, "tested") as archive:
        assert archive.names == ("Users.CSV", "orgs.csv")
    assert read(path, "users.csv") == b"x"


def test_windows_separators_and_macos_litter_are_understood(tmp_path: Path) -> None:
    files = {"Export\\users.csv": "x", "__MACOSX/Export/._users.csv": "?", "Export/.DS_Store": "?"}
    path = a_zip(tmp_path / "a.zip", files)
    with open_archive(path, "tested") as archive:
        assert archive.names == ("users.csv",)


def test_two_folders_are_not_flattened(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"a/users.csv": "x", "b/users.csv": "y"})
    with open_archive(path, "tested") as archive:
        assert archive.names == ("a/users.csv", "b/users.csv")


def test_streamed_zips_with_data_descriptors_are_read(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", "a" * 1000)
        archive.writestr("orgs.csv", "b" * 1000)
    path = tmp_path / "a.zip"
    path.write_bytes(pipe.data)
    assert read(path, "orgs.csv") == b"b" * 1000


def test_a_small_repetitive_table_is_no_bomb(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "same,line\n" * 100_000})
    assert len(read(path, "users.csv")) == MEGABYTE


def test_bomb_of_a_large_ratio_is_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": b"\0" * 11 * MEGABYTE})
    assert path.stat().st_size < 20_000
    assert "unpacks to more than 200 times its size" in refusal(path)


def test_bomb_of_bombs_is_not_unpacked(tmp_path: Path) -> None:
    content: bytes = b"\0" * 100_000
    name = "users.csv"
    for depth in range(6):
        inner = tmp_path / f"{depth}.zip"
        a_zip(inner, {f"{n}-{name}": content for n in range(16)})
        content, name = inner.read_bytes(), "lib.zip"
    with open_archive(inner, "tested") as archive:
        assert len(archive.names) == 16
        with archive.open(archive.names[0]) as stream:
            assert stream.read(2) == b"PK"


def test_overlapping_entries_are_refused(tmp_path: Path) -> None:
    """Fifield's full overlap: many names in the directory for one stretch of data."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", b"\0" * MEGABYTE)
        first = archive.infolist()[0]
        for number in range(30):
            twin = zipfile.ZipInfo(f"part{number}.csv")
            for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(twin, field, getattr(first, field))
            archive.filelist.append(twin)
    path = tmp_path / "a.zip"
    path.write_bytes(data.getvalue())
    assert "built to mislead" in refusal(path)


def test_caps_of_sizes_and_number(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {f"{n}.csv": "x" * MEGABYTE for n in range(3)})
    assert "more than 2 files" in refusal(path, Limits(files=2))
    assert "a file of more than 0 MB" in refusal(path, Limits(member=999_999))
    assert "more than 2 MB unpacked" in refusal(path, Limits(total=2 * MEGABYTE))


def test_declared_size_that_lies_is_not_followed(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "x" * 5000})
    data = path.read_bytes()
    size = struct.pack("<I", 5000)
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, struct.pack("<I", 100)))
    with pytest.raises(UnexpectedAnswer, match="damaged"):
        read(path, "users.csv")


def test_wrong_checksum_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.csv", "sourcedId,email")
    path.write_bytes(path.read_bytes().replace(b"sourcedId,email", b"sourcedId,eMail"))
    with pytest.raises(UnexpectedAnswer, match=r"'users\.csv' in 'a\.zip' is damaged"):
        read(path, "users.csv")


def test_password_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "is protected by a password" in refusal(path)


@pytest.mark.parametrize(
    "name",
    ["../users.csv", "a/../../users.csv", "/etc/users.csv", "..\\users.csv", "C:\\users.csv"],
)
def test_names_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    path = a_zip(tmp_path / "a.zip", {name: "x"})
    assert "points outside the archive" in refusal(path)


def test_symbolic_links_are_refused(tmp_path: Path) -> None:
    path, link = tmp_path / "a.zip", zipfile.ZipInfo("users.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "symbolic link" in refusal(path)


def test_other_compression_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("users.csv", "x" * 100)
    assert "compression method" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_repeated_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.csv", "one")
        archive.writestr("users.csv", "two")
    assert "more than one file named users.csv" in refusal(path)
    assert "more than one file named" in refusal(
        a_zip(tmp_path / "b.zip", {"users.csv": "1", "Users.csv": "2"})
    )


def test_cut_short_empty_and_foreign_files(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "x" * 100_000})
    path.write_bytes(path.read_bytes()[:-30])
    assert "cut short" in refusal(path)
    path.write_bytes(b"sourcedId,email\n")
    assert "is not a readable zip" in refusal(path)
    path.write_bytes(b"")
    assert "is empty" in refusal(path)


def test_an_entry_without_a_name_is_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "x"})
    path.write_bytes(path.read_bytes().replace(b"users.csv", b"\0sers.csv"))
    assert "without a name" in refusal(path)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(position=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 40))
def test_any_damage_is_a_connector_error_or_none(
    tmp_path: Path, position: int, value: int, cut: int
) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "sourcedId\n" * 40, "orgs.csv": "x" * 50})
    data = bytearray(path.read_bytes())
    data[position % len(data)] = value
    path.write_bytes(data[: len(data) - (cut if cut > 20 else 0)])
    with suppress(ConnectorError), open_archive(path, "tested") as archive:
        for name in archive.names:
            with archive.open(name) as stream:
                stream.read()


def test_folder_reads_like_an_archive(tmp_path: Path) -> None:
    path = a_folder(tmp_path / "export", {"Users.csv": "x"})
    (path / "deeper").mkdir()
    with open_members(path, "tested") as members:
        assert members.names == ("Users.csv",)
        with members.open("users.csv") as stream:
            assert stream.read() == b"x"


def test_folder_with_names_that_differ_only_in_case(tmp_path: Path) -> None:
    path = a_folder(tmp_path / "export", {"Users.csv": "x", "users.csv": "y"})
    with pytest.raises(UnexpectedAnswer, match="more than one"), open_members(path, "tested"):
        pass


def test_file_system_errors_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_zip(tmp_path / "a.zip", {"users.csv": "x"})

    def refuse(*_: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(AccessRefused, match="permission to read it"), open_archive(path, "tested"):
        pass
    with pytest.raises(AccessRefused, match="permission to read it"):
        open_input(path, "tested")


@pytest.mark.parametrize("path", ["", None, "a\0b"])
def test_a_setting_that_names_nothing(tmp_path: Path, path: str | None) -> None:
    with pytest.raises(NotConfigured, match="'path' names no file"):
        find_input(an_access({"path": path}, folder=tmp_path))


def test_a_share_that_breaks_off_while_reading(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "input/output error")

    stream = ConvertingStream(Broken(), OSError, lambda error: explain(error, "tested", "a.csv"))
    with pytest.raises(SourceUnavailable, match="the next run tries again"):
        io.BufferedReader(stream).read()


def test_too_large_files_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as stream:
        stream.truncate(500_000_001)
    with pytest.raises(UnexpectedAnswer, match="larger than 500 MB"):
        open_input(path, "tested")
    with pytest.raises(UnexpectedAnswer, match="larger than 500 MB"), open_archive(path, "tested"):
        pass


def test_missing_input_is_told_by_its_name(tmp_path: Path) -> None:
    access = an_access({"path": "not-there.zip"}, folder=tmp_path)
    with pytest.raises(SourceUnavailable, match=r"'not-there\.zip' is not there"):
        find_input(access)


def test_note_of_an_old_file(tmp_path: Path) -> None:
    import os

    path = tmp_path / "a.csv"
    path.write_text("x")
    os.utime(path, (NOW.timestamp() - 40 * 86400,) * 2)
    assert note_age([path], NOW) == (
        "The file was last changed 40 days ago; people may have come or left since.",
    )
    os.utime(path, (NOW.timestamp() - 3 * 86400,) * 2)
    assert note_age([path], NOW) == ()


def test_names_from_outside_are_made_fit_for_a_sentence() -> None:
    assert show("a\x1b[31m\u202eb") == "a\ufffd[31m\ufffdb"
    assert len(show("x" * 500)) == 40
    assert "@" not in show("ida@maplefalls.example")
    assert show_some(str(n) for n in range(12)).endswith("9 and 2 more")
    assert show_some([]) == "nothing"
