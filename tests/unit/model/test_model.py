"""The model: what there is, and successors that differ in one thing."""

from typing import Any

import pytest
from attrs import frozen

from crmcore.entities import STANDARD_ENTITIES, Account, Lead, Opportunity, Record
from crmcore.errors import UnknownNameError
from crmcore.fields import CustomField, Lookup
from crmcore.findings import ModelError
from crmcore.model.calendar import Calendar
from crmcore.model.describe import describe
from crmcore.model.model import STANDARD_MODEL, Model, kind_name
from crmcore.model.pipeline import (
    STANDARD_PIPELINE,
    ForecastCategory,
    LeadCategory,
    LeadStatus,
    Pipeline,
    Stage,
    StageCategory,
)
from crmcore.model.policies import NoCompany


@frozen(kw_only=True)
class Subscription(Record):
    name: str


RENEWALS = Pipeline(
    "renewals",
    (
        Stage("Open", StageCategory.OPEN, 60, ForecastCategory.COMMIT),
        Stage("Renewed", StageCategory.WON, 100, ForecastCategory.CLOSED),
        Stage("Gone", StageCategory.LOST, 0, ForecastCategory.OMITTED),
    ),
)


def test_the_standard_model_has_every_entity_by_name() -> None:
    assert len(STANDARD_MODEL.kinds) == len(STANDARD_ENTITIES)
    assert list(STANDARD_MODEL.kinds) == sorted(STANDARD_MODEL.kinds)
    assert [one.kind for one in STANDARD_MODEL.schemas] == list(STANDARD_MODEL.kinds)


def test_models_are_values() -> None:
    assert Model() == STANDARD_MODEL
    assert hash(Model()) == hash(STANDARD_MODEL)
    assert STANDARD_MODEL.with_disabled(Lead) != STANDARD_MODEL
    assert STANDARD_MODEL.with_disabled(Lead).with_enabled("lead") == STANDARD_MODEL
    assert "_schemas" not in repr(STANDARD_MODEL)


def test_an_entity_is_named_by_class_or_stored_name() -> None:
    assert kind_name(Account) == kind_name("account") == "account"
    assert STANDARD_MODEL.schema(Account) is STANDARD_MODEL.schema("account")
    assert STANDARD_MODEL.schema_of(Account(name="Acme")) == describe(Account)
    with pytest.raises(UnknownNameError, match=r"unknown entity 'acount'.*did you mean 'account'"):
        STANDARD_MODEL.schema("acount")


def test_an_own_entity_joins() -> None:
    model = STANDARD_MODEL.with_entity(Subscription)
    assert not STANDARD_MODEL.has(Subscription)
    assert model.has(Subscription)
    assert model.is_enabled("subscription")
    assert list(model.kinds) == sorted(model.kinds)
    assert model.schema(Subscription).entity is Subscription


def test_custom_fields_add_up() -> None:
    model = STANDARD_MODEL.with_custom_fields(Account, CustomField(name="tier"))
    model = model.with_custom_fields("account", CustomField(name="score"))
    assert [one.name for one in model.schema(Account).custom] == ["tier", "score"]
    assert model.schema(Lead).custom == ()


def test_a_renamed_object_keeps_its_stored_name() -> None:
    """X6."""
    model = STANDARD_MODEL.renamed(Opportunity, "Deal", "Deals")
    schema = model.schema("opportunity")
    assert (schema.kind, schema.label, schema.plural) == ("opportunity", "Deal", "Deals")
    assert schema.fields == describe(Opportunity).fields
    assert model.kinds == STANDARD_MODEL.kinds


def test_a_disabled_object_is_hidden_but_known() -> None:
    model = STANDARD_MODEL.with_disabled(Lead, "case")
    assert model.has(Lead)
    assert not model.is_enabled(Lead)
    assert model.schema(Lead) == describe(Lead)
    assert {"lead", "case"}.isdisjoint(one.kind for one in model.schemas)
    assert "lead" in model.kinds
    with pytest.raises(UnknownNameError):
        STANDARD_MODEL.with_disabled("laed")


def test_pipelines_are_added_or_replaced_in_their_place() -> None:
    model = STANDARD_MODEL.with_pipelines(RENEWALS)
    assert [one.key for one in model.pipelines] == ["standard", "renewals"]
    assert model.pipeline() is STANDARD_PIPELINE
    assert model.pipeline("renewals") is RENEWALS
    with pytest.raises(UnknownNameError, match="did you mean 'renewals'"):
        model.pipeline("renewal")
    shorter = Pipeline("standard", RENEWALS.stages, "Short")
    again = model.with_pipelines(shorter)
    assert [str(one) for one in again.pipelines] == ["Short", "renewals"]


def test_a_stage_is_found_by_pipeline_and_key() -> None:
    model = STANDARD_MODEL.with_pipelines(RENEWALS)
    found = model.stage_of("renewals", "Renewed")
    assert found is not None
    assert found.category is StageCategory.WON
    assert model.stage_of("standard", "Renewed") is None
    assert model.stage_of("other", "Won") is None


def test_lead_statuses_are_replaced_as_a_whole() -> None:
    statuses = (LeadStatus("a"), LeadStatus("z", LeadCategory.CONVERTED))
    model = STANDARD_MODEL.with_lead_statuses(*statuses)
    assert model.lead_statuses == statuses
    assert model.lead_status("z") is model.converted_status() is statuses[1]
    with pytest.raises(UnknownNameError, match="unknown lead status 'New'"):
        model.lead_status("New")


def test_a_kind_of_relation_has_an_inverse() -> None:
    model = STANDARD_MODEL.with_relation_kind("investor", "investment")
    assert model.relation_kinds["investor"] == "investment"
    assert model.relation_kinds["investment"] == "investor"
    for kind, inverse in STANDARD_MODEL.relation_kinds.items():
        assert STANDARD_MODEL.relation_kinds[inverse] == kind


def test_other_choices_have_successors_of_their_own() -> None:
    model = (
        STANDARD_MODEL.with_policies(no_company=NoCompany.REFUSE)
        .with_calendar(time_zone="Europe/Paris", fiscal_year_start=4)
        .with_currency("USD")
        .with_phone_region("FR")
    )
    assert model.policies.no_company is NoCompany.REFUSE
    assert model.calendar == Calendar(time_zone="Europe/Paris", fiscal_year_start=4)
    assert (model.currency, model.phone_region) == ("USD", "FR")


def test_a_model_that_cannot_work_is_refused_with_every_reason() -> None:
    with pytest.raises(ModelError) as caught:
        Model(
            currency="EURO",
            calendar=Calendar(fiscal_year_start=13),
            pipelines=(),
            custom_fields=STANDARD_MODEL.custom_fields.with_items(
                acount=(CustomField(name="x", type=Lookup("acount")),)
            ),
        )
    assert {one.code for one in caught.value.findings} == {
        "model.currency",
        "model.fiscal_year_start",
        "model.no_pipeline",
        "model.unknown_entity",
    }
    assert caught.value.what == "model"


def test_what_the_caller_keeps_changes_no_model() -> None:
    pipelines: Any = [STANDARD_PIPELINE]
    disabled: Any = {"lead"}
    labels: Any = {}
    model = Model(pipelines=pipelines, disabled=disabled, labels=labels)
    pipelines.clear()
    disabled.clear()
    assert model.pipelines == (STANDARD_PIPELINE,)
    assert not model.is_enabled(Lead)
    assert hash(model) == hash(STANDARD_MODEL.with_disabled(Lead))
    assert model.renamed(Account, "Company", "Companies").schema(Account).label == "Company"
