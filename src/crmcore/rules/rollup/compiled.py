"""Compiled: the definitions over one entity as one function that reads a record once.

It gives what a record counts for in every definition. It is Python source, written from the
definitions and compiled, as attrs writes ``__init__``: a call for each filter and field of each
record would cost several times as much. Values of the class that a field declares take the short
way, all others that of ``Reading``; literals are bound to names and never become part of the
source, so that definitions of one shape are compiled once (``_code``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import compress, count
from textwrap import indent
from types import CodeType
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.model.describe import EntitySchema
from crmcore.query import (
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
    field_at,
    matches,
    value_at,
)
from crmcore.rules.rollup.algebra import Sort
from crmcore.rules.rollup.reading import Item, Out, Reading
from crmcore.rules.rollup.sound import sort_of
from crmcore.values.money import Money

Node: TypeAlias = list[Any]
"""An account with its states, see ``crmcore.rules.rollup.totals``."""

OWN_AT = 4
"""Where a node has its own records, by their group."""

_CLASSES = {str: "str", date: "date", bool: "bool"}
_SYMBOLS = {Operator.EQ: "==", Operator.LT: "<", Operator.LE: "<=", Operator.GT: ">"} | {
    Operator.GE: ">="
}
_SHORT = {Sort.DATE: date, Sort.TEXT: str, Sort.REFERENCE: str, Sort.FLAG: bool}


@frozen(eq=False)
class Lane:
    """One definition at work: how it is read, and where its states are in a node."""

    reading: Reading
    slot: int

    @property
    def is_short(self) -> bool:
        """Whether its value, where it is of the declared class, is the item as it stands."""
        operation = self.reading.rollup.aggregate
        return not operation.is_ordered and operation.weight is None

    def item_of(self, record: Record) -> Item:
        """What a record counts for if the filter is true of it; home money as a bare amount."""
        item = self.reading.raw_of(record)
        if self.reading.home is None or isinstance(item, Out):
            return item
        return item[1] if item[0] == (self.reading.home, None) else item


_KNOWN: Final[Mapping[str, Any]] = {
    "matches": matches,
    "value_at": value_at,
    "compress": compress,
    "Money": Money,
    "date": date,
    "Out": Out,
}
"""What any source may name."""


@lru_cache(maxsize=512)
def _code(text: str, name: str) -> CodeType:
    """The source compiled: with few records the most costly part, so done once for each."""
    return compile(text, f"<{name}>", "exec")


@frozen
class Source:
    """Source that reads a record ``r`` of an entity, with the values that it names."""

    schema: EntitySchema | None = None
    names: dict[str, Any] = field(factory=dict)
    _numbers: Any = field(factory=count)

    def bound(self, value: Any) -> str:
        """A fresh name for a value."""
        name = f"c{next(self._numbers)}"
        self.names[name] = value
        return name

    def read(self, path: Path) -> str:
        """An expression for the value at a path of the record."""
        first, *rest = path.steps
        standard = (
            not rest
            and self.schema is not None
            and self.schema.has(first)
            and not self.schema.field(first).is_custom
        )
        return f"r.{first}" if standard else f"value_at(r, {self.bound(path)})"

    def test(self, where: Filter) -> str:
        """An expression for whether a filter is true of the record, as ``matches`` says."""
        match where:
            case Always():
                return "True"
            case And(terms):
                return "(" + " and ".join(map(self.test, terms)) + ")"
            case Or(terms):
                return "(" + (" or ".join(map(self.test, terms)) or "False") + ")"
            case Not(term):
                return f"(not {self.test(term)})"
            case Missing(path):
                return f"({self.read(path)} is None)"
            case Compare(path, Operator.EQ, value) if type(value) is str:
                # nothing but text equals a text
                return f"({self.read(path)} == {self.bound(value)})"
            case Compare(path, operator, value) if type(value) in _CLASSES:
                of_class = f"w {_SYMBOLS[operator]} {self.bound(value)}"
                return self._if_class(path, type(value), of_class, where)
            case In(path, values) if all(type(one) is str for one in values):
                known = self.bound(frozenset(values))
                return self._if_class(path, str, f"w in {known}", where)
        return f"matches({self.bound(where)}, r)"

    def _if_class(self, path: Path, python: type, short: str, where: Filter) -> str:
        slow = f"(w is not None and matches({self.bound(where)}, r))"
        return f"({short} if (w := {self.read(path)}).__class__ is {_CLASSES[python]} else {slow})"

    def function(self, first: str, lines: Iterable[str]) -> Callable[..., Any]:
        """The function that begins with this line, and has these lines one step further in."""
        depth = len(first.splitlines()) * 4
        text = f"{first}\n" + indent("\n".join(lines), " " * depth)
        name = first[len("def ") : first.index("(")]
        space: dict[str, Any] = {**_KNOWN, **self.names}
        exec(_code(text, name), space)  # noqa: S102 - our own text
        found: Callable[..., Any] = space[name]
        return found


def reader(path: Path, schema: EntitySchema) -> Callable[[Record], Any]:
    """A function that gives the value at a path of a record of the entity."""
    source = Source(schema)
    return source.function("def read(r):", [f"return {source.read(path)}"])


def field_of(lane: Lane, schema: EntitySchema) -> tuple[Path, type] | None:
    """The field that a lane takes its value from and its class; ``None`` where it takes none."""
    path = lane.reading.rollup.value
    return (path, field_at(path, schema)[1]) if isinstance(path, Path) else None


def is_plain(python: type) -> bool:
    """Whether a value of exactly this class is an item as it stands."""
    sort = sort_of(python)
    return sort in _SHORT and _SHORT[sort] is python


def compile_items(
    lanes: Sequence[Lane], schema: EntitySchema
) -> Callable[[Record], tuple[Item, ...]]:
    """Gives the items of a record, in the order of the lanes: what it counts for, or an ``Out``.

    Money of the currency of the figure is its bare amount.
    """
    source = Source(schema)
    names = [f"i{at}" for at in range(len(lanes))]
    lines = [f"{' = '.join(names)} = Out.FILTER"] if names else []
    for where, group in by_filter(lanes):
        body = [
            _item_line(source, f"i{lanes.index(lane)}", lane, schema)  # a lane is equal to itself
            for lane in group
        ]
        lines += [f"if {source.test(where)}:", *(f"    {line}" for line in body)]
    lines.append(f"return ({''.join(f'{name}, ' for name in names)})")
    return source.function("def items(r):", lines)


def by_filter(lanes: Sequence[Lane]) -> list[tuple[Filter, list[Lane]]]:
    """The lanes by their filter, so that it is decided once, in the order of the first of each."""
    found: list[tuple[Filter, list[Lane]]] = []
    for lane in lanes:
        for where, group in found:
            if where == lane.reading.where:
                group.append(lane)
                break
        else:
            found.append((lane.reading.where, [lane]))
    return found


def _item_line(source: Source, name: str, lane: Lane, schema: EntitySchema) -> str:
    slow = f"{source.bound(lane.item_of)}(r)"
    rollup = lane.reading.rollup
    if rollup.value is None and lane.is_short:
        return f"{name} = r.id"
    place = field_of(lane, schema)
    if place is None or not lane.is_short:
        return f"{name} = {slow}"
    path, python = place
    if lane.reading.home is not None:
        home = source.bound(lane.reading.home)
        test = f"(v := {source.read(path)}).__class__ is Money and v.currency == {home}"
        return f"{name} = v.amount if {test} else {slow}"
    if is_plain(python):
        return (
            f"{name} = v if (v := {source.read(path)}).__class__ is {python.__name__} else {slow}"
        )
    return f"{name} = {slow}"
