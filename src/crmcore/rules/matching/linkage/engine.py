"""Engine: pairs of rows compared trait by trait, and grouped into patterns of codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from attrs import frozen

from crmcore.rules.matching.linkage import fast, spread
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage.weights import Learnt

Codes = tuple[int, ...]
"""For each trait the code of two rows; 0: nothing to compare."""


_AT_ONCE: Final = 500_000
"""Arrays are made of so many pairs at once, which bounds their memory."""


@frozen
class Patterns:
    """The different codes of some pairs, rising, how many pairs have them, and which a pair has."""

    codes: Sequence[Codes]
    times: Sequence[int]
    of: Sequence[int]


MANY: Final = 10_000
"""From so many pairs on processes are worth their start."""


class Comparing:
    """Compares rows of a table, each two different forms once, by ``workers`` processes."""

    def __init__(self, table: Table, learnt: Learnt, *, workers: int = 1) -> None:
        self.table = table
        self._workers = workers
        self._learnt = learnt.buckets()

    def pattern(self, first: int, second: int) -> Codes:
        """The codes of all traits of two rows."""
        return tuple(
            column.trait.compare(column.forms[one], column.forms[other], self._learnt)
            if (one := column.ids[first]) and (other := column.ids[second])
            else 0
            for column in self.table.columns
        )

    def patterns(
        self,
        first: Sequence[int],
        second: Sequence[int],
        *,
        told: Callable[[float], None] = lambda _: None,
    ) -> Patterns:
        """The patterns of these pairs of rows; ``told`` hears which share of them is done."""
        if self._workers < 2 or len(first) < MANY:
            return self._compared(first, second, told)
        tasks = [
            partial(self._compared, first[part], second[part])
            for part in spread.parts(len(first), self._workers)
        ]
        return _joined(spread.done(tasks, self._workers, told=told))

    def _compared(
        self,
        first: Sequence[int],
        second: Sequence[int],
        told: Callable[[float], None] = lambda _: None,
    ) -> Patterns:
        """The patterns of these pairs, found by this process."""
        columns = self.table.columns
        np = fast.numpy() if len(self.table) >= fast.MANY else None
        if np is not None:
            rows = (np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64))
            made = []
            for at, column in enumerate(columns):
                ids = np.asarray(column.ids, dtype=np.int64)
                made.append(fast.codes_of(np, ids, rows, self._decider(at, np)))
                told((at + 1) / len(columns))
            return Patterns(*fast.joined(np, made))
        plain = []
        for at in range(len(columns)):
            plain.append(self._codes(at, first, second))
            told((at + 1) / len(columns))
        found = list(zip(*plain, strict=True))
        times = Counter(found)
        different = sorted(times)
        numbers = dict(zip(different, range(len(different)), strict=True))
        return Patterns(
            different, [times[one] for one in different], list(map(numbers.__getitem__, found))
        )

    def _codes(self, at: int, first: Sequence[int], second: Sequence[int]) -> list[int]:
        """The code of each pair by one trait."""
        if len(self.table.columns[at].forms) == 1:  # nothing is known of any row
            return [0] * len(first)
        number, size = self.table.columns[at].ids.__getitem__, len(self.table.columns[at].forms)
        # whole numbers instead of pairs: to look them up takes half the time
        pairs = [
            one * size + other if one <= other else other * size + one
            for one, other in zip(map(number, first), map(number, second), strict=True)
        ]
        known = dict.fromkeys(pairs, 0)
        different = [both for both in known if both >= size]
        codes = self._decider(at)(
            [both // size for both in different], [both % size for both in different]
        )
        known.update(zip(different, codes, strict=True))
        return list(map(known.__getitem__, pairs))

    def _decider(
        self, at: int, np: fast.Numpy = None
    ) -> Callable[[Sequence[int], Sequence[int]], Sequence[int]]:
        """Gives the codes of pairs of forms of a trait, by their numbers."""
        column = self.table.columns[at]
        compare, many = column.trait.compare, column.trait.compare_many
        forms, learnt = column.forms, self._learnt

        def decide(ones: Sequence[int], others: Sequence[int]) -> Sequence[int]:
            if np is not None and many is not None and len(ones) >= fast.MANY:
                codes: list[int] = []
                for begin in range(0, len(ones), _AT_ONCE):
                    part = slice(begin, begin + _AT_ONCE)
                    codes += many(np, forms, (ones[part], others[part]), learnt)
                return codes
            form = forms.__getitem__
            return [
                compare(one, other, learnt)
                for one, other in zip(map(form, ones), map(form, others), strict=True)
            ]

        return decide


def _joined(parts: Sequence[Patterns]) -> Patterns:
    """The patterns of pairs that were compared in parts."""
    times: Counter[Codes] = Counter()
    for part in parts:
        for codes, count in zip(part.codes, part.times, strict=True):
            times[codes] += count
    different = sorted(times)
    numbers = dict(zip(different, range(len(different)), strict=True))
    places = [[numbers[codes] for codes in part.codes] for part in parts]
    return Patterns(
        different,
        [times[one] for one in different],
        fast.placed([part.of for part in parts], places),
    )


def blind_pairs(rows: int, times: int) -> tuple[list[int], list[int]]:
    """So many pairs of rows taken blindly, but the same ones each time."""
    first: list[int] = []
    second: list[int] = []
    state = 12345
    for _ in range(times):
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        one = (state >> 33) % rows
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        other = (state >> 33) % rows
        if one != other:
            first.append(one)
            second.append(other)
    return first, second
