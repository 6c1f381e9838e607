"""Whole names: whether two names written as one text are of one person, or of one company."""

from __future__ import annotations

import re
from typing import Final, Literal

from crmcore.rules.similarity.company import countries_of, normal_company
from crmcore.rules.similarity.person import PARTICLES, TITLES
from crmcore.rules.similarity.tables import given_name_groups
from crmcore.rules.similarity.text import LONGEST, jaro_winkler, slips
from crmcore.values.text import normal_text

_LEAST: Final = 0.84
_ENOUGH: Final = {"person": 0.76, "company": 0.75}
_INITIAL: Final = 0.75
_MOST_WORDS: Final = 12
_EXTRA: Final = 0.12
_EXTRA_WORDS: Final = 0.4


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
    if kind == "company" and (
        _digits(first) != _digits(second)
        or countries_of(" ".join(first)) != countries_of(" ".join(second))
    ):
        return 0.0
    joined = sorted(("".join(first), "".join(second)))
    differs = kind == "person" or len(first) != len(second)
    whole = _spelt(*joined) if differs and min(map(len, joined)) > _MIN_JOINED else 0.0
    shorter, longer = sorted((first, second), key=lambda words: (len(words), words))
    return max(_aligned(shorter, longer, kind), _acronym(shorter, longer), whole)


_POSSESSIVE: Final = re.compile(r"['\u2019]s\b")

_SHORT: Final = {
    "intl": "international",
    "int": "international",
    "natl": "national",
    "bros": "brothers",
    "mfg": "manufacturing",
    "tech": "technologies",
    "technology": "technologies",
    "svcs": "services",
    "assoc": "associates",
    "dept": "department",
    "univ": "university",
}
"""Words of company names that are often shortened."""

_MIN_JOINED: Final = 7
_UNITS: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
]
_ORDINALS: Final = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
]
_NUMBERS: Final = {
    **{word: str(at) for at, word in enumerate(_UNITS)},
    **{word: str(at) for at, word in enumerate(_ORDINALS, 1)},
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    **{f"{at}th": str(at) for at in range(4, 100)},
}


def _words(text: str, kind: str) -> list[str]:
    if kind == "company":
        words = normal_company(_POSSESSIVE.sub("s", text[:LONGEST])).split()[:_MOST_WORDS]
        return _counted([_SHORT.get(word, word) for word in words])
    words = [word for word in normal_text(text[:LONGEST]).split() if word not in TITLES]
    kept = [word for word in words if word not in PARTICLES] or words
    return list(dict.fromkeys(kept))[:_MOST_WORDS]


_TENS: Final = {
    word: at * 10
    for at, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}


def _counted(words: list[str]) -> list[str]:
    """Numbers in figures: *forty four* is 44."""
    made: list[str] = []
    for word in words:
        known = _NUMBERS.get(word, word)
        if made and made[-1] in _TENS and len(known) == 1 and known.isdigit():
            made[-1] = str(_TENS[made[-1]] + int(known))
        else:
            made.append(known)
    return [str(_TENS.get(word, word)) for word in made]


def _digits(words: list[str]) -> list[str]:
    return sorted(word for word in words if word.isdigit())


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
    mine_left, theirs_left = set(range(len(shorter))), set(range(len(longer)))
    total = weight = 0.0
    for negative, at, to in graded:
        if at in mine_left and to in theirs_left:
            mine_left.discard(at)
            theirs_left.discard(to)
            heavy = max(len(shorter[at]), len(longer[to])) ** 0.5
            total += heavy * -negative
            weight += heavy
            if kind == "person" and not negative:
                return 0.0
    extra = sum(len(longer[to]) for to in theirs_left) / sum(map(len, longer))
    if kind == "person":
        return total / weight - (_EXTRA * extra if len(shorter) > 1 else 0.4)
    return total / weight - _EXTRA_WORDS * extra


def _word(one: str, other: str, kind: str) -> float:
    if one == other:
        return 1.0
    if kind == "person":
        if 1 in (len(one), len(other)):
            return _INITIAL if one[0] == other[0] else 0.0
        groups = given_name_groups()
        if not groups.get(one, frozenset()).isdisjoint(groups.get(other, ())):
            return 0.95
    return _spelt(*sorted((one, other)))


def _spelt(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    if min(len(one), len(other)) < 4:
        return 0.0
    wrong = slips(one, other)
    if wrong <= 1 or (wrong == 2 and longest > 8):
        return 1 - wrong / longest
    return 0.85 * jaro_winkler(one, other, least=_LEAST)
