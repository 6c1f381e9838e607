"""Engine: pairs of rows compared trait by trait, and grouped into patterns of codes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from crmcore.rules.matching.linkage import codes, fast, spread
from crmcore.rules.matching.linkage.codes import CodeColumn, Patterns
from crmcore.rules.matching.linkage.many import Array, Numpy, asked_of
from crmcore.rules.matching.linkage.table import Column, Table
from crmcore.rules.matching.linkage.weights import Learnt

Codes = tuple[int, ...]
"""For each trait the code of two rows; 0: nothing to compare."""

Pairs: TypeAlias = tuple[Sequence[int], Sequence[int]]
"""The first row of each pair, and the second."""

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
        self, *some: Pairs, told: Callable[[float], None] = lambda _: None
    ) -> list[Patterns]:
        """The patterns of some pairs of rows, and of others, compared at one go.

        ``told`` hears which share of them is done.
        """
        np = fast.numpy() if len(self.table) >= fast.MANY else None
        sizes = [len(first) for first, _ in some]
        if np is None:
            joint = (
                [one for first, _ in some for one in first],
                [one for _, second in some for one in second],
            )
            columns = self._columns(None, joint, told)
            return list(map(codes.patterns_of, codes.parted(columns, sizes)))
        rows = tuple(
            np.concatenate([np.asarray(pairs[at], dtype=np.int64) for pairs in some])
            for at in (0, 1)
        )
        columns = self._columns(np, (rows[0], rows[1]), told)
        return [codes.patterns_by_arrays(np, part) for part in codes.parted(columns, sizes)]

    def _columns(self, np: Numpy, pairs: Pairs, told: Callable[[float], None]) -> list[CodeColumn]:
        """The codes of the pairs, trait by trait.

        A trait that is compared by arrays is done in few parts, because for each nearly all its
        forms are read; of another each process takes a part.
        """
        compare: Callable[[Column, Pairs], CodeColumn] = (
            self._by_hand if np is None else partial(self._by_arrays, np)
        )
        workers = self._workers if len(pairs[0]) >= MANY else 1
        columns = sorted(enumerate(self.table.columns), key=lambda one: -one[1].size)
        places: list[int] = []
        tasks: list[Callable[[], CodeColumn]] = []
        for at, column in columns:
            by_arrays = column.trait.compare_many is not None and np is not None
            shares = max(1, workers // 2) if by_arrays else workers
            for part in spread.parts(len(pairs[0]), shares) or [slice(0)]:
                places.append(at)
                tasks.append(partial(compare, column, (pairs[0][part], pairs[1][part])))
        made: list[list[CodeColumn]] = [[] for _ in columns]
        for at, one in zip(places, spread.done(tasks, workers, told=told), strict=True):
            made[at].append(one)
        self.table.let_go()
        return list(map(codes.put_together, made))

    def _by_hand(self, column: Column, pairs: Pairs) -> CodeColumn:
        """The codes of pairs by one trait, each two different forms compared once."""
        size, number = column.size, column.ids.__getitem__
        if size == 1:  # nothing is known of any row
            return CodeColumn([0], array("I", bytes(4 * len(pairs[0]))))
        # whole numbers instead of pairs: to look them up takes half the time
        both = [
            one * size + other if one <= other else other * size + one
            for one, other in zip(map(number, pairs[0]), map(number, pairs[1]), strict=True)
        ]
        known = dict.fromkeys(both, 0)
        compare, form, learnt = column.trait.compare, column.forms.__getitem__, self._learnt
        for one in known:
            if one >= size:  # else there is nothing to compare
                known[one] = compare(form(one // size), form(one % size), learnt)
        different = sorted(set(known.values()))
        places = dict(zip(different, range(len(different)), strict=True))
        known = {one: places[code] for one, code in known.items()}
        return CodeColumn(different, array("I", map(known.__getitem__, both)))

    def _by_arrays(self, np: Numpy, column: Column, pairs: Pairs) -> CodeColumn:
        """The same by arrays."""
        many, compare = column.trait.compare_many, column.trait.compare
        ids = np.asarray(column.ids, dtype=np.int32)

        def decide(ones: Array, others: Array) -> Array:
            if many is not None and len(ones) >= fast.MANY:
                return many(np, column.forms, (ones, others), self._learnt)
            return asked_of(np, compare, column.forms, (ones, others), self._learnt)

        return codes.column_of(np, ids, pairs, decide)


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
