"""What hangs on a lead follows it to what it becomes."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.changes import differences
from crmcore.entities import Activity, Campaign, CampaignMember, Record, Touch
from crmcore.entities.lead import Lead
from crmcore.model.references import references
from crmcore.values import Ref
from tests.properties.conversion.worlds import World, worlds

CHILD_KINDS = ("activity", "attachment", "case", "campaign_member", "touch")


@given(worlds())
def test_every_child_is_reached_from_the_targets(world: World) -> None:
    """C10 open and closed, each child refers to a target afterwards, and none was cloned."""
    before = world.state()
    plan = world.convert()
    after = world.commit(plan)
    gone = {one.removed.ref for one in plan.receipt.clashes}
    shown = {one.ref for one in (plan.account, plan.contact, plan.opportunity) if one is not None}
    stays = plan.findings.with_code("conversion.reference_stays")
    reported = {(one.ref, one.path) for one in stays}
    for child in world.children:
        if child.ref in gone:
            continue
        found = [*references(after[child.ref], world.model.schema_of(child))]
        assert shown & {ref for _, ref in found}
        for place, ref in found:
            assert place.lookup is not None
            fitting = [one for one in shown if place.lookup.accepts(one.kind)]
            assert ref != world.lead.ref or not fitting
            assert ref != world.lead.ref or (child.ref, place.path) in reported
    counted = Counter(ref.kind for ref in before if ref not in gone)
    assert all(counted[kind] == sum(ref.kind == kind for ref in after) for kind in CHILD_KINDS)


@given(worlds())
def test_the_receipt_lists_every_reference_that_moved(world: World) -> None:
    """C10 the receipt lists each reference that moved, from where to where."""
    plan = world.convert()
    after = world.commit(plan)
    gone = {one.removed.ref for one in plan.receipt.clashes}
    listed = {(one.ref, one.field) for one in plan.receipt.moved if one.before == world.lead.ref}
    had = {
        (child.ref, place.path)
        for child in world.children
        if child.ref not in gone
        for place, ref in references(child, world.model.schema_of(child))
        if ref == world.lead.ref
    }
    stays = plan.findings.with_code("conversion.reference_stays")
    assert listed == had - {(one.ref, one.path) for one in stays}
    for one in plan.receipt.moved:
        found = references(after[one.ref], world.model.schema(one.ref.kind))
        assert (one.field, one.after) in {(place.path, ref) for place, ref in found}


@settings(max_examples=3 * settings().max_examples)  # two of one campaign do not often meet
@given(worlds())
def test_two_memberships_of_one_campaign_become_one(world: World) -> None:
    """C11 one membership remains, with the earlier first response and the further status."""
    plan = world.convert()
    after = world.commit(plan)
    assert plan.contact is not None
    people = {world.lead.ref, plan.contact.ref}
    campaigns = {one.id: one for one in world.links if isinstance(one, Campaign)}
    for campaign in campaigns.values():
        old = _memberships(world.state() | dict(_before(world)), campaign, people)
        new = _memberships(after, campaign, people)
        assert len(new) == min(len(old), 1)
        if not new:
            continue
        assert new[0].member == plan.contact.ref
        moments = [one.first_responded_at for one in old if one.first_responded_at is not None]
        assert new[0].first_responded_at == min(moments, default=None)
        ranks = [_rank(one, campaign) for one in old]
        assert _rank(new[0], campaign) == max(ranks)


def _before(world: World) -> dict[Ref[Record], Record]:
    return {one.ref: one for one in (*world.children, *world.links)}


def _memberships(
    state: dict[Ref[Record], Record], campaign: Campaign, people: set[Ref[Record]]
) -> list[CampaignMember]:
    return [
        one
        for one in state.values()
        if isinstance(one, CampaignMember)
        and one.campaign_id == campaign.id
        and one.member in people
    ]


def _rank(one: CampaignMember, campaign: Campaign) -> int:
    """Any status is further than none, and one that the campaign knows than one it does not."""
    if one.status is None:
        return -2
    known = campaign.member_statuses
    return known.index(one.status) if one.status in known else -1


@given(worlds())
def test_a_touch_keeps_all_but_its_person(world: World) -> None:
    """C23 a touch's moment, source and campaign never change; the lead's source stays too."""
    after = world.commit(world.convert())
    for child in world.children:
        if isinstance(child, Touch):
            changed = [path for path, _, _ in differences(child, after[child.ref])]
            assert changed == ["who"]
    lead = after[world.lead.ref]
    assert isinstance(lead, Lead)
    assert lead.source == world.lead.source


@given(worlds(), st.sampled_from([None, "user-3"]))
def test_only_open_tasks_change_owner(world: World, owner: str | None) -> None:
    """C17 with a new owner, open tasks of the lead's owner follow, closed ones never do."""
    after = world.commit(world.convert(owner_id=owner))
    for child in world.children:
        new = after.get(child.ref)
        if new is None:
            continue
        is_open = isinstance(child, Activity) and child.done_at is None
        follows = is_open and child.owner_id is not None and owner is not None
        assert new.owner_id == (owner if follows else child.owner_id) or child.ref.kind == (
            "campaign_member"
        )
