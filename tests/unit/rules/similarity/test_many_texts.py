"""Many texts at once; test_quick_comparisons.py holds them to one by one."""

import pytest

from crmcore.rules.similarity import many_texts
from crmcore.rules.similarity.many_texts import are_alike

np = pytest.importorskip("numpy")


def test_texts_are_alike_from_the_least_on() -> None:
    ones = ["martha", "dwayne", "king", "", "ada"]
    others = ["marhta", "duane", "lovelace", "", "ada"]
    assert are_alike(np, ones, others, least=0.84).tolist() == [True, True, False, True, True]
    assert are_alike(np, ones, others, least=0.85).tolist() == [True, False, False, True, True]
    assert are_alike(np, [], [], least=0.9).tolist() == []


def test_what_is_as_alike_as_the_least_is_measured_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []

    def measured(one: str, other: str, *, least: float) -> float:
        asked.append((one, other))
        return 1.0

    monkeypatch.setattr(many_texts, "jaro_winkler", measured)
    found = are_alike(np, ["martha", "dwayne"], ["marhta", "duane"], least=0.961111)
    assert found.tolist() == [True, False]
    assert asked == [("martha", "marhta")]  # 0.96111...
