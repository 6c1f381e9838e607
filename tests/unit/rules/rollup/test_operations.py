from decimal import Decimal, localcontext
from fractions import Fraction
from functools import reduce
from typing import Any

import pytest

from crmcore.errors import UnknownNameError
from crmcore.rules.rollup.algebra import Operation, is_number
from crmcore.rules.rollup.operations import (
    AVERAGE,
    COUNT,
    COUNT_DISTINCT,
    MAX,
    MIN,
    OPERATIONS,
    SUM,
    operation,
)


def state(one: Operation, values: list[Any]) -> Any:
    first, *rest = values
    return reduce(one.add, rest, one.start(first))


@pytest.mark.parametrize(
    ("one", "result"),
    [
        (COUNT, 4),
        (COUNT_DISTINCT, 3),
        (SUM, 7),
        (AVERAGE, Fraction(7, 4)),
        (MIN, 0),
        (MAX, 3),
    ],
    ids=str,
)
def test_an_operation_makes_one_value_of_many_however_they_are_grouped(
    one: Operation, result: object
) -> None:
    values = [2, 0, 3, 2]
    assert one.result(state(one, values)) == result
    assert one.result(one.merge(state(one, values[:1]), state(one, values[1:]))) == result
    assert one.result(one.merge(state(one, values[2:]), state(one, values[:2]))) == result


def test_a_scaled_state_is_the_state_of_scaled_values() -> None:
    for one in (SUM, AVERAGE, MIN, MAX):
        assert one.scaled is not None
        scaled = one.scaled(state(one, [Decimal(1), Decimal(5)]), Fraction(1, 3))
        assert one.result(scaled) == one.result(state(one, [Fraction(1, 3), Fraction(5, 3)]))


def test_decimals_are_added_exactly_whatever_the_context_of_the_caller() -> None:
    with localcontext() as context:
        context.prec = 3
        total = state(SUM, [Decimal(10) ** 500, Decimal("1e-500"), Decimal("-1e500")])
    assert total == Decimal("1e-500")


def test_an_operation_is_found_by_its_name_or_is_itself() -> None:
    names: list[Any] = [one.name for one in OPERATIONS]
    assert list(map(operation, names)) == list(OPERATIONS)
    assert operation(SUM) is SUM


def test_an_unknown_operation_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'averge'.*did you mean 'average'\?"):
        operation("averge")  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        (0, True),
        (-(10**900), True),
        pytest.param(10**5000, False, id="10**5000"),
        (True, False),
        (1.5, False),
        ("1", False),
        (Decimal("0E+5000"), True),
        (Decimal("1.5"), True),
        (Decimal("NaN"), False),
        (Decimal("Infinity"), False),
        (Decimal("1E+5000"), False),
        (Decimal("1E-5000"), False),
    ],
)
def test_a_number_is_finite_and_not_beyond_all_measure(value: object, *, is_one: bool) -> None:
    assert is_number(value) is is_one
