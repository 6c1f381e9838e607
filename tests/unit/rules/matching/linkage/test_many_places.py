"""Many places at once; test_quick_comparisons.py holds them to one by one."""

import pytest

from crmcore.rules.matching.linkage.compare import compare_places
from crmcore.rules.matching.linkage.many_places import compare_many_places
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import LEVELS

np = pytest.importorskip("numpy")

LEARNT = PEOPLE.standard.buckets()
PLACES = [
    (("", ""),),
    (("10001", "new york"),),
    (("10001", ""),),
    (("", "york"),),
    (("", "new yrok"),),
    (("75001", "paris"),),
    (("20001", "lyon"), ("75001", "")),
]


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [(1, 2, 1), (1, 3, 2), (1, 4, 2), (1, 5, 3), (2, 3, 0), (2, 5, 3), (5, 6, 1), (3, 4, 3)],
)
def test_two_places_have_a_level(one: int, other: int, level: int) -> None:
    (code,) = compare_many_places(np, PLACES, ([one], [other]), LEARNT)
    assert code % LEVELS == level
    assert code == compare_places(PLACES[one], PLACES[other], LEARNT)


def test_no_pairs_have_no_codes() -> None:
    assert compare_many_places(np, PLACES, ([], []), LEARNT).tolist() == []
