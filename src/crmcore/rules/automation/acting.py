"""Acting: what one effect does to one record, and who gets the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmcore.changes import Change, ChangeSet, Insert, Update
from crmcore.entities.activity import Activity
from crmcore.entities.automation import RuleState
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import Record, kind_of
from crmcore.entities.user import User
from crmcore.query import F, Filter, Query, matches, read_filter
from crmcore.rules.automation.definition import AutomationRule, NamedFunction
from crmcore.rules.automation.effect import (
    AddLabel,
    AssignOwner,
    Call,
    CreateActivity,
    Effect,
    InDays,
    MoveStage,
    Set,
    Turn,
)
from crmcore.rules.automation.sound import activity_field
from crmcore.rules.rule import Context
from crmcore.values.ids import ActivityId, RuleStateId, UserId
from crmcore.values.ref import Ref


def needs(
    rules: Sequence[AutomationRule], kinds: Iterable[str], context: Context
) -> tuple[Query[Any], ...]:
    """The questions whose answers assigning owners needs: turns taken, users, what they own.

    ``kinds`` are those of the records that change; rules that can never act then ask nothing.
    """
    asked: list[Query[Any]] = []
    for rule in _acting(rules, kinds):
        for one in rule.then:
            if isinstance(one, AssignOwner):
                users = list(one.users)
                asked.append(Query.of(RuleState, F.id == rule.name))
                asked.append(Query.of(User, F.id.in_(users)))
                if one.by is Turn.LOAD:
                    load = read_filter(one.load, rule.on, context.model)
                    asked.append(Query.of(rule.on, load & F.owner_id.in_(users)))
    return tuple(dict.fromkeys(asked))


def _acting(rules: Sequence[AutomationRule], kinds: Iterable[str]) -> list[AutomationRule]:
    """The rules that may act when records of these kinds change, or by what others do then."""
    reached = set(kinds)
    while True:
        acting = [one for one in rules if kind_of(one.on) in reached]
        effects = [effect for one in acting for effect in one.then]
        if any(isinstance(one, Call) for one in effects):  # it may change records of any kind
            return list(rules)
        if any(isinstance(one, CreateActivity) for one in effects) and "activity" not in reached:
            reached.add("activity")
        else:
            return acting


class Acting:
    """The records as the effects so far leave them, and what the next effect does to one."""

    def __init__(
        self,
        functions: Mapping[str, NamedFunction],
        records: Iterable[Record],
        context: Context,
    ) -> None:
        self.known: dict[Ref[Any], Record] = {one.ref: one for one in records}
        self._functions = functions
        self._context = context
        self._loads: dict[tuple[str, AssignOwner], _Load] = {}

    def remember(self, ref: Ref[Any], after: Record | None) -> None:
        """Know a record as a change leaves it; ``None``: it is gone."""
        before = self.known.pop(ref, None)
        if after is not None:
            self.known[ref] = after
        for load in self._loads.values():
            load.add(before, -1)
            load.add(after, 1)

    def forget(self, ref: Ref[Any]) -> None:
        """Know nothing of a record any more."""
        self.remember(ref, None)

    def act(self, rule: AutomationRule, effect: Effect, ref: Ref[Any]) -> ChangeSet:
        """What an effect does to the record of ``ref``, which is known."""
        record = self.known.get(ref)
        if record is None:  # an effect before this one removed it
            return ChangeSet()
        match effect:
            case Set(path, value):
                one = self._context.model.schema_of(record).field(path)
                return _update(record, one.changed(record, self._value(value, one.python)))
            case AddLabel(label):
                return _update(record, attrs.evolve(record, labels=record.labels | {label}))
            case MoveStage(stage, pipeline):
                return _update(record, _moved(record, stage, pipeline))
            case CreateActivity():
                return ChangeSet([Insert(self._activity(record, effect))])
            case AssignOwner():
                return self._assigned(rule, record, effect)
            case Call(name):
                return self._functions[name](record, self._context)

    def _value(self, value: Any, python: type) -> Any:
        if not isinstance(value, InDays):
            return value
        moment = self._context.now if issubclass(python, datetime) else self._context.today
        return moment + timedelta(days=value.days)

    def _activity(self, record: Record, effect: CreateActivity) -> Activity:
        days = effect.due_in
        named: dict[str, Any] = {str(activity_field(record.ref.kind)): record.ref}
        return Activity(
            id=ActivityId(self._context.new_id()),
            subject=effect.subject,
            kind=effect.kind,
            owner_id=record.owner_id,
            due_on=None if days is None else self._context.today + timedelta(days=days),
            priority=effect.priority,
            **named,
        )

    def _assigned(self, rule: AutomationRule, record: Record, effect: AssignOwner) -> ChangeSet:
        users = [one for one in effect.users if self._is_active(one)]
        if not users:
            return ChangeSet()
        known = self.known.get(Ref("rule_state", rule.name))
        state = known if isinstance(known, RuleState) else RuleState(id=RuleStateId(rule.name))
        if effect.by is Turn.LOAD:
            owned = self._load(rule, effect).owned
            chosen = min(users, key=lambda one: (owned[one], users.index(one)))
        else:
            chosen = _next(effect.users, state.last_user_id, users)
        after = attrs.evolve(state, turns=state.turns + 1, last_user_id=UserId(chosen))
        turn: Change = Insert(after) if known is None else Update(state, after)
        return ChangeSet([Update(record, attrs.evolve(record, owner_id=UserId(chosen))), turn])

    def _is_active(self, user_id: str) -> bool:
        user = self.known.get(Ref("user", user_id))
        return not isinstance(user, User) or user.is_active

    def _load(self, rule: AutomationRule, effect: AssignOwner) -> _Load:
        """How many records each user has that count."""
        known = self._loads.get((rule.name, effect))
        if known is None:
            where = read_filter(effect.load, rule.on, self._context.model)
            known = self._loads[rule.name, effect] = _Load(kind_of(rule.on), where)
            for record in self.known.values():
                known.add(record, 1)
        return known


class _Load:
    """How many records of a kind that match each owner has."""

    def __init__(self, kind: str, where: Filter) -> None:
        self.owned: Counter[str] = Counter()
        self._kind = kind
        self._where = where

    def add(self, record: Record | None, times: int) -> None:
        """Count a record, or with -1 take it out."""
        if record is None or record.ref.kind != self._kind or record.owner_id is None:
            return
        if matches(self._where, record):
            self.owned[record.owner_id] += times


def _next(listed: tuple[str, ...], last: str | None, users: list[str]) -> str:
    """The active user after the last one in the list; the first where the last is not in it."""
    start = listed.index(last) + 1 if last in listed else 0
    turns = (*listed[start:], *listed[:start])
    return next(one for one in turns if one in users)


def _update(before: Record, after: Record) -> ChangeSet:
    return ChangeSet([Update(before, after)])


def _moved(record: Record, stage: str, pipeline: str | None) -> Record:
    if not isinstance(record, Opportunity):  # refused when the rule was built
        return record
    return attrs.evolve(record, stage=stage, pipeline=pipeline or record.pipeline)
