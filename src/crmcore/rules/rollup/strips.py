"""Strips: the states of a definition by the position of an account, taken in and carried up.

As long as nothing changes, a state need not tell how it came about: a number of distinct values
is the bits of one integer (or a set that the account above uses up, where values are many), and a
sum knows no count. What has to follow changes keeps what the nodes of ``walks`` have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from types import NoneType
from typing import Any, Final, TypeAlias

from attrs import define, field

from crmcore.entities.record import Record
from crmcore.rules.rollup.algebra import Algebra, State, plus
from crmcore.rules.rollup.branch import Column, note
from crmcore.rules.rollup.compiled import Source
from crmcore.rules.rollup.definition import Scope
from crmcore.rules.rollup.ground import Ground
from crmcore.rules.rollup.operations import COUNT, COUNT_DISTINCT, MAX, MIN, SUM
from crmcore.rules.rollup.reading import Item, Key, Out
from crmcore.rules.rollup.set_walks import once_more

MOST_BITS: Final = 1_024
"""How many distinct values are bits of integers; more are sets."""

Pairs: TypeAlias = Sequence[tuple[int, int]]
"""Positions and those above them, each behind everything below it."""


class Way(Enum):
    """How the states of a definition are kept."""

    COUNT = "by the count alone"
    PLUS = "an exact sum"
    LEAST = "the smallest"
    MOST = "the largest"
    MERGE = "as the operation says"
    BITS = "a bit for each distinct value"
    SETS = "a set of distinct values, used up from below"
    SEEN = "a bit for each distinct value, and how often more than once"
    TIMES = "how often each value is there"
    NONE = "found from the records when it is asked for"


class CrowdedError(Exception):
    """There are more distinct values than bits are good for."""

    def __init__(self, strip: Strip) -> None:
        super().__init__(strip.column.rollup.name)
        self.column: Column = strip.column


@define(eq=False)
class Strip:
    """The states of one definition by position (``None``: nothing).

    ``counts`` are how many items there are (empty where nobody asks), ``missed`` the positions of
    records that the filter is true of, but that have no value at home; ``none`` the same, shared
    with others that read the same field. ``far`` has foreign money by position and key: the state,
    and before it how many for a group. ``bits`` has the bit of each distinct value, and
    ``more`` how often more than once each is there, by bit.
    """

    column: Column
    way: Way
    states: list[Any]
    counts: list[int] = field(factory=list)
    missed: list[int] = field(factory=list)
    none: list[int] = field(factory=list)
    far: dict[int, dict[Key, Any]] = field(factory=dict)
    bits: dict[Any, int] = field(factory=dict)
    more: list[Any] = field(factory=list)

    @property
    def climbs(self) -> bool:
        """Whether states go up to the accounts above."""
        return self.column.rollup.scope is not Scope.OWN

    @property
    def is_group(self) -> bool:
        """Whether what was taken in can be taken out again."""
        return self.column.rollup.aggregate.algebra is Algebra.GROUP

    def bit(self, value: Any) -> int:
        """The bit of a value met for the first time."""
        if len(self.bits) >= MOST_BITS:
            raise CrowdedError(self)
        self.bits[value] = bit = 1 << len(self.bits)
        return bit

    def take_record(self, at: int, record: Record) -> None:
        """Take in a record of which the filter is true, whatever its value is."""
        item = self.column.lane.item_of(record)
        note(self.column, record, item)
        self.take(at, item)

    def take(self, at: int, item: Item) -> None:
        """Take in what a record counts for, or remember that it does not."""
        operation = self.column.rollup.aggregate
        if self.way is Way.NONE:
            return
        if item.__class__ is Out:
            self.missed.append(at)
        elif self.column.reading.home is not None and item.__class__ is tuple:
            self.missed.append(at)
            key, amount = item
            state = operation.start(amount)
            self._take_far(at, key, (1, state) if self.is_group else state)
        elif self.way is Way.BITS:
            self.states[at] |= self.bits.get(item) or self.bit(item)
        elif self.way is Way.SEEN:
            bit = self.bits.get(item) or self.bit(item)
            if self.states[at] & bit:
                self.more[at] = once_more(bit, self.more[at])
            self.states[at] |= bit
        elif self.way is Way.SETS:
            self.states[at] = {item, *(self.states[at] or ())}
        elif self.way is Way.TIMES:
            times = self.states[at] = self.states[at] or {}
            times[item] = times.get(item, 0) + 1
        elif self.way is not Way.COUNT:
            known, state = self.states[at], operation.start(item)
            self.states[at] = state if known is None else operation.merge(known, state)

    def _take_far(self, at: int, key: Key, state: Any) -> None:
        merge = self.column.rollup.aggregate.merge
        by_key = self.far.setdefault(at, {})
        if key not in by_key:
            by_key[key] = state
        elif self.is_group:
            number, known = by_key[key]
            by_key[key] = number + state[0], merge(known, state[1])
        else:
            by_key[key] = merge(by_key[key], state)

    def settle(self) -> None:
        """Make the counts its own, without those that have no value here."""
        if self.counts and (self.missed or self.none or not self.climbs):
            self.counts = list(self.counts)
            for at in (*self.missed, *self.none):
                self.counts[at] -= 1

    def rise_far(self, pairs: Pairs) -> None:
        """Take all foreign money in at the accounts above."""
        if self.far:
            for one, above in pairs:
                for key, state in self.far.get(one, {}).items():
                    self._take_far(above, key, state)

    def rise_sets(self, pairs: Pairs) -> None:
        """Unite the sets upwards, each into the larger one, and leave how large each became.

        Each value moves at most log2(n) times, so that depth does not matter.
        """
        sets, sizes = self.states, [0] * len(self.states)
        for one, above in pairs:
            own, other = sets[one], sets[above]
            if own:
                sizes[one] = len(own)
                small, large = (own, other) if other and len(own) < len(other) else (other, own)
                if small:
                    large |= small
                sets[above], sets[one] = large, None
        for at, rest in enumerate(sets):
            if rest:
                sizes[at] = len(rest)
        self.counts = sizes

    def state_at(self, at: int) -> State | None:
        """What ``Reading.finish`` takes, of a definition that is kept as its operation says."""
        home, state = self.column.reading.home, self.states[at]
        if self.way is Way.TIMES:
            return state.keys() if state else None
        if home is None:
            return state
        found = {key: far[1] if self.is_group else far for key, far in self.far.get(at, {}).items()}
        if state is not None:
            found[home, None] = state
        return found or None


def strip_of(column: Column, ground: Ground, *, is_fixed: bool, is_crowded: bool) -> Strip:
    """A strip for a definition without anything in it."""
    operation = column.rollup.aggregate
    if operation.algebra is Algebra.MULTISET:
        return Strip(column, Way.NONE, [])
    if operation is COUNT:
        return Strip(column, Way.COUNT, [])
    if operation is COUNT_DISTINCT and is_fixed:
        if column.rollup.value is None:  # each record is one of its own
            return Strip(column, Way.COUNT, [])
        way = Way.SETS if is_crowded else Way.BITS
        return Strip(column, way, ground.spread(NoneType if is_crowded else int))
    if operation is COUNT_DISTINCT and column.rollup.value is not None and not is_crowded:
        bits = Strip(column, Way.SEEN, ground.spread(int))
        bits.more = ground.spread(NoneType)
        return bits
    if operation.algebra is Algebra.SET:
        way = Way.TIMES
    elif operation.merge is plus and operation.start is SUM.start:
        way = Way.PLUS
    else:
        way = {MIN: Way.LEAST, MAX: Way.MOST}.get(operation, Way.MERGE)
    return Strip(column, way, ground.spread(NoneType))


def take_lines(source: Source, strip: Strip) -> list[str]:
    """Source that takes the item ``v`` in at position ``i``."""
    if strip.way in (Way.COUNT, Way.NONE):
        return []
    at = f"{source.bound(strip.states)}[i]"
    if strip.way in (Way.BITS, Way.SEEN):
        return _bit_lines(source, strip, at)
    if strip.way is Way.SETS:
        return [f"s = {at}", "if s is None:", f"    {at} = {{v}}", "else:", "    s.add(v)"]
    if strip.way is Way.TIMES:
        return [
            f"s = {at}",
            "if s is None:",
            f"    {at} = {{v: 1}}",
            "elif v in s:",
            "    s[v] += 1",
            "else:",
            "    s[v] = 1",
        ]
    if strip.way is Way.MERGE:
        start = source.bound(strip.column.rollup.aggregate.start)
        return [f"w = {start}(v)", f"s = {at}", *_joined(source, strip, at, "w")]
    return [f"s = {at}", *_joined(source, strip, at, "v")]


def _bit_lines(source: Source, strip: Strip, at: str) -> list[str]:
    bits, bit = source.bound(strip.bits), source.bound(strip.bit)
    lines = ["try:", f"    w = {bits}[v]", "except KeyError:", f"    w = {bit}(v)"]
    if strip.way is Way.BITS:
        return [*lines, f"{at} |= w"]
    more = f"{source.bound(strip.more)}[i]"
    return [
        *lines,
        f"s = {at}",
        "if s & w:",
        f"    {more} = {source.bound(once_more)}(w, {more})",
        "else:",
        f"    {at} = s | w",
    ]


def _joined(source: Source, strip: Strip, at: str, new: str) -> list[str]:
    """Lines that make one state of ``s``, which stands at a place, and a new one."""
    if strip.way in (Way.LEAST, Way.MOST):
        than = "<" if strip.way is Way.LEAST else ">"
        return [f"if s is None or {new} {than} s:", f"    {at} = {new}"]
    if strip.way is Way.PLUS:
        return [f"{at} = {new} if s is None else s + {new}"]
    merge = source.bound(strip.column.rollup.aggregate.merge)
    return [f"{at} = {new} if s is None else {merge}(s, {new})"]


def rise(strips: Iterable[Strip], pairs: Pairs) -> None:
    """Take all of each account in at the one above it, from the leaves up, in one loop for all."""
    source = Source()
    lines: list[str] = []
    counts: dict[int, list[int]] = {}
    for strip in strips:
        if strip.way is Way.SETS:
            strip.rise_sets(pairs if strip.climbs else ())
        elif strip.climbs:
            strip.rise_far(pairs)
            counts[id(strip.counts)] = strip.counts
            lines += _rise_lines(source, strip)
    for one in counts.values():
        if one:
            name = source.bound(one)
            lines.append(f"{name}[p] += {name}[i]")
    if lines:
        source.function("def rise(pairs):\n    for i, p in pairs:", lines)(pairs)


def _rise_lines(source: Source, strip: Strip) -> list[str]:
    if strip.way in (Way.COUNT, Way.NONE):
        return []
    name = source.bound(strip.states)
    if strip.way is Way.BITS:
        return [f"{name}[p] |= {name}[i]"]
    if strip.way is Way.SEEN:
        more = source.bound(strip.more)
        return [
            f"v, s = {name}[i], {name}[p]",
            "if v & s:",
            f"    {more}[p] = {source.bound(once_more)}(v & s, {more}[p])",
            f"{name}[p] = v | s",
        ]
    if strip.way is Way.TIMES:
        return [
            f"if {name}[i]:",
            f"    {name}[p] = {source.bound(_once_more)}({name}[i], {name}[p])",
        ]
    joined = _joined(source, strip, f"{name}[p]", "v")
    return [
        f"v = {name}[i]",
        "if v is not None:",
        f"    s = {name}[p]",
        *(f"    {line}" for line in joined),
    ]


def _once_more(values: dict[Any, int], above: dict[Any, int] | None) -> dict[Any, int]:
    """How often each value is there with these, each of which comes once more."""
    if not above:
        return dict.fromkeys(values, 1)
    if len(above) < len(values):
        found = dict.fromkeys(values, 1)
        for value, times in above.items():
            found[value] = found[value] + times if value in found else times
        return found
    for value in values:
        if value in above:
            above[value] += 1
        else:
            above[value] = 1
    return above
