"""Names of people: how alike two names are, whichever way round and however short."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import Final, NamedTuple

from crmcore.rules.similarity.each import each
from crmcore.rules.similarity.latin import is_variant, latin
from crmcore.rules.similarity.tables import given_name_genders, given_name_groups, table
from crmcore.rules.similarity.text import LONGEST, jaro_winkler, shortened
from crmcore.values.person import PersonName
from crmcore.values.text import normal_text

_LEAST_FAMILY: Final = 0.88
_LEAST_GIVEN: Final = 0.9
_ONLY_FAMILY: Final = 0.5
_ONLY_GIVEN: Final = 0.3
_INITIAL: Final = 0.8
_SHORT_FORM: Final = 0.9
_PART_OF_FAMILY: Final = 0.85
_OTHER_MIDDLE: Final = 0.8
_SWAPPED: Final = 0.95
_VARIANT: Final = 0.9
GLUED: Final = 4
"""A family name has so many letters at least to be found with a particle written on."""

_TWO_PARTICLES: Final = frozenset({"dela", "vander", "vande", "vanden", "vonder"})
_WHOLE_IN_ONE: Final = 3
"""So many characters of a script without spaces are a family and a given name."""

PARTICLES: Final = frozenset(
    """
    van von der den de del di da dos das do du des la le las ter ten zu zum zur af av el al
    bin ibn bint
    """.split()  # noqa: SIM905  # words read best as words
)
TITLES: Final = frozenset(
    """
    mr mrs ms miss mx dr prof professor rev sir dame lord herr frau hr mme mlle sr sra
    """.split()  # noqa: SIM905  # words read best as words
)
_GENERATIONS: Final = frozenset({"jr", "sr", "ii", "iii", "iv"})


class NameForm(NamedTuple):  # a tuple, as one is made, hashed and compared for every name
    """A person's name in normal text: family name, given names, and what sets a generation apart.

    Empty where a part is missing. ``family`` has no particles (``van``, ``de la``).
    """

    family: str
    given: str
    middle: str
    generation: str


def name_form(value: object) -> NameForm | None:
    """The form of a name to compare: of a ``PersonName``, or of text in the order people write it.

    Words of other scripts are in Latin letters as far as ``latin`` knows, and the Arabic names
    made with *Abd* are one word. ``None`` where there is neither a family nor a given name.
    """
    if isinstance(value, str):
        value = PersonName.parse(value[:200])
    if not isinstance(value, PersonName):
        return None
    family, own = family_part(value.family)
    given, further = given_part(value.given)
    if not family and not given:
        return None
    middle = middle_part(value.middle)
    if further:
        middle = f"{further} {middle}" if middle else further
    suffix = suffix_part(value.suffix) or own
    return NameForm(family, given, middle, suffix if suffix in _GENERATIONS else "")


def name_forms(
    names: Sequence[tuple[object, object, object, object]],
) -> list[NameForm | None]:
    """The forms of many names, each given as its family, given and middle name and its suffix.

    As ``name_form`` of each, but each different part is read once: in 85,000 names there are
    45,000 family names and 8,000 given ones.
    """
    parts = zip(
        each(family_part, list(map(itemgetter(0), names))),
        each(given_part, list(map(itemgetter(1), names))),
        each(middle_part, list(map(itemgetter(2), names))),
        each(suffix_part, list(map(itemgetter(3), names))),
        strict=True,
    )
    make = partial(tuple.__new__, NameForm)  # without the call of Python code for each
    return [
        make(
            (
                family,
                given,
                f"{further} {more}" if further and more else further or more,
                of if (of := suffix or own) in _GENERATIONS else "",
            )
        )
        if family or given
        else None
        for (family, own), (given, further), more, suffix in parts
    ]


def family_part(part: object) -> tuple[str, str]:
    """The normal form of a family name, and what sets a generation apart where that follows it.

    Without particles, unless it has no other word.
    """
    plain = _plain_word(part)
    if plain is not None:
        return _name_or_nothing(plain), ""
    words, own = _words(part), ""
    if len(words) > 1 and words[-1] in _GENERATIONS:
        words, own = words[:-1], words[-1]
    words = _compound(words)
    return _name_or_nothing(
        " ".join([word for word in words if word not in PARTICLES] or words)
    ), own


def given_part(part: object) -> tuple[str, str]:
    """The normal forms of the first given name and of the further ones; titles are left out."""
    plain = _plain_word(part)
    if plain is not None:
        return ("" if plain in TITLES else _name_or_nothing(plain)), ""
    words = _compound([one for one in _words(part) if one not in TITLES])
    return (_name_or_nothing(words[0]), " ".join(words[1:])) if words else ("", "")


def _name_or_nothing(text: str) -> str:
    """A text in normal form, or nothing where it is what is typed for want of a name."""
    is_one_letter = len(text) > 2 and len(set(text)) == 1  # "xxx"  # two may be a name
    return "" if is_one_letter or text in table("placeholders") else text


def middle_part(part: object) -> str:
    """The normal form of middle names."""
    return "" if part is None else " ".join(_words(part))


def suffix_part(part: object) -> str:
    """The letters and digits of what follows a name, such as ``jr``."""
    return "" if part is None else "".join(_words(part))


def _words(part: object) -> list[str]:
    text = latin(normal_text(shortened(part) or ""))
    if text.isalpha():  # most are one word, of letters
        return [text]
    return _READ_WRONGLY.sub(_letter, text).split()


_READ_WRONGLY: Final = re.compile(r"(?<=[a-z])[0158](?=[a-z])|(?<!\S)[0158](?=[a-z]{2})")
"""A figure among letters, where a scanner has read a letter wrongly."""

_LETTERS: Final = {"0": "o", "1": "l", "5": "s", "8": "b"}


def _letter(found: re.Match[str]) -> str:
    return _LETTERS[found[0]]


def is_given_name(text: str) -> bool:
    """Whether a text in normal form is a given name that is known."""
    return text in given_name_genders() or text in given_name_groups()


def _plain_word(part: object) -> str | None:
    """The normal form of one word of plain letters, which most names are; ``None`` for others.

    Those that may be made with *Abd* or *al-Din* are others too.
    """
    if part is None:
        return ""
    if not isinstance(part, str) or not part.isascii() or not part.isalpha():
        return None
    word = part.lower()
    return None if word.startswith(_SERVANT) or "dd" in word or len(word) > LONGEST else word


_SERVANT: Final = "abd"
_SERVANT_ALONE: Final = frozenset({"abdul", "abdel", "abdal", "abdoul", "abdu", "abdou", "abdur"})
_SERVANT_OF: Final = re.compile(
    r"abd(?:[aeou]{1,2})?(?:l(?=[a-z]{3})|([rsntdz])(?=\1))?([a-z]{3,})"
)
_OF_FAITH: Final = re.compile(r"([a-z]{3,})(?:[aeiu]dd)(?:in|een|ine)")
_FAITH: Final = frozenset({"din", "deen", "dine"})


def _compound(words: list[str]) -> list[str]:
    """Words with a leading *Abd al-X*, *Abdel X* or *X al-Din* as one, in one spelling."""
    if not words:
        return words
    first, rest = words[0], words[1:]
    if first == _SERVANT and len(rest) > 1 and rest[0] in PARTICLES | {"ul", "ar", "er", "ur"}:
        return [f"{_SERVANT}ul{rest[1]}", *rest[2:]]
    if first in _SERVANT_ALONE:
        return [f"{_SERVANT}ul{rest[0]}", *rest[1:]] if rest else [f"{_SERVANT}ul"]
    if len(rest) > 1 and rest[0] in PARTICLES and rest[1] in _FAITH:
        return [f"{first}uddin", *rest[2:]]
    if first.startswith(_SERVANT) and (found := _SERVANT_OF.fullmatch(first)):
        return [f"{_SERVANT}ul{found[2]}", *rest]
    if "dd" in first and (found := _OF_FAITH.fullmatch(first)):
        return [f"{found[1]}uddin", *rest]
    return words


def name_likeness(left: NameForm, right: NameForm) -> float:
    """How alike two names are; 0 where family name or given name differ.

    1 for equal names. Family and given name are weighed alike. A given name stands for its short
    forms (0.9) and its initial (0.8), a family name for one of its parts (0.85); misspellings
    count by their Jaro-Winkler similarity. Exchanged names count 0.95 of what they would, other
    middle names 0.8. Where a given name is missing, at most 0.5 remains, and without a family name
    0.3. Junior differs from senior.
    """
    if left.generation and right.generation and left.generation != right.generation:
        return 0.0
    straight = _pair(left.family, left.given, right.family, right.given)
    swapped = _crosswise(left, right) * _SWAPPED
    likeness = max(straight, swapped, _in_one(left, right))
    if likeness and left.middle and right.middle:
        likeness *= 1.0 if _middles_agree(left.middle, right.middle) else _OTHER_MIDDLE
    return round(likeness, 6)


def _pair(family: str, given: str, other_family: str, other_given: str) -> float:
    families = _family_likeness(family, other_family)
    givens = given_likeness(given, other_given)
    if families is None:
        return 0.0 if givens is None else _ONLY_GIVEN * givens
    if givens is None:
        return _ONLY_FAMILY * families
    return (families + givens) / 2 if families and givens else 0.0


def _crosswise(left: NameForm, right: NameForm) -> float:
    """As ``_pair``, each family name compared with the other's given name."""
    one = _family_likeness(left.family, right.given)
    other = _family_likeness(left.given, right.family)
    if one is None or other is None:
        return _ONLY_GIVEN * (one or other or 0.0)
    return (one + other) / 2 if one and other else 0.0


