"""Predicate: a filter made into a function, for those who test many records with it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from crmcore.query.answer import matches
from crmcore.query.filters import (
    Always,
    And,
    Compare,
    Filter,
    In,
    Missing,
    Not,
    Operator,
    Or,
    Path,
    StartsWith,
)
from crmcore.query.values import equal, ordered, value_at

Test: TypeAlias = Callable[[Any], bool]


def predicate(where: Filter) -> Test:
    """A function that says of a record, or of a mapping, what ``matches(where, record)`` says."""
    match where:
        case Always():
            return lambda _: True
        case And(terms):
            return _all([predicate(term) for term in terms])
        case Or(terms):
            return _any([predicate(term) for term in terms])
        case Not(term):
            test = predicate(term)
            return lambda record: not test(record)
        case Missing(path):
            read = _reader(path)
            return lambda record: read(record) is None
        case Compare(path, Operator.EQ, value):
            return _equal(_reader(path), value)
        case Compare(path, how, value):
            return _ordered(_reader(path), how, value)
        case In(path, values):
            return _in(_reader(path), values)
        case StartsWith(path, text):
            return _starts(_reader(path), text)
        case _:
            return lambda record: matches(where, record)


def _reader(path: Path) -> Callable[[Any], Any]:
    """What ``value_at(record, path)`` gives, as a function."""
    if len(path.steps) not in (1, 2):
        return lambda record: value_at(record, path)
    name, *rest = path.steps

    def read(record: Any) -> Any:
        return record.get(name) if _is_mapping(record.__class__) else getattr(record, name, None)

    return read if not rest else _part(read, rest[0])


def _part(read: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    def read_part(record: Any) -> Any:
        value = read(record)
        return value.get(name) if _is_mapping(value.__class__) else getattr(value, name, None)

    return read_part


@lru_cache(maxsize=256)
def _is_mapping(python: type) -> bool:  # asking an abstract class takes three times as long
    return issubclass(python, Mapping)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda record: first(record) and second(record)
    return lambda record: all(test(record) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda record: any(test(record) for test in tests)


def _equal(read: Callable[[Any], Any], value: Any) -> Test:
    if isinstance(value, str):
        # nothing but text equals a text
        return lambda record: bool(read(record) == value)
    return lambda record: equal(read(record), value)


_COMPARING: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def _ordered(read: Callable[[Any], Any], how: Operator, value: Any) -> Test:
    compare, kind = _COMPARING[how], type(value)
    if kind is Decimal and value.is_finite():

        def test_number(record: Any) -> bool:
            found = read(record)
            if found.__class__ is Decimal and found.is_finite():
                return compare(found, value)
            return ordered(how, found, value)

        return test_number
    if kind not in (str, int, date):
        return lambda record: ordered(how, read(record), value)

    def test(record: Any) -> bool:
        found = read(record)
        return compare(found, value) if found.__class__ is kind else ordered(how, found, value)

    return test


def _in(read: Callable[[Any], Any], values: tuple[Any, ...]) -> Test:
    if all(isinstance(one, str) for one in values):
        texts = frozenset(values)

        def test(record: Any) -> bool:
            found = read(record)
            return isinstance(found, str) and found in texts

        return test
    return lambda record: any(equal(read(record), one) for one in values)


def _starts(read: Callable[[Any], Any], text: str) -> Test:
    def test(record: Any) -> bool:
        found = read(record)
        return isinstance(found, str) and found.startswith(text)

    return test
