"""Nothing from outside can move the cursor, change a title or start a line on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pyte
from hypothesis import given
from hypothesis import strategies as st

from auditor.terminal import clean

HOSTILE = Path(__file__).parent / "data" / "hostile"


def corpus() -> list[str]:
    naughty = json.loads((HOSTILE / "blns.json").read_text(encoding="utf-8"))
    payloads = (HOSTILE / "xss-payload-list.txt").read_text(encoding="utf-8").splitlines()
    controls = ["\x1b]0;owned\x07", "\x9b31mred", "a\rb", "a\nb", "\u202eexe.gpj", "\u2028line"]
    return [*naughty, *payloads, *controls]


def test_every_hostile_string_stays_on_its_line_and_is_only_text() -> None:
    screen = pyte.Screen(400, 3)
    stream = pyte.Stream(screen)
    for text in corpus():
        screen.reset()
        stream.feed(f"[{clean(text)[:150]}]")
        assert screen.title == ""
        assert screen.display[1].strip() == ""
        assert all(not cell.bold and cell.fg == "default" for cell in screen.buffer[0].values())


@given(st.text())
def test_clean_text_has_no_control_characters_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert clean(cleaned) == cleaned
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in cleaned)


def test_plain_text_and_accents_stay() -> None:
    assert clean("Zoë O'Dell 東京 👩‍🏫") == "Zoë O'Dell 東京 👩‍🏫"
