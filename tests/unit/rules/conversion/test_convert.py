"""The whole decision."""

from typing import Any

import pytest

from crmcore.changes import CheckVersion, Update
from crmcore.entities import Account, Campaign, Contact, ConversionReceipt, Opportunity
from crmcore.findings import Findings, ModelError, Severity, remark
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.policies import Matches, NoCompany
from crmcore.rules.conversion import SKIP, AlreadyConvertedError
from crmcore.rules.conversion.convert import convert_lead
from crmcore.rules.field_map import FieldMap, MapEntry
from crmcore.values import Ref
from tests.unit.rules.conversion.cases import (
    NOW,
    account,
    contact,
    context,
    converted,
    deal,
    lead,
    made,
)

MATCH = remark("match.account", "looks like account:acme (name, place)")


def kinds(plan: Any) -> list[str]:
    return [f"{type(one).__name__} {one.ref.kind}" for one in plan.changes]


def test_a_lead_becomes_an_account_a_contact_and_a_deal() -> None:
    plan = converted()
    assert kinds(plan) == [
        "Insert account",
        "Insert contact",
        "Insert opportunity",
        "Insert opportunity_contact_role",
        "Update lead",
        "Insert conversion_receipt",
    ]
    assert not plan.findings
    assert (plan.changes.reason, plan.changes.by, plan.changes.at) == (
        "convert lead lead",
        "user-9",
        NOW,
    )
    assert plan.receipt.converted_by == "user-9"
    assert plan.id == plan.receipt.id


def test_the_same_arguments_decide_the_same() -> None:
    assert converted() == converted()


def test_what_was_read_and_stays_is_checked() -> None:
    full = dict.fromkeys(("phone", "source", "owner_id"), "x")
    home = account(**full, billing_address=None)
    plan = converted(lead(source="Web"), account=home, contact=contact(account_id="account"))
    assert CheckVersion(home.ref, 1) in plan.changes.checks
    assert not [one for one in plan.changes if one.ref == home.ref]


def test_an_unread_link_is_not_checked() -> None:
    plan = converted(links=[made(Campaign, id="fair", name="Fair", version=3)])
    assert not [one for one in plan.changes.checks if isinstance(one, CheckVersion)]


def test_a_converted_lead_is_refused_with_its_receipt() -> None:
    done = lead(converted_at=NOW, converted_account_id="a", converted_opportunity_id="o")
    receipt = ConversionReceipt(lead_id=done.id, converted_at=NOW)
    other = ConversionReceipt(lead_id="else")  # type: ignore[arg-type]  # a plain text is an id
    with pytest.raises(AlreadyConvertedError) as raised:
        converted(done, links=[other, receipt])
    became = (Ref[Any]("account", "a"), Ref[Any]("opportunity", "o"))
    assert raised.value == AlreadyConvertedError("lead", became, receipt)


def test_a_map_that_cannot_work_is_refused_first() -> None:
    with pytest.raises(ModelError):
        converted(field_map=FieldMap(entries=[MapEntry("contact.emial", "email")]))


def test_an_error_leaves_nothing_to_store() -> None:
    plan = converted(lead(name=None))
    assert plan.findings.errors.with_code("conversion.missing")
    assert not plan.changes
    assert not plan.changes.checks
    assert plan.account is not None


def test_a_queue_owns_nothing_but_leads() -> None:
    queues = frozenset({"queue"})
    plan = converted(lead(owner_id="queue"), queue_ids=queues)
    (found,) = plan.findings.errors
    assert (found.code, found.value) == ("conversion.queue_owner", "queue")
    assert not converted(lead(owner_id="queue"), queue_ids=queues, owner_id="u").findings
    attached = converted(
        lead(owner_id="queue"),
        queue_ids=queues,
        account=account(owner_id="u"),
        contact=contact(owner_id="u", account_id="account"),
        opportunity=SKIP,
    )
    assert not attached.findings


@pytest.mark.parametrize(
    ("policy", "allowed", "severity"),
    [
        (Matches.BLOCK, False, Severity.ERROR),
        (Matches.BLOCK, True, Severity.WARNING),
        (Matches.ALERT, False, Severity.WARNING),
        (Matches.IGNORE, False, None),
    ],
)
def test_policy_says_what_a_duplicate_does(
    policy: Matches, allowed: bool, severity: Severity | None
) -> None:
    model = STANDARD_MODEL.with_policies(conversion_matches=policy)
    plan = converted(model=model, matches=Findings([MATCH]), allow_duplicates=allowed)
    assert [one.severity for one in plan.findings] == ([] if severity is None else [severity])
    assert bool(plan.changes) is (severity is not Severity.ERROR)
    told = [one for one in plan.receipt.decisions if "looks like" in one]
    assert bool(told) is (severity is Severity.WARNING)


def test_nothing_to_make_is_an_error() -> None:
    model = STANDARD_MODEL.with_disabled(Account, Contact, Opportunity)
    plan = converted(model=model)
    assert [one.code for one in plan.findings.errors] == ["conversion.nothing"]
    refuse = STANDARD_MODEL.with_policies(no_company=NoCompany.REFUSE).with_disabled(Contact)
    both = converted(lead(company=None), model=refuse, opportunity=SKIP)
    assert [one.code for one in both.findings.errors] == ["conversion.no_company"]


def test_a_disabled_receipt_is_told_and_not_stored() -> None:
    plan = converted(model=STANDARD_MODEL.with_disabled(ConversionReceipt))
    assert "Insert conversion_receipt" not in kinds(plan)
    assert plan.findings.with_code("conversion.disabled")


def test_joining_a_deal_uses_its_account() -> None:
    old = deal(account_id="account")
    plan = converted(account=account(), opportunity=old)
    assert plan.opportunity is not None
    assert plan.opportunity.id == "deal"
    stamped = next(one for one in plan.changes if one.ref.kind == "lead")
    assert isinstance(stamped, Update)
    assert plan.receipt.opportunity_id == "deal"


def test_a_lead_is_given_by_position_and_the_rest_by_name() -> None:
    assert convert_lead(lead(), context=context()).receipt.lead == lead()
