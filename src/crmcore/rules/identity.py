"""Identity: which record answers for one that was merged away, by the receipts of its merges."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from crmcore.entities.ledger import MergeReceipt
from crmcore.values.ref import Ref


def in_force(receipts: Iterable[MergeReceipt], undone: Collection[str]) -> tuple[MergeReceipt, ...]:
    """The receipts of merges that were not taken back; ``undone`` has the ids of those that were.

    In the order of their merges.
    """
    left = [one for one in receipts if one.id not in undone]
    return tuple(sorted(left, key=lambda one: (one.version or 1 << 62, one.turn)))


def merged_into(receipts: Iterable[MergeReceipt]) -> dict[Ref[Any], Ref[Any]]:
    """The survivor of the merge that took each loser away; of several merges, the last given."""
    return {loser: one.survivor for one in receipts for loser in one.losers}


def survivors_of(receipts: Iterable[MergeReceipt]) -> dict[Ref[Any], Ref[Any]]:
    """What ``survivor_of`` says of every record that was merged away, in one walk."""
    next_of = merged_into(receipts)
    found: dict[Ref[Any], Ref[Any]] = {}
    circling: dict[Ref[Any], Ref[Any]] = {}
    for start in next_of:
        met: dict[Ref[Any], None] = {}
        at = start
        while at in next_of and at not in found and at not in met:
            met[at] = None
            at = next_of[at]
        if at in met:
            circling[start] = next(reversed(met))
        else:
            found.update(dict.fromkeys(met, found.get(at, at)))
    return found | circling


def survivor_of(ref: Ref[Any], receipts: Iterable[MergeReceipt]) -> Ref[Any]:
    """The reference that answers for ``ref`` today, over any number of merges (law M2).

    ``ref`` itself where no receipt has it among its losers. ``receipts`` are those still in force,
    in the order of their merges. Receipts that lead in a circle are damaged data: the walk ends
    before it repeats itself.
    """
    next_of = merged_into(receipts)
    met = {ref}
    while ref in next_of and next_of[ref] not in met:
        ref = next_of[ref]
        met.add(ref)
    return ref
