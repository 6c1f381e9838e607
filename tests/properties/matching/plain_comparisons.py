"""Names, mailboxes, lines and dates compared by the plainest code, to hold the quick one to."""

from datetime import date

from rapidfuzz.distance import OSA, JaroWinkler

from crmcore.rules.matching.linkage import names
from crmcore.rules.matching.linkage.forms import digits, is_own, letters
from crmcore.rules.matching.linkage.mailboxes import (
    M_ALIKE,
    M_COLLEAGUE,
    M_ELSEWHERE,
    M_NUMBERED,
    M_NUMBERED_ANYWHERE,
    M_OTHER,
    M_OTHER_DOMAIN,
    M_SAME,
    M_SLIP,
)
from crmcore.rules.matching.linkage.names import (
    ALIKE,
    ANOTHER,
    DIFFERENT,
    EXCHANGED,
    INITIAL,
    PART,
    QUALITY,
    SAME,
    SHORT_FORM,
    SLIP,
)
from crmcore.rules.matching.linkage.weights import Buckets
from crmcore.rules.similarity.latin import consonants, romanised
from crmcore.rules.similarity.person import (
    NameForm,
    are_two_genders,
    are_two_names,
    is_glued,
    is_whole,
)
from crmcore.rules.similarity.tables import given_name_groups

SOUNDS = ("ckq", "sctz", "jdzy", "eiya", "ou", "vw", "pf", "kh", *"bglmnrx")


def slips(one: str, other: str) -> int:
    """Letters put in, left out, changed or swapped."""
    return OSA.distance(one, other)


def are_alike(one: str, other: str, least: float) -> bool:
    """Whether two texts are alike by Jaro and Winkler."""
    first, second = sorted((one, other))
    return round(JaroWinkler.normalized_similarity(first, second), 6) >= least


def is_arabic(word: str) -> bool:
    """Whether a word begins in Arabic letters."""
    return "\u0600" <= word[0] <= "\u06ff"


def is_variant(one: str, other: str) -> bool:
    """Whether two words may be two spellings of one name from another script."""
    if not any(one[0] in group and other[0] in group for group in SOUNDS):
        if one[0].isascii() and other[0].isascii():
            return False
        bare = consonants(one)
        is_one = len(bare) >= 3 and bare == consonants(other)
        return (is_arabic(one) or is_arabic(other)) and is_one
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 4:
        return False
    mine, theirs = romanised(one), romanised(other)
    return mine == theirs or (min(len(mine), len(theirs)) >= 5 and slips(mine, theirs) <= 1)


def spelt(one: str, other: str) -> int:
    """The level of two words that are not equal."""
    starts = one[0] == other[0]
    if not starts and one[-1] != other[-1]:
        if len(one) >= 4 and one == other[::-1]:
            return SLIP
        return SLIP if is_variant(one, other) else DIFFERENT
    mine, theirs = digits(one), digits(other)
    is_misread = {len(mine), len(theirs)} == {0, 1}
    if mine != theirs and not is_misread:
        return DIFFERENT
    shorter, longer = sorted((len(one), len(other)))
    if shorter >= 4 and slips(one, other) <= (2 if longer >= 8 else 1):
        return SLIP
    if is_variant(one, other):
        return SLIP
    return ALIKE if starts and are_alike(one, other, 0.8) else DIFFERENT


def are_in_use(table: str, one: str, other: str, learnt: Buckets) -> bool:
    """Whether two names are both about as common, and no two spellings of one."""
    mine, theirs = learnt.listed(table, one), learnt.listed(table, other)
    is_close = mine > 0 and theirs > 0 and abs(mine - theirs) < 5
    return is_close and romanised(one) != romanised(other)


def level_of_families(one: str, other: str, learnt: Buckets) -> int:
    """The level of two family names."""
    if not one or not other:
        return 0
    if one == other:
        return SAME
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else DIFFERENT
    if " " in one or " " in other:
        words, others = frozenset(one.split()), frozenset(other.split())
        if words < others or others < words:
            return PART
        if any(spelt(word, mine) == SLIP for word in words for mine in others):
            return ALIKE
        one, other = one.replace(" ", ""), other.replace(" ", "")
        if one == other:
            return SLIP
    level = spelt(one, other)
    if level == SLIP:
        return ALIKE if are_in_use("family", one, other, learnt) else SLIP
    return SLIP if is_glued(one, other) else level


