from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import reports

ASSETS = Path(reports.__file__).parent / "assets"
FILES = tomllib.loads((ASSETS / "vendor.toml").read_text("utf-8"))["file"]


def test_every_vendored_file_is_byte_for_byte_the_published_one() -> None:
    found = {
        f["path"]: hashlib.sha256((ASSETS / f["path"]).read_bytes()).hexdigest() for f in FILES
    }
    assert found == {f["path"]: f["sha256"] for f in FILES}


def test_every_file_is_listed_with_version_and_licence() -> None:
    assert {f["path"] for f in FILES} == {p.name for p in ASSETS.iterdir()} - {"vendor.toml"}
    for file in FILES:
        assert file["version"]
        assert file["licence"] == "MIT"
        assert "MIT License" in (ASSETS / file["licence_file"]).read_text("utf-8")
