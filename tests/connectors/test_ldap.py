from __future__ import annotations

import importlib.util
import re
import tomllib
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors import build
from connectors.directory import ldap_connection
from connectors.directory.ldap import Ldap
from connectors.directory.ldap_schema import first_name, is_below, split_dn, unit_path
from connectors.errors import (
    AccessRefused,
    ConnectorError,
    NotConfigured,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.records import Role, Standing
from connectors.source import CheckState
from tests.builders import DOMAIN, NOW, an_access
from tests.connectors.contract import ConnectorContract
from tests.connectors.ldap_cases import LdapCases
from tests.connectors.ldap_people import LdapServer, make_certificates
from tests.fakes.ldap import PASSWORD, FakeLdap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connectors.records import Harvest


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if request.node.name != "test_pages_are_as_large_as_active_directory_allows":
        monkeypatch.setattr(ldap_connection, "PAGE", 100)


@pytest.fixture
def fake(files: dict[str, Path]) -> Iterator[FakeLdap]:
    with FakeLdap(files, is_ad=True) as running:
        yield running


@pytest.fixture
def small(fake: FakeLdap) -> FakeLdap:
    """A directory of ten staff and ten students."""
    names = [f"Ida Marsh{n}," for n in range(10)] + [f"Pupil Small{n}," for n in range(10)]
    fake.entries = {
        dn: values
        for dn, values in fake.entries.items()
        if dn.startswith("OU=") or any(f"CN={name}" in dn for name in names)
    }
    return fake


def read(fake: FakeLdap, **changes: Any) -> Harvest:
    return Ldap(fake.server.access(**changes)).fetch()


class TestFakeActiveDirectory(LdapCases):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, files: dict[str, Path]) -> Iterator[LdapServer]:
        with FakeLdap(files, is_ad=True) as running:
            yield running.server


class TestFakeOpenLdap(LdapCases):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, files: dict[str, Path]) -> Iterator[LdapServer]:
        with FakeLdap(files, is_ad=False) as running:
            yield running.server


class TestLdapContract(ConnectorContract):
    secrets = (PASSWORD, "555-0100", "Pupil")

    @pytest.fixture
    def connector(self, small: FakeLdap) -> Ldap:
        return Ldap(small.server.access())

    @pytest.fixture
    def broken(self, files: dict[str, Path]) -> Iterator[Sequence[Ldap]]:
        faults = [FakeLdap(files, is_ad=True, fault=f) for f in ("reset", "garbage", "cut", "loop")]
        faults += [FakeLdap(files, is_ad=True, most=50), FakeLdap(files, is_ad=True, base="DC=x")]
        faults[-1].entries.clear()
        for fake in faults:
            fake.__enter__()
        yield [Ldap(fake.server.access()) for fake in faults]
        for fake in faults:
            fake.__exit__()

    @pytest.fixture
    def hostile(self, small: FakeLdap) -> Callable[[str], Ldap]:
        def build_one(text: str) -> Ldap:
            dn = f"CN=Ida Marsh1,OU=Elm\\, North,OU=Staff,{small.base}"
            assert dn in small.entries
            small.put(dn, {"displayName": [text.encode()]})
            return Ldap(small.server.access())

        return build_one


@pytest.mark.parametrize(
    ("changes", "kind", "problem"),
    [
        ({"most": 50}, UnexpectedAnswer, "stopped after 50 entries at its size limit"),
        ({"most": 50, "can_page": False}, UnexpectedAnswer, "at its size limit"),
        ({"search_result": 3}, UnexpectedAnswer, "time limit"),
        ({"search_result": 50}, AccessRefused, "may not read"),
        ({"search_result": 51}, SourceUnavailable, "busy"),
        ({"search_result": 10}, NotConfigured, "does not hold"),
        ({"search_result": 53}, UnexpectedAnswer, "unwillingToPerform"),
        ({"fault": "loop"}, UnexpectedAnswer, "go round"),
        ({"fault": "reset"}, SourceUnavailable, "broke off"),
        ({"fault": "garbage"}, SourceUnavailable, "broke off"),
        ({"fault": "cut"}, SourceUnavailable, "broke off"),
        ({"bind_result": (52, b"")}, SourceUnavailable, "busy"),
        ({"bind_result": (8, b"")}, AccessRefused, "refuses to log in"),
        ({"bind_result": (49, b"LdapErr: data 775, v1")}, AccessRefused, "locked"),
        ({"bind_result": (49, b"LdapErr: data 532, v1")}, AccessRefused, "expired"),
    ],
)
def test_what_ends_a_reading(
    fake: FakeLdap, changes: dict[str, Any], kind: type[ConnectorError], problem: str
) -> None:
    for name, value in changes.items():
        setattr(fake, name, value)
    with pytest.raises(kind, match=problem):
        read(fake)


