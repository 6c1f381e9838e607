"""Set walks: how the values that are there in one account reach those above it.

Each counts once wherever it is, however often it is below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import define

from crmcore.rules.rollup.algebra import State
from crmcore.rules.rollup.compiled import Lane, Node
from crmcore.rules.rollup.node import PARENT, Heard, Walk
from crmcore.rules.rollup.reading import Item


@define(eq=False)
class SetWalk:
    """A value goes up as far as it is new, and leaves as far as nothing else has it."""

    lane: Lane
    climbs: bool
    heard: Heard = None

    def add(self, node: Node, item: Item) -> None:
        """Take an item in at a node, and at all above."""
        self._add(node, item, climbs=self.climbs)

    def _add(self, node: Node | None, value: Any, *, climbs: bool) -> None:
        at, heard = self.lane.slot, self.heard
        while node is not None:
            if heard is not None:
                heard(at, node)
            known = node[at]
            if known is None:
                node[at] = {value: 1}
            elif value in known:
                known[value] += 1
                return
            else:
                known[value] = 1
            node = node[PARENT] if climbs else None

    def remove(self, node: Node | None, item: Item) -> None:
        """Take an item out again."""
        at, heard = self.lane.slot, self.heard
        while node is not None:
            if heard is not None:
                heard(at, node)
            known = node[at]
            if known[item] > 1:
                known[item] -= 1
                return
            del known[item]
            node = node[PARENT] if self.climbs else None

    def attach(self, node: Node, parent: Node) -> None:
        """Take all of a node in at its new parent, and at all above."""
        for value in node[self.lane.slot] or ():
            self._add(parent, value, climbs=True)

    def detach(self, node: Node, parent: Node) -> None:
        """Take all of a node out of its former parent."""
        for value in node[self.lane.slot] or ():
            self.remove(parent, value)

    def state(self, node: Node) -> State | None:
        """What ``Reading.finish`` takes; ``None`` where there is nothing."""
        known = node[self.lane.slot]
        return known.keys() if known else None


@define(eq=False)
class BitsWalk:
    """The same with a bit for each value, as long as they are few.

    What a subtree has is one integer, so that a move takes all that is new in one step, and a node
    needs a dictionary only for what is there more than once.
    """

    lane: Lane
    climbs: bool
    bits: dict[Any, int]
    heard: Heard = None

    def add(self, node: Node, item: Item) -> None:
        """Take an item in at a node, and at all above."""
        bit = self.bits.get(item)
        if bit is None:
            bit = self.bits[item] = 1 << len(self.bits)
        self._add(node, bit, climbs=self.climbs)

    def _add(self, node: Node | None, coming: int, *, climbs: bool) -> None:
        at, heard = self.lane.slot, self.heard
        while node is not None and coming:
            if heard is not None:
                heard(at, node)
            known = node[at]
            again = known & coming
            if again:
                node[at + 1] = once_more(again, node[at + 1])
                coming ^= again
            if coming:
                node[at] = known | coming
            node = node[PARENT] if climbs else None

    def remove(self, node: Node, item: Item) -> None:
        """Take an item out again."""
        self._remove(node, self.bits[item], climbs=self.climbs)

    def _remove(self, node: Node | None, going: int, *, climbs: bool) -> None:
        at, heard = self.lane.slot, self.heard
        while node is not None and going:
            if heard is not None:
                heard(at, node)
            more = node[at + 1]
            for bit in each_bit(going) if more else ():
                times = more.get(bit)
                if times is None:
                    continue
                going ^= bit
                if times > 1:
                    more[bit] = times - 1
                else:
                    del more[bit]
            if going:
                node[at] ^= going
            node = node[PARENT] if climbs else None

    def attach(self, node: Node, parent: Node) -> None:
        """Take all of a node in at its new parent, and at all above."""
        self._add(parent, node[self.lane.slot], climbs=True)

    def detach(self, node: Node, parent: Node) -> None:
        """Take all of a node out of its former parent."""
        self._remove(parent, node[self.lane.slot], climbs=True)

    def number(self, node: Node) -> int:
        """How many values there are."""
        known: int = node[self.lane.slot]
        return known.bit_count()

    def state(self, node: Node) -> State | None:
        """What ``Reading.finish`` takes; ``None`` where there is nothing."""
        known = node[self.lane.slot]
        return {value for value, bit in self.bits.items() if bit & known} or None

    def plain(self, nodes: Iterable[Node]) -> Walk:
        """The walk that takes over where values are many, with these nodes as it has them."""
        at = self.lane.slot
        values = {bit: value for value, bit in self.bits.items()}
        for node in nodes:
            more = node[at + 1] or {}
            times = {values[bit]: 1 + more.get(bit, 0) for bit in each_bit(node[at])}
            node[at], node[at + 1] = times or None, None
        return SetWalk(self.lane, self.climbs, self.heard)


def each_bit(bits: int) -> Iterator[int]:
    """Every bit that is set, the lowest first."""
    while bits:
        bit = bits & -bits
        yield bit
        bits ^= bit


def once_more(bits: int, more: dict[int, int] | None) -> dict[int, int]:
    """How often more than once each bit is there, when these come once more."""
    found = {} if more is None else more
    while bits:
        bit = bits & -bits
        found[bit] = found.get(bit, 0) + 1
        bits ^= bit
    return found
