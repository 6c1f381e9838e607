from typing import Any

import pytest
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
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import LeadStatus, Pipeline, Stage, StageCategory
from crmcore.model.pipeline import LeadCategory as Category
from crmcore.model.policies import ContactAccount
from crmcore.testing import strategies
from tests.adapters import MODEL, Subscription

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
@settings(max_examples=30)
def test_records_are_valid(entity: type[Record], data: st.DataObject) -> None:
    for model in (MODEL, OTHER):
        record = data.draw(strategies.records(entity, model))
        assert type(record) is entity
        assert (record.version, errors(record, model)) == (0, [])


@pytest.mark.parametrize("entity", ENTITIES, ids=kind_of)
def test_records_shrink_to_the_fields_that_they_need(entity: type[Record]) -> None:
    schema = MODEL.schema(entity)
    smallest = find(strategies.records(entity, MODEL), lambda _: True)
    needed = {"id", "status", "pipeline", "stage", "custom"}
    for one in schema.standard:
        if not one.is_required and one.name not in needed:
            assert one.value(smallest) == getattr(entity(**required(smallest)), one.name)
    assert smallest.id == "a"


def required(record: Record) -> dict[str, Any]:
    schema = MODEL.schema_of(record)
    return {one.name: one.value(record) for one in schema.standard if one.is_required}


@pytest.mark.parametrize("entity", [Account, Subscription, Contact])
def test_every_field_has_a_value_at_times(entity: type[Record]) -> None:
    for one in MODEL.schema(entity):
        if one.name in ("version", "custom"):
            continue
        pool = [Account(id="p", name="x"), Contact(id="p", name="x"), Lead(id="p")]  # type: ignore[arg-type]  # any
        pool += [Subscription(id="p", name="x", account_id="a"), User(id="p", name="x")]  # type: ignore[arg-type, list-item]  # any
        drawn = strategies.records(entity, MODEL, pool=pool)
        find(drawn, lambda record, one=one: one.value(record) not in (None, (), frozenset()))


def test_fixed_values_stay() -> None:
    drawn = strategies.records(
        Opportunity, OTHER, name="x", stage="B", custom={}, amount=None, id=st.just("z")
    )
    found = find(drawn, lambda _: True)
    assert (found.id, found.name, found.pipeline, found.stage) == ("z", "x", "new", "B")
    found = find(strategies.records(Opportunity, OTHER, pipeline="new"), lambda _: True)
    assert found.stage == "A"
    found = find(strategies.records(Opportunity, OTHER, pipeline="gone"), lambda _: True)
    assert found.pipeline == "gone"


@given(data=st.data())
def test_a_fixed_day_bounds_the_other(data: st.DataObject) -> None:
    day = data.draw(strategies.dates())
    for name in ("start_on", "end_on"):
        contract: Contract = data.draw(strategies.records(Contract, **{name: day}))
        assert getattr(contract, name) == day
        assert errors(contract, STANDARD_MODEL) == []


def test_days_that_are_both_fixed_stay_as_they_are() -> None:
    late, early = strategies.dates(), strategies.dates()
    drawn = strategies.records(Contract, start_on=late, end_on=early)
    found = find(drawn, lambda one: one.start_on > one.end_on)  # type: ignore[operator]  # both are given
    assert errors(found, STANDARD_MODEL)


def test_fixed_custom_values_replace_required_ones() -> None:
    found = find(strategies.records(Subscription, MODEL, custom={}), lambda _: True)
    assert dict(found.custom) == {}


@given(data=st.data())
def test_references_name_records_of_the_pool(data: st.DataObject) -> None:
    pool = [Account(id="one", name="x"), Lead(id="two")]
    activity = data.draw(strategies.records(Activity, pool=pool))
    assert activity.who in (None, pool[1].ref)
    assert activity.about in (None, pool[0].ref)
    contact = data.draw(strategies.records(Contact, pool=pool))
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
