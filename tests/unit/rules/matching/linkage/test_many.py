"""What the comparisons of many pairs by arrays have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage import many
from crmcore.rules.matching.linkage.people import PEOPLE

np = pytest.importorskip("numpy")

LEARNT = PEOPLE.standard.buckets()
NUMBERS = st.lists(st.integers(0, 40), max_size=30)


def test_only_forms_that_occur_are_looked_at() -> None:
    found, (ones, others) = many.used(np, ["", "a", "b", "c"], ([1, 1], [1, 3]))
    assert found == ["a", "c"]
    assert (ones.tolist(), others.tolist()) == ([0, 0], [0, 1])


@given(NUMBERS, st.sampled_from([0, 1_000_000]))
def test_different_numbers_rise_and_say_which_each_is(numbers: list[int], few: int) -> None:
    given_numbers = np.asarray(numbers, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many, "_FEW", few)
        different, places = many.distinct(np, given_numbers, 41 if few else 2**40)
    assert different.tolist() == sorted(set(numbers)) == many.rising(np, given_numbers).tolist()
    assert different[places].tolist() == numbers


def test_pairs_are_compared_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "_AT_ONCE", 2)
    pairs = np.asarray([1, 2, 3, 4, 5]), np.asarray([5, 4, 3, 2, 1])
    sizes: list[int] = []

    def codes(ones: many.Array, others: many.Array) -> many.Array:
        sizes.append(len(ones))
        return ones * 10 + others

    assert many.in_steps(np, pairs, codes).tolist() == [15, 24, 33, 42, 51]
    assert sizes == [2, 2, 1]
    none = np.zeros(0, dtype=np.int64)
    assert many.in_steps(np, (none, none), codes).tolist() == []


def test_equal_pairs_are_compared_once() -> None:
    asked: list[tuple[str, str]] = []

    def compare(one: str, other: str, _: object) -> int:
        asked.append((one, other))
        return len(one) + len(other)

    forms, pairs = ["a", "bb", "ccc"], (np.asarray([0, 1, 0]), np.asarray([1, 2, 1]))
    assert many.asked_of(np, compare, forms, pairs, LEARNT).tolist() == [3, 5, 3]
    assert asked == [("a", "bb"), ("bb", "ccc")]
