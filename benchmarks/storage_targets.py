"""What storage is to reach, as ratios within one run, and the tables that say how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from attrs import frozen

from crmcore.render import table

FLOOR, SQLITE, FILE = "floor", "sqlite3", "crmcore JSON file"
SAVED, HELD, MEMORY = "crmcore, crm.save", "crmcore, held", "crmcore memory"
DATA_ALONE, COMPACT = "data alone", "compact JSON"

Figures: TypeAlias = Mapping[str, Mapping[str, float]]
"""Seconds, or bytes, by measure and engine."""

COLUMNS = ("measure", "reached", "target", "")


@frozen
class Target:
    """At most ``most`` times what ``beside`` takes (``None``: bytes) for one engine's measure.

    ``most`` is ``None`` where the ratio is only told.
    """

    title: str
    measure: str
    engine: str
    beside: str | None
    most: float | None


COMMIT, FILTER = "durable commit", "filter, 3 % kept"

TARGETS = (
    Target("durable commit, over the floor", COMMIT, FILE, FLOOR, 1.4),
    Target("durable commit, over sqlite3", COMMIT, FILE, SQLITE, 0.8),
    Target("crm.save, over the floor", COMMIT, SAVED, FLOOR, None),
    Target("open and read one, over sqlite3", "open, first get", FILE, SQLITE, 3.0),
    Target("get by id, over sqlite3", "get by id", FILE, SQLITE, 1.0),
    Target("get by id, held", "get by id", HELD, SQLITE, None),
    Target("get by e-mail, over sqlite3", "get by e-mail", FILE, SQLITE, 1.2),
    Target("get by e-mail, held", "get by e-mail", HELD, SQLITE, None),
    Target("filter that keeps 3 %, lazily", FILTER, FILE, SQLITE, 2.6),
    Target("filter that keeps 3 %, held", FILTER, HELD, SQLITE, 0.8),
    Target("filter that keeps 3 %, in memory", FILTER, MEMORY, SQLITE, 0.8),
    Target("bulk load, over sqlite3", "bulk load", FILE, SQLITE, 0.6),
    Target("file size, data alone, over compact JSON", "file size", DATA_ALONE, COMPACT, 1.25),
    Target("file size, with indexes and history", "file size", FILE, COMPACT, 2.0),
    Target("memory after opening, MB", "memory after opening", FILE, None, 5.0),
    Target("stored bytes to entity, over by hand", "stored bytes to entity", FILE, FLOOR, 1.15),
)

Judged: TypeAlias = dict[str, dict[str, float | None]]
"""For each size, as text, and over sizes, what was reached by the title of its target."""

GROWTH = "commit at {most:,} over {least:,} records"
MOST_GROWTH = 1.2


def judged(sizes: Mapping[int, Figures]) -> Judged:
    """What was reached of each target."""
    found: Judged = {}
    for count, figures in sizes.items():
        found[str(count)] = {one.title: _ratio(one, figures) for one in TARGETS}
    least, most = min(sizes), max(sizes)
    if least < most:
        one, other = (sizes[count][COMMIT] for count in (most, least))
        # over the floor of the same minutes, as the disk may have been busier then
        growth = (one[FILE] / one[FLOOR]) / (other[FILE] / other[FLOOR])
        found[str(most)][GROWTH.format(most=most, least=least)] = growth
    return found


def _ratio(target: Target, figures: Figures) -> float | None:
    by_engine = figures.get(target.measure, {})
    value = by_engine.get(target.engine)
    if value is None:
        return None
    if target.beside is None:
        return value / 1e6
    unit = by_engine.get(target.beside)
    return value / unit if unit else None


def rows(found: Judged, count: int) -> list[list[str]]:
    """The rows of the table of targets of one size."""
    most = {one.title: one.most for one in TARGETS}
    told = [["waits for the disk of a commit", "1", "1", "counted in the tests"]]
    for title, reached in found[str(count)].items():
        target = most.get(title, MOST_GROWTH)
        verdict = "" if target is None or reached is None else _verdict(reached, target)
        shown = "" if reached is None else f"{reached:.2f}"
        told.append([title, shown, "" if target is None else f"{target:g}", verdict])
    return told


def _verdict(reached: float, target: float) -> str:
    return "met" if reached <= target else "missed"


def told(count: int, figures: Figures, names: Iterable[str]) -> str:
    """Two tables: the figures, and how often each is that of sqlite3 (commits: of the floor)."""
    engines, measures = tuple(names), tuple(figures)
    plain = [[name, *(shown(one, figures[one].get(name)) for one in measures)] for name in engines]
    units = {
        one: found.get(FLOOR if one == COMMIT else SQLITE, found.get(FLOOR, 0.0))
        for one, found in figures.items()
    }
    ratios = [
        [name, *(_quotient(figures[one].get(name), units[one]) for one in measures)]
        for name in engines
    ]
    parts = [f"{count:,} records"]
    for title, lines in (("median", plain), ("ratio to sqlite3, commits to floor", ratios)):
        parts.append(table(lines, columns=(title, *measures), right=measures, width=170))
    return "\n\n".join([*parts, ""])


def shown(measure: str, value: float | None) -> str:
    """A figure in the unit that suits it."""
    if value is None:
        return ""
    if measure in ("file size", "memory after opening"):
        return f"{value / 1e6:.1f} MB"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"


def _quotient(value: float | None, unit: float) -> str:
    return f"{value / unit:.3g}" if value is not None and unit else ""
