"""Node: where the states of one account are kept, and what may become of them.

A node is a list: its id, the node above, the nodes below by id, whether the account is there, its
own records by group, and then the states of each definition, from the slot of its lane on:

    group     how many, their state, foreign money by key
    monoid    the state (``None``: nothing), foreign money by key
    set       how often each value is there: in own records, and once for each child that has it;
              or the bits of the values that are there, and how often more than once, by bit
    multiset  the figure as last read, or ``STALE``

Money of the currency of the figure is kept as bare amounts, foreign money by currency and day, so
that no rate matters before a figure is read. ``heard`` is told of a node right before its state
changes (``None``: nobody listens).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeAlias

from crmcore.rules.rollup.algebra import State
from crmcore.rules.rollup.compiled import Lane, Node
from crmcore.rules.rollup.reading import Item

ID, PARENT, BELOW, IS_KNOWN, OWN = range(5)

STALE: Final = object()
"""In the place of a figure that has to be found again."""

Heard: TypeAlias = Callable[[int, Node], None] | None
ItemsAt: TypeAlias = Callable[[Node], Iterator[Item]]


class Walk(Protocol):
    """One definition on its way up the trees."""

    lane: Lane
    heard: Heard

    def add(self, node: Node, item: Item) -> None:
        """Take an item in at a node, and at all above."""
        ...

    def remove(self, node: Node, item: Item) -> None:
        """Take an item out again, which is no longer among the node's own."""
        ...

    def attach(self, node: Node, parent: Node) -> None:
        """Take all of a node in at its new parent, and at all above."""
        ...

    def detach(self, node: Node, parent: Node) -> None:
        """Take all of a node out of its former parent, of which it is no longer below."""
        ...

    def state(self, node: Node) -> State | None:
        """What ``Reading.finish`` takes; ``None`` where there is nothing."""
        ...
