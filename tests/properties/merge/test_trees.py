from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Account, Contact, Record
from crmcore.errors import CycleError
from crmcore.rules.hierarchy import loops
from crmcore.rules.merge import merge
from crmcore.values import PersonName, Ref
from tests.properties.merge.worlds import context, made, plan, stored, world

Tree = tuple[str, list[int | None]]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A kind and the parent of each record, the parents of which come before it, or none."""
    size = draw(st.integers(2, 7))
    parents = [None, *(draw(st.none() | st.integers(0, at - 1)) for at in range(1, size))]
    return draw(st.sampled_from(["account", "contact"])), parents


def records(tree: Tree) -> list[Record]:
    kind, parents = tree
    above = [None if one is None else f"n{one}" for one in parents]
    if kind == "account":
        return [
            made(Account, id=(f"n{at}"), name="A", parent_id=None if one is None else (one))
            for at, one in enumerate(above)
        ]
    return [
        made(
            Contact,
            id=(f"n{at}"),
            name=PersonName(family="L"),
            reports_to_id=None if one is None else (one),
        )
        for at, one in enumerate(above)
    ]


def parent(record: Record) -> str | None:
    name = "parent_id" if isinstance(record, Account) else "reports_to_id"
    found: str | None = getattr(record, name)
    return found


@given(trees(), st.data())
def test_a_merge_never_makes_a_loop(tree: Tree, data: st.DataObject) -> None:
    """M12 whoever survives: the path between the merged records is contracted."""
    repository = stored(records(tree))
    refs = data.draw(st.permutations(sorted(world(repository))))
    size = data.draw(st.integers(2, len(refs)))
    before = world(repository)
    members = {ref.id for ref in refs[:size]}
    decision = plan(before, refs[0], refs[1:size])
    repository.commit(decision.changes)
    after = {ref.id: one for ref, one in world(repository).items() if ref.kind == tree[0]}
    above = {id_: parent(one) for id_, one in after.items()}
    assert loops(above, above.get) == ()
    assert all(one is None or one in after for one in above.values())
    inside = sum(parent(before[Ref(tree[0], id_)]) in members for id_ in members)
    event(f"paths among the merged: {min(inside, 3)}")
    tops = {parent(before[Ref(tree[0], id_)]) for id_ in members} - members
    assert above[refs[0].id] in tops | {None}


@given(trees(), st.data())
def test_a_chosen_parent_that_would_make_a_loop_is_refused_with_its_path(
    tree: Tree, data: st.DataObject
) -> None:
    """M12 the path walks from the survivor back to itself, and nothing else is refused."""
    known = {one.ref: one for one in records(tree)}
    refs = data.draw(st.permutations(sorted(known)))
    size = data.draw(st.integers(2, len(refs)))
    target = data.draw(st.sampled_from(refs))
    members = {ref.id for ref in refs[:size]}
    way: list[str] = [target.id]
    while way[-1] not in members and (up := parent(known[Ref(tree[0], way[-1])])) is not None:
        way.append(up)
    name = "parent_id" if tree[0] == "account" else "reports_to_id"
    if way[-1] not in members:
        assert parent(plan(known, refs[0], refs[1:size], choose={name: target.id}).survivor)
        return
    event("a loop was chosen")
    with pytest.raises(CycleError) as caught:
        plan(known, refs[0], refs[1:size], choose={name: target.id})
    assert caught.value == CycleError(tree[0], (refs[0].id, *way[:-1], refs[0].id))


@given(st.integers(0, 3), st.booleans())
def test_the_survivor_takes_the_place_of_the_one_above_it(
    between: int, is_survivor_low: bool
) -> None:
    """M12 merged with an ancestor, a record stands where that one stood."""
    chain = [None, *range(between + 2)]
    people = records(("account", chain))
    top, high, low = people[0], people[1], people[-1]
    survivor, loser = (low, high) if is_survivor_low else (high, low)
    decision = merge(survivor, [loser], context=context(), related=people, referring=people)
    assert parent(decision.survivor) == top.id


def test_a_merge_in_a_very_deep_tree_is_decided() -> None:
    """M12 without recursion, also where the path to contract is long."""
    people: list[Any] = records(("contact", [None, *range(10_000)]))
    decision = merge(people[-1], [people[1]], context=context(), related=people, referring=people)
    assert parent(decision.survivor) == people[0].id
