"""A night with Google, Entra, LDAP and Have I Been Pwned together, then each failing in turn.

Every source is the real connector against its server on loopback.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from auditor.cli import invoke
from auditor.findings import Change, State
from auditor.nightly import run_night
from auditor.outcomes import ReadingState
from auditor.settings import load_settings
from auditor.store import open_store
from connectors import graph_access
from connectors.breach import have_i_been_pwned
from connectors.graph_access import Cloud
from tests.builders import DOMAIN, NOW
from tests.connectors.ldap_people import make_certificates
from tests.fakes.google import ADMIN, FakeGoogle
from tests.fakes.graph import CLIENT, SECRET, TENANT, FakeGraph, guid, make_tls
from tests.fakes.hibp import KEY, HaveIBeenPwnedServer, a_breach
from tests.fakes.ldap import FakeLdap
from tests.fakes.web_server import FakeTimer, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.nightly import NightResult

PUPIL = "Pip Reed"
SOURCES = ("workspace", "entra", "directory", "breaches")


@dataclass
class Tenants:
    """The four servers and the settings that name them."""

    google: FakeGoogle
    graph: FakeGraph
    ldap: FakeLdap
    hibp: HaveIBeenPwnedServer
    config: Path

    def night(self, days: int) -> NightResult:
        return run_night(load_settings(self.config), now=NOW + timedelta(days=days))

    def fail(self, source: str) -> None:
        if source == "workspace":
            self.google.fail("/admin/directory/v1/users", Reply(500), forever=True)
        elif source == "entra":
            self.graph.fail("/users", Reply(500), forever=True)
        elif source == "directory":
            self.ldap.__exit__()
        else:
            self.hibp.answer = lambda _: Reply(503)


@pytest.fixture
def tenants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenants]:
    monkeypatch.setattr("connectors.pacing.TIMER", FakeTimer())
    with ExitStack() as stack:
        google = stack.enter_context(FakeGoogle())
        graph = stack.enter_context(FakeGraph())
        ldap = FakeLdap(make_certificates(tmp_path), is_ad=False)
        ldap.__enter__()
        hibp = stack.enter_context(HaveIBeenPwnedServer())
        fill(google, graph, ldap, hibp)
        monkeypatch.setattr(have_i_been_pwned, "BASE", hibp.base)
        cloud = Cloud(graph.server.url, graph.server.url)
        monkeypatch.setitem(graph_access.CLOUDS, "global", cloud)
        for name, value in {"G": google.key(), "M": SECRET, "L": "x", "H": KEY}.items():
            monkeypatch.setenv(f"TENANT_{name}", value)
        monkeypatch.setenv("TENANT_L", ldap.server.password)
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
        yield Tenants(google, graph, ldap, hibp, write_settings(tmp_path, google, ldap))
        assert google.wrongs == []
        assert graph.wrongs == []


def fill(google: FakeGoogle, graph: FakeGraph, ldap: FakeLdap, hibp: HaveIBeenPwnedServer) -> None:
    google.put_unit("/Staff")
    google.put_unit("/Students")
    ida = google.put_user(1, "Ida Marsh", primaryEmail=f"ida.marsh@{DOMAIN}")
    assert ida
    google.put_user(2, PUPIL, orgUnitPath="/Students")
    login = f"omar.reed@{DOMAIN}"
    graph.put(
        "/users", id=guid(1), userPrincipalName=login, mail=login, displayName="Omar Reed",
        givenName="Omar", surname="Reed", accountEnabled=True, userType="Member",
        proxyAddresses=[f"SMTP:{login}"], assignedLicenses=[],
    )  # fmt: skip
    keep = ("OU=", "CN=Ida Marsh3,", "CN=Pupil Small3,")
    ldap.entries = {
        dn: values for dn, values in ldap.entries.items() if dn.upper().startswith(
            tuple(one.upper() for one in keep)) or "," not in dn or dn == ldap.server.base
    }  # fmt: skip
    hibp.breaches = [a_breach("Tumblr", "tumblr.com", Title="tumblr", BreachDate="2013-02-28")]
    hibp.domains = {DOMAIN: {"ida.marsh": ["Tumblr"], "omar.reed": ["Tumblr"]}}


def write_settings(folder: Path, google: FakeGoogle, ldap: FakeLdap) -> Path:
    config = folder / "audit.toml"
    config.write_text(f"""
