"""Engine: candidate pairs of a table, compared and grouped into patterns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from crmcore.rules.matching.linkage.subject import Found
from crmcore.rules.matching.linkage.table import Column, Table
from crmcore.rules.matching.linkage.weights import Learnt


class Comparing:
    """Compares rows of a table, each pair of different values once."""

    def __init__(self, table: Table, learnt: Learnt) -> None:
        self.table = table
        self._learnt = learnt.buckets()
        self._sames = [self._same(column) for column in table.columns]
        self._traits = tuple(
            (at, column, sames)
            for at, (column, sames) in enumerate(zip(table.columns, self._sames, strict=True))
        )
        self._memos: list[dict[int, int]] = [{} for _ in table.columns]
        self._patterns: dict[tuple[int, ...], tuple[Found, ...]] = {}
        self._classify = table.subject.classify

    def _same(self, column: Column) -> list[int]:
        compare, learnt = column.trait.compare, self._learnt
        return [0, *(compare(form, form, learnt) for form in column.forms[1:])]

    def code(self, at: int, first: int, second: int) -> int:
        """The code of two forms of a column, by their numbers."""
        if not first or not second:
            return 0
        if first == second:
            return self._sames[at][first]
        if second < first:
            first, second = second, first
        column = self.table.columns[at]
        key = first * len(column.forms) + second
        memo = self._memos[at]
        known = memo.get(key)
        if known is None:
            forms = column.forms
            known = memo[key] = column.trait.compare(forms[first], forms[second], self._learnt)
        return known

    def pattern(self, first: int, second: int) -> tuple[int, ...]:
        """The codes of all traits of two rows."""
        return tuple(
            [  # much quicker than a generator
                0
                if not (one := column.ids[first]) or not (other := column.ids[second])
                else sames[one]
                if one == other
                else self.code(at, one, other)
                for at, column, sames in self._traits
            ]
        )

    def found(self, codes: tuple[int, ...]) -> tuple[Found, ...]:
        """The level of each group of evidence for these codes."""
        known = self._patterns.get(codes)
        if known is None:
            known = self._patterns[codes] = self._classify(codes)
        return known


def blind_patterns(comparing: Comparing, rows: int, times: int) -> Counter[tuple[Found, ...]]:
    """The patterns of so many pairs taken blindly, but the same ones each time."""
    counts: Counter[tuple[Found, ...]] = Counter()
    state = 12345
    for _ in range(times):
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        first = (state >> 33) % rows
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        second = (state >> 33) % rows
        if first != second:
            counts[comparing.found(comparing.pattern(first, second))] += 1
    return counts


def grouped(comparing: Comparing, pairs: Sequence[int]) -> dict[tuple[int, ...], list[int]]:
    """The pairs of each pattern of codes; a pair is ``first * rows + second``."""
    rows = len(comparing.table.columns[0].ids)
    found: dict[tuple[int, ...], list[int]] = {}
    for both in pairs:
        found.setdefault(comparing.pattern(both // rows, both % rows), []).append(both)
    return found
