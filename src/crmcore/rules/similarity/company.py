"""Company names: the normal form in which spellings of one company's name are equal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from attrs import frozen

from crmcore.rules.similarity.latin import latin
from crmcore.rules.similarity.tables import company_words, number_words, table
from crmcore.rules.similarity.text import same_words, shortened
from crmcore.values.text import normal_text

_AND: Final = frozenset({"and", "und", "u", "et", "en", "och", "og", "ja", "ve", "kai", "oraz"})
_AND_OR_FIGURE: Final = frozenset({"i", "y", "e"})
"""Left out only when no legal form is left: *Fund I* has no *and* at its end."""

_ARTICLES: Final = frozenset({"the"})
_FIRST_ARTICLES: Final = frozenset(
    {"al", "das", "der", "die", "el", "gli", "il", "la", "las", "le", "les", "lo", "los"}
)
_ENDS: Final = 2
_MOST: Final = 50_000
_LEAST: Final = 0.85
_HOPELESS: Final = 0.849
"""Of names of other lengths no greater share can be the same, and nothing need be compared."""

_SHORTEST_ACRONYM: Final = 3
_SHORTEST_PART: Final = 2
_ACRONYM: Final = 0.8
_MORE_WORDS: Final = 0.7


def normal_company(text: str) -> str:
    """The words of a company's name that tell it from others: ``"The Łódź & Co., S.A."`` is "lodz".

    Case, diacritics and punctuation do not count, nor do legal forms at the end or the start, *and*
    in some languages, and a leading *the*. Single letters in a row are one word (``I. B. M.``).
    At least one word stays, so that a name that is only a legal form is itself. Empty where no
    letter or digit is left. Idempotent.
    """
    words = normal_text(text).split()
    while True:
        shorter = _stripped(words, _AND)
        if len(shorter) == len(words) and shorter == words:
            if _AND_OR_FIGURE.isdisjoint(words):
                return " ".join(words)
            shorter = _stripped(words, _AND_OR_FIGURE)
            if shorter == words:
                return " ".join(words)
        words = shorter


def _stripped(words: list[str], links: frozenset[str]) -> list[str]:
    return _without_attached(_without_forms(_without_links(_joined_letters(words), links)))


def _without_links(words: list[str], links: frozenset[str]) -> list[str]:
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    if len(words) <= _ENDS or links.isdisjoint(words):
        return words
    return [words[0], *(word for word in words[1:-1] if word not in links), words[-1]]


def _joined_letters(words: list[str]) -> list[str]:
    if 1 not in map(len, words):
        return words
    joined: list[str] = []
    letters = False
    for word in words:
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and letters:
            joined[-1] += word
        else:
            joined.append(word)
        letters = is_letter
    last = joined[-1]
    if last[0] in _LAST_FIGURE and last[1:] in table("legal_forms") and words[-1] != last:
        joined[-1:] = [last[0], last[1:]]  # Fund I S.A.
    return joined


@cache
def _forms(name: str, end: int) -> Mapping[str, tuple[list[str], ...]]:
    """The legal forms of a table, the longest first, by their word at this end."""
    found: dict[str, list[list[str]]] = {}
    for form in sorted(table(name), key=lambda one: (-len(one.split()), one)):
        words = form.split()
        found.setdefault(words[end], []).append(words)
    return MappingProxyType({word: tuple(forms) for word, forms in found.items()})


def _without_forms(words: list[str]) -> list[str]:
    if len(words) <= 1:
        return words
    for form in _forms("legal_forms", -1).get(words[-1], ()):
        if len(form) < len(words) and words[-len(form) :] == form:
            return words[: -len(form)]
    for form in _forms("legal_forms_first", 0).get(words[0], ()):
        if len(form) < len(words) and words[: len(form)] == form:
            return words[len(form) :]
    return words


def _without_attached(words: list[str]) -> list[str]:
    if not words or (words[0].isascii() and words[-1].isascii()):
        return words
    for form in sorted(table("legal_forms_attached")):
        if len(words) > 1 or words[0] != form:
            first = words[0].removeprefix(form)
            words = [first, *words[1:]] if first else words[1:]
            last = words[-1].removesuffix(form)
            words = [*words[:-1], last] if last else words[:-1] or words
    return words


def company_form(value: object) -> str | None:
    """The form of a company's name to compare; ``None`` for what is no text or has no words.

    The normal form in Latin letters as far as ``latin`` knows, with short forms of usual words in
    full (*Bros*), one form for such as *technology* and *technologies*, numbers in figures
    (*Trois*, *21st*, *III*), and without *-gesellschaft* at the end of a word.
    """
    text = shortened(value)
    if text is None:
        return None
    if "'" in text or "\u2019" in text:
        text = _POSSESSIVE.sub("s", text)
    words = [_in_full(word) for word in latin(normal_company(text)).split()]
    return " ".join(_counted(words)) or None


@lru_cache(_MOST)
def _in_full(word: str) -> str:
    plain = company_words().get(word, word)
    return _GESELLSCHAFT.sub("", plain) if plain.endswith("gesellschaft") else plain


@lru_cache(_MOST)
def _figure(word: str) -> str:
    """The figures of a number, an ordinal or a word for one; any other word as it is."""
    ordinal = _ORDINAL.fullmatch(word)
    return ordinal[1] if ordinal else number_words().get(word, word)


_POSSESSIVE: Final = re.compile(r"['\u2019]s\b")
_GESELLSCHAFT: Final = re.compile("(?<=[a-z]{4})s?gesellschaft$")
_ORDINAL: Final = re.compile(r"([0-9]+)(?:st|nd|rd|th)")
_LAST_FIGURE: Final = {"i": "1", "v": "5", "x": "10"}
"""Single letters are Roman figures at the end of a name only."""


def _counted(words: list[str]) -> list[str]:
    """Numbers in figures: *forty four* is 44."""
    made: list[str] = []
    for word in words:
        figure = _figure(word)
        if figure != word and made and len(figure) == 1 and made[-1] in _TENS:
            made[-1] = made[-1][0] + figure
        else:
            made.append(figure)
    if len(made) > 1:
        made[-1] = _LAST_FIGURE.get(made[-1], made[-1])
    return made


_TENS: Final = frozenset({"20", "30", "40", "50", "60", "70", "80", "90"})


def company_likeness(left: str, right: str) -> float:
    """How alike two company names in normal form are.

    1 for equal ones, 0.95 where only spaces differ. 0 where both have numbers and these differ, or
    where they name different countries, or only one of them does: those are companies of a group.
    0.8 where one has the initials of the other (``IBM``, or ``PH Zubr``), 0.7 where it begins with
    the same word and has all of the other's words and more. Otherwise the share of letters that is
    the same, words sorted, or 0 below 0.85.
    """
    if left == right:
        return 1.0
    one, other = taken_apart(left), taken_apart(right)
    if one.joined == other.joined:
        return 0.95
    if (
        one.numbers and other.numbers and one.numbers != other.numbers
    ) or one.countries != other.countries:
        return 0.0
    if are_acronym(one.words, other.words):
        return _ACRONYM
    if one.words[0] == other.words[0] and (one.known < other.known or other.known < one.known):
        return _MORE_WORDS
    if 2 * min(len(left), len(right)) < _HOPELESS * (len(left) + len(right)):
        return 0.0
    return same_words(left, right, least=_LEAST)


@frozen
class CompanyWords:
    """A name in the form of ``company_form``, taken apart once."""

    words: tuple[str, ...]
    known: frozenset[str]
    joined: str
    """Without its spaces."""

    told: tuple[str, ...]
    """The words without articles and *of* in most languages."""

    telling: frozenset[str]

    numbers: frozenset[str]
    """The words that are numbers."""

    figures: str
    """Every digit, in order."""

    countries: frozenset[str]
    """The countries it names, which tell the companies of a group apart."""


def _without_particles(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without articles and *of* in languages that may leave them out; some word of three stays.

    At the beginning *de* and its like belong to a surname, and stay.
    """
    particles = table("company_particles")
    if not words or (particles.isdisjoint(words) and words[0] not in _FIRST_ARTICLES):
        return words
    first = tuple(word for word in words[:1] if word not in _FIRST_ARTICLES)
    kept = first + tuple(word for word in words[1:] if word not in particles)
    return kept if any(len(word) > _SHORTEST_PART for word in kept) else words


