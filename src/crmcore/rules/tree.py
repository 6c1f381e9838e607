"""Tree: who stands above and below whom, given the parent of each.

Everything here walks step by step, never by recursion, so that depth does not matter (law X3), and
ends on bad data as well: a loop is walked round once, a parent that is not there ends the walk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from crmcore.errors import UnknownNameError
from crmcore.fields import Shape
from crmcore.findings import Findings, error, warning
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from crmcore.entities.record import Record

ParentOf: TypeAlias = Callable[[str], str | None]
"""Gives the parent of an id; ``None`` for a top, and for an id that it does not know."""

ChildrenOf: TypeAlias = Callable[[str], Iterable[str]]
"""Gives the children of an id, in any order; none for an id that it does not know."""


def ancestors(start: str, parent_of: ParentOf) -> tuple[str, ...]:
    """All above ``start``, nearest first; neither ``start`` nor any other id comes twice."""
    met = {start: None}
    at = parent_of(start)
    while at is not None and at not in met:
        met[at] = None
        at = parent_of(at)
    return tuple(met)[1:]


def descendants(start: str, children_of: ChildrenOf) -> tuple[str, ...]:
    """All below ``start``, level by level, siblings in the order of ``children_of``; each once."""
    met = {start: None}
    waiting = deque((start,))
    while waiting:
        for child in children_of(waiting.popleft()):
            if child not in met:
                met[child] = None
                waiting.append(child)
    return tuple(met)[1:]


def ultimate_parent(start: str, parent_of: ParentOf) -> str:
    """The top of the tree that ``start`` stands in; ``start`` itself where it has no parent.

    Where the way up runs into a loop, the first on the way that belongs to the loop.
    """
    way = (start, *ancestors(start, parent_of))
    again = parent_of(way[-1])
    return way[-1] if again is None else again


def depth(start: str, parent_of: ParentOf) -> int:
    """How many stand above ``start``: 0 for a top."""
    return len(ancestors(start, parent_of))


def path(start: str, parent_of: ParentOf) -> tuple[str, ...]:
    """The way from the top down to ``start``, both included."""
    return (*reversed(ancestors(start, parent_of)), start)


def common(one: str, other: str, parent_of: ParentOf) -> str | None:
    """The lowest id that both stand at or below; ``None`` where they are of different trees."""
    line = {one, *ancestors(one, parent_of)}
    return next((at for at in (other, *ancestors(other, parent_of)) if at in line), None)


def children_index(parents: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """The children of each id that has any, in the order of ``parents``."""
    found: dict[str, list[str]] = {}
    for child, parent in parents.items():
        if parent is not None:
            found.setdefault(parent, []).append(child)
    return {parent: tuple(children) for parent, children in found.items()}


def loops(starts: Iterable[str], parent_of: ParentOf) -> tuple[tuple[str, ...], ...]:
    """Every loop that a walk up from one of ``starts`` runs into, sorted; each once.

    A loop is the ids from its smallest one up, along the parents, and back: ``("a", "b", "a")``
    where ``b`` is the parent of ``a``. The time grows with the number of ids met.
    """
    met: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in starts:
        way: dict[str, int] = {}
        at: str | None = start
        while at is not None and at not in met:
            met.add(at)
            way[at] = len(way)
            at = parent_of(at)
        if at is not None and at in way:
            found.append(_closed(tuple(way)[way[at] :]))
    return tuple(sorted(found))


def _closed(loop: tuple[str, ...]) -> tuple[str, ...]:
    first = loop.index(min(loop))
    return (*loop[first:], *loop[:first], loop[first])


def would_loop(child: str, new_parent: str, parent_of: ParentOf) -> tuple[str, ...] | None:
    """The loop that giving ``child`` this parent would make, from ``child`` back to itself.

    ``None`` where it would make none.
    """
    way = (new_parent, *ancestors(new_parent, parent_of))
    return (child, *way[: way.index(child) + 1]) if child in way else None


@frozen(kw_only=True)
class Forest:
    """Parents made sound: trees, whatever the data.

    ``parents`` has every id; its value is ``None`` for the top of a tree, and also where the data
    name a parent that is not there (``missing``: child and parent) or where the id is part of a
    loop (``loops``). ``children`` are those that remain, ``bottom_up`` has every id behind all of
    its children.
    """

    parents: Mapping[str, str | None]
    children: Mapping[str, tuple[str, ...]]
    bottom_up: tuple[str, ...]
    loops: tuple[tuple[str, ...], ...] = ()
    missing: tuple[tuple[str, str], ...] = ()

    @property
    def roots(self) -> tuple[str, ...]:
        """The tops, in the order in which the ids were given."""
        return tuple(one for one, parent in self.parents.items() if parent is None)

    def below(self, start: str) -> tuple[str, ...]:
        """``start`` and everything below it, level by level."""
        return (start, *descendants(start, lambda one: self.children.get(one, ())))


def forest(parents: Mapping[str, str | None]) -> Forest:
    """The trees that these parents make; the same for every order of the ids but for the order."""
    found = loops(parents, parents.get)
    looping = {one for loop in found for one in loop}
    sound = {
        child: parent if parent in parents and child not in looping else None
        for child, parent in parents.items()
    }
    children = children_index(sound)
    top_down = [one for one, parent in sound.items() if parent is None]
    for one in top_down:  # grows while it is walked
        top_down += children.get(one, ())
    return Forest(
        parents=sound,
        children=children,
        bottom_up=tuple(reversed(top_down)),
        loops=found,
        missing=tuple(
            (child, parent)
            for child, parent in parents.items()
            if parent is not None and parent not in parents
        ),
    )


def forest_findings(one: Forest, *, kind: str, field: str) -> Findings:
    """What kept these records of a kind, linked by ``field``, from being trees."""
    found = [
        error(
            "hierarchy.loop",
            "these records are above themselves; each counts as the top of its own tree",
            ref=Ref(kind, loop[0]),
            path=field,
            value=" -> ".join(loop),
            suggestion="give one of them another parent, or none",
        )
        for loop in one.loops
    ]
    found += [
        warning(
            "hierarchy.parent_missing",
            "the parent is not there; the record counts as the top of its own tree",
            ref=Ref(kind, child),
            path=field,
            value=parent,
            suggestion="add the parent, or clear the field",
        )
        for child, parent in one.missing
    ]
    return Findings(found)


def tree_fields(schema: EntitySchema) -> tuple[FieldSchema, ...]:
    """The fields by which records of an entity make trees, in the order of the schema."""
    return tuple(
        one
        for one in schema.lookups
        if one.lookup is not None
        and one.lookup.shape is Shape.TREE
        and one.lookup.kind == schema.kind
        and one.holds is Holds.ONE
    )


def tree_field(schema: EntitySchema, along: str | None = None) -> FieldSchema | None:
    """The field by which records of an entity make a tree, or ``None`` where there is none.

    ``along`` names one of several (``None``: the first). Raises ``UnknownNameError`` where it
    names a field that makes no tree.
    """
    found = tree_fields(schema)
    if along is None:
        return found[0] if found else None
    for one in found:
        if along in (one.name, one.path):
            return one
    known = tuple(one.path for one in found)
    raise UnknownNameError("field that makes a tree", along, known, schema.kind)


def parents_of(records: Iterable[Record], field: FieldSchema | None) -> dict[str, str | None]:
    """The parent of each record by id, in the order given; ``None`` as field: all are tops.

    What is no text, and so no id, counts as none.
    """
    if field is None:
        return dict.fromkeys(one.id for one in records)
    read = field.value if field.is_custom else attrgetter(field.name)
    found = ((one.id, read(one)) for one in records)
    return {id_: parent if isinstance(parent, str) else None for id_, parent in found}