[district]
name = "Maple Fork School District"
email_domains = ["{DOMAIN}"]
student_domains = ["students.{DOMAIN}"]
[store]
url = "sqlite:///audit.sqlite"
[web]
ca_file = "{make_tls()[1]}"
internal_hosts = ["127.0.0.1", "localhost"]
cache = ""
[sources.workspace]
connector = "google_workspace"
key = {{ env = "TENANT_G" }}
subject = "{ADMIN}"
api_url = "{google.server.url}"
student_units = ["/Students"]
[sources.entra]
connector = "microsoft_entra"
tenant_id = "{TENANT}"
client_id = "{CLIENT}"
client_secret = {{ env = "TENANT_M" }}
[sources.directory]
connector = "ldap"
url = "ldaps://localhost:{ldap.server.tls_port}"
user = "{ldap.server.user}"
password = {{ env = "TENANT_L" }}
ca_file = "{ldap.server.ca_file}"
student_units = ["OU=Students,{ldap.server.base}"]
[sources.breaches]
connector = "have_i_been_pwned"
key = {{ env = "TENANT_H" }}
""")
    return config


def stored(config: Path) -> dict[str, State]:
    with closing(open_store(f"sqlite:///{config.parent}/audit.sqlite")) as store:
        return {one.finding.summary: one.state for one in store.findings()}


def test_a_night_with_all_of_them_together(tenants: Tenants) -> None:
    result = tenants.night(0)
    assert {one.source: one.state for one in result.readings} == dict.fromkeys(
        SOURCES, ReadingState.COMPLETE
    )
    summaries = [one.finding.summary for one in result.findings]
    assert len(summaries) == 2
    assert any(f"ida.marsh@{DOMAIN}" in one for one in summaries)
    assert any(f"omar.reed@{DOMAIN}" in one for one in summaries)
    assert PUPIL not in (tenants.config.parent / "reports" / "index.html").read_text("utf-8")
    assert PUPIL.encode() not in (tenants.config.parent / "audit.sqlite").read_bytes()
    assert [one.state for one in result.findings] == [State.OPEN] * 2


@pytest.mark.parametrize("source", SOURCES)
def test_each_failing_in_turn_closes_nothing_and_harms_no_other(
    tenants: Tenants, source: str
) -> None:
    tenants.night(0)
    before = stored(tenants.config)
    tenants.fail(source)
    result = tenants.night(1)
    states = {one.source: one for one in result.readings}
    assert not states[source].is_complete
    assert states[source].problem
    assert states[source].advice
    assert all(one.is_complete for name, one in states.items() if name != source)
    assert stored(tenants.config) == before
    assert result.changed(Change.CLOSED) == 0
    assert result.exit_code in {3, 4}


def test_doctor_names_what_a_half_granted_tenant_lacks(
    tenants: Tenants, capsys: pytest.CaptureFixture[str]
) -> None:
    tenants.graph.roles = []
    code = invoke(["doctor", "-c", str(tenants.config), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    lines = {(one["part"], one["state"]) for one in document["checks"]}
    assert ("entra", "bad") in lines
    assert ("breaches", "bad") not in lines
    (said, *_) = [
        one for one in document["checks"] if one["part"] == "entra" and one["state"] == "bad"
    ]
    assert "User.Read.All" in json.dumps(said)
    assert "Entra admin center" in said["advice"]
    assert code in {3, 4}
    assert SECRET not in json.dumps(document)
