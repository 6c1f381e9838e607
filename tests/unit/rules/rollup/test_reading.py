import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcore.entities import (
    AccountContactRelation,
    Activity,
    Contact,
    Opportunity,
    Record,
)
from crmcore.errors import InvalidValueError, UsageError
from crmcore.fields import CustomField, DateTime, Number, Whole
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F
from crmcore.rules.rollup import NOTHING, Out, Rates, Rollup, largest, weighted_sum
from crmcore.rules.rollup.explain import account_ids_of
from crmcore.rules.rollup.reading import Reading, reading
from crmcore.rules.rule import Context
from crmcore.values import Money, Ref
from tests.properties.rollup.records import account, contact, deal, link, rate

MODEL = STANDARD_MODEL.with_calendar(time_zone="Asia/Tokyo").with_custom_fields(
    Opportunity,
    CustomField(name="seats", type=Whole()),
    CustomField(name="weight", type=Number()),
    CustomField(name="signed_at", type=DateTime()),
)
CONTEXT = Context(
    model=MODEL,
    now=datetime(2025, 3, 31, 20, tzinfo=UTC),
    new_id=map(str, itertools.count()).__next__,
)
RATES = Rates.of(
    [
        rate("EUR", "USD", 2, date(2025, 1, 1)),
        rate("EUR", "USD", 4, date(2025, 4, 1)),
    ]
)


def rollup(**changed: Any) -> Rollup:
    usual: dict[str, Any] = {
        "name": "figure",
        "child": Opportunity,
        "by": F.account_id,
        "value": F.amount,
        "aggregate": "sum",
    }
    return Rollup(**{**usual, **changed})


def ready(**changed: Any) -> Reading:
    return reading(rollup(**changed), CONTEXT, RATES)


def figure(one: Reading, *records: Record) -> object:
    items = [one.item_of(record) for record in records]
    return one.finish(one.folded(items))


@pytest.mark.parametrize(
    ("path", "fields", "item"),
    [
        (F.close_on, {"close_on": date(2025, 1, 1)}, date(2025, 1, 1)),
        (F.close_on, {"close_on": datetime(2025, 1, 1, tzinfo=UTC)}, Out.BAD_VALUE),
        (F.close_on, {"close_on": "2025-01-01"}, Out.BAD_VALUE),
        (F.close_on, {}, Out.NO_VALUE),
        (
            F.created_at,
            {"created_at": datetime(2025, 1, 1, tzinfo=UTC)},
            CONTEXT.now.replace(month=1, day=1, hour=0),
        ),
        (F.created_at, {"created_at": datetime(2025, 1, 1)}, Out.BAD_VALUE),  # noqa: DTZ001 - bad data
        (F.probability, {"probability": Decimal("12.5")}, Decimal("12.5")),
        (F.probability, {"probability": Decimal("NaN")}, Out.BAD_VALUE),
        (F.custom["seats"], {"custom": {"seats": 3}}, 3),
        (F.custom["seats"], {"custom": {"seats": True}}, Out.BAD_VALUE),
        (F.custom["seats"], {"custom": {"seats": Decimal(3)}}, Out.BAD_VALUE),
        (F.amount, {"amount": Decimal(3)}, Out.BAD_VALUE),
        (F.amount.amount, {"amount": Money(3, "USD")}, Decimal(3)),
        (F.name, {"name": ""}, ""),
    ],
)
def test_only_values_of_the_right_class_count(
    path: Any, fields: dict[str, Any], item: object
) -> None:
    one = ready(value=path, aggregate="max")
    assert one.item_of(deal(**fields)) == item


def test_what_is_left_out_for_bad_data_is_a_finding() -> None:
    one = ready(value=F.probability)
    bad = deal(probability=Decimal("NaN"))
    found = one.finding(bad, Out.BAD_VALUE)
    assert found is not None
    assert (found.code, found.ref, found.path) == ("rollup.bad_value", bad.ref, "probability")
    assert one.finding(bad, Out.NO_VALUE) is None
    assert one.finding(bad, Out.FILTER) is None


def test_a_rollup_of_records_has_no_value_to_blame() -> None:
    found = ready(value=None, aggregate="count").finding(deal(), Out.NO_RATE)
    assert found is not None
    assert (found.path, found.value) == ("", None)


