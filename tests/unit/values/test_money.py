"""Money: exact, canonical, in one currency."""

import decimal
import operator
import pickle
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crmcore.errors import InvalidValueError, MixedCurrencyError
from crmcore.values.money import Money

BOUND = 10**30
AMOUNTS = st.decimals(
    min_value=-(BOUND // 1000), max_value=BOUND // 1000, places=12, allow_nan=False
) | st.decimals(min_value=-1000, max_value=1000, places=2)
EUROS = st.builds(Money, AMOUNTS, st.just("EUR"))
NUMBERS = st.integers(-(10**9), 10**9) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9
)


build: Callable[..., Money] = Money
"""``Money`` without its types, for what they refuse already."""


def euros(amount: int | str | Decimal) -> Money:
    return Money(amount, "EUR")


def to_12_decimals(value: Fraction) -> Decimal:
    """Round half-even with whole numbers only: Python's own rounding of fractions."""
    units = round(value * 10**12)
    with decimal.localcontext(decimal.Context(prec=200)):
        return Decimal(units).scaleb(-12)


@pytest.fixture
def _careless_caller() -> Iterator[None]:
    """A caller whose decimal context rounds to three digits, upwards, and traps nothing."""
    context = decimal.Context(prec=3, rounding=decimal.ROUND_UP, Emin=-3, Emax=3, traps=[])
    with decimal.localcontext(context):
        yield


@given(AMOUNTS, st.integers(0, 20))
def test_equal_amounts_have_equal_reprs_and_hashes(amount: Decimal, zeros: int) -> None:
    text = f"{amount:f}"
    padded = f"{text}{'' if '.' in text else '.'}{'0' * zeros}"
    assert euros(padded) == euros(amount)
    assert repr(euros(padded)) == repr(euros(amount))
    assert str(euros(padded).amount) == str(euros(amount).amount)
    assert hash(euros(padded)) == hash(euros(amount))


@given(EUROS)
def test_the_repr_of_money_builds_it_again(money: Money) -> None:
    assert eval(repr(money), {"Money": Money}) == money  # noqa: S307  # the law of reprs


@pytest.mark.parametrize(
    ("given_amount", "canonical"),
    [
        ("1e3", "1000"),
        (Decimal("1E+2"), "100"),
        ("1.500", "1.5"),
        (" 5 ", "5"),
        ("-0.00", "0"),
        (Decimal("0E-99999"), "0"),
        (-7, "-7"),
        ("1." + "0" * 5000, "1"),
    ],
)
def test_an_amount_is_kept_in_its_shortest_form(
    given_amount: int | str | Decimal, canonical: str
) -> None:
    assert str(euros(given_amount).amount) == canonical


@pytest.mark.parametrize(
    "amount", ["9" * 30 + "." + "9" * 12, "-" + "9" * 30, "0.000000000001", 10**30 - 1]
)
def test_amounts_just_inside_the_bounds_are_kept_exactly(amount: int | str) -> None:
    assert euros(amount).amount == Decimal(amount)


@pytest.mark.parametrize(
    "amount",
    [10**30, -(10**30), "1e30", "1e999999999", Decimal("-1E+30")],
)
def test_amounts_of_more_than_30_digits_are_refused(amount: int | str | Decimal) -> None:
    with pytest.raises(InvalidValueError, match="digits before the point") as caught:
        euros(amount)
    assert str(amount)[:20] in str(caught.value)


@pytest.mark.parametrize("digits", [400, 5_000, 1_000_000])
def test_huge_amounts_are_refused_with_a_short_message(digits: int) -> None:
    for huge in (10**digits, "9" * digits):
        with pytest.raises(InvalidValueError) as caught:
            euros(huge)
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize("amount", ["1e-13", "1e-999999999", "0.1234567890123", "1." + "1" * 99])
def test_amounts_of_more_than_12_decimals_are_refused(amount: str) -> None:
    with pytest.raises(InvalidValueError, match="more than 12 decimals"):
        euros(amount)


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        (1.5, "a float is not exact"),
        (float("nan"), "a float is not exact"),
        (True, "is a bool"),
        (None, "is a NoneType"),
        (b"1", "is a bytes"),
        ("NaN", "not finite"),
        ("-inf", "not finite"),
        (Decimal("sNaN"), "not finite"),
        (Decimal("Infinity"), "not finite"),
        ("", "is no number"),
        ("1,50", "is no number"),
        ("12 EUR", "is no number"),
        ("\ud800", "is no number"),
        ("\x00", "is no number"),
    ],
)
def test_what_is_no_exact_number_is_refused_with_its_reason(amount: object, why: str) -> None:
    with pytest.raises(InvalidValueError, match=why):
        build(amount, "EUR")


@pytest.mark.usefixtures("_careless_caller")
@pytest.mark.parametrize("amount", ["abc", "NaN"])
def test_nonsense_is_refused_even_where_the_caller_traps_nothing(amount: str) -> None:
    with pytest.raises(InvalidValueError):
        euros(amount)


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "E R"])
def test_a_malformed_currency_is_refused(currency: str) -> None:
    with pytest.raises(InvalidValueError, match="currency code"):
        Money(1, currency)


