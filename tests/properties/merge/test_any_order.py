from collections import Counter
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from crmcore import Crm
from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, Insert, differences
from crmcore.entities import LEDGER, Activity, Contact, Record
from crmcore.errors import CycleError
from crmcore.findings import ValidationError
from crmcore.query import Query
from crmcore.rules.merge import Merge, MergeError, UnmergeError
from crmcore.values import Ref
from tests.properties.merge.ground import exact
from tests.properties.merge.machine import JsonMergeMachine, MergeMachine
from tests.properties.merge.worlds import MODEL, made, worlds

FEW = settings(max_examples=min(60, settings().max_examples))
"""Each example is a whole company, merged and taken apart again."""

Known = dict[Ref[Any], Record]


def begun(records: tuple[Record, ...]) -> Crm:
    store = MemoryRepository()
    store.commit(ChangeSet([Insert(exact(one)) for one in records]))
    return Crm(store, model=MODEL)


def known(crm: Crm) -> Known:
    """Everything stored but the ledger."""
    with crm._repository.snapshot() as snapshot:
        kinds = [kind for kind in MODEL.kinds if kind not in LEDGER]
        return {row.ref: row for kind in kinds for row in snapshot.find(Query[Any](kind))}


def unlike(before: Known, after: Known) -> list[Any]:
    """What differs, versions and moments of writing apart."""
    odd: list[Any] = sorted(before.keys() ^ after.keys())
    return odd + [
        (ref, differences(before[ref], after[ref]))
        for ref in before.keys() & after.keys()
        if differences(before[ref], after[ref])
    ]


def some_merges(crm: Crm, data: st.DataObject, most: int) -> list[Merge]:
    found: list[Merge] = []
    for _ in range(most):
        kind = data.draw(st.sampled_from(("contact", "contact", "account", "opportunity")))
        refs = sorted(ref for ref in known(crm) if ref.kind == kind)
        if len(refs) < 2:
            continue
        first, *others = data.draw(
            st.lists(st.sampled_from(refs), min_size=2, max_size=3, unique=True)
        )
        try:
            found.append(crm.merge(first, others))
        except (MergeError, ValidationError, CycleError):
            continue
    return found


@FEW
@given(worlds(), st.data())
def test_unmerging_right_after_a_merge_restores_everything(
    records: tuple[Record, ...], data: st.DataObject
) -> None:
    """M18 every record, reference, flag and link row, and nothing stays."""
    crm = begun(records)
    before = known(crm)
    for merge in some_merges(crm, data, 1):
        unmerge = crm.unmerge(merge.id)
        assert unmerge.receipt.stayed == ()
        assert unlike(before, known(crm)) == []
        assert set(unmerge.receipt.restored) >= set(merge.receipt.losers)


@FEW
@given(worlds(), st.data())
def test_merges_are_taken_back_in_any_order(
    records: tuple[Record, ...], data: st.DataObject
) -> None:
    """M20 without edits in between, undoing all restores everything, and nothing stays for good."""
    crm = begun(records)
    before = known(crm)
    merges = some_merges(crm, data, 4)
    order = data.draw(st.permutations(merges))
    event(f"merges: {len(merges)}, out of order: {order != merges[::-1]}")
    for merge in order:
        unmerge = crm.unmerge(merge)
        assert [one for one in unmerge.receipt.stayed if not one.is_waiting] == []
        assert not crm.check().errors
        for ref in merge.receipt.losers:
            assert crm.resolve(ref) is not None
    assert unlike(before, known(crm)) == []


