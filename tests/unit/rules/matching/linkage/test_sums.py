"""Sums."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.matching.linkage import fast, sums
from crmcore.rules.matching.linkage.sums import Arrays, Lists, Sums, total

NUMBERS = st.floats(-1e9, 1e9)


@pytest.mark.skipif(fast.numpy() is None, reason="arrays need the extra fast")
@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 4))))
def test_lists_and_arrays_give_the_same_last_digit(rows: list[tuple[float, float, int]]) -> None:
    def told(how: Sums) -> list[list[float]]:
        ones, others = (
            how.numbers([one for one, _, _ in rows]),
            how.numbers([a for _, a, _ in rows]),
        )
        places = how.places(at for *_, at in rows)
        columns = how.plus(ones, others), how.minus(ones, others), how.times(ones, others)
        few = how.taken(how.numbers([0.1, 0.2, 0.3, 0.4, 0.5]), places)
        return [
            *map(how.listed, (*columns, few)),
            *(how.added(places, column, 6) for column in columns),
        ]

    assert told(Arrays(fast.numpy())) == told(Lists())


def test_long_columns_are_arrays_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(sums.sums(10), Lists)
    monkeypatch.setattr(fast, "numpy", lambda: None)
    assert isinstance(sums.sums(10**9), Lists)


def test_a_sum_goes_from_the_first_to_the_last() -> None:
    assert total([1e16, 1.0, -1e16]) == 0.0
    assert total([]) == 0.0
