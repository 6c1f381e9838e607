from datetime import date
from typing import Annotated, Any

import pytest
from attrs import frozen

from crmcore.entities import (
    AccountContactRelation,
    AccountRelation,
    Activity,
    Campaign,
    CampaignMember,
    OpportunityContactRole,
    Record,
)
from crmcore.entities.ledger import Clash
from crmcore.fields import CASCADE, Lookup
from crmcore.model.describe import describe
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.merge.links import Links, link_ends, link_identity, settled_links
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, Policy
from crmcore.values import Ref
from tests.unit.rules.merge.examples import NOW, contact, made, who


@frozen(kw_only=True)
class Membership(Record):
    """A link that only the tests know."""

    club_id: Annotated[str, Lookup("account", on_delete=CASCADE)]
    person_id: Annotated[str, Lookup("contact", on_delete=CASCADE)]
    season: int
    points: int | None = None


MODEL = STANDARD_MODEL.with_entity(Membership)
TARGET = {who("b"): who("a"), who("c"): who("a")}
ACCOUNTS = {Ref[Any]("account", "b"): Ref[Any]("account", "a")}


def links(
    *rows: Record,
    target: Any = None,
    known: tuple[Record, ...] = (),
    survivorship: Any = STANDARD_SURVIVORSHIP,
) -> Links:
    return settled_links(
        rows,
        target=TARGET if target is None else target,
        known={one.ref: one for one in known},
        model=MODEL,
        survivorship=survivorship,
    )


def now(found: Links) -> list[Record]:
    return [row.now for row in found.rows]


def works(id_: str, person: str, **rest: Any) -> AccountContactRelation:
    return made(AccountContactRelation, id=id_, account_id="x", contact_id=person, **rest)


def member(id_: str, person: str, **rest: Any) -> CampaignMember:
    return made(CampaignMember, id=id_, campaign_id="k", member=who(person), **rest)


def day(number: int) -> date:
    return date(2026, 1, number)


@pytest.mark.parametrize(
    ("entity", "ends", "identity"),
    [
        (AccountContactRelation, ["account_id", "contact_id"], []),
        (AccountRelation, ["from_id", "to_id"], ["kind"]),
        (OpportunityContactRole, ["opportunity_id", "contact_id"], []),
        (CampaignMember, ["campaign_id", "member"], []),
        (Membership, ["club_id", "person_id"], ["season"]),
    ],
)
def test_what_a_link_is_comes_from_the_schema(
    entity: type[Record], ends: list[str], identity: list[str]
) -> None:
    schema = describe(entity)
    assert [one.name for one in link_ends(schema)] == ends
    assert [one.name for one in link_identity(schema)] == [*ends, *identity]


def test_other_records_are_no_links() -> None:
    assert link_ends(describe(Activity)) == link_identity(describe(Activity)) == ()
    assert links(made(Activity, id="t", subject="Call", who=who("b"))) == Links()


def test_a_row_of_a_loser_moves_as_it_is() -> None:
    row = works("r", "b", roles={"Evaluator"}, start_on=day(2), is_active=False)
    found = links(row)
    assert now(found) == [works("r", "a", roles={"Evaluator"}, start_on=day(2), is_active=False)]
    assert found.clashes == ()


def test_rows_that_meet_are_united_in_the_survivors_own() -> None:
    own = works("r", "a", roles={"Evaluator"}, start_on=day(5), end_on=day(9))
    late = works("q", "c", roles={"Consultant"}, start_on=day(8), end_on=day(20))
    early = works("s", "b", start_on=day(1), end_on=day(5), is_active=False)
    found = links(early, late, own)
    assert now(found) == [
        works("r", "a", roles={"Evaluator", "Consultant"}, start_on=day(1), end_on=day(20))
    ]
    assert found.clashes == (Clash(kept=own, removed=early), Clash(kept=own, removed=late))
    assert found.replaced == {early.ref: own.ref, late.ref: own.ref}
    assert [one.code for one in found.findings] == ["merge.clash", "merge.clash"]


def test_an_open_period_stays_open() -> None:
    found = links(works("r", "a", end_on=day(9)), works("s", "b", start_on=day(4)))
    assert now(found) == [works("r", "a")]


def test_periods_that_do_not_meet_are_two_links() -> None:
    rows = [works("r", "a", end_on=day(9)), works("s", "b", start_on=day(10))]
    found = links(*rows)
    assert now(found) == [rows[0], works("s", "a", start_on=day(10))]
    assert found.clashes == ()


def test_a_row_that_bridges_two_unites_with_the_first_alone() -> None:
    first = works("r", "a", start_on=day(1), end_on=day(4))
    second = works("s", "a", start_on=day(8), end_on=day(9))
    bridge = works("t", "b", start_on=day(3), end_on=day(8))
    found = links(second, bridge, first)
    assert now(found) == [works("r", "a", start_on=day(1), end_on=day(8)), second]


def test_uniting_never_leaves_two_rows_of_one_period() -> None:
    first = works("r", "a", start_on=day(1), end_on=day(4))
    second = works("s", "a", start_on=day(1), end_on=day(9))
    moving = works("t", "b", start_on=day(3), end_on=day(9), roles={"Evaluator"})
    found = links(first, second, moving)
    assert now(found) == [works("r", "a", start_on=day(1), end_on=day(9), roles={"Evaluator"})]
    assert {one.removed.id for one in found.clashes} == {"s", "t"}
    assert {one.kept.id for one in found.clashes if one.kept} == {"r"}


