"""Company relation: how the names of two companies go together, word by word."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache
from itertools import product
from typing import Final

from crmcore.rules.similarity.company import CompanyWords, are_acronym, taken_apart
from crmcore.rules.similarity.latin import consonants, romanised
from crmcore.rules.similarity.tables import table
from crmcore.rules.similarity.text import slips


class Relation(IntEnum):
    """How two names go together, from the closest to the farthest."""

    SAME = 1
    SLIP = 2
    """The same but for slips, spaces, the order of words or a romanisation."""

    MORE_WORDS = 3
    """One has all words of the other, in their order, and more."""

    ALIKE = 4
    """What they share tells companies apart, and no word stands against another."""

    DIFFERENT = 5
    PART = 6
    """Two companies of one group: they name other countries, or one of them a part of the group."""


_MOST_PAIRS: Final = 100_000
_SLIP_LETTERS: Final = 5
_LONG: Final = 10
_WRONG_WORDS: Final = 2
_SHORT_FOR: Final = 3
_STEM: Final = 6
_STEM_SHARE: Final = 0.6
_SHORT_LETTERS: Final = 4
_MARKED: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
"""What some languages write for a letter with a mark, and what normal text has for it."""


def company_relation(one: str, other: str) -> Relation:
    """How two names in the form of ``company_form`` go together; symmetric.

    Other figures, on one side or on both, make two companies, and so does a word that stands
    against another one (*Acme Foods*, *Acme Motors*), unless one of them is short for the other.
    Words that very many companies have (*Hotel*) are nothing to share.
    """
    if one == other:
        return Relation.SAME
    left, right = taken_apart(one), taken_apart(other)
    if left.joined == right.joined:
        return Relation.SLIP
    if left.countries != right.countries:
        return Relation.PART
    if left.figures != right.figures:
        return Relation.DIFFERENT
    shared = left.telling & right.telling
    if len(shared) == len(left.telling) == len(right.telling):
        return Relation.SLIP  # in another order, or without articles
    if len(shared) == len(left.telling):
        return _with_more(left, right)
    if len(shared) == len(right.telling):
        return _with_more(right, left)
    return _with_others(left, right, shared) if one < other else _with_others(right, left, shared)


def _is_no_trade(_: str) -> bool:
    return False


def part_of_group(
    base: frozenset[str], extra: frozenset[str], *, is_trade: Callable[[str], bool] = _is_no_trade
) -> bool:
    """Whether a name of the words ``base`` and ``extra`` is that of a part of the group ``base``.

    Some words always say so (*Holding*), others where the rest names what the company does
    already: a word that very many companies have, or one that ``is_trade``.
    """
    if not extra.isdisjoint(table("group_parts")):
        return True
    parts = table("group_trades")
    if extra.isdisjoint(parts):
        return False
    generic = table("generic_words")
    return any(word in generic or word in parts or is_trade(word) for word in base)


def _with_more(shorter: CompanyWords, longer: CompanyWords) -> Relation:
    """Of a name that has all words of another one and more."""
    if part_of_group(shorter.telling, longer.telling - shorter.telling):
        return Relation.PART
    rest = iter(longer.told)
    in_order = all(word in rest for word in shorter.told)
    is_bare = shorter.telling <= table("generic_words")
    return Relation.MORE_WORDS if in_order and not is_bare else Relation.ALIKE


def _with_others(left: CompanyWords, right: CompanyWords, shared: frozenset[str]) -> Relation:
    """Of two names that both have words of their own."""
    one, other = left.joined, right.joined
    if -_SHORT_LETTERS <= len(one) - len(other) <= _SHORT_LETTERS:
        if is_romanised(one, other):
            return Relation.SLIP
        if len(left.words) != len(right.words) and _are_near(one, other):
            return Relation.SLIP
    mine = [word for word in left.told if word not in shared]
    theirs = [word for word in right.told if word not in shared]
    if not any(_nearness(*both) for both in product(mine, theirs)):  # as most are
        return Relation.ALIKE if are_acronym(left.told, right.told) else Relation.DIFFERENT
    near = _paired(mine, theirs, _NEAR)
    if not mine and not theirs:
        return Relation.SLIP if near <= _WRONG_WORDS else Relation.ALIKE
    if are_acronym(left.told, right.told):
        return Relation.ALIKE
    near += _paired(mine, theirs, _MAYBE)
    if mine and theirs:
        return Relation.DIFFERENT
    if part_of_group(shared, frozenset(mine or theirs)):
        return Relation.PART
    return Relation.ALIKE if near or not shared <= table("generic_words") else Relation.DIFFERENT


_MAYBE, _NEAR = 1, 2


def _paired(mine: list[str], theirs: list[str], least: int) -> int:
    """Take out of both the words that are so near, each once; how many pairs there were."""
    count = 0
    for word in tuple(mine):
        for other in theirs:
            if _nearness(word, other) >= least:
                mine.remove(word)
                theirs.remove(other)
                count += 1
                break
    return count


@lru_cache(_MOST_PAIRS)
def _nearness(one: str, other: str) -> int:
    """How near two words are: most pairs of words come again, *Foods* and *Motors*."""
    if _are_near(one, other):
        return _NEAR
    return _MAYBE if _may_be_one(one, other) else 0


def _are_near(one: str, other: str) -> bool:
    """Whether two words are one letter apart, two if they are long, or two ways to write one."""
    shorter, longer = len(one), len(other)
    if shorter > longer:
        shorter, longer = longer, shorter
    if shorter < _SHORT_LETTERS - 1 or longer - shorter > _SHORT_LETTERS:
        return False
    most = 2 if shorter >= _LONG else 1
    if (
        longer - shorter <= most
        and (
            shorter >= _SLIP_LETTERS
            or (shorter == longer == _SHORT_LETTERS and sorted(one) == sorted(other))
        )
        and slips(one, other) <= most
    ):
        return True
    return one[0] == other[0] and (
        _unmarked(one) == _unmarked(other) or _has_other_vowel(one, other)
    )


def _has_other_vowel(one: str, other: str) -> bool:
    """Whether two words are one in two romanisations, or would be but for one vowel."""
    if is_romanised(one, other):
        return True
    mine, theirs = romanised(one), romanised(other)
    bare = consonants(one)
    return (
        len(mine) == len(theirs)
        and len(bare) >= _SHORT_FOR
        and bare == consonants(other)
        and slips(mine, theirs) <= 1
    )


def _unmarked(word: str) -> str:
    for written, plain in _MARKED:
        word = word.replace(written, plain)
    return word


def _may_be_one(one: str, other: str) -> bool:
    """Whether one word may be short for the other, a form of it, or a slip in a short word."""
    if one[0] != other[0]:
        return False
    shorter, longer = sorted((len(one), len(other)))
    stem = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    if stem == shorter >= _SHORT_FOR or stem >= max(_STEM, _STEM_SHARE * longer):
        return True
    return _SHORT_LETTERS in (len(one), len(other)) and slips(one, other) <= 1


def is_romanised(one: str, other: str) -> bool:
    """Whether two words of other letters may be one in two romanisations."""
    return (
        one[0] == other[0]
        and abs(len(one) - len(other)) <= _SHORT_LETTERS
        and romanised(one) == romanised(other)
    )
