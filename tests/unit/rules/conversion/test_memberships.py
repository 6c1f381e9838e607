"""Of two memberships in one campaign one remains."""

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from crmcore.changes import Delete, Update
from crmcore.entities import Campaign, CampaignMember
from crmcore.rules.conversion.memberships import joined, united
from crmcore.values import FrozenMap, Ref

LEAD, PERSON = Ref[Any]("lead", "lead"), Ref[Any]("contact", "contact")
FAIR = Campaign(name="Fair", member_statuses=("Sent", "Opened", "Responded"))
FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def row(id_: str, member: Ref[Any] = LEAD, **values: Any) -> CampaignMember:
    given = {"campaign_id": FAIR.id, **values}
    return CampaignMember(**{"id": id_, "member": member, **given})


def pair(one: CampaignMember) -> tuple[CampaignMember, CampaignMember]:
    return one, evolve(one, member=PERSON)


def test_a_membership_moves_where_the_person_has_none() -> None:
    ours = row("a")
    result = joined([pair(ours)], person=PERSON, links=[row("b", Ref("contact", "else")), FAIR])
    assert result.changes == (Update(ours, evolve(ours, member=PERSON)),)
    assert not result.clashes
    assert not result.read
    assert len(result.checks) == 1


def test_the_persons_own_row_remains_and_takes_over_what_is_better() -> None:
    ours = row("a", status="Responded", first_responded_at=FIRST, labels={"x"}, owner_id="u")
    theirs = row("b", PERSON, status="Opened", first_responded_at=SECOND, labels={"y"})
    result = joined([pair(ours)], person=PERSON, links=[theirs, FAIR])
    after = evolve(
        theirs,
        status="Responded",
        first_responded_at=FIRST,
        labels={"x", "y"},
        owner_id=ours.owner_id,
    )
    assert result.changes == (Update(theirs, after), Delete(ours))
    assert [(one.kept, one.removed) for one in result.clashes] == [(theirs, ours)]
    assert set(result.read) == {theirs, FAIR}


def test_a_row_that_has_nothing_new_leaves_the_other_as_it_is() -> None:
    ours, theirs = row("a", status="Sent"), row("b", PERSON, status="Opened")
    result = joined([pair(ours)], person=PERSON, links=[theirs, FAIR])
    assert result.changes == (Delete(ours),)


def test_two_rows_of_the_lead_in_one_campaign_become_one() -> None:
    first, second = row("a", status="Sent"), row("b", status="Opened")
    result = joined([pair(first), pair(second)], person=PERSON, links=[FAIR])
    assert result.changes == (
        Update(first, evolve(first, member=PERSON, status="Opened")),
        Delete(second),
    )


def test_what_the_row_kept_has_stays() -> None:
    kept = row("a", owner_id="u", custom={"k": 1}, external_ids={"s": "1"})
    other = row("b", owner_id="v", custom={"k": 2, "l": 3}, external_ids={"s": "2"})
    after = united(kept, other, ())
    assert after.owner_id == "u"
    assert after.custom == FrozenMap(k=1, l=3)
    assert after.external_ids == FrozenMap(s="1")
    assert after.first_responded_at is None
