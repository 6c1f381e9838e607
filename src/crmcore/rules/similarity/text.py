"""Likeness of words: how near two texts in normal form are, from 0 to 1."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    _Likeness = Callable[[str, str], float]

LONGEST: Final = 1_000
"""Only this many characters of a text are compared: no name is longer, and time stays bounded."""

_DIGITS: Final = 6
"""Digits kept, so that every implementation of a measure gives the same."""


@cache
def _measures() -> tuple[_Likeness, _Likeness, Callable[[str, str], int]]:
    from rapidfuzz import fuzz  # noqa: PLC0415  # costs more to load than the rest of crmcore
    from rapidfuzz.distance import OSA, JaroWinkler  # noqa: PLC0415  # likewise

    return JaroWinkler.normalized_similarity, fuzz.token_sort_ratio, OSA.distance


def jaro_winkler(left: str, right: str, *, least: float) -> float:
    """The Jaro-Winkler similarity of two texts, in [0, 1]; 0 below ``least``.

    Source: Winkler, String Comparator Metrics and Enhanced Decision Rules (1990), prefix weight
    0.1.
    """
    if left == right:
        return 1.0
    # In one order always: which letters Jaro pairs may depend on which text comes first.
    likeness = round(_measures()[0](*((left, right) if left < right else (right, left))), _DIGITS)
    return likeness if likeness >= least else 0.0


def same_words(left: str, right: str, *, least: float) -> float:
    """How much of two texts is the same when their words are sorted, in [0, 1]; 0 below ``least``.

    Twice the length of the longest common subsequence, over the sum of the lengths.
    """
    if left == right:
        return 1.0
    likeness = round(_measures()[1](left, right) / 100, _DIGITS)
    return likeness if likeness >= least else 0.0


def slips(left: str, right: str) -> int:
    """How many letters must be put in, left out, changed or swapped with their neighbour."""
    return _measures()[2](left, right)


def shortened(value: object) -> str | None:
    """The beginning of a text that is compared; ``None`` for what is no text."""
    return value[:LONGEST] if isinstance(value, str) else None
