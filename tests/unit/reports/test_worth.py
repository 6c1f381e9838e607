from datetime import date
from decimal import Decimal
from fractions import Fraction

from crmcore import ExchangeRate, Money, Opportunity
from crmcore.reports.worth import NOTHING, Exchange, Total, as_money, decimal_sum
from crmcore.rules.rollup import Rates

RATES = [
    ExchangeRate(base="EUR", currency="USD", valid_from=date(2025, 1, 1), rate=Decimal(2)),
    ExchangeRate(base="EUR", currency="USD", valid_from=date(2026, 1, 1), rate=Decimal(4)),
]
EXCHANGE = Exchange("EUR", Rates.of(RATES), date(2026, 6, 1))


def deal(amount: Money | None, close_on: date | None = None) -> Opportunity:
    return Opportunity(name="d", amount=amount, close_on=close_on)


def test_currencies_are_never_added_as_if_they_were_equal() -> None:
    deals = [deal(Money(50, "USD")), deal(Money(50, "EUR")), deal(None)]
    assert EXCHANGE.total(deals) == Total(Fraction(125, 2), 2)


def test_old_deals_are_not_valued_anew() -> None:
    old = deal(Money(50, "USD"), date(2025, 6, 1))
    assert EXCHANGE.total([old], closed=True).value == 25
    assert EXCHANGE.total([old]).value == Fraction(25, 2)
    undated = deal(Money(50, "USD"))
    assert EXCHANGE.total([undated], closed=True).value == Fraction(25, 2)


def test_an_amount_without_a_rate_is_left_out_and_told() -> None:
    yen = deal(Money(50, "JPY"))
    found = EXCHANGE.total([yen, deal(Money(1, "EUR"))])
    assert found == Total(Fraction(1), 1, 1)
    (finding,) = EXCHANGE.unrated([yen])
    assert (finding.code, finding.ref) == ("report.no_rate", yen.ref)


def test_the_sum_of_nothing_is_zero_and_has_no_average() -> None:
    assert NOTHING.money("EUR") == Money(0, "EUR")
    assert NOTHING.average("EUR") is None
    assert (NOTHING + Total(Fraction(1), 3)).average("EUR") == as_money(Fraction(1, 3), "EUR")


def test_sums_are_exact_however_large() -> None:
    tiny, large = Decimal("0.000000000001"), Decimal(10) ** 29
    assert decimal_sum([large, tiny, -large]) == tiny
    assert as_money(Fraction(2, 3), "EUR") == Money("0.666666666667", "EUR")
