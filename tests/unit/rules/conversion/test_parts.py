"""The account, contact and deal of a conversion."""

from datetime import date
from typing import Any

import pytest

from crmcore.entities import Account, Contact, Opportunity
from crmcore.errors import UnknownNameError
from crmcore.findings import Severity
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.pipeline import ForecastCategory, Pipeline, Stage, StageCategory
from crmcore.model.policies import NoCompany
from crmcore.rules.conversion.parts import account_part, contact_part, opportunity_part
from crmcore.rules.conversion.request import SKIP
from crmcore.rules.field_map import STANDARD_FIELD_MAP, Constant, MapEntry
from crmcore.values import Money, PersonName
from tests.unit.rules.conversion.cases import account, contact, deal, lead, request

SALES = Pipeline(
    "sales",
    (
        Stage("Gone", StageCategory.LOST, 0, ForecastCategory.OMITTED),
        Stage("Talk", StageCategory.OPEN, 10, ForecastCategory.PIPELINE),
        Stage("Done", StageCategory.WON, 100, ForecastCategory.CLOSED),
    ),
)
TWO_PIPELINES = STANDARD_MODEL.with_pipelines(SALES)


def made(**asked: Any) -> Opportunity:
    model = asked.pop("model", STANDARD_MODEL)
    part = opportunity_part(request(model, **asked), asked.get("account"))
    assert part.after is not None
    return part.after


def test_a_new_account_is_named_after_the_company() -> None:
    part = account_part(request(owner_id="user-1"))
    assert part.after is not None
    assert (part.after.name, part.after.owner_id, part.after.is_person) == (
        "Engines",
        "user-1",
        False,
    )
    assert part.decisions == ("Account: created 'Engines'; named after the lead's company",)


def test_an_account_given_keeps_its_name() -> None:
    part = account_part(request(account=account()))
    assert part.after is not None
    assert part.after.name == "Acme"
    assert part.decisions == ("Account: attached to 'Acme'; the one given",)


@pytest.mark.parametrize("company", [None, "", "\t"])
def test_without_company_policy_decides(company: str | None) -> None:
    person = STANDARD_MODEL.with_policies(no_company=NoCompany.PERSON_ACCOUNT)
    made = account_part(request(person, lead=lead(company=company))).after
    assert made is not None
    assert (made.name, made.is_person) == ("Ada Lovelace", True)
    none = account_part(request(lead=lead(company=company)))
    assert (none.after, none.findings) == (None, ())
    assert none.decisions == ("Account: none; the lead has no company: a contact only",)
    refuse = STANDARD_MODEL.with_policies(no_company=NoCompany.REFUSE)
    (found,) = account_part(request(refuse, lead=lead(company=company))).findings
    assert (found.code, found.severity) == ("conversion.no_company", Severity.ERROR)


def test_a_person_account_may_be_named_after_the_contact_given() -> None:
    model = STANDARD_MODEL.with_policies(no_company=NoCompany.PERSON_ACCOUNT)
    one = request(model, lead=lead(company=None, name=None), contact=contact())
    made = account_part(one).after
    assert made is not None
    assert made.name == "Ada Lovelace"
    nobody = account_part(request(model, lead=lead(company=None, name=None)))
    assert [one.code for one in nobody.findings] == ["conversion.missing"]


def test_a_new_contact_belongs_to_the_account() -> None:
    part = contact_part(request(), account())
    assert part.after is not None
    assert (part.after.account_id, part.after.email) == ("account", "ada@engines.example")


def test_a_contact_without_a_name_cannot_be_made() -> None:
    for name in (None, PersonName()):
        part = contact_part(request(lead=lead(name=name)), account())
        (found,) = part.findings
        assert part.after is None
        assert (found.code, found.path) == ("conversion.missing", "name")
        assert "contact" in found.suggestion


def test_a_contact_given_stays_in_its_account() -> None:
    part = contact_part(request(contact=contact(account_id="other")), account())
    assert part.after is not None
    assert part.after.account_id == "other"
    private = contact_part(request(contact=contact()), account())
    assert private.after is not None
    assert private.after.account_id == "account"


def test_a_person_account_gets_no_second_person() -> None:
    home = account(is_person=True)
    (found,) = contact_part(request(account=home), home).findings
    assert found.code == "conversion.second_person"
    of_home = contact(account_id="account")
    assert not contact_part(request(account=home, contact=of_home), home).findings


