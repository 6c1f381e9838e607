"""Fast: the inverted index with arrays, where numpy is installed (the extra ``fast``).

What it gives is what plain Python gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any

Facets = Sequence[tuple[int, ...]]


@cache
def numpy() -> ModuleType | None:
    """The module, where it is installed."""
    try:
        import numpy as np  # noqa: PLC0415  # optional, and loaded at first use
    except ImportError:
        return None
    return np


def shared(
    np: Any,  # Any: numpy, which need not be there to check types
    first: tuple[Sequence[int], Facets],
    second: tuple[Sequence[int], Facets] | None,
    size: int,
) -> Mapping[int, list[int]]:
    """The rows under each key that two or more share; with a second facet, under both at once.

    Each part is the number of the form of each row, and the facets of each form.
    """
    rows, keys = _spread(np, *first)
    if second is not None:
        counts, flat, starts = _flat(np, second[1])
        ids = np.asarray(second[0], dtype=np.int64)[rows]
        times = counts[ids]
        at = np.repeat(starts[ids], times) + _runs(np, times)
        keys = np.repeat(keys, times) * size + flat[at]
        rows = np.repeat(rows, times)
    if not len(keys):
        return {}
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    bounds = np.flatnonzero(np.diff(keys)) + 1
    begins = np.concatenate(([0], bounds))
    ends = np.concatenate((bounds, [len(keys)]))
    many = np.flatnonzero(ends - begins > 1)
    numbers, listed = keys[begins[many]].tolist(), rows.tolist()
    ranges = zip(begins[many].tolist(), ends[many].tolist(), strict=True)
    return {number: listed[begin:end] for number, (begin, end) in zip(numbers, ranges, strict=True)}


def _flat(np: Any, facets: Facets) -> tuple[Any, Any, Any]:  # Any: arrays
    counts = np.fromiter(map(len, facets), dtype=np.int64, count=len(facets))
    flat = np.fromiter((one for made in facets for one in made), dtype=np.int64)
    return counts, flat, np.cumsum(counts) - counts


def _runs(np: Any, times: Any) -> Any:  # Any: arrays
    """0, 1, ... for each, so many times."""
    return np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)


def _spread(np: Any, ids: Sequence[int], facets: Facets) -> tuple[Any, Any]:  # Any: arrays
    """Rows and facets, a row for each of its facets."""
    counts, flat, starts = _flat(np, facets)
    forms = np.asarray(ids, dtype=np.int64)
    times = counts[forms]
    rows = np.repeat(np.arange(len(forms)), times)
    at = np.repeat(starts[forms], times) + _runs(np, times)
    return rows, flat[at]
