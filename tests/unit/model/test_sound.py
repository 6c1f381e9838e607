"""Soundness: everything that keeps a model from working, found at once."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import pytest
from attrs import frozen

from crmcore.entities import Account, Record
from crmcore.fields import CustomField, Lookup, MultiPicklist, Picklist
from crmcore.findings import Findings, ModelError
from crmcore.model.calendar import Calendar
from crmcore.model.customise import Label
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import (
    ForecastCategory,
    LeadCategory,
    LeadStatus,
    Pipeline,
    Stage,
    StageCategory,
)
from crmcore.model.sound import is_percentage, model_findings
from crmcore.values import FrozenMap

OPEN = Stage("a")
WON = Stage("w", StageCategory.WON, 100, ForecastCategory.CLOSED)
LOST = Stage("l", StageCategory.LOST, 0, ForecastCategory.OMITTED)


def refused(build: Callable[[], Any]) -> list[tuple[str, str, Any]]:
    with pytest.raises(ModelError) as caught:
        build()
    return [(one.code, one.path, one.value) for one in caught.value.findings]


def stages(*given: Any) -> list[tuple[str, str, Any]]:
    return refused(lambda: STANDARD_MODEL.with_pipelines(Pipeline("p", given)))


def statuses(*given: Any) -> list[tuple[str, str, Any]]:
    return refused(lambda: STANDARD_MODEL.with_lead_statuses(*given))


def fields(*given: CustomField) -> list[tuple[str, str, Any]]:
    return refused(lambda: STANDARD_MODEL.with_custom_fields(Account, *given))


def test_the_standard_model_is_sound() -> None:
    assert model_findings(STANDARD_MODEL) == Findings()


def test_two_entities_of_one_name_are_refused() -> None:
    other = frozen(kw_only=True)(type("Account", (Record,), {}))
    assert ("model.entity_twice", "", "account") in refused(
        lambda: STANDARD_MODEL.with_entity(other)
    )


@pytest.mark.parametrize("unfit", [float, list, dict, set, bytes])
def test_a_field_of_a_type_that_cannot_be_kept_is_refused(unfit: type) -> None:
    body = {"__annotations__": {"size": unfit | None}, "size": None}
    entity = frozen(kw_only=True)(type("Parcel", (Record,), body))
    assert refused(lambda: STANDARD_MODEL.with_entity(entity)) == [
        ("model.field_type", "parcel.size", None)
    ]


def test_a_custom_field_has_a_name_of_its_own() -> None:
    assert fields(CustomField(name="x"), CustomField(name="x")) == [
        ("model.field_twice", "account", "x")
    ]
    assert fields(CustomField(name="name")) == [("model.field_taken", "account", "name")]
    assert fields(CustomField(name="my field")) == [("model.field_name", "account", "my field")]


@pytest.mark.parametrize("picklist", [Picklist(), MultiPicklist()])
def test_a_picklist_has_options(picklist: Any) -> None:
    assert fields(CustomField(name="x", type=picklist)) == [("model.no_options", "account", "x")]


def test_a_lookup_names_entities_of_the_model() -> None:
    @frozen(kw_only=True)
    class Subscription(Record):
        account_id: Annotated[str | None, Lookup("acount")] = None

    assert refused(lambda: STANDARD_MODEL.with_entity(Subscription)) == [
        ("model.lookup_target", "subscription.account_id", "acount")
    ]
    assert fields(CustomField(name="x", type=Lookup("lead", "deal"))) == [
        ("model.lookup_target", "account.custom.x", "deal")
    ]


def test_what_is_customised_exists() -> None:
    found = refused(
        lambda: Model(
            custom_fields=FrozenMap(acount=(CustomField(name="x"),)),
            labels=FrozenMap(acount=Label("A", "As")),
            disabled=frozenset({"acount"}),
        )
    )
    assert found == [("model.unknown_entity", "", "acount")] * 3


def test_a_model_has_pipelines_of_different_keys() -> None:
    assert refused(lambda: Model(pipelines=())) == [("model.no_pipeline", "", None)]
    twice = Pipeline("p", (OPEN, WON, LOST))
    assert refused(lambda: Model(pipelines=(twice, twice))) == [("model.pipeline_twice", "", "p")]
    assert refused(lambda: Model(pipelines=(Pipeline(" ", (OPEN, WON, LOST)),))) == [
        ("model.key", "pipeline", " ")
    ]


def test_a_pipeline_has_a_stage_of_each_category() -> None:
    assert stages(OPEN, WON) == [("model.stage_missing", "pipeline p", None)]
    assert [code for code, _, _ in stages()] == ["model.stage_missing"] * 3


def test_stages_have_different_keys() -> None:
    assert stages(OPEN, OPEN, WON, LOST) == [("model.stage_twice", "pipeline p", "a")]
    assert stages(Stage(""), WON, LOST) == [("model.key", "pipeline p, stage ", "")]


@pytest.mark.parametrize(
    "probability", [-1, 101, 0.5, "50", None, True, Decimal("NaN"), Decimal("sNaN")]
)
def test_a_probability_is_an_exact_percentage(probability: Any) -> None:
    found = stages(Stage("a", StageCategory.OPEN, probability), WON, LOST)
    assert [(code, path) for code, path, _ in found] == [
        ("model.stage_probability", "pipeline p, stage a")
    ]


def test_won_is_certain_and_lost_is_hopeless() -> None:
    """P1."""
    sure = Stage("w", StageCategory.WON, 99, ForecastCategory.CLOSED)
    hopeful = Stage("l", StageCategory.LOST, 1, ForecastCategory.OMITTED)
    assert stages(OPEN, sure, hopeful) == [
        ("model.stage_probability", "pipeline p, stage w", 99),
        ("model.stage_probability", "pipeline p, stage l", 1),
    ]


def test_a_closed_stage_has_its_forecast_category() -> None:
    unsure = Stage("w", StageCategory.WON, 100, ForecastCategory.COMMIT)
    hopeful = Stage("l", StageCategory.LOST, 0, ForecastCategory.PIPELINE)
    assert [one[0] for one in stages(Stage("o"), unsure, hopeful)] == ["model.stage_forecast"] * 2


def test_where_a_deal_goes_and_what_is_ticked_must_make_sense() -> None:
    first = Stage("o", next=("w", "x"), checklist=("call", "call", " "))
    assert [(one[0], one[2]) for one in stages(first, WON, LOST)] == [
        ("model.stage_next", "x"),
        ("model.checklist_twice", "call"),
        ("model.key", " "),
    ]


def test_categories_are_members_of_their_enums() -> None:
    odd: Any = Stage("a", "open", 10, "sure")  # type: ignore[arg-type]  # wrong on purpose
    assert ("model.stage_category", "pipeline p, stage a", "open") in stages(OPEN, odd, WON, LOST)
    assert ("model.stage_category", "pipeline p, stage a", "sure") in stages(OPEN, odd, WON, LOST)
    wrong: Any = LeadStatus("x", "open")  # type: ignore[arg-type]  # wrong on purpose
    fine = (LeadStatus("n"), LeadStatus("c", LeadCategory.CONVERTED))
    assert statuses(*fine, wrong) == [("model.status_category", "lead status x", "open")]


def test_a_lead_can_be_open_and_converted() -> None:
    converted = LeadStatus("c", LeadCategory.CONVERTED)
    assert statuses(converted) == [("model.status_missing", "", None)]
    assert [code for code, _, _ in statuses()] == ["model.status_missing"] * 2
    assert statuses(LeadStatus("n"), converted, converted) == [("model.status_twice", "", "c")]
    assert statuses(LeadStatus("n"), LeadStatus(" "), converted) == [
        ("model.key", "lead status", " ")
    ]


@pytest.mark.parametrize("zone", ["", "Europe/Pari", "Europe", "../etc", "\x00", "x" * 99, None, 3])
def test_a_time_zone_is_known(zone: Any) -> None:
    found = refused(lambda: Model(calendar=Calendar(time_zone=zone)))
    assert found == [("model.time_zone", "", zone)]


@pytest.mark.parametrize("month", [0, 13, -1, 1.5, "1", None])
def test_a_fiscal_year_begins_in_a_month(month: Any) -> None:
    found = refused(lambda: Model(calendar=Calendar(fiscal_year_start=month)))
    assert found == [("model.fiscal_year_start", "", month)]


@pytest.mark.parametrize("currency", ["EURO", "eur", "", None])
def test_the_corporate_currency_is_known(currency: Any) -> None:
    assert refused(lambda: Model(currency=currency)) == [("model.currency", "", currency)]


def test_a_percentage_is_exact_and_within_bounds() -> None:
    assert is_percentage(Decimal(0))
    assert is_percentage(Decimal(100))
    assert not is_percentage(Decimal("100.01"))
    assert not is_percentage(50)
    assert not is_percentage(Decimal("Infinity"))
