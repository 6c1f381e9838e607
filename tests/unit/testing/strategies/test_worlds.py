from collections import Counter

from hypothesis import given

from crmcore.entities import (
    LEDGER,
    Account,
    AccountContactRelation,
    CampaignMember,
    Contact,
    Lead,
    OpportunityContactRole,
    Record,
)
from crmcore.findings import Severity
from crmcore.model.check import check_record
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.references import references
from crmcore.testing import strategies
from tests.adapters import MODEL, Subscription
from tests.unit.testing.strategies import any_of, smallest

World = tuple[Record, ...]


@given(strategies.worlds(MODEL))
def test_worlds_are_valid_and_their_references_resolve(world: World) -> None:
    known = set()
    for record in world:
        found = check_record(record, MODEL)
        assert not [one for one in found if one.severity is Severity.ERROR]
        for field, ref in references(record, MODEL.schema_of(record)):
            assert ref in known, f"{record.ref}.{field.name} is ahead of {ref}"
        known.add(record.ref)
    assert len(known) == len(world)
    assert not {one.kind for one in known} & LEDGER


@given(strategies.worlds())
def test_worlds_keep_the_laws_of_relations_and_roles(world: World) -> None:
    relations = [one for one in world if isinstance(one, AccountContactRelation)]
    direct = {one.contact_id: one.account_id for one in relations if one.is_direct}
    contacts = [one for one in world if isinstance(one, Contact)]
    assert direct == {one.id: one.account_id for one in contacts if one.account_id is not None}
    pairs = Counter((one.account_id, one.contact_id) for one in relations)
    roles = [one for one in world if isinstance(one, OpportunityContactRole) and one.is_primary]
    primary = Counter(one.opportunity_id for one in roles)
    members = Counter(
        (one.campaign_id, one.member) for one in world if isinstance(one, CampaignMember)
    )
    assert all(count == 1 for counts in (pairs, primary, members) for count in counts.values())
    people = Counter(one.account_id for one in contacts)
    for one in world:
        if isinstance(one, Account) and one.is_person:
            assert people[one.id] == 1
        if isinstance(one, Lead):
            assert one.converted_at is None
            assert one.status != "Converted"


def test_worlds_have_trees_and_records_of_a_users_own() -> None:
    any_of(strategies.worlds(), lambda world: any(getattr(one, "parent_id", None) for one in world))
    any_of(strategies.worlds(MODEL), lambda world: any(type(one) is Subscription for one in world))
    any_of(
        strategies.worlds(),
        lambda world: any(
            isinstance(one, AccountContactRelation) and not one.is_direct for one in world
        ),
    )


def test_the_smallest_world_is_empty() -> None:
    assert smallest(strategies.worlds()) == ()


@given(strategies.worlds(STANDARD_MODEL.with_disabled(AccountContactRelation), size=1))
def test_worlds_have_no_disabled_entities(world: World) -> None:
    assert not any(isinstance(one, AccountContactRelation) for one in world)
    assert all(count == 1 for count in Counter(type(one) for one in world).values())
