"""Many companies at once; test_quick_comparisons.py holds them to one by one."""

import pytest

from crmcore.rules.matching.linkage import many_companies
from crmcore.rules.matching.linkage.many_companies import compare_employers, compare_many_employers
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import LEVELS

np = pytest.importorskip("numpy")

LEARNT = PEOPLE.standard.buckets()
NAMES = [
    ("",),
    ("acme foods",),
    ("foods acme",),
    ("acme",),
    ("acme fruit foods",),
    ("babbage engines",),
    ("aff", "babbage engines"),
    ("aff",),
]


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [(1, 2, 2), (1, 3, 2), (1, 5, 3), (5, 6, 1), (4, 7, 2), (4, 6, 2), (1, 7, 3), (3, 7, 3)],
)
def test_two_employers_have_a_level(one: int, other: int, level: int) -> None:
    for both in ((one, other), (other, one)):
        (code,) = compare_many_employers(np, NAMES, ([both[0]], [both[1]]), LEARNT)
        assert code % LEVELS == level
        assert code == compare_employers(NAMES[both[0]], NAMES[both[1]], LEARNT)


def test_what_is_surely_another_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def likeness(one: str, other: str) -> float:
        asked.append((one, other))
        return 0.0

    monkeypatch.setattr(many_companies, "company_likeness", likeness)
    assert len(compare_many_employers(np, NAMES, ([1, 3, 1], [5, 5, 2]), LEARNT)) == 3
    assert asked == [("acme foods", "foods acme")]
