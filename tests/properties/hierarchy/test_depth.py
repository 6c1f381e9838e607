"""Depth: a hierarchy may be as deep as it likes."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.entities import Account, Opportunity
from crmcore.rules import hierarchy
from crmcore.rules.hierarchy import forest
from crmcore.rules.rollup import OPEN_DEALS, roll_up
from crmcore.values.ids import AccountId
from tests.properties.rollup.worlds import CONTEXT


def chain(length: int) -> dict[str, str | None]:
    """Each id below the one before it."""
    return {str(one): str(one - 1) if one else None for one in range(length)}


@pytest.mark.parametrize("length", [1, 2, 10_000, 1_000_000])
def test_walks_work_at_any_depth(length: int) -> None:
    """X3 depth: ancestors and descendants of a chain, far beyond the limit of recursion."""
    assert length < 10 or length > 5 * sys.getrecursionlimit()
    parents = chain(length)
    last = str(length - 1)
    above = hierarchy.ancestors(last, parents.get)
    assert (len(above), above[-1:]) == (length - 1, ("0",) if length > 1 else ())
    children = hierarchy.children_index(parents)
    below = hierarchy.descendants("0", lambda one: children.get(one, ()))
    assert below == tuple(reversed((last, *above)))[1:]
    assert hierarchy.depth(last, parents.get) == length - 1
    assert hierarchy.ultimate_parent(last, parents.get) == "0"
    assert hierarchy.path(last, parents.get) == ("0", *below)
    assert hierarchy.loops(parents, parents.get) == ()
    assert hierarchy.would_loop("0", last, parents.get) == ("0", *reversed(below), "0")


@pytest.mark.parametrize("length", [2, 10_000])
def test_a_loop_may_be_as_long(length: int) -> None:
    """X3 depth: a loop of that many records is found, and its members become tops."""
    parents = {**chain(length), "0": str(length - 1)}
    (loop,) = hierarchy.loops(parents, parents.get)
    assert len(loop) == length + 1
    assert len(forest(parents).roots) == length


def test_figures_work_at_depth_10_000() -> None:
    """X3 depth: so do the totals of accounts, the same all the way up."""
    accounts = [
        Account(
            id=AccountId(one), name=one, parent_id=None if parent is None else AccountId(parent)
        )
        for one, parent in chain(10_000).items()
    ]
    deal = Opportunity(name="deal", account_id=AccountId("9999"))
    found = roll_up(OPEN_DEALS, accounts=accounts, children=[deal], context=CONTEXT)
    assert set(found.values()) == {1}


@given(
    st.dictionaries(
        st.sampled_from("abcdef"), st.none() | st.sampled_from(["a", "b", "c", "d", "e", "gone"])
    )
)
def test_a_forest_has_every_id_behind_its_children_on_any_data(
    parents: dict[str, str | None],
) -> None:
    """X3 depth: the order from the leaves up is whole, whatever loops and gaps the data have."""
    found = forest(parents)
    assert sorted(found.bottom_up) == sorted(parents) == sorted(found.parents)
    place = {one: at for at, one in enumerate(found.bottom_up)}
    for child, parent in found.parents.items():
        if parent is None:
            named = parents[child]
            looping = any(child in loop for loop in found.loops)
            assert named is None or looping or (child, named) in found.missing
        else:
            assert parent == parents[child]
            assert place[child] < place[parent]
            assert child in found.children[parent]
    assert {(child, parent) for child, parent in found.missing} == {
        (child, parent) for child, parent in parents.items() if parent not in {None, *parents}
    }
    assert set(found.roots) == {one for one, parent in found.parents.items() if parent is None}
    for one in parents:
        line = hierarchy.path(one, found.parents.get)
        assert line[0] in found.roots
        assert one in found.below(line[0])
