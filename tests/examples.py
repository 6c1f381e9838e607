"""Records to test with: the smallest valid one of any entity, and values that no field can hold."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import attrs

from crmcore.entities import Record
from crmcore.model.describe import FieldSchema, describe
from crmcore.values import Money, PersonName, Ref

R = TypeVar("R", bound=Record)

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

EXAMPLES: dict[type, Any] = {
    str: "EUR",
    int: 1,
    Decimal: Decimal(1),
    date: date(2026, 3, 14),
    datetime: NOW,
    Money: Money(1, "EUR"),
    PersonName: PersonName(family="Lovelace"),
}


def example(entity: type[R], /, **given: Any) -> R:
    """A valid record of an entity: what is required, and what is given."""
    required = (one for one in describe(entity).fields if one.is_required)
    return entity(**{one.name: example_value(one) for one in required} | given)


def example_value(one: FieldSchema) -> Any:
    """A valid value of a field."""
    if one.python is Ref:
        kinds = one.lookup.kinds if one.lookup else ()
        ref: Ref[Any] = Ref(kinds[0] if kinds else "account", "1")
        return (ref,) if one.holds.value == "tuple" else ref
    if issubclass(one.python, Enum):
        return next(iter(one.python))
    return EXAMPLES[one.python]


class Odd:
    """A value of a type that no field has."""


JUNK: tuple[Any, ...] = (
    Odd(),
    [[]],
    {1: Odd()},
    b"bytes",
    float("nan"),
    float("inf"),
    1.5,
    10**400,
    10**5000,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("Infinity"),
    Decimal("1e999999"),
    datetime(2026, 3, 14, 9, 26, 53),  # noqa: DTZ001  # the naive moment that is wanted here
    "\ud800",
    "bell \x07",
    "long " * 30_000,
    Ref("odd", "\x00"),
    PersonName(family=3),  # type: ignore[arg-type]  # likewise
)
"""Values that are wrong in every field of every entity of the library."""


def changed(record: R, /, **given: Any) -> R:
    """The successor of a record with these fields, whose ids may be any text."""
    return attrs.evolve(record, **given)
