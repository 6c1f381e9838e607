"""Ground: the accounts of a moment by position, so that states can stand in plain lists.

Position 0 is *nowhere*, where everything is that belongs to no known account; the accounts follow
in the order given, and behind them what records name but nobody stored, each below nowhere. A
plain list for each definition takes an eighth of the time of a node for each account (measured
with 10,000 accounts and four definitions: 14 rather than 110 ms for all but reading the records).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import lt
from typing import Any

from attrs import define, field

from crmcore.rules.tree import loops


@define(eq=False)
class Ground:
    """The trees of one entity by position.

    ``raw`` has the parent that each record names, in the order given. ``at`` has the position of
    each id, ``above`` at each position that of the parent which counts (0: none). ``looping`` are
    the members of loops, ``waiting`` the records that name a parent which is not there, by its id.
    ``strangers`` are the ids that nobody stored, in the order of their positions.
    """

    raw: dict[str, str | None]
    at: dict[Any, int]
    above: list[int]
    looping: set[str] = field(factory=set)
    waiting: dict[str, dict[str, None]] = field(factory=dict)
    strangers: list[str] = field(factory=list)
    is_in_order: bool = False
    _lists: list[tuple[list[Any], Callable[[], Any]]] = field(factory=list)

    def spread(self, blank: Callable[[], Any]) -> list[Any]:
        """A list with something blank for each position, which grows with them."""
        made = [blank() for _ in self.above]
        self._lists.append((made, blank))
        return made

    def add(self, id_: str) -> int:
        """The position of an id that nobody stored."""
        self.strangers.append(id_)
        self.at[id_] = position = len(self.above)
        self.above.append(0)
        for one, blank in self._lists:
            one.append(blank())
        return position

    def upward(self) -> list[tuple[int, int]]:
        """The positions that have one above, and that one, each behind everything below it.

        What nobody stored comes first, and goes to nowhere.
        """
        above = self.above
        first, last = len(self.raw), len(above)
        strange = [(position, 0) for position in range(first + 1, last)]
        if self.is_in_order:
            backwards = zip(range(first, 0, -1), reversed(above[1 : first + 1]), strict=True)
            return strange + [pair for pair in backwards if pair[1]]
        return strange + [(one, above[one]) for one in reversed(self.downward()) if above[one]]

    def downward(self) -> list[int]:
        """The positions of all records, each behind the one above it."""
        below: dict[int, list[int]] = {}
        found: list[int] = []
        for position in range(1, len(self.raw) + 1):
            parent = self.above[position]
            if parent:
                below.setdefault(parent, []).append(position)
            else:
                found.append(position)
        for position in found:  # grows while it is walked
            if position in below:
                found += below[position]
        return found

    def tops(self) -> tuple[str, ...]:
        """The ids of the tops, in the order given."""
        return tuple(one for one, above in zip(self.raw, self.above[1:], strict=False) if not above)


def ground(raw: Mapping[str, str | None]) -> Ground:
    """The positions of these ids, each with the parent that it names."""
    at: dict[Any, int] = dict(zip(raw, range(1, len(raw) + 1), strict=True))
    above = [0 if parent is None else at.get(parent, 0) for parent in raw.values()]
    made = Ground(raw=dict(raw), at=at, above=[0, *above])
    if above.count(0) > sum(parent is None for parent in raw.values()):
        for child, parent in raw.items():
            if parent is not None and parent not in at:
                made.waiting.setdefault(parent, {})[child] = None
    # Most parents are stored before their children; then there is no loop, and no order to find.
    made.is_in_order = all(map(lt, above, range(1, len(above) + 1)))
    if not made.is_in_order and len(made.downward()) < len(raw):
        for loop in loops(raw, raw.get):
            made.looping.update(loop)
        for id_ in made.looping:
            made.above[at[id_]] = 0
    return made
