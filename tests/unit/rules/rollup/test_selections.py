from fractions import Fraction
from functools import reduce
from typing import Any

import pytest

from crmcore.errors import UsageError
from crmcore.rules.rollup import Operation, concatenate, concatenate_distinct, largest, nth
from crmcore.rules.rollup.selections import FIRST, LAST, MEDIAN, MOST_FREQUENT, percentile


def state(one: Operation, items: list[Any]) -> Any:
    first, *rest = items
    return reduce(one.add, rest, one.start(first))


PLACED = [(3, "c"), (1, "a"), (2, "b"), (4, "a")]
NUMBERS = [4, 1, 3, 3]


@pytest.mark.parametrize(
    ("one", "items", "result"),
    [
        (FIRST, PLACED, "a"),
        (LAST, PLACED, "a"),
        (nth(2), PLACED, "b"),
        (nth(4), PLACED, "a"),
        (nth(5), PLACED, None),
        (concatenate("+"), PLACED, "a+b+c+a"),
        (concatenate_distinct(), PLACED, "a, b, c"),
        (largest(3), NUMBERS, (4, 3, 3)),
        (MEDIAN, NUMBERS, Fraction(3)),
        (MEDIAN, [1, 2], Fraction(3, 2)),
        (percentile(0), NUMBERS, Fraction(1)),
        (percentile(25), NUMBERS, Fraction(5, 2)),
        (percentile(100), NUMBERS, Fraction(4)),
        (MOST_FREQUENT, NUMBERS, 3),
        (MOST_FREQUENT, [2, 1], 1),
    ],
    ids=str,
)
def test_a_selection_is_the_same_however_it_is_grouped(
    one: Operation, items: list[Any], result: object
) -> None:
    assert one.result(state(one, items)) == result
    if len(items) > 2:
        for at in (1, 2, 3):
            both = one.merge(state(one, items[:at]), state(one, items[at:]))
            assert one.result(both) == result


def test_selections_of_money_are_scaled_value_by_value() -> None:
    for one in (largest(2), MEDIAN):
        assert one.scaled is not None
        scaled = one.scaled(state(one, [2, 4]), Fraction(1, 2))
        assert one.result(scaled) == one.result(state(one, [Fraction(1), Fraction(2)]))


def test_an_item_matters_where_it_was_chosen() -> None:
    assert nth(1).matters(state(nth(1), PLACED), nth(1).start((1, "a")))
    assert not nth(1).matters(state(nth(1), PLACED), nth(1).start((2, "b")))
    assert FIRST.matters((1, "a"), (1, "a"))
    assert not LAST.matters((4, "a"), (1, "a"))


def test_what_an_operation_is_made_with_is_checked() -> None:
    for wrong in (0, True, "2"):
        with pytest.raises(UsageError, match="from 1 on"):
            nth(wrong)
    with pytest.raises(UsageError, match="from 1 on"):
        largest(0)
    with pytest.raises(UsageError, match="0 to 100"):
        percentile(101)
    with pytest.raises(UsageError, match="is text"):
        concatenate(3)
    assert nth(2) is nth(2)
