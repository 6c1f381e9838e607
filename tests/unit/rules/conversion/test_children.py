"""Where the records go that refer to a lead."""

from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from crmcore.changes import CheckNone, Update
from crmcore.entities import (
    Activity,
    Attachment,
    CampaignMember,
    Case,
    Contact,
    ConversionReceipt,
    Opportunity,
    Record,
)
from crmcore.fields import CustomField, Lookup
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.query import matches
from crmcore.rules.conversion.children import Moves, moved_children, target_for
from tests.unit.rules.conversion.cases import account, contact, deal, lead, made, request

DONE = datetime(2026, 1, 1, tzinfo=UTC)
CONTACT, DEAL, ACCOUNT = contact(), deal(), account()
MODEL = STANDARD_MODEL.with_custom_fields(
    Case,
    CustomField(name="payer", type=Lookup("lead", "account")),
    CustomField(name="lead_id", type=Lookup("lead")),
).with_custom_fields(Contact, CustomField(name="twin", type=Lookup("lead", "contact")))


def moves(*children: Record, model: Model = MODEL, targets: Any = None, **asked: Any) -> Moves:
    ends = (CONTACT, DEAL, ACCOUNT) if targets is None else targets
    return moved_children(request(model, **asked), children, targets=ends, links=())


def test_a_child_moves_to_the_first_target_that_its_field_accepts() -> None:
    ref = lead().ref
    task = made(Activity, id="task", subject="Call", who=ref, about=DEAL.ref)
    case = made(Case, id="case", subject="Help", who=ref, custom={"payer": ref})
    file = made(Attachment, id="file", about=ref, uri="a")
    result = moves(task, case, file)
    assert result.changes == (
        Update(task, evolve(task, who=CONTACT.ref)),
        Update(case, evolve(case, who=CONTACT.ref, custom={"payer": ACCOUNT.ref})),
        Update(file, evolve(file, about=CONTACT.ref)),
    )
    assert [(one.ref.id, one.field, one.after) for one in result.moved] == [
        ("task", "who", CONTACT.ref),
        ("case", "who", CONTACT.ref),
        ("case", "custom.payer", ACCOUNT.ref),
        ("file", "about", CONTACT.ref),
    ]
    assert not result.findings


def test_without_a_contact_a_file_goes_to_the_deal_and_a_task_stays() -> None:
    task = made(Activity, id="task", subject="Call", who=lead().ref)
    file = made(Attachment, id="file", about=lead().ref, uri="a")
    result = moves(task, file, targets=(DEAL, ACCOUNT))
    assert result.changes == (Update(file, evolve(file, about=DEAL.ref)),)
    assert [(one.code, one.ref, one.path) for one in result.findings] == [
        ("conversion.reference_stays", task.ref, "who")
    ]


def test_a_reference_that_only_leads_may_have_stays() -> None:
    case = made(Case, id="case", subject="Help", custom={"lead_id": "lead"})
    result = moves(case)
    assert not result.changes
    assert [one.path for one in result.findings] == ["custom.lead_id"]


def test_a_deals_memory_of_its_lead_stays_without_a_word() -> None:
    result = moves(made(Opportunity, id="earlier", name="Earlier", lead_id=lead().id))
    assert not result.changes
    assert not result.findings


def test_historic_references_and_targets_themselves_stay() -> None:
    receipt = made(ConversionReceipt, id="old", lead_id=lead().id)
    twin = evolve(CONTACT, custom={"twin": lead().ref})
    result = moves(receipt, twin, targets=(twin,))
    assert not result.changes
    assert not result.findings


def test_children_of_a_disabled_object_stay_and_are_told() -> None:
    task = made(Activity, id="task", subject="Call", who=lead().ref)
    result = moves(task, model=MODEL.with_disabled(Activity))
    assert not result.changes
    (found,) = result.findings
    assert "disabled" in found.message


def test_a_child_given_twice_moves_once() -> None:
    task = made(Activity, id="task", subject="Call", who=lead().ref)
    assert len(moves(task, task).changes) == 1


def test_open_tasks_of_the_leads_owner_get_the_new_owner() -> None:
    ref = lead().ref
    open_ = made(Activity, id="open", subject="Call", who=ref, owner_id="queue")
    done = made(Activity, id="done", subject="Call", who=ref, owner_id="queue", done_at=DONE)
    others = made(Activity, id="others", subject="Call", who=ref, owner_id="user-1")
    result = moves(open_, done, others, lead=lead(owner_id="queue"), owner_id="user-2")
    owners = [one.after.owner_id for one in result.changes if isinstance(one, Update)]
    assert owners == ["user-2", "queue", "user-1"]
    assert [(one.field, one.after.id) for one in result.moved if one.ref == open_.ref] == [
        ("who", "contact"),
        ("owner_id", "user-2"),
    ]


def test_a_new_reference_to_the_lead_would_be_noticed() -> None:
    stays = made(Case, id="case", subject="Help", custom={"lead_id": "lead"})
    result = moves(stays)
    late = (
        made(Activity, subject="Late", who=lead().ref),
        made(Case, subject="Late", custom={"payer": lead().ref}),
        made(CampaignMember, campaign_id="fair", member=lead().ref),
    )
    for one in late:
        assert any(_forbids(check, one) for check in result.checks)
    assert not any(_forbids(check, stays) for check in result.checks)


def _forbids(check: object, record: Record) -> bool:
    assert isinstance(check, CheckNone)
    return check.query.kind == record.ref.kind and matches(check.query.where, record)


def test_only_a_field_that_may_hold_both_moves() -> None:
    assert target_for(Lookup("lead", "contact"), [ACCOUNT.ref, CONTACT.ref]) == CONTACT.ref
    assert target_for(Lookup("lead"), [CONTACT.ref]) is None
    assert target_for(Lookup("account"), [ACCOUNT.ref]) is None
    assert target_for(None, [ACCOUNT.ref]) is None
