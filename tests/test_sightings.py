"""What approved accounts look like, from night to night, without clock or store."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.registry import RegisteredAccount, Registration
from auditor.sightings import Facts, Looking, Sight, SightKey, facts_of, follow
from auditor.store import open_store
from connectors.platforms import Account, identify
from connectors.records import AccountKey, Standing
from tests.builders import a_profile

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
TODAY = date(2026, 11, 17)
URL = "https://social.example/@maplefallshigh"


def entry(state: Registration = Registration.APPROVED) -> RegisteredAccount:
    account = identify(URL)
    assert isinstance(account, Account)
    return RegisteredAccount(
        key=account.key, url=URL, handle=account.handle, schools=(), purpose="news",
        owner="a@maplefalls.example", backup=None, state=state, requested_by="a",
        requested_on=TODAY, approved_by="b", approved_on=TODAY, review_on=None,
    )  # fmt: skip


ENTRY = entry()
PLACE = SightKey(ENTRY.key, "asked")


def followed(
    *looking: Looking, known: dict[SightKey, Sight] | None = None
) -> dict[SightKey, Sight]:
    return follow(known or {}, {ENTRY.key: ENTRY}, {ENTRY.key: NOW}, looking, NOW, TODAY)


def profile(**changes: object) -> object:
    return a_profile(account_id=ENTRY.key.account, **changes)


def test_an_account_seen_first_is_accepted_as_it_is() -> None:
    sight = followed(Looking("asked", True, [profile()]))[PLACE]  # type: ignore[list-item]
    assert sight.accepted == sight.seen
    assert sight.seen_at == NOW


def test_what_is_learnt_later_fills_what_was_accepted() -> None:
    known = {PLACE: Sight(Facts(handle="x"), Facts(handle="x"), NOW, NOW)}
    looking = Looking("asked", True, [profile(verified=True)])  # type: ignore[list-item]
    sight = followed(looking, known=known)[PLACE]
    assert sight.accepted is not None
    assert (sight.accepted.handle, sight.accepted.verified) == ("x", True)


def test_what_a_night_does_not_say_is_still_known() -> None:
    known = {PLACE: Sight(Facts(website="w"), Facts(website="w"), NOW, NOW)}
    sight = followed(Looking("asked", True, [profile()]), known=known)[PLACE]  # type: ignore[list-item]
    assert sight.seen is not None
    assert sight.seen.website == "w"


def test_only_a_complete_answer_misses_and_only_once_a_day() -> None:
    gone = (ENTRY.key,)
    assert followed(Looking("asked", False, (), gone)) == {}
    once = followed(Looking("asked", True, (), gone))
    assert once[PLACE].misses == 1
    assert followed(Looking("asked", True, (), gone), known=once)[PLACE].misses == 1


def test_accounts_nobody_approved_are_not_followed() -> None:
    other = AccountKey("mastodon", "somebody@else.example")
    stranger = a_profile(account_id="somebody@else.example", native_id="7")
    assert followed(Looking("asked", True, [stranger], (other,))) == {}
    revoked = entry(Registration.REVOKED)
    known = {PLACE: Sight(misses=1)}
    assert follow(known, {revoked.key: revoked}, {}, (), NOW, TODAY) == {}


def test_no_bio_is_kept_and_spaces_in_it_do_not_count() -> None:
    one, two = (facts_of(a_profile(bio=bio)) for bio in ("News  of\nours", "News of ours"))
    assert one == two
    assert "News" not in repr(one)
    assert facts_of(a_profile(bio=None)).bio_digest is None


@pytest.mark.parametrize("text", ["\0", "\ud800", "'; DROP TABLE run; --", "x" * 100_000])
def test_hostile_facts_survive_the_store(text: str, tmp_path: Path) -> None:
    facts = facts_of(
        a_profile(handle=text, display_name=text, bio=text, website=text, standing=Standing.ACTIVE)
    )
    kept = Sight(facts, facts, NOW, NOW, 2, TODAY)
    with closing(open_store(f"sqlite:///{tmp_path}/audit.sqlite")) as store:
        from tests.nights import a_reading

        run = store.begin_run(NOW, "1.0", "abc", None)
        store.finish_run(
            run, readings=[a_reading(source="asked")], outcomes=[], transitions=[], finished_at=NOW,
            outcome="complete", exit_code=0, item_of={},
            sights={PLACE: kept, SightKey(ENTRY.key, "no longer configured"): kept},
        )  # fmt: skip
        assert store.sights() == {PLACE: kept}
