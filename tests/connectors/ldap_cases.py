"""What every LDAP server must give the connector: run against the fake, slapd and Samba."""

from __future__ import annotations

import pytest

from connectors.directory import ldap_connection
from connectors.directory.ldap import Ldap
from connectors.errors import AccessRefused, NotConfigured, SourceUnavailable, UnexpectedAnswer
from connectors.records import Role, Standing
from connectors.source import CheckState
from tests.builders import DOMAIN
from tests.connectors.ldap_people import LdapServer


class LdapCases:
    """Inherit and define the fixture ``server``."""

    @pytest.fixture
    def server(self) -> LdapServer:
        raise NotImplementedError

    def urls(self, server: LdapServer) -> list[str]:
        return [f"ldaps://localhost:{server.tls_port}", f"ldap://localhost:{server.port}"]

    def test_reads_all_staff_by_pages_over_ldaps_and_starttls(self, server: LdapServer) -> None:
        for url in self.urls(server):
            harvest = Ldap(server.access(url=url)).fetch()
            found = [p for p in harvest.people if p.name.startswith("Ida Marsh")]
            assert len(found) == server.staff
            assert {person.role for person in found} == {Role.STAFF}
            assert harvest.dropped["students"] == server.students
            assert "Pupil" not in repr(harvest)

    def test_reads_addresses_schools_units_and_title(self, server: LdapServer) -> None:
        people = {person.name: person for person in Ldap(server.access()).fetch().people}
        person = people["Ida Marsh3"]
        assert person.addresses[:2] == (f"ida.marsh3@{DOMAIN}", f"marsh3@{DOMAIN}")
        assert (person.schools, person.title) == (("Elm",), "Teacher")
        assert person.groups[0] == "/Staff/Elm, North"
        assert people["Ida Marsh2"].groups[0] == "/Staff/High School"
        if server.is_ad:
            assert people["Ida Marsh7"].standing is Standing.SUSPENDED
            assert person.standing is Standing.ACTIVE

    def test_searches_only_the_units_of_staff(self, server: LdapServer) -> None:
        units = [f"ou=elm\\2c north,OU=Staff,{server.base}", f"OU=Staff,{server.base}"]
        harvest = Ldap(server.access(staff_units=units, student_units=[])).fetch()
        assert len(harvest.people) == server.staff
        assert harvest.dropped.get("students", 0) == 0
        harvest = Ldap(server.access(staff_units=units[:1], student_units=[])).fetch()
        assert len(harvest.people) == server.staff // 2

    def test_a_filter_narrows(self, server: LdapServer) -> None:
        access = server.access(filter="(|(cn=Ida Marsh1)(cn=Ida Marsh2))")
        found = Ldap(access).fetch().people
        assert {person.name for person in found} == {"Ida Marsh1", "Ida Marsh2"}

    def test_calls_follow_the_formula(self, server: LdapServer) -> None:
        units = [f"OU=Staff,{server.base}"]
        harvest = Ldap(server.access(staff_units=units, student_units=[])).fetch()
        pages = -(-server.staff // ldap_connection.PAGE)
        assert pages > 1
        assert harvest.calls == 3 + pages + (1 if server.is_ad else 0)

    def test_a_mistyped_unit_is_named_and_lets_no_student_in(self, server: LdapServer) -> None:
        for name in ("student_units", "student_groups", "staff_units"):
            for dn in (f"OU=Studnets,{server.base}", "Students", "OU=x\\"):
                with pytest.raises(NotConfigured, match="no unit or group"):
                    Ldap(server.access(**{name: [dn]})).fetch()

    def test_a_wrong_password_is_refused(self, server: LdapServer) -> None:
        for url in self.urls(server):
            with pytest.raises(AccessRefused) as caught:
                Ldap(server.access(url=url, password="wrong-horse")).fetch()
            assert "wrong-horse" not in str(caught.value)

    def test_a_certificate_of_another_authority_or_host_is_refused(
        self, server: LdapServer
    ) -> None:
        for url in self.urls(server):
            for changes in ({"ca_file": None}, {"url": url.replace("localhost", "127.0.0.1")}):
                with pytest.raises(SourceUnavailable, match="could not be verified"):
                    Ldap(server.access(**{"url": url, **changes})).fetch()

    def test_a_filter_that_is_none_is_named(self, server: LdapServer) -> None:
        with pytest.raises((NotConfigured, UnexpectedAnswer)):
            Ldap(server.access(filter="(cn=")).fetch()

    def test_checks_end_well(self, server: LdapServer) -> None:
        states = {check.name: check.state for check in Ldap(server.access()).check()}
        assert ("clock" in states) is server.is_ad
        assert set(states.values()) == {CheckState.GOOD}
