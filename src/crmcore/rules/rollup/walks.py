"""Walks: how the state of one account reaches those above it, for each algebra."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import define, field

from crmcore.rules.rollup import fan
from crmcore.rules.rollup.algebra import Algebra, State, plus
from crmcore.rules.rollup.compiled import Lane, Node
from crmcore.rules.rollup.definition import Scope
from crmcore.rules.rollup.fan import Fan
from crmcore.rules.rollup.node import BELOW, ID, PARENT, STALE, Heard, ItemsAt, Walk
from crmcore.rules.rollup.operations import COUNT
from crmcore.rules.rollup.reading import Item, Key
from crmcore.rules.rollup.set_walks import SetWalk


def blank(lane: Lane) -> list[Any]:
    """The slots of a definition for which there is nothing yet."""
    operation = lane.reading.rollup.aggregate
    if operation.algebra is Algebra.GROUP:
        return [0, 0 if operation.merge is plus else None, None]
    return [STALE] if operation.algebra is Algebra.MULTISET else [None, None]


def walk_of(lane: Lane, items_at: ItemsAt) -> Walk:
    """The walk of a definition; ``items_at`` gives the items of a node's own records."""
    climbs = lane.reading.rollup.scope is not Scope.OWN
    algebra = lane.reading.rollup.aggregate.algebra
    if algebra is Algebra.GROUP:
        return GroupWalk(lane, climbs)
    if algebra is Algebra.SET:
        return SetWalk(lane, climbs)
    if algebra is Algebra.MONOID:
        return _MonoidWalk(lane, climbs, items_at)
    return _MultisetWalk(lane, climbs)


def _is_foreign(lane: Lane, item: Item) -> bool:
    return lane.reading.home is not None and type(item) is tuple


@define(eq=False)
class GroupWalk:
    """Everything is added to, or subtracted from, every node up to the top."""

    lane: Lane
    climbs: bool
    heard: Heard = None
    is_count: bool = field(init=False)
    is_plus: bool = field(init=False)
    is_money: bool = field(init=False)
    start: Callable[[Any], State] = field(init=False)

    def __attrs_post_init__(self) -> None:
        # Looked up once, as a change costs little more than these would.
        operation = self.lane.reading.rollup.aggregate
        self.is_count, self.is_plus = operation is COUNT, operation.merge is plus
        self.is_money = self.lane.reading.home is not None
        self.start = operation.start

    def add(self, node: Node, item: Item) -> None:
        """Take an item in at a node, and at all above."""
        if self.is_count:
            self._count(node, 1)
        elif self.is_money and item.__class__ is tuple:
            key, amount = item
            self._up_foreign(node, key, 1, self.start(amount))
        else:
            self._up(node, 1, self.start(item))

    def remove(self, node: Node, item: Item) -> None:
        """Take an item out again."""
        if self.is_count:
            self._count(node, -1)
        elif self.is_money and item.__class__ is tuple:
            key, amount = item
            self._up_foreign(node, key, -1, self.start(amount))
        else:
            self._up(node, -1, self.start(item))

    def replace(self, node: Node, old: Item, new: Item) -> None:
        """Take one item out and another in, in one walk where that can be."""
        is_foreign = self.is_money and (old.__class__ is tuple or new.__class__ is tuple)
        if self.is_plus and not is_foreign and not self.is_count:
            self._up(node, 0, self.start(new) - self.start(old))
        else:
            self.remove(node, old)
            self.add(node, new)

    def _count(self, node: Node | None, number: int) -> None:
        at, heard, climbs = self.lane.slot, self.heard, self.climbs
        while node is not None:
            if heard is not None:
                heard(at, node)
            node[at] += number
            node = node[PARENT] if climbs else None

    def _up(self, node: Node | None, number: int, state: State) -> None:
        at, heard, climbs = self.lane.slot, self.heard, self.climbs
        is_plus, operation = self.is_plus, self.lane.reading.rollup.aggregate
        sign, joined, parted = number, operation.merge, operation.part
        if is_plus and number < 0:
            state = -state
        while node is not None:
            if heard is not None:
                heard(at, node)
            node[at] += number
            if is_plus:
                node[at + 1] += state
            elif not node[at]:
                node[at + 1] = None
            elif node[at + 1] is None:
                node[at + 1] = state
            elif sign < 0 and parted is not None:
                node[at + 1] = parted(node[at + 1], state)
            else:
                node[at + 1] = joined(node[at + 1], state)
            node = node[PARENT] if climbs else None

    def _up_foreign(self, node: Node | None, key: Key, number: int, state: State) -> None:
        at, heard, climbs = self.lane.slot, self.heard, self.climbs
        operation = self.lane.reading.rollup.aggregate
        parted = operation.part
        while node is not None:
            if heard is not None:
                heard(at, node)
            by_key = node[at + 2]
            if by_key is None:
                by_key = node[at + 2] = {}
            known, there = by_key.get(key, (0, None))
            if not known + number:
                del by_key[key]
            elif there is None:
                by_key[key] = number, state
            elif number < 0 and parted is not None:
                by_key[key] = known + number, parted(there, state)
            else:
                by_key[key] = known + number, operation.merge(there, state)
            node = node[PARENT] if climbs else None

    def _all(self, node: Node, parent: Node | None, sign: int) -> None:
        at = self.lane.slot
        if self.is_count:
            self._count(parent, sign * node[at])
        elif node[at]:
            self._up(parent, sign * node[at], node[at + 1])
        for key, (number, state) in (node[at + 2] or {}).items():
            self._up_foreign(parent, key, sign * number, state)

    def attach(self, node: Node, parent: Node) -> None:
        """Take all of a node in at its new parent, and at all above."""
        self._all(node, parent, 1)

    def detach(self, node: Node, parent: Node) -> None:
        """Take all of a node out of its former parent."""
        self._all(node, parent, -1)

    def state(self, node: Node) -> State | None:
        """What ``Reading.finish`` takes; ``None`` where there is nothing."""
        at, reading = self.lane.slot, self.lane.reading
        own = node[at] if reading.rollup.aggregate is COUNT else node[at + 1]
        if reading.home is None:
            return own if node[at] else None
        states = {key: state for key, (_, state) in (node[at + 2] or {}).items()}
        if node[at]:
            states[reading.home, None] = own
        return states or None


