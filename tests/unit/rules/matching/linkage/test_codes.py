"""Codes put together to patterns, by arrays or not."""

from array import array
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage import codes
from crmcore.rules.matching.linkage.codes import CodeColumn

np = pytest.importorskip("numpy")

COLUMNS = st.integers(0, 12).flatmap(
    lambda many: st.lists(
        st.lists(st.sampled_from([0, 1, 2, 33, 10**6, 2**40]), min_size=many, max_size=many),
        min_size=1,
        max_size=6,
    )
)


def column(found: list[int], *, by_arrays: bool) -> CodeColumn:
    different = sorted(set(found))
    of = [different.index(one) for one in found]
    return CodeColumn(different, np.asarray(of, dtype=np.uint32) if by_arrays else array("I", of))


@given(found=COLUMNS, most=st.sampled_from([2, 7, 2**62]))
def test_rows_of_codes_are_told_apart_as_tuples_are(found: list[list[int]], most: int) -> None:
    rows = list(zip(*found, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_MOST", most)
        for told in (
            codes.patterns_by_arrays(np, [column(one, by_arrays=True) for one in found]),
            codes.patterns_of([column(one, by_arrays=False) for one in found]),
        ):
            assert told.codes == sorted(set(rows))
            assert [told.codes[at] for at in told.of] == rows
            assert dict(zip(told.codes, told.times, strict=True)) == Counter(rows)


@given(
    st.lists(st.lists(st.sampled_from([0, 3, 2**40]), max_size=5), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_column_may_be_made_in_parts_and_parted(
    found: list[list[int]], by_arrays: bool
) -> None:  # drawn
    whole = codes.put_together([column(one, by_arrays=by_arrays) for one in found])
    assert [whole.different[at] for at in whole.of] == list(chain.from_iterable(found))
    parts = codes.parted([whole, whole], [len(one) for one in found])
    assert [[whole.different[at] for at in both[1].of] for both in parts] == found