@pytest.mark.parametrize("value", [None, F.amount])
def test_a_record_that_the_filter_is_not_true_of_does_not_count(value: Any) -> None:
    one = ready(value=value, aggregate="count_distinct", where=F.stage_category == "won")
    assert one.item_of(deal(amount=Money(1, "EUR"))) is Out.FILTER
    assert one.item_of(deal(stage="Won", amount=Money(1, "EUR"))) in {"d", Money(1, "EUR")}
    money = ready(where=F.stage_category == "won")
    assert money.item_of(deal(amount=Money(1, "EUR"))) is Out.FILTER


@pytest.mark.parametrize(
    ("rate_on", "fields", "amount"),
    [
        (None, {}, Money(25, "EUR")),  # it is April already in Tokyo
        (date(2025, 2, 1), {}, Money(50, "EUR")),
        (F.close_on, {"close_on": date(2025, 3, 31)}, Money(50, "EUR")),
        (F.custom["signed_at"], {"custom": {"signed_at": CONTEXT.now}}, Money(25, "EUR")),
    ],
)
def test_the_day_of_the_rate_is_declared(
    rate_on: Any, fields: dict[str, Any], amount: Money
) -> None:
    assert figure(ready(rate_on=rate_on), deal(amount=Money(100, "USD"), **fields)) == amount


@pytest.mark.parametrize(
    ("rate_on", "fields", "reason"),
    [
        (date(2024, 12, 31), {}, Out.NO_RATE),
        (F.close_on, {}, Out.NO_RATE_DATE),
        (F.close_on, {"close_on": "soon"}, Out.NO_RATE_DATE),
        (
            F.custom["signed_at"],
            {"custom": {"signed_at": datetime(2025, 1, 1)}},  # noqa: DTZ001 - bad data
            Out.NO_RATE_DATE,
        ),
    ],
)
def test_without_a_rate_a_record_is_left_out(
    rate_on: Any, fields: dict[str, Any], reason: Out
) -> None:
    one = ready(rate_on=rate_on)
    foreign, home = deal(amount=Money(1, "USD"), **fields), deal(amount=Money(1, "EUR"), **fields)
    assert one.item_of(foreign) is reason
    assert figure(one, home) == Money(1, "EUR")


def test_states_of_several_currencies_merge() -> None:
    one = ready()
    euros, dollars = deal(amount=Money(1, "EUR")), deal(amount=Money(4, "USD"))
    left = one.folded(map(one.item_of, [euros, dollars]))
    right = one.folded(map(one.item_of, [dollars]))
    assert one.finish(one.merge(left, right)) == Money(3, "EUR")


@pytest.mark.parametrize(
    ("value", "aggregate", "rounding", "values", "result"),
    [
        ("seats", "sum", None, [1, 2], 3),
        ("seats", "sum", 2, [1, 2], 3),
        ("seats", "sum", -1, [14, 1], 20),
        ("seats", "sum", -1, [20, 5], 20),
        ("seats", "average", None, [1, 0, 0], Decimal("0.333333333333")),
        ("seats", "average", 1, [1, 0, 0], Decimal("0.3")),
        ("weight", "sum", None, [Decimal("0.1"), Decimal("0.2")], Decimal("0.3")),
        ("weight", "max", 0, [Decimal("0.5"), Decimal("1.5")], Decimal(2)),
        ("weight", "sum", None, [], Decimal(0)),
        ("seats", "average", None, [], None),
    ],
)
def test_numbers_are_exact_until_they_are_rounded(
    value: str, aggregate: str, rounding: int | None, values: list[Any], result: object
) -> None:
    one = ready(value=F.custom[value], aggregate=aggregate, rounding=rounding)
    found = figure(one, *(deal(custom={value: number}) for number in values))
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("value", "empty", "result"),
    [
        (F.custom["weight"], None, Decimal(0)),
        (F.custom["seats"], None, 0),
        (F.amount, None, Money(0, "EUR")),
        (F.amount, NOTHING, None),
        (F.amount, Money(7, "EUR"), Money(7, "EUR")),
        (F.custom["seats"], -1, -1),
    ],
)
def test_the_empty_set_has_its_declared_value(value: Any, empty: Any, result: object) -> None:
    assert ready(value=value, empty=empty).finish(None) == result


