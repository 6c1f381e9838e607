"""Predicate: a filter made into a function, for those who test many records with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from crmcore.entities.record import Record
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
from crmcore.query.values import equal, value_at

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
        case In(path, values):
            return _in(_reader(path), values)
        case StartsWith(path, text):
            return _starts(_reader(path), text)
        case _:
            return lambda record: matches(where, record)


def _reader(path: Path) -> Callable[[Any], Any]:
    if len(path.steps) != 1:
        return lambda record: value_at(record, path)
    name = path.steps[0]

    def read(record: Any) -> Any:
        return getattr(record, name, None) if isinstance(record, Record) else value_at(record, path)

    return read


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
