"""Bulk: a ground with its plots, carried up and made into nodes that can follow changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crmcore.rules.rollup.algebra import plus
from crmcore.rules.rollup.branch import Column
from crmcore.rules.rollup.ground import Ground
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.set_walks import BitsWalk
from crmcore.rules.rollup.strips import MOST_BITS, Strip, Way, rise
from crmcore.rules.rollup.sweep import Plot


def carry_up(ground: Ground, plots: Iterable[Plot]) -> None:
    """Take everything in at the accounts above; every record must be in by now."""
    strips = [strip for plot in plots for strip in plot.strips.values()]
    for strip in strips:
        strip.settle()
    rise(strips, ground.upward())


def plant(grove: Grove, ground: Ground, plots: Iterable[Plot]) -> None:
    """Give a grove the nodes of a ground, with all that stands there."""
    slots: dict[int, Sequence[Any]] = {}
    for plot in plots:
        if plot.own is None:
            continue  # read from its strips
        slots[plot.branch.own] = plot.own
        for strip in plot.strips.values():
            slots.update(_slots(strip, ground))
            if strip.way is Way.SEEN:
                lane = strip.column.lane
                strip.column.walk = BitsWalk(lane, strip.climbs, strip.bits)
                grove.template[lane.slot] = 0
    grove.plant(ground, slots)


def still_few(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Those that keep a bit for each value; where these have become many, they do so no longer."""
    found: list[Column] = []
    for column in columns:
        walk, grove = column.walk, column.branch.grove
        if isinstance(walk, BitsWalk):
            if len(walk.bits) <= 4 * MOST_BITS:
                found.append(column)
                continue
            column.walk = walk.plain((grove.nowhere, *grove.nodes.values()))
            grove.template[column.lane.slot] = None
    return tuple(found)


def _slots(strip: Strip, ground: Ground) -> dict[int, Sequence[Any]]:
    """The slots of a definition, as ``walks`` says."""
    at = strip.column.lane.slot
    if strip.way is Way.NONE:
        return {}
    slots: dict[int, Sequence[Any]] = {at: strip.states}
    if strip.way is Way.SEEN:
        slots[at + 1] = strip.more
    if strip.is_group:
        states = strip.states
        if strip.way is not Way.COUNT and strip.column.rollup.aggregate.merge is plus:
            states = [0 if one is None else one for one in states]
        slots = {at: strip.counts}
        if states:
            slots[at + 1] = states
    if strip.far:
        places = range(len(ground.above))
        slots[at + (2 if strip.is_group else 1)] = [strip.far.get(one) for one in places]
    return slots