def test_an_amount_beyond_all_bounds_is_no_value() -> None:
    one = ready()
    huge = deal(amount=Money(9 * 10**29, "EUR"))
    with pytest.raises(InvalidValueError) as refused:
        figure(one, huge, huge)
    found = one.too_large("a", refused.value)
    assert (found.code, found.value) == ("rollup.too_large", "a")
    assert "more than 30 digits" in found.message


def ids(one: Rollup, record: Record, *links: Record) -> tuple[str | None, ...]:
    return account_ids_of(one, CONTEXT, {"a": None, "b": None}, links)(record)


@pytest.mark.parametrize(
    ("account_id", "expected"), [("a", ("a",)), ("gone", (None,)), (None, (None,)), (7, (None,))]
)
def test_a_record_counts_where_it_refers_to(account_id: Any, expected: object) -> None:
    assert ids(rollup(), deal(account_id=account_id)) == expected


def test_a_reference_of_several_kinds_counts_where_it_is_to_an_account() -> None:
    one = Rollup(name="calls", child=Activity, by=F.about, aggregate="count")
    assert ids(one, Activity(subject="call", about=Ref("account", "a"))) == ("a",)
    assert ids(one, Activity(subject="call", about=Ref("opportunity", "a"))) == (None,)


def test_links_add_accounts_each_once() -> None:
    one = Rollup(
        name="contacts",
        child=Contact,
        by=F.account_id,
        via=AccountContactRelation,
        aggregate="count",
    )

    person = contact("c", "b")
    links = [link(at, "c") for at in ("b", "a", "a", "gone", None)]
    assert ids(one, person, *links, link("a", None), account("c")) == ("b", "a")
    assert ids(one, person, link("a", "somebody else")) == ("b",)


@pytest.mark.parametrize(
    ("value", "fields", "item"),
    [
        (F.custom["seats"], {"custom": {"seats": 3}, "probability": Decimal(50)}, Decimal("1.5")),
        (F.custom["seats"], {"custom": {"seats": 3}}, Out.NO_VALUE),
        (F.custom["seats"], {"probability": Decimal(50)}, Out.NO_VALUE),
        (F.custom["seats"], {"custom": {"seats": "3"}, "probability": 50}, Out.BAD_VALUE),
        (F.amount, {"probability": Decimal(50)}, Out.NO_VALUE),
        (F.amount, {"amount": Money(3, "EUR")}, Out.NO_VALUE),
        (
            F.amount,
            {"amount": Money(3, "EUR"), "probability": Decimal(50)},
            (("EUR", None), Decimal("1.5")),
        ),
    ],
)
def test_a_weight_multiplies_and_a_percentage_is_in_hundredths(
    value: Any, fields: dict[str, Any], item: object
) -> None:
    assert ready(value=value, aggregate=weighted_sum(F.probability)).item_of(deal(**fields)) == item


def test_a_weight_is_a_number_of_the_record() -> None:
    named = ready(value=F.amount, aggregate=weighted_sum("probability"))
    assert figure(named, deal(amount=Money(2, "EUR"), probability=50)) == Money(1, "EUR")
    for wrong in (F.name, F.nothing):
        with pytest.raises(ModelError):
            rollup(aggregate=weighted_sum(wrong))
    with pytest.raises(UsageError, match="a weight is a field"):
        weighted_sum(F)


def test_a_filter_as_value_is_yes_or_no() -> None:
    one = ready(value=F.stage_category == "won", aggregate="some")
    assert [one.item_of(deal(stage=stage)) for stage in ("Won", "Lost")] == [True, False]
    with pytest.raises(ModelError, match="not a filter"):
        rollup(value=F.stage == "Won", aggregate="sum")
    with pytest.raises(ModelError, match="yes or no is never rounded"):
        rollup(value=F.stage == "Won", aggregate="all", rounding=2)
    assert ready(value=F.stage == "Won", aggregate="all", empty=True).finish(None) is True


def test_several_values_are_rounded_each() -> None:
    one = ready(value=F.custom["weight"], aggregate=largest(2), rounding=0, empty=())
    assert figure(one, *(deal(custom={"weight": Decimal(w)}) for w in ("1.4", "2.6"))) == (3, 1)
    assert one.finish(None) == ()
    assert figure(ready(aggregate=largest(1)), deal(amount=Money(4, "USD"))) == (Money(1, "EUR"),)
