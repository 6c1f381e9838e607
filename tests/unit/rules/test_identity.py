from typing import Any

from crmcore.entities import MergeReceipt
from crmcore.rules.identity import merged_into, survivor_of
from crmcore.values import Ref


def ref(id_: str) -> Ref[Any]:
    return Ref("contact", id_)


def receipt(survivor: str, *losers: str) -> MergeReceipt:
    return MergeReceipt(survivor=ref(survivor), losers=tuple(map(ref, losers)))


def test_a_record_that_was_never_merged_answers_for_itself() -> None:
    assert survivor_of(ref("a"), []) == ref("a")
    assert survivor_of(ref("a"), [receipt("a", "b")]) == ref("a")


def test_the_survivor_answers_for_each_loser() -> None:
    assert survivor_of(ref("c"), [receipt("a", "b", "c")]) == ref("a")


def test_a_chain_of_merges_is_followed_in_any_order() -> None:
    receipts = [receipt("c", "b"), receipt("b", "a"), receipt("d", "c")]
    assert survivor_of(ref("a"), receipts) == ref("d")
    assert survivor_of(ref("a"), reversed(receipts)) == ref("d")


def test_the_same_id_of_another_kind_is_another_record() -> None:
    assert survivor_of(Ref("lead", "b"), [receipt("a", "b")]) == Ref("lead", "b")


def test_of_several_merges_of_one_record_the_last_counts() -> None:
    assert merged_into([receipt("a", "x"), receipt("b", "x")]) == {ref("x"): ref("b")}


def test_a_circle_of_damaged_receipts_ends_before_it_repeats() -> None:
    receipts = [receipt("b", "a"), receipt("a", "b")]
    assert survivor_of(ref("a"), receipts) == ref("b")
    assert survivor_of(ref("a"), [receipt("a", "a")]) == ref("a")
