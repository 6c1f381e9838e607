"""Rows: numbers of references, whatever comes and goes."""

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.rules.matching.rows import Rows
from crmcore.values.ref import Ref

REFS: st.SearchStrategy[Ref[Any]] = st.builds(
    Ref, st.sampled_from(("contact", "lead")), st.sampled_from("abcdef")
)


@given(
    st.lists(REFS, max_size=4, unique=True),
    st.lists(st.tuples(st.booleans(), REFS), max_size=30),
)
def test_no_two_references_have_one_number(
    first: list[Ref[Any]], steps: list[tuple[bool, Ref[Any]]]
) -> None:
    """D12: in any order of coming and going, a number leads to the reference that has it."""
    rows = Rows()
    numbers = dict(zip(first, rows.add_all(first), strict=True))
    most = len(numbers)
    for is_added, ref in steps:
        if is_added:
            number = rows.add(ref)
            assert numbers.setdefault(ref, number) == number
        else:
            rows.drop(ref)
            numbers.pop(ref, None)
        most = max(most, len(numbers))
        assert len(set(numbers.values())) == len(numbers) == len(rows)
        assert all(rows.ref(number) == ref for ref, number in numbers.items())
        assert all(rows.number(ref) == numbers.get(ref) for ref in (*first, ref))
    assert len(rows.refs) == most
    event(f"given again: {sum(is_added for is_added, _ in steps) > most}")
