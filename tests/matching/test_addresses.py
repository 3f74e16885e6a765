"""Addresses of the audited domains in every disguise, and what must not be taken for one."""

from __future__ import annotations

import hashlib
import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.matching.addresses import AddressFinder, HashedDirectory, address_hashes
from auditor.matching.mailboxes import DETERMINERS, PROSE
from auditor.matching.unmasking import unmask
from connectors.records import Profile

ADDRESS = "jane.doe@maple.example"
FINDER = AddressFinder(["maple.example", "elmsd.k12.wi.us"])


def addresses(text: str) -> list[str]:
    return [hit.address for hit in FINDER.find(text)]


def profile(**values: object) -> Profile:
    basics = {"source": "found", "platform": "x", "url": "https://x.example/jdoe"}
    return Profile(**{**basics, **values})  # type: ignore[arg-type]


DISGUISES = {
    "jane.doe@maple.example": "plain",
    "JANE.DOE@MAPLE.EXAMPLE": "plain",
    "jane.doe@maple.example.": "plain",
    "mailto:jane.doe@maple.example": "plain",
    "mailto://jane.doe@maple.example": "plain",
    "jane.doe at maple.example": "the word at",
    "jane.doe at maple dot example": "the word at, the word dot",
    "jane dot doe at maple dot example": "the word at, the word dot",
    "Jane.Doe AT maple DOT example": "the word at, the word dot",
    "jane.doeATmapleDOTexample": "AT and DOT run together",
    "jane.doe[at]maple[dot]example": "[at], [dot]",
    "jane[dot]doe [at] maple [dot] example": "[at], [dot]",
    "jane.doe(at)maple.example": "(at)",
    "jane.doe (@) maple (.) example": "(@), (.)",
    "jane.doe {at} maple {dot} example": "{at}, {dot}",
    "jane.doe <at> maple <dot> example": "<at>, <dot>",
    "jane-dot-doe-at-maple-dot-example": "-at-, -dot-",
    "jane.doe_at_maple_dot_example": "_at_, _dot_",
    "jane.doe @ maple.example": "spaces around @",
    "jane . doe @ maple . example": "spaces around @, spaces around dots",
    "jane.doe@\nmaple.example": "line split",
    "jane.doe@maple.\nexample": "spaces around dots",
    "j a n e . d o e @ m a p l e . e x a m p l e": "letters spaced out",
    "jane.doe&#64;maple.example": "HTML entities",
    "jane.doe&#x40;maple&#46;example": "HTML entities",
    "jane.doe&commat;maple&period;example": "HTML entities",
    "jane.doe&amp;#64;maple.example": "HTML entities",
    "jane.doe &lt;at&gt; maple.example": "<at>, HTML entities",
    "jane.doe%40maple.example": "percent-encoding",
    "j%2561ne.doe%2540maple%252Eexample": "percent-encoding",
    "jane.doe&#37;40maple.example": "HTML entities, percent-encoding",
    "jane.doe\\u0040maple.example": "escape sequences",
    "jane.doe\uff20maple.example": "full-width characters",
    "\U0001d5f7ane.doe@\U0001d5fa\U0001d5ee\U0001d5fdle.example": "styled letters",
    "jane.doe\u200b@\u200bmaple.example": "invisible characters",
    "ja\u00adne.doe@map\u2060le.example": "invisible characters",
    "jane.doe@m\u0430ple.example": "look-alike letters",
    "jane.doe@NOSPAM.maple.example": "NOSPAM insertion",
    "jane.doeREMOVETHIS@maple.example": "NOSPAM insertion",
    "jane.doe@mapleNOSPAM.example": "NOSPAM insertion",
    "jane.doe@remove-me.maple.example": "NOSPAM insertion",
    "<p>jane.doe@<b>maple</b>.example</p>": "HTML tags",
    '<a href="mailto:jane.doe@maple.example">Jane</a>': "plain",
}


@pytest.mark.parametrize(("text", "disguise"), DISGUISES.items())
@pytest.mark.parametrize("around", ["{}", "Coach, dad. {} Go Maples!", "Mail: {}\n#edchat"])
def test_every_disguise_is_undone_and_named(text: str, disguise: str, around: str) -> None:
    (hit,) = FINDER.find(around.format(text))
    assert (hit.address, hit.domain) == (ADDRESS, "maple.example")
    assert set(disguise.split(", ")) == set(hit.disguise.split(", "))


