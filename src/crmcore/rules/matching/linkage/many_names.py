"""Many names: the codes of many pairs of names by arrays, each what ``compare_names`` says of it.

Equal parts, and those that are surely different (``far_words``), are decided together; only the
others are compared one by one. On a busy machine the 185,000 pairs of names of 100,000 contacts
took 0.31 seconds instead of 0.65.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from attrs import frozen

from crmcore.rules.matching.linkage.far_words import FarWords
from crmcore.rules.matching.linkage.many import Array, Numpy, distinct, in_steps, rising, used
from crmcore.rules.matching.linkage.names import (
    ALIKE,
    ANOTHER,
    DIFFERENT,
    EXCHANGED,
    FAMILY_BUCKET,
    GIVEN_BUCKET,
    GIVEN_LEVEL,
    IN_USE,
    QUALITY,
    SAME,
    code_of_names,
    level_of_families,
    level_of_given,
)
from crmcore.rules.matching.linkage.weights import Buckets
from crmcore.rules.similarity.latin import romanised
from crmcore.rules.similarity.person import NameForm, is_given_name


@frozen(kw_only=True)
class _Words:
    """The different words of some names, and which of them each name has."""

    texts: Sequence[str]
    families: Array
    given: Array
    far: FarWords
    is_part: Array
    generations: Array
    middles: Array


def compare_many_names(
    np: Numpy,
    forms: Sequence[NameForm],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    """The codes of pairs of forms, given by their numbers, in their order."""
    names, places = used(np, forms, pairs)
    words = _words(np, names)
    return in_steps(np, places, lambda *some: _codes(np, (names, words), some, learnt))


def _codes(
    np: Numpy,
    known: tuple[Sequence[NameForm], _Words],
    pairs: tuple[Array, Array],
    learnt: Buckets,
) -> Array:
    (names, words), (ones, others) = known, pairs
    f, g = (words.families[ones], words.families[others]), (words.given[ones], words.given[others])
    family = _levels(np, words, f, partial(level_of_families, learnt=learnt), is_family=True)
    given = _levels(np, words, g, partial(level_of_given, learnt=learnt), is_family=False)
    at = np.flatnonzero(given == DIFFERENT)
    given[at] = np.where(_are_others(np, words, (g[0][at], g[1][at]), learnt), ANOTHER, DIFFERENT)
    codes = family | given << GIVEN_LEVEL
    for table, levels, (mine, theirs), begin in (
        ("family", family, f, FAMILY_BUCKET),
        ("given", given, g, GIVEN_BUCKET),
    ):
        shared = np.flatnonzero((levels != 0) & (levels < DIFFERENT))
        buckets = _buckets(np, words, table, learnt, (mine[shared], theirs[shared]))
        codes[shared] |= buckets << begin
    asked = _unsure(np, words, (ones, others), (family, given))
    told = [
        code_of_names(names[one], names[other], (of_family, of_given), learnt)
        for one, other, of_family, of_given in zip(
            *(each[asked].tolist() for each in (ones, others, family, given)), strict=True
        )
    ]
    codes[asked] = np.asarray(told, dtype=np.int64)
    return codes


def _words(np: Numpy, names: Sequence[NameForm]) -> _Words:
    numbers: dict[str, int] = {}
    number = numbers.setdefault
    families = [number(one.family, len(numbers)) for one in names]
    given = [number(one.given, len(numbers)) for one in names]
    texts = list(numbers)
    family, other = (np.asarray(one, dtype=np.int64) for one in (families, given))
    empty = numbers.get("", -1)
    return _Words(
        texts=texts,
        families=family,
        given=other,
        far=FarWords(np, texts),
        is_part=(family == empty) | (other == empty),
        middles=np.asarray([one.middle != "" for one in names], dtype=bool),
        generations=np.asarray([one.generation != "" for one in names], dtype=bool),
    )


def _levels(
    np: Numpy,
    words: _Words,
    pairs: tuple[Array, Array],
    level: Callable[[str, str], int],
    *,
    is_family: bool,
) -> Array:
    """The level of each pair of words."""
    one, other = pairs
    levels = np.where(one == other, SAME, DIFFERENT)
    texts, size = words.texts, len(words.texts)
    asked = np.flatnonzero(~words.far.far(one, other, is_family=is_family) & (one != other))
    different, places = distinct(np, one[asked] * size + other[asked], size * size)
    ones, others = different // size, different % size
    found = np.full(len(ones), DIFFERENT)
    if is_family:
        apart = words.far.are_apart(ones, others)
        at = np.flatnonzero(apart)
        found[at[words.far.are_alike(ones[at], others[at])]] = ALIKE
        rest = np.flatnonzero(~apart)
    else:
        rest = np.arange(len(ones))
    text = texts.__getitem__
    told = map(level, map(text, ones[rest].tolist()), map(text, others[rest].tolist()))
    found[rest] = np.fromiter(told, dtype=np.int64, count=len(rest))
    levels[asked] = found[places]
    if "" in texts:
        empty = texts.index("")
        levels[(one == empty) | (other == empty)] = 0
    return levels


def _are_others(np: Numpy, words: _Words, pairs: tuple[Array, Array], learnt: Buckets) -> Array:
    """Whether given names that differ are both names that people have; as ``level_of_given``."""
    texts = words.texts
    used = rising(np, np.concatenate(pairs)).tolist()
    is_known = np.zeros(len(texts), dtype=bool)
    listed = np.zeros(len(texts), dtype=np.int64)
    spelling = np.zeros(len(texts), dtype=np.int64)
    spellings: dict[str, int] = {}
    for at in used:
        is_known[at] = is_given_name(texts[at])
        listed[at] = learnt.listed("given", texts[at])
        if listed[at]:
            spelling[at] = spellings.setdefault(romanised(texts[at]), len(spellings))
    one, other = pairs
    in_use = (listed[one] > 0) & (listed[other] > 0) & (abs(listed[one] - listed[other]) < IN_USE)
    in_use &= spelling[one] != spelling[other]
    are_long = (words.far.sizes[one] > 1) & (words.far.sizes[other] > 1)
    return are_long & ((is_known[one] & is_known[other]) | in_use)


def _unsure(
    np: Numpy, words: _Words, pairs: tuple[Array, Array], levels: tuple[Array, Array]
) -> Array:
    """The places of the pairs of which the levels of their parts do not say all."""
    family, given = levels
    ones, others = pairs
    quality = np.asarray(QUALITY)
    f, g = words.families, words.given
    is_open = (family != SAME) | (given != SAME)
    crosswise = is_open & (quality[family] + quality[given] < EXCHANGED)
    at = np.flatnonzero(crosswise)
    crosswise[at] = ~words.far.far(f[ones[at]], g[others[at]], is_family=False)
    at = np.flatnonzero(crosswise)
    crosswise[at] = ~words.far.far(g[ones[at]], f[others[at]], is_family=False)
    sizes, first = words.far.sizes, words.far.first
    whole = (
        (f[ones] != f[others])
        & (g[ones] != g[others])
        & (sizes[f[ones]] + sizes[g[ones]] == sizes[f[others]] + sizes[g[others]])
        & (first[f[ones]] == first[f[others]])
    )
    whole |= words.is_part[ones] | words.is_part[others]
    generations = words.generations[ones] & words.generations[others]
    middles = words.middles[ones] & words.middles[others]
    middle = words.middles[ones] | words.middles[others]
    return np.flatnonzero(generations | middles | (is_open & (crosswise | whole | middle)))


def _buckets(
    np: Numpy, words: _Words, table: str, learnt: Buckets, pairs: tuple[Array, Array]
) -> Array:
    """The bucket of the commoner word of each pair."""
    used = rising(np, np.concatenate(pairs))
    found = np.zeros(len(words.texts), dtype=np.int64)
    found[used] = [learnt.bucket(table, words.texts[at]) for at in used.tolist()]
    return np.maximum(found[pairs[0]], found[pairs[1]])
