"""Each: what a function makes of many values, each different value looked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def each(make: Callable[[object], T], values: Sequence[object]) -> list[T]:
    """What ``make`` makes of these values, in their order."""
    try:
        made = {one: make(one) for one in set(values)}
    except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
        return list(map(make, values))
    return list(map(made.__getitem__, values))