@pytest.mark.parametrize(
    "text",
    [
        "jane@mymaple.example",
        "jane@maple.example.co",
        "jane@maple.example-fans.test",
        "jane@maple.info",
        "jane@maple.examples",
        "jane@maple.example.test-google-a.com",
        "jane at maple dot example dot test",
        "jane&#64;maple.example&#46;co",
        "jane@maple.example@elsewhere.test",
        "maplejane@mail.test",
        "www.maple.example",
        "https://jane@maple.example/login",
        "@maple on X",
        "@maple.example",
        "follow us @maple.example",
        "@jane@maple.example",
        "acct:jane@maple.example",
        "Meet us at maple field at 7",
        "Meet us at maple.example",
        "Teaching 4th grade @ maple.example",
        "2026 at maple.example",
        "learn-more-at-maple-dot-example",
        "More info at maple.example",
        "our office at maple dot example",
        "#maples @ maple.example",
        "office at www.maple.example",
        "office at maple.example/contact",
        "We play at maple. Example is set by all",
        "Principal at maple.example",
        "School Nurse @ maple.example",
        "Mrs. Doe at maple.example",
        "class-a-maple.example",
        "a" * 65 + "@maple.example",
        "\u00e9" * 65 + "@maple.example",
        "...@maple.example",
    ],
)
def test_what_only_looks_like_an_address_is_left_alone(text: str) -> None:
    assert addresses(text) == []


@pytest.mark.parametrize("text", ["athletics at maple.example", "nurse @ maple.example"])
def test_a_function_in_small_letters_is_an_address(text: str) -> None:
    assert addresses(text) == [f"{text.split()[0]}@maple.example"]


def test_a_job_with_its_dots_spelt_out_is_an_address() -> None:
    assert addresses("principal at maple dot example") == ["principal@maple.example"]


def test_sub_domains_count_and_name_the_audited_domain() -> None:
    (hit,) = FINDER.find("kid@students.elmsd.k12.wi.us")
    assert (hit.address, hit.domain) == ("kid@students.elmsd.k12.wi.us", "elmsd.k12.wi.us")


def test_a_public_suffix_may_itself_be_audited() -> None:
    finder = AddressFinder(["k12.wi.us", "elmsd.k12.wi.us"])
    found = {hit.address: hit.domain for hit in finder.find("a@k12.wi.us b@elmsd.k12.wi.us")}
    assert found == {"a@k12.wi.us": "k12.wi.us", "b@elmsd.k12.wi.us": "elmsd.k12.wi.us"}


def test_several_addresses_come_once_each_in_order() -> None:
    text = "b@maple.example, a@maple.example; B@MAPLE.EXAMPLE <i>c@</i>maple.example"
    assert addresses(text) == ["b@maple.example", "a@maple.example", "c@maple.example"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("O'Brien+fb@maple.example", "o'brien+fb@maple.example"),
        ("O\u2019Brien@maple.example", "o'brien@maple.example"),
        ("\u2018jane@maple.example\u2019", "jane@maple.example"),
        ("the teachers\u2019 jane@maple.example", "jane@maple.example"),
        ("'jane@maple.example'", "jane@maple.example"),
        ("\u00e9mile@maple.example", "\u00e9mile@maple.example"),
        ("e\u0301mile@maple.example", "\u00e9mile@maple.example"),
        ("\u2709\ufe0fjane@maple.example\u2764", "jane@maple.example"),
        ("jane@maple.example.Follow me", "jane@maple.example"),
        ("jane@maple.example . Dad of 2", "jane@maple.example"),
        ("https://x.test/?to=jane@maple.example&cc=", "jane@maple.example"),
        ("jane.doe @maple.example", "jane.doe@maple.example"),
        ("e-mail: jane @maple.example", "jane@maple.example"),
    ],
)
def test_the_mailbox_is_read_as_written(text: str, address: str) -> None:
    assert addresses(text) == [address]


def test_the_fragment_is_short_single_lined_and_visible() -> None:
    text = "word " * 40 + "jane.doe\u200b@\u202emaple.example\n\x1b[31m" + " word" * 40
    (hit,) = FINDER.find(text)
    assert len(hit.fragment) <= 80
    assert ADDRESS in hit.fragment
    assert hit.fragment.isprintable()


