"""The names and signatures that other people's code rests on; changing one breaks that code."""

import inspect
from collections.abc import Callable
from typing import Any

import attrs
import pytest

import crmcore
import crmcore.rules
import crmcore.testing
from crmcore import Crm
from crmcore.crm.choices import Choices

FIRST_SET = """
    Crm Account Contact Lead Opportunity Activity Campaign CampaignMember Case Contract User Touch
    AccountContactRelation AccountRelation OpportunityContactRole ExchangeRate
    Money Address PersonName Ref Record Model STANDARD_MODEL CustomField Pipeline Stage
    RuleBook STANDARD_RULES Rollup MatchRule FieldMap Survivorship F
    ChangeSet Finding Severity CrmError ConflictError NotFoundError ValidationError
    Repository RowStore MemoryRepository JsonFileRepository
"""
NAMES = set(FIRST_SET.split())

NAMED_SINCE: dict[str, str] = {}
"""Public names beyond the first set, and what each is for."""

VALUES = {"F", "STANDARD_MODEL", "STANDARD_RULES"}
"""Names of values, which have no docstring of their own."""

CONVERT = """
    * account contact opportunity opportunity_name owner_id status close_on pipeline stage overwrite
    allow_duplicates if_converted dry_run
"""

# Positional arguments in order (_ where any name will do), then after * those given by name.
CALLS = {
    "Crm": "* repository model rules clock ids by on_finding",
    "ChangeSet": "changes * checks reason by at",
    "Rollup": "* name child by where value aggregate over via scope order_by empty currency"
    " rate_on rounding",
    "Crm.open": "_",
    "Crm.close": "",
    "Crm.add": "_",
    "Crm.add_all": "_",
    "Crm.save": "_",
    "Crm.delete": "_ id * dry_run",
    "Crm.get": "_ id",
    "Crm.find": "_ _",
    "Crm.count": "_",
    "Crm.one": "_ _",
    "Crm.transaction": "* reason",
    "Crm.commit": "_",
    "Crm.related": "record",
    "Crm.timeline": "record",
    "Crm.convert_lead": f"lead_id {CONVERT}",
    "Crm.convert_leads": f"lead_ids {CONVERT}",
    "Crm.undo": "receipt",
    "Crm.ancestors": "account_id",
    "Crm.descendants": "account_id",
    "Crm.ultimate_parent": "account_id",
    "Crm.reparent": "account_id parent_id",
    "Crm.rollup": "_ account_id * scope",
    "Crm.rollups": "_",
    "Crm.explain": "_ account_id",
    "Crm.tree": "account_id * rollups",
    "Crm.find_duplicates": "_ * rule threshold",
    "Crm.not_duplicates": "a b * reason",
    "Crm.merge": "master losers * choose survivorship dry_run",
    "Crm.unmerge": "merge_id",
    "Crm.resolve": "_",
    "Crm.check": "",
    "Crm.history": "record",
    "Crm.as_of": "moment",
    "Crm.pipeline": "",
    "Crm.funnel": "",
    "Crm.forecast": "",
    "Crm.activity_report": "",
    "Crm.attribution": "",
    "Crm.import_csv": "path * dry_run",
    "Crm.export_csv": "_ path",
    "Crm.to_pandas": "_",
}

NOT_YET = {
    "Crm.undo",
    *("Crm.history", "Crm.as_of"),
    *("Crm.pipeline", "Crm.funnel", "Crm.forecast", "Crm.activity_report", "Crm.attribution"),
    *("Crm.import_csv", "Crm.export_csv", "Crm.to_pandas"),
}
"""What may still be missing; take a name off when it is there."""

EVERY_RECORD = "id version owner_id labels custom external_ids created_at updated_at"

