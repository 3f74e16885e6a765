"""Read a Google tenant of 20,000 users: calls, seconds and peak memory, twice.

Run as ``python -m benchmarks.google_directory [USERS]``; prints one JSON line a reading.  The
tenant is the fake of the tests, in a process of its own; one user in eight is staff, each of whom
granted eight apps something, one app in twenty is a social one.
Grants are paced below the quota.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING

from benchmarks.tenant_nights import time_nights
from tests.builders import NOW
from tests.fakes.google import FakeGoogle

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


APPS, GRANTS_EACH, EVENTS_A_DAY = 400, 8, 50
DAY = timedelta(days=1)


def fill(tenant: FakeGoogle, users: int) -> None:
    for path in ("/Staff", "/Students", *(f"/Staff/School {n}" for n in range(30))):
        tenant.put_unit(path)
    for number in range(users):
        if number % 8:
            tenant.put_user(number, f"Pupil N{number}", orgUnitPath="/Students")
            continue
        path = f"/Staff/School {number % 30}"
        tenant.put_user(number, f"Person N{number}", orgUnitPath=path)
        for one in range(GRANTS_EACH):
            app = (number * 7 + one) % APPS
            name = "Pinterest" if app % 20 == 0 else f"App {app}"
            client = f"{app}.apps.googleusercontent.com"
            tenant.put_token(number, client, name, "userinfo.email", "drive.readonly")
    for number in range(30 * EVENTS_A_DAY):
        user, at = (number * 8) % users, NOW - timedelta(minutes=number * 28)
        tenant.put_event(user, f"{number % APPS}.apps.googleusercontent.com", at, qualifier=number)
    tenant.put_report((NOW - 3 * DAY).date(), {})


def serve(pipe: Connection, users: int) -> None:
    with FakeGoogle() as tenant:
        fill(tenant, users)
        pipe.send(tenant.access({"student_units": ["/Students"]}))
        while pipe.recv():
            pipe.send((len(tenant.calls), list(tenant.wrongs)))
            tenant.server.asked.clear()


def main() -> None:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    pipe, other = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(other, users), daemon=True)
    server.start()
    access = pipe.recv()
    time_nights(("google_workspace", "google_app_grants"), access, pipe)
    pipe.send(False)
    server.join()


if __name__ == "__main__":
    main()
