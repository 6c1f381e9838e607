"""Sweep: the records of one entity taken in at their own accounts, for all definitions at once.

The sweep is Python source made for the definitions: of each record the account is looked up once
for each reference, each filter is decided once, and each field is read once. It goes through the
records in short steps and reads one field of all of a step before it reads the next one: a
processor can then tell what will be read next, which takes a quarter of the time off (100,000
deals that nobody has just read: 72 ms rather than 91 ms with all fields of one after the other).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import define, field

from crmcore.entities.record import Record
from crmcore.model.describe import EntitySchema
from crmcore.query import Always, And, Filter, Or, Path
from crmcore.rules.rollup.algebra import Algebra
from crmcore.rules.rollup.branch import Branch, Column, know, note
from crmcore.rules.rollup.compiled import Lane, Source, by_filter, field_of, is_plain
from crmcore.rules.rollup.ground import Ground
from crmcore.rules.rollup.grove import Grove
from crmcore.rules.rollup.reading import Out
from crmcore.rules.rollup.strips import CrowdedError, Strip, Way, strip_of, take_lines
from crmcore.rules.rollup.turning import Turning

STEP: Final = 1_024
"""How many records a step has: few enough for a cache, many enough to be worth one."""

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
        """The position of what a value of the reference names, which is remembered."""
        id_ = self.branch.named(value)
        if id_ is None:
            at = 0
        elif id_ in self.ground.at:
            at = self.ground.at[id_]
        else:
            at = 0 if self.is_fixed else self.ground.add(id_)
        with suppress(TypeError):  # what cannot be hashed is looked at each time
            self.places[value] = at
        return at

    def positions(self, values: Sequence[Any]) -> list[int]:
        """The positions of these values of the reference, some of them met for the first time."""
        known, place = self.places, self.place
        try:
            found = [known.get(one) for one in values]
        except TypeError:
            return [place(one) for one in values]
        return [place(value) if at is None else at for at, value in zip(found, values, strict=True)]

    def insert(self, record: Record) -> None:
        """Take in one record that links give to accounts: once at each that is there."""
        branch, known = self.branch, self.ground
        named = branch.named(branch.read(record))
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

    if branch.is_text:
        ground.at[None] = 0
    return Plot(
        branch=branch,
        ground=ground,
        strips={one.lane: strip(one) for one in branch.figures},
        places=ground.at if branch.is_text else {None: 0},
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
) -> Callable[[Sequence[Record]], None]:
    source = Source(schema)
    entity = source.bound(schema.entity)
    lines = [f"rows = [r for r in records[k : k + {STEP}] if r.__class__ is {entity}]"]
    if hear is not None:
        lines += ["for r in rows:", f"    {source.bound(hear)}(r)"]
    for plot in plots:
        lines += _plot_lines(source, plot, schema)
    first = f"def sweep(records):\n    for k in range(0, len(records), {STEP}):"
    return source.function(first, lines)


def _inner(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _plot_lines(source: Source, plot: Plot, schema: EntitySchema) -> list[str]:
    """Lines that take ``rows`` in at their positions."""
    lines = ["mine = rows"]
    if plot.branch.via is not None:
        linked, insert = source.bound(plot.branch.linked), source.bound(plot.insert)
        lines += ["for r in rows:", f"    if r.id in {linked}:", f"        {insert}(r)"]
        lines += [f"mine = [r for r in rows if r.id not in {linked}]"]
    if plot.own is not None:
        lines += _place_lines(source, plot, "mine", "all_at")
        own = source.bound(plot.own)
        lines += ["for i, r in zip(all_at, mine):", f"    {own}[i].append(r)"]
    filters = [
        (_terms(where), lanes)
        for where, lanes in by_filter([one.lane for one in plot.branch.figures])
    ]
    shared = _shared([terms for terms, _ in filters]) if plot.own is None else 0
    if filters:
        lines += [_chosen(source, "mine", "mine", one) for one in filters[0][0][:shared]]
    for terms, lanes in filters:
        body = _filter_lines(source, plot, lanes, schema)
        if plot.own is None:
            lines.append("some = mine")
            lines += [_chosen(source, "some", "some", one) for one in terms[shared:]]
            lines += _place_lines(source, plot, "some", "at")
        else:
            lines += ["some, at = mine, all_at"]
            for one in terms[shared:]:
                lines += [f"keep = [{source.test(one)} for r in some]"]
                lines += ["some, at = [*compress(some, keep)], [*compress(at, keep)]"]
        lines += body
    return lines


def _place_lines(source: Source, plot: Plot, rows: str, at: str) -> list[str]:
    """Lines that find the positions of records."""
    value = source.read(plot.branch.path)
    return [
        "try:",
        f"    {at} = [{source.bound(plot.places)}[{value}] for r in {rows}]",
        "except (KeyError, TypeError):",
        f"    {at} = {source.bound(plot.positions)}([{value} for r in {rows}])",
    ]


def _terms(where: Filter) -> tuple[Filter, ...]:
    """Filters that are all true where this one is."""
    match where:
        case Always():
            return ()
        case Or((term,)):
            return _terms(term)
        case And(terms):
            return tuple(one for term in terms for one in _terms(term))
    return (where,)


def _shared(filters: Sequence[tuple[Filter, ...]]) -> int:
    """How many terms all filters begin with."""
    found = 0
    for terms in zip(*filters, strict=False):
        if any(one != terms[0] for one in terms):
            break
        found += 1
    return found


def _chosen(source: Source, name: str, rows: str, where: Filter) -> str:
    return f"{name} = [r for r in {rows} if {source.test(where)}]"


def _filter_lines(
    source: Source, plot: Plot, lanes: Sequence[Lane], schema: EntitySchema
) -> list[str]:
    """Lines for the definitions of one filter, true of ``some`` records; they share one count."""
    strips = [plot.strips[one] for one in lanes]
    counting = [
        one for one in strips if one.way is Way.COUNT or (one.is_group and not plot.is_fixed)
    ]
    counts = plot.ground.spread(int) if counting else []
    for strip in counting:
        strip.counts = counts
    plot.tallies.append((counts, strips))
    lines = [f"{source.bound(counts)}[i] += 1"] if counting else []
    columns: dict[str, str] = {}
    for number, (key, together) in enumerate(_by_value(strips, schema)):
        if key is None:
            lines += [line for strip in together for line in _called_lines(source, strip)]
            continue
        body = _value_lines(source, key, together)
        if body:  # a count of records reads none
            columns[f"v{number}"] = f"[{source.read(Path(*key[0]))} for r in some]"
            lines += [f"v = v{number}", *body]
    names = ", ".join(("i", "r", *columns))
    return [f"for {names} in zip({', '.join(('at', 'some', *columns.values()))}):", *_inner(lines)]


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
        found.setdefault(key, []).append(strip)
    return sorted(found.items(), key=lambda pair: pair[0] is None)


def _value_lines(source: Source, key: _ValueKey, strips: list[Strip]) -> list[str]:
    """Lines that take the value ``v`` of a field into these strips."""
    steps, python, home = key
    body = [line for strip in strips for line in take_lines(source, strip)]
    if steps == ("id",):
        return body
    none = strips[0].none
    for strip in strips:
        strip.none = none
    if home is not None:
        lines = [f"if v.__class__ is Money and v.currency == {source.bound(home)}:"]
        lines += ["    v = v.amount"]
    else:
        lines = [f"if v.__class__ is {python.__name__}:"]
        if python is date or any(strip.way is Way.TIMES for strip in strips):
            # One object for all equal values, which is at hand: to compare a value with one of a
            # record that was read long ago takes as long as all else that is done with it.
            same = source.bound({})
            lines += ["    try:", f"        v = {same}[v]"]
            lines += ["    except KeyError:", f"        {same}[v] = v"]
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