@lru_cache(_MOST)
def taken_apart(name: str) -> CompanyWords:
    """The words of a company's name in normal form, and what comparing asks of them."""
    words = tuple(name.split())
    known = frozenset(words)
    told = _without_particles(words)
    return CompanyWords(
        words,
        known,
        "".join(words),
        told,
        known if told is words else frozenset(told),
        frozenset(filter(str.isdigit, words)),
        "".join(filter(str.isdigit, name)),
        table("countries") & known,
    )


def are_acronym(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a word of the name with fewer words is made of initials of the other one's.

    All of its words, three at least, or some of them in a row, two at least, the rest being equal.
    """
    if len(one) == len(other):
        return False
    return _is_acronym(one, other) if len(one) > len(other) else _is_acronym(other, one)


def _is_acronym(words: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a word of ``other`` is made of the initials of words in a row, the rest being equal.

    The initials of all words are three at least, those of some of them two.
    """
    short = len(words) - len(other) + 1
    if short < _SHORTEST_PART or (len(other) == 1 and short < _SHORTEST_ACRONYM):
        return False
    if short not in map(len, other):
        return False
    return any(
        len(word) == short
        and words[:at] == other[:at]
        and words[at + short :] == other[at + 1 :]
        and word == "".join(one[0] for one in words[at : at + short])
        for at, word in enumerate(other)
    )