def test_a_clock_an_hour_off_is_told(fake: FakeLdap) -> None:
    fake.clock = datetime.now(UTC) - timedelta(hours=1)
    (clock,) = [one for one in Ldap(fake.server.access()).check() if one.name == "clock"]
    assert (clock.state, clock.seen) == (CheckState.WARNING, "60 minutes off the server's")
    assert "timedatectl" in clock.advice


def test_a_server_without_pages_is_read_at_once(fake: FakeLdap) -> None:
    fake.can_page = False
    assert len(read(fake).people) == fake.server.staff
    checks = {check.name: check.state for check in Ldap(fake.server.access()).check()}
    assert checks["paged results"] is CheckState.WARNING


def test_nothing_goes_in_the_clear(small: FakeLdap) -> None:
    url = f"ldap://localhost:{small.server.port}"
    read(small, url=url)
    sent = b"".join(small.sent_in_the_clear)
    assert b"1.3.6.1.4.1.1466.20037" in sent
    assert PASSWORD.encode() not in sent
    small.offers_tls = False
    with pytest.raises(SourceUnavailable, match="does not offer StartTLS"):
        read(small, url=url)
    assert PASSWORD.encode() not in b"".join(small.sent_in_the_clear)


def test_a_server_that_is_not_there(small: FakeLdap) -> None:
    with pytest.raises(SourceUnavailable, match="could not be reached"):
        read(small, url="ldaps://localhost:1")


def test_only_what_is_used_is_asked_for(small: FakeLdap) -> None:
    read(small)
    private = {"userpassword", "telephonenumber", "mobile", "homephone", "employeeid", "*", "+"}
    assert small.asked_for
    assert small.asked_for.isdisjoint(private)


def test_other_servers_are_counted_and_not_asked(small: FakeLdap) -> None:
    small.refers_to = (
        b"ldap://child.example/DC=child,DC=example",
        b"ldap://dc.example/DC=DomainDnsZones,DC=maplefalls,DC=example",
        b"ldap://dc.example/CN=Configuration,DC=maplefalls,DC=example",
    )
    harvest = read(small)
    assert len(harvest.people) == 10
    assert harvest.notes == ("The server points to other servers, which were not read: 1.",)


def test_values_that_are_no_text_are_left_out(small: FakeLdap) -> None:
    dn = f"CN=Ida Marsh1,OU=Elm\\, North,OU=Staff,{small.base}"
    small.put(dn, {"mail": [b"\xff\xfe@x"], "title": [b"T" * 5000], "displayName": [b"\xc3"]})
    harvest = read(small)
    person = next(p for p in harvest.people if p.name == "Ida Marsh1")
    assert person.addresses[0] == f"ida.marsh1@{DOMAIN}"
    assert person.title is None
    assert harvest.notes == ("Values that are not text and were left out: 2.",)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"employeeType": [b"Student"]}, "students"),
        ({"employeeType": [b"Guardian"]}, "parents and guardians"),
        ({"mail": [b"p@pupils.example"]}, "students"),
        ({"objectGUID": [b"short"]}, "entries without an id"),
        ({"memberOf": [b"CN=All \\28Pupils\\29,OU=Groups,DC=maplefalls,DC=example"]}, "students"),
    ],
)
def test_who_does_not_enter(small: FakeLdap, values: dict[str, list[bytes]], reason: str) -> None:
    small.put(f"CN=Ida Marsh1,OU=Elm\\, North,OU=Staff,{small.base}", values)
    group = f"CN=All (Pupils),OU=Groups,{small.base}"
    small.put(group, {"objectClass": [b"group"]})
    harvest = read(
        small, student_groups=[group], student_units=[], student_domains=["pupils.example"]
    )
    assert "Ida Marsh1" not in {person.name for person in harvest.people}
    assert harvest.dropped[reason] == 1


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ({"userAccountControl": [b"514"]}, Standing.SUSPENDED),
        ({"userAccountControl": [b"512"], "accountExpires": [b"0"]}, Standing.ACTIVE),
        ({"accountExpires": [b"9223372036854775807"]}, Standing.ACTIVE),
        ({"accountExpires": [b"132000000000000000"]}, Standing.SUSPENDED),
        ({"accountExpires": [b"9223372036854775806"]}, Standing.ACTIVE),
        ({"userAccountControl": [b"many"]}, None),
    ],
)
def test_standing(
    small: FakeLdap, values: dict[str, list[bytes]], standing: Standing | None
) -> None:
    small.put(f"CN=Ida Marsh1,OU=Elm\\, North,OU=Staff,{small.base}", values)
    found = {person.name: person.standing for person in read(small).people}
    assert found["Ida Marsh1"] is standing


