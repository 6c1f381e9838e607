"""What people who migrate know: the conversion of Salesforce and Odoo, cell by cell of table A1.

Each test is given / when / then; its docstring names the row of the table and the tag of the cell.
Where a profile differs on purpose the law that it would break is named in ``differences``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from crmcore import (
    STANDARD_MODEL,
    Account,
    Activity,
    Campaign,
    CampaignMember,
    Contact,
    Crm,
    F,
    Lead,
    Opportunity,
    OpportunityContactRole,
    PersonName,
    User,
    ValidationError,
)
from crmcore.errors import UsageError
from crmcore.rules.conversion import AlreadyConvertedError
from crmcore.rules.conversion.profiles import ODOO, SALESFORCE, Profile
from crmcore.values import Money

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
ADA = PersonName(given="Ada", family="Lovelace")


def at(profile: Profile) -> Crm:
    return Crm(model=profile.applied(STANDARD_MODEL), clock=lambda: NOW)


def lead(crm: Crm, **values: Any) -> Lead:
    return crm.add(Lead(name=ADA, **{"company": "Vega", "email": "ada@vega.example", **values}))


class TestSalesforce:
    def test_a_lead_is_kept_with_links_to_what_it_became(self) -> None:
        """A1 Model, Salesforce [P]: kept after conversion, with converted ids and date."""
        crm = at(SALESFORCE)
        one = lead(crm)
        done = crm.convert_lead(one.id)
        after = crm.get(Lead, one.id)
        assert done.account is not None
        assert (after.converted_account_id, after.converted_at) == (done.account.id, NOW)

    def test_an_existing_contact_only_has_its_gaps_filled(self) -> None:
        """A1 Effect on existing target, Salesforce [D]: fills only empty fields."""
        crm = at(SALESFORCE)
        known = crm.add(Contact(name=ADA, title="CTO"))
        one = lead(crm, title="CEO", phone="+442079460018", is_email_opt_out=True)
        done = crm.convert_lead(one.id, contact=known)
        assert done.contact is not None
        assert (done.contact.title, done.contact.phone) == ("CTO", "+442079460018")
        assert not done.contact.is_email_opt_out

    def test_the_lead_source_can_be_overwritten(self) -> None:
        """A1 Effect on existing target, Salesforce [D]: overwriteLeadSource is the exception."""
        crm = at(SALESFORCE)
        known = crm.add(Contact(name=ADA, source="Fair"))
        done = crm.convert_lead(
            lead(crm, source="Web").id, contact=known, overwrite="contact.source"
        )
        assert done.contact is not None
        assert done.contact.source == "Web"

    def test_open_and_closed_activities_go_along(self) -> None:
        """A1 Children carried, Salesforce [D]: open and closed activities, to contact and deal."""
        crm = at(SALESFORCE)
        one = lead(crm)
        tasks = crm.add_all(
            [Activity(subject="a", who=one.ref), Activity(subject="b", who=one.ref, done_at=NOW)]
        )
        done = crm.convert_lead(one.id)
        assert done.contact is not None
        assert done.opportunity is not None
        for task in tasks:
            now = crm.get(Activity, task.id)
            assert (now.who, now.about) == (done.contact.ref, done.opportunity.ref)

    def test_the_campaign_member_becomes_the_contacts(self) -> None:
        """A1 Children carried, Salesforce [P]: members to the contact; C11 where both are in."""
        crm = at(SALESFORCE)
        one = lead(crm)
        fair = crm.add(Campaign(name="Fair"))
        row = crm.add(CampaignMember(campaign_id=fair.id, member=one.ref))
        done = crm.convert_lead(one.id)
        assert done.contact is not None
        assert crm.get(CampaignMember, row.id).member == done.contact.ref

    def test_the_contact_is_the_primary_role_without_a_name(self) -> None:
        """A1 Contact role, Salesforce [P]: new contact becomes primary role, role blank."""
        crm = at(SALESFORCE)
        done = crm.convert_lead(lead(crm).id)
        assert done.opportunity is not None
        role = crm.one(OpportunityContactRole, F.opportunity_id == done.opportunity.id)
        assert (role.is_primary, role.role) == (True, None)

    def test_a_second_conversion_is_refused(self) -> None:
        """A1 2nd conversion, Salesforce [P]: refused."""
        crm = at(SALESFORCE)
        one = lead(crm)
        crm.convert_lead(one.id)
        with pytest.raises(AlreadyConvertedError):
            crm.convert_lead(one.id)

    def test_a_queue_needs_an_owner_and_only_open_tasks_change_theirs(self) -> None:
        """A1 Owner rules, Salesforce [D]: queue-owned lead needs ownerId; only open tasks."""
        crm = at(SALESFORCE)
        queue, ada = crm.add_all([User(name="Inbound", is_queue=True), User(name="Ada")])
        one = lead(crm, owner_id=queue.id)
        task = crm.add(Activity(subject="b", who=one.ref, done_at=NOW, owner_id=queue.id))
        with pytest.raises(ValidationError):
            crm.convert_lead(one.id)
        crm.convert_lead(one.id, owner_id=ada.id)
        assert crm.get(Activity, task.id).owner_id == queue.id

    def test_the_close_date_is_the_end_of_the_fiscal_quarter(self) -> None:
        """A1 Close date default, Salesforce [P]: last day of the current fiscal quarter."""
        crm = at(SALESFORCE)
        done = crm.convert_lead(lead(crm).id)
        assert done.opportunity is not None
        assert done.opportunity.close_on == date(2026, 6, 30)

    def test_it_cannot_be_undone(self) -> None:
        """A1 Unconvert, Salesforce [D]: permanent and cannot be undone."""
        crm = at(SALESFORCE)
        with pytest.raises(UsageError, match="irreversible"):
            crm.undo(crm.convert_lead(lead(crm).id))

    def test_a_blank_company_is_a_person_account(self) -> None:
        """A2 Person account, Salesforce [D/P]: lead with blank Company becomes one."""
        crm = at(SALESFORCE)
        done = crm.convert_lead(lead(crm, company=None).id)
        assert done.account is not None
        assert done.account.is_person

    def test_duplicates_stop_it_and_nothing_is_attached_unasked(self) -> None:
        """A1 Duplicate check, Salesforce [D]: duplicate rules; a bypass for account and contact."""
        crm = at(SALESFORCE)
        crm.add(Contact(name=ADA, email="ada@vega.example"))
        one = lead(crm)
        with pytest.raises(ValidationError):
            crm.convert_lead(one.id)
        crm.convert_lead(one.id, allow_duplicates=True)
        assert crm.count(Contact) == 2


class TestOdoo:
    def test_a_known_partner_is_taken(self) -> None:
        """A1 Attach to existing, Odoo [S]: existing partner."""
        crm = at(ODOO)
        known = crm.add(Contact(name=ADA, email="ada@vega.example"))
        done = crm.convert_lead(lead(crm).id)
        assert done.contact is not None
        assert done.contact.id == known.id

    def test_a_lead_can_join_an_existing_opportunity(self) -> None:
        """A1 Attach to existing, Odoo [S]: or merge into existing opportunities."""
        crm = at(ODOO)
        deal = crm.add(Opportunity(name="Engine", amount=Money(5, "EUR")))
        done = crm.convert_lead(lead(crm, budget=Money(9, "EUR")).id, opportunity=deal.id)
        assert done.opportunity is not None
        assert (done.opportunity.id, done.opportunity.amount) == (deal.id, Money(5, "EUR"))

    def test_the_deal_starts_in_the_first_stage(self) -> None:
        """A1 Record type / defaults, Odoo [S]: first stage of team if none."""
        crm = at(ODOO)
        done = crm.convert_lead(lead(crm).id)
        assert done.opportunity is not None
        assert done.opportunity.stage == "Prospecting"

    def test_the_partners_values_never_flow_into_the_lead(self) -> None:
        """A1 Effect on existing target, Odoo [S]: reversed there; C8 forbids it, and says so."""
        crm = at(ODOO)
        crm.add(Contact(name=ADA, email="ada@vega.example", title="CTO"))
        one = lead(crm)
        crm.convert_lead(one.id)
        assert crm.get(Lead, one.id).title is None
        assert any(text.startswith("C8") for text in ODOO.differences)

    def test_a_converted_lead_is_not_skipped_in_silence(self) -> None:
        """A1 2nd conversion, Odoo [S]: silently skipped there; C4 raises, and says so."""
        crm = at(ODOO)
        one = lead(crm)
        crm.convert_lead(one.id)
        with pytest.raises(AlreadyConvertedError):
            crm.convert_lead(one.id)
        assert any(text.startswith("C4") for text in ODOO.differences)

    def test_part_of_a_name_never_attaches(self) -> None:
        """Pain 10, Odoo [P]: name-substring partner match; C20 forbids it, and says so."""
        crm = at(ODOO)
        crm.add(Account(name="Nova Vega Group"))
        done = crm.convert_lead(lead(crm).id)
        assert done.account is not None
        assert done.account.name == "Vega"
        assert any(text.startswith("C20") for text in ODOO.differences)
