"""What is compiled from a filter says what ``matches`` says, of good values and bad ones."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from crmcore.entities import Contact, Opportunity
from crmcore.model.describe import describe
from crmcore.query import ALL, F, Filter, Or, matches
from crmcore.rules.rollup import Out
from crmcore.rules.rollup.compiled import Lane, Source, compile_items
from crmcore.values import Money
from tests.examples import JUNK
from tests.properties.rollup.records import deal
from tests.unit.rules.rollup.test_reading import ready


class Word(str, Enum):  # noqa: UP042 - a text that is not exactly of the class
    """A text that is not exactly of the class ``str``."""

    WON = "Won"


FILTERS: list[Filter] = [
    ALL,
    Or(()),
    F.stage == "Won",
    ~(F.stage == "Won"),
    F.stage > "Lost",
    F.stage.in_(["Won", "Lost"]),
    F.stage.in_(["Won", 3]),
    F.stage.is_none(),
    F.stage.starts_with("W"),
    F.close_on >= date(2025, 1, 1),
    F.close_on == date(2025, 1, 1),
    F.close_on < datetime(2025, 1, 1, tzinfo=UTC),
    F.amount.amount >= 5,
    F.amount == Money(5, "EUR"),
    F.custom["tier"] == "gold",
    (F.probability <= 50) & (F.stage == "Won") | (F.owner_id == "u"),
]
VALUES: dict[str, list[Any]] = {
    "stage": [None, "", "Won", "Lost", Word.WON, 3, *JUNK],
    "close_on": [None, date(2025, 1, 1), date(2024, 1, 1), datetime(2025, 1, 1, tzinfo=UTC), *JUNK],
    "amount": [None, Money(5, "EUR"), Money(7, "USD"), 5, {"amount": 9}],
    "probability": [None, 50, Decimal(50), Decimal("NaN"), "50"],
}


@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_a_compiled_filter_says_what_matches_says(where: Filter) -> None:
    source = Source(describe(Opportunity))
    test = source.function("def test(r):", [f"return {source.test(where)}"])
    for name, values in VALUES.items():
        for value in values:
            record = deal(**{name: value})
            assert bool(test(record)) is matches(where, record), value


def test_a_flag_is_compared_as_a_flag() -> None:
    source = Source(describe(Contact))
    where = F.is_active == True  # noqa: E712 - builds a filter
    test = source.function("def test(r):", [f"return {source.test(where)}"])
    for value in (True, False, None, 1, "True"):
        record: Any = Contact(name=None, is_active=value)  # type: ignore[arg-type]  # bad data
        assert bool(test(record)) is matches(where, record)


def test_items_are_those_of_the_reading() -> None:
    parts: list[dict[str, Any]] = [
        {},
        {"value": None, "aggregate": "count"},
        {"value": F.close_on, "aggregate": "max", "where": F.stage == "Won"},
        {"value": F.owner_id, "aggregate": "count_distinct"},
        {"value": F.probability},
        {"value": F.name, "aggregate": "first", "order_by": F.close_on},
        {"value": F.stage == "Won", "aggregate": "all"},
    ]
    readings = [ready(**one) for one in parts]
    items = compile_items([Lane(one, 0) for one in readings], describe(Opportunity))
    for amount in (None, Money(5, "EUR"), Money(5, "USD"), 7):
        for stage in ("Won", "Lost", None):
            record = deal(amount=amount, stage=stage, close_on=date(2025, 2, 2), owner_id="u")
            for reading, item in zip(readings, items(record), strict=True):
                plain = reading.item_of(record)
                home = isinstance(plain, tuple) and plain[0] == (reading.home, None)
                assert item == (plain[1] if home else plain)
    assert items(deal())[0] is Out.NO_VALUE
    assert compile_items([], describe(Opportunity))(deal()) == ()
