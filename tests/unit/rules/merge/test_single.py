from typing import Any

from crmcore.entities import AccountContactRelation, CampaignMember, OpportunityContactRole, Record
from crmcore.entities.ledger import Fate, Transfer
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.merge.links import settled_links
from crmcore.rules.merge.single import Single, only_one, single
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP
from crmcore.values import Ref
from tests.unit.rules.merge.examples import account, contact, made, who

DEALS = {Ref[Any]("opportunity", "b"): Ref[Any]("opportunity", "a")}
PEOPLE = {who("b"): who("a")}


def settled(*rows: Record, survivor: Record, target: Any) -> Single:
    links = settled_links(
        rows, target=target, known={}, model=STANDARD_MODEL, survivorship=STANDARD_SURVIVORSHIP
    )
    return single(links, survivor)


def role(id_: str, deal: str, person: str, *, is_primary: bool = True) -> OpportunityContactRole:
    return made(
        OpportunityContactRole,
        id=id_,
        opportunity_id=deal,
        contact_id=person,
        is_primary=is_primary,
    )


def direct(id_: str, of: str, person: str, **rest: Any) -> AccountContactRelation:
    return made(
        AccountContactRelation,
        id=id_,
        account_id=of,
        contact_id=person,
        **{"is_direct": True, **rest},
    )


def flags(found: Single) -> dict[str, bool]:
    return {
        row.before.id: getattr(row.now, name)
        for row in found.links.rows
        for _, name in only_one(row.now)
    }


def test_the_survivors_primary_role_stays_and_the_other_becomes_a_plain_one() -> None:
    mine, theirs = role("r", "a", "x"), role("p", "b", "y")
    found = settled(theirs, mine, survivor=account("z"), target=DEALS)
    assert flags(found) == {"r": True, "p": False}
    assert found.transfers == (
        Transfer(
            field="is_primary",
            value=True,
            fate=Fate.DROPPED,
            source=theirs.ref,
            over=mine.ref,
            why="a deal has one primary role",
        ),
    )
    assert [one.code for one in found.findings] == ["merge.second"]


def test_a_role_that_took_over_the_flag_gives_way_to_the_one_that_had_it() -> None:
    rows = [role("p", "a", "y", is_primary=False), role("q", "b", "y"), role("r", "a", "x")]
    assert flags(settled(*rows, survivor=account("z"), target=DEALS)) == {"p": False, "r": True}


def test_without_one_of_the_survivors_a_losers_primary_role_stays() -> None:
    rows = [role("p", "b", "y"), role("r", "a", "x", is_primary=False)]
    assert flags(settled(*rows, survivor=account("z"), target=DEALS)) == {"p": True, "r": False}


def test_primary_roles_that_the_merge_does_not_touch_are_left_alone() -> None:
    rows = [role("p", "x", "c"), role("q", "x", "d")]
    assert flags(settled(*rows, survivor=contact("a"), target=PEOPLE)) == {"p": True, "q": True}


def test_the_direct_relation_is_that_of_the_survivors_account() -> None:
    rows = [direct("r", "x", "a"), direct("s", "y", "b"), direct("t", "y", "other")]
    found = settled(*rows, survivor=contact("a", account_id="y"), target=PEOPLE)
    assert flags(found) == {"r": False, "s": True, "t": True}
    assert [(one.source, one.over) for one in found.transfers] == [(rows[0].ref, None)]


def test_without_an_account_no_relation_is_direct() -> None:
    found = settled(direct("s", "y", "b"), survivor=contact("a"), target=PEOPLE)
    assert flags(found) == {"s": False}


def test_merged_accounts_leave_direct_relations_alone() -> None:
    target = {account("b").ref: account("a").ref}
    found = settled(direct("s", "b", "x"), survivor=account("a"), target=target)
    assert flags(found) == {"s": True}


def test_rows_without_such_flags_have_none() -> None:
    assert only_one(made(CampaignMember, campaign_id="k", member=who("a"))) == ()
