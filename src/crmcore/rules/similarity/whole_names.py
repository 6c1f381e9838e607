"""Whole names: whether two names written as one text are of one person, or of one company."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from crmcore.rules.similarity.company import company_form, taken_apart
from crmcore.rules.similarity.latin import is_variant, latin
from crmcore.rules.similarity.person import PARTICLES, TITLES, are_two_genders
from crmcore.rules.similarity.tables import given_name_groups, table
from crmcore.rules.similarity.text import LONGEST, jaro_winkler, slips
from crmcore.values.text import normal_text

_LEAST: Final = 0.84
_ENOUGH: Final = {"person": 0.76, "company": 0.75}
_INITIAL: Final = 0.75
_VARIANT: Final = 0.9
_MOST_WORDS: Final = 12
_MOST: Final = 50_000
_EXTRA: Final = 0.12
_EXTRA_WORDS: Final = 0.4
_GENERIC: Final = 0.5
"""What a word counts that very many companies have in their names."""

_MIN_JOINED: Final = 7
_LONG_JOINED: Final = 24


def same_name(one: str, other: str, *, kind: Literal["person", "company"]) -> bool:
    """Whether two texts probably are one name; symmetric, and never of blank ones."""
    return name_agreement(one, other, kind=kind) >= _ENOUGH[kind]


def name_agreement(one: str, other: str, *, kind: Literal["person", "company"]) -> float:
    """How much of two whole names agrees, word by word, in [0, 1]; 0 where one is blank.

    Each word of the shorter name is paired with the word of the other that is most alike, in any
    order; long words count more, and words that are only in the longer name count a little against.
    Different numbers, and different countries of companies, tell names apart.
    """
    first, second = _words(one, kind), _words(other, kind)
    if not first or not second:
        return 0.0
    if first == second or "".join(first) == "".join(second) or sorted(first) == sorted(second):
        return 1.0
    if kind == "company" and _are_two(first, second):
        return 0.0
    if kind == "person":
        differs = not any(are_two_genders(a, b) for a in first for b in second)
    else:
        differs = len(first) != len(second)
    whole = _written_together(*sorted(("".join(first), "".join(second)))) if differs else 0.0
    shorter, longer = sorted((first, second), key=lambda words: (len(words), words))
    return max(_aligned(shorter, longer, kind), _acronym(shorter, longer), whole)


def _words(text: str, kind: str) -> list[str]:
    if kind == "company":
        return (company_form(text[:LONGEST]) or "").split()[:_MOST_WORDS]
    words = [word for word in latin(normal_text(text[:LONGEST])).split() if word not in TITLES]
    kept = [word for word in words if word not in PARTICLES] or words
    return list(dict.fromkeys(kept))[:_MOST_WORDS]


def _are_two(first: list[str], second: list[str]) -> bool:
    """Whether two companies have other numbers, or are in other countries where both name one."""
    mine, theirs = (taken_apart(" ".join(words)).countries for words in (first, second))
    return _digits(first) != _digits(second) or bool(mine and theirs and mine != theirs)


def _digits(words: list[str]) -> list[str]:
    """The numbers; the first of several is often written without its *I*."""
    return sorted(word for word in words if word.isdigit() and word != "1")


def _acronym(shorter: list[str], longer: list[str]) -> float:
    initials = "".join(word[0] for word in longer)
    return 0.9 if len(shorter) == 1 and len(longer) > 2 and shorter[0] == initials else 0.0


def _aligned(shorter: list[str], longer: list[str], kind: str) -> float:
    graded = sorted(
        (
            (-_word(mine, theirs, kind), at, to)
            for at, mine in enumerate(shorter)
            for to, theirs in enumerate(longer)
        )
    )
    generic = table("generic_words") if kind == "company" else frozenset[str]()
    mine_left, theirs_left = set(range(len(shorter))), set(range(len(longer)))
    total = weight = 0.0
    for negative, at, to in graded:
        if at in mine_left and to in theirs_left:
            mine_left.discard(at)
            theirs_left.discard(to)
            heavy = max(len(shorter[at]), len(longer[to])) ** 0.5
            heavy *= _GENERIC if shorter[at] in generic and longer[to] in generic else 1.0
            total += heavy * -negative
            weight += heavy
            if kind == "person" and not negative:
                return 0.0
    sizes = [len(word) * (_GENERIC if word in generic else 1.0) for word in longer]
    extra = sum(sizes[to] for to in theirs_left) / sum(sizes)
    if kind == "person":
        return total / weight - (_EXTRA * extra if len(shorter) > 1 else 0.4)
    return total / weight - _EXTRA_WORDS * extra


@lru_cache(_MOST)
def _word(one: str, other: str, kind: str) -> float:
    if one == other:
        return 1.0
    if kind == "person":
        if 1 in (len(one), len(other)):
            return _INITIAL if one[0] == other[0] else 0.0
        groups = given_name_groups()
        if not groups.get(one, frozenset()).isdisjoint(groups.get(other, ())):
            return 0.95
        if are_two_genders(one, other):
            return 0.0
    if is_variant(one, other):
        return _VARIANT
    return _spelt(*sorted((one, other)))


def _written_together(one: str, other: str) -> float:
    """As ``_spelt``, of names without their spaces; long ones must be a slip or two apart."""
    if min(len(one), len(other)) <= _MIN_JOINED:
        return 0.0
    longest = max(len(one), len(other))
    if longest <= _LONG_JOINED:
        return _spelt(one, other)
    wrong = slips(one, other)
    return 1 - wrong / longest if wrong <= 2 else 0.0  # slips


def _spelt(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    if min(len(one), len(other)) < 4:
        return 0.0
    wrong = slips(one, other)
    if wrong <= 1 or (wrong == 2 and longest > 8):
        return 1 - wrong / longest
    return 0.85 * jaro_winkler(one, other, least=_LEAST)
