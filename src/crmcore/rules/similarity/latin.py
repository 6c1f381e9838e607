"""Latin: words of other scripts in Latin letters, so that both spellings of a name can be compared.

Cyrillic and Greek letters and kana stand for sounds and are written out by small tables. Arabic
leaves short vowels out: names that are known are written out, the others stay as they are and are
compared by their consonants. Chinese characters have no one reading and stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from crmcore.rules.similarity.tables import table_lines
from crmcore.rules.similarity.text import slips
from crmcore.values.frozenmap import FrozenMap

_KATAKANA: Final = {at: at - 0x60 for at in range(0x30A1, 0x30F7)}
"""Every katakana has its hiragana 60 (hexadecimal) before it."""

_KANA: Final = re.compile("[\u3041-\u3096]")
_ARABIC: Final = re.compile("[\u0600-\u06ff]")
_LONG_VOWELS: Final = re.compile("(?<=o)[uo]|(?<=u)u")
_DOUBLED: Final = re.compile("\u3063(?=([a-z]))")
_SMALL_TSU: Final = "\u3063"
_ARTICLE: Final = "\u0627\u0644"
_SHORTEST: Final = 2
_MOST: Final = 20_000


@cache
def _letters() -> tuple[re.Pattern[str], Mapping[str, str]]:
    known = {one: plain for one, _, plain in (line.partition(" ") for line in _lines())}
    longest_first = sorted(known, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), FrozenMap(known)


def _lines() -> tuple[str, ...]:
    return table_lines("latin_letters")


@cache
def _arabic_names() -> Mapping[str, str]:
    return FrozenMap(dict(line.split() for line in table_lines("arabic_names")))


@cache
def _consonants() -> Mapping[int, str]:
    """For each Arabic letter its consonant, empty for none."""
    return {
        ord(letter): plain
        for letter, _, plain in (line.partition(" ") for line in table_lines("arabic_consonants"))
    }


def latin(text: str) -> str:
    """Words in normal text with those of other scripts in Latin letters, as far as is known.

    A word is written in Latin letters whole or not at all. Long vowels of kana are written short
    (``satou`` is ``sato``), and an Arabic article is a word of its own. Idempotent.
    """
    return text if text.isascii() else " ".join(map(_word, text.split()))


def _word(word: str) -> str:
    if word.isascii():
        return word
    if _ARABIC.match(word):
        return _arabic(word)
    pattern, known = _letters()
    plain = word.translate(_KATAKANA)
    made = pattern.sub(lambda found: known[found[0]], plain)
    if _KANA.search(plain):
        made = _LONG_VOWELS.sub("", _DOUBLED.sub(lambda found: found[1], made))
        made = made.removesuffix(_SMALL_TSU)
    return made if made.isascii() and made else word


def _arabic(word: str) -> str:
    known = _arabic_names().get(word)
    if known is None and word.startswith(_ARTICLE) and len(word) > len(_ARTICLE) + _SHORTEST:
        bare = word.removeprefix(_ARTICLE)
        return f"al {_arabic_names().get(bare, bare)}"
    return word if known is None else known


@lru_cache(_MOST)
def consonants(word: str) -> str:
    """The consonants of a word in Latin or Arabic letters, in one spelling for both.

    So a name in Arabic letters, without its vowels, can be compared with a romanisation of it.
    """
    if _ARABIC.search(word):
        return word.translate(_consonants())
    return re.sub("[^b-df-gj-np-tvxz]", "", romanised(word))


_SPELLINGS: Final = (
    *(("tsch", "s"), ("sch", "s"), ("tch", "s"), ("dzh", "j"), ("sh", "s"), ("ch", "s")),
    *(("cz", "s"), ("tx", "s"), ("ph", "f"), ("kh", "h"), ("gh", "g"), ("dh", "d"), ("th", "t")),
    *(("dj", "j"), ("ck", "k"), ("ay", "i"), ("ai", "i")),
)
_ONE_LETTER: Final = str.maketrans(
    {"c": "k", "q": "k", "x": "ks", "j": "z", "v": "w", "e": "i", "y": "i", "o": "u"}
)
_SILENT: Final = re.compile(r"(?<=[aiu])h(?![aiu])|(.)(?=\1)")
"""An h at the end of a syllable, and a letter that comes twice."""


@lru_cache(_MOST)
def romanised(word: str) -> str:
    """A word in normal text with the letters that romanisations write in several ways made one.

    ``mohammed``, ``muhamed`` and ``mohammad`` come near each other, ``youssef`` and ``yousef``,
    ``qasim`` and ``kassem``, ``shinji`` and ``sinzi``, ``aleksey`` and ``alexei`` are equal.
    """
    for spelling, plain in _SPELLINGS:
        if spelling in word:
            word = word.replace(spelling, plain)
    return _SILENT.sub("", word.translate(_ONE_LETTER))


SHORTEST_VARIANT: Final = 4
LONGER_VARIANT: Final = 4
"""A variant has so many letters at least, and is so much longer than the other at most."""

ROMANISED: Final = frozenset("h").union(
    *(spelling + plain for spelling, plain in _SPELLINGS),
    *(chr(one) + plain for one, plain in _ONE_LETTER.items()),
)
"""The letters that romanisations change or put in; all others stay, be it once instead of twice."""

_ONE_SLIP_TOO: Final = 5
SOUNDS: Final = ("ckq", "sctz", "jdzy", "eiya", "ou", "vw", "pf", "kh", *"bglmnrx")
"""The first letters of words, in groups that may be one sound."""

_FIRST: Final = frozenset(one + other for group in SOUNDS for one in group for other in group)
"""The first letters of two words, together, that may be one sound: most words are told by them."""

_PLAIN: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

TWO_SOUNDS: Final = frozenset(
    one + other for one in _PLAIN for other in _PLAIN if one != other and one + other not in _FIRST
)
"""The first letters of two words, together, that are never one sound: no variants begin so."""

_LEAST_CONSONANTS: Final = 3


def is_variant(one: str, other: str) -> bool:
    """Whether two words in normal text may be two spellings of one name from another script.

    Their romanisations, made one, are equal, or in longer words one letter apart; of a word in
    Arabic letters the consonants are compared, three at least.
    """
    first = one[0] + other[0]
    if first not in _FIRST:
        if first.isascii() or not (_ARABIC.match(first[0]) or _ARABIC.match(first[1])):
            return False
        bare = consonants(one)
        return len(bare) >= _LEAST_CONSONANTS and bare == consonants(other)
    shorter, longer = len(one), len(other)
    if shorter > longer:
        shorter, longer = longer, shorter
    if shorter < SHORTEST_VARIANT or longer - shorter > LONGER_VARIANT:
        return False
    mine, theirs = romanised(one), romanised(other)
    return mine == theirs or (
        len(mine) >= _ONE_SLIP_TOO
        and len(theirs) >= _ONE_SLIP_TOO
        and -2 < len(mine) - len(theirs) < 2  # a slip makes a word longer by one letter at most
        and slips(mine, theirs) <= 1
    )
