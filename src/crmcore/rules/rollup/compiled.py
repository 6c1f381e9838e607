"""Compiled: the definitions over one entity made into two functions that read each record once.

``items`` gives what a record counts for in every definition, ``bulk`` adds many records to the
figures of their own accounts. Both are Python source, written from the definitions and compiled,
as attrs writes ``__init__``: a call for each filter and field of each record would cost several
times as much. Values of the class that a field declares take the short way, all others that of
``Reading``; literals are bound to names and never become part of the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import count
from textwrap import indent
from typing import Any, TypeAlias

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
from crmcore.rules.rollup.algebra import Algebra, Sort
from crmcore.rules.rollup.operations import COUNT, MAX, MIN, SUM
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


@frozen
class _Source:
    """Source that reads a record ``r``, with the values that it names."""

    schema: EntitySchema
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
        standard = not rest and any(one.name == first for one in self.schema.standard)
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
            case Compare(path, operator, value) if type(value) in _CLASSES:
                of_class = f"v {_SYMBOLS[operator]} {self.bound(value)}"
                return self._if_class(path, type(value), of_class, where)
            case In(path, values) if all(type(one) is str for one in values):
                known = self.bound(frozenset(values))
                return self._if_class(path, str, f"v in {known}", where)
        return f"matches({self.bound(where)}, r)"

    def _if_class(self, path: Path, python: type, short: str, where: Filter) -> str:
        slow = f"(v is not None and matches({self.bound(where)}, r))"
        return f"({short} if (v := {self.read(path)}).__class__ is {_CLASSES[python]} else {slow})"

    def function(self, text: str, name: str) -> Callable[..., Any]:
        """The function of this name that the source defines."""
        known = {"matches": matches, "value_at": value_at, "Money": Money, "date": date}
        space: dict[str, Any] = {**known, **self.names, "Out": Out}
        exec(compile(text, f"<{name} of {self.schema.kind}>", "exec"), space)  # noqa: S102 - our own text
        found: Callable[..., Any] = space[name]
        return found


def _python(lane: Lane, schema: EntitySchema) -> tuple[Path, type] | None:
    """The field that a lane takes its value from and its class; ``None`` where it takes none."""
    path = lane.reading.rollup.value
    return (path, field_at(path, schema)[1]) if isinstance(path, Path) else None


def compile_items(
    lanes: Sequence[Lane], schema: EntitySchema
) -> Callable[[Record], tuple[Item, ...]]:
    """Gives the items of a record, in the order of the lanes: what it counts for, or an ``Out``.

    Money of the currency of the figure is its bare amount.
    """
    source = _Source(schema)
    names = [f"i{at}" for at in range(len(lanes))]
    lines = [f"{' = '.join(names)} = Out.FILTER"] if names else []
    for where, group in _by_filter(lanes):
        body = [
            _item_line(source, f"i{lanes.index(lane)}", lane, schema)  # a lane is equal to itself
            for lane in group
        ]
        lines += [f"if {source.test(where)}:", *(f"    {line}" for line in body)]
    lines.append(f"return ({''.join(f'{name}, ' for name in names)})")
    text = "def items(r):\n" + indent("\n".join(lines), "    ")
    return source.function(text, "items")


def _by_filter(lanes: Sequence[Lane]) -> list[tuple[Filter, list[Lane]]]:
    found: list[tuple[Filter, list[Lane]]] = []
    for lane in lanes:
        for where, group in found:
            if where == lane.reading.where:
                group.append(lane)
                break
        else:
            found.append((lane.reading.where, [lane]))
    return found


def _item_line(source: _Source, name: str, lane: Lane, schema: EntitySchema) -> str:
    slow = f"{source.bound(lane.item_of)}(r)"
    rollup = lane.reading.rollup
    if rollup.value is None and lane.is_short:
        return f"{name} = r.id"
    place = _python(lane, schema)
    if place is None or not lane.is_short:
        return f"{name} = {slow}"
    path, python = place
    if lane.reading.home is not None:
        home = source.bound(lane.reading.home)
        test = f"(v := {source.read(path)}).__class__ is Money and v.currency == {home}"
        return f"{name} = v.amount if {test} else {slow}"
    sort = sort_of(python)
    if sort in _SHORT and _SHORT[sort] is python:
        return (
            f"{name} = v if (v := {source.read(path)}).__class__ is {python.__name__} else {slow}"
        )
    return f"{name} = {slow}"


@frozen(kw_only=True, eq=False)
class Group:
    """Lanes whose records come to their accounts in the same way.

    ``path`` is the reference that they follow, ``nodes`` has the accounts by id (``is_plain``: a
    text is one), ``place`` gives the node of any other value, and ``own`` is where a node has the
    group's records (``None``: they are not kept). ``linked`` has the ids of records that other
    records link to accounts: for these ``insert`` is called.
    """

    path: Path
    lanes: tuple[Lane, ...]
    nodes: dict[str, Node]
    is_plain: bool
    place: Callable[[Any], Node]
    own: int | None
    linked: Any
    insert: Callable[[Record], None]


def compile_bulk(
    groups: Sequence[Group],
    schema: EntitySchema,
    *,
    slowly: Callable[[Lane, Node, Record], None],
    note: Callable[[Record], None] | None,
) -> Callable[[Iterable[Record]], None]:
    """Adds records to the states of the accounts that they belong to, and to nothing above.

    ``slowly`` does it for one definition where the value is not of the declared class, and
    ``note`` hears of every record (``None``: nobody does).
    """
    source = _Source(schema)
    lines: list[str] = []
    if note is not None:
        lines.append(f"{source.bound(note)}(r)")
    for group in groups:
        lines += _group_lines(source, group, schema, source.bound(slowly))
    only = f"if r.__class__ is not {source.bound(schema.entity)}:\n    continue\n"
    text = "def bulk(records):\n    for r in records:\n" + indent(only + "\n".join(lines), " " * 8)
    return source.function(text, "bulk")


def _group_lines(source: _Source, group: Group, schema: EntitySchema, slowly: str) -> list[str]:
    nodes = source.bound(group.nodes)
    lines = [
        f"a = {source.read(group.path)}",
        f"n = {nodes}.get(a) if a.__class__ is str else None" if group.is_plain else "n = None",
        "if n is None:",
        f"    n = {source.bound(group.place)}(a)",
    ]
    filters = _by_filter(group.lanes)
    first = source.test(filters[0][0]) if len(filters) == 1 and group.own is None else "True"
    if group.own is not None:
        lines += [
            f"if n[{group.own}] is None:",
            f"    n[{group.own}] = [r]",
            "else:",
            f"    n[{group.own}].append(r)",
        ]
    for where, lanes in _by_filter(group.lanes):
        body: list[str] = []
        for value, together in _by_value(lanes, schema):
            body += _value_lines(source, value, together, slowly)
        if body and first != "True":
            lines = [f"if {first}:", *(f"    {line}" for line in (*lines, *body))]
        elif body:
            lines += [f"if {source.test(where)}:", *(f"    {line}" for line in body)]
    if group.linked is not None:
        lines = [
            f"if r.id in {source.bound(group.linked)}:",
            f"    {source.bound(group.insert)}(r)",
            "else:",
            *(f"    {line}" for line in lines),
        ]
    return lines


_ValueKey: TypeAlias = tuple[tuple[str, ...], type, str | None]


def _by_value(
    lanes: Sequence[Lane], schema: EntitySchema
) -> list[tuple[_ValueKey | None, list[Lane]]]:
    """The lanes by what they read, so that it is read once; those read by themselves last."""
    found: dict[_ValueKey | None, list[Lane]] = {}
    for lane in lanes:
        key: _ValueKey | None = None
        place = _python(lane, schema)
        if lane.is_short and lane.reading.rollup.value is None:
            key = (("id",), str, None)
        elif lane.is_short and place is not None:
            path, python = place
            sort = sort_of(python)
            short = lane.reading.home is not None or _SHORT.get(sort or Sort.MONEY) is python
            key = (path.steps, python, lane.reading.home) if short else None
        found.setdefault(key, []).append(lane)
    return list(found.items())


def _value_lines(
    source: _Source, key: _ValueKey | None, lanes: list[Lane], slowly: str
) -> list[str]:
    calls = [f"{slowly}({source.bound(lane)}, n, r)" for lane in lanes]
    if key is None:
        return calls
    steps, python, home = key
    lines = [f"v = {source.read(Path(*steps))}"]
    if home is not None:
        lines += [f"if v.__class__ is Money and v.currency == {source.bound(home)}:"]
        lines += ["    v = v.amount"]
    elif steps == ("id",):
        lines += ["if True:"]
    else:
        lines += [f"if v.__class__ is {python.__name__}:"]
    for lane, call in zip(lanes, calls, strict=True):
        lines += [f"    {line}" for line in _taking(source, lane) or [call]]
    if steps != ("id",):
        lines += ["elif v is not None:", *(f"    {call}" for call in calls)]
    return lines


def _taking(source: _Source, lane: Lane) -> list[str]:
    """Lines that take the item ``v`` into the state of node ``n``; none where a call is shorter."""
    operation, at = lane.reading.rollup.aggregate, lane.slot
    if operation.algebra is Algebra.MULTISET:
        return ["pass"]  # found from the records when it is asked for
    if operation is COUNT:
        return [f"n[{at}] += 1"]
    if operation is SUM:
        return [f"n[{at}] += 1", f"n[{at + 1}] += v"]
    if operation in (MIN, MAX):
        than = "<" if operation is MIN else ">"
        return [f"s = n[{at}]", f"if s is None or v {than} s:", f"    n[{at}] = v"]
    if operation.algebra is Algebra.SET:
        return [
            f"d = n[{at}]",
            "if d is None:",
            f"    n[{at}] = {{v: 1}}",
            "elif v in d:",
            "    d[v] += 1",
            "else:",
            "    d[v] = 1",
        ]
    if operation.algebra is Algebra.MONOID:
        start, merge = source.bound(operation.start), source.bound(operation.merge)
        return [
            f"s = n[{at}]",
            f"n[{at}] = {start}(v) if s is None else {merge}(s, {start}(v))",
        ]
    return []
