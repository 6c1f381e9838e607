"""History from another system."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, ChangeSet, Crm, Opportunity, ValidationError
from crmcore.changes import Insert, Update
from crmcore.entities import OpportunityChange
from crmcore.rules.rule import Context
from crmcore.rules.stages import Entry, deal_state, told_findings, told_history

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEAL = Opportunity(name="Engine", id="d", stage="Proposal")  # type: ignore[arg-type]  # any text
NUMBERS = iter(range(1000))
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=lambda: f"r{next(NUMBERS):03}")


def rows(*stages: str, deal: Opportunity = DEAL) -> list[OpportunityChange]:
    start = NOW - timedelta(days=len(stages))
    told = [Entry(one, start + timedelta(days=at), by="u") for at, one in enumerate(stages)]
    return list(told_history(deal, told, context=CONTEXT))


def test_entries_become_a_chain_that_says_where_it_comes_from() -> None:
    first, second = rows("Prospecting", "Prospecting", "Proposal")
    assert (first.before, second.before) == (None, first.after)
    assert second.after == deal_state(DEAL)
    assert first.is_imported
    assert (first.by, first.at) == ("u", NOW - timedelta(days=3))
    other = told_history(DEAL, [Entry("due", NOW, pipeline="renewals")], context=CONTEXT)
    assert other[0].after is not None
    assert (other[0].after.pipeline, other[0].by) == ("renewals", None)


def codes(*changes: Any, stored: Any = ()) -> list[str]:
    found = told_findings(ChangeSet(changes), stored=stored, context=CONTEXT)
    return [one.code for one in found]


def test_a_whole_chain_is_fine() -> None:
    assert codes(Insert(DEAL), *map(Insert, rows("Prospecting", "Proposal"))) == []
    assert codes(Insert(DEAL)) == []


def test_stages_of_the_past_are_told_and_accepted() -> None:
    told = rows("Old", "Older", "Proposal")
    assert codes(Insert(DEAL), *map(Insert, told)) == ["history.stage", "history.stage"]
    crm = Crm(clock=lambda: NOW)
    crm.add_all([DEAL, *told])
    assert [one.stage for one in crm.deal_path("d").stays] == ["Old", "Older", "Proposal"]


def test_what_happened_elsewhere_since_can_be_added() -> None:
    crm = Crm(clock=lambda: NOW)
    crm.add_all([DEAL, *rows("Prospecting", "Proposal")])
    stored = crm.get(Opportunity, "d")
    won = evolve(stored, stage="Won")
    later = crm._desk.context()
    after = OpportunityChange(
        opportunity_id=stored.id,
        at=later.now,
        before=deal_state(stored),
        after=deal_state(won),
        is_imported=True,
    )
    early = evolve(after, at=NOW - timedelta(days=9))
    with pytest.raises(ValidationError, match="is known up to"):
        crm.commit(ChangeSet([Update(stored, won), Insert(early)]))
    crm.commit(ChangeSet([Update(stored, won), Insert(after)]))
    assert crm.count(OpportunityChange) == 3


def test_each_problem_is_named() -> None:
    first, second = rows("Prospecting", "Proposal")
    harmed = evolve(second, before=None)
    assert codes(Insert(DEAL), Insert(first), Insert(harmed)) == ["history.gap"]
    assert codes(Insert(DEAL), Insert(first)) == ["history.end"]
    assert codes(Insert(DEAL), Insert(first), Insert(evolve(second, at=None))) == ["history.moment"]
    assert codes(Insert(second)) == ["history.alone"]
    assert codes(Update(second, harmed)) == ["history.append_only"]
    found = told_findings(
        ChangeSet([Insert(DEAL), Insert(first), Insert(harmed)]), stored=(), context=CONTEXT
    )
    assert "before this row the deal is pipeline=standard, stage=Prospecting" in found[0].message
    assert found[0].value == "not there"