def test_a_fragment_quotes_nobody_elses_address() -> None:
    text = "Coach jane.doe@maple.example, captain pia@students.maple.example"
    fragments = [hit.fragment for hit in AddressFinder(["maple.example"]).find(text)]
    assert fragments == ["jane.doe@maple.example", "pia@students.maple.example"]


def test_a_fragment_quotes_what_was_written() -> None:
    (hit,) = FINDER.find("Mom. Write to jane&#64;maple&#46;example today")
    assert "jane&#64;maple&#46;example" in hit.fragment


def test_every_field_of_a_profile_is_read() -> None:
    shown = profile(
        display_name="a@maple.example",
        bio="b at maple dot example",
        website="mailto:c@maple.example",
        location="d@maple.example",
        handle="e@maple.example",
        url="https://x.example/f%40maple.example",
        public_addresses=("g@maple.example", "h@mail.test", "G@maple.example"),
    )
    found = {hit.field: hit.address[0] for hit in FINDER.find_in(shown)}
    assert found == {
        "display_name": "a", "bio": "b", "website": "c", "location": "d", "handle": "e",
        "url": "f", "public_addresses": "g",
    }  # fmt: skip


def test_fields_are_not_read_as_one_text() -> None:
    assert FINDER.find_in(profile(display_name="jane@", bio="maple.example")) == []
    assert FINDER.find_in(profile(public_addresses=("jane@", "maple.example"))) == []
    assert FINDER.find_in(profile(display_name="jane@", bio="elm.example")) == []


PIECES = (
    "ida@", "district", "district.example", "ida [at] district [dot] example", "&#64;", "\u03a3",
    "%40", "\u200b", "\u200d", "\ufe0f", "\U0001f469", "\uff20", "NOSPAM", "plain words", "\0",
    "\\",
)  # fmt: skip


@pytest.mark.parametrize("others", [0, 20])
@given(texts=st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), max_size=40))
def test_many_profiles_are_searched_as_each_alone(others: int, texts: list[str]) -> None:
    finder = AddressFinder(["district.example", *(f"other{one}.example" for one in range(others))])
    profiles = [
        profile(handle=f"u{number}", bio=text or None, public_addresses=(text,) * (number % 3))
        for number, text in enumerate(texts)
    ]
    alone = [(one, found) for one in profiles for found in finder.find_in(one)]
    assert list(finder.find_in_each(iter(profiles))) == alone


def test_an_account_on_the_districts_own_server_is_no_address() -> None:
    shown = profile(handle="jane@maple.example", url="https://maple.example/@jane")
    assert FINDER.find_in(shown) == []
    assert len(FINDER.find_in(profile(handle="jane@maple.example", url="https://[bad"))) == 1


def test_many_domains_are_searched_at_once() -> None:
    finder = AddressFinder(f"school{number}.example" for number in range(500))
    hits = finder.find("x" * 70_000 + " jane [at] school499.example bob@school500.example")
    assert [(hit.address, hit.domain) for hit in hits] == [
        ("jane@school499.example", "school499.example")
    ]


@pytest.mark.parametrize("count", [1, 50])
def test_broken_unicode_is_read(count: int) -> None:
    finder = AddressFinder(f"school{number}.example" for number in range(count))
    (hit,) = finder.find("\ud83d jane@school0.example \ud800")
    assert (hit.address, hit.fragment) == ("jane@school0.example", "jane@school0.example")