def test_a_service_account_and_the_order_of_addresses(small: FakeLdap) -> None:
    values = {
        "cn": [b"Print server"], "givenName": [], "sn": [], "sAMAccountName": [b"svc-print"],
        "mail": [], "displayName": [],
        "proxyAddresses": [
            b"smtp:second@maplefalls.example", b"sip:x@maplefalls.example",
            b"SMTP:first@maplefalls.example", b"X500:/o=MF/cn=x@y",
        ],
    }  # fmt: skip
    small.put(f"CN=Ida Marsh1,OU=Elm\\, North,OU=Staff,{small.base}", values)
    found = next(person for person in read(small).people if person.name == "Print server")
    assert found.role is Role.SERVICE
    assert found.addresses[:2] == (f"first@{DOMAIN}", f"second@{DOMAIN}")


class TestChanges:
    ELM = "OU=Elm\\, North,OU=Staff"

    def dn(self, fake: FakeLdap, number: int, place: str = "") -> str:
        place = place or ("OU=High School,OU=Staff", self.ELM)[number % 2]
        return f"CN=Ida Marsh{number},{place},{fake.base}"

    def test_a_second_night_asks_only_for_changes(self, small: FakeLdap) -> None:
        first = read(small)
        small.put(self.dn(small, 1), {"title": [b"Principal"]})
        small.filters.clear()
        second = read(small, bookmark=first.bookmark)
        assert len(small.filters) == 1
        assert b"uSNChanged" in repr(small.filters[0]).encode()
        titles = {person.name: person.title for person in second.people}
        assert titles.pop("Ida Marsh1") == "Principal"
        assert set(titles.values()) == {"Teacher"}
        assert len(titles) == 9
        assert second.dropped == first.dropped
        assert "(1 entries)" in second.notes[0]

    def test_who_moves_to_the_students_or_out_of_the_units_is_taken_out(
        self, small: FakeLdap
    ) -> None:
        units = {"staff_units": [f"OU=Staff,{small.base}"]}
        first = read(small, **units)
        small.move(self.dn(small, 2), self.dn(small, 2, "OU=Students"))
        small.move(self.dn(small, 3), f"CN=Ida Marsh3,{small.base}")
        second = read(small, bookmark=first.bookmark, **units)
        gone = {p.name for p in first.people} - {p.name for p in second.people}
        assert gone == {"Ida Marsh2", "Ida Marsh3"}

    def test_who_no_longer_fits_the_filter_is_taken_out(self, small: FakeLdap) -> None:
        options = {"filter": "(title=Teacher)"}
        first = read(small, **options)
        small.put(self.dn(small, 2), {"title": [b"Visitor"]})
        small.put(self.dn(small, 3), {"physicalDeliveryOfficeName": [b"Annex"]})
        people = {p.name: p for p in read(small, bookmark=first.bookmark, **options).people}
        assert len(people) == 9
        assert people["Ida Marsh3"].schools == ("Annex",)

    def test_what_is_kept_holds_nothing_of_students_nor_the_password(self, small: FakeLdap) -> None:
        kept = read(small).bookmark or b""
        assert b"Ida" in kept
        for text in (b"upil", PASSWORD.encode(), b"555-0100"):
            assert text not in kept

    @pytest.mark.parametrize("why", ["server", "usn", "settings", "old", "shape", "groups"])
    def test_when_all_are_read_again(self, small: FakeLdap, why: str) -> None:
        options: dict[str, Any] = {}
        if why == "groups":
            group = f"CN=Pupils,{small.base}"
            small.put(group, {"objectClass": [b"group"]})
            options["student_groups"] = [group]
        kept = read(small, **options).bookmark
        small.entries.pop(self.dn(small, 1))
        if why == "server":
            small.invocation = b"another domain c"
        elif why == "usn":
            small.usn -= 2000
        elif why == "settings":
            options["school_attributes"] = ["department"]
        elif why == "old":
            options["now"] = NOW + timedelta(days=7)
        elif why == "shape":
            kept = b"\x93\x01\x02\x03"
        assert len(read(small, bookmark=kept, **options).people) == 9

    def test_a_deleted_entry_stays_until_all_are_read_again(self, small: FakeLdap) -> None:
        kept = read(small).bookmark
        small.entries.pop(self.dn(small, 1))
        assert len(read(small, bookmark=kept).people) == 10
        assert len(read(small, bookmark=kept, now=NOW + timedelta(days=7)).people) == 9

    def test_a_second_night_takes_five_calls(self, fake: FakeLdap) -> None:
        first = read(fake)
        assert first.calls == 6
        assert read(fake, bookmark=first.bookmark).calls == 5


