from datetime import timedelta
from fractions import Fraction

import pytest

from crmcore.reports.share import Share, Spread, days, percent

DAY = timedelta(days=1)


def test_a_share_shows_its_n_and_a_dash_where_it_is_undefined() -> None:
    assert str(Share.of(1204, 1905)) == "63.2 % (n=1,905)"
    assert str(Share.of(0, 5)) == "0.0 % (n=5)"
    assert str(Share.of(0, 0)) == "– (n=0)"
    assert Share.of(0, 0).value is None
    assert float(Share.of(1, 4)) == 0.25
    assert float(Share.of(0, 0)) != float(Share.of(0, 0))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe 1998, table I, method 3 (Wilson's score interval)
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_an_interval_is_the_published_one(part: int, whole: int, low: float, high: float) -> None:
    found = Share.of(part, whole).interval
    assert found is not None
    assert found == pytest.approx((low, high), abs=5e-5)


def test_only_a_share_of_records_has_an_interval() -> None:
    assert Share.of(0, 0).interval is None
    assert Share(Fraction(10), Fraction(40), 3).interval is None


def test_a_percentage_is_rounded_to_a_tenth() -> None:
    assert percent(Fraction(1, 3)) == "33.3 %"
    assert percent(123.456) == "12,345.6 %"
    assert percent(None) == "–"


def test_a_spread_interpolates_between_neighbours() -> None:
    some = Spread.of([4 * DAY, DAY, 2 * DAY, 3 * DAY])
    assert (some.n, some.mean, some.median) == (4, 2.5 * DAY, 2.5 * DAY)
    assert (some.lower, some.upper) == (1.75 * DAY, 3.25 * DAY)
    assert str(some) == "2.5 d (n=4)"
    assert Spread.of([DAY]) == Spread(1, DAY, DAY, DAY, DAY)


def test_a_spread_of_nothing_is_undefined() -> None:
    assert Spread.of([]) == Spread()
    assert str(Spread()) == "– (n=0)"
    assert days(None) == "–"
