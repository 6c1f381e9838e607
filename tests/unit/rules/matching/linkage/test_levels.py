"""Levels."""

from collections.abc import Sequence

from crmcore.rules.matching.linkage.codes import CodeColumn, Patterns
from crmcore.rules.matching.linkage.levels import as_levels, levels_of, numbered
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import coded

CODES = [
    (0, 0, 0, 0, 0, 0, 0, 0, coded(1, 2), 0, 0),
    (0, 0, 0, 0, 0, 0, 0, 0, coded(2, 2), 0, 0),
    (0, 0, 0, coded(1, 5), 0, 0, 0, 0, coded(1, 2), 0, 0),
    (0, 0, 0, coded(1, 5), coded(1, 9), 0, 0, 0, coded(1, 2), 0, 0),  # one employer, in one place
]


def columns(codes: Sequence[tuple[int, ...]]) -> tuple[CodeColumn, ...]:
    """The column of each trait."""
    given = zip(*codes, strict=True) if codes else ((),) * len(PEOPLE.traits)
    return tuple(CodeColumn(*numbered(column)) for column in given)


def test_patterns_of_codes_that_say_the_same_are_one() -> None:
    levels, of = levels_of(PEOPLE, Patterns(columns(CODES), [5, 7, 11, 13], []))
    assert list(of) == [0, 1, 2, 2]
    assert list(levels.times) == [5, 7, 24]
    assert list(levels.patterns()) == [PEOPLE.classify(CODES[at]) for at in range(3)]
    again = as_levels(PEOPLE, dict(zip(levels.patterns(), levels.times, strict=True)))
    assert list(again.patterns()) == list(levels.patterns())
    assert list(again.times) == list(levels.times)


def test_no_patterns_have_no_levels() -> None:
    levels, of = levels_of(PEOPLE, Patterns(columns([]), [], []))
    assert (len(levels), list(of), list(levels.patterns())) == (0, [], [])
    assert len(as_levels(PEOPLE, {})) == 0


def test_values_are_numbered_as_they_come() -> None:
    assert numbered("abcab") == (["a", "b", "c"], [0, 1, 2, 0, 1])
