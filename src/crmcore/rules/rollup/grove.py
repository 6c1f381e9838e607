"""Grove: the trees of one entity as nodes that know what is above and below, whatever the data.

An id that records name but that is not stored has a node too: it stands below ``nowhere``, where
everything is that belongs to no known account. Members of a loop, and records whose parent is not
there, are tops. ``put`` and ``drop`` follow a change of one record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, TypeAlias

from attrs import define, field

from crmcore.rules.rollup.compiled import Node
from crmcore.rules.rollup.ground import Ground
from crmcore.rules.rollup.node import BELOW, ID, IS_KNOWN, OWN, PARENT
from crmcore.rules.tree import loops

Move: TypeAlias = Callable[[Node, Node], None]
"""Hears of a node and what it was below, or is below now."""


def _nobody(_node: Node, _parent: Node) -> None:
    """Hears nothing."""


@define(eq=False)
class Grove:
    """The nodes of an entity by id, and what the data say of them.

    ``raw`` has the parent that each stored record names; ``waiting`` the records that name one
    which is not there, by its id; ``looping`` the members of loops. ``template`` is a node without
    anything, ``new`` makes a node of it.
    """

    kind: str
    new: Callable[[Iterable[Any]], Node] = list
    attach: Move = _nobody
    detach: Move = _nobody
    template: list[Any] = field(factory=lambda: [None, None, None, False])
    nodes: dict[str, Node] = field(factory=dict)
    raw: dict[str, str | None] = field(factory=dict)
    waiting: dict[str, dict[str, None]] = field(factory=dict)
    looping: set[str] = field(factory=set)
    nowhere: Node = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.nowhere = self.new(self.template)

    def widen(self, slots: Iterable[Any]) -> None:
        """Give each node these slots too, as long as there are none."""
        more = list(slots)
        self.template += more
        self.nowhere += more

    def place(self, id_: Any) -> Node:
        """The node of what a record names: one below ``nowhere`` where it is not stored."""
        if not isinstance(id_, str) or not id_:
            return self.nowhere
        found = self.nodes.get(id_)
        if found is None:
            found = self.new(self.template)
            found[ID] = id_
            found[PARENT] = self.nowhere
            self._below(self.nowhere)[id_] = found
            self.nodes[id_] = found
        return found

    @staticmethod
    def _below(node: Node) -> dict[str, Node]:
        if node[BELOW] is None:
            node[BELOW] = {}
        below: dict[str, Node] = node[BELOW]
        return below

    def survey(self, ground: Ground) -> None:
        """Take over what the data say of the parents."""
        self.raw, self.waiting, self.looping = ground.raw, ground.waiting, ground.looping

    def plant(self, ground: Ground, slots: Mapping[int, Sequence[Any]]) -> None:
        """Make all trees at once; ``slots`` has what stands at each position, by slot."""
        ids = [None, *ground.raw, *ground.strangers]
        known = [one in ground.raw for one in ids]
        given = (slots.get(at, repeat(blank)) for at, blank in enumerate(self.template[OWN:], OWN))
        rows = zip(ids, repeat(None), repeat(None), known, *given)
        nodes = list(map(self.new, rows))
        self.nowhere = nowhere = nodes[0]
        self.nodes = dict(zip(ids[1:], nodes[1:], strict=True))  # type: ignore[arg-type]  # only the first is None
        for node, parent in zip(nodes, ground.above, strict=True):
            if parent:
                above = nodes[parent]
                node[PARENT] = above
                below = above[BELOW]
                if below is None:
                    above[BELOW] = {node[ID]: node}
                else:
                    below[node[ID]] = node
        for id_ in ground.strangers:
            self.nodes[id_][PARENT] = nowhere
            self._below(nowhere)[id_] = self.nodes[id_]

    def top_down(self) -> Iterator[Node]:
        """The nodes of all stored records, each behind the one above it."""
        waiting = [node for node in self.nodes.values() if node[PARENT] is None]
        for node in waiting:  # grows while it is walked
            yield node
            if node[BELOW]:
                waiting += node[BELOW].values()

    def bottom_up(self) -> list[Node]:
        """The same, each behind everything below it."""
        return list(self.top_down())[::-1]

    @property
    def roots(self) -> tuple[str, ...]:
        """The ids of the tops, in the order in which the records came."""
        nodes = self.nodes
        return tuple(one for one in self.raw if nodes[one][PARENT] is None)

    def parent_of(self, id_: str) -> str | None:
        """The parent that counts; ``None`` for a top."""
        above = self.nodes[id_][PARENT]
        return None if above is None else above[ID]

    def loops(self) -> tuple[tuple[str, ...], ...]:
        """The loops in the data, each from its smallest id."""
        return loops(sorted(self.looping), self.raw.get)

    def missing(self) -> tuple[tuple[str, str], ...]:
        """Each record that names a parent which is not there, and that parent."""
        return tuple(sorted((child, gone) for gone, ids in self.waiting.items() for child in ids))

    def put(self, id_: str, parent: str | None) -> None:
        """A record is stored, or names another parent."""
        node = self.place(id_)
        affected = {id_: None}
        if node[IS_KNOWN]:
            if self.raw[id_] == parent:
                return
            affected |= self._open_loop(id_)
            self._forget_waiting(id_)
        else:
            self._lift(node)
            affected |= self.waiting.pop(id_, {})
        self.raw[id_] = parent
        if parent is not None and parent not in self.raw:
            self.waiting.setdefault(parent, {})[id_] = None
        affected |= self._close_loop(id_)
        self._settle(affected)

    def drop(self, id_: str) -> None:
        """A record is no longer stored; what records name it are left without."""
        node = self.nodes[id_]
        affected = self._open_loop(id_)
        self._forget_waiting(id_)
        del self.raw[id_]
        orphans = {one: None for one in (*affected, *(node[BELOW] or ())) if self._names(one, id_)}
        if orphans:
            self.waiting[id_] = orphans
        self._settle(affected | orphans | {id_: None})
        node[IS_KNOWN] = False
        node[PARENT] = self.nowhere
        self._below(self.nowhere)[id_] = node
        self.attach(node, self.nowhere)

    def _names(self, child: str, parent: str) -> bool:
        return self.raw.get(child) == parent

    def _lift(self, node: Node) -> None:
        """A node that was nowhere becomes a top."""
        del self.nowhere[BELOW][node[ID]]
        node[PARENT] = None
        node[IS_KNOWN] = True
        self.detach(node, self.nowhere)

    def _forget_waiting(self, id_: str) -> None:
        named = self.raw[id_]
        if named is not None and named in self.waiting:
            self.waiting[named].pop(id_, None)
            if not self.waiting[named]:
                del self.waiting[named]

    def _open_loop(self, id_: str) -> dict[str, None]:
        """The members of the loop that a record is in, which is none any more."""
        members: dict[str, None] = {}
        at: str | None = id_
        while at in self.looping:
            self.looping.discard(at)
            members[at] = None
            at = self.raw.get(at)
        return members

    def _close_loop(self, id_: str) -> dict[str, None]:
        """The members of the loop that a record has just closed."""
        members = {id_: None}
        at = self.raw.get(id_)
        while at is not None and at != id_:
            if at in self.looping or at not in self.raw:
                return {}
            members[at] = None
            at = self.raw[at]
        if at is None:
            return {}
        self.looping.update(members)
        return members

    def _settle(self, affected: Iterable[str]) -> None:
        """Bring these below the parents that count, first out and then in."""
        nodes = self.nodes
        moving: list[tuple[Node, Node | None]] = []
        for id_ in affected:
            node = nodes[id_]
            parent = None if id_ in self.looping else self.raw.get(id_)
            above = nodes[parent] if parent is not None and parent in self.raw else None
            if node[PARENT] is not above:
                moving.append((node, above))
        for node, _ in moving:
            former = node[PARENT]
            if former is not None:
                del former[BELOW][node[ID]]
                node[PARENT] = None
                self.detach(node, former)
        for node, above in moving:
            if above is not None:
                node[PARENT] = above
                self._below(above)[node[ID]] = node
                self.attach(node, above)
