"""Names of people in linkage: family and given name apart, whichever way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crmcore.rules.matching.linkage.forms import digits
from crmcore.rules.matching.linkage.subject import Given, Texts
from crmcore.rules.matching.linkage.weights import Buckets
from crmcore.rules.similarity.latin import TWO_SOUNDS, is_variant, romanised
from crmcore.rules.similarity.person import (
    NameForm,
    are_two_genders,
    are_two_names,
    is_given_name,
    is_glued,
    is_whole,
    name_form,
)
from crmcore.rules.similarity.tables import given_name_groups
from crmcore.rules.similarity.text import jaro_winkler, slips
from crmcore.values.frozenmap import FrozenMap

SAME, SLIP, PART, ALIKE, INITIAL, DIFFERENT, ANOTHER = range(1, 8)
"""The levels of a family name; 0: not compared. ``SHORT_FORM`` stands for ``PART`` of a given.

``ANOTHER`` is a given name that differs where both are names that people have.
"""

SHORT_FORM: Final = PART

ALIKE_FROM: Final = 0.8
SLIP_LETTERS: Final = 4
LONG: Final = 8
"""A slip is sought in words of so many letters, and two slips in a word of so many."""

_WHOLE: Final = 6
"""So many letters may be a family and a given name written together."""

QUALITY: Final = (0, 5, 4, 3, 2, 1, -3, -3)
"""What a level says for one reading of two names rather than the other, the closest most."""

EXCHANGED: Final = 3
"""So much better must two names fit crosswise to be read so."""

FAMILY_BUCKET, GIVEN_LEVEL, GIVEN_BUCKET, CROSSWISE, MIDDLE_LEVEL = 4, 10, 14, 20, 21
"""Where the parts of a name's code begin, in bits."""

MIDDLE_SAME, MIDDLE_INITIAL, MIDDLE_DIFFERENT = range(1, 4)
"""The levels of the names between given and family name; 0: not compared."""

IN_USE: Final = 5
"""A name is no slip of one that is 2^5 times as common at most: both are names in use."""


def read_name(given: Given) -> NameForm | None:
    """The form of the first name; a word alone that is known as a given name is taken for one."""
    for values in given:
        for one in values:
            form = name_form(one)
            if form is not None:
                return in_its_place(form)
    return None


def in_its_place(form: NameForm) -> NameForm:
    """The form, a family name alone that is known as a given name being taken for that."""
    if form.given or not is_given_name(form.family):
        return form
    return form._replace(family="", given=form.family)


name_values: Final[Mapping[str, Texts]] = FrozenMap(
    {
        "family": lambda form: (form.family,) if form.family else (),
        "given": lambda form: (form.given,) if form.given else (),
    }
)
"""Family and given name; either may stand in the other's place."""


def compare_names(one: NameForm, other: NameForm, learnt: Buckets) -> int:
    """The code of two names: the levels and buckets of both parts, and whether crosswise."""
    family = level_of_families(one.family, other.family, learnt)
    given = level_of_given(one.given, other.given, learnt)
    return code_of_names(one, other, (family, given), learnt)


def code_of_names(one: NameForm, other: NameForm, levels: tuple[int, int], learnt: Buckets) -> int:
    """The code of two names whose family and given names, each by itself, have these levels."""
    family, given = levels
    crosswise = False
    if one.generation and other.generation and one.generation != other.generation:
        given = ANOTHER  # junior is not senior
    elif family != SAME or given != SAME:
        if _in_one(one, other):
            family = given = SAME
        elif QUALITY[family] + QUALITY[given] < EXCHANGED:
            family, given, crosswise = _read_otherwise(one, other, (family, given), learnt)
    code = family | given << GIVEN_LEVEL | crosswise << CROSSWISE
    if family and family < DIFFERENT:
        code |= _bucket("family", one.family, other.family, learnt) << FAMILY_BUCKET
    if given and given < DIFFERENT:
        code |= _bucket("given", one.given, other.given, learnt) << GIVEN_BUCKET
    if one.middle and other.middle:
        code |= _middle(one.middle, other.middle) << MIDDLE_LEVEL
    return code


