"""The same cases against Debian's slapd and Samba AD DC; run by ``make test-real``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.directory.ldap import Ldap
from connectors.errors import UnexpectedAnswer
from tests.connectors.ldap_cases import LdapCases
from tests.realservers.servers import are_installed, change_samba, run_samba, run_slapd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.connectors.ldap_people import LdapServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not are_installed(), reason="NOT TESTED: slapd and Samba are not there"),
]


class TestSlapd(LdapCases):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LdapServer]:
        with run_slapd(tmp_path_factory.mktemp("slapd")) as running:
            yield running

    def test_the_size_limit_is_noticed(self, server: LdapServer) -> None:
        with pytest.raises(UnexpectedAnswer, match="stopped after 200 entries at its size limit"):
            Ldap(server.access(user=f"cn=small,{server.base}")).fetch()

    def test_there_is_nothing_to_go_on_from(self, server: LdapServer) -> None:
        assert Ldap(server.access()).fetch().bookmark is None


class TestSamba(LdapCases):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LdapServer]:
        with run_samba(tmp_path_factory.mktemp("samba")) as running:
            yield running

    def test_built_in_accounts_do_not_enter(self, server: LdapServer) -> None:
        names = {person.name for person in Ldap(server.access()).fetch().people}
        assert names.isdisjoint({"Administrator", "Guest", "krbtgt"})

    def test_a_second_night_asks_only_for_what_changed(self, server: LdapServer) -> None:
        first = Ldap(server.access()).fetch()
        change_samba(
            server,
            f"dn: CN=Ida Marsh5,OU=Elm\\, North,OU=Staff,{server.base}\n"
            "changetype: modify\nreplace: title\ntitle: Principal\n",
        )
        second = Ldap(server.access(bookmark=first.bookmark)).fetch()
        titles = {person.name: person.title for person in second.people}
        assert titles["Ida Marsh5"] == "Principal"
        assert len(second.people) == len(first.people)
        assert "(1 entries)" in second.notes[0]
        assert second.calls < first.calls
