from datetime import UTC, datetime
from itertools import count
from typing import Any

from attrs import evolve

from crmcore import STANDARD_MODEL, Campaign, CampaignMember, Contact, Lead, PersonName, Touch
from crmcore.model.policies import KnownContact
from crmcore.rules.capture import Capture, Outcome, Signal, Surroundings, capture
from crmcore.rules.rule import Context
from crmcore.values.ids import CampaignId, CampaignMemberId, LeadId

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ADA = PersonName(given="Ada", family="Lovelace")
MAIL = "ada@vega.example"


def taken(
    draft: Lead,
    *known: Any,
    signal: Signal | None = None,
    model: Any = STANDARD_MODEL,
    **around: Any,
) -> Capture:
    numbers = count(1)
    context = Context(model=model, now=NOW, new_id=lambda: f"new-{next(numbers)}")
    schema = model.schema(Lead)
    given = [one.path for one in schema.standard if one.value(draft) not in (None, False)]
    given = [one for one in given if one not in ("id", "version", "status", "custom", "labels")]
    surroundings = Surroundings(known=known, **around)
    return capture(draft, given, signal, context=context, around=surroundings)


def lead(**values: Any) -> Lead:
    return Lead(**{"id": LeadId("draft"), "name": ADA, "email": MAIL, **values})


def test_somebody_new_becomes_a_lead_with_its_touch() -> None:
    done = taken(lead(), signal=Signal(source="Web"))
    assert (done.outcome, done.lead, done.ref) == (Outcome.CREATED, lead(), lead().ref)
    assert done.touch is not None
    assert (done.touch.who, done.touch.at, done.touch.source) == (lead().ref, NOW, "Web")
    assert "created" in str(done)


def test_gaps_are_filled_and_other_words_go_to_the_touch() -> None:
    known = lead(id=LeadId("known"), title="CTO", is_email_opt_out=False)
    done = taken(lead(title="CEO", company="Vega"), known)
    assert done.outcome is Outcome.UPDATED
    assert isinstance(done.lead, Lead)
    assert (done.lead.id, done.lead.title, done.lead.company) == ("known", "CTO", "Vega")
    assert done.touch is not None
    assert done.touch.detail == {"lead.title": "CEO"}


def test_an_opt_out_is_a_wish_and_not_a_gap() -> None:
    done = taken(lead(is_email_opt_out=True), lead(id=LeadId("known")))
    assert isinstance(done.lead, Lead)
    assert done.lead.is_email_opt_out


def test_a_lead_is_known_by_its_id_elsewhere() -> None:
    known = Lead(id=LeadId("known"), external_ids={"sap": "7"})
    done = taken(lead(external_ids={"sap": "7", "crm": "8"}, email=None), known)
    assert isinstance(done.lead, Lead)
    assert done.lead.external_ids == {"sap": "7", "crm": "8"}
    assert "its id in sap" in done.why


def test_the_oldest_of_several_is_taken_and_a_converted_one_left_alone() -> None:
    old = lead(id=LeadId("z"), created_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert taken(lead(), lead(id=LeadId("a")), old).ref == old.ref
    done = taken(lead(id=LeadId("z")), evolve(old, converted_at=NOW))
    assert done.outcome is Outcome.SKIPPED
    assert "converted" in done.why


def test_a_submission_with_a_name_is_taken_once() -> None:
    known = lead(id=LeadId("known"))
    signal = Signal(source="Web", key="row 7")
    first = taken(lead(), known, signal=signal)
    assert first.touch is not None
    again = taken(lead(), known, signal=signal, touches=(first.touch,))
    assert again.outcome is Outcome.SKIPPED
    other = taken(lead(), known, signal=evolve(signal, key="row 8"), touches=(first.touch,))
    assert other.outcome is Outcome.UPDATED


def test_a_contact_gets_a_touch_and_a_lead_by_policy() -> None:
    contact = Contact(name=ADA, email=MAIL)
    done = taken(lead(company="Vega"), contact)
    assert (done.outcome, done.lead, done.contact) == (Outcome.UPDATED, None, contact)
    assert done.touch is not None
    assert done.touch.detail["lead.company"] == "Vega"
    both = STANDARD_MODEL.with_policies(known_contact=KnownContact.TOUCH_AND_LEAD)
    more = taken(lead(company="Vega"), contact, model=both)
    assert more.outcome is Outcome.CREATED
    assert isinstance(more.touch, Touch)
    assert more.touch.who == contact.ref
    again = taken(lead(company="Vega"), contact, model=both, touches=(more.touch,))
    assert again.outcome is Outcome.SKIPPED
    with_lead = taken(lead(), contact, lead(id=LeadId("open")), model=both)
    assert with_lead.outcome is Outcome.UPDATED


def test_a_campaign_gets_a_member_once() -> None:
    fair = Campaign(id=CampaignId("fair"), name="Fair")
    signal = Signal(campaign_id="fair", member_status="Responded")
    done = taken(lead(), signal=signal, campaign=fair)
    (member,) = (one for one in done.changes.written if isinstance(one, CampaignMember))
    assert (member.member, member.status) == (lead().ref, "Responded")
    known = lead(id=LeadId("known"))
    row = evolve(member, id=CampaignMemberId("m"), member=known.ref)
    more = taken(lead(), known, signal=signal, campaign=fair, members=(row,))
    assert not any(isinstance(one, CampaignMember) for one in more.changes.written)
    lost = taken(lead(), signal=signal)
    assert lost.touch is not None
    assert lost.touch.campaign_id is None
    assert lost.touch.detail["Campaign_ID"] == "fair"
    assert [one.code for one in lost.findings] == ["capture.no_campaign"]
    odd = taken(lead(), signal=evolve(signal, member_status="Dreamt"), campaign=fair)
    assert [one.status for one in odd.changes.written if isinstance(one, CampaignMember)] == [None]
