"""What is told at once, or of many pairs by arrays, is what the plainest comparison says."""

from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage import fast
from crmcore.rules.matching.linkage.far_words import FarWords
from crmcore.rules.matching.linkage.mailboxes import compare_many_mailboxes
from crmcore.rules.matching.linkage.many_companies import (
    compare_employers,
    compare_many_employers,
)
from crmcore.rules.matching.linkage.many_lines import compare_many_lines
from crmcore.rules.matching.linkage.many_names import compare_many_names
from crmcore.rules.matching.linkage.many_places import compare_many_places, compare_many_streets
from crmcore.rules.matching.linkage.names import (
    ANOTHER,
    DIFFERENT,
    SHORT_FORM,
    are_far,
    compare_names,
    level_of_families,
    level_of_given,
)
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import LEVELS
from crmcore.rules.similarity import latin
from crmcore.rules.similarity.many_texts import are_alike
from crmcore.rules.similarity.person import NameForm
from crmcore.rules.similarity.tables import given_name_groups
from crmcore.rules.similarity.text import jaro_winkler
from crmcore.values.text import normal_text
from tests.properties.matching import plain_comparisons as plain

np = fast.numpy()
needs_arrays = pytest.mark.skipif(np is None, reason="numpy is not installed")

LEARNT = attrs.evolve(
    PEOPLE.standard,
    common={
        "family": {"smith": 7, "smyth": 6, "king": 3, "saud": 9},
        "given": {"bob": 5, "daniel": 6, "yusuf": 4, "youssef": 5, "xara": 9, "a": 4},
    },
).buckets()
COMPARE = {trait.name: trait.compare for trait in PEOPLE.traits}

KNOWN = (
    *("bob", "robert", "daniel", "daniela", "kamil", "kamila", "herbert", "hubert", "marianne"),
    *("youssef", "yusuf", "qasim", "kassem", "shcherbakov", "szczerbakow", "wladimir", "vladimir"),
    *(
        "saud",
        "alsaud",
        "king lovelace",
        "king",
        "a",
        "k",
        "tester 17",
        "tester 18",
        "jimenez lopez",
    ),
    *(
        "منصور",
        "mansour",
        "山田",
        "太郎",
        "山田太郎",
        "smith",
        "xara",
        "zoe",
        "schmidt",
        "smyth",
        "htims",
        "de",
    ),
)
LETTERS = "abcdeghiklmnorstuvwyz"


def slipped(word: str, at: int, letter: str, how: int) -> str:
    """A word with one letter put in, left out, changed or swapped with its neighbour."""
    at %= len(word) + 1
    made = (
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
        word[::-1],
    )
    return made[how]


def words() -> st.SearchStrategy[str]:
    """Words in normal text, some of them several or none, in any script."""
    return st.one_of(
        st.sampled_from(KNOWN),
        st.sampled_from(sorted(given_name_groups())),
        st.text(LETTERS, min_size=1, max_size=12),
        st.text(LETTERS[:6] + " 1", max_size=9).map(normal_text),
        st.text(max_size=6).map(normal_text),
    )


OTHER_LETTERS = "fjpqx"


@st.composite
def two_slips(draw: st.DrawFn) -> tuple[str, str]:
    """A long word, and with two letters changed into such as it does not have."""
    one = draw(st.text(LETTERS, min_size=8, max_size=12))
    first, second = draw(st.permutations(OTHER_LETTERS))[:2]
    return one, slipped(slipped(one, 0, first, 2), draw(st.integers(0, 7)), second, 2)


