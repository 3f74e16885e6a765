"""What every source that is asked account by account does alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

import pytest

from connectors import CONNECTORS, connector_type
from connectors.account_source import LOOKUPS, Absence, AccountSource, Night, account_known
from connectors.errors import NotConfigured
from connectors.platforms import Account, platform_named
from connectors.records import AccountKey, KnownAccount, Profile
from connectors.source import Capability, CheckState, Setting
from tests.connectors.account_questions import access_for, asking, known

if TYPE_CHECKING:
    from connectors.source import Questions

KINDS = [connector_type("tested", name) for name in CONNECTORS]
ACCOUNT_KINDS = [kind for kind in KINDS if issubclass(kind, AccountSource)]


class Told(AccountSource):
    """Answers what the handle says."""

    platform = "tumblr"
    probe = "found"
    batch = 2
    capabilities = frozenset({Capability.PROFILES})
    settings = (
        Setting("key", str, required=False, secret=True, about="A key."),
        Setting("searches_a_night", int, required=False, about="Searches.", default=5),
        LOOKUPS,
    )
    sizes: ClassVar[list[int]] = []

    def look(self, night: Night, accounts: Sequence[Account]) -> Iterable[Profile | Absence]:
        self.sizes.append(len(accounts))
        answers = {"gone": Absence.NOT_FOUND, "unclear": Absence.UNCLEAR, "closed": Absence.CLOSED}
        for one in accounts:
            if (one.handle or "").startswith("hidden"):
                yield night.withhold(one.handle or "")
            else:
                yield answers.get(one.handle or "") or night.profile(one.handle, None)

    def find(self, night: Night, name: str) -> Iterator[Profile | Absence]:
        if name == "School Hidden":
            yield night.withhold("HIDDEN")
        elif name.startswith("School"):
            yield night.profile(name.replace(" ", "-").lower(), None)


def told(questions: Questions, **options: object) -> Told:
    Told.sizes.clear()
    return Told(access_for(questions, dict(options)))


def test_only_a_clean_answer_says_that_an_account_is_gone():
    names = ("gone", "unclear", "closed", "hidden", "found")
    harvest = told(asking("tumblr", accounts=tuple(known("tumblr", n) for n in names))).fetch()
    assert harvest.not_found == (AccountKey("tumblr", "gone"),)
    assert [one.handle for one in harvest.profiles] == ["found"]
    assert harvest.gaps[0].startswith("2 known accounts")
    assert sum(harvest.dropped.values()) == 3
    assert Told.sizes == [2, 2, 1]


def test_an_account_that_is_not_to_be_listed_is_counted_once_however_it_is_met():
    accounts = (known("tumblr", "hidden"),)
    questions = asking(
        "tumblr", "hidden", "hidden2", accounts=accounts, names=("School Hidden", "School 1")
    )
    harvest = told(questions).fetch()
    assert harvest.dropped == {"accounts whose owners ask not to be listed": 2}
    assert harvest.gaps == ()


def test_a_likely_name_that_nobody_has_is_not_called_gone():
    harvest = told(asking("tumblr", "gone", "found", "unclear")).fetch()
    assert harvest.not_found == ()
    assert harvest.gaps == ()
    assert [one.handle for one in harvest.profiles] == ["found"]


def test_accounts_of_other_platforms_are_not_asked_about():
    told(asking("tumblr", accounts=(known("flickr", "maplefork"),))).fetch()
    assert Told.sizes == []


def test_searches_take_turns():
    names = tuple(f"School {n}" for n in range(12))
    harvest = told(asking("tumblr", names=names), searches_a_night=4).fetch()
    assert [one.handle for one in harvest.profiles] == [f"school-{n}" for n in range(4)]
    assert any("within 3 nights" in note for note in harvest.notes)


def test_no_budget_no_questions():
    harvest = told(asking("tumblr", "found", names=("School 1",)), searches_a_night=0,
                   lookups_a_night=0).fetch()  # fmt: skip
    assert len(harvest) == 0
    assert Told.sizes == []


@pytest.mark.parametrize(
    "key", ["short", "two words in it", "line\nbreak-in-the-key", "ключ-key-0"]
)
def test_a_secret_that_cannot_be_one_is_refused_without_showing_it(key):
    with pytest.raises(NotConfigured, match="'key'") as caught:
        told(asking("tumblr"), key=key)
    assert key not in str(caught.value)


def test_a_number_out_of_bounds_is_refused():
    with pytest.raises(NotConfigured, match="lookups_a_night"):
        told(asking("tumblr"), lookups_a_night=-1)


def test_a_known_account_is_read_from_its_address_before_its_handle():
    url = "https://www.reddit.com/r/maplefork"
    account = account_known(KnownAccount(AccountKey("reddit", "t5_1"), "maplefork", url, "t5_1"))
    assert account is not None
    assert (account.id, account.native_id) == ("r/maplefork", "t5_1")


def test_a_known_account_whose_address_is_of_another_platform_is_read_from_its_handle():
    url = "https://evil.example/maplefork"
    account = account_known(KnownAccount(AccountKey("tiktok", "maplefork"), "maplefork", url))
    assert account is not None
    assert account.url == "https://www.tiktok.com/@maplefork"


def test_doctor_tells_an_answer_from_a_silence(monkeypatch: pytest.MonkeyPatch):
    assert [one.state for one in told(asking("tumblr")).check()] == [CheckState.GOOD]
    monkeypatch.setattr(Told, "probe", "unclear")
    (line,) = told(asking("tumblr")).check()
    assert line.state is CheckState.WARNING
    assert line.advice


@pytest.mark.parametrize("kind", ACCOUNT_KINDS, ids=lambda kind: kind.__name__)
def test_each_source_says_what_it_is_bound_by(kind: type[AccountSource]):
    terms = kind.terms
    lacking = {
        Capability.PROFILES_BY_ADDRESS,
        Capability.PROFILES_BY_BRAND,
        Capability.PROFILES_BY_ACCOUNT,
    } - kind.capabilities
    assert set(terms.missing) == lacking
    assert terms.documentation.startswith("https://")
    assert terms.rules.startswith("https://")
    assert all(one.endswith(".") for one in (terms.limits, terms.never, *terms.missing.values()))
    for platform in terms.platforms:
        assert platform_named(platform) is not None