@FEW
@given(worlds(), st.data(), st.sampled_from(["as merged", "as before", "Queen"]))
def test_what_was_edited_since_stays_and_new_children_stay_with_the_survivor(
    records: tuple[Record, ...], data: st.DataObject, title: str
) -> None:
    """M19 also where the edit says what stood there before the merge, or what the merge made."""
    crm = begun(records)
    people = sorted(ref for ref in known(crm) if ref.kind == "contact")
    first, *others = data.draw(
        st.lists(st.sampled_from(people), min_size=2, max_size=3, unique=True)
    )
    before = known(crm)
    merge = crm.merge(first, others)
    survivor = crm.get(Contact, first.id)
    old = before[first]
    assert isinstance(old, Contact)
    said = {"as merged": survivor.title, "as before": old.title}.get(title, title)
    survivor = crm.save(attrs.evolve(survivor, title="for a moment", mobile="+41 44 668 18 00"))
    crm.save(attrs.evolve(survivor, title=said))
    call = crm.add(made(Activity, subject="Call", who=survivor.ref))
    unmerge = crm.unmerge(merge.id)
    after = known(crm)
    now = after[first]
    assert isinstance(now, Contact)
    assert (now.title, now.mobile) == (said, "+41 44 668 18 00")
    assert after[call.ref] == crm.get(Activity, call.id)
    assert crm.get(Activity, call.id).who == first
    for ref in others:
        assert not differences(before[ref], after[ref])
    set_by_merge = {path for path, _, _ in differences(before[first], merge.survivor)}
    told = {one.field for one in unmerge.receipt.stayed}
    assert told == {"title", "mobile"} & set_by_merge


@FEW
@given(worlds(), st.data())
def test_a_reference_set_by_people_is_theirs_even_where_it_was_so_before(
    records: tuple[Record, ...], data: st.DataObject
) -> None:
    """M20 the own target is what a command last set, not what the value happens to be."""
    crm = begun(records)
    people = sorted(ref for ref in known(crm) if ref.kind == "contact")
    survivor, loser = data.draw(st.permutations(people))[:2]
    moved = crm.add(made(Activity, subject="Moved", who=loser))
    set_anew = crm.add(made(Activity, subject="Set anew", who=loser))
    merge = crm.merge(survivor, loser)
    away = crm.save(attrs.evolve(crm.get(Activity, set_anew.id), who=None))
    crm.save(attrs.evolve(away, who=survivor))
    crm.unmerge(merge.id)
    assert crm.get(Activity, moved.id).who == loser
    assert crm.get(Activity, set_anew.id).who == survivor


@FEW
@given(worlds(), st.data())
def test_unmerging_is_previewed_and_done_once(
    records: tuple[Record, ...], data: st.DataObject
) -> None:
    """M21 the preview stores nothing and says what is done; the second time raises."""
    crm = begun(records)
    for merge in some_merges(crm, data, 2):
        before = known(crm)
        preview = crm.unmerge(merge.id, dry_run=True)
        assert unlike(before, known(crm)) == []
        done = crm.unmerge(merge.id)
        assert preview.receipt.restored == done.receipt.restored
        assert preview.receipt.given_back == done.receipt.given_back
        assert done.receipt.merge_id == merge.id
        after = known(crm)
        with pytest.raises(UnmergeError) as caught:
            crm.unmerge(merge.id)
        assert caught.value.merge_id == merge.id
        assert known(crm) == after


RARE = {"merge": 30, "unmerge out of order": 8, "second merge over a record": 3, "convert": 8}
"""How often something must have come up in 1,000 steps for the run to mean anything."""


def enough(done: Counter[str], share: float = 1) -> None:
    """Fail where the interesting cases were too rare."""
    steps = done["steps"]
    rare = [what for what, least in RARE.items() if done[what] < least * share * steps / 1000]
    assert not rare or steps < 1000, f"too rare in {steps} steps: {rare}, of {dict(done)}"


def test_any_order_of_merges_unmerges_edits_and_conversions() -> None:
    """M18 M19 M20 after every step the references lead where they must, and nothing is lost."""

    class Counted(MergeMachine):
        done: ClassVar[Counter[str]] = Counter()

    profile = settings.get_current_profile_name()
    runs = settings(settings(), max_examples=max(8, settings().max_examples // 3))
    run_state_machine_as_test(Counted, settings=runs)
    enough(Counted.done, 1 if profile == "long" else 0.3)


def test_any_order_on_a_json_file() -> None:
    """M18 M19 M20 on a store that knows nothing but rows, and keeps no journal."""
    runs = settings(settings(), max_examples=max(3, settings().max_examples // 12))
    run_state_machine_as_test(JsonMergeMachine, settings=settings(runs, stateful_step_count=15))
