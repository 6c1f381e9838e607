"""Many: what the comparisons of many pairs by arrays have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias, TypeVar

from crmcore.rules.matching.linkage.weights import Buckets

Numpy: TypeAlias = Any  # Any: numpy need not be there to check types
Array: TypeAlias = Any  # Any: likewise

T = TypeVar("T", bound=Hashable)

_AT_ONCE: Final = 500_000
"""Arrays are made of so many pairs at once, which bounds their memory."""

_FEW: Final = 1_000_000


def used(
    np: Numpy, forms: Sequence[Any], pairs: tuple[Array, Array]
) -> tuple[list[Any], tuple[Array, Array]]:
    """The forms that occur in these pairs, and the pairs as places among them."""
    one, other = (np.asarray(each, dtype=np.int64) for each in pairs)
    occurs = np.zeros(len(forms), dtype=bool)
    occurs[one] = occurs[other] = True
    places = np.cumsum(occurs) - 1
    return [forms[at] for at in np.flatnonzero(occurs).tolist()], (places[one], places[other])


def in_steps(
    np: Numpy, pairs: tuple[Array, Array], codes: Callable[[Array, Array], Array]
) -> Array:
    """The codes of these pairs, of some of them after the other, so that memory stays bounded."""
    ones, others = pairs
    ends = [*range(0, len(ones), _AT_ONCE), len(ones)]
    made = [codes(ones[begin:end], others[begin:end]) for begin, end in pairwise(ends)]
    return np.concatenate([np.zeros(0, dtype=np.int64), *made])


def asked_of(
    np: Numpy,
    compare: Callable[[Any, Any, Buckets], int],
    forms: Sequence[Any],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    """The codes of these pairs, each two different forms compared once, one by one."""
    size = len(forms)
    ones, others = (np.asarray(one, dtype=np.int64) for one in pairs)
    different, places = distinct(np, ones * size + others, size * size)
    codes = [
        compare(forms[both // size], forms[both % size], learnt) for both in different.tolist()
    ]
    return np.asarray(codes, dtype=np.int64)[places]


def near_ones(
    np: Numpy,
    compare: Callable[[Any, Any, Buckets], int],
    forms: Sequence[Any],
    pairs: tuple[Array, Array],
    learnt: Buckets,
    *,
    far: Callable[[Array, Array], Array],
    otherwise: int,
) -> Array:
    """The codes of these pairs: of those that are ``far`` this one, of others one by one."""

    def codes_of(ones: Array, others: Array) -> Array:
        codes = np.full(len(ones), otherwise, dtype=np.int64)
        asked = np.flatnonzero(~far(ones, others))
        both = ones[asked], others[asked]
        codes[asked] = asked_of(np, compare, forms, both, learnt)
        return codes

    return in_steps(np, pairs, codes_of)


def numbered(np: Numpy, values: Iterable[T]) -> tuple[list[T], Array]:
    """The different values in the order in which they come, and which of them each is."""
    given = list(values)
    different = list(dict.fromkeys(given))
    number = dict(zip(different, range(len(different)), strict=True)).__getitem__
    return different, np.asarray(list(map(number, given)), dtype=np.int64)


def distinct(np: Numpy, numbers: Array, size: int) -> tuple[Array, Array]:
    """The different ones of numbers below ``size``, rising, and which of them each is."""
    if size > max(_FEW, len(numbers)):
        different, places = np.unique(numbers, return_inverse=True)
        return different, places
    different = np.flatnonzero(np.bincount(numbers, minlength=size))  # quicker than to sort them
    place = np.zeros(size, dtype=np.int64)
    place[different] = np.arange(len(different))
    return different, place[numbers]


def rising(np: Numpy, numbers: Array) -> Array:
    """The different ones of these numbers, rising.

    Sorting takes a tenth of the time that ``numpy.unique`` takes from numpy 2.3 on.
    """
    found = np.sort(numbers)
    is_new = np.ones(len(found), dtype=bool)
    is_new[1:] = found[1:] != found[:-1]
    return found[is_new]
