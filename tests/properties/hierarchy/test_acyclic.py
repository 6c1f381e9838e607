"""Acyclic: no sequence of moves puts a record above itself."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from crmcore.adapters.memory import MemoryRepository
from crmcore.changes import ChangeSet, ConflictError, Insert
from crmcore.entities import Record
from crmcore.errors import CycleError
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import Query
from crmcore.rules.hierarchy import loops, reparent, would_loop
from crmcore.rules.rule import Context, Decision
from tests.properties.rollup.records import account, report, user

CONTEXT = Context(
    model=STANDARD_MODEL,
    now=datetime(2025, 3, 31, 12, tzinfo=UTC),
    new_id=map(str, itertools.count()).__next__,
)
Made = Callable[..., Record]
IDS = ("a", "b", "c", "d", "e")
FIELDS = {account: "parent_id", report: "reports_to_id", user: "manager_id"}
"""How records that make a tree are made, and the field by which they do."""
STEPS = st.tuples(st.sampled_from(IDS), st.none() | st.sampled_from(IDS))


def stored(made: Made) -> MemoryRepository:
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(made(one)) for one in IDS]))
    return repository


def everything(repository: MemoryRepository, kind: str) -> dict[str, Record]:
    with repository.snapshot() as snapshot:
        return {one.id: one for one in snapshot.find(Query[Record](kind))}


def planned(records: dict[str, Record], child: str, parent: str | None, field: str) -> Decision:
    above: list[Record] = []
    at = None if parent is None else getattr(records[parent], field)
    while at is not None:
        above.append(records[at])
        at = getattr(records[at], field)
    return reparent(
        records[child],
        None if parent is None else records[parent],
        context=CONTEXT,
        ancestors_of_parent=above,
    )


def outcome(
    records: dict[str, Record], child: str, parent: str | None, field: str
) -> tuple[Decision | None, tuple[str, ...]]:
    """The decision, or the path of the loop that it would make."""
    try:
        return planned(records, child, parent, field), ()
    except CycleError as refused:
        return None, refused.path


def is_a_tree(records: dict[str, Record], field: str) -> bool:
    """By brute force: from every record, as many steps up as there are records reach the top."""
    for record in records.values():
        at: Record | None = record
        for _ in records:
            parent = None if at is None else getattr(at, field)
            at = None if parent is None else records[parent]
        if at is not None:
            return False
    return True


@pytest.mark.parametrize("made", FIELDS, ids=lambda one: one.__name__)
def test_a_tree_stays_a_tree_after_every_move(made: Made) -> None:
    """X2 acyclic: a move that would make a loop is refused and names its path; the others work."""
    field = FIELDS[made]
    kind = made("x").ref.kind

    @given(st.lists(STEPS, max_size=20))
    def check(steps: list[tuple[str, str | None]]) -> None:
        repository = stored(made)
        for child, parent in steps:
            records = everything(repository, kind)
            decision, path = outcome(records, child, parent, field)
            if decision is None:
                event("refused")
                assert path[0] == path[-1] == child
                assert path[1] == parent
                for below, above in itertools.pairwise(path[1:]):
                    assert getattr(records[below], field) == above
                assert not is_a_tree({**records, child: made(child, parent)}, field)
            else:
                repository.commit(decision.changes)
                now = everything(repository, kind)
                assert getattr(now[child], field) == parent
                assert is_a_tree(now, field)

    check()


def below(parents: dict[str, str | None], top: str) -> list[str]:
    """The id and all below it, in a sound tree."""
    found = [top]
    for one in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == one]
    return found


@st.composite
def two_moves(
    draw: st.DrawFn,
) -> tuple[dict[str, str | None], list[tuple[str, str]]]:
    """A tree, and two moves that are each fine and together make a loop."""
    ids = draw(st.permutations([*IDS, "f"]))
    parents: dict[str, str | None] = {ids[0]: None}
    for at, one in enumerate(ids[1:]):
        parents[one] = draw(st.none() | st.sampled_from(ids[: at + 1]) | st.just(ids[at]))
    child = draw(st.sampled_from(ids))
    under = draw(st.sampled_from(ids))
    assume(under not in below(parents, child))
    above = [one for one in ids if under in below(parents, one)]
    first = (child, under)
    second = (draw(st.sampled_from(above)), draw(st.sampled_from(below(parents, child))))
    assume(second[1] not in below(parents, second[0]))
    return parents, draw(st.permutations([first, second]))


@given(two_moves())
def test_two_moves_decided_at_once_never_make_a_loop(
    case: tuple[dict[str, str | None], list[tuple[str, str]]],
) -> None:
    """X2 acyclic: of two moves that are each fine and together make a loop, one is refused."""
    parents, moves = case
    repository = MemoryRepository()
    repository.commit(ChangeSet([Insert(account(one, up)) for one, up in parents.items()]))
    records = everything(repository, "account")
    first, second = (planned(records, *move, "parent_id") for move in moves)
    repository.commit(first.changes)
    with pytest.raises(ConflictError):
        repository.commit(second.changes)
    assert is_a_tree(everything(repository, "account"), "parent_id")


PARENTS = st.dictionaries(st.sampled_from(IDS), st.none() | st.sampled_from([*IDS, "gone"]))


@given(PARENTS)
def test_loops_are_found_each_once_from_its_smallest_id(parents: dict[str, str | None]) -> None:
    """X2 acyclic: on any data, exactly the records above themselves are in a loop, each in one."""
    found = loops(parents, parents.get)
    inside = [one for loop in found for one in loop[:-1]]
    assert len(inside) == len(set(inside))
    for loop in found:
        assert loop[0] == loop[-1] == min(loop)
        assert all(parents[below] == above for below, above in itertools.pairwise(loop))
    for start in parents:
        at = parents.get(start)
        for _ in parents:
            if at == start or at is None:
                break
            at = parents.get(at)
        assert (start in inside) == (at == start)
    assert list(found) == sorted(found)


@given(PARENTS, st.sampled_from(IDS), st.sampled_from(IDS))
def test_a_move_would_loop_exactly_if_the_child_is_above_the_parent(
    parents: dict[str, str | None], child: str, parent: str
) -> None:
    """X2 acyclic: the path that is named starts and ends with the child."""
    above, at = [parent], parents.get(parent)
    while at is not None and at not in above:
        above.append(at)
        at = parents.get(at)
    path = would_loop(child, parent, parents.get)
    assert (path is not None) == (child in above)
    if path is not None:
        assert path == (child, *above[: above.index(child) + 1])
