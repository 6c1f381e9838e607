"""Quiet: which figures a commit changed, at most once each, and none that is what it was (R13).

Figures of whole groups, and of operations that need all values, are compared at every account, and
so are those made of money when exchange rates change; all others only where they were touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from attrs import frozen

from crmcore.model.model import Model
from crmcore.rules.rollup.algebra import Algebra
from crmcore.rules.rollup.branch import Column
from crmcore.rules.rollup.compiled import Node
from crmcore.rules.rollup.definition import Scope
from crmcore.rules.rollup.node import ID
from crmcore.rules.rollup.reading import Value
from crmcore.rules.rollup.standing import figure_at, result


@frozen(kw_only=True)
class FigureChange:
    """That a figure of an account is another one than before.

    An account that is not there has the figure of the empty set.
    """

    rollup: str
    account_id: str
    before: Value
    after: Value


def compared(
    name: str, before: Mapping[str, Value], after: Mapping[str, Value], nothing: Value
) -> Iterator[FigureChange]:
    """The figures that differ, by account; ``nothing`` is that of an account that is not there."""
    for one in sorted(before.keys() | after.keys()):
        old, new = before.get(one, nothing), after.get(one, nothing)
        if old != new:
            yield FigureChange(rollup=name, account_id=one, before=old, after=new)


class Watch:
    """Remembers figures before a commit touches them."""

    def __init__(self, columns: Iterable[Column], model: Model, *, has_rates: bool) -> None:
        self._model = model
        self._columns = tuple(columns)
        self._whole = [_is_compared_whole(one, has_rates=has_rates) for one in self._columns]
        self._before: list[dict[str, Value]] = []
        for column, whole in zip(self._columns, self._whole, strict=True):
            before = dict(result(column, model)) if whole else {}
            self._before.append(before)
            if not whole:
                column.walk.heard = partial(self._remember, column, before)

    def _remember(self, column: Column, before: dict[str, Value], _at: int, node: Node) -> None:
        id_ = node[ID]
        if id_ is not None and id_ not in before:
            is_there = id_ in column.branch.grove.raw
            before[id_] = figure_at(column, node) if is_there else column.reading.finish(None)

    def end(self) -> None:
        """Stop listening."""
        for column in self._columns:
            column.walk.heard = None

    def changes(self) -> Iterator[FigureChange]:
        """What differs now, by definition, then by account."""
        for column, whole, before in zip(self._columns, self._whole, self._before, strict=True):
            nothing = column.reading.finish(None)
            grove = column.branch.grove
            if whole:
                after = dict(result(column, self._model))
            else:
                there = (one for one in before if one in grove.raw)
                after = {one: figure_at(column, grove.nodes[one]) for one in there}
            yield from compared(column.rollup.name, before, after, nothing)


def _is_compared_whole(figure: Column, *, has_rates: bool) -> bool:
    rollup = figure.rollup
    return (
        rollup.scope is Scope.ULTIMATE_PARENT
        or rollup.aggregate.algebra is Algebra.MULTISET
        or (has_rates and figure.reading.home is not None)
    )
