from datetime import date
from typing import Any

import attrs

from crmcore.changes import Check, CheckNone, CheckVersion
from crmcore.entities import (
    AccountContactRelation,
    AccountRelation,
    Attachment,
    Campaign,
    CampaignMember,
    OpportunityContactRole,
    Record,
)
from crmcore.query import matches
from crmcore.values import Ref
from tests.unit.rules.merge.examples import account, codes, contact, made, merged, who


def stored(record: Any, version: int = 3) -> Any:
    return attrs.evolve(record, version=version)


def stops(checks: tuple[Check, ...], late: Record) -> bool:
    """Whether a record that appears meanwhile is one that must not be there."""
    return any(
        isinstance(one, CheckNone)
        and one.query.kind == late.ref.kind
        and matches(one.query.where, late)
        for one in checks
    )


def versions(checks: tuple[Check, ...]) -> dict[str, int]:
    return {str(one.ref): one.version for one in checks if isinstance(one, CheckVersion)}


def test_new_references_to_a_loser_are_looked_for_in_every_entity() -> None:
    checks = merged([contact("a"), contact("b")]).changes.checks
    kinds = {one.query.kind for one in checks if isinstance(one, CheckNone)}
    assert kinds == {
        "account_contact_relation",
        "activity",
        "answer",
        "attachment",
        "campaign_member",
        "case",
        "contact",
        "lead",
        "opportunity_contact_role",
        "touch",
    }
    assert stops(checks, contact("x", reports_to_id="b"))
    assert not stops(checks, contact("x", reports_to_id="a"))


def test_ancestors_must_stay_as_they_were() -> None:
    records = [account("a", parent_id="p"), account("b")]
    above = [stored(account("p", parent_id="q")), stored(account("q"), 5)]
    decision = merged(records, related=above)
    assert versions(decision.changes.checks) == {"account:p": 3, "account:q": 5}
    assert codes(decision) == []


def test_an_ancestor_that_is_not_given_must_not_be_stored() -> None:
    decision = merged([account("a", parent_id="p"), account("b")])
    assert versions(decision.changes.checks) == {"account:p": 0}
    assert codes(decision) == ["merge.not_given"]


def test_an_ancestor_that_the_merge_itself_writes_is_checked_by_its_change() -> None:
    records = [account("a", parent_id="p"), account("b")]
    decision = merged(records, [account("p", parent_id="b")])
    assert versions(decision.changes.checks) == {}
    assert codes(decision) == ["merge.contracted"]


def test_a_row_that_would_clash_must_not_appear() -> None:
    row = made(CampaignMember, id="m", campaign_id="k", member=who("b"))
    checks = merged([contact("a"), contact("b")], [row]).changes.checks
    assert stops(checks, made(CampaignMember, campaign_id="k", member=who("a")))
    assert not stops(checks, made(CampaignMember, campaign_id="j", member=who("a")))


def test_a_relation_of_another_kind_may_appear() -> None:
    row = made(AccountRelation, id="r", from_id="b", to_id="x", kind="supplier")
    checks = merged([account("a"), account("b")], [row]).changes.checks
    assert stops(checks, made(AccountRelation, from_id="a", to_id="x", kind="supplier"))
    assert not stops(checks, made(AccountRelation, from_id="a", to_id="x", kind="partner"))


def test_rows_of_the_same_link_that_stay_are_told_apart_and_checked() -> None:
    def works(id_: str, person: str, **rest: Any) -> AccountContactRelation:
        return made(AccountContactRelation, id=id_, account_id="x", contact_id=person, **rest)

    former = stored(works("r", "a", end_on=date(2025, 1, 1)))
    checks = merged(
        [contact("a"), contact("b")], [former, works("s", "b", start_on=date(2025, 6, 1))]
    ).changes.checks
    assert versions(checks) == {"account_contact_relation:r": 3}
    assert not stops(checks, former)
    assert stops(checks, works("t", "a"))


def test_a_second_primary_or_direct_row_must_not_appear() -> None:
    role = made(OpportunityContactRole, id="p", opportunity_id="o", contact_id="b", is_primary=True)
    direct = made(AccountContactRelation, id="d", account_id="x", contact_id="b", is_direct=True)
    decision = merged([contact("a"), contact("b", account_id="x")], [role, direct])
    checks = decision.changes.checks
    late = made(OpportunityContactRole, opportunity_id="o", contact_id="z", is_primary=True)
    assert stops(checks, late)
    assert not stops(checks, attrs.evolve(late, is_primary=False))
    assert stops(
        checks, made(AccountContactRelation, account_id="y", contact_id="a", is_direct=True)
    )


def test_links_that_the_merge_does_not_touch_are_not_checked() -> None:
    rows = [stored(made(CampaignMember, id="m", campaign_id="k", member=who("a")))]
    assert versions(merged([contact("a"), contact("b")], rows).changes.checks) == {}


def test_the_campaign_that_told_the_further_status_must_stay_as_it_was() -> None:
    rows = [made(CampaignMember, id=id_, campaign_id="k", member=who(p)) for id_, p in ("ma", "nb")]
    campaign = stored(made(Campaign, id="k", name="Fair"))
    decision = merged([contact("a"), contact("b")], rows, related=[campaign])
    assert versions(decision.changes.checks)["campaign:k"] == 3
    without = merged([contact("a"), contact("b")], rows)
    assert "campaign:k" not in versions(without.changes.checks)


def test_a_campaign_that_is_merged_itself_is_checked_by_its_change() -> None:
    rows = [made(CampaignMember, id=c, campaign_id=c, member=who("x")) for c in "kl"]
    campaigns = [stored(made(Campaign, id=c, name="Fair")) for c in "kl"]
    assert "campaign:k" not in versions(merged(campaigns, rows).changes.checks)


def test_references_to_a_row_that_goes_must_not_appear() -> None:
    rows = [made(CampaignMember, id=id_, campaign_id="k", member=who(p)) for id_, p in ("ma", "nb")]
    checks = merged([contact("a"), contact("b")], rows).changes.checks
    assert stops(checks, made(Attachment, about=Ref("campaign_member", "n"), uri="u"))
    assert not stops(checks, made(Attachment, about=Ref("campaign_member", "m"), uri="u"))


def test_a_row_that_stays_as_it_is_does_not_stand_in_its_own_way() -> None:
    mine = made(OpportunityContactRole, id="p", opportunity_id="o", contact_id="a", is_primary=True)
    theirs = made(OpportunityContactRole, id="q", opportunity_id="o", contact_id="b")
    checks = merged([contact("a"), contact("b")], [mine, theirs]).changes.checks
    assert not stops(checks, mine)
    assert stops(checks, made(OpportunityContactRole, opportunity_id="o", contact_id="a"))
