"""Many lines at once; test_quick_comparisons.py holds them to one by one."""

import pytest

from crmcore.rules.matching.linkage import many
from crmcore.rules.matching.linkage.compare import compare_lines
from crmcore.rules.matching.linkage.many_lines import compare_many_lines
from crmcore.rules.matching.linkage.people import PEOPLE

np = pytest.importorskip("numpy")

LEARNT = PEOPLE.standard.buckets()
LINES = [
    ("",),
    ("+493012345678",),
    ("+493012345687",),  # two digits swapped
    ("12345678",),  # as dialled there
    ("+493087654321",),
    ("+493012345678", "87654321"),
    ("12345678901234567890",),  # too long to tell
]


def test_many_lines_have_the_codes_of_each_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, object]] = []

    def compare(one: tuple[str, ...], other: tuple[str, ...], learnt: object) -> int:
        asked.append((one, other))
        return compare_lines(one, other, LEARNT)

    monkeypatch.setattr("crmcore.rules.matching.linkage.many_lines.compare_lines", compare)
    pairs = [(one, other) for one in range(1, 7) for other in range(one, 7)]
    for at_once in (4, 1_000):
        monkeypatch.setattr(many, "_AT_ONCE", at_once)
        found = compare_many_lines(np, LINES, tuple(zip(*pairs, strict=True)), LEARNT)  # type: ignore[arg-type]  # numbers
        expected = [compare_lines(LINES[one], LINES[other], LEARNT) for one, other in pairs]
        assert found.tolist() == expected
    assert (LINES[1], LINES[2]) in asked
    assert (LINES[1], LINES[4]) not in asked