SETTINGS: dict[str, Any] = {
    "url": "ldaps://dc.example", "user": "cn=r", "password": "p", "staff_units": ["OU=Staff"],
}  # fmt: skip


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"staff_units": []}, "tells staff from students"),
            ({"staff_units": [7]}, "staff_units"),
            ({"url": "https://dc.example"}, "url"),
            ({"url": "ldaps://"}, "url"),
            ({"url": "ldaps://dc.example:999999"}, "url"),
            ({"url": "ldap://user:pw@dc.example"}, "url"),
            ({"user": " "}, "nobody"),
            ({"password": ""}, "nobody"),
            ({"ca_file": "missing.pem"}, "ca_file"),
        ],
    )
    def test_what_does_not_fit_is_named(self, changes: dict[str, Any], problem: str) -> None:
        with pytest.raises(NotConfigured, match=problem):
            build("ldap", an_access(SETTINGS | changes)).fetch()

    def test_without_the_extra_one_sentence_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(NotConfigured, match=r"ldap3 is not installed.*\[ldap\]"):
            build("ldap", an_access(SETTINGS)).fetch()


def test_the_formula_of_the_page(fake: FakeLdap) -> None:
    page = (Path(__file__).parents[2] / "docs/setup/ldap.md").read_text()
    formula = re.search(r"^    calls = (.*)$", page, re.MULTILINE)
    assert formula
    size = formula[1].replace("1000", "100")
    for units in (1, 2):
        options = {"staff_units": [f"OU=Staff,{fake.base}"], "student_units": []}
        options |= {"student_units": [f"OU=Students,{fake.base}"]} if units == 2 else {}
        expected = eval(size, {"ceil": ceil, "N": fake.server.staff, "P": units}) + 1
        assert read(fake, **options).calls == expected
        url = f"ldap://localhost:{fake.server.port}"
        assert read(fake, url=url, **options).calls == expected + 1


def test_the_block_of_the_page_is_complete() -> None:
    page = (Path(__file__).parents[2] / "docs/setup/ldap.md").read_text()
    options = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["sources"]
    found = options["directory"] | {"password": "p"}
    assert isinstance(build(found.pop("connector"), an_access(found)), Ldap)


@pytest.mark.parametrize(
    ("dn", "path", "name"),
    [
        ("CN=A,OU=High School,OU=Staff,DC=x,DC=y", "/Staff/High School", "A"),
        ("CN=A\\, B,OU=Elm\\2C North,DC=x", "/Elm, North", "A, B"),
        ("CN=\\C3\\89lan,DC=x", "", "Élan"),
        ("nonsense", "", ""),
        ("", "", ""),
    ],
)
def test_names_in_dns(dn: str, path: str, name: str) -> None:
    assert (unit_path(dn), first_name(dn)) == (path, name)


def test_units_are_compared_by_steps_not_by_text() -> None:
    students = split_dn("OU=Students,DC=x")
    assert is_below(split_dn("CN=A,ou=students,dc=X"), students)
    assert not is_below(split_dn("CN=A,OU=Former Students,DC=x"), students)
    assert not is_below(split_dn("CN=A,OU=B\\,OU=Students,DC=x"), students)
    assert not is_below(split_dn("CN=A,DC=x"), split_dn("nonsense"))


def test_pages_are_as_large_as_active_directory_allows() -> None:
    assert ldap_connection.PAGE == 1000