def test_an_unlisted_currency_is_accepted() -> None:
    assert Money(1, "ABC").currency == "ABC"


def test_money_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        euros(1).amount = Decimal(2)  # type: ignore[misc]  # what is tried here


@given(EUROS)
def test_money_survives_pickling(money: Money) -> None:
    assert pickle.loads(pickle.dumps(money)) == money  # noqa: S301  # written just before


def test_no_amount_of_money_is_falsy() -> None:
    assert [bool(money) for money in (euros(0), Money.zero("JPY"))] == [True, True]


@given(EUROS, EUROS)
def test_adding_and_subtracting_are_exact(a: Money, b: Money) -> None:
    assert Fraction((a + b).amount) == Fraction(a.amount) + Fraction(b.amount)
    assert a + b - b == a
    assert a - b == a + -b
    assert -a + a == Money.zero("EUR")
    assert abs(a) == (a if a.amount >= 0 else -a)


@given(st.lists(EUROS), st.randoms())
def test_a_total_is_exact_in_any_order(moneys: list[Money], random: Random) -> None:
    total = Money.total(moneys, "EUR")
    assert Fraction(total.amount) == sum(Fraction(money.amount) for money in moneys)
    random.shuffle(moneys)
    assert Money.total(iter(moneys), "EUR") == total


def test_a_total_may_pass_the_bounds_on_its_way_but_not_at_its_end() -> None:
    most = euros(BOUND - 1)
    assert Money.total([most, most, -most, -most, euros(1)], "EUR") == euros(1)
    with pytest.raises(InvalidValueError):
        Money.total([most, most], "EUR")


def test_the_total_of_nothing_is_zero_in_the_currency_asked_for() -> None:
    assert Money.total([], "KWD") == Money.zero("KWD") == Money(0, "KWD")


def test_a_total_in_another_currency_is_refused() -> None:
    with pytest.raises(MixedCurrencyError) as caught:
        Money.total([euros(1), Money(1, "USD")], "EUR")
    assert caught.value == MixedCurrencyError(left="EUR", right="USD", operation="add")


def test_the_builtin_sum_does_not_start_from_a_bare_zero() -> None:
    moneys: Any = [euros(1), euros(2)]  # Any: the types refuse it already
    with pytest.raises(TypeError):
        sum(moneys)
    assert sum(moneys, Money.zero("EUR")) == euros(3)


@pytest.mark.parametrize(
    "operation",
    [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge],
)
def test_currencies_do_not_mix(operation: Callable[[Any, Any], object]) -> None:
    with pytest.raises(MixedCurrencyError, match="EUR and USD"):
        operation(euros(1), Money(1, "USD"))
    with pytest.raises(TypeError):
        operation(euros(1), 1)


def test_amounts_of_different_currencies_are_unequal() -> None:
    assert euros(0) != Money(0, "USD")


@given(EUROS, EUROS)
def test_money_is_ordered_as_its_amounts(a: Money, b: Money) -> None:
    assert (a < b) == (a.amount < b.amount)
    assert (a <= b) == (a.amount <= b.amount)
    assert (a > b) == (a.amount > b.amount)
    assert (a >= b) == (a.amount >= b.amount)
    assert [a < b, a == b, a > b].count(True) == 1


@given(EUROS, NUMBERS)
@example(euros("0.000000000001"), Decimal("0.5"))
@example(euros("0.000000000003"), Decimal("0.5"))
@example(euros("0.000000000001"), Decimal("0.5000000000000000000000000000000000000000000000001"))
@example(euros("0.000000000001"), Decimal("0.5" + "0" * 90 + "1"))
def test_a_product_is_rounded_once_half_even(money: Money, factor: int | Decimal) -> None:
    exact = Fraction(money.amount) * Fraction(factor)
    assume(abs(exact) < BOUND - 1)
    assert (money * factor).amount == to_12_decimals(exact)
    assert factor * money == money * factor


@given(EUROS, NUMBERS)
@example(euros("0.000000000001"), 2)
@example(euros("0.000000000003"), 2)
@example(euros("0.000000000001"), Decimal("1.9999999999999999999999999999999999999999999999999999"))
def test_a_quotient_is_rounded_once_half_even(money: Money, divisor: int | Decimal) -> None:
    assume(divisor != 0)
    exact = Fraction(money.amount) / Fraction(divisor)
    assume(abs(exact) < BOUND - 1)
    assert (money / divisor).amount == to_12_decimals(exact)


@pytest.mark.parametrize("factor", [1.5, True, Decimal("NaN"), Decimal("inf"), 10**400])
def test_only_exact_finite_factors_and_divisors_are_taken(factor: object) -> None:
    with pytest.raises(InvalidValueError, match="factor of money"):
        operator.mul(euros(1), factor)
    with pytest.raises(InvalidValueError, match="divisor of money"):
        operator.truediv(euros(1), factor)


@pytest.mark.parametrize("factor", ["2", None, Money(2, "EUR")])
def test_money_is_not_multiplied_or_divided_by_what_is_no_number(factor: object) -> None:
    for operation in (operator.mul, operator.truediv):
        with pytest.raises(TypeError):
            operation(euros(1), factor)


