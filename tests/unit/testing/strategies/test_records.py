from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from attrs import frozen
from hypothesis import find, given, settings
from hypothesis import strategies as st

from crmcore.entities import (
    STANDARD_ENTITIES,
    Account,
    Activity,
    Contact,
    Contract,
    Lead,
    MergeReceipt,
    Opportunity,
    Record,
    User,
    kind_of,
)
from crmcore.findings import Severity
from crmcore.model.check import check_record
from crmcore.model.describe import FieldSchema
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import LeadCategory as Category
from crmcore.model.pipeline import LeadStatus, Pipeline, Stage, StageCategory
from crmcore.model.policies import ContactAccount
from crmcore.testing import strategies
from crmcore.values import PersonName
from crmcore.values.ids import AccountId, ContactId, LeadId, UserId
from tests.adapters import MODEL, Subscription
from tests.unit.testing.strategies import any_of, smallest

NEW = Pipeline(
    "new", (Stage("A"), Stage("B", StageCategory.WON, 100), Stage("C", StageCategory.LOST))
)
OTHER = MODEL.with_pipelines(NEW).with_policies(contact_account=ContactAccount.REQUIRED)
OTHER = OTHER.with_lead_statuses(LeadStatus("Open"), LeadStatus("Done", Category.CONVERTED))
ENTITIES = (*STANDARD_ENTITIES, Subscription)


def errors(record: Record, model: Model) -> list[Any]:
    return [one for one in check_record(record, model) if one.severity is Severity.ERROR]


@pytest.mark.parametrize("entity", ENTITIES, ids=kind_of)
@given(data=st.data())
@settings(max_examples=15)
def test_records_are_valid(entity: type[Record], data: st.DataObject) -> None:
    for model in (MODEL, OTHER):
        record = data.draw(strategies.records(entity, model))
        assert type(record) is entity
        assert (record.version, errors(record, model)) == (0, [])


@pytest.mark.parametrize("entity", ENTITIES, ids=kind_of)
def test_records_shrink_to_the_fields_that_they_need(entity: type[Record]) -> None:
    schema = MODEL.schema(entity)
    least = smallest(strategies.records(entity, MODEL))
    needed = {"id", "status", "pipeline", "stage", "custom"}
    for one in schema.standard:
        if not one.is_required and one.name not in needed:
            assert one.value(least) == getattr(entity(**required(least)), one.name)
    assert least.id == "a"


def required(record: Record) -> dict[str, Any]:
    schema = MODEL.schema_of(record)
    return {one.name: one.value(record) for one in schema.standard if one.is_required}


POOL: tuple[Record, ...] = (
    Account(id=AccountId("p"), name="x"),
    Contact(id=ContactId("p"), name=PersonName(family="x")),
    Lead(id=LeadId("p")),
    Subscription(id="p", name="x", account_id=AccountId("p")),
    User(id=UserId("p"), name="x"),
)


@pytest.mark.parametrize("entity", [Account, Subscription, Contact])
def test_every_field_has_a_value_at_times(entity: type[Record]) -> None:
    drawn = strategies.records(entity, MODEL, pool=POOL)
    for one in MODEL.schema(entity):
        if one.name not in ("version", "custom"):
            any_of(drawn, has_a_value(one))


def has_a_value(one: FieldSchema) -> Callable[[Record], bool]:
    return lambda record: one.value(record) not in (None, (), frozenset())


def test_fixed_values_stay() -> None:
    drawn = strategies.records(
        Opportunity, OTHER, name="x", stage="B", custom={}, amount=None, id=st.just("z")
    )
    found = smallest(drawn)
    assert (found.id, found.name, found.pipeline, found.stage) == ("z", "x", "new", "B")
    found = smallest(strategies.records(Opportunity, OTHER, pipeline="new"))
    assert found.stage == "A"
    found = smallest(strategies.records(Opportunity, OTHER, pipeline="gone"))
    assert found.pipeline == "gone"


@given(data=st.data())
def test_a_fixed_day_bounds_the_other(data: st.DataObject) -> None:
    day = data.draw(strategies.dates())
    first: Contract = data.draw(strategies.records(Contract, start_on=day))
    last: Contract = data.draw(strategies.records(Contract, end_on=day))
    assert first.start_on == last.end_on == day
    assert errors(first, STANDARD_MODEL) == errors(last, STANDARD_MODEL) == []


def test_days_that_are_both_fixed_stay_as_they_are() -> None:
    late, early = strategies.dates(), strategies.dates()
    drawn = strategies.records(Contract, start_on=late, end_on=early)
    found = any_of(drawn, lambda one: (one.start_on or date.min) > (one.end_on or date.max))
    assert errors(found, STANDARD_MODEL)


def test_fixed_custom_values_replace_required_ones() -> None:
    found = smallest(strategies.records(Subscription, MODEL, custom={}))
    assert dict(found.custom) == {}


@given(data=st.data())
def test_references_name_records_of_the_pool(data: st.DataObject) -> None:
    account, lead = Account(id=AccountId("one"), name="x"), Lead(id=LeadId("two"))
    activity = data.draw(strategies.records(Activity, pool=[account, lead]))
    assert activity.who in (None, lead.ref)
    assert activity.about in (None, account.ref)
    contact = data.draw(strategies.records(Contact, pool=[account, lead]))
    assert contact.account_id in (None, "one")
    assert contact.reports_to_id is None


@given(data=st.data())
def test_only_the_fields_named_have_a_value(data: st.DataObject) -> None:
    account = data.draw(strategies.records(Account, among=["phone"]))
    assert account == Account(id=account.id, name=account.name, phone=account.phone)


@given(data=st.data())
def test_receipts_hold_whole_records(data: st.DataObject) -> None:
    receipt = data.draw(strategies.records(MergeReceipt))
    assert all(isinstance(one, Record) for one in receipt.merged)


@given(data=st.data())
def test_custom_values_have_all_that_are_required(data: st.DataObject) -> None:
    values = data.draw(strategies.custom_values(Subscription, MODEL))
    assert set(values) == {"tier"}
    values = data.draw(strategies.custom_values(Account, MODEL))
    assert not errors(Account(name="x", custom=values), MODEL)


@frozen(kw_only=True)
class Part:
    """A value that holds values of its own type."""

    name: str
    main: "Part | None" = None
    others: "tuple[Part, ...]" = ()


@frozen(kw_only=True)
class Machine(Record):
    """A record with such a value."""

    id: str
    root: Part


def depth(part: Part) -> int:
    below = [*part.others, *([] if part.main is None else [part.main])]
    return 1 + max(map(depth, below), default=0)


@given(st.data())
def test_values_that_hold_themselves_are_drawn(data: st.DataObject) -> None:
    drawn = data.draw(strategies.records(Machine, STANDARD_MODEL.with_entity(Machine)))
    assert depth(drawn.root) < 100


def test_values_that_hold_themselves_are_drawn_at_any_depth() -> None:
    found = strategies.records(Machine, STANDARD_MODEL.with_entity(Machine))
    assert depth(find(found, lambda one: depth(one.root) > 2).root) == 3
