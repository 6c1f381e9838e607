"""Leads from capture to deal through the facade: what comes back, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    Activity,
    Contact,
    Crm,
    F,
    Lead,
    Model,
    Money,
    Opportunity,
    PersonName,
    User,
    ValidationError,
)
from crmcore.entities import Answer, ConversionReceipt
from crmcore.errors import StorageError, UnknownNameError, UsageError
from crmcore.model.pipeline import LeadCategory, LeadStatus
from crmcore.model.policies import (
    Attach,
    Children,
    CloseDate,
    ContactAccount,
    LeadMode,
    Matches,
    NoCompany,
    Qualify,
)
from crmcore.rules.capture import Outcome
from crmcore.rules.qualification import Said
from crmcore.rules.scoring import Condition, Scoring

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
KING = PersonName(given="Ada", family="King")


def crm_for(model: Model = STANDARD_MODEL, **policies: Any) -> Crm:
    numbers = count(1)
    return Crm(
        model=model.with_policies(**policies),
        clock=lambda: NOW,
        ids=lambda: f"id-{next(numbers)}",
        by="user-7",
    )


class TestCapture:
    def test_somebody_alike_is_told_and_not_taken(self) -> None:
        crm = crm_for()
        crm.add(Contact(name=KING, phone="+442079460018"))
        form = {"first_name": "Ada", "last_name": "King", "phone": "+44 20 7946 0018"}
        done = crm.capture(form)
        assert done.outcome is Outcome.CREATED
        assert done.findings.with_code("capture.similar")
        quiet = crm_for(capture_matches=Matches.IGNORE)
        quiet.add(Contact(name=KING, phone="+442079460018"))
        assert not quiet.capture(form).findings

    def test_a_lead_that_cannot_be_converted_at_once_stays_one(self) -> None:
        crm = crm_for(lead_mode=LeadMode.CONTACTS_ONLY)
        done = crm.capture({"company": "Vega"})
        assert done.findings.with_code("capture.not_converted")
        assert (crm.count(Lead), crm.count(Contact)) == (1, 0)

    def test_what_cannot_be_stored_is_refused(self) -> None:
        crm = crm_for(lead_mode=LeadMode.CONVERT_AT_ONCE)
        with pytest.raises(ValidationError):
            crm.capture({"last_name": "King", "referred_by_id": "nobody"})
        assert crm.count(Lead) == 0

    def test_a_dry_run_stores_nothing(self) -> None:
        crm = crm_for()
        assert crm.capture({"last_name": "King"}, dry_run=True).lead is not None
        assert crm.count(Lead) == 0


class TestImport:
    def test_columns_named_like_fields_need_no_mapping(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("Company,E-Mail,Shoe size,Referred by\nVega,a@x.org,9,\nOrion,,,nobody\n")
        done = crm_for().import_csv(path)
        assert done.ignored == ("Shoe size",)
        assert [one.outcome for one in done.rows] == [Outcome.CREATED, Outcome.REJECTED]
        text = " ".join(str(done).split())
        assert "2 rows: 1 created, 0 updated, 0 skipped, 1 rejected" in text
        assert "Shoe size is not read" in text
        assert "rejected" in done._repr_html_()

    def test_odd_rows_are_told(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("company,email,zip\nVega,a@x.org,1,too much\nOrion\n,,9\n")
        done = crm_for().import_csv(path, columns={"company": "company", "email": "email"})
        outcomes = [one.outcome for one in done.rows]
        assert outcomes == [Outcome.REJECTED, Outcome.CREATED, Outcome.SKIPPED]
        assert done.rows[1].findings.with_code("import.cells")

    def test_wrong_calls_name_the_way_out(self, tmp_path: Path) -> None:
        crm = crm_for()
        path = tmp_path / "x.csv"
        path.write_text("Shoe size\n9\n")
        with pytest.raises(UsageError, match="columns="):
            crm.import_csv(path)
        with pytest.raises(UsageError, match="no such column"):
            crm.import_csv(path, columns={"Hat": "company"})
        with pytest.raises(UnknownNameError, match="company"):
            crm.import_csv(path, columns={"Shoe size": "compny"})
        with pytest.raises(StorageError):
            crm.import_csv(tmp_path / "nothing.csv")

    def test_what_is_exported_is_imported_back(self, tmp_path: Path) -> None:
        crm, other = crm_for(), crm_for()
        lead = crm.add(Lead(name=KING, budget=Money(5, "GBP"), labels={"a", "b"}, employees=3))
        path = tmp_path / "x.csv"
        assert crm.export_csv(Lead, path) == 1
        taken = other.import_csv(path)
        assert taken.count(Outcome.CREATED) == 1
        again = other.get(Lead, lead.id)
        assert (again.name, again.budget, again.labels) == (KING, lead.budget, lead.labels)
        assert other.import_csv(path).count(Outcome.SKIPPED) == 1
        assert crm.export_csv(Account, path) == 0
        assert list(crm.to_pandas(Lead)["name.family"]) == ["King"]
        assert crm.export_csv(Lead, path, F.company == "x") == 0


class TestQualification:
    def test_answers_are_kept_and_scored(self) -> None:
        scoring = Scoring(
            name="ours",
            conditions=[Condition(name="money", where=~F.budget.is_none(), points=10)],
            enough=10,
            needed=["timeline"],
        )
        crm = Crm(
            model=STANDARD_MODEL.with_policies(qualify=Qualify.REQUIRED),
            rules=STANDARD_RULES.with_scoring(scoring),
        )
        lead = crm.add(Lead(name=KING, company="Vega"))
        with pytest.raises(ValidationError, match="timeline is not known"):
            crm.convert_lead(lead.id)
        call = crm.add(Activity(subject="Call", who=lead.ref))
        said = Said(value="May", is_met=True, evidence=call.ref)
        after = crm.qualify(lead.id, timeline=said, budget=Money(5, "EUR"), status="Qualified")
        assert (after.timeline, after.status) == ("May", "Qualified")
        assert crm.qualify(lead.id) == after
        assert crm.score(lead.id).is_enough
        done = crm.convert_lead(lead.id)
        assert done.contact is not None
        assert {one.who for one in crm.find(Answer)} == {done.contact.ref}
        with pytest.raises(UsageError, match="read-only"):
            crm.qualify(lead.id, interest="x")

    def test_the_gate_can_be_passed_by_hand(self) -> None:
        crm = crm_for(qualify=Qualify.REQUIRED)
        lead = crm.add(Lead(name=KING, company="Vega"))
        assert crm.convert_lead(lead.id, allow_unqualified=True).account is not None

    def test_a_status_that_may_not_come_next_is_refused_everywhere(self) -> None:
        model = STANDARD_MODEL.with_lead_statuses(
            LeadStatus("New", follows=["Called"]),
            LeadStatus("Called", LeadCategory.QUALIFIED),
            LeadStatus("Done", LeadCategory.CONVERTED),
        )
        crm = crm_for(model)
        lead = crm.add(Lead(name=KING, company="Vega"))
        for status in ("Done", "Called"):
            if status == "Done":
                with pytest.raises(ValidationError, match="'Called'"):
                    crm.qualify(lead.id, status=status)
            else:
                assert crm.qualify(lead.id, status=status).status == "Called"
        assert crm.convert_lead(lead.id).receipt.lead_id == lead.id


class TestModes:
    def test_open_leads_go_over_with_a_receipt_each(self) -> None:
        crm = crm_for()
        crm.add_all(
            [
                Lead(name=KING, company="Vega", timeline="May", external_ids={"sap": "1"}),
                Lead(company="Orion"),
                Lead(name=KING, company="Solberg", status="Unqualified"),
            ]
        )
        preview = crm.adopt_mode(LeadMode.CONTACTS_ONLY, dry_run=True)
        assert crm.count(Contact) == 0
        done = crm.adopt_mode(LeadMode.CONTACTS_ONLY)
        assert str(preview).splitlines()[0] == str(done).splitlines()[0] == "contacts_only"
        assert len(done.batch.conversions) == crm.count(ConversionReceipt) == 1
        assert len(done.batch.refused) == 1
        assert {one.field for one in done.homeless} == {"timeline", "external_ids"}
        assert done.model.policies.lead_mode is LeadMode.CONTACTS_ONLY
        assert "2 values without a place" in done._repr_html_()
        assert crm.count(Opportunity) == 0

    def test_everything_at_once_makes_deals_and_the_first_mode_nothing(self) -> None:
        crm = crm_for(qualify=Qualify.REQUIRED)
        crm.add(Lead(name=KING, company="Vega"))
        assert not crm.adopt_mode(LeadMode.LEADS_AND_CONTACTS).changes
        done = crm.adopt_mode(LeadMode.CONVERT_AT_ONCE)
        assert crm.count(Opportunity) == 1
        assert "every value has a place" in str(done)


class TestChildren:
    @pytest.mark.parametrize("policy", Children)
    def test_an_activity_goes_where_the_policy_says(self, policy: Children) -> None:
        crm = crm_for(conversion_children=policy)
        lead = crm.add(Lead(name=KING, company="Vega"))
        task = crm.add(Activity(subject="Call", who=lead.ref))
        done = crm.convert_lead(lead.id)
        assert done.contact is not None
        assert done.opportunity is not None
        moved = crm.get(Activity, task.id)
        assert moved.who == done.contact.ref
        assert moved.about == (done.opportunity.ref if policy is Children.ALL else None)
        fields = {one.field for one in done.receipt.moved}
        assert fields == ({"who", "about"} if policy is Children.ALL else {"who"})


class TestWrongCalls:
    def test_a_queue_does_not_own_what_a_lead_becomes(self) -> None:
        crm = crm_for()
        queue = crm.add(User(name="Inbound", is_queue=True))
        lead = crm.add(Lead(name=KING, company="Vega", owner_id=queue.id))
        with pytest.raises(ValidationError, match="owner_id="):
            crm.convert_lead(lead.id)

    def test_a_close_date_that_must_be_said_is_asked_for(self) -> None:
        crm = crm_for(conversion_close_date=CloseDate.ASKED)
        lead = crm.add(Lead(name=KING, company="Vega"))
        with pytest.raises(ValidationError, match="pass close_on="):
            crm.convert_lead(lead.id)
        done = crm.convert_lead(lead.id, close_on=date(2026, 9, 1))
        assert done.opportunity is not None
        assert done.opportunity.close_on == date(2026, 9, 1)

    def test_a_contact_of_another_account_is_refused_where_contacts_need_theirs(self) -> None:
        crm = crm_for(contact_account=ContactAccount.REQUIRED, conversion_attach=Attach.NEVER)
        vega, orion = crm.add_all([Account(name="Vega"), Account(name="Orion")])
        ada = crm.add(Contact(name=KING, account_id=vega.id))
        lead = crm.add(Lead(name=KING, company="Orion"))
        with pytest.raises(ValidationError, match="another account"):
            crm.convert_lead(lead.id, account=orion, contact=ada)

    def test_a_disabled_target_and_a_lead_without_company_say_the_way_out(self) -> None:
        crm = crm_for(STANDARD_MODEL.with_disabled(Opportunity), no_company=NoCompany.REFUSE)
        lead = crm.add(Lead(name=KING))
        with pytest.raises(ValidationError, match="pass account="):
            crm.convert_lead(lead.id)
