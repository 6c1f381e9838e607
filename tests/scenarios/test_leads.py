"""Real leads imported, qualified by a policy and converted in a batch: figures as by pandas."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hypothesis import settings

from crmcore import (
    STANDARD_MODEL,
    STANDARD_RULES,
    Account,
    Contact,
    Crm,
    CustomField,
    F,
    Lead,
    Opportunity,
    Touch,
)
from crmcore.crm.batch import ONE_FOR_ALL
from crmcore.fields import Number, Whole
from crmcore.model.policies import Attach, Matches, NoCompany, Qualify
from crmcore.rules.capture import Outcome
from crmcore.rules.scoring import Condition, Grade, Scoring
from tests.scenarios import oracle_leads as oracle

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)

READY = Scoring(
    name="x education",
    conditions=[
        Condition(name="quality", where=F.rating.in_(oracle.GOOD_QUALITIES), points=40),
        Condition(name="ten minutes", where=F.custom["seconds"] >= 600, points=30),
        Condition(name="visited", where=F.custom["visits"] >= 1, points=20),
        Condition(name="no e-mail", where=F.is_email_opt_out == True, points=-50),  # noqa: E712  # builds a filter
    ],
    grades=[Grade("hot", 70), Grade("warm", 50)],
    enough=50,
    needed=["source"],
)
EDUCATION = {
    "Prospect ID": "external_ids.xeducation",
    "Lead Number": "name.family",
    "Lead Source": "source",
    "Lead Quality": "rating",
    "Do Not Email": "is_email_opt_out",
    "Do Not Call": "is_phone_opt_out",
    "TotalVisits": "custom.visits",
    "Total Time Spent on Website": "custom.seconds",
    "What is your current occupation": "title",
    "City": "address.city",
    "Country": "address.country",
}
MODEL = STANDARD_MODEL.with_custom_fields(
    Lead,
    CustomField(name="visits", type=Number(minimum=Decimal(0))),
    CustomField(name="seconds", type=Whole(minimum=0)),
).with_policies(
    qualify=Qualify.REQUIRED,
    conversion_matches=Matches.IGNORE,
    conversion_attach=Attach.NEVER,
    capture_matches=Matches.IGNORE,
)


def test_education_leads_come_to_what_pandas_says(shared_data: Path, tmp_path: Path) -> None:
    """The first 600 of 9,240 leads; all of them with the profile ``long``."""
    frame = oracle.education(shared_data / "xeducation" / "Leads_converted.csv")
    if settings.default is not None and settings.default.max_examples < 1_000:
        frame = frame.head(600)
    path = tmp_path / "leads.csv"
    frame.to_csv(path, index=False)
    crm = Crm(model=MODEL, rules=STANDARD_RULES.with_scoring(READY), clock=lambda: NOW)
    taken = crm.import_csv(path, columns=EDUCATION, source="xeducation")
    assert taken.count(Outcome.CREATED) == len(frame) == crm.count(Lead)
    assert Counter(one.source or "" for one in crm.find(Lead)) == oracle.by_source(frame)
    assert crm.count(Touch) == len(frame)

    passed = oracle.qualified(frame, READY.enough)
    ids = [one.id for one in crm.find(Lead)]
    batch = crm.convert_leads(ids, commits=ONE_FOR_ALL)
    assert len(batch.conversions) == len(passed) == crm.count(Contact) == crm.count(Opportunity)
    assert len(batch.refused) == len(frame) - len(passed)
    assert crm.count(Account) == 0
    leads = crm.find(Lead, F.status_category == "converted")
    numbers = {one.external_ids["xeducation"] for one in leads}
    assert numbers == set(passed["Prospect ID"])
    converted = Counter(one.source or "" for one in leads)
    everyone = Counter(one.source or "" for one in crm.find(Lead))
    rates = {source: converted[source] / n for source, n in everyone.items()}
    assert rates == oracle.rates(frame, passed)
    assert Counter(one.source or "" for one in crm.find(Opportunity)) == converted


SALESFORCE = {
    "id": "external_ids.salesforce",
    "first_name": "name.given",
    "last_name": "name.family",
    "company": "company",
    "email": "email",
    "phone": "phone",
    "title": "title",
    "industry": "industry",
    "lead_source": "source",
    "status": "status",
    "city": "address.city",
    "country": "address.country",
}


def test_salesforce_leads_come_to_what_pandas_says(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "fivetran_salesforce" / "sf_lead_data.csv"
    frame = oracle.salesforce(path)
    with path.open(encoding="utf-8", newline="") as given:
        assert len(list(csv.DictReader(given))) == len(frame)
    model = STANDARD_MODEL.with_policies(no_company=NoCompany.PERSON_ACCOUNT)
    crm = Crm(model=model, clock=lambda: NOW)
    columns = {one: target for one, target in SALESFORCE.items() if one != "status"}
    taken = crm.import_csv(path, columns=columns, source="salesforce")
    people = {tuple(row) for row in frame[["id"]].itertuples(index=False)}
    assert crm.count(Lead) == taken.count(Outcome.CREATED) <= len(people)
    assert len(taken.rows) == len(frame)
    leads = crm.find(Lead)
    was_converted = set(frame[frame["is_converted"].str.upper() == "TRUE"]["id"])
    ids = [one.id for one in leads if one.external_ids["salesforce"] in was_converted]
    batch = crm.convert_leads(ids, allow_duplicates=True)
    rows = frame.drop_duplicates("id").set_index("id")
    named = rows[(rows["last_name"] != "") | (rows["first_name"] != "")]
    assert {one.receipt.lead_id for one in batch.conversions} | {
        one.lead_id for one in batch.refused
    } == set(ids)
    known = {one.id: one.external_ids["salesforce"] for one in leads}
    done = {known[one.receipt.lead_id] for one in batch.conversions}
    assert done == set(named.index) & was_converted & set(known.values())
    assert done
    assert not crm.check().errors