@st.composite
def two_words(draw: st.DrawFn) -> tuple[str, str]:
    """Two words, often a slip or two of one another."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(two_slips())
    one = draw(words())
    if kind == 1:
        return one, draw(words())
    other = one
    for _ in range(draw(st.integers(0, 3))):
        letter = draw(st.sampled_from(LETTERS + OTHER_LETTERS))
        other = slipped(other, draw(st.integers(0, 11)), letter, draw(st.integers(0, 4)))
    return one, normal_text(other)


@st.composite
def two_names(draw: st.DrawFn, *, middles: bool = False) -> tuple[NameForm, NameForm]:
    """Two names, their parts now and then exchanged."""
    middle, another = draw(two_words()) if middles and draw(st.booleans()) else ("", "")
    (family, other), (name, theirs) = draw(two_words()), draw(two_words())
    if draw(st.sampled_from((False, False, True))):
        other, theirs = theirs, other
    generations = st.sampled_from(("", "", "", "jr", "sr"))
    return (
        NameForm(family=family, given=name, middle=middle, generation=draw(generations)),
        NameForm(family=other, given=theirs, middle=another, generation=draw(generations)),
    )


@given(st.lists(two_words(), min_size=1, max_size=8))
def test_words_are_compared_as_by_the_plainest_code(pairs: list[tuple[str, str]]) -> None:
    """D1: and in either order."""
    for one, other in pairs:
        family, given_name = (
            level_of_families(one, other, LEARNT),
            level_of_given(one, other, LEARNT),
        )
        event(f"family: {family}")
        event(f"given: {given_name}")
        assert (
            family
            == plain.level_of_families(one, other, LEARNT)
            == level_of_families(other, one, LEARNT)
        )
        assert (
            given_name
            == plain.level_of_given(one, other, LEARNT)
            == level_of_given(other, one, LEARNT)
        )
        if one and other:
            assert latin.is_variant(one, other) == plain.is_variant(one, other)


@given(st.lists(two_names(), min_size=1, max_size=6))
def test_names_are_compared_as_by_the_plainest_code(pairs: list[tuple[NameForm, NameForm]]) -> None:
    """D1: and in either order."""
    for one, other in pairs:
        code = compare_names(one, other, LEARNT)
        event(f"levels: {plain.levels_in(code)}")
        assert plain.levels_in(code) == plain.level_of_names(one, other, LEARNT)
        assert compare_names(other, one, LEARNT) == code


@given(st.lists(two_words(), min_size=1, max_size=8))
def test_words_whose_ends_are_far_apart_are_different(pairs: list[tuple[str, str]]) -> None:
    """D1: neither a slip, nor a spelling, nor alike."""
    for one, other in pairs:
        if one and other and are_far(one, other):
            event("far")
            assert " " in one + other or plain.level_of_families(one, other, LEARNT) == DIFFERENT
            assert plain.level_of_given(one, other, LEARNT) in (DIFFERENT, ANOTHER, SHORT_FORM)


@needs_arrays
@given(st.lists(two_words(), min_size=1, max_size=20))
def test_words_whose_letters_are_far_apart_are_different(pairs: list[tuple[str, str]]) -> None:
    """D1: as family names and as given names."""
    assert np is not None
    texts = list(dict.fromkeys(word for pair in pairs for word in pair))
    ones, others = (np.asarray([texts.index(pair[at]) for pair in pairs]) for at in (0, 1))
    far = FarWords(np, texts)
    for is_family, level in ((True, plain.level_of_families), (False, plain.level_of_given)):
        found = far.far(ones, others, is_family=is_family).tolist()
        event(f"far: {sum(found) > 0}, near: {sum(found) < len(found)}")
        assert {
            level(*pair, LEARNT) for pair, is_far in zip(pairs, found, strict=True) if is_far
        } <= {
            DIFFERENT,
            ANOTHER,
        }


def told(
    forms: list[Any],
    many: Callable[..., Any],
    one_by_one: Callable[..., int],
) -> tuple[list[int], list[int]]:
    """The codes of each form with each other, by arrays and one by one."""
    numbers = range(1, len(forms))
    pairs = [(one, other) for one in numbers for other in numbers if one <= other]
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    return (
        list(many(np, forms, (ones, others), LEARNT)),
        [one_by_one(forms[one], forms[other], LEARNT) for one, other in pairs],
    )


@needs_arrays
@given(st.lists(two_names(middles=True), min_size=1, max_size=5))
def test_many_names_are_compared_as_one_by_one(pairs: list[tuple[NameForm, NameForm]]) -> None:
    """D1: by arrays or not."""
    names: list[Any] = [None, *dict.fromkeys(name for pair in pairs for name in pair)]
    many, single = told(names, compare_many_names, compare_names)
    assert many == single


def locals_() -> st.SearchStrategy[str]:
    """Names before the domain."""
    return st.one_of(
        st.sampled_from(("ada.king", "ada.kinng", "adaking", "ada1", "ada2", "ada", "a", "kda1")),
        st.text("abk1٣.", min_size=1, max_size=9),
        st.text(min_size=1, max_size=4).filter(lambda text: "@" not in text),
    )


def mailboxes() -> st.SearchStrategy[str]:
    """Mailboxes at few domains."""
    domains = ("x.org", "y.org", "engine.org", "enigne.org", "gmail.com", "gmial.com", "pürs.de")
    return st.builds("{}@{}".format, locals_(), st.sampled_from(domains))


@given(st.lists(mailboxes(), min_size=2, max_size=6))
def test_mailboxes_are_compared_as_by_the_plainest_code(boxes: list[str]) -> None:
    """D1: and in either order."""
    for one, other in product(boxes, boxes):
        code = COMPARE["mail"]((one,), (other,), LEARNT)
        event(f"level: {code % LEVELS}")
        assert code % LEVELS == plain.level_of_mailboxes(one, other)
        assert COMPARE["mail"]((other,), (one,), LEARNT) == code


@needs_arrays
@given(st.lists(st.lists(mailboxes(), min_size=1, max_size=2), min_size=2, max_size=9))
def test_many_mailboxes_are_compared_as_one_by_one(found: list[list[str]]) -> None:
    """D1: by arrays or not."""
    forms: list[Any] = [None, *dict.fromkeys(tuple(one) for one in found)]
    many, single = told(forms, compare_many_mailboxes, COMPARE["mail"])
    assert many == single


LINES = st.from_regex(r"\+?[1-3]{6,8}|\+3[1-3]{5,7}", fullmatch=True)


@st.composite
def slipped_lines(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Lines, some of them a digit or two from another, now and then two in one form."""
    lines = draw(st.lists(LINES, min_size=1, max_size=4))
    for _ in range(draw(st.integers(0, 4))):
        line, at = draw(st.sampled_from(lines)), draw(st.integers(1, 5))
        lines.append(line[:at] + draw(st.sampled_from("1239")) + line[at + 1 :])
    lines.append(draw(st.sampled_from(("12345678901234567", "+123456789012345678", "٣٣٣٣٣٣"))))
    several = draw(st.lists(st.sampled_from(lines), min_size=2, max_size=2, unique=True))
    return [*((line,) for line in dict.fromkeys(lines)), tuple(sorted(several))]


