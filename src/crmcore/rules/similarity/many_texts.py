"""Many texts: likenesses of many pairs of texts at once, each what ``text`` says of the pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from crmcore.rules.similarity.text import jaro_winkler

Numpy: TypeAlias = Any  # Any: numpy need not be there to check types
Array: TypeAlias = Any  # Any: likewise

_NEAR: Final = 1e-5
"""What is as near to the least as this is measured by itself: rounding might tell."""


def are_alike(np: Numpy, ones: Sequence[str], others: Sequence[str], *, least: float) -> Array:
    """Whether ``jaro_winkler`` finds the texts of each pair alike, from ``least`` on, in (0, 1]."""
    from rapidfuzz import process  # noqa: PLC0415  # costs more to load than the rest of crmcore
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415  # likewise

    if not len(ones):
        return np.zeros(0, dtype=bool)
    likeness = process.cpdist(
        list(map(min, ones, others)),
        list(map(max, ones, others)),
        scorer=JaroWinkler.normalized_similarity,
        score_cutoff=least - _NEAR,
        dtype=np.float64,
    )
    found: Array = likeness >= least + _NEAR
    for at in np.flatnonzero(~found & (likeness >= least - _NEAR)).tolist():
        found[at] = jaro_winkler(ones[at], others[at], least=least) > 0
    return found