def _family_likeness(left: str, right: str) -> float | None:
    if not left or not right:
        return None
    if left == right:
        return 1.0
    one, other = frozenset(left.split()), frozenset(right.split())
    if one < other or other < one:
        return _PART_OF_FAMILY
    if is_glued(left, right) or is_variant(left, right):
        return _VARIANT
    return jaro_winkler(left.replace(" ", ""), right.replace(" ", ""), least=_LEAST_FAMILY)


def given_likeness(left: str, right: str) -> float | None:
    """How alike two given names in normal text are; ``None`` where one is missing."""
    if not left or not right:
        return None
    if left == right:
        return 1.0
    if min(len(left), len(right)) == 1:
        return _INITIAL if left[0] == right[0] else 0.0
    groups = given_name_groups()
    if groups.get(left, frozenset()) & groups.get(right, frozenset()):
        return _SHORT_FORM
    if are_two_genders(left, right):
        return 0.0
    if is_variant(left, right):
        return _VARIANT
    return jaro_winkler(left, right, least=_LEAST_GIVEN)


def are_two_genders(left: str, right: str) -> bool:
    """Whether one of two given names is a woman's and the other a man's: no slip of one another.

    Both are known, or one is a man's with the ending of a woman's: *Kamil* and *Kamila*.
    """
    genders = given_name_genders()
    one, other = genders.get(left), genders.get(right)
    if one is not None and other is not None:
        return one != other
    if one == "male":
        return right.startswith(left[:-1]) and right in _feminine(left)
    return other == "male" and left.startswith(right[:-1]) and left in _feminine(right)


