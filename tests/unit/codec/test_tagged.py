from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcore.codec import Codec
from crmcore.codec.errors import Misfit
from crmcore.entities import Judgement
from crmcore.entities.ledger import DealState, Fate, Verdict
from crmcore.model.model import STANDARD_MODEL
from crmcore.values import Address, FrozenMap, Money, PersonName, Ref

CODEC = Codec(STANDARD_MODEL)
JUDGEMENT = Judgement(
    id="j",  # type: ignore[arg-type]  # any text
    first=Ref("lead", "a"),
    second=Ref("lead", "b"),
    verdict=Verdict.DUPLICATE,
)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        (True, True),
        (0, 0),
        ("$decimal", "$decimal"),
        (Decimal("1.50"), {"$decimal": "1.5"}),
        (date(2026, 1, 2), {"$date": "2026-01-02"}),
        (datetime(2026, 1, 2, tzinfo=UTC), {"$moment": "2026-01-02T00:00:00.000000Z"}),
        (Money(1, "EUR"), {"$money": {"amount": "1", "currency": "EUR"}}),
        (Ref("lead", "a"), {"$ref": {"kind": "lead", "id": "a"}}),
        (Address(city="x"), {"$address": {"city": "x"}}),
        (PersonName(family="x"), {"$name": {"family": "x"}}),
        (Verdict.DUPLICATE, {"$value": ["judgement.verdict", "duplicate"]}),
        (
            DealState(pipeline="p", stage="s"),
            {"$value": ["opportunity_change.before", {"pipeline": "p", "stage": "s"}]},
        ),
        (Fate.KEPT, {"$value": ["conversion_receipt.transfers.fate", "kept"]}),
        ((), {"$tuple": []}),
        (("a", (1,)), {"$tuple": ["a", {"$tuple": [1]}]}),
        (frozenset({2, 1}), {"$set": [1, 2]}),
        (FrozenMap(), {"$map": {}}),
        (FrozenMap({"$map": 1}), {"$map": {"$map": 1}}),
        (
            JUDGEMENT,
            {
                "$record": {
                    "kind": "judgement",
                    "version": 0,
                    "data": {
                        "id": "j",
                        "first": {"kind": "lead", "id": "a"},
                        "second": {"kind": "lead", "id": "b"},
                        "verdict": "duplicate",
                    },
                }
            },
        ),
    ],
)
def test_a_value_says_what_it_is(value: Any, stored: Any) -> None:
    assert CODEC.value(value) == stored
    assert CODEC.from_value(stored) == value
    assert type(CODEC.from_value(stored)) is type(value)


@pytest.mark.parametrize("value", [1.5, b"x", object(), [1], {"a": 1}, {1}, 1j, int, 2**4000])
def test_what_cannot_be_stored_is_refused(value: Any) -> None:
    with pytest.raises(Misfit):
        CODEC.value(value)


@pytest.mark.parametrize(
    "stored",
    [
        1.5,
        [1],
        {},
        {"decimal": "1"},
        {"$float": "1"},
        {"$decimal": 1},
        {"$decimal": "1", "$date": "2026-01-01"},
        {"$set": "a"},
        {"$map": []},
        {"$value": ["judgement.verdict"]},
        {"$value": ["judgement.verdict", "maybe"]},
        {"$value": ["judgement.word", "duplicate"]},
        {"$value": ["judgement.reason", "duplicate"]},
        {"$money": {"amount": "1"}},
        {"$record": {}},
        2**4000,
    ],
)
def test_what_says_something_else_is_refused(stored: Any) -> None:
    with pytest.raises(Misfit):
        CODEC.from_value(stored)


def test_a_float_is_told_the_way_out() -> None:
    with pytest.raises(Misfit, match="use Decimal"):
        CODEC.value(1.5)
