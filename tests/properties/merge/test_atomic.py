from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, ConflictError, Insert, Update
from crmcore.entities import Account, Activity, CampaignMember, Contact, OpportunityContactRole
from crmcore.values import PersonName, Ref
from tests.properties.merge.test_references import Planned
from tests.properties.merge.worlds import Subscription, made, merges, plan, stored, world


@given(merges(), st.data())
def test_a_merge_that_meets_a_newer_record_stores_nothing(
    planned: Planned, data: st.DataObject
) -> None:
    """M16 at each step: every record that it writes, or was decided on, may have changed."""
    repository, decision = planned
    touched = [one.before for one in decision.changes if not isinstance(one, Insert)]
    rival = data.draw(st.sampled_from(touched))
    repository.commit(ChangeSet([Update(rival, attrs.evolve(rival, labels={"changed"}))]))
    before = world(repository)
    with pytest.raises(ConflictError):
        repository.commit(decision.changes)
    assert world(repository) == before


@given(merges(kinds=("contact",)), st.integers(0, 5), st.data())
def test_a_reference_that_appears_meanwhile_stops_the_merge(
    planned: Planned, form: int, data: st.DataObject
) -> None:
    """M16 and M1: no child of a loser slips in between the plan and the commit."""
    repository, decision = planned
    loser = data.draw(st.sampled_from(decision.receipt.losers))
    late: list[Any] = [
        made(Activity, id="late", subject="Call", who=loser),
        Subscription(id="late", name="Gold", contact_id=loser.id),
        Subscription(id="late", name="Gold", billed=loser),
        Subscription(id="late", name="Gold", watchers=("x", loser.id)),
        made(OpportunityContactRole, id="late", opportunity_id="o9", contact_id=loser.id),
        made(Contact, id="late", name=PersonName(family="L"), custom={"mentor": loser.id}),
    ]
    repository.commit(ChangeSet([Insert(late[form])]))
    before = world(repository)
    with pytest.raises(ConflictError) as caught:
        repository.commit(decision.changes)
    assert caught.value.ref == late[form].ref
    assert world(repository) == before


@given(merges(kinds=("contact",)))
def test_a_historic_reference_that_appears_meanwhile_does_no_harm(planned: Planned) -> None:
    """M16 for references that resolve: they do not stop the merge."""
    repository, decision = planned
    loser = decision.receipt.losers[0]
    repository.commit(
        ChangeSet([Insert(Subscription(id="late", name="Gold", signed_by_id=loser.id))])
    )
    repository.commit(decision.changes)
    assert loser not in world(repository)


@given(merges(kinds=("contact", "campaign", "opportunity")))
def test_a_link_row_that_appears_meanwhile_and_would_clash_stops_the_merge(
    planned: Planned,
) -> None:
    """M16 and M5: the same link, or a second primary, is not made by two that are each right."""
    repository, decision = planned
    rows: list[Any] = [
        one.after
        for one in decision.changes
        if isinstance(one, Update)
        and isinstance(one.after, CampaignMember | OpportunityContactRole)
    ]
    event(f"rows that move: {min(len(rows), 3)}")
    for row in rows:
        rivals = [attrs.evolve(row, id="late", version=0)]
        if isinstance(row, OpportunityContactRole) and row.is_primary:
            rivals.append(attrs.evolve(rivals[0], contact_id="c9"))
        for rival in rivals:
            fresh = stored(attrs.evolve(one, version=0) for one in world(repository).values())
            fresh.commit(ChangeSet([Insert(rival)]))
            before = world(fresh)
            with pytest.raises(ConflictError):
                fresh.commit(decision.changes)
            assert world(fresh) == before


@given(st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_a_hierarchy_that_changes_meanwhile_stops_the_merge(
    depth: int, moved: int, is_below: bool
) -> None:
    """M16 and M12: two decisions that are each right do not make a loop together."""
    chain = [
        made(Account, id=f"n{at}", name="A", parent_id=f"n{at - 1}" if at else None)
        for at in range(depth + 1)
    ]
    repository = stored([*chain, made(Account, id="loser", name="A")])
    known = world(repository)
    survivor, loser = Ref[Any]("account", f"n{depth}"), Ref[Any]("account", "loser")
    decision = plan(known, survivor, [loser])
    above = known[Ref("account", f"n{min(moved, depth - 1)}")]
    # The loser now stands above an ancestor of the survivor, or that ancestor changed otherwise.
    change = {"parent_id": "loser"} if is_below else {"labels": {"changed"}}
    repository.commit(ChangeSet([Update(above, attrs.evolve(above, **change))]))
    before = world(repository)
    with pytest.raises(ConflictError):
        repository.commit(decision.changes)
    assert world(repository) == before
