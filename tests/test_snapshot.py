from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.snapshot import merge_profiles
from connectors.records import AccountKey
from tests.builders import a_profile


def test_the_same_account_of_two_sources_is_one_and_gaps_are_filled() -> None:
    first = a_profile(source="a", native_id="7", bio=None, public_addresses=("x@d.example",))
    second = a_profile(
        source="b",
        native_id="7",
        bio="News",
        display_name="Other",
        public_addresses=("y@d.example",),
    )
    (merged,), also_in = merge_profiles([first, second])
    assert merged.bio == "News"
    assert merged.display_name == first.display_name
    assert merged.public_addresses == ("x@d.example", "y@d.example")
    assert also_in == {merged.key: {"a", "b"}}


def test_a_handle_joins_an_entry_without_native_id_to_one_with() -> None:
    with_id = a_profile(source="a", native_id="7", account_id="herons")
    without = a_profile(source="b", native_id=None, account_id="herons")
    for pair in ([with_id, without], [without, with_id]):
        (merged,), also_in = merge_profiles(pair)
        assert merged.key == AccountKey("mastodon", "7")
        assert also_in[merged.key] == {"a", "b"}


def test_a_handle_taken_over_by_another_account_stays_two() -> None:
    profiles, _ = merge_profiles(
        [
            a_profile(native_id="7", account_id="herons"),
            a_profile(native_id="8", account_id="herons"),
        ]
    )
    assert [one.native_id for one in profiles] == ["7", "8"]


def test_missing_handles_never_match_each_other() -> None:
    profiles, _ = merge_profiles(
        [a_profile(native_id="7", account_id=""), a_profile(native_id="8", account_id="")]
    )
    assert len(profiles) == 2


KEYS = st.tuples(st.sampled_from(["1", "2", None]), st.sampled_from(["a", "b", "c"]))


@settings(max_examples=60)
@given(st.lists(KEYS, max_size=8))
def test_merging_again_changes_nothing(keys: list[tuple[str | None, str]]) -> None:
    given_profiles = [a_profile(native_id=native, account_id=handle) for native, handle in keys]
    once, _ = merge_profiles(given_profiles)
    twice, also_in = merge_profiles(once)
    assert twice == once
    assert not also_in
    assert {one.native_id for one in once} - {None} == {native for native, _ in keys} - {None}