@needs_arrays
@given(slipped_lines())
def test_many_lines_are_compared_as_one_by_one(found: list[tuple[str, ...]]) -> None:
    """D1: by arrays or not."""
    many, single = told([None, *dict.fromkeys(found)], compare_many_lines, COMPARE["line"])
    event(f"levels: {sorted({code % LEVELS for code in single})}")
    assert many == single


@needs_arrays
@given(st.lists(two_words(), min_size=1, max_size=20), st.sampled_from((0.8, 0.88, 0.822222)))
def test_many_texts_are_as_alike_as_each_pair(pairs: list[tuple[str, str]], least: float) -> None:
    """D2: in either order, too."""
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    alike = [jaro_winkler(one, other, least=least) > 0 for one, other in pairs]
    event(f"alike: {any(alike)}")
    assert are_alike(np, ones, others, least=least).tolist() == alike
    assert are_alike(np, others, ones, least=least).tolist() == alike


DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31)) | st.dates(date(1990, 1, 1), date(1991, 3, 1))


@given(LINES, LINES)
def test_lines_are_compared_as_by_the_plainest_code(one: str, other: str) -> None:
    """D1: and in either order."""
    level = COMPARE["line"]((one,), (other,), LEARNT) % LEVELS
    event(f"level: {level}")
    assert level == plain.level_of_lines(one, other)
    assert level == COMPARE["line"]((other,), (one,), LEARNT) % LEVELS