@define(eq=False)
class _MonoidWalk:
    """What comes goes up as far as a state changes; what goes is looked for again as far.

    ``fans`` has the states of many children together, by account and key: made when something
    that mattered goes there for the first time, and kept up to date from then on.
    """

    lane: Lane
    climbs: bool
    items_at: ItemsAt
    heard: Heard = None
    fans: dict[tuple[str | None, Key | None], Fan] = field(factory=dict)

    def add(self, node: Node, item: Item) -> None:
        key, state = self._started(item)
        self._up(node, key, state, climbs=self.climbs)

    def _started(self, item: Item) -> tuple[Key | None, State]:
        start = self.lane.reading.rollup.aggregate.start
        return (item[0], start(item[1])) if _is_foreign(self.lane, item) else (None, start(item))

    def _get(self, node: Node, key: Key | None) -> State | None:
        at = self.lane.slot
        return node[at] if key is None else (node[at + 1] or {}).get(key)

    def _set(self, node: Node, key: Key | None, state: State | None) -> None:
        at = self.lane.slot
        if self.heard is not None:
            self.heard(at, node)
        if key is None:
            node[at] = state
        elif state is None:
            del node[at + 1][key]
        else:
            if node[at + 1] is None:
                node[at + 1] = {}
            node[at + 1][key] = state
        if self.fans and node[PARENT] is not None:
            self._fanned(node[PARENT], node, key, state)

    def _fanned(self, parent: Node, node: Node, key: Key | None, state: State | None) -> None:
        known = self.fans.get((parent[ID], key))
        if known is not None:
            known.put(node[ID], state)

    def _up(self, node: Node | None, key: Key | None, state: State, *, climbs: bool) -> None:
        merge = self.lane.reading.rollup.aggregate.merge
        while node is not None:
            known = self._get(node, key)
            joint = state if known is None else merge(known, state)
            if known is not None and joint == known:
                return
            self._set(node, key, joint)
            node = node[PARENT] if climbs else None

    def remove(self, node: Node, item: Item) -> None:
        key, state = self._started(item)
        self._down(node, key, state)

    def _down(self, node: Node | None, key: Key | None, gone: State) -> None:
        matters = self.lane.reading.rollup.aggregate.matters
        while node is not None:
            known = self._get(node, key)
            if not matters(known, gone):
                return
            again = self._found_again(node, key)
            if again == known:
                return
            self._set(node, key, again)
            node = node[PARENT] if self.climbs else None

    def _found_again(self, node: Node, key: Key | None) -> State | None:
        merge = self.lane.reading.rollup.aggregate.merge
        found: State | None = None
        for item in self.items_at(node):
            of_key, state = self._started(item)
            if of_key == key:
                found = state if found is None else merge(found, state)
        if not self.climbs or not node[BELOW]:
            return found
        if len(node[BELOW]) > fan.WIDE:
            top = self._fan(node, key).top
            return top if found is None else found if top is None else merge(found, top)
        for below in node[BELOW].values():
            state = self._get(below, key)
            if state is not None:
                found = state if found is None else merge(found, state)
        return found

    def _fan(self, node: Node, key: Key | None) -> Fan:
        if (node[ID], key) not in self.fans:
            pairs = ((id_, self._get(below, key)) for id_, below in node[BELOW].items())
            states = {id_: state for id_, state in pairs if state is not None}
            merge = self.lane.reading.rollup.aggregate.merge
            self.fans[node[ID], key] = Fan(merge, states)
        return self.fans[node[ID], key]

    def _all(self, node: Node) -> Iterable[tuple[Key | None, State]]:
        at = self.lane.slot
        if node[at] is not None:
            yield None, node[at]
        yield from (node[at + 1] or {}).items()

    def attach(self, node: Node, parent: Node) -> None:
        for key, state in self._all(node):
            self._fanned(parent, node, key, state)
            self._up(parent, key, state, climbs=True)

    def detach(self, node: Node, parent: Node) -> None:
        for key, state in self._all(node):
            self._fanned(parent, node, key, None)
            self._down(parent, key, state)

    def state(self, node: Node) -> State | None:
        at, reading = self.lane.slot, self.lane.reading
        if reading.home is None:
            return node[at]
        states = dict(node[at + 1] or {})
        if node[at] is not None:
            states[reading.home, None] = node[at]
        return states or None


@define(eq=False)
class _MultisetWalk:
    """Figures become stale up to the first that is stale already."""

    lane: Lane
    climbs: bool
    heard: Heard = None

    def _spoil(self, node: Node | None) -> None:
        at, heard = self.lane.slot, self.heard
        while node is not None and node[at] is not STALE:
            if heard is not None:
                heard(at, node)
            node[at] = STALE
            node = node[PARENT] if self.climbs else None

    def add(self, node: Node, item: Item) -> None:  # noqa: ARG002 - as every walk
        self._spoil(node)

    remove = add

    def attach(self, node: Node, parent: Node) -> None:  # noqa: ARG002 - as every walk
        self._spoil(parent)

    detach = attach

    def state(self, node: Node) -> State | None:
        raise NotImplementedError  # Totals finds it from the records
