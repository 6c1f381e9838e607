"""Postings: rows come and go under keys, and are found by key, a crowd by its marks."""

from collections.abc import Iterable

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.rules.matching import postings as module
from crmcore.rules.matching.postings import Postings, gather_parts

KEYS = st.sampled_from(("a", "b", "c"))
FILED = st.tuples(KEYS, st.integers(0, 7))
LIMIT = 3


def marks_of(row: int) -> tuple[str, ...]:
    """Two marks for a few rows, one for the others."""
    return ("even", "low") if row in (0, 2) else ("even" if row % 2 == 0 else "odd",)


def gathered(postings: Postings, key: str, marks: tuple[str, ...]) -> tuple[set[int], list[int]]:
    """The rows under a key, and the sizes of what was passed over."""
    found: set[int] = set()
    crowds = postings.gather([key], found)
    return found, [size for _, size in gather_parts(crowds, marks, found)]


def expected(
    filed: Iterable[tuple[str, int]], key: str, marks: tuple[str, ...]
) -> tuple[set[int], list[int]]:
    """As ``gathered``, the plain way."""
    rows = {row for own, row in filed if own == key}
    if len(rows) <= LIMIT:
        return rows, []
    parts = [{row for row in rows if mark in marks_of(row)} for mark in marks] or [rows]
    found = {row for part in parts if len(part) <= LIMIT for row in part}
    return found, [len(part) for part in parts if len(part) > LIMIT]


@given(
    st.sets(FILED, max_size=12),
    st.booleans(),
    st.lists(st.tuples(st.booleans(), FILED), max_size=25),
    st.sampled_from(((), ("odd",), ("even", "low"), ("nobody's",))),
)
def test_rows_are_found_under_the_keys_that_they_are_filed_under(
    first: set[tuple[str, int]],
    is_twice: bool,
    steps: list[tuple[bool, tuple[str, int]]],
    marks: tuple[str, ...],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "POSTING_LIMIT", LIMIT)
        postings = Postings(marks_of)
        given_at_once = sorted(first, key=lambda one: one[1])
        halves = (given_at_once[::2], given_at_once[1::2]) if is_twice else (given_at_once,)
        for half in halves:
            postings.put_all([key for key, _ in half], [row for _, row in half])
        filed = set(first)
        for is_put, (key, row) in steps:
            if is_put:
                postings.put(key, row)
                filed.add((key, row))
            else:
                postings.drop(key, row)
                filed.discard((key, row))
        for key in ("a", "b", "c"):
            answer = gathered(postings, key, marks)
            assert answer == expected(filed, key, marks)
            event(f"passes over: {bool(answer[1])}")


def test_a_row_filed_twice_under_a_key_at_once_is_there_once() -> None:
    postings = Postings()
    postings.put_all(["a", "a", "a", "a", "b"], [1, 1, 2, 2, 2])
    assert gathered(postings, "a", ()) == ({1, 2}, [])
    postings.drop("a", 1)
    postings.drop("a", 2)
    assert gathered(postings, "a", ()) == (set(), [])