def _read_otherwise(
    one: NameForm, other: NameForm, levels: tuple[int, int], learnt: Buckets
) -> tuple[int, int, bool]:
    """The levels of family and given name crosswise or by middle names, where they fit better."""
    family, given = levels
    if not _are_two(one.family, other.given) and not _are_two(one.given, other.family):
        first = level_of_given(one.family, other.given, learnt)
        second = level_of_given(one.given, other.family, learnt)
        straight = QUALITY[family] + QUALITY[given]
        if QUALITY[first] + QUALITY[second] >= straight + EXCHANGED and (
            max(first, second) < INITIAL
        ):
            return min(first, second), max(first, second), True
    if one.middle or other.middle:
        family, given = _by_middle(one, other, family, given)
    return family, given, False


def _middle(one: str, other: str) -> int:
    if one == other:
        return MIDDLE_SAME
    if one[0] != other[0]:
        return MIDDLE_DIFFERENT
    is_initial = len(one) == 1 or len(other) == 1
    return MIDDLE_INITIAL if is_initial or _spelt(one, other) != DIFFERENT else MIDDLE_DIFFERENT


def _by_middle(one: NameForm, other: NameForm, family: int, given: int) -> tuple[int, int]:
    """The levels where somebody goes by a second given name, or by the first of two families."""
    mine, theirs = one.middle.split(), other.middle.split()
    if given >= DIFFERENT:
        if one.given in theirs or other.given in mine:
            given = SHORT_FORM
        elif (
            f"{one.given}{one.middle}" == other.given or f"{other.given}{other.middle}" == one.given
        ):
            given = SLIP  # a space too many
    if family == DIFFERENT and (one.family in theirs or other.family in mine):
        family = PART
    return family, given


def _bucket(table: str, one: str, other: str, learnt: Buckets) -> int:
    mine = learnt.bucket(table, one)
    return mine if one == other else max(learnt.bucket(table, other), mine)


def level_of_families(one: str, other: str, learnt: Buckets) -> int:
    """The level of two family names in normal text; 0: one is missing."""
    if one == other:
        return SAME if one else 0
    if not one or not other:
        return 0
    if " " in one or " " in other:
        level = _level_of_words(one, other)
        if level:
            return level
        one, other = one.replace(" ", ""), other.replace(" ", "")
    elif are_far(one, other):
        return DIFFERENT
    elif len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else DIFFERENT
    level = _spelt(one, other)
    if level == SLIP:
        return ALIKE if _are_in_use("family", one, other, learnt) else SLIP
    is_end = level > SLIP and one[-1] == other[-1]
    return SLIP if is_end and is_glued(one, other) else level


def _level_of_words(one: str, other: str) -> int:
    """The level of family names of several words; 0: they are compared as one word each."""
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else DIFFERENT
    words, others = frozenset(one.split()), frozenset(other.split())
    if words < others or others < words:
        return PART
    if any(_spelt(word, mine) == SLIP for word in words for mine in others):
        return ALIKE
    return SLIP if one.replace(" ", "") == other.replace(" ", "") else 0


def _are_in_use(table: str, one: str, other: str, learnt: Buckets) -> bool:
    """Whether two names are both so common among the records that none is a slip of the other.

    Two spellings of one name are no two names, however common.
    """
    mine, theirs = learnt.listed(table, one), learnt.listed(table, other)
    if not mine or not theirs or abs(mine - theirs) >= IN_USE:
        return False
    return romanised(one) != romanised(other)


def level_of_given(one: str, other: str, learnt: Buckets) -> int:
    """The level of two given names in normal text; 0: one is missing."""
    if one == other:
        return SAME if one else 0
    if not one or not other:
        return 0
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else DIFFERENT
    groups = given_name_groups()
    mine = groups.get(one)
    if mine is not None and not mine.isdisjoint(groups.get(other, ())):
        return SHORT_FORM
    level = DIFFERENT if are_far(one, other) else _spelt(one, other)
    if level < DIFFERENT and are_two_genders(one, other):
        return ANOTHER
    if level == SLIP:
        return ALIKE if _are_in_use("given", one, other, learnt) else SLIP
    if are_two_names(one, other) or _are_in_use("given", one, other, learnt):
        return level if level == ALIKE and _is_short_for(one, other) else ANOTHER
    return level


def _is_short_for(one: str, other: str) -> bool:
    """Whether a name is the beginning of the other, as *Alex* is of Alexandra."""
    return not are_two_names(one, other) and (one.startswith(other) or other.startswith(one))


