"""Nights that ask platforms about accounts: what is asked, what closes, what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from auditor.findings import State
from auditor.nightly import run_night
from auditor.outcomes import ReadingState, RuleState
from auditor.registry import account_at
from auditor.settings import load_settings
from auditor.store import open_store
from connectors.errors import RateLimited
from connectors.platforms import Account, identify
from connectors.records import Harvest, Profile
from connectors.source import Capability, Questions, Terms
from tests.districts import approve, make_district
from tests.fake_sources import Script, register

if TYPE_CHECKING:
    from auditor.nightly import NightResult

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 17, 8, 15, tzinfo=UTC)
TERMS = Terms(
    platforms=("github",),
    documentation="https://docs.example/",
    rules="https://rules.example/",
    reviewed_on=date(2026, 11, 22),
    limits="60 calls an hour.",
    never="It never reads a repository.",
    missing={Capability.PROFILES_BY_ADDRESS: "Nobody may search by address."},
)
MORE = '[sources.code]\nconnector = "code"\n'
CHANGED, MISSING = "registered-account-changed", "registered-account-missing"
URL = "https://github.com/marrowickschools"


def profile(
    handle: str = "marrowickschools", native: str | None = "1001", **more: object
) -> Profile:
    account = identify(f"https://github.com/{handle}")
    assert isinstance(account, Account)
    fields = {
        "source": "code", "platform": "github", "url": account.url, "handle": handle,
        "native_id": native, "account_id": account.id, "display_name": "Marrowick High School",
        "location": "Marrowick, WI",
    } | more  # fmt: skip
    return Profile(**fields)  # type: ignore[arg-type]


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Script:
    return register(
        monkeypatch,
        "code",
        Capability.PROFILES,
        Capability.PROFILES_BY_BRAND,
        Capability.PROFILES_BY_ACCOUNT,
        terms=TERMS,
    )


@pytest.fixture
def config(tmp_path: Path, code: Script) -> Path:
    return make_district(tmp_path, more=MORE)


def night(config: Path, day: int = 0, **options: object) -> NightResult:
    return run_night(load_settings(config), now=NOW + day * DAY, **options)  # type: ignore[arg-type]


def asked(code: Script) -> Questions:
    return code.seen[-1].questions


def leads(result: NightResult, rule: str) -> dict[tuple[str, ...], State]:
    return {one.finding.subject: one.state for one in result.findings if one.finding.rule == rule}


class TestWhatIsAsked:
    def test_platforms_are_asked_after_the_directory_is_known(
        self, config: Path, code: Script
    ) -> None:
        approve(config)
        night(config)
        questions = asked(code)
        assert "ida.marsh@marrowick.example" in questions.addresses
        assert len(questions.addresses) == 25
        assert [one.url for one in questions.accounts] == [URL]
        assert "Marrowick High School" in questions.names
        assert "marrowickhs" in questions.handles["github"]
        assert questions.control

    def test_accounts_of_open_leads_are_asked_about_the_next_night(
        self, config: Path, code: Script
    ) -> None:
        night(config)
        night(config, 1)
        platforms = {one.key.platform for one in asked(code).accounts}
        assert platforms == {"facebook", "flickr"}

    def test_half_a_directory_gives_no_address(
        self, config: Path, code: Script, tmp_path: Path
    ) -> None:
        night(config)
        (tmp_path / "staff.csv").unlink()
        night(config, 1)
        assert asked(code).addresses == ()
        assert asked(code).names

    def test_one_school_is_asked_about_alone(self, config: Path, code: Script) -> None:
        night(config, school="MHS")
        assert asked(code).names == ("Marrowick High School", "Marrowick HS")
        handles = asked(code).handles["github"]
        assert "marrowickhs" in handles
        assert not any("ms" in one or "middle" in one for one in handles)

    def test_addresses_of_pupils_and_strangers_are_never_asked_about(
        self, config: Path, code: Script, tmp_path: Path
    ) -> None:
        with (tmp_path / "staff.csv").open("a", encoding="utf-8") as file:
            file.write("A Stray,stray@elsewhere.example,Marrowick High School,Teacher\n")
            file.write("B Stray,b@students.marrowick.example,Marrowick High School,Teacher\n")
        night(config)
        assert len(asked(code).addresses) == 25
        assert not any("stray" in one or "students" in one for one in asked(code).addresses)

    def test_files_and_directories_are_asked_nothing(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from connectors.profiles.file import ProfileFile

        seen = []
        made = ProfileFile.__init__

        def keep(self: ProfileFile, access: object) -> None:
            seen.append(access.questions)  # type: ignore[attr-defined]
            made(self, access)  # type: ignore[arg-type]

        monkeypatch.setattr(ProfileFile, "__init__", keep)
        night(config)
        assert seen == [Questions()]

    def test_platforms_are_asked_while_a_slow_site_is_still_being_read(
        self, config: Path, code: Script, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow, is_asked = register(monkeypatch, "slow", Capability.SITE_LINKS), Event()

        def crawl(_: object) -> Harvest:
            assert is_asked.wait(60), "the platforms waited for the site"
            return Harvest()

        def tell(_: object) -> Harvest:
            is_asked.set()
            return Harvest()

        slow.answer, code.answer = crawl, tell
        config.write_text(config.read_text() + '[sources.slow]\nconnector = "slow"\n')
        readings = night(config).readings
        assert {one.state for one in readings} == {ReadingState.COMPLETE}
        assert slow.seen[-1].questions == Questions()

    def test_a_run_for_one_school_asks_anew(self, config: Path, code: Script) -> None:
        night(config)
        assert not asked(code).asks_anew
        night(config, school="MHS")
        assert asked(code).asks_anew

    def test_whose_turn_it_was_outlives_a_night_in_part_and_a_watermark_does_not(
        self, config: Path, code: Script
    ) -> None:
        kept = []
        for day, (body, holds) in enumerate([(b"1", True), (b"2", False), (b"3", True)]):
            code.harvest = Harvest(bookmark=body, gaps=("Not all.",), holds_despite_gaps=holds)
            night(config, day)
            kept.append(code.seen[-1].bookmark)
        night(config, 3)
        assert [*kept, code.seen[-1].bookmark] == [None, b"1", b"1", b"3"]

    def test_readings_keep_the_order_of_the_settings(self, config: Path) -> None:
        assert [one.source for one in night(config).readings] == ["staff", "found", "code"]

    def test_fewer_profiles_than_last_night_are_no_shrinking(
        self, config: Path, code: Script
    ) -> None:
        code.harvest = Harvest(profiles=tuple(profile(f"somebody{n}", str(n)) for n in range(40)))
        night(config)
        code.harvest = Harvest(profiles=(profile("somebody1", "1"),))
        assert {one.state for one in night(config, 1).readings} == {ReadingState.COMPLETE}


class TestWhatCloses:
    BRANDED = "unregistered-branded-account"
    SUBJECT = ("github", "1001")

    def test_a_lead_found_by_a_search_stays_when_the_account_was_not_looked_at(
        self, config: Path, code: Script
    ) -> None:
        code.harvest = Harvest(profiles=(profile(),))
        assert leads(night(config), self.BRANDED)[self.SUBJECT] is State.OPEN
        code.harvest = Harvest()
        result = night(config, 1)
        assert result.exit_code == 0
        assert leads(result, self.BRANDED)[self.SUBJECT] is State.OPEN

    def test_it_closes_when_the_platform_says_that_it_is_not_there(
        self, config: Path, code: Script
    ) -> None:
        code.harvest = Harvest(profiles=(profile(),))
        night(config)
        code.answer = lambda access: Harvest(
            not_found=tuple(
                one.key for one in access.questions.accounts if one.key.platform == "github"
            )
        )
        assert leads(night(config, 1), self.BRANDED)[self.SUBJECT] is State.CLOSED

    def test_it_closes_when_the_account_carries_another_name_now(
        self, config: Path, code: Script
    ) -> None:
        code.harvest = Harvest(profiles=(profile("someone"),))
        night(config)
        code.harvest = Harvest(
            profiles=(profile("someone", display_name="Sunrise Bakery", location=None),)
        )
        assert leads(night(config, 1), self.BRANDED)[self.SUBJECT] is State.CLOSED

    def test_it_stays_when_the_source_answered_in_part(self, config: Path, code: Script) -> None:
        code.harvest = Harvest(profiles=(profile(),))
        night(config)
        code.answer = lambda access: Harvest(
            not_found=tuple(one.key for one in access.questions.accounts), gaps=("Not all.",)
        )
        assert leads(night(config, 1), self.BRANDED)[self.SUBJECT] is State.OPEN

    def test_a_lead_from_a_file_closes_as_ever(
        self, config: Path, code: Script, tmp_path: Path
    ) -> None:
        night(config)
        (tmp_path / "found.csv").write_text("url\nhttps://www.instagram.com/sunrisebakery\n")
        states = leads(night(config, 1), self.BRANDED)
        assert states == {("facebook", "marrowickhighschool"): State.CLOSED}


class TestApprovedAccounts:
    KEY = ("github", "marrowickschools")

    def test_a_change_stays_open_until_the_account_is_approved_again(
        self, config: Path, code: Script
    ) -> None:
        approve(config)
        code.harvest = Harvest(profiles=(profile(bio="Code of our schools"),))
        assert leads(night(config), CHANGED) == {}
        code.harvest = Harvest(profiles=(profile(bio="Win a prize"),))
        for day in (1, 2):
            result = night(config, day)
            assert leads(result, CHANGED) == {(*self.KEY, "changed"): State.OPEN}
        assert "Win a prize" not in repr(result.findings)
        approve(config, at=NOW + 2 * DAY, again=True)
        assert leads(night(config, 3), CHANGED) == {(*self.KEY, "changed"): State.CLOSED}
        code.harvest = Harvest(profiles=(profile(bio="Code of our schools"),))
        assert leads(night(config, 4), CHANGED) == {(*self.KEY, "changed"): State.OPEN}

    def test_a_change_that_is_taken_back_closes(self, config: Path, code: Script) -> None:
        approve(config)
        for day, site in enumerate(("https://a.example", "https://b.example", "https://a.example")):
            code.harvest = Harvest(profiles=(profile(website=site),))
            result = night(config, day)
        assert leads(result, CHANGED) == {(*self.KEY, "changed"): State.CLOSED}

    def test_a_renamed_account_is_known_by_its_native_id(self, config: Path, code: Script) -> None:
        approve(config)
        code.harvest = Harvest(profiles=(profile(),))
        night(config)
        code.harvest = Harvest(profiles=(profile("bigsavings"), profile(native="2002")))
        (finding,) = [
            one.finding for one in night(config, 1).findings if one.finding.rule == CHANGED
        ]
        assert finding.subject == (*self.KEY, "changed")
        assert [(one.what, one.theirs) for one in finding.evidence] == [("handle", "bigsavings")]

    def test_a_handle_that_somebody_else_registered_is_told_as_such(
        self, config: Path, code: Script
    ) -> None:
        approve(config)
        code.harvest = Harvest(profiles=(profile(),))
        night(config)
        code.harvest = Harvest(profiles=(profile(native="2002"),))
        assert leads(night(config, 1), CHANGED) == {(*self.KEY, "another account"): State.OPEN}

    def test_two_sources_that_word_an_account_differently_are_no_change(
        self, config: Path, code: Script, tmp_path: Path
    ) -> None:
        approve(config)
        (tmp_path / "found.csv").write_text(f"url,bio\n{URL},as somebody copied it\n")
        code.harvest = Harvest(profiles=(profile(bio="as the platform says"),))
        night(config)
        code.error = RateLimited("code", "slow down", "Wait")
        assert leads(night(config, 1), CHANGED) == {}

    def test_missing_needs_two_clean_nights_and_no_error_counts(
        self, config: Path, code: Script
    ) -> None:
        approve(config)
        code.harvest = Harvest(profiles=(profile(),))
        night(config)
        gone = Harvest(not_found=(account_at(URL).key,))
        code.harvest = gone
        assert leads(night(config, 1), MISSING) == {}
        assert leads(night(config, 1), MISSING) == {}  # the same day is the same night
        code.error = RateLimited("code", "slow down", "Wait")
        assert leads(night(config, 2), MISSING) == {}
        code.error, code.harvest = None, replace(gone, gaps=("Not all.",))
        assert leads(night(config, 3), MISSING) == {}
        code.harvest = gone
        assert leads(night(config, 4), MISSING) == {self.KEY: State.OPEN}
        code.harvest = Harvest()
        assert leads(night(config, 5), MISSING) == {self.KEY: State.OPEN}
        code.harvest = Harvest(profiles=(profile(),))
        assert leads(night(config, 6), MISSING) == {self.KEY: State.CLOSED}

    def test_seen_between_two_misses_is_not_two_in_a_row(self, config: Path, code: Script) -> None:
        approve(config)
        gone = Harvest(not_found=(account_at(URL).key,))
        for day, harvest in enumerate((gone, Harvest(profiles=(profile(),)), gone)):
            code.harvest = harvest
            result = night(config, day)
        assert leads(result, MISSING) == {}

    def test_a_revoked_account_is_forgotten(self, config: Path, code: Script) -> None:
        approve(config)
        code.harvest = Harvest(profiles=(profile(),))
        night(config)
        store = open_store(load_settings(config).store.url)
        assert len(store.sights()) == 1
        from auditor.registry import revoke_account

        key = account_at(URL).key
        store.add_registry_events(
            [revoke_account(store.registered_accounts(), key, by="b", at=NOW, why="closed")]
        )
        night(config, 1)
        assert store.sights() == {}
        store.close()

    def test_without_a_source_that_looks_again_the_rule_is_idle(self, tmp_path: Path) -> None:
        result = night(make_district(tmp_path))
        (outcome,) = [one for one in result.outcomes if one.rule == MISSING]
        assert outcome.state is RuleState.IDLE