def test_dividing_by_zero_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="is zero"):
        euros(1) / 0


@pytest.mark.parametrize("digits", [30, 999_999_999_999])
def test_a_result_beyond_the_bounds_is_refused(digits: int) -> None:
    with pytest.raises(InvalidValueError, match="digits before the point"):
        euros(1) * Decimal(f"1e{digits}")
    with pytest.raises(InvalidValueError, match="digits before the point"):
        euros(1) / Decimal(f"1e-{digits}")


def test_a_result_too_small_to_see_is_zero() -> None:
    assert euros(1) * Decimal("1e-999999999999") == euros(0)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.125", "EUR", "0.12"),
        ("0.135", "EUR", "0.14"),
        ("-0.125", "EUR", "-0.12"),
        ("2.5", "JPY", "2"),
        ("1.23456", "KWD", "1.235"),
        ("7", "EUR", "7"),
    ],
)
def test_rounding_goes_half_even_to_the_minor_unit(
    amount: str, currency: str, expected: str
) -> None:
    assert Money(amount, currency).rounded() == Money(expected, currency)


WEIGHTS = st.lists(
    st.integers(0, 10**6) | st.decimals(min_value=0, max_value=1, places=28), min_size=1, max_size=9
)


@given(EUROS, WEIGHTS)
def test_shares_add_up_and_are_off_by_less_than_one_unit(
    money: Money, parts: list[int | Decimal]
) -> None:
    assume(any(parts))
    shares = money.allocate(parts)
    assert Money.total(shares, "EUR") == money
    whole = sum(map(Fraction, parts))
    unit = Fraction(1, 10 ** max(2, len(f"{money.amount:f}".partition(".")[2])))
    for share, part in zip(shares, parts, strict=True):
        off = Fraction(share.amount) - Fraction(money.amount) * Fraction(part) / whole
        assert abs(off) < unit


@given(EUROS, WEIGHTS)
def test_the_shares_of_a_debt_are_those_of_the_amount_with_the_sign_turned(
    money: Money, parts: list[int | Decimal]
) -> None:
    assume(any(parts))
    assert (-money).allocate(parts) == tuple(-share for share in money.allocate(parts))


@pytest.mark.parametrize(
    ("money", "parts", "shares"),
    [
        (Money(100, "EUR"), [1, 1, 1], ["33.34", "33.33", "33.33"]),
        (Money("0.05", "EUR"), [1, 1, 1], ["0.02", "0.02", "0.01"]),
        (Money(100, "JPY"), [1, 1, 1], ["34", "33", "33"]),
        (Money("0.001", "EUR"), [1, 1], ["0.001", "0"]),
        (Money(10, "EUR"), [0, Decimal("0.5"), Decimal("1.5")], ["0", "2.5", "7.5"]),
        (Money(10, "EUR"), [3, 2, 2], ["4.28", "2.86", "2.86"]),
    ],
)
def test_units_left_over_go_to_the_largest_remainders_and_to_earlier_parts(
    money: Money, parts: list[int | Decimal], shares: list[str]
) -> None:
    assert money.allocate(parts) == tuple(Money(share, money.currency) for share in shares)


@pytest.mark.parametrize("parts", [[], [0], [0, Decimal(0)]])
def test_nothing_can_be_allocated_to_parts_without_weight(parts: list[int | Decimal]) -> None:
    with pytest.raises(InvalidValueError, match="no part above zero"):
        euros(1).allocate(parts)


@pytest.mark.parametrize("part", [-1, Decimal("NaN"), 0.5, True, Decimal("1e60"), Decimal("1e-61")])
def test_a_part_is_a_sensible_weight(part: object) -> None:
    allocate: Callable[..., object] = euros(1).allocate
    with pytest.raises(InvalidValueError, match="part of an allocation"):
        allocate([1, part])


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money("1234.5", "EUR"), "EUR 1,234.50"),
        (Money("-1234567", "JPY"), "JPY -1,234,567"),
        (Money("1.5", "JPY"), "JPY 1.5"),
        (Money("0.0000001", "EUR"), "EUR 0.0000001"),
        (Money("1", "KWD"), "KWD 1.000"),
        (Money(0, "ABC"), "ABC 0.00"),
    ],
)
def test_money_is_shown_with_its_minor_units_at_least(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.usefixtures("_careless_caller")
def test_the_decimal_context_of_the_caller_never_matters() -> None:
    money = euros("123456.789")
    assert str(money) == "EUR 123,456.789"
    assert money + money == euros("246913.578")
    assert money - euros("0.001") == euros("123456.788")
    assert abs(-money) == money
    assert money * 3 / 3 == money
    assert money * Decimal("1.0001") == euros("123469.1346789")
    assert Money.total([money, euros("0.000000000001")], "EUR") == euros("123456.789000000001")
    assert money.rounded() == euros("123456.79")
    assert money < euros("123456.79")
    assert money.allocate([1, 1]) == (euros("61728.395"), euros("61728.394"))