@given(DAYS, DAYS)
def test_dates_are_compared_as_by_the_plainest_code(one: date, other: date) -> None:
    """D1: and in either order."""
    level = COMPARE["birth"](one, other, LEARNT) % LEVELS
    event(f"level: {level}")
    assert level == plain.level_of_days(one, other)
    assert level == COMPARE["birth"](other, one, LEARNT) % LEVELS


TEXTS = ("main", "main street", "mainstreet", "north main", "high", "ä", "york", "new york", "")
NUMBERS = ((), ("1",), ("2",), ("1", "2"))
FORMS: dict[str, st.SearchStrategy[Any]] = {
    "line": LINES,
    "company": st.sampled_from(TEXTS[:-1]),
    "identifier": st.sampled_from(("abcd", "abce", "wxyz", "12345")),
    "title": st.sampled_from(TEXTS[:-1]),
    "place": st.tuples(st.sampled_from(("", "1", "2")), st.sampled_from(TEXTS)),
    "street": st.tuples(st.sampled_from(TEXTS), st.sampled_from(NUMBERS)),
}


@pytest.mark.parametrize("trait", FORMS)
@given(data=st.data())
def test_one_value_each_is_compared_as_several_are(trait: str, data: st.DataObject) -> None:
    """D1: a value given twice says what it says once."""
    one, other = data.draw(FORMS[trait]), data.draw(FORMS[trait])
    code = COMPARE[trait]((one,), (other,), LEARNT)
    assert code == COMPARE[trait]((one, one), (other,), LEARNT)
    assert code == COMPARE[trait]((one,), (other, other), LEARNT)


def places() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    """One place, or two, of which something is known."""
    cities = st.sampled_from(TEXTS) | st.text("abkz ", max_size=9).map(normal_text)
    place = st.tuples(st.sampled_from(("", "1", "2", "3")), cities).filter(any)
    return st.lists(place, min_size=1, max_size=2).map(tuple)


@needs_arrays
@given(st.lists(places(), min_size=2, max_size=9))
def test_many_places_are_compared_as_one_by_one(found: list[Any]) -> None:
    """D1: by arrays or not."""
    many, single = told([None, *dict.fromkeys(found)], compare_many_places, COMPARE["place"])
    assert many == single


def employers() -> st.SearchStrategy[tuple[str, ...]]:
    """One company, or two, by words that are near one another."""
    words = (
        "acme",
        "amce",
        "acmes",
        "af",
        "foods",
        "food",
        "motors",
        "3",
        "4",
        "france",
        "aaa",
        "é",
    )
    name = st.lists(st.sampled_from(words), min_size=1, max_size=4).map(" ".join)
    return st.lists(name, min_size=1, max_size=2, unique=True).map(lambda one: tuple(sorted(one)))


@needs_arrays
@given(st.lists(employers(), min_size=2, max_size=9))
@example([("acme foods",), ("af",), ("acme foods france",), ("foods acme",), ("acme fodos",)])
def test_many_employers_are_compared_as_one_by_one(found: list[Any]) -> None:
    """D1: by arrays or not."""
    many, single = told([None, *dict.fromkeys(found)], compare_many_employers, compare_employers)
    assert many == single


def streets() -> st.SearchStrategy[tuple[Any, ...]]:
    """One street, or two, of which something is known."""
    street = st.tuples(st.sampled_from(TEXTS), st.sampled_from(NUMBERS)).filter(any)
    return st.lists(street, min_size=1, max_size=2).map(tuple)


@needs_arrays
@given(st.lists(streets(), min_size=2, max_size=9))
def test_many_streets_are_compared_as_one_by_one(found: list[Any]) -> None:
    """D1: by arrays or not."""
    many, single = told([None, *dict.fromkeys(found)], compare_many_streets, COMPARE["street"])
    assert many == single
