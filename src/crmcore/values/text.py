"""Normal text: the form in which two spellings of the same words are equal."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_LETTERS: Final = dict(
    zip("øłđðħıŋŧĸəƀɓɖɗƒǥɠɨƙɫƚɲɔɛʉƶȥ", "olddhintkebbddfggikllnoeuzz", strict=True)
) | {"þ": "th", "æ": "ae", "œ": "oe"}
"""Latin letters that Unicode does not decompose; casefolding has mapped ß before."""

_LETTERS_WITH_BREVE: Final = (("и\u0306", "й"), ("у\u0306", "ў"))  # noqa: RUF001  # look-alikes are what it is about
"""Cyrillic letters of their own that nevertheless decompose."""

_ASCII_WORDS: Final = re.compile("[a-z0-9]+")

_APOSTROPHES: Final = frozenset("ʹʺʻʼʽʾʿˈ")
"""Unicode takes these for letters, people for punctuation (as in Hawaii)."""

_DIACRITICS: Final = (
    range(0x0300, 0x0370),
    range(0x1AB0, 0x1B00),
    range(0x1DC0, 0x1E00),
    range(0x20D0, 0x2100),
    range(0xFE20, 0xFE30),
)
"""The Unicode blocks of combining marks that belong to no script of their own."""


def normal_text(text: str) -> str:
    """The casefolded words with single spaces: ``"Łódź, S.A."`` becomes ``"lodz s a"``.

    Compatibility forms are unified (NFKC) and diacritics dropped from Latin, Greek and Cyrillic
    letters, but й and ў stay, being letters of their own. Letters such as ß, ø, ł and æ become
    their usual ASCII spelling. Marks that other scripts need to be read stay (vowel signs, voicing
    marks). Punctuation, symbols and control characters become spaces; invisible format characters
    are dropped. Empty where no letter or digit is left. Idempotent.
    """
    if text.isascii():
        text = text.lower()
        # one word, as most are, is its own normal text
        return text if text.isalnum() else " ".join(_ASCII_WORDS.findall(text))
    folded = _decomposed(text)
    table = {ord(char): _replacement(char) for char in set(folded)}
    words = " ".join(folded.translate(table).split())
    return words if words.isascii() else unicodedata.normalize("NFKC", words)


def bad_characters(text: str) -> tuple[str, ...]:
    """The characters that no text should hold, such as ``"U+D800"``, in order of appearance.

    These are lone surrogates, which cannot be written as UTF-8, and control characters other than
    tab, newline and carriage return. Each is named once; empty for sound text.
    """
    if text.isprintable():  # as nearly all are; none of these characters is
        return ()
    bad = [char for char in set(text) if _is_bad(char)]
    return tuple(f"U+{ord(char):04X}" for char in sorted(bad, key=text.index))


def _is_bad(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"} and char not in "\t\n\r"


def _decomposed(text: str) -> str:
    # Format characters go first: one of them may stand between a letter and its mark.
    invisible = {ord(char): None for char in set(text) if unicodedata.category(char) == "Cf"}
    text = text.translate(invisible) if invisible else text
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    for decomposed, letter in _LETTERS_WITH_BREVE:
        text = text.replace(decomposed, letter)
    return text


@cache
def _replacement(char: str) -> str:
    letter = _LETTERS.get(char)
    if letter is not None:
        return letter
    if any(ord(char) in block for block in _DIACRITICS):
        return ""
    is_of_a_word = unicodedata.category(char)[0] in "LMN" and char not in _APOSTROPHES
    return char if is_of_a_word else " "
