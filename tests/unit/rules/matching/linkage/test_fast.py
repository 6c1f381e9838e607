from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage import fast

np = pytest.importorskip("numpy")


@given(st.lists(st.lists(st.integers(0, 15), max_size=9, unique=True), min_size=1, max_size=5))
def test_the_pairs_of_all_keys_are_those_of_each(found: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "_CHUNK", 5)
        arrays = [np.asarray(sorted(one), dtype=np.int64) for one in found]
        first, second, shared = fast.united(np, arrays, 4)
    made = dict(
        zip(zip(first.tolist(), second.tolist(), strict=True), shared.tolist(), strict=True)
    )
    assert made == {
        divmod(both, 4): sum(1 << at for at, one in enumerate(found) if both in one)
        for both in sorted({both for one in found for both in one})
    }


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), max_size=40, unique=True),
    st.sampled_from([1, 2**62]),
)
def test_only_numbers_that_several_rows_have_are_kept(
    given_rows: list[tuple[int, int]], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "_MOST", most)
        rows, numbers = (
            np.asarray([one[at] for one in given_rows], dtype=np.int64) for at in (0, 1)
        )
        rows, numbers, begins, ends = fast._runs_of(np, rows, numbers)
    assert _blocks(rows.tolist(), begins.tolist(), ends.tolist()) == [
        sorted(members)
        for number in sorted({number for _, number in given_rows})
        if len(members := [row for row, own in given_rows if own == number]) > 1
    ]


def _blocks(rows: Sequence[int], begins: Sequence[int], ends: Sequence[int]) -> list[list[int]]:
    return [list(rows[begin:end]) for begin, end in zip(begins, ends, strict=True)]
