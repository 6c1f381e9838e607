from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs

from crmcore import STANDARD_MODEL, F, Lead, Opportunity, Ref
from crmcore.entities import MergeReceipt
from crmcore.reports.funnel import Window
from crmcore.reports.lead_funnel import lead_funnel
from crmcore.reports.scene import Asked
from crmcore.reports.steps import Funnel
from crmcore.rules.rule import Context
from crmcore.values.ids import LeadId, OpportunityId

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: "new")


def lead(id_: str, **fields: Any) -> Lead:
    return attrs.evolve(Lead(id=LeadId(id_), created_at=START), **fields)


DEAL = Opportunity(id=OpportunityId("d"), name="d", stage="Won", created_at=START)
CONVERTED: dict[str, Any] = {"converted_at": START + timedelta(days=2), "status": "Converted"}
RECORDS = [
    lead("new"),
    lead("bad", status="Unqualified"),
    lead("contact only", **CONVERTED),
    lead("won", source="web", **CONVERTED),
    lead("same deal", converted_opportunity_id=OpportunityId("merged"), **CONVERTED),
    attrs.evolve(DEAL, lead_id=LeadId("won"), close_on=date(2026, 2, 1)),
    lead("lost", **CONVERTED),
    attrs.evolve(DEAL, id=OpportunityId("l"), lead_id=LeadId("lost"), stage="Lost"),
    lead("open", **CONVERTED),
    attrs.evolve(DEAL, id=OpportunityId("o"), lead_id=LeadId("open"), stage="Proposal"),
    MergeReceipt(survivor=Ref("opportunity", "d"), losers=[Ref("opportunity", "merged")]),
]


def counts(one: Funnel) -> Mapping[str | None, tuple[int, int]]:
    return {step.key: (step.count, len(step.resolved)) for step in one.steps}


def test_leads_are_followed_to_the_won_deal_also_through_a_merge() -> None:
    (one,) = lead_funnel(RECORDS, context=CONTEXT).funnels
    assert counts(one) == {
        "captured": (7, 5),
        "converted": (5, 4),
        "deal": (4, 3),
        "won": (2, 2),
    }
    assert {record.id for record in one.lost} == {"bad", "contact only", "lost"}
    assert one.steps[0].time.median == timedelta(days=2)


def test_a_filter_and_a_window_are_about_leads() -> None:
    asked = Asked(where=F.source == "web")
    assert len(lead_funnel(RECORDS, context=CONTEXT, asked=asked).funnels[0].cohort) == 1
    later = Window(since=date(2026, 1, 2))
    assert lead_funnel(RECORDS, context=CONTEXT, window=later).funnels[0].cohort == ()


def test_before_the_conversion_a_lead_was_not_converted() -> None:
    asked = Asked(as_of=START + timedelta(days=1))
    report = lead_funnel(RECORDS, context=CONTEXT, asked=asked)
    assert counts(report.funnels[0])["converted"][0] == 4  # known by their deals
    assert [one.path for one in report.findings] == ["status"]
