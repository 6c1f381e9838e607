"""Follow: what one changed record changes, from what it counted for to what it counts for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.rules.rollup.branch import Branch, Column, forget, know, note, own_of
from crmcore.rules.rollup.compiled import Node
from crmcore.rules.rollup.reading import Item, Out
from crmcore.rules.rollup.turning import Turning
from crmcore.rules.rollup.walks import GroupWalk

Items = tuple[Item, ...]
"""What a record counts for in each definition over its entity."""


@frozen(kw_only=True, eq=False)
class Follower:
    """All definitions over one entity; ``nothing`` is what an absent record counts for."""

    items: Callable[[Record], Items]
    branches: Sequence[Branch]
    columns: Sequence[Column]
    turnings: Sequence[Turning]
    nothing: Items

    def follow(self, before: Record | None, after: Record | None, were: Items | None) -> None:
        """Bring the figures from one state of a record to the next.

        The record is taken out as it was known here, whatever ``before`` says of it. ``were`` is
        what it counted for (``None``: what the definitions say today). Raises ``KeyError`` where
        it is not known.
        """
        new = self.nothing if after is None else self.items(after)
        old, known = were or self.nothing, before
        for branch in self.branches:
            sources: list[Node] = []
            if before is not None:
                sources = branch.places(before)
                for node in sources:
                    known = own_of(node, branch).pop(before.id)
                if were is None and known is not None:
                    were = old = self.items(known)
            if branch.via is not None:
                _remember(branch, before, after)
            targets = [] if after is None else branch.places(after)
            coming = _gone(branch, sources, targets, old, new)
            for node in targets:
                own_of(node, branch)[after.id] = after  # type: ignore[union-attr, assignment]  # only one that is there has places
                for column in coming:
                    column.walk.add(node, new[column.at])
        if self.turnings:
            self._turn(known, after)
        self._note(known, old, after, new)

    def _turn(self, known: Record | None, after: Record | None) -> None:
        for turning in self.turnings:
            if known is not None:
                turning.drop(known)
            if after is not None:
                turning.put(after)

    def _note(self, known: Record | None, old: Items, after: Record | None, new: Items) -> None:
        for column in self.columns:
            if known is not None and (column.flawed or column.foreign):
                forget(column, known, old[column.at])
            item = new[column.at]
            if after is not None and (item.__class__ is tuple or item.__class__ is Out):
                note(column, after, item)


def _remember(branch: Branch, before: Record | None, after: Record | None) -> None:
    if after is not None:
        know(branch, after)
    elif before is not None:
        del branch.records[before.id]


def _gone(
    branch: Branch, sources: list[Node], targets: list[Node], old: Items, new: Items
) -> list[Column]:
    """Take items out where they were; gives the definitions in which they have to come in again.

    All are out before any comes in.
    """
    coming: list[Column] = []
    stays = len(sources) == len(targets) == 1 and sources[0] is targets[0]
    for column in branch.figures:
        was, now = old[column.at], new[column.at]
        if stays and (was is now or was == now or _swapped(column, sources[0], was, now)):
            continue
        if now.__class__ is not Out:
            coming.append(column)
        if was.__class__ is not Out:
            for node in sources:
                column.walk.remove(node, was)
    return coming


def _swapped(column: Column, node: Node, was: Item, now: Item) -> bool:
    """Take one item out and another in by one walk; ``False`` where that does not go."""
    walk = column.walk
    if not isinstance(walk, GroupWalk) or was.__class__ is Out or now.__class__ is Out:
        return False
    walk.replace(node, was, now)
    return True
