from __future__ import annotations

import json
from dataclasses import replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import district_report, finding, many_findings

from reports.packing import pack_findings
from reports.security import printable
from reports.views import view_findings

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def unpack(packed: str) -> list[dict[str, object]]:
    document = json.loads(packed)

    def value(v: object) -> object:
        if isinstance(v, list):
            return [value(inner) for inner in v]
        return document["texts"][v] if type(v) is int else v

    rows = []
    for row in document["findings"]:
        named = dict(zip(document["fields"], map(value, row), strict=True))
        lines = named["evidence"]
        named["evidence"] = [dict(zip(document["evidence"], e, strict=True)) for e in lines]
        rows.append(named)
    return rows


def plain(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def test_every_value_comes_back() -> None:
    views = view_findings(district_report())
    assert unpack(pack_findings(views)) == [plain(msgspec.to_builtins(view)) for view in views]


@given(ANY_TEXT, ANY_TEXT)
@settings(max_examples=100)
def test_any_text_comes_back_and_cannot_end_the_block(one: str, other: str) -> None:
    lines = (
        finding(1, summary=one, statement=one, reasons=(one, other)),
        finding(2, summary=other),
    )
    views = view_findings(replace(district_report(), findings=lines))
    packed = pack_findings(views)
    assert not set("<>&\u2028\u2029") & set(packed)
    assert unpack(packed) == [plain(msgspec.to_builtins(view)) for view in views]


def test_a_repeated_text_is_written_once() -> None:
    packed = pack_findings(view_findings(many_findings(50)))
    assert packed.count("Anyone can write an address into a profile") == 1
