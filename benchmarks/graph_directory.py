"""Read a Microsoft tenant of 20,000 users: calls, seconds and peak memory, twice.

Run as ``python -m benchmarks.graph_directory [USERS]``; prints one JSON line a reading.  The tenant
is the fake of the tests, in a process of its own; one user in eight is staff, everybody granted
three apps something, one app in twenty is a social one.
"""

from __future__ import annotations

import sys
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.tenant_nights import time_nights
from connectors import graph_access
from connectors.graph_access import Cloud
from connectors.source import Access, WebOptions
from tests.builders import DOMAIN, NOW
from tests.fakes.graph import CLIENT, SECRET, TENANT, FakeGraph, guid, make_tls

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

STUDENT = [{"skuId": "314c4481-f395-4525-be8b-2ec4bb1e9d91"}]
APPS, GRANTS_EACH = 400, 3


def fill(tenant: FakeGraph, users: int) -> None:
    for number in range(users):
        login = f"person{number}@{DOMAIN}"
        tenant.put(
            "/users",
            id=guid(number),
            userPrincipalName=login,
            mail=login,
            displayName=f"Person {number}",
            givenName="Person",
            surname=str(number),
            accountEnabled=True,
            userType="Member",
            department="Science",
            officeLocation=f"School {number % 30}",
            proxyAddresses=[f"SMTP:{login}", f"smtp:p{number}@{DOMAIN}"],
            assignedLicenses=[] if number % 8 == 0 else STUDENT,
        )
        for app in range(GRANTS_EACH):
            tenant.put(
                "/oauth2PermissionGrants",
                id=f"g{number}-{app}",
                clientId=guid((number * 7 + app) % APPS, 1),
                consentType="Principal",
                principalId=guid(number),
            )
    for app in range(APPS):
        home = "https://www.pinterest.com/" if app % 20 == 0 else f"https://app{app}.example/"
        fields = {"appId": guid(app, 2), "appDisplayName": f"App {app}", "homepage": home}
        tenant.put("/servicePrincipals", id=guid(app, 1), **fields)


def serve(pipe: Connection, users: int) -> None:
    with FakeGraph() as tenant:
        fill(tenant, users)
        pipe.send((tenant.server.url, make_tls()[1]))
        while pipe.recv():
            wrongs, calls = tenant.wrongs, len(tenant.graph_calls)
            tenant.server.asked.clear()
            pipe.send((calls, wrongs))


def main() -> None:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    pipe, other = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(other, users), daemon=True)
    server.start()
    url, authority = pipe.recv()
    graph_access.CLOUDS["global"] = Cloud(url, url)
    web = WebOptions(ca_file=authority, internal_hosts=frozenset({"127.0.0.1"}))
    options = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
    access = Access("bench", options, Path(), (DOMAIN,), NOW, web)
    time_nights(("microsoft_entra", "microsoft_app_grants"), access, pipe)
    pipe.send(False)
    server.join()


if __name__ == "__main__":
    main()
