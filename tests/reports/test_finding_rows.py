"""A row of a school's page: every value of a finding stays text, in cells and in attributes."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from report_samples import district_report

from reports.finding_rows import finding_row
from reports.security import printable
from reports.views import EvidenceView, FindingView, view_findings

MARK = "\N{SNOWMAN}"
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), min_size=1).filter(
    lambda text: "\r" not in text and printable(text) == text
)
BREAKING = st.sampled_from(['"><script>alert(1)</script>', "'><img src=x>", "&quot;<b>", "</tr>"])


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def filled(text: str) -> FindingView:
    view = view_findings(district_report())[0]
    line = EvidenceView(text, text, text, text, text, True, text)
    texts = {
        name: text
        for name in FindingView.__struct_fields__
        if isinstance(getattr(view, name), str | None)
    }
    lists = {"in_schools": (text,), "in_states": (text,), "reasons": (text,), "doubts": (text,)}
    return msgspec.structs.replace(view, **texts, **lists, evidence=(line,))


@given(st.one_of(BREAKING, TEXTS))
def test_no_value_opens_a_tag_or_leaves_its_attribute(text: str) -> None:
    plain, hostile = (Tags(str(finding_row(filled(one)))) for one in (MARK, text))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    for (_, ours), (_, theirs) in zip(plain.tags, hostile.tags, strict=True):
        assert theirs == {name: text if value == MARK else value for name, value in ours.items()}
    assert hostile.text == plain.text.replace(MARK, text)


def test_what_is_not_known_takes_no_place() -> None:
    view = msgspec.structs.replace(
        filled("y"), subject=None, until=None, statement=None, url=None, evidence=(), doubts=()
    )
    row = finding_row(view)
    for title in ("Exempt until", "The employee's statement", "What was compared", "Account"):
        assert title not in row
    assert "Why this may be wrong" not in row
    assert "Why it is listed" in row
    assert "<dd></dd>" not in row
    assert "<ul>\n</ul>" not in row
