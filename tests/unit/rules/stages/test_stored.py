"""The check of stored history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from crmcore import STANDARD_MODEL, Opportunity
from crmcore.entities import OpportunityChange
from crmcore.rules.stages import deal_state, stored_findings

START = datetime(2026, 1, 1, tzinfo=UTC)
DEAL = Opportunity(name="Engine", id="d", stage="Proposal")  # type: ignore[arg-type]  # any text


def chain(*stages: str | None, deal: str = "d") -> list[OpportunityChange]:
    states = [None if one is None else attrs.evolve(deal_state(DEAL), stage=one) for one in stages]
    return [
        OpportunityChange(
            id=f"{deal}{at}",  # type: ignore[arg-type]  # any text
            version=at + 1,
            opportunity_id=deal,  # type: ignore[arg-type]  # any text
            at=START + timedelta(days=at),
            before=before,
            after=after,
        )
        for at, (before, after) in enumerate(zip([None, *states], states, strict=False))
    ]


def told(deals: Any, rows: Any) -> list[tuple[str, Any]]:
    found = stored_findings(deals, rows, model=STANDARD_MODEL)
    return [(one.code, one.ref.id if one.ref else one.value) for one in found]


def test_a_whole_chain_is_sound_in_any_order_and_over_a_deletion() -> None:
    whole = chain("Prospecting", None, "Qualification", "Proposal")
    assert told([DEAL], reversed(whole)) == []
    assert told([], chain("Prospecting", None)) == []


def test_gaps_and_ends_are_told_where_they_are() -> None:
    rows = chain("Prospecting", "Qualification", "Proposal")
    assert told([DEAL], rows[1:]) == [("history.late", "d1")]
    assert told([DEAL], rows[:2]) == [("history.end", "d1")]
    assert told([DEAL], [rows[0], rows[2]]) == [("history.gap", "d2")]
    assert told([], rows) == [("history.end", "d2")]
    assert told([DEAL], []) == [("history.none", "d")]


def test_stages_of_the_past_are_remarked_once_each() -> None:
    rows = chain("Old", "Proposal", "Old", "Proposal")
    (one,) = stored_findings([DEAL], rows, model=STANDARD_MODEL)
    assert (one.code, one.value, one.message[:9]) == ("history.stage", "standard/Old", "2 rows of")