def are_far(one: str, other: str) -> bool:
    """Whether the ends of two words tell at once that they are different: so it is with most."""
    first, last = other[0], one[-1]
    return one[0] + first in TWO_SOUNDS and last != other[-1] and last != first


def _are_two(one: str, other: str) -> bool:
    """Whether two words are surely different as given names."""
    return (
        one != "" != other
        and are_far(one, other)
        and (one not in (groups := given_name_groups()) or other not in groups)
    )


def _spelt(one: str, other: str) -> int:
    """A slip of one letter (of two in a long name), another romanisation, backwards, or alike."""
    starts = one[0] == other[0]
    if not starts and one[-1] != other[-1]:
        # a slip spoils one end of a name at most
        if one[-1] == other[0] and len(one) >= SLIP_LETTERS and one == other[::-1]:
            return SLIP
        return SLIP if is_variant(one, other) else DIFFERENT
    if not (one.isalpha() and other.isalpha()):
        mine, theirs = digits(one), digits(other)
        if mine != theirs and (len(mine) != 1 or len(theirs) > 0) and (len(theirs) != 1 or mine):
            return DIFFERENT  # Tester 17 is not Tester 18; but one figure may be a letter misread
    shorter, longer = len(one), len(other)
    if shorter > longer:
        shorter, longer = longer, shorter
    if (
        shorter >= SLIP_LETTERS
        and longer - shorter <= 2  # letters
        and slips(one, other) <= (2 if longer >= LONG else 1)
    ):
        return SLIP
    if is_variant(one, other):
        return SLIP
    return ALIKE if starts and jaro_winkler(one, other, least=ALIKE_FROM) else DIFFERENT


def _in_one(one: NameForm, other: NameForm) -> bool:
    """Whether they are equal names in a script where one text may hold both parts."""
    whole = one.family + one.given
    return whole == other.family + other.given and (
        is_whole(whole) or (len(whole) >= _WHOLE and _has_both(one) != _has_both(other))
    )


def _has_both(form: NameForm) -> bool:
    return bool(form.family and form.given)


def _start(text: str) -> str:
    return text.replace(" ", "")[:_START]


_START: Final = 3


def _sorted(one: str, other: str) -> str:
    """Two texts in alphabetical order, with a space between them."""
    return f"{one} {other}" if one <= other else f"{other} {one}"


def _both(one: str, other: str) -> tuple[str, ...]:
    """The different texts of two that are not empty, in their order."""
    if one and other:
        return (one, other) if one != other else (one,)
    return (one or other,) if one or other else ()


def _nearly_full(form: NameForm) -> tuple[str, ...]:
    """One part with the beginning of the other, both ways: a slip spoils one part at most."""
    family, given = form.family, form.given
    if not (family.isascii() and given.isascii()) and is_whole(family + given):
        return (family + given,)
    if not (family and given):
        return ()
    return _both(f"{family} {_start(given)}", f"{given} {_start(family)}")


def _starts(form: NameForm) -> tuple[str, ...]:
    family, given = form.family, form.given
    return (_sorted(_start(family), _start(given)),) if family and given else ()


def _either(form: NameForm) -> tuple[str, ...]:
    family, given = form.family, form.given
    if " " not in family:
        return _both(family if len(family) > 1 else "", given if len(given) > 1 else "")
    return tuple(dict.fromkeys(one for one in (*family.split(), given) if len(one) > 1))


def initials(form: NameForm) -> str:
    """The first letters of both parts in alphabetical order: nearly the same for one person."""
    one, other = form.family[:1], form.given[:1]
    return one + other if one <= other else other + one


def _initials(form: NameForm) -> tuple[str, ...]:
    return (initials(form),)


def _initial(form: NameForm) -> tuple[str, ...]:
    return _both(form.family[:1], form.given[:1])


def _either_start(form: NameForm) -> tuple[str, ...]:
    family, given = form.family, form.given
    return _both(_start(family) if len(family) > 1 else "", _start(given) if len(given) > 1 else "")


name_facets: Final = {
    "start": _either_start,
    "nearly full": _nearly_full,
    "starts": _starts,
    "either": _either,
    "initials": _initials,
    "initial": _initial,
}
"""The facets of a name."""