def level_of_given(one: str, other: str, learnt: Buckets) -> int:
    """The level of two given names."""
    if not one or not other:
        return 0
    if one == other:
        return SAME
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else DIFFERENT
    groups = given_name_groups()
    if groups.get(one, frozenset()) & groups.get(other, frozenset()):
        return SHORT_FORM
    level = spelt(one, other)
    if level != DIFFERENT and are_two_genders(one, other):
        return ANOTHER
    in_use = are_in_use("given", one, other, learnt)
    if level == SLIP:
        return ALIKE if in_use else SLIP
    if not in_use and not are_two_names(one, other):
        return level
    is_short = one.startswith(other) or other.startswith(one)
    return ALIKE if level == ALIKE and is_short and not are_two_names(one, other) else ANOTHER


def level_of_names(one: NameForm, other: NameForm, learnt: Buckets) -> tuple[int, int, bool]:
    """The levels of family and given name without middle names, and whether crosswise."""
    family = level_of_families(one.family, other.family, learnt)
    given = level_of_given(one.given, other.given, learnt)
    if one.generation and other.generation and one.generation != other.generation:
        return family, ANOTHER, False
    if family == given == SAME:
        return family, given, False
    whole = one.family + one.given
    if whole == other.family + other.given and (
        is_whole(whole)
        or (
            len(whole) >= 6
            and ("" in (one.family, one.given)) != ("" in (other.family, other.given))
        )
    ):
        return SAME, SAME, False
    straight = QUALITY[family] + QUALITY[given]
    first = level_of_given(one.family, other.given, learnt)
    second = level_of_given(one.given, other.family, learnt)
    if (
        straight < EXCHANGED
        and QUALITY[first] + QUALITY[second] >= straight + EXCHANGED
        and max(first, second) < INITIAL
    ):
        return min(first, second), max(first, second), True
    return family, given, False


def levels_in(code: int) -> tuple[int, int, bool]:
    """The levels in a code of two names."""
    return code & 15, code >> names.GIVEN_LEVEL & 15, bool(code >> names.CROSSWISE)


def level_of_mailboxes(one: str, other: str) -> int:
    """The level of two mailboxes."""
    if one == other:
        return M_SAME
    mine, _, domain = one.partition("@")
    theirs, _, elsewhere = other.partition("@")
    short = min(len(mine), len(theirs))
    if domain == elsewhere:
        if digits(mine) == digits(theirs) and slips(mine, theirs) <= (1 if short < 8 else 2):
            return M_SLIP
        if digits(mine) != digits(theirs) and letters(mine) == letters(theirs):
            return M_NUMBERED if is_own(domain) else M_NUMBERED_ANYWHERE
        return M_COLLEAGUE if is_own(domain) else M_OTHER
    near = slips(domain, elsewhere) <= 2
    if mine == theirs:
        return M_SLIP if near else M_ELSEWHERE
    if near and short >= 4 and slips(mine, theirs) <= 1:
        return M_SLIP
    if short >= 4 and one[0] == other[0] and are_alike(one, other, 0.88):
        return M_ALIKE
    return M_OTHER_DOMAIN if is_own(domain) and is_own(elsewhere) else M_OTHER


def level_of_lines(one: str, other: str) -> int:
    """The level of two telephone lines."""
    mine, theirs = one.removeprefix("+"), other.removeprefix("+")
    shorter, longer = sorted((mine, theirs), key=len)
    more = len(longer) - len(shorter)
    countries = one.startswith("+") + other.startswith("+")
    if one == other or (countries < 2 and more <= 4 and longer.endswith(shorter)):
        return 1
    if countries == 1:
        return 2 if more <= 4 and slips(longer[more:], shorter) <= 1 else 3
    is_one = one[:3] == other[:3] or not countries
    return 2 if is_one and more == 0 and slips(one, other) <= 1 else 3


def level_of_days(one: date, other: date) -> int:
    """The level of two dates."""
    if one == other:
        return 1
    mine, theirs = (f"{day.year:04}{day.month:02}{day.day:02}" for day in (one, other))
    wrong = [at for at in range(8) if mine[at] != theirs[at]]
    swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and slips(mine, theirs) == 1
    exchanged = mine[:4] + mine[6:] + mine[4:6] == theirs
    if len(wrong) == 1 or swapped or exchanged:
        return 2
    same = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    if same == 2 or abs((one - other).days) <= 31:
        return 3
    return 5 if abs(one.year - other.year) >= 15 else 4
