"""A submission becomes a lead, more of a known one, or a touch; nothing it says is lost."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import (
    Activity,
    Campaign,
    CampaignMember,
    Contact,
    Crm,
    F,
    Lead,
    Opportunity,
    PersonName,
    Touch,
)
from crmcore.entities import ConversionReceipt
from crmcore.model.model import Model
from crmcore.model.policies import KnownContact, LeadMode
from crmcore.rules.capture import Outcome
from crmcore.values.ids import CampaignId
from tests.properties.conversion.worlds import NOW, made, models, stored

FORMS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {"last_name": st.sampled_from(["Lovelace", "Hopper"])},
    optional={
        "first_name": st.sampled_from(["Ada", "Grace"]),
        "email": st.sampled_from(["ada@vega.example", "ADA@vega.example", "grace@vega.example"]),
        "company": st.sampled_from(["Vega", "Orion"]),
        "city": st.sampled_from(["London", "Paris"]),
        "phone": st.sampled_from(["+442079460018"]),
        "lead_source": st.sampled_from(["Web", "Fair"]),
        "employees": st.sampled_from(["12", "a dozen"]),
        "revenue": st.sampled_from(["1000", "?"]),
        "tier": st.sampled_from(["gold"]),
        "emailOptOut": st.sampled_from(["1", "0"]),
        "00N5e00000AbCdE": st.sampled_from(["blue"]),
        "oid": st.just("00D000000000062"),
        "utm_source": st.sampled_from(["google", "news"]),
        "utm_medium": st.sampled_from(["cpc", "mail"]),
        "utm_campaign": st.sampled_from(["spring"]),
        "gclid": st.sampled_from(["abc"]),
        "Campaign_ID": st.sampled_from(["fair", "nowhere"]),
        "member_status": st.sampled_from(["Responded", "Dreamt"]),
        "captured_at": st.sampled_from(["2026-07-01T10:00:00Z", "2026-07-02T10:00:00Z"]),
    },
)


MODELS = models()


def crm_with(model: Model, **policies: Any) -> Crm:
    numbers = count(1)
    model = model.with_policies(**policies)
    crm = Crm(model=model, clock=lambda: NOW, ids=lambda: f"new-{next(numbers)}")
    crm.add(made(Campaign, id=CampaignId("fair"), name="Fair"))
    return crm


def everything_said(crm: Crm) -> str:
    """All that is stored of people and their touches, as one text."""
    kinds = (Lead, Contact, Touch, CampaignMember)
    return "\n".join(repr(one) for kind in kinds for one in crm.find(kind))


@given(MODELS, st.lists(FORMS, min_size=1, max_size=5))
def test_nothing_that_was_posted_is_lost(model: Model, forms: list[dict[str, str]]) -> None:
    """L2 every value stands on the lead, in the touch, or in a membership afterwards."""
    crm = crm_with(model)
    for form in forms:
        done = crm.capture(form, source="site")
        event(done.outcome.value)
        said = everything_said(crm)
        for name, text in form.items():
            if name in ("oid", "emailOptOut", "captured_at", "member_status"):
                continue
            if done.outcome is not Outcome.SKIPPED:
                assert text.casefold() in said.casefold(), name
        if form.get("emailOptOut") == "1" and isinstance(done.lead, Lead):
            assert crm.get(Lead, done.lead.id).is_email_opt_out
    assert not crm.check().errors


@given(MODELS, FORMS, FORMS)
def test_a_second_submission_keeps_the_lead_and_its_first_touch(
    model: Model, one: dict[str, str], other: dict[str, str]
) -> None:
    """L2 the id, the children, the source and the first touch stay; values only fill gaps."""
    crm = crm_with(model)
    first = crm.capture(one, source="site")
    assert first.lead is not None
    assert first.touch is not None
    task = crm.add(Activity(subject="Call", who=first.lead.ref))
    crm.capture(other, source="elsewhere")
    lead = crm.get(Lead, first.lead.id)
    assert lead.source == first.lead.source
    assert crm.get(Touch, first.touch.id) == first.touch
    assert crm.get(Activity, task.id) == task
    for field in model.schema(Lead):
        value = field.value(first.lead)
        opted = field.name.endswith("_opt_out")
        if value is not None and not field.is_system and field.name != "custom" and not opted:
            assert field.value(lead) == value


@given(MODELS, FORMS)
def test_a_submission_with_its_own_moment_is_taken_once(model: Model, form: dict[str, str]) -> None:
    """L1 posting it again changes nothing."""
    form = {**form, "captured_at": "2026-07-01T10:00:00Z", "email": "ada@vega.example"}
    form["first_name"] = "Ada"
    crm = crm_with(model)
    crm.capture(form)
    before = stored(crm._repository, model)
    again = crm.capture(form)
    assert again.outcome is Outcome.SKIPPED
    assert stored(crm._repository, model) == before


@given(MODELS, FORMS, st.sampled_from(KnownContact))
def test_a_submission_of_a_contact_is_a_touch_of_the_contact(
    model: Model, form: dict[str, str], policy: KnownContact
) -> None:
    """L3 the contact gets the touch and is not changed; a lead only if the policy says so."""
    crm = crm_with(model, known_contact=policy)
    name = PersonName(given=form.get("first_name"), family=form["last_name"])
    ada = crm.add(Contact(name=name, email="ada@vega.example"))
    form = {**form, "email": "Ada@vega.example"}
    done = crm.capture(form, source="site")
    assert done.touch is not None
    assert done.touch.who == ada.ref
    assert crm.get(Contact, ada.id) == ada
    touches = crm.find(Touch, F.who == ada.ref)
    assert touches == (done.touch,)
    assert crm.count(Lead) == (1 if policy is KnownContact.TOUCH_AND_LEAD else 0)
    detail = str(done.touch.detail)
    assert all(form[one] in detail for one in ("last_name", "email"))


@given(MODELS, FORMS, st.sampled_from(LeadMode))
def test_the_mode_says_what_a_capture_becomes_at_once(
    model: Model, form: dict[str, str], mode: LeadMode
) -> None:
    """L3 a lead, a contact, or a contact and a deal; the touch and the source stay right."""
    crm = crm_with(model, lead_mode=mode)
    done = crm.capture(form, source="site")
    assert done.lead is not None
    is_open = mode is LeadMode.LEADS_AND_CONTACTS
    assert crm.count(Contact) == (0 if is_open else 1)
    assert crm.count(ConversionReceipt) == (0 if is_open else 1)
    assert crm.count(Opportunity) == (1 if mode is LeadMode.CONVERT_AT_ONCE else 0)
    lead = crm.get(Lead, done.lead.id)
    assert (lead.converted_at is None) is is_open
    touch = crm.find(Touch)[0]
    who = lead.ref if is_open else done.contact.ref  # type: ignore[union-attr]  # there is one
    assert touch.who == who
    for deal in crm.find(Opportunity):
        assert deal.source == lead.source == form.get("lead_source", "site")
        assert deal.lead_id == lead.id