def test_a_lost_wish_not_to_be_reached_is_told() -> None:
    one = request(lead=lead(is_phone_opt_out=True), contact=contact())
    (found,) = contact_part(one, None).findings
    assert (found.code, found.path) == ("conversion.opt_out", "is_phone_opt_out")
    assert found.suggestion == "overwrite=('contact.is_phone_opt_out',)"
    kept = request(lead=lead(), contact=contact(is_phone_opt_out=True))
    assert not contact_part(kept, None).findings


def test_a_new_deal_has_sensible_defaults() -> None:
    deal = made(account=account())
    assert deal.name == "Acme - Difference engine"
    assert (deal.pipeline, deal.stage) == ("standard", "Prospecting")
    assert deal.close_on == date(2026, 9, 30)
    assert deal.amount == Money(1200, "GBP")
    assert deal.description == "Interest: Difference engine"
    assert (deal.account_id, deal.lead_id) == ("account", "lead")


def test_a_deal_is_named_after_the_person_and_the_month_where_nothing_else_is_known() -> None:
    assert made(lead=lead(interest=None)).name == "Ada Lovelace - 2026-08"
    assert made(lead=lead(interest="a\n b " * 40)).name.startswith("Ada Lovelace - a b a b")
    assert len(made(lead=lead(interest="x" * 400)).name) == len("Ada Lovelace - ") + 60


def test_what_is_said_of_a_new_deal_counts() -> None:
    deal = made(
        model=TWO_PIPELINES,
        opportunity_name="Engine",
        close_on=date(2027, 1, 2),
        pipeline="sales",
        stage="Done",
        owner_id="user-1",
    )
    assert (deal.name, deal.close_on) == ("Engine", date(2027, 1, 2))
    assert (deal.pipeline, deal.stage, deal.owner_id) == ("sales", "Done", "user-1")


def test_the_first_open_stage_is_the_default() -> None:
    assert made(model=TWO_PIPELINES, pipeline="sales").stage == "Talk"


def test_the_map_may_say_pipeline_stage_and_date() -> None:
    field_map = STANDARD_FIELD_MAP.with_entries(
        MapEntry("opportunity.pipeline", Constant("sales")),
        MapEntry("opportunity.close_on", Constant(date(2030, 1, 1))),
        MapEntry("opportunity.name", "company"),
    )
    deal = made(model=TWO_PIPELINES, field_map=field_map)
    assert (deal.pipeline, deal.stage, deal.close_on) == ("sales", "Talk", date(2030, 1, 1))
    assert deal.name == "Engines"
    staged = field_map.with_entries(MapEntry("opportunity.stage", Constant("Gone")))
    assert made(model=TWO_PIPELINES, field_map=staged).stage == "Gone"


def test_a_pipeline_that_the_map_got_wrong_is_left_for_the_check() -> None:
    entry = MapEntry("opportunity.pipeline", Constant("slaes"))
    deal = made(field_map=STANDARD_FIELD_MAP.with_entries(entry))
    assert (deal.pipeline, deal.stage) == ("slaes", "Prospecting")


@pytest.mark.parametrize(
    "asked", [{"pipeline": "standrad"}, {"stage": "Prospectin"}, {"pipeline": "x", "stage": "y"}]
)
def test_an_unknown_pipeline_or_stage_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError):
        made(**asked)


def test_a_deal_given_has_its_gaps_filled() -> None:
    old = deal(stage="Proposal", source="Fair")
    after = made(opportunity=old, account=account(), lead=lead(source="Web"))
    assert (after.name, after.stage, after.source) == ("Engine", "Proposal", "Fair")
    assert (after.account_id, after.lead_id, after.close_on) == ("account", "lead", None)
    assert after.amount == Money(1200, "GBP")


def test_a_skipped_deal_is_told() -> None:
    part = opportunity_part(request(opportunity=SKIP), None)
    assert part.after is None
    assert part.decisions == ("Opportunity: none was asked for",)
    assert {one.field for one in part.transfers} == {"budget", "interest"}


def test_disabled_objects_are_skipped_and_told() -> None:
    model = STANDARD_MODEL.with_disabled(Account, Contact, Opportunity)
    one = request(model)
    for part in (account_part(one), contact_part(one, None), opportunity_part(one, None)):
        assert part.after is None
        assert [found.code for found in part.findings] == ["conversion.disabled"]


def test_objects_are_called_as_the_company_calls_them() -> None:
    model = STANDARD_MODEL.renamed(Account, "Company", "Companies")
    assert account_part(request(model)).decisions[0].startswith("Company: created")
