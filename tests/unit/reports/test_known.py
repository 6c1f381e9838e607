from datetime import UTC, datetime, timedelta

import attrs

from crmcore import Opportunity
from crmcore.entities import OpportunityChange
from crmcore.entities.ledger import DealState
from crmcore.reports.known import histories, known_deals, moment_of
from crmcore.values.ids import OpportunityChangeId, OpportunityId

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN, MIDDLE, WON = (
    DealState(pipeline="standard", stage=one) for one in ("Prospecting", "Proposal", "Won")
)
DEAL = Opportunity(id=OpportunityId("d"), name="Engine", stage="Won", source="web")


def row(
    number: int, before: DealState | None, after: DealState | None, at: datetime | None = START
) -> OpportunityChange:
    return OpportunityChange(
        id=OpportunityChangeId(f"r{number}"),
        opportunity_id=DEAL.id,
        at=at,
        before=before,
        after=after,
    )


def test_rows_of_one_commit_follow_their_chain() -> None:
    rows = [row(1, MIDDLE, WON), row(2, OPEN, MIDDLE), row(3, None, OPEN)]
    assert [one.id for one in histories(rows)["d"]] == ["r3", "r2", "r1"]


def test_rows_that_make_no_chain_come_by_version_then_id() -> None:
    rows = [attrs.evolve(row(1, MIDDLE, WON), version=2), row(2, WON, MIDDLE), row(3, OPEN, OPEN)]
    assert [one.id for one in histories(rows)["d"]] == ["r2", "r3", "r1"]


def test_a_row_that_does_not_say_when_counts_as_made_when_it_was_stored() -> None:
    stored = attrs.evolve(row(1, None, OPEN, None), created_at=START)
    assert moment_of(stored) == START
    assert moment_of(row(1, None, OPEN, None)).year == 1
    rows = [row(2, OPEN, WON, START + DAY), row(1, None, OPEN, None)]
    assert [one.id for one in histories(rows)["d"]] == ["r1", "r2"]


def test_a_deal_is_as_it_was_known() -> None:
    rows = histories([row(1, None, OPEN), row(2, OPEN, WON, START + DAY)])
    assert known_deals([DEAL], rows, START - DAY).deals == ()
    (then,) = known_deals([DEAL], rows, START).deals
    assert (then.stage, then.source) == ("Prospecting", "web")
    assert known_deals([DEAL], rows, START + DAY).deals == (DEAL,)


def test_a_deal_that_was_deleted_since_was_there() -> None:
    rows = histories([row(1, None, OPEN), row(2, OPEN, None, START + DAY)])
    (then,) = known_deals([], rows, START).deals
    assert (then.id, then.stage) == ("d", "Prospecting")
    assert known_deals([], rows, START + DAY).deals == ()


def test_a_deal_without_history_that_changed_since_is_told() -> None:
    old = attrs.evolve(DEAL, created_at=START, updated_at=START + DAY)
    found = known_deals([old], {}, START)
    assert found.deals == (old,)
    assert [one.code for one in found.findings] == ["report.no_history"]
    assert known_deals([old], {}, START + DAY).findings == ()
    assert known_deals([old], {}, START - DAY).deals == ()
