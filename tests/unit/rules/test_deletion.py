"""Deleting a record: what goes with it, what is let go of, what stands in the way."""

from typing import Annotated, Any

from attrs import frozen

from crmcore.changes import ChangeSet, CheckNone, Delete, Insert, Update
from crmcore.entities import (
    Account,
    AccountContactRelation,
    Activity,
    Campaign,
    CampaignMember,
    Contact,
    ConversionReceipt,
    Opportunity,
    OpportunityContactRole,
    Record,
    User,
)
from crmcore.fields import CASCADE, CLEAR, CustomField, Lookup
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.deletion import binding_lookups, cascade, delete
from crmcore.values import PersonName, Ref
from tests.examples import changed, example

ACME = Account(name="Acme", id="acme")  # type: ignore[arg-type]  # any text
ADA = Contact(name=PersonName(family="Lovelace"), id="ada")  # type: ignore[arg-type]  # any text


@frozen(kw_only=True)
class Subscription(Record):
    account_id: Annotated[str | None, Lookup("account", on_delete=CLEAR)] = None
    payers: Annotated[tuple[str, ...], Lookup("account", on_delete=CLEAR)] = ()


@frozen(kw_only=True)
class Seat(Record):
    subscription_id: Annotated[str, Lookup("subscription", on_delete=CASCADE)]


MODEL = STANDARD_MODEL.with_entity(Subscription, Seat)


def decided(record: Record, *referring: Record) -> tuple[list[Any], list[Any]]:
    decision = delete(record, referring=referring, model=MODEL)
    return list(decision.changes), [(one.code, one.path) for one in decision.findings]


def test_a_record_that_nobody_refers_to_goes_alone() -> None:
    assert decided(ACME) == ([Delete(ACME)], [])
    assert delete(ACME, referring=(), model=MODEL).changes.reason == "delete"


def test_link_rows_go_before_their_end() -> None:
    link = example(AccountContactRelation, account_id="acme", contact_id="ada")
    role = example(OpportunityContactRole, contact_id="ada")
    member = example(CampaignMember, member=ADA.ref)
    changes, findings = decided(ADA, link, role, member)
    assert changes[-1] == Delete(ADA)
    assert {one.ref for one in changes[:-1]} == {link.ref, role.ref, member.ref}
    assert findings == []


def test_what_goes_with_a_record_takes_its_own_along() -> None:
    campaign = Campaign(name="Fair")
    subscription = Subscription(id="s")
    seats = [Seat(subscription_id="s"), Seat(subscription_id="other")]
    changes, _ = decided(subscription, *seats, campaign)
    assert changes == [Delete(seats[0]), Delete(subscription)]


def test_a_reference_that_restricts_is_a_finding_each() -> None:
    contact = changed(ADA, account_id="acme")
    deal = Opportunity(name="Engine", account_id="acme")  # type: ignore[arg-type]  # any text
    changes, findings = decided(ACME, contact, deal)
    assert findings == [("delete.restricted", "account_id")] * 2
    assert changes == [Delete(ACME)]
    found = delete(ACME, referring=[contact], model=MODEL).findings
    assert (found[0].ref, found[0].value) == (contact.ref, "acme")


def test_what_would_be_left_dangling_by_a_cascade_is_a_finding_too() -> None:
    campaign = Campaign(name="Fair", id="fair")  # type: ignore[arg-type]  # any text
    member = example(CampaignMember, campaign_id="fair", id="m")

    @frozen(kw_only=True)
    class Note(Record):
        member_id: Annotated[str, Lookup("campaign_member")]

    model = MODEL.with_entity(Note)
    found = delete(campaign, referring=[member, Note(member_id="m")], model=model).findings
    assert [(one.code, one.value) for one in found] == [("delete.restricted", "m")]


def test_a_reference_that_clears_is_cleared_wherever_it_stands() -> None:
    row = Subscription(account_id="acme", payers=("x", "acme"))
    assert decided(ACME, row) == (
        [Delete(ACME), Update(row, changed(row, account_id=None, payers=("x",)))],
        [],
    )


def test_historic_references_and_outside_users_neither_hinder_nor_move() -> None:
    receipt = example(ConversionReceipt, account_id="acme")
    assert decided(ACME, receipt) == ([Delete(ACME)], [])
    user = User(name="Ada", id="u")  # type: ignore[arg-type]  # any text
    owned = changed(ACME, owner_id="u")
    assert decided(user, owned) == ([Delete(user)], [])


def test_a_deletion_relies_on_nobody_referring_meanwhile() -> None:
    decision = delete(ADA, referring=(), model=MODEL)
    assert all(isinstance(one, CheckNone) for one in decision.changes.checks)
    asked = " ".join(map(str, decision.changes.checks))
    assert "contact where (F.account_id" not in asked
    assert "opportunity_contact_role where (F.contact_id == 'ada')" in asked
    assert "activity where (F.who == " in asked
    assert len(decision.changes.checks) == len(list(binding_lookups(MODEL, "contact")))


def test_references_that_bind_are_found_from_the_schema() -> None:
    model = MODEL.with_custom_fields(Activity, CustomField(name="site_id", type=Lookup("account")))
    found = {f"{kind}.{one.path}" for kind, one in binding_lookups(model, "account")}
    assert {
        "account.parent_id",
        "contact.account_id",
        "activity.about",
        "activity.custom.site_id",
        "attachment.about",
        "subscription.payers",
    } <= found
    assert not any(
        one.startswith(("lead.converted", "conversion_receipt", "merge")) for one in found
    )
    assert [kind for kind, _ in binding_lookups(model, "user") if kind != "attachment"] == [
        "answer",
        "answer",
        "quota",
        "user",
    ]


def test_a_row_goes_with_any_of_several() -> None:
    link = example(AccountContactRelation, account_id="acme", contact_id="ada")
    others: list[Ref[Any]] = [Ref("account", "x"), Ref("contact", "acme")]
    assert cascade(link, MODEL, [*others, ACME.ref])
    assert not cascade(link, MODEL, others)
    assert not cascade(changed(ADA, account_id="acme"), MODEL, [ACME.ref])


def test_the_deletion_can_be_taken_back() -> None:
    row = Subscription(account_id="acme")
    changes = delete(ACME, referring=[row], model=MODEL).changes
    back: ChangeSet = changes.inverse()
    assert list(back) == [Update(changed(row, account_id=None), row), Insert(ACME)]
