"""Many places: the codes of many pairs of places, or of streets, by arrays.

They are what ``compare_places`` and ``compare_streets`` say of each. There are far fewer different
pairs of cities, and of the words of streets, than of places and streets; each is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from crmcore.rules.matching.linkage.compare import compare_places, compare_streets
from crmcore.rules.matching.linkage.far_words import Letters, count
from crmcore.rules.matching.linkage.forms import (
    NOTHING,
    Place,
    Street,
    are_near_streets,
    are_one_city,
    house,
)
from crmcore.rules.matching.linkage.many import Array, Numpy, distinct, numbered, used
from crmcore.rules.matching.linkage.subject import LEVELS
from crmcore.rules.matching.linkage.weights import RARE, Buckets

_SOME: Final = 1_000
_ONE_START: Final = 1_499
_OTHER_START: Final = 1_699
"""Two cities are alike from 0.9 on, by Jaro and Winkler. For that the shares of their letters that
they have in common add up to 1.7, or to 1.5 where letters at the start agree (in thousandths, and
less what rounding may take)."""


def compare_many_places(
    np: Numpy,
    forms: Sequence[tuple[Place, ...]],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    """The codes of pairs of forms, given by their numbers, in their order."""
    places, (ones, others) = used(np, forms, pairs)
    posts, post = numbered(np, [form[0][0] for form in places])
    cities, city = numbered(np, [form[0][1] for form in places])
    is_post = np.asarray([text != "" for text in posts], dtype=bool)
    is_city = np.asarray([text != "" for text in cities], dtype=bool)
    mine, theirs = post[ones], post[others]
    here, there = city[ones], city[others]
    one_post = (mine == theirs) & is_post[mine]
    named = is_city[here] & is_city[there] & ~one_post
    one_city = named & (here == there)
    at = np.flatnonzero(named & ~one_city)
    one_city[at] = _are_one_city(np, cities, (here[at], there[at]))
    nothing = ~one_post & ~named & ~(is_post[mine] & is_post[theirs])
    level = np.select([one_post, one_city, nothing], [1, 2, NOTHING], 3)
    common = [
        np.asarray([learnt.bucket(table, text) for text in texts], dtype=np.int64)
        for table, texts in (("post", posts), ("city", cities))
    ]
    bucket = np.where(one_post, common[0][mine], RARE)
    bucket = np.where(one_city, np.maximum(common[1][here], common[1][there]), bucket)
    codes = np.where(nothing, 0, bucket * LEVELS + level)
    several = np.fromiter(map(len, places), dtype=np.int64, count=len(places)) > 1
    for place in np.flatnonzero(several[ones] | several[others]).tolist():
        codes[place] = compare_places(places[ones[place]], places[others[place]], learnt)
    return codes


def compare_many_streets(
    np: Numpy,
    forms: Sequence[tuple[Street, ...]],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    """The codes of pairs of forms, given by their numbers, in their order."""
    streets, (ones, others) = used(np, forms, pairs)
    names, name = numbered(np, [form[0][0] for form in streets])
    numbers, number = numbered(np, [form[0][1] for form in streets])
    is_name = np.asarray([text != "" for text in names], dtype=bool)
    words = is_name[name[ones]] & is_name[name[others]]

    def are_near(one: int, other: int) -> bool:
        return bool(names[one] and names[other]) and are_near_streets(names[one], names[other])

    def have_one(one: int, other: int) -> bool:
        return not set(numbers[one]).isdisjoint(numbers[other])

    near = _decided(np, len(names), (name[ones], name[others]), are_near)
    shared = _decided(np, len(numbers), (number[ones], number[others]), have_one)
    is_house = shared & (near | ~words)
    level = np.where(is_house, 1, np.where(shared | near, 2, 3))
    at = np.flatnonzero(is_house)
    bucket = np.full(len(ones), RARE)
    if len(at):
        every = np.asarray(
            [learnt.bucket("house", house(form[0])) for form in streets], dtype=np.int64
        )
        bucket[at] = np.maximum(every[ones[at]], every[others[at]])
    codes = bucket * LEVELS + level
    several = np.fromiter(map(len, streets), dtype=np.int64, count=len(streets)) > 1
    for place in np.flatnonzero(several[ones] | several[others]).tolist():
        codes[place] = compare_streets(streets[ones[place]], streets[others[place]], learnt)
    return codes


def _decided(
    np: Numpy, size: int, pairs: tuple[Array, Array], decide: Callable[[int, int], bool]
) -> Array:
    """What is decided of each pair of numbers less than ``size``, of different pairs once."""
    both, places = distinct(np, pairs[0] * size + pairs[1], size * size)
    found = [decide(*divmod(one, size)) for one in both.tolist()]
    return np.asarray(found, dtype=bool)[places]


def _are_one_city(np: Numpy, cities: Sequence[str], pairs: tuple[Array, Array]) -> Array:
    """Whether the different cities of each pair are one."""
    size = len(cities)
    both, places = distinct(np, pairs[0] * size + pairs[1], size * size)
    one, other = both // size, both % size
    letters = Letters(np, cities)
    mine, theirs = letters.bits[one], letters.bits[other]
    length, longer = letters.sizes[one], letters.sizes[other]
    common = np.minimum(length - count(np, mine & ~theirs), longer - count(np, theirs & ~mine))
    least = np.where(letters.first[one] == letters.first[other], _ONE_START, _OTHER_START)
    found = _SOME * common * (length + longer) >= least * length * longer
    # a city with another word: york, new york
    spaced = np.asarray([" " in city for city in cities], dtype=bool)
    asked = np.flatnonzero(found | spaced[one] | spaced[other])
    found[asked] = [
        are_one_city(cities[here], cities[there])
        for here, there in zip(one[asked].tolist(), other[asked].tolist(), strict=True)
    ]
    return found[places]