def _feminine(name: str) -> tuple[str, ...]:
    stem = name[:-1] if name.endswith(("o", "e")) else name
    return tuple(stem + ending for ending in _FEMININE)


_FEMININE: Final = ("a", "ia", "ina", "ine", "ette", "etta", "elle")


def are_two_names(left: str, right: str) -> bool:
    """Whether both are given names that are known, however alike: Herbert is not Hubert."""
    return left != right and is_given_name(left) and is_given_name(right)


def is_glued(left: str, right: str) -> bool:
    """Whether one family name is the other with a particle written on: *Alsaud*, *Legoff*."""
    shorter, longer = sorted((left, right), key=len)
    return (
        len(shorter) >= GLUED
        and longer.endswith(shorter)
        and longer[: -len(shorter)].strip() in PARTICLES | _TWO_PARTICLES
    )


def _middles_agree(left: str, right: str) -> bool:
    return left[0] == right[0] and (min(len(left), len(right)) == 1 or left == right)


def _in_one(left: NameForm, right: NameForm) -> float:
    """1 for equal names in a script without spaces, in which one text may hold both names."""
    one, other = left.family + left.given, right.family + right.given
    return 1.0 if one == other and is_whole(one) else 0.0


def is_whole(text: str) -> bool:
    """Whether a text can be a family and a given name at once: three characters written so."""
    return len(text) >= _WHOLE_IN_ONE and all(
        unicodedata.name(char, "").startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA"))
        for char in text
    )
