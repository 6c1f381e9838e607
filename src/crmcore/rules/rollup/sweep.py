"""Sweep: the records of one entity taken in at their own accounts, all definitions in one loop.

The loop is Python source made for the definitions: each record is looked at once, its account is
looked up once for each reference, each filter is decided once, and each field is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from attrs import define, field

from crmcore.entities.record import Record
from crmcore.model.describe import EntitySchema
from crmcore.query import Filter, Path, value_at
from crmcore.rules.rollup.algebra import Algebra
from crmcore.rules.rollup.branch import Branch, Column, know, note
from crmcore.rules.rollup.compiled import Lane, Source, by_filter, field_of, is_plain
from crmcore.rules.rollup.ground import Ground
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.reading import Out
from crmcore.rules.rollup.strips import CrowdedError, Strip, Way, strip_of, take_lines
from crmcore.rules.rollup.turning import Turning

_ValueKey: TypeAlias = tuple[tuple[str, ...], type, str | None]
"""The steps of a field, its class, and the currency at home."""


@define(eq=False)
class Plot:
    """The definitions of a branch with their strips on a ground.

    ``places`` has the position of each value of the reference met so far; ``own`` the records at
    each position (``None``: nobody needs them).
    """

    branch: Branch
    ground: Ground
    strips: dict[Lane, Strip]
    places: dict[Any, int]
    own: list[list[Record]] | None
    is_fixed: bool
    tallies: list[tuple[list[int], list[Strip]]] = field(factory=list)

    def place(self, value: Any) -> int:
        """The position of what a value of the reference names, met for the first time."""
        id_ = self.branch.named(value)
        if id_ is None:
            at = 0
        elif id_ in self.ground.at:
            at = self.ground.at[id_]
        else:
            at = 0 if self.is_fixed else self.ground.add(id_)
        if isinstance(value, Hashable):
            self.places[value] = at
        return at

    def insert(self, record: Record) -> None:
        """Take in one record that links give to accounts: once at each that is there."""
        branch, known = self.branch, self.ground
        named = branch.named(value_at(record, branch.path))
        ids = dict.fromkeys((named, *branch.linked[record.id]))
        items = branch.items(record)
        for at in [known.at[one] for one in ids if one in known.raw] or [0]:
            if self.own is not None:
                self.own[at].append(record)
            for counts, strips in self.tallies:
                if items[strips[0].column.at] is Out.FILTER:
                    continue
                if counts:
                    counts[at] += 1
                for strip in strips:
                    strip.take(at, items[strip.column.at])
        for column in branch.figures:
            note(column, record, items[column.at])


def sweep(
    records: Sequence[Record],
    branches: Sequence[Branch],
    grounds: Mapping[Grove, Ground],
    turnings: Sequence[Turning],
    schema: EntitySchema,
    *,
    is_fixed: bool,
) -> list[Plot]:
    """Take the records of one entity into the branches over it; others are passed over.

    With ``is_fixed`` nothing is kept that only a change would need.
    """
    crowded: set[int] = set()
    while True:
        plots = [_plot(one, grounds[one.grove], crowded, is_fixed=is_fixed) for one in branches]
        run = _compiled(plots, schema, _hearing(branches, turnings))
        try:
            run(records)
        except CrowdedError as error:
            crowded.add(id(error.column))
        else:
            for plot in plots:
                for strip in plot.strips.values():
                    strip.settle()
            return plots


def needs_records(branch: Branch) -> bool:
    """Whether figures are read from the records of an account, or records from links."""
    return branch.via is not None or any(
        one.rollup.aggregate.algebra is Algebra.MULTISET for one in branch.figures
    )


def _plot(branch: Branch, ground: Ground, crowded: set[int], *, is_fixed: bool) -> Plot:
    # Figures that are read from nodes are kept as nodes have them, be they fixed or not.
    is_flat = is_fixed and not needs_records(branch)

    def strip(column: Column) -> Strip:
        return strip_of(column, ground, is_fixed=is_flat, is_crowded=id(column) in crowded)

    is_text = branch.lookup is not None and branch.lookup.kind == branch.grove.kind
    if is_text:
        ground.at[None] = 0
    return Plot(
        branch=branch,
        ground=ground,
        strips={one.lane: strip(one) for one in branch.figures},
        places=ground.at if is_text else {None: 0},
        own=None if is_flat else ground.spread(list),
        is_fixed=is_flat,
    )


def _hearing(
    branches: Iterable[Branch], turnings: Sequence[Turning]
) -> Callable[[Record], None] | None:
    """What hears of every record; ``None`` where nothing does."""
    linking = [one for one in branches if one.via is not None]
    if not (linking or turnings):
        return None

    def hear(record: Record) -> None:
        for turning in turnings:
            turning.put(record)
        for branch in linking:
            know(branch, record)

    return hear


def _compiled(
    plots: Sequence[Plot], schema: EntitySchema, hear: Callable[[Record], None] | None
) -> Callable[[Iterable[Record]], None]:
    source = Source(schema)
    lines = [f"if r.__class__ is not {source.bound(schema.entity)}:", "    continue"]
    if hear is not None:
        lines.append(f"{source.bound(hear)}(r)")
    for plot in plots:
        lines += _plot_lines(source, plot, schema)
    return source.function("def sweep(records):\n    for r in records:", lines)


def _inner(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _plot_lines(source: Source, plot: Plot, schema: EntitySchema) -> list[str]:
    """Lines that take record ``r`` in at its position ``i``."""
    lines = [
        f"a = {source.read(plot.branch.path)}",
        "try:",
        f"    i = {source.bound(plot.places)}[a]",
        "except (KeyError, TypeError):",
        f"    i = {source.bound(plot.place)}(a)",
    ]
    if plot.own is not None:
        lines.append(f"{source.bound(plot.own)}[i].append(r)")
    filters = by_filter([one.lane for one in plot.branch.figures])
    bodies = [(where, _filter_lines(source, plot, lanes, schema)) for where, lanes in filters]
    if len(bodies) == 1 and plot.own is None:
        lines = _where(source, bodies[0][0], [*lines, *bodies[0][1]])
    else:
        for where, body in bodies:
            lines += _where(source, where, body)
    if plot.branch.via is None:
        return lines
    return [
        f"if r.id in {source.bound(plot.branch.linked)}:",
        f"    {source.bound(plot.insert)}(r)",
        "else:",
        *_inner(lines),
    ]


def _where(source: Source, where: Filter, body: list[str]) -> list[str]:
    test = source.test(where)
    return body if test == "True" or not body else [f"if {test}:", *_inner(body)]


def _filter_lines(
    source: Source, plot: Plot, lanes: Sequence[Lane], schema: EntitySchema
) -> list[str]:
    """Lines for the definitions of one filter, which is true; they share one count."""
    strips = [plot.strips[one] for one in lanes]
    counting = [
        one for one in strips if one.way is Way.COUNT or (one.is_group and not plot.is_fixed)
    ]
    counts = plot.ground.spread(int) if counting else []
    for strip in counting:
        strip.counts = counts
    plot.tallies.append((counts, strips))
    lines = [f"{source.bound(counts)}[i] += 1"] if counting else []
    for key, together in _by_value(strips, schema):
        lines += _value_lines(source, key, together)
    return lines


def _by_value(
    strips: Sequence[Strip], schema: EntitySchema
) -> list[tuple[_ValueKey | None, list[Strip]]]:
    """The strips by what they read, so that it is read once; those that take a call last."""
    found: dict[_ValueKey | None, list[Strip]] = {}
    for strip in strips:
        lane = strip.column.lane
        key: _ValueKey | None = None
        place = field_of(lane, schema)
        if lane.is_short and lane.reading.rollup.value is None:
            key = (("id",), str, None)
        elif lane.is_short and place is not None:
            path, python = place
            if lane.reading.home is not None or is_plain(python):
                key = (path.steps, python, lane.reading.home)
        if strip.way is not Way.NONE:
            found.setdefault(key, []).append(strip)
    return sorted(found.items(), key=lambda pair: pair[0] is None)


def _value_lines(source: Source, key: _ValueKey | None, strips: list[Strip]) -> list[str]:
    """Lines that read a value and take it into these strips."""
    if key is None:
        return [line for strip in strips for line in _called_lines(source, strip)]
    steps, python, home = key
    body = [line for strip in strips for line in take_lines(source, strip)]
    if steps == ("id",):
        return ["v = r.id", *body] if body else []
    none = strips[0].none
    for strip in strips:
        strip.none = none
    lines = [f"v = {source.read(Path(*steps))}"]
    if home is not None:
        lines += [f"if v.__class__ is Money and v.currency == {source.bound(home)}:"]
        lines += ["    v = v.amount"]
    else:
        lines += [f"if v.__class__ is {python.__name__}:"]
    odd = source.bound(partial(_take_each, strips))
    return [
        *lines,
        *_inner(body or ["pass"]),
        "elif v is None:",
        f"    {source.bound(none)}.append(i)",
        "else:",
        f"    {odd}(i, r)",
    ]


def _called_lines(source: Source, strip: Strip) -> list[str]:
    """Lines for a definition whose value takes a call."""
    is_out = "v.__class__ is Out"
    if strip.column.reading.home is not None:
        is_out += " or v.__class__ is tuple"
    return [
        f"v = {source.bound(strip.column.lane.item_of)}(r)",
        f"if {is_out}:",
        f"    {source.bound(strip.take_record)}(i, r)",
        "else:",
        *_inner(take_lines(source, strip) or ["pass"]),
    ]


def _take_each(strips: Iterable[Strip], at: int, record: Record) -> None:
    for strip in strips:
        strip.take_record(at, record)