@pytest.mark.parametrize(
    "domain", ["", "example", "a b.example", "-x.example", "x..example", "\u00fc" * 70]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(ValueError, match="is not a mail domain"):
        AddressFinder([domain])


def test_a_domain_is_read_as_people_write_it() -> None:
    assert AddressFinder(["@Maple.Example.", "b\u00fccher.example"]).domains == {
        "maple.example",
        "xn--bcher-kva.example",
    }


@pytest.mark.parametrize(
    "unit",
    ["@", "@a.b.", "@maple.", "-at-a-dot-a", " at a dot b", "&#64", "&amp;", "%40", "a\u200b",
     "[at]a.", "<a ", "<!--", "a.b-dot-", "a b c d e f g ", "NOSPAM.", "remove-",
     "a@maple.example ", "\u0430", "maple", " . ", "\\u0040", "a" * 63 + "."],
)  # fmt: skip
def test_hostile_text_takes_no_more_than_linear_time(unit: str) -> None:
    text = "maple.example " + unit * (300_000 // len(unit)) + " jane@maple.example"
    assert "jane@maple.example" in addresses(text)


def test_ten_million_characters_are_read() -> None:
    assert addresses("maple.example " + "@maple" * 1_700_000 + " jane@maple.example")


LOCALS = st.from_regex(r"[a-z][a-z0-9]{0,12}(?:[._+][a-z0-9]{1,10}){0,2}", fullmatch=True).filter(
    lambda local: (
        not (set(local.replace("_", ".").split(".")) & (PROSE | {"at", "dot", "tod"}))
        and not any(hint in local for hint in ("spam", "remove", "delete"))
    )
)
WAYS = {
    "plain": lambda a: a,
    "upper": str.upper,
    "entities": lambda a: "".join(f"&#{ord(c)};" for c in a),
    "hexadecimal": lambda a: "".join(f"&#x{ord(c):x};" for c in a),
    "double": lambda a: a.replace("@", "&amp;#64;").replace(".", "&amp;#46;"),
    "percent": lambda a: quote(a, safe="."),
    "all percent": lambda a: "".join(f"%{ord(c):02X}" for c in a),
    "wide": lambda a: "".join(chr(ord(c) + 0xFEE0) for c in a),
    "invisible": "\u200b".join,
    "hyphens": "\u00ad".join,
    "brackets": lambda a: a.replace("@", " [at] ").replace(".", "[dot]"),
    "parentheses": lambda a: a.replace("@", "(at)"),
    "braces": lambda a: a.replace("@", " {at} ").replace(".", " {dot} "),
    "words": lambda a: a.replace("@", " at ").replace(".", " dot "),
    "dashes": lambda a: a.replace("@", "-at-").replace(".", "-dot-"),
    "spaces": lambda a: a.replace("@", " @ "),
    "line": lambda a: a.replace("@", "@\n"),
    "insertion": lambda a: a.replace("@", "@NOSPAM."),
    "dot at end": lambda a: a + ".",
    "letters": lambda a: a.replace("a", "\u0430").replace("e", "\u0435").replace("o", "\u043e"),
}


@settings(max_examples=150, deadline=None)
@given(
    local=LOCALS,
    domain=st.sampled_from(["maple.example", "staff.maple.example", "elmsd.k12.wi.us"]),
    way=st.sampled_from(sorted(WAYS)),
    cover=st.sampled_from(["plain", "entities", "invisible", "all percent"]),
)
def test_any_mailbox_in_any_disguise_is_found(
    local: str, domain: str, way: str, cover: str
) -> None:
    written = WAYS[way](f"{local}@{domain}")
    if written.isascii() and "&" not in written and "%" not in written:
        written = WAYS[cover](written)
    assert addresses(f"Proud parent, coffee. {written} Go team") == [f"{local}@{domain}"]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=string.ascii_letters + string.digits + "@.[]() \n-_&#;%<>\u200b\uff20"))
def test_text_without_the_domain_never_hits(text: str) -> None:
    decoded = unmask(text).text.lower()
    hits = FINDER.find(text)
    if "maple" not in decoded and "elmsd" not in decoded:
        assert hits == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["a", "&#97;", "\uff41", "\u200b", "%61", " ", "NOSPAM", "<b>"])))
def test_the_way_back_leads_into_what_was_written(pieces: list[str]) -> None:
    text = "".join(pieces)
    unmasked = unmask(text)
    for place in range(len(unmasked.text)):
        start, end, _ = unmasked.trace(place, place + 1)
        assert 0 <= start < end <= len(text)


def test_hashes_are_of_the_trimmed_lower_case_address() -> None:
    assert address_hashes(" Jane@Maple.Example\n") == (
        hashlib.md5(b"jane@maple.example").hexdigest(),
        hashlib.sha256(b"jane@maple.example").hexdigest(),
    )


def test_published_hashes_name_directory_addresses_only() -> None:
    directory = HashedDirectory(["Jane@maple.example", "bob@maple.example", " "])
    md5, sha256 = address_hashes("jane@maple.example")
    shown = profile(address_hashes=(sha256.upper(), md5, "00", address_hashes("")[0]))
    assert directory.find_in(shown) == ["jane@maple.example"]
    assert directory.find([address_hashes("eve@maple.example")[1]]) == []


def test_determiners_are_no_mailboxes_of_their_own() -> None:
    assert DETERMINERS.isdisjoint({"info", "office", "principal"})