def test_what_a_removed_row_had_taken_over_goes_to_the_row_that_stays() -> None:
    first = works("q", "a", start_on=day(5), end_on=day(5))
    second = works("r", "a", start_on=day(5), end_on=day(9))
    # b's row meets r alone; c's then makes q as long as r.
    rows = [
        works("s", "b", start_on=day(6), end_on=day(7), roles={"Evaluator"}),
        works("t", "c", start_on=day(5), end_on=day(9)),
    ]
    found = links(first, second, *rows)
    assert now(found) == [works("q", "a", start_on=day(5), end_on=day(9), roles={"Evaluator"})]
    assert found.replaced == dict.fromkeys([second.ref, *(row.ref for row in rows)], first.ref)


def test_rows_that_were_alike_before_are_left_alone() -> None:
    own = [member("m", "a"), member("n", "a")]
    found = links(*own)
    assert now(found) == own
    assert found.clashes == ()
    other = [works("r", "a", start_on=day(1)), works("s", "a", start_on=day(1))]
    assert now(links(*other, works("t", "b", end_on=date(2025, 1, 1))))[:2] == other


def test_a_membership_keeps_the_further_status_and_the_first_response() -> None:
    campaign = made(Campaign, id="k", name="Fair", member_statuses=("Sent", "Seen", "Came"))
    later = NOW.replace(year=2027)
    found = links(
        member("m", "a", status="Seen", first_responded_at=later),
        member("n", "b", status="Came", first_responded_at=NOW),
        member("o", "c", status="Unheard"),
        known=(campaign,),
    )
    assert now(found) == [member("m", "a", status="Came", first_responded_at=NOW)]


def test_any_status_says_more_than_none() -> None:
    campaign = made(Campaign, id="k", name="Fair")
    found = links(member("m", "a"), member("n", "b", status="Sent"), known=(campaign,))
    assert now(found) == [member("m", "a", status="Sent")]


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ({"status": "Sent"}, {"status": "Came", "first_responded_at": NOW}, "Came"),
        ({"status": "Sent"}, {"status": "Came"}, "Sent"),
        ({}, {"status": "Came"}, "Came"),
        ({"first_responded_at": NOW}, {"status": "Came"}, "Came"),
    ],
)
def test_without_the_campaign_whoever_responded_is_further(
    own: dict[str, Any], other: dict[str, Any], expected: str
) -> None:
    found = links(member("m", "a", **own), member("n", "b", **other))
    row = found.rows[0].now
    assert isinstance(row, CampaignMember)
    assert row.status == expected
    assert "merge.status_guessed" in [one.code for one in found.findings]


def test_without_the_campaign_equal_statuses_need_no_guess() -> None:
    found = links(member("m", "a", status="Sent"), member("n", "b", status="Sent"))
    assert [one.code for one in found.findings] == ["merge.clash"]


def test_relations_of_another_kind_do_not_clash() -> None:
    rows = [
        made(AccountRelation, id="r", from_id="a", to_id="x", kind="supplier"),
        made(AccountRelation, id="s", from_id="b", to_id="x", kind="partner"),
        made(AccountRelation, id="t", from_id="b", to_id="x", kind="supplier"),
    ]
    found = links(*rows, target=ACCOUNTS)
    assert found.replaced == {rows[2].ref: rows[0].ref}


def test_a_link_of_the_survivor_with_itself_goes() -> None:
    row = made(AccountRelation, id="r", from_id="a", to_id="b", kind="supplier")
    found = links(row, target=ACCOUNTS)
    assert found.rows == ()
    assert found.clashes == (Clash(kept=None, removed=row),)
    assert found.replaced == {row.ref: None}
    assert [one.code for one in found.findings] == ["merge.self_link"]


def test_a_link_that_was_one_with_itself_before_moves() -> None:
    row = made(AccountRelation, id="r", from_id="b", to_id="b", kind="supplier")
    found = links(row, target=ACCOUNTS)
    assert now(found) == [made(AccountRelation, id="r", from_id="a", to_id="a", kind="supplier")]


def test_a_link_of_ones_own_clashes_by_its_required_fields_and_declared_policies() -> None:
    rows = [
        Membership(id="r", club_id="x", person_id="a", season=1, points=2),
        Membership(id="s", club_id="x", person_id="b", season=1, points=3),
        Membership(id="t", club_id="x", person_id="b", season=2, points=5),
    ]
    rules = STANDARD_SURVIVORSHIP.with_policy(Membership, "points", Policy.SUM)
    found = links(*rows, survivorship=rules.with_default(Policy.LARGEST))
    assert [getattr(row, "points", None) for row in now(found)] == [5, 5]
    assert found.replaced == {rows[1].ref: rows[0].ref}


def test_an_owner_who_is_merged_moves_no_link() -> None:
    users = {Ref[Any]("user", "u"): Ref[Any]("user", "v")}
    rows = [works("r", "a", owner_id="u"), works("s", "a", owner_id="u", start_on=day(1))]
    found = links(*rows, target=users)
    assert found.clashes == ()
    assert [row.is_moved for row in found.rows] == [False, False]


def test_rows_come_in_the_order_of_the_losers() -> None:
    found = links(works("s", "c", roles={"C"}), works("t", "b", roles={"B"}))
    assert [row.before.id for row in found.rows] == ["t"]
    assert contact("b").ref == who("b")
