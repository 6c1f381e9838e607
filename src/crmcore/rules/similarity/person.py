"""Names of people: how alike two names are, whichever way round and however short."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from attrs import frozen

from crmcore.rules.similarity.latin import is_variant, latin
from crmcore.rules.similarity.tables import given_name_genders, given_name_groups, table
from crmcore.rules.similarity.text import jaro_winkler, shortened
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
_GLUED: Final = 4
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


@frozen(kw_only=True)
class NameForm:
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
    words, suffix = _without_generation(_words(value.family), "".join(_words(value.suffix)))
    family = _family(_compound(words))
    given, *middle = _compound([one for one in _words(value.given) if one not in TITLES]) or [""]
    if family in table("placeholders") or _is_one_letter(family):
        family = ""
    if given in table("placeholders") or _is_one_letter(given):
        given = ""
    if not family and not given:
        return None
    return NameForm(
        family=family,
        given=given,
        middle=" ".join([*middle, *_words(value.middle)]),
        generation=suffix if suffix in _GENERATIONS else "",
    )


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


def _without_generation(words: list[str], suffix: str) -> tuple[list[str], str]:
    """The words of a family name, and what follows it in its place or is given apart."""
    if len(words) > 1 and words[-1] in _GENERATIONS:
        return words[:-1], suffix or words[-1]
    return words, suffix


def _is_one_letter(text: str) -> bool:
    return len(text) > 2 and len(set(text)) == 1  # "xxx"  # two may be a name


def is_given_name(text: str) -> bool:
    """Whether a text in normal form is a given name that is known."""
    return text in given_name_genders() or text in given_name_groups()


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


def _family(words: list[str]) -> str:
    return " ".join([word for word in words if word not in PARTICLES] or words)


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
        len(shorter) >= _GLUED
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
