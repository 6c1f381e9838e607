"""Names of people: how alike two names are, whichever way round and however short."""

from __future__ import annotations

import unicodedata
from typing import Final

from attrs import frozen

from crmcore.rules.similarity.tables import given_name_groups
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
_WHOLE_IN_ONE: Final = 3
"""So many characters of a script without spaces are a family and a given name."""

PARTICLES: Final = frozenset(
    """
    van von der den de del di da dos das do du des la le las ter ten zu zum zur af av el al
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

    ``None`` where there is neither a family nor a given name.
    """
    if isinstance(value, str):
        value = PersonName.parse(value[:200])
    if not isinstance(value, PersonName):
        return None
    family = _family(_words(value.family))
    given, *middle = [one for one in _words(value.given) if one not in TITLES] or [""]
    if not family and not given:
        return None
    suffix = "".join(_words(value.suffix))
    return NameForm(
        family=family,
        given=given,
        middle=" ".join([*middle, *_words(value.middle)]),
        generation=suffix if suffix in _GENERATIONS else "",
    )


def _words(part: object) -> list[str]:
    return normal_text(shortened(part) or "").split()


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
    return jaro_winkler(left, right, least=_LEAST_GIVEN)


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
