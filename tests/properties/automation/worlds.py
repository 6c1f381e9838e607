"""Automation rules over leads, drawn at random, and the same rules carried out by hand."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from crmcore import STANDARD_RULES, F, Lead, RuleBook
from crmcore.query import Filter
from crmcore.rules.automation import AddLabel, AutomationRule, Changed, Created, Set, Updated
from crmcore.rules.automation.trigger import Trigger

START = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = ("rating", "interest", "timeline")
VALUES = ("a", "b", "c")
LABELS = ("x", "y")


class Hours:
    """A clock that is an hour later at every look."""

    def __init__(self) -> None:
        self.hours = 0

    def __call__(self) -> datetime:
        self.hours += 1
        return START + timedelta(hours=self.hours)


@dataclass(frozen=True)
class Plain:
    """A rule as plain values: what it waits for, what it asks, what it sets."""

    name: str
    waits: tuple[str, ...]
    """``("created",)``, ``("updated",)``, or the fields of which one must change."""
    asks: tuple[str, Any]
    """A field and its value, or ``labels`` and one that it must have."""
    sets: tuple[tuple[str, Any], ...]

    def rule(self) -> AutomationRule:
        """The rule of the library that says the same."""
        when: Trigger = Created() if self.waits == ("created",) else Changed(self.waits)
        if self.waits == ("updated",):
            when = Updated()
        name, value = self.asks
        where: Filter = F.labels.contains(value) if name == "labels" else F[name] == value
        then = [AddLabel(one) if path == "labels" else Set(path, one) for path, one in self.sets]
        return AutomationRule(name=self.name, on=Lead, when=when, where=where, then=then)


PART = st.tuples(st.sampled_from(FIELDS), st.sampled_from([None, *VALUES]))
LABEL = st.tuples(st.just("labels"), st.sampled_from(LABELS))
WAITS = st.sampled_from([("created",), ("updated",)]) | st.lists(
    st.sampled_from([*FIELDS, "labels"]), min_size=1, max_size=2, unique=True
).map(tuple)


@st.composite
def plain_rules(draw: st.DrawFn) -> list[Plain]:
    """A few rules over a few fields, so that they meet."""
    return [
        Plain(
            name,
            draw(WAITS),
            draw(PART | LABEL),
            tuple(draw(st.lists(PART | LABEL, min_size=1, max_size=2))),
        )
        for name in ("one", "two", "three", "four")[: draw(st.integers(1, 4))]
    ]


def book(plain: Sequence[Plain]) -> RuleBook:
    """The standard rules with these."""
    return STANDARD_RULES.with_automation(*(one.rule() for one in plain))


State = dict[str, Any]
"""The fields of a lead, and under ``labels`` the set of its labels."""


def state(lead: Lead) -> State:
    """What the rules look at in a lead."""
    return {name: getattr(lead, name) for name in (*FIELDS, "labels")}


def by_hand(
    plain: Sequence[Plain], before: State | None, after: State, limit: int = 400
) -> tuple[State | None, list[str]]:
    """What becomes of one lead, and the rules that acted; no state where it goes on for ever."""
    now, acted = dict(after), list[str]()
    waiting: deque[tuple[State | None, State]] = deque([(before, dict(after))])
    while waiting:
        old, new = waiting.popleft()
        changed = () if old is None else tuple(key for key in new if new[key] != old[key])
        for one in plain:
            if not _fits(one, changed, is_new=old is None) or not _asked(one, now):
                continue
            start = dict(now)
            for key, value in one.sets:
                now[key] = now[key] | {value} if key == "labels" else value
            if now != start:
                acted.append(one.name)
                waiting.append((start, dict(now)))
        if len(acted) > limit:
            return None, acted
    return now, acted


def _fits(one: Plain, changed: tuple[str, ...], *, is_new: bool) -> bool:
    if one.waits == ("created",):
        return is_new
    if is_new:
        return False
    return bool(changed) if one.waits == ("updated",) else any(key in changed for key in one.waits)


def _asked(one: Plain, now: State) -> bool:
    key, value = one.asks
    if key == "labels":
        return value in now["labels"]
    return bool(now[key] == value)


LEAD = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, st.sampled_from([None, *VALUES])))


def changed(lead: Lead, fields: dict[str, Any]) -> Lead:
    """The lead with other values."""
    return attrs.evolve(lead, **fields)
