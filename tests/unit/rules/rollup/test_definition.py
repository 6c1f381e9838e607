from datetime import date
from typing import Any

import attrs
import pytest

from crmcore.entities import Account, Contact, Opportunity
from crmcore.errors import InvalidValueError, UnknownNameError, UsageError
from crmcore.findings import ModelError
from crmcore.query import ALL, F, Order
from crmcore.rules.rollup.definition import Rollup, Scope, several
from crmcore.rules.rollup.operations import SUM

AMOUNT: dict[str, Any] = {
    "name": "amount",
    "child": Opportunity,
    "by": F.account_id,
    "value": F.amount,
    "aggregate": "sum",
}


def test_what_is_not_said_has_its_default() -> None:
    rollup = Rollup(**AMOUNT)
    assert rollup.aggregate is SUM
    assert (rollup.over, rollup.via, rollup.where) == (Account, None, ALL)
    assert (rollup.scope, rollup.order_by) == (Scope.SUBTREE, ())
    assert (rollup.empty, rollup.currency, rollup.rate_on, rollup.rounding) == (None,) * 4


def test_fields_can_be_named_by_text() -> None:
    named = Rollup(**{**AMOUNT, "by": "account_id", "value": "amount", "rate_on": "close_on"})
    assert named == Rollup(**AMOUNT, rate_on=F.close_on)
    deep = Rollup(**{**AMOUNT, "value": "amount.amount"})
    assert deep.value == F.amount.amount


def test_rollups_compare_as_values() -> None:
    count = Rollup(name="amount", child=Opportunity, by=F.account_id, aggregate="count")
    assert Rollup(**AMOUNT) == Rollup(**AMOUNT)
    assert len({Rollup(**AMOUNT), Rollup(**AMOUNT), count}) == 2
    assert Rollup(**AMOUNT) != count
    fixed = Rollup(**AMOUNT, rate_on=date(2025, 1, 1))
    assert fixed not in {Rollup(**AMOUNT), Rollup(**AMOUNT, rate_on=F.close_on)}


def test_a_rollup_says_what_it_is() -> None:
    rollup = Rollup(**{**AMOUNT, "where": F.stage == "Won"})
    assert str(rollup) == "amount: sum of opportunity amount where (F.stage == 'Won')"
    assert str(attrs.evolve(rollup, where=ALL, value=None, aggregate="count")) == (
        "amount: count of opportunity"
    )


def test_a_scope_can_be_named() -> None:
    assert Rollup(**AMOUNT, scope="own").scope is Scope.OWN
    with pytest.raises(UsageError, match="not a scope: 'all'"):
        Rollup(**AMOUNT, scope="all")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"child": "opportunity"}, "child is an entity"),
        ({"over": None}, "over is an entity"),
        ({"via": int}, "via is an entity"),
        ({"by": None}, "not a field"),
        ({"by": ""}, "not a field"),
        ({"value": 7}, "not a field"),
    ],
)
def test_what_is_no_entity_or_field_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Rollup(**{**AMOUNT, **wrong})


def test_an_unknown_operation_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sum'"):
        Rollup(**{**AMOUNT, "aggregate": "summ"})


def test_a_malformed_currency_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="write 'EUR'"):
        Rollup(**AMOUNT, currency="eur")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": " "}, "rollup.name"),
        ({"name": None}, "rollup.name"),
        ({"where": "stage = Won"}, "rollup.where"),
        ({"by": F.name}, "rollup.by"),
        ({"by": F.lead_id}, "rollup.by"),
        ({"by": F.acount_id}, "rollup.field"),
        ({"value": None}, "rollup.value"),
        ({"value": F.name}, "rollup.value"),
        ({"value": F.labels, "aggregate": "count_distinct"}, "rollup.value"),
        ({"value": F.external_ids, "aggregate": "count_distinct"}, "rollup.value"),
        ({"value": F.ammount}, "rollup.field"),
        ({"value": F.amount.size}, "rollup.field"),
        ({"aggregate": "count"}, "rollup.value"),
        ({"order_by": F.close_on}, "rollup.order_by"),
        ({"order_by": [Order(F.close_on), "name"]}, "rollup.order_by"),
        ({"rate_on": F.name}, "rollup.rate_on"),
        ({"rate_on": F.closed_on}, "rollup.field"),
        ({"value": F.probability, "rate_on": F.close_on}, "rollup.rate_on"),
        ({"value": F.probability, "currency": "EUR"}, "rollup.currency"),
        ({"value": None, "aggregate": "count", "currency": "EUR"}, "rollup.currency"),
        ({"rounding": 13}, "rollup.rounding"),
        ({"rounding": True}, "rollup.rounding"),
        ({"rounding": "2"}, "rollup.rounding"),
        ({"value": None, "aggregate": "count", "rounding": 2}, "rollup.rounding"),
        ({"via": Contact}, "rollup.via"),
    ],
)
def test_what_the_classes_tell_fails_when_it_is_built(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as refused:
        Rollup(**{**AMOUNT, **wrong})
    assert [one.code for one in refused.value.findings] == [code]
    assert str(refused.value).startswith("this rollup cannot work")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ModelError) as refused:
        Rollup(name="", child=Opportunity, by=F.name, value=F.stage, aggregate="sum", rounding=99)
    codes = {one.code for one in refused.value.findings}
    assert codes == {"rollup.name", "rollup.rounding", "rollup.by", "rollup.value"}


def test_custom_fields_are_left_for_the_model_to_judge() -> None:
    rollup = Rollup(
        name="seats",
        child=Opportunity,
        by=F.custom["buyer"],
        value=F.custom["seats"],
        aggregate="sum",
        currency="EUR",
        rate_on=F.custom["signed_on"],
    )
    assert rollup.value == F.custom["seats"]


def test_two_rollups_of_one_name_are_refused() -> None:
    assert several(Rollup(**AMOUNT)) == several([Rollup(**AMOUNT)])
    with pytest.raises(UsageError, match="two rollups have one name: 'amount'"):
        several([Rollup(**AMOUNT), Rollup(**AMOUNT)])
