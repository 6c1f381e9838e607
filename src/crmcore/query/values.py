"""Values in questions: how they are found in a record, and how they compare and sort."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crmcore.entities.record import Record
from crmcore.model.describe import describe
from crmcore.model.describe import parts as parts_of
from crmcore.query.filters import Operator, Path
from crmcore.values import Money, Ref


def value_at(record: Any, path: Path) -> Any:
    """The value at ``path`` of a record, or of a mapping; ``None`` where there is none."""
    value = record
    for step in path.steps:
        if value is None:
            return None
        value = value.get(step) if isinstance(value, Mapping) else getattr(value, step, None)
    return value


_NOTHING, _FLAG, _NUMBER, _DATE, _MOMENT, _MONEY, _REF, _TEXT, _OTHER = range(9)


def _type_rank(value: Any) -> int:
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return _TEXT
    if isinstance(value, bool):
        return _FLAG
    if isinstance(value, Decimal):
        return _NUMBER if value.is_finite() else _OTHER
    if isinstance(value, int):
        return _NUMBER
    if isinstance(value, datetime):
        return _OTHER if value.tzinfo is None else _MOMENT
    for python, rank in ((date, _DATE), (Money, _MONEY), (Ref, _REF)):
        if isinstance(value, python):
            return rank
    return _OTHER


def sort_key(value: Any) -> tuple[Any, ...]:
    """A key by which values of any type sort.

    Missing < False < True < numbers < dates < moments < money (by currency, then amount) <
    references < text by code point < anything else, by the name of its type and then part by part;
    a set by its elements in order. Equal values have equal keys, in every process.
    """
    rank = _type_rank(value)
    if rank == _MONEY:
        return rank, value.currency, value.amount
    if rank == _OTHER:
        return rank, *_other_key(value)
    return (rank,) if rank == _NOTHING else (rank, value)


def _other_key(value: Any) -> tuple[str, tuple[Any, ...]]:
    if isinstance(value, tuple | list):
        return "sequence", tuple(map(sort_key, value))
    if isinstance(value, frozenset | set):
        return "set", tuple(sorted(map(sort_key, value)))
    if isinstance(value, Mapping):
        return "map", tuple((str(key), sort_key(value[key])) for key in sorted(value, key=str))
    fields = describe(type(value)).fields if isinstance(value, Record) else ()
    parts = [one.name for one in fields] or parts_of(type(value))
    if not parts:
        return type(value).__name__, (repr(value),)
    return type(value).__name__, tuple(sort_key(getattr(value, name)) for name in parts)


def _comparable(left: Any, right: Any) -> bool:
    kind = _type_rank(left)
    if kind != _type_rank(right) or kind == _OTHER:
        return kind == _OTHER and type(left) is type(right)
    return not isinstance(left, Money) or bool(left.currency == right.currency)


def equal(left: Any, right: Any) -> bool:
    """Whether two values are present, of one type, and equal: 1 is not True, 2 is 2.00."""
    return left is not None and _comparable(left, right) and bool(left == right)


def ordered(operator: Operator, left: Any, right: Any) -> bool:
    """Whether two values are present, of one type that has an order, and compare so."""
    if left is None or not _comparable(left, right) or _type_rank(left) == _OTHER:
        return False
    if operator is Operator.LT:
        return bool(left < right)
    if operator is Operator.LE:
        return bool(left <= right)
    if operator is Operator.GT:
        return bool(left > right)
    return bool(left >= right)
