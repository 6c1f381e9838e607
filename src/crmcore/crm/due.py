"""Due: everything that rules which act by time are due for, each moment once, by one commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.crm.automating import automated
from crmcore.crm.complete import complete
from crmcore.entities import Record, RuleFiring
from crmcore.errors import CrmError
from crmcore.findings import Findings, ValidationError
from crmcore.ports import Overlay, Snapshot
from crmcore.query import Query, read_filter
from crmcore.rules.automation import AutomationRule, Due, TimePassed, due_filter
from crmcore.rules.automation import due as what_is_due
from crmcore.rules.rule import Context, Decision
from crmcore.rules.rulebook import RuleBook
from crmcore.values.ref import Ref


@frozen
class Undone:
    """Something that is due and could not be done, and the exception that says why."""

    due: Due
    reason: CrmError


@frozen(kw_only=True)
class DueRun:
    """What rules that act by time did: ``firings`` in their order, and what was ``refused``.

    Refused ones leave no trace and are due at the next run again.
    """

    changes: ChangeSet
    findings: Findings
    firings: tuple[RuleFiring, ...] = ()
    refused: tuple[Undone, ...] = ()

    def __str__(self) -> str:
        return render.table(self._rows(), columns=_COLUMNS, width=_WIDTH)

    def _repr_html_(self) -> str:
        return render.html_table(self._rows(), columns=_COLUMNS, caption="Due by time")

    def _rows(self) -> list[tuple[str, str, str, str]]:
        done = [
            (one.rule, str(one.about), render.plain(one.due_at), "; ".join(one.effects))
            for one in self.firings
        ]
        left = [
            (one.due.rule, str(one.due.ref), render.plain(one.due.at), f"refused: {one.reason}")
            for one in self.refused
        ]
        return [*done, *left]


_COLUMNS = ("rule", "record", "due", "effects")
_WIDTH = 160
"""Wide enough for a record with its id beside what became of it."""


def run_due(snapshot: Snapshot, context: Context, rules: RuleBook) -> DueRun:
    """Decide what is due by the moment of ``context``; see ``Crm.run_due``."""
    timed = tuple(_read(rules, context))
    records = {one.ref: one for one in _candidates(snapshot, context, timed)}
    waiting = _not_fired(snapshot, [*what_is_due(timed, records.values(), context=context)])
    if not waiting:
        return DueRun(changes=ChangeSet(), findings=Findings())
    try:
        done = _decided(waiting, records, snapshot, context, rules)
    except CrmError:
        return _one_by_one(waiting, records, snapshot, context, rules)
    return _run(done.changes, done.findings)


def _read(rules: RuleBook, context: Context) -> Iterator[AutomationRule]:
    for rule in rules.automation:
        if isinstance(rule.when, TimePassed):
            yield attrs.evolve(rule, where=read_filter(rule.where, rule.on, context.model))


def _candidates(
    snapshot: Snapshot, context: Context, timed: Iterable[AutomationRule]
) -> Iterator[Record]:
    for rule in timed:
        if isinstance(rule.when, TimePassed):
            schema = context.model.schema(rule.on)
            calendar = context.model.calendar
            by_now = due_filter(rule.when, schema, calendar=calendar, now=context.now)
            yield from snapshot.find(Query.of(rule.on, rule.where & by_now))


def _not_fired(snapshot: Snapshot, waiting: list[Due]) -> list[Due]:
    fired = snapshot.get(RuleFiring, [one.firing_id for one in waiting])
    return [one for one in waiting if one.firing_id not in fired]


def _decided(
    waiting: list[Due],
    records: Mapping[Ref[Any], Record],
    snapshot: Snapshot,
    context: Context,
    rules: RuleBook,
) -> Decision:
    """All of it as one decision; raises where any of it cannot be done."""
    start = ChangeSet(reason="due by time", by=context.by)
    about = [records[one.ref] for one in waiting if one.ref in records]
    acted = automated(start, snapshot, context, rules, due=waiting, records=about)
    done = complete(Decision(start), snapshot, context, rules, acted)
    if done.findings.errors:
        raise ValidationError(done.findings)
    return done


def _one_by_one(
    waiting: list[Due],
    records: Mapping[Ref[Any], Record],
    snapshot: Snapshot,
    context: Context,
    rules: RuleBook,
) -> DueRun:
    """What can be done of it, each on the outcome of those before."""
    changes = ChangeSet(reason="due by time", by=context.by)
    findings = Findings()
    refused: list[Undone] = []
    for one in waiting:
        overlay = Overlay(snapshot, changes)
        entity = type(records[one.ref])
        now = {each.ref: each for each in overlay.get(entity, [one.ref.id]).values()}
        try:
            done = _decided([one], now, overlay, context, rules)
            changes = changes.then(done.changes)
        except CrmError as wrong:
            refused.append(Undone(one, wrong))
            continue
        findings += done.findings
    return attrs.evolve(_run(changes, findings), refused=tuple(refused))


def _run(changes: ChangeSet, findings: Findings) -> DueRun:
    firings = [one for one in changes.written if isinstance(one, RuleFiring)]
    return DueRun(changes=changes, findings=findings, firings=tuple(firings))
