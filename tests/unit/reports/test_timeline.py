from __future__ import annotations

from datetime import UTC, date, datetime

from crmcore import (
    Account,
    Activity,
    CampaignMember,
    Case,
    Lead,
    Money,
    Opportunity,
    PersonName,
    Ref,
    Touch,
)
from crmcore.entities import (
    ConversionReceipt,
    Judgement,
    MergeReceipt,
    OpportunityChange,
    UnmergeReceipt,
)
from crmcore.entities.ledger import DealState, Stayed, Verdict
from crmcore.reports.timeline import timeline
from crmcore.values.ids import CampaignId, LeadId, OpportunityId

NAMES = (("l", "King"), ("b", "Byron"))
LEAD = Lead(id=LeadId("l"), name=PersonName(family="King"))
DAY = [datetime(2026, 1, day, 12, tzinfo=UTC) for day in range(1, 20)]


def state(stage: str, amount: int | None = None) -> DealState:
    money = None if amount is None else Money(amount, "EUR")
    return DealState(pipeline="standard", stage=stage, amount=money)


def change(before: DealState | None, after: DealState | None, at: datetime) -> OpportunityChange:
    return OpportunityChange(opportunity_id=OpportunityId("o"), before=before, after=after, at=at)


def test_who_is_who_is_told_by_name_where_a_merge_tells_it() -> None:
    ada, old = (Lead(id=LeadId(id_), name=PersonName(family=name)) for id_, name in NAMES)
    merge = MergeReceipt(
        survivor=ada.ref, losers=[old.ref], before=ada, merged=[old], merged_at=DAY[0]
    )
    refs: list[Ref[Lead]] = [Ref("lead", f"r{at}") for at in range(5)]
    stayed = Stayed(ref=ada.ref, field="title", own=None, value="Countess", why="edited")
    records = [
        merge,
        UnmergeReceipt(
            merge_id=merge.id,
            survivor=ada.ref,
            restored=[old.ref, Ref("campaign_member", "m")],
            unmerged_at=DAY[1],
            stayed=[stayed],
        ),
        Judgement(
            first=ada.ref,
            second=old.ref,
            verdict=Verdict.NOT_DUPLICATE,
            reason="cousins",
            judged_at=DAY[2],
        ),
        Judgement(first=refs[0], second=ada.ref, verdict=Verdict.DUPLICATE, judged_at=DAY[3]),
        MergeReceipt(survivor=ada.ref, losers=refs, merged_at=DAY[4]),
        UnmergeReceipt(merge_id=merge.id, survivor=ada.ref, unmerged_at=DAY[5]),
    ]
    assert [(one.kind, one.title) for one in timeline(ada.ref, records)][::-1] == [
        ("merge", "Byron merged into King"),
        ("unmerge", "Byron separated from King again; 1 value stayed"),
        ("judgement", "King and Byron are not duplicates: cousins"),
        ("judgement", "lead:r0 and King are one"),
        ("merge", "lead:r0, lead:r1, lead:r2 and 2 more merged into King"),
        ("unmerge", "none separated from King again"),
    ]


def test_every_kind_of_event_is_told_newest_first() -> None:
    records = [
        Activity(subject="Done", kind="call", done_at=DAY[0]),
        Activity(subject="Planned", kind="meeting", starts_at=DAY[1]),
        Activity(subject="Due", due_on=date(2026, 1, 3)),
        Activity(subject="Some day", created_at=DAY[3]),
        Touch(who=LEAD.ref, at=DAY[4], source="Web", medium="ad"),
        Touch(who=LEAD.ref, at=DAY[5]),
        CampaignMember(campaign_id=CampaignId("c"), member=LEAD.ref, first_responded_at=DAY[6]),
        Case(subject="Help", opened_at=DAY[7]),
        change(None, state("Prospecting"), DAY[8]),
        change(state("Prospecting"), state("Won", 5), DAY[9]),
        change(state("Won"), None, DAY[10]),
        ConversionReceipt(lead_id=LEAD.id, converted_at=DAY[11]),
        MergeReceipt(survivor=LEAD.ref, losers=[Ref("lead", "m")], merged_at=DAY[12]),
    ]
    told = timeline(LEAD.ref, records)
    assert [(one.kind, one.title) for one in told] == [
        ("merge", "lead:m merged into lead:l"),
        ("conversion", "lead converted"),
        ("deal", "deal deleted"),
        ("deal", "stage: Prospecting -> Won; amount: – -> EUR 5.00"),
        ("deal", "deal opened in Prospecting"),
        ("case", "Help"),
        ("campaign", "member"),
        ("touch", "touch"),
        ("touch", "Web / ad"),
        ("task", "Some day (open)"),
        ("task", "Due (open)"),
        ("meeting", "Planned (open)"),
        ("call", "Done"),
    ]
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
    assert told[0].record == records[-1]
    assert [one.title for one in told[-1:]] == ["Done"]
    assert len(told) == len(records)


def test_what_tells_of_no_event_or_has_no_moment_is_left_out() -> None:
    records = [Account(name="Acme"), Opportunity(name="Engine"), Activity(subject="?")]
    assert len(timeline(LEAD.ref, records)) == 0


def test_the_order_of_the_records_does_not_matter() -> None:
    records = [Activity(subject=str(n), done_at=DAY[n % 2]) for n in range(6)]
    assert timeline(LEAD.ref, records) == timeline(LEAD.ref, reversed(records))


def test_it_prints_itself() -> None:
    told = timeline(LEAD.ref, [Activity(subject="<b>Call</b>", done_at=DAY[0])])
    assert "2026-01-01" in str(told)
    assert "<b>Call</b>" in str(told)
    assert "&lt;b&gt;Call" in told._repr_html_()