# What must be given, then after * what need not.
FIELDS = {
    "Account": "name * parent_id website phone industry employees annual_revenue billing_address"
    " shipping_address roles tax_id is_person",
    "AccountRelation": "from_id to_id kind * start_on end_on",
    "Contact": "name * account_id email other_emails phone mobile other_phones title department"
    " decision_role is_active birth_on mailing_address reports_to_id source",
    "AccountContactRelation": "account_id contact_id * roles is_direct is_active start_on end_on",
    "Lead": "* name company title email phone website address source status rating interest budget"
    " authority timeline referred_by_id converted_account_id converted_contact_id"
    " converted_opportunity_id converted_at",
    "Opportunity": "name * account_id amount pipeline stage probability forecast_category close_on"
    " source type next_step lost_reason lead_id",
    "OpportunityContactRole": "opportunity_id contact_id * role is_primary",
    "Activity": "subject * kind who about due_on done_at",
    "Touch": "who at * source medium campaign_id opportunity_id detail",
    "Campaign": "name * start_on end_on budget actual_cost member_statuses",
    "CampaignMember": "campaign_id member * status first_responded_at",
    "Case": "subject * account_id who status opened_at closed_at",
    "Contract": "name * account_id start_on end_on value",
    "User": "name * manager_id is_queue",
    "ExchangeRate": "currency base valid_from rate *",
}

TRANSACTION = "add save delete get find convert_lead merge findings"


def found(path: str) -> Any:
    value: Any = crmcore
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def pinned(text: str) -> tuple[list[str], list[str]]:
    before, _, after = text.partition("*")
    return before.split(), after.split()


def documented(value: object) -> bool:
    return bool((getattr(value, "__doc__", None) or "").strip())


def test_the_public_names_are_these() -> None:
    assert set(crmcore.__all__) == NAMES | NAMED_SINCE.keys()
    assert len(crmcore.__all__) == len(set(crmcore.__all__))


@pytest.mark.parametrize("name", sorted(NAMES | NAMED_SINCE.keys()))
def test_a_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(crmcore, name)
    assert name in VALUES or documented(value)


@pytest.mark.parametrize("path", CALLS)
def test_a_call_can_be_written_as_pinned(path: str) -> None:
    function: Callable[..., object] | None = found(path)
    if function is None:
        assert path in NOT_YET, f"{path} is missing"
        pytest.skip(f"{path} comes in a later version")
    parameters = dict(inspect.signature(function).parameters)
    if path != "Crm.open" and path.startswith("Crm."):
        del parameters["self"]
    positional, by_name = pinned(CALLS[path])
    ordered = [p for p in parameters.values() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    for place, name in enumerate(positional):
        assert len(ordered) > place, f"{path} takes too few positional arguments"
        assert name in {"_", ordered[place].name}
    given = {parameter.name for parameter in ordered[: len(positional)]}
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for name in by_name:
        if open_ended and name in Choices.__annotations__:
            continue  # **choices: Unpack[Choices]
        assert name in parameters, f"{path} has no argument {name}"
        assert parameters[name].kind is not inspect.Parameter.POSITIONAL_ONLY
    for name, parameter in parameters.items():
        needed = parameter.default is parameter.empty and parameter.kind not in {
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        }
        assert not needed or name in given | set(by_name), f"{path} also wants {name}"


def test_what_is_there_is_no_longer_listed_as_missing() -> None:
    assert [path for path in sorted(NOT_YET) if found(path) is not None] == []


def test_every_public_method_of_crm_says_what_it_does() -> None:
    methods = inspect.getmembers(Crm, inspect.isroutine)
    assert [n for n, method in methods if n[0] != "_" and not documented(method)] == []


@pytest.mark.parametrize("entity", FIELDS)
def test_an_entity_has_the_pinned_fields(entity: str) -> None:
    fields = {field.name: field for field in attrs.fields(getattr(crmcore, entity))}
    required, optional = pinned(FIELDS[entity])
    missing = {*EVERY_RECORD.split(), *required, *optional} - fields.keys()
    assert not missing
    assert {n for n, field in fields.items() if field.default is attrs.NOTHING} == set(required)


def test_a_transaction_has_the_pinned_names() -> None:
    with Crm().transaction(reason="to look at it") as tx:
        assert [name for name in TRANSACTION.split() if not hasattr(tx, name)] == []


@pytest.mark.parametrize("name", ["convert_lead", "roll_up", "find_duplicates", "merge"])
def test_a_pure_decider_can_be_imported_from_rules(name: str) -> None:
    assert documented(getattr(crmcore.rules, name))


def test_the_kit_for_adapter_authors_can_be_imported() -> None:
    assert documented(crmcore.testing.RepositorySuite)
