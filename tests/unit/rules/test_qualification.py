from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, Account, ChangeSet, Lead, Money, Ref
from crmcore.changes import Insert, Update
from crmcore.entities import Answer
from crmcore.errors import UnknownNameError, UsageError
from crmcore.findings import ModelError
from crmcore.model.pipeline import LeadCategory, LeadStatus
from crmcore.model.policies import Qualify
from crmcore.rules.qualification import Said, gate, qualify, status_changes
from crmcore.rules.rule import Context
from crmcore.rules.scoring import STANDARD_SCORING

NOW = datetime(2026, 5, 4, tzinfo=UTC)
MODEL = STANDARD_MODEL.with_lead_statuses(
    LeadStatus("New", follows=["Called"]),
    LeadStatus("Called", LeadCategory.WORKING),
    LeadStatus("Out", LeadCategory.UNQUALIFIED, follows=[]),
    LeadStatus("Done", LeadCategory.CONVERTED),
)


def context() -> Context:
    numbers = count(1)
    return Context(model=MODEL, now=NOW, new_id=lambda: f"new-{next(numbers)}", by="user-1")


def test_answers_are_entered_with_their_evidence() -> None:
    lead = Lead()
    call: Ref[Any] = Ref("activity", "call")
    done = qualify(
        lead,
        {"budget": Said(value=Money(5, "EUR"), is_met=True, evidence=call), "interest": "Engine"},
        context=context(),
        status="Called",
    )
    update, first, second = done.changes
    assert isinstance(update, Update)
    assert isinstance(first, Insert)
    assert isinstance(second, Insert)
    after, budget = update.after, first.after
    assert isinstance(after, Lead)
    assert isinstance(budget, Answer)
    assert (after.budget, after.interest, after.status) == (Money(5, "EUR"), "Engine", "Called")
    assert (budget.answer, budget.is_met, budget.evidence) == ("EUR 5.00", True, call)
    assert (budget.answered_at, budget.answered_by, budget.who) == (NOW, "user-1", lead.ref)


def test_nothing_new_changes_nothing_and_wrong_calls_are_refused() -> None:
    lead = Lead(interest="Engine")
    assert not qualify(lead, {}, context=context()).changes
    with pytest.raises(UnknownNameError, match="budget"):
        qualify(lead, {"budgte": "1"}, context=context())
    with pytest.raises(UnknownNameError, match="Called"):
        qualify(lead, {}, context=context(), status="Caled")
    with pytest.raises(UsageError, match="read-only"):
        qualify(evolve(lead, converted_at=NOW), {}, context=context())
    cleared = qualify(lead, {"interest": None}, context=context()).changes
    assert isinstance(cleared.changes[1], Insert)


def changed(old: str, new: str, **rest: object) -> list[str]:
    lead = Lead(status=old)
    update = Update(lead, evolve(lead, status=new, **rest))  # type: ignore[arg-type]  # any field
    return [one.code for one in status_changes(ChangeSet([update]), MODEL)]


def test_a_status_comes_only_after_those_it_may_follow() -> None:
    assert changed("New", "Called") == []
    assert changed("New", "Out") == ["lead.status"]
    assert changed("Called", "New") == []
    assert changed("Out", "New") == ["lead.status"]
    assert changed("New", "Done", converted_at=NOW) == []
    assert changed("Else", "New") == changed("New", "New") == []
    account = Account(name="Vega")
    others = ChangeSet([Insert(Lead()), Update(account, evolve(account, name="x"))])
    assert list(status_changes(others, MODEL)) == []


def test_a_model_knows_the_statuses_that_follow() -> None:
    with pytest.raises(ModelError, match="no lead status"):
        MODEL.with_lead_statuses(
            LeadStatus("New", follows=["Dnoe"]), LeadStatus("Done", LeadCategory.CONVERTED)
        )


def test_the_gate_says_what_is_missing_as_the_policy_wants() -> None:
    lead = Lead(interest="a", authority="b", timeline="c")
    assert gate(lead, STANDARD_SCORING, MODEL) == ()
    strict = MODEL.with_policies(qualify=Qualify.REQUIRED)
    assert ["budget" in one.message for one in gate(lead, STANDARD_SCORING, strict)] == [True]
    out = evolve(lead, status="Out", budget=Money(1, "EUR"))
    mild = MODEL.with_policies(qualify=Qualify.ADVISED)
    (found,) = gate(out, STANDARD_SCORING, mild)
    assert found.severity.name == "WARNING"
    assert "Out" in found.message
