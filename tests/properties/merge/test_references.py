from typing import Any

from hypothesis import event, given

from crmcore.adapters import MemoryRepository
from crmcore.entities import LEDGER
from crmcore.fields import Target
from crmcore.model.references import references
from crmcore.rules.identity import survivor_of
from crmcore.rules.merge import Merge
from crmcore.values import Ref
from tests.properties.merge.worlds import MODEL, World, all_references, merges, world

Planned = tuple[MemoryRepository, Merge]


def committed(planned: Planned) -> tuple[World, World, Merge]:
    """The world before and after, ledger rows left out of the latter."""
    repository, decision = planned
    before = world(repository)
    repository.commit(decision.changes)
    after = {ref: one for ref, one in world(repository).items() if ref.kind not in LEDGER}
    return before, after, decision


def followed(record: Any) -> list[tuple[str, Ref[Any]]]:
    return all_references(record, historic=False)


@given(merges())
def test_no_reference_that_follows_points_to_a_losing_record(planned: Planned) -> None:
    """M1 built-in, polymorphic, in a tuple and custom ones alike."""
    before, after, decision = committed(planned)
    losers = set(decision.receipt.losers)
    held = sum(ref in losers for one in before.values() for _, ref in followed(one))
    event(f"references to losers: {min(held, 5)}")
    for record in after.values():
        assert losers.isdisjoint(ref for _, ref in followed(record))


@given(merges())
def test_a_merge_leaves_no_dangling_reference(planned: Planned) -> None:
    """M1 a reference to a link row that goes is re-pointed as well."""
    _, after, _ = committed(planned)
    for record in after.values():
        for one, ref in references(record, MODEL.schema_of(record)):
            if one.lookup is not None and one.lookup.target is Target.STORED:
                is_kept = (one.path, ref) in all_references(record, historic=True)
                assert is_kept or ref in after, f"{record.ref}.{one.path}"


@given(merges())
def test_every_historic_reference_stays_and_resolves_to_the_survivor(planned: Planned) -> None:
    """M1 for references that are kept."""
    before, after, decision = committed(planned)
    for ref, record in after.items():
        if ref == decision.receipt.survivor:
            continue
        assert all_references(record, historic=True) == all_references(before[ref], historic=True)
        for _, target in all_references(record, historic=True):
            assert survivor_of(target, [decision.receipt]) in after


@given(merges())
def test_the_preview_lists_every_reference_that_moves(planned: Planned) -> None:
    """M17 each with its record, field, and where it pointed before and points after."""
    before, after, decision = committed(planned)
    survivor = decision.receipt.survivor
    told = {(one.ref, one.field, one.before): one.after for one in decision.receipt.moved}
    assert len(told) == len(decision.receipt.moved)
    seen = 0
    for ref, record in after.items():
        if ref == survivor:
            continue
        new = set(followed(record))
        for path, target in followed(before[ref]):
            if (path, target) not in new:
                seen += 1
                assert (path, told[ref, path, target]) in new
    assert seen == sum(ref != survivor for ref, _, _ in told)


@given(merges())
def test_planning_changes_nothing(planned: Planned) -> None:
    """M17 a preview is free of effects, and says what the commit then does."""
    repository, decision = planned
    before = world(repository)
    str(decision)
    assert world(repository) == before
    _, after, _ = committed(planned)
    for change in decision.changes:
        written = decision.changes.after(change.ref)
        stored = after.get(change.ref)
        if change.ref.kind not in LEDGER:
            assert (written is None) is (stored is None)
            if written is not None and stored is not None:
                assert followed(written) == followed(stored)
