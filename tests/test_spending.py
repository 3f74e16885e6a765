"""Money: written down before it is spent, never over the budget, kept from night to night."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from auditor.doctor import examine
from auditor.nightly import run_night
from auditor.outcomes import ReadingState
from auditor.settings import load_settings
from auditor.spending import open_purse, purse_of
from auditor.store import open_store
from connectors.errors import NotConfigured, QuotaExhausted, SourceUnavailable
from connectors.pricing import Price, micros, show_dollars
from connectors.records import Harvest
from connectors.source import Capability, Check, CheckState, Terms
from tests.districts import make_district
from tests.fake_sources import Script, register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.settings import Settings, SourceSettings
    from auditor.spending import Purse
    from auditor.store import Store

NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
DAY = timedelta(days=1)
PRICE = Price(0.01, "query", "queries")
MORE = '[sources.web]\nconnector = "web"\nspend_a_night = 0.05\nspend_a_month = 0.12\n'
TERMS = Terms(("facebook",), "https://d.example/", "https://r.example/", date(2026, 11, 22), "", "")


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = register(monkeypatch, "web", Capability.PROFILES, terms=TERMS)
    from connectors import connector_type

    kind: Any = connector_type("web", "web")
    kind.price, kind.settings = PRICE, PRICE.settings(a_night=None, a_month=5.0)
    return script


@pytest.fixture
def settings(tmp_path: Path, paid: Script) -> Settings:
    return load_settings(make_district(tmp_path, more=MORE))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings.store.url)
    yield opened
    opened.close()


def source(settings: Settings, name: str) -> SourceSettings:
    return next(one for one in settings.source_list if one.name == name)


def a_purse(settings: Settings, store: Store, day: int = 0) -> Purse:
    purse = purse_of(settings, store, source(settings, "web"), NOW + day * DAY)
    assert purse is not None
    return purse


def test_the_budget_of_a_day_and_of_a_month_is_never_exceeded(
    settings: Settings, store: Store
) -> None:
    spent = 0
    for day in range(4):
        purse = a_purse(settings, store, day)
        while purse.units:
            purse.pay(1)
            spent += 1
        with pytest.raises(QuotaExhausted, match="the money for this source is spent"):
            purse.pay(1)
        assert spent == min(5 * (day + 1), 12)
    assert a_purse(settings, store, 14).units == 5, "a new month begins with its own money"


def test_too_much_at_once_spends_nothing(settings: Settings, store: Store) -> None:
    purse = a_purse(settings, store)
    with pytest.raises(QuotaExhausted):
        purse.pay(6)
    assert purse.units == 5


def test_what_is_spent_is_known_to_a_night_that_begins_after_one_was_killed(
    settings: Settings, store: Store
) -> None:
    a_purse(settings, store).pay(4)
    again = open_store(settings.store.url)
    assert a_purse(settings, again).units == 1
    again.close()


def test_a_source_under_a_new_name_or_beside_another_has_no_new_money(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    a_purse(settings, store).pay(3)
    more = MORE.replace("[sources.web]", "[sources.anew]")
    renamed = load_settings(make_district(tmp_path / "anew", more=more + MORE))
    purses = [purse_of(renamed, store, source(renamed, name), NOW) for name in ("anew", "web")]
    assert [purse and purse.units for purse in purses] == [2, 2]
    assert purses[0] is not None
    purses[0].pay(2)
    assert [purse and purse.units for purse in purses] == [0, 0]


def test_threads_cannot_spend_the_same_money_twice(settings: Settings, store: Store) -> None:
    purse = a_purse(settings, store)

    def pay(_: int) -> bool:
        try:
            purse.pay(1)
        except QuotaExhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(pay, range(20))) == 5


def test_a_clock_that_goes_back_wins_no_money(settings: Settings, store: Store) -> None:
    a_purse(settings, store, 1).pay(5)
    a_purse(settings, store, 2).pay(5)
    assert a_purse(settings, store, 1).units == 0
    assert a_purse(settings, store, 0).units == 2


def test_money_that_cannot_be_written_down_is_not_spent(settings: Settings, store: Store) -> None:
    purse = a_purse(settings, store)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE meta")
        connection.commit()
    with pytest.raises(SourceUnavailable, match="nothing was asked"):
        purse.pay(1)


def test_a_source_without_a_price_has_no_purse(settings: Settings, store: Store) -> None:
    assert purse_of(settings, store, source(settings, "staff"), NOW) is None
    with open_purse(settings, source(settings, "staff"), NOW) as purse:
        assert purse is None
    with open_purse(settings, source(settings, "web"), NOW) as purse:
        assert purse is not None


@pytest.mark.parametrize(
    "line", ["price = 0", "spend_a_night = -1", "spend_a_month = nan", "price = inf"]
)
def test_what_is_no_amount_is_refused(
    tmp_path: Path, paid: Script, store: Store, line: str
) -> None:
    block = f'[sources.web]\nconnector = "web"\n{line}\n'
    settings = load_settings(make_district(tmp_path, more=block))
    with pytest.raises(NotConfigured, match="no amount of dollars"):
        purse_of(settings, store, source(settings, "web"), NOW)


def test_the_doctors_attempt_is_paid_too(settings: Settings, paid: Script, store: Store) -> None:
    paid.checks = (Check("key", CheckState.GOOD, "accepted"),)
    lines = list(examine(settings, "web", NOW))
    assert [line.check.state for line in lines] == [CheckState.GOOD] * 2
    assert paid.seen[-1].purse is not None
    assert a_purse(settings, store).units == 5


class TestNight:
    def test_the_report_says_what_was_spent_and_that_the_rest_waits(
        self, settings: Settings, paid: Script
    ) -> None:
        def ask(access: Any) -> Harvest:
            while access.purse.units:
                access.purse.pay(1)
            return Harvest()

        paid.answer = ask
        notes = [run_night(settings, now=NOW + day * DAY).readings[-1].notes for day in (0, 1)]
        waits = "the budget is spent and the rest waits"
        assert notes == [
            (f"5 queries cost at most $0.05; $0.05 of $0.12 are spent this month; {waits}.",),
            (f"5 queries cost at most $0.05; $0.10 of $0.12 are spent this month; {waits}.",),
        ]
        coverage = (settings.reports_folder / "coverage.html").read_text("utf-8")
        assert "$0.10 of $0.12 are spent this month" in coverage

    def test_what_a_source_that_failed_cost_is_counted_and_told(
        self, settings: Settings, paid: Script, store: Store
    ) -> None:
        def ask(access: Any) -> Harvest:
            access.purse.pay(1)
            raise SourceUnavailable("web", "it has trouble of its own", "Wait")

        paid.answer = ask
        reading = run_night(settings, now=NOW).readings[-1]
        assert reading.state is ReadingState.FAILED
        assert reading.notes == (
            "1 query cost at most $0.01; $0.01 of $0.12 are spent this month.",
        )
        assert a_purse(settings, store).units == 4

    @pytest.mark.parametrize("kept", ["{", '{"2026-11-17": "much"}', "[]"])
    def test_a_record_that_is_damaged_costs_that_source_alone(
        self, settings: Settings, paid: Script, store: Store, kept: str
    ) -> None:
        store.write_meta("spent by web", kept)
        paid.answer = lambda access: access.purse.pay(1) or Harvest()
        result = run_night(settings, now=NOW)
        assert [one.state for one in result.readings if one.source != "web"] == [
            ReadingState.COMPLETE
        ] * (len(result.readings) - 1)
        reading = result.readings[-1]
        assert (reading.state, reading.notes) == (ReadingState.FAILED, ())
        assert "nothing was asked" in (reading.problem or "")
        with pytest.raises(SourceUnavailable, match="cannot be read"):
            _ = a_purse(settings, store).units

    def test_amounts_may_be_whole_dollars(self, tmp_path: Path, paid: Script) -> None:
        block = '[sources.web]\nconnector = "web"\nspend_a_month = 2\n'
        result = run_night(load_settings(make_district(tmp_path, more=block)), now=NOW)
        assert result.readings[-1].notes == (
            "0 queries cost at most $0.00; $0.00 of $2.00 are spent this month.",
        )


@tries(max_examples=50)
@given(st.integers(1, 10**9))
def test_dollars_are_shown_rounded_up(amount: int) -> None:
    shown = float(show_dollars(amount).lstrip("$").replace(",", ""))
    assert 0 <= micros(shown) - amount < 10_000
