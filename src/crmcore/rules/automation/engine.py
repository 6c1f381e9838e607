"""Engine: what the automation rules add to a change set, until nothing more fires (law P12).

A fixed point: each effect is a change that rules may wait for. Where one would go on for ever, the
rules that make the loop are named. Everything is decided on what is given; nothing is stored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
from attrs import frozen

from crmcore.changes import (
    Change,
    ChangeSet,
    Check,
    Delete,
    Insert,
    Update,
    change,
    differences,
    same_content,
)
from crmcore.entities import LEDGER
from crmcore.entities.automation import RuleFiring
from crmcore.entities.record import Record, kind_of
from crmcore.errors import CrmError, shown
from crmcore.findings import Finding, remark
from crmcore.query import matches, read_filter
from crmcore.rules.automation.acting import Acting
from crmcore.rules.automation.definition import AutomationRule, NamedFunction
from crmcore.rules.automation.due import Due
from crmcore.rules.automation.loops import Cause, require_no_loop
from crmcore.rules.rule import Context
from crmcore.values.ids import RuleFiringId
from crmcore.values.ref import Ref


@frozen
class AutomationError(CrmError):
    """A rule failed, and with it the command that made it act; nothing was stored.

    The exception that a function raised is its ``__cause__``.
    """

    rule: str
    ref: Ref[Any]
    why: str

    def __str__(self) -> str:
        return f"the rule {self.rule!r} failed on {self.ref}: {self.why}; nothing was stored"


@frozen(kw_only=True)
class Automated:
    """A change set with what the rules add to it.

    ``firings`` tell which rule did what, in the order in which they acted; ``steps`` are the
    records that they changed, each as it was and as it became, in that order.
    """

    changes: ChangeSet
    firings: tuple[RuleFiring, ...] = ()
    steps: tuple[tuple[Record | None, Record], ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """A remark for each firing: which rule did what to which record."""
        return [
            remark(
                "automation.fired",
                f"rule {one.rule!r}: {'; '.join(one.effects) or 'nothing to do'}",
                ref=one.about,
            )
            for one in self.firings
        ]


@frozen(kw_only=True)
class _Event:
    before: Record | None
    after: Record
    cause: Cause | None = None
    due: Due | None = None


def is_automated(changes: ChangeSet) -> bool:
    """Whether a set was decided with automation already, or takes back what was stored.

    Then no rule acts on it: a preview that is committed stores what it showed, and undoing a
    command restores what was there. What takes back has a row of the ledger to take out.
    """
    return any(
        one.ref.kind in LEDGER if isinstance(one, Delete) else isinstance(one.after, RuleFiring)
        for one in changes
    )


def automate(
    changes: ChangeSet,
    *,
    rules: Sequence[AutomationRule],
    functions: Iterable[NamedFunction] = (),
    records: Iterable[Record] = (),
    due: Iterable[Due] = (),
    context: Context,
) -> Automated:
    """``changes`` with everything that the rules do about them, and about what they do.

    Rules act in their order, on each change in its order; ``where`` is asked of the record as it
    stands then. ``records`` are those that assigning owners looks at (see ``acting.needs``), and
    ``due`` what is due by time, whose records must be among them. Raises ``AutomationLoopError``
    with the rules that would go on for ever, and ``AutomationError`` for one that fails.
    """
    return _Run(changes, rules, functions, records, context).done(due)


class _Run:
    """One pass over a change set; it is thrown away when the pass is done."""

    def __init__(
        self,
        changes: ChangeSet,
        rules: Sequence[AutomationRule],
        functions: Iterable[NamedFunction],
        records: Iterable[Record],
        context: Context,
    ) -> None:
        self._planned = changes
        self._context = context
        self._acting = Acting(
            {one.name: one for one in functions}, [*records, *changes.written], context
        )
        self._rules: dict[str, list[AutomationRule]] = {}
        for rule in rules:
            read = read_filter(rule.where, rule.on, context.model)
            self._rules.setdefault(kind_of(rule.on), []).append(attrs.evolve(rule, where=read))
        self._ends: dict[Ref[Any], tuple[Record | None, Record | None]] = {}
        self._last: dict[Ref[Any], Cause] = {}
        self._checks: list[Check] = []
        self._steps: list[tuple[Record | None, Record]] = []
        self._firings: list[RuleFiring] = []
        self._waiting: deque[_Event] = deque()

    def done(self, due: Iterable[Due]) -> Automated:
        """Everything acted on, until nothing is left."""
        for change_ in self._planned:
            if isinstance(change_, Delete):
                self._acting.forget(change_.ref)
            else:
                before = None if isinstance(change_, Insert) else change_.before
                self._waiting.append(_Event(before=before, after=change_.after))
        for one in due:
            record = self._acting.known.get(one.ref)
            if record is not None:
                self._waiting.append(_Event(before=record, after=record, due=one))
        while self._waiting:
            event = self._waiting.popleft()
            for rule in self._rules.get(event.after.ref.kind, ()):
                self._consider(rule, event)
        return self._result()

    def _consider(self, rule: AutomationRule, event: _Event) -> None:
        record = self._acting.known.get(event.after.ref)
        model = self._context.model
        if event.due is not None:
            fits = event.due.rule == rule.name
        else:
            fits = rule.when.fits(event.before, event.after, model)
        if fits and record is not None and matches(rule.where, record):
            self._fire(rule, record, event)

    def _fire(self, rule: AutomationRule, record: Record, event: _Event) -> None:
        above = event.cause
        if not same_content(record, event.after):  # another rule changed it since: it let this act
            above = self._last.get(record.ref, above)
        made = self._ends.get(record.ref, (record, None))[0] is None
        cause = Cause(rule.name, record, above, is_made=made)
        require_no_loop(cause)
        starts: dict[Ref[Any], Record | None] = {}
        said: list[str] = []
        try:
            for effect in rule.then:
                done = self._acting.act(rule, effect, record.ref)
                self._checks += done.checks
                for one in done:
                    said += self._apply(one, record.ref, starts)
        except CrmError as wrong:
            raise AutomationError(rule.name, record.ref, str(wrong)) from wrong
        except Exception as wrong:
            why = f"{type(wrong).__name__}: {wrong}"
            raise AutomationError(rule.name, record.ref, why) from wrong
        if said or event.due is not None:
            self._firings.append(self._firing(rule, record, event.due, said))
        for ref, start in starts.items():
            self._happened(ref, start, cause)

    def _apply(
        self, one: Change, own: Ref[Any], starts: dict[Ref[Any], Record | None]
    ) -> Iterator[str]:
        """Let a change happen; in words what it is, nothing where it changes nothing."""
        known = self._acting.known.get(one.ref)
        before = None if isinstance(one, Insert) else one.before
        after = None if isinstance(one, Delete) else one.after
        if known is not None and before is not None and same_content(known, before):
            before = known
        elif known is not None:
            message = "it was decided on a record that has changed since"
            raise CrmError(f"{message}: {one.ref}")
        if before is not None and after is not None:
            after = attrs.evolve(after, version=before.version)
            if not differences(before, after):
                return
        self._ends.setdefault(one.ref, (before, after))
        self._ends[one.ref] = (self._ends[one.ref][0], after)
        starts.setdefault(one.ref, before)
        self._acting.remember(one.ref, after)
        real = change(before, after)
        if real is not None and one.ref.kind != "rule_state":
            yield _said(real, own)

    def _happened(self, ref: Ref[Any], start: Record | None, cause: Cause) -> None:
        """Let the rules know of what one firing did to a record."""
        after = self._acting.known.get(ref)
        if after is None or ref.kind == "rule_state":
            return
        self._steps.append((start, after))
        self._last[ref] = cause
        if start is None or differences(start, after):
            self._waiting.append(_Event(before=start, after=after, cause=cause))

    def _firing(
        self, rule: AutomationRule, record: Record, due: Due | None, said: list[str]
    ) -> RuleFiring:
        id_ = self._context.new_id() if due is None else due.firing_id
        return RuleFiring(
            id=RuleFiringId(id_),
            rule=rule.name,
            about=record.ref,
            at=self._context.now,
            due_at=None if due is None else due.at,
            effects=said,
        )

    def _result(self) -> Automated:
        changes = [change(before, after) for before, after in self._ends.values()]
        effects: list[Change] = [one for one in changes if one is not None]
        if self._context.model.is_enabled(RuleFiring):
            effects += [Insert(one) for one in self._firings]
        if not effects and not self._checks:
            return Automated(changes=self._planned)
        added = ChangeSet(effects, checks=self._checks)
        return Automated(
            changes=self._planned.then(added),
            firings=tuple(self._firings),
            steps=tuple(self._steps),
        )


def _said(one: Change, own: Ref[Any]) -> str:
    """A change in words, as the receipt of a rule that acted on ``own`` tells it."""
    if isinstance(one, Update):
        changed = "; ".join(
            f"{path}: {_shown(old)} -> {_shown(new)}"
            for path, old, new in differences(one.before, one.after)
        )
        return changed if one.ref == own else f"{one.ref} {changed}"
    verb = "new" if isinstance(one, Insert) else "deleted"
    record = one.after if isinstance(one, Insert) else one.before
    name = next((v for k in ("subject", "name") if (v := getattr(record, k, None))), "")
    return f"{verb} {one.ref.kind} {_shown(str(name))}" if name else f"{verb} {one.ref}"


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    return shown(value, limit=60)
