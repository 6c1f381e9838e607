"""Branch: the definitions that follow one reference, and which records they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final

from attrs import define, field

from crmcore.entities.record import Record
from crmcore.fields import Lookup
from crmcore.model.describe import FieldSchema
from crmcore.model.references import as_ref
from crmcore.query import Path
from crmcore.rules.rollup.compiled import Lane, Node
from crmcore.rules.rollup.definition import Rollup
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.node import Walk
from crmcore.rules.rollup.reading import Item, Key, Out, Reading

_ID: Final = attrgetter("id")


def no_items(_record: Record) -> tuple[Item, ...]:
    """What nobody asks for where no change is followed."""
    return ()


@define(eq=False)
class Column:
    """One definition: how it is read today, and how its states walk.

    ``at`` is its place among the items of its child. ``foreign`` has the records whose money needs
    a rate, by its key, and ``flawed`` those that are left out for their data, with the reason.
    """

    rollup: Rollup
    reading: Reading
    lane: Lane
    walk: Walk
    branch: Branch
    at: int
    foreign: dict[Key, dict[str, Record]] = field(factory=dict)
    flawed: dict[str, tuple[Record, Out]] = field(factory=dict)


@define(eq=False)
class Branch:
    """The definitions over one child that follow one reference to one entity of accounts.

    A node has the own records of a branch at ``own``; ``read`` gives the reference of a record
    (``is_text``: a text in it is an id), ``items`` what it counts for in all definitions over its
    entity. With a link entity (``via``, whose fields to the child and the
    account are ``ends``), ``records`` has all children by id, ``linked`` the accounts that links
    give a child and how often, and ``naming`` which children an account was named by.
    """

    child: type[Record]
    path: Path
    grove: Grove
    own: int
    via: type[Record] | None
    lookup: Lookup | None
    ends: tuple[FieldSchema, FieldSchema] | None
    read: Callable[[Record], Any]
    items: Callable[[Record], tuple[Item, ...]] = no_items
    figures: list[Column] = field(factory=list)
    records: dict[str, Record] = field(factory=dict)
    linked: dict[str, dict[str, int]] = field(factory=dict)
    naming: dict[str, set[str]] = field(factory=dict)
    is_text: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.is_text = self.lookup is not None and self.lookup.kind == self.grove.kind

    def named(self, value: Any) -> str | None:
        """The id of the account that a value of the reference names, stored or not."""
        ref = None if self.lookup is None else as_ref(value, self.lookup)
        return ref.id if ref is not None and ref.kind == self.grove.kind else None

    def place(self, value: Any) -> Node:
        """The node of what a value of the reference names."""
        return self.grove.place(self.named(value))

    def places(self, record: Record) -> list[Node]:
        """The nodes in which a record counts now."""
        value = self.read(record)
        links = self.linked.get(record.id) if self.linked else None
        if not links:
            # The usual case without a call: else a third of what following a change takes.
            node = self.grove.nodes.get(value) if self.is_text and value.__class__ is str else None
            return [self.place(value) if node is None else node]
        raw, nodes = self.grove.raw, self.grove.nodes
        ids = dict.fromkeys((self.named(value), *links))
        return [nodes[one] for one in ids if one in raw] or [self.grove.nowhere]


def own_items(branch: Branch, at: int, node: Node) -> Iterator[Item]:
    """What the own records of a node count for in the definition at this place."""
    own, items = node[branch.own], branch.items
    for record in own.values() if isinstance(own, dict) else own or ():
        item = items(record)[at]
        if item.__class__ is not Out:
            yield item


def own_of(node: Node, branch: Branch) -> dict[str, Record]:
    """The own records of a node by id; as long as nothing changes they are a list."""
    own: Any = node[branch.own]
    if not isinstance(own, dict):
        own = node[branch.own] = dict(zip(map(_ID, own or ()), own or (), strict=True))
    return own  # type: ignore[no-any-return]  # as said


def note(figure: Column, record: Record, item: Item) -> None:
    """Remember a record that is left out for its data, or whose currency needs a rate."""
    if item.__class__ is Out:
        if item is Out.BAD_VALUE or item is Out.NO_RATE_DATE:
            figure.flawed[record.id] = record, item
    elif item.__class__ is tuple and figure.reading.home is not None:
        figure.foreign.setdefault(item[0], {})[record.id] = record


def forget(figure: Column, record: Record, item: Item) -> None:
    """Undo ``note``."""
    if figure.flawed and item.__class__ is Out:
        figure.flawed.pop(record.id, None)
    elif item.__class__ is tuple and figure.reading.home is not None:
        del figure.foreign[item[0]][record.id]
        if not figure.foreign[item[0]]:
            del figure.foreign[item[0]]


def know(branch: Branch, record: Record) -> None:
    """Remember a child of a branch with links, and which account it names."""
    branch.records[record.id] = record
    named = branch.named(branch.read(record))
    if named is not None:
        branch.naming.setdefault(named, set()).add(record.id)


def count_link(branches: Iterable[Branch], link: Record, sign: int) -> None:
    """Count a link row in or out, before or between what records count for."""
    for branch in branches:
        if branch.via is not type(link) or branch.ends is None:
            continue
        child, over = branch.ends[0].value(link), branch.ends[1].value(link)
        if not (isinstance(child, str) and isinstance(over, str)):
            continue
        links = branch.linked.setdefault(child, {})
        links[over] = links.get(over, 0) + sign
        if not links[over]:
            del links[over]
        if not links:
            del branch.linked[child]
        branch.naming.setdefault(over, set()).add(child)


def related(branches: Iterable[Branch], *links: Record | None) -> list[tuple[Branch, Record]]:
    """The records, each in its branch, that these link rows give to accounts."""
    found = {}
    for branch in branches:
        for link in links:
            if branch.ends is not None and type(link) is branch.via and link is not None:
                record = branch.records.get(branch.ends[0].value(link))
                if record is not None:
                    found[id(branch), record.id] = branch, record
    return list(found.values())


def withdraw(branch: Branch, record: Record) -> None:
    """Take a record out where it counts."""
    items = branch.items(record)
    for node in branch.places(record):
        del own_of(node, branch)[record.id]
        for figure in branch.figures:
            item = items[figure.at]
            if item.__class__ is not Out:
                figure.walk.remove(node, item)


def contribute(branch: Branch, record: Record) -> None:
    """Take a record in where it counts."""
    items = branch.items(record)
    for node in branch.places(record):
        own_of(node, branch)[record.id] = record
        for figure in branch.figures:
            item = items[figure.at]
            if item.__class__ is not Out:
                figure.walk.add(node, item)
