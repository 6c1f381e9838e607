"""Sieve: a filter applied to many records of one entity at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, repeat
from operator import attrgetter
from typing import Any, TypeAlias

from crmcore.query.filters import ALL, And, Compare, Filter, In, Missing, Operator, Path
from crmcore.query.predicate import predicate

Sieve: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]
"""From records to those of them that a filter is true of, in the same order."""

_Flags: TypeAlias = Callable[[Sequence[Any]], Iterable[bool]]


def sieve(where: Filter) -> Sieve:
    """A function that gives those of its records which ``matches(where, record)`` is true of.

    Conditions that a whole column can be tested for go first: text and flags that are equal, one
    of several texts, and what is missing. They cost 0.1 µs a record, a tenth of a test by itself,
    as no function of Python is called for each; what remains is tested one by one.
    """
    terms = where.terms if isinstance(where, And) else (where,)
    tests = [(term, _flags(term)) for term in terms if term != ALL]
    columns = [(flags, predicate(term)) for term, flags in tests if flags is not None]
    rest = tuple(term for term, flags in tests if flags is None)
    single = predicate(rest[0] if len(rest) == 1 else And(rest)) if rest else None

    def kept(records: Sequence[Any]) -> Sequence[Any]:
        for flags, test in columns:
            try:
                records = list(compress(records, flags(records)))
            except (AttributeError, TypeError):  # a field or a value that columns cannot have
                records = list(filter(test, records))
        return records if single is None else list(filter(single, records))

    return kept


def _flags(where: Filter) -> _Flags | None:
    """What tests a column; ``None`` where records are to be tested one by one."""
    match where:
        case Compare(path, Operator.EQ, value) if type(value) is str and _is_field(path):
            return _by(path, operator.eq, value)  # nothing but text equals a text
        case Compare(path, Operator.EQ, value) if type(value) is bool and _is_field(path):
            return _by(path, operator.is_, value)
        case Missing(path) if _is_field(path):
            return _by(path, operator.is_, None)
        case In(path, values) if all(type(one) is str for one in values) and _is_field(path):
            read, texts = attrgetter(path.steps[0]), frozenset(values)
            return lambda records: map(texts.__contains__, map(read, records))
        case _:
            return None


def _is_field(path: Path) -> bool:
    return len(path.steps) == 1 and path.steps[0].isidentifier()


def _by(path: Path, test: Callable[[Any, Any], bool], value: object) -> _Flags:
    read = attrgetter(path.steps[0])
    return lambda records: map(test, map(read, records), repeat(value))
