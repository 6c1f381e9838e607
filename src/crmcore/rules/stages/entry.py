"""Entry: what must hold when a deal enters or leaves a stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import attrs
from attrs import frozen

from crmcore.changes import ChangeSet, Delete, Update
from crmcore.entities.ledger import OpportunityChange
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import Record
from crmcore.errors import CrmError, did_you_mean
from crmcore.findings import Finding, Severity, error
from crmcore.model.model import Model
from crmcore.model.pipeline import StageCategory
from crmcore.model.policies import Checklist, LostReason
from crmcore.query import Filter, matches, read_filter

Step = tuple[Opportunity | None, Opportunity]
"""A deal before and after one decision about it; ``None`` where it was made."""


@frozen(kw_only=True)
class EntryCondition:
    """What a deal must match to enter ``stage``; ``say`` tells people what is missing.

    ``pipeline`` is the key of the sales process (``None``: each that has such a stage).
    """

    stage: str
    where: Filter
    say: str
    pipeline: str | None = None


def check_entry(condition: EntryCondition, model: Model) -> Iterator[Finding]:
    """What in an entry condition does not fit the model."""
    path = f"entry condition of {condition.stage}"
    keys = [one.key for one in model.pipelines]
    if condition.pipeline is not None and condition.pipeline not in keys:
        yield error(
            "entry.pipeline",
            "the model has no such pipeline",
            path=path,
            value=condition.pipeline,
            suggestion=did_you_mean(str(condition.pipeline), keys),
        )
        return
    known = [
        stage.key
        for one in model.pipelines
        for stage in one.stages
        if condition.pipeline in (None, one.key)
    ]
    if condition.stage not in known:
        yield error(
            "entry.stage",
            "the model has no such stage",
            path=path,
            value=condition.stage,
            suggestion=did_you_mean(str(condition.stage), known),
        )
    try:
        read_filter(condition.where, Opportunity, model)
    except CrmError as wrong:
        yield error("entry.field", str(wrong), path=path)


def stage_findings(
    changes: ChangeSet,
    *,
    steps: Iterable[Step],
    conditions: Sequence[EntryCondition] = (),
    back: Collection[str] = (),
    model: Model,
) -> list[Finding]:
    """What keeps the deals of a set from moving as it says.

    ``steps`` are the decisions that it is made of, in order: whether a deal may go from a stage to
    the next is asked of each, what it must have there of the outcome. Deals that go ``back``
    to what they were, by id, may always do so.
    """
    found = [
        finding
        for before, after in steps
        if before is not None and after.id not in back
        for finding in _leaving(before, after, model)
    ]
    for one in changes:
        after = None if isinstance(one, Delete) else one.after
        if isinstance(after, Opportunity) and after.id not in back:
            before = one.before if isinstance(one, Update) else None
            start = before if isinstance(before, Opportunity) else None
            found += _entering(start, after, conditions, model)
            found += _reason(start, after, model)
    return found


def taken_back(changes: ChangeSet) -> frozenset[str]:
    """The ids of the deals of which a set takes a change back: it would remove its row."""
    return frozenset(
        one.before.opportunity_id
        for one in changes
        if isinstance(one, Delete) and isinstance(one.before, OpportunityChange)
    )


def steps_of(changes: ChangeSet) -> list[Step]:
    """The deals that a set makes or changes, each as it was and as it will be."""
    ends = [
        (one.before if isinstance(one, Update) else None, one.after)
        for one in changes
        if not isinstance(one, Delete)
    ]
    return deal_steps(ends)


def deal_steps(ends: Iterable[tuple[Record | None, Record]]) -> list[Step]:
    """Those of these changes that are of deals, in their order."""
    return [
        (before if isinstance(before, Opportunity) else None, after)
        for before, after in ends
        if isinstance(after, Opportunity)
    ]


def softened(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings as warnings: what is said where a deal is moved by a map."""
    return [attrs.evolve(one, severity=Severity.WARNING) for one in findings]


def _place(deal: Opportunity | None) -> tuple[str, str] | None:
    return None if deal is None else (deal.pipeline, deal.stage)


def _leaving(before: Opportunity, after: Opportunity, model: Model) -> Iterator[Finding]:
    pipeline = next((one for one in model.pipelines if one.key == after.pipeline), None)
    if pipeline is None or _place(before) == _place(after) or before.pipeline != after.pipeline:
        return
    start, end = pipeline.place(before.stage), pipeline.place(after.stage)
    if start is None or end is None:
        return
    left, entered = pipeline.stages[start], pipeline.stages[end]
    if not pipeline.allows(left.key, entered.key):
        onward = ", ".join(left.next or ()) or "nowhere"
        yield error(
            "stage.transition",
            f"a deal cannot go from {left} to {entered}",
            ref=after.ref,
            path="stage",
            value=after.stage,
            suggestion=f"from {left} it goes to: {onward}",
        )
    missing = [item for item in left.checklist if item not in after.checked]
    if missing and end > start and entered.category is not StageCategory.LOST:
        refused = model.policies.checklist is Checklist.REFUSE
        yield Finding(
            code="stage.checklist",
            severity=Severity.ERROR if refused else Severity.WARNING,
            message=f"{left} is left with items of its checklist not ticked",
            ref=after.ref,
            path="checked",
            value=", ".join(missing),
            suggestion="tick them: put them into checked",
        )


def _entering(
    before: Opportunity | None,
    after: Opportunity,
    conditions: Sequence[EntryCondition],
    model: Model,
) -> Iterator[Finding]:
    if _place(before) == _place(after):
        return
    for one in conditions:
        if one.stage != after.stage or one.pipeline not in (None, after.pipeline):
            continue
        if not matches(read_filter(one.where, Opportunity, model), after):
            yield error(
                "stage.entry",
                one.say,
                ref=after.ref,
                path="stage",
                value=after.stage,
                suggestion=f"to be in {after.stage}, it must match {one.where}",
            )


def _reason(before: Opportunity | None, after: Opportunity, model: Model) -> Iterator[Finding]:
    """That a deal which becomes lost says why, and goes on saying it, where the policy asks."""
    if model.policies.lost_reason is not LostReason.REQUIRED or _is_told(after):
        return
    stage = model.stage_of(after.pipeline, after.stage)
    if stage is None or stage.category is not StageCategory.LOST:
        return
    if _place(before) != _place(after) or (before is not None and _is_told(before)):
        yield error(
            "stage.lost_reason",
            "this model asks for the reason when a deal is lost",
            ref=after.ref,
            path="lost_reason",
            value=after.lost_reason,
        )


def _is_told(deal: Opportunity) -> bool:
    return isinstance(deal.lost_reason, str) and bool(deal.lost_reason.strip())
