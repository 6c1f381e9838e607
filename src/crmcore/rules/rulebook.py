"""RuleBook: the rules of one company as data, each checked against the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from crmcore.errors import UnknownNameError
from crmcore.findings import Findings, ModelError, error
from crmcore.model.model import Model
from crmcore.rules.automation import AutomationRule, Function, NamedFunction, function_findings
from crmcore.rules.automation import check as check_automation
from crmcore.rules.field_map import STANDARD_FIELD_MAP, FieldMap
from crmcore.rules.matching import STANDARD_MATCH_RULES, AnyRule
from crmcore.rules.matching import check as check_match_rule
from crmcore.rules.rollup import (
    STANDARD_ROLLUPS,
    Definition,
    Formula,
    Measure,
    bound,
    check_formula,
    check_named,
    check_together,
)
from crmcore.rules.rollup import check as check_rollup
from crmcore.rules.scoring import STANDARD_SCORING, Scoring
from crmcore.rules.stages import EntryCondition, check_entry
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, Survivorship


def _rollups(given: Iterable[Definition]) -> tuple[Definition, ...]:
    return tuple(given)


def _measures(given: Iterable[Measure[Any]]) -> tuple[Measure[Any], ...]:
    return tuple(given)


def _match_rules(given: Iterable[AnyRule]) -> tuple[AnyRule, ...]:
    return tuple(given)


def _automation(given: Iterable[AutomationRule]) -> tuple[AutomationRule, ...]:
    return tuple(given)


def _functions(given: Iterable[NamedFunction]) -> tuple[NamedFunction, ...]:
    return tuple(given)


def _conditions(given: Iterable[EntryCondition]) -> tuple[EntryCondition, ...]:
    return tuple(given)


@frozen(kw_only=True)
class RuleBook:
    """Every rule that a ``Crm`` follows. Successors are made with ``with_...``.

    Building one raises ``ModelError`` when two rules have the same name, when an automation rule
    calls a function that the book does not have, and when figures are made of one another in a
    circle, or of figures or measures that are not there (R12).
    """

    measures: tuple[Measure[Any], ...] = field(default=(), converter=_measures)
    rollups: tuple[Definition, ...] = field(default=STANDARD_ROLLUPS, converter=_rollups)
    match_rules: tuple[AnyRule, ...] = field(default=STANDARD_MATCH_RULES, converter=_match_rules)
    field_map: FieldMap = STANDARD_FIELD_MAP
    survivorship: Survivorship = STANDARD_SURVIVORSHIP
    entry_conditions: tuple[EntryCondition, ...] = field(default=(), converter=_conditions)
    automation: tuple[AutomationRule, ...] = field(default=(), converter=_automation)
    functions: tuple[NamedFunction, ...] = field(default=(), converter=_functions)
    scoring: Scoring = STANDARD_SCORING

    def __attrs_post_init__(self) -> None:
        named = [*(one.name for one in self.rollups), *(one.name for one in self.match_rules)]
        named += [one.name for one in self.automation]
        twice = [name for name, count in Counter(named).items() if count > 1]
        found = [error("rules.twice", "two rules have the same name", value=one) for one in twice]
        functions = frozenset(one.name for one in self.functions)
        found += [one for rule in self.automation for one in function_findings(rule, functions)]
        if found:
            raise ModelError("rule book", Findings(found))
        loose = check_together(self.rollups) + check_named(self.rollups, self.measures)
        if loose:
            raise ModelError("rule book", loose)

    def rollup(self, name: str) -> Definition:
        """The rollup or formula of this name; raises ``UnknownNameError`` with the nearest."""
        for one in self.rollups:
            if one.name == name:
                return one
        raise UnknownNameError("rollup", name, tuple(one.name for one in self.rollups))

    def match_rule(self, name: str) -> AnyRule:
        """The match rule of this name; raises ``UnknownNameError`` with the nearest."""
        for one in self.match_rules:
            if one.name == name:
                return one
        raise UnknownNameError("match rule", name, tuple(one.name for one in self.match_rules))

    def match_rules_for(self, *kinds: str) -> tuple[AnyRule, ...]:
        """The match rules that compare records of exactly these kinds, in the book's order."""
        wanted = frozenset(kinds)
        return tuple(one for one in self.match_rules if frozenset(one.kinds) == wanted)

    def with_rollups(self, *rollups: Definition) -> RuleBook:
        """The successor with these rollups and formulas, each in the place of its namesake.

        A measure that one names is the one that the book has by this name.
        """
        new = {one.name: one for one in rollups}
        kept = tuple(new.pop(one.name, one) for one in self.rollups)
        return attrs.evolve(self, rollups=bound((*kept, *new.values()), self.measures))

    def with_measures(self, *measures: Measure[Any]) -> RuleBook:
        """The successor that knows these functions by name, each in the place of its namesake."""
        new = {one.name: one for one in measures}
        kept = tuple(new.pop(one.name, one) for one in self.measures)
        known = (*kept, *new.values())
        return attrs.evolve(self, measures=known, rollups=bound(self.rollups, known))

    def with_match_rules(self, *rules: AnyRule) -> RuleBook:
        """The successor with these match rules, each in the place of one of the same name."""
        new = {one.name: one for one in rules}
        kept = tuple(new.pop(one.name, one) for one in self.match_rules)
        return attrs.evolve(self, match_rules=(*kept, *new.values()))

    def with_field_map(self, field_map: FieldMap) -> RuleBook:
        """The successor that converts leads by this field map."""
        return attrs.evolve(self, field_map=field_map)

    def with_survivorship(self, survivorship: Survivorship) -> RuleBook:
        """The successor that merges by these survivorship policies."""
        return attrs.evolve(self, survivorship=survivorship)

    def with_entry_conditions(self, *conditions: EntryCondition) -> RuleBook:
        """The successor with these conditions too, which deals must match to enter a stage."""
        return attrs.evolve(self, entry_conditions=(*self.entry_conditions, *conditions))

    def with_automation(
        self, *rules: AutomationRule, functions: Mapping[str, Function] | None = None
    ) -> RuleBook:
        """The successor with these automation rules, each in the place of one of the same name.

        They act in the book's order. ``functions`` are those that rules call by name.
        """
        new = {one.name: one for one in rules}
        kept = tuple(new.pop(one.name, one) for one in self.automation)
        named = {one.name: one for one in self.functions}
        named |= {name: NamedFunction(name, one) for name, one in (functions or {}).items()}
        return attrs.evolve(
            self, automation=(*kept, *new.values()), functions=tuple(named.values())
        )

    def with_scoring(self, scoring: Scoring) -> RuleBook:
        """The successor that scores and qualifies leads by this rule."""
        return attrs.evolve(self, scoring=scoring)

    def check(self, model: Model) -> Findings:
        """Everything in the book that does not fit ``model``."""
        found = [one for part in self.rollups for one in _checked(part, model)]
        found += [one for part in self.match_rules for one in check_match_rule(part, model)]
        found += [one for part in self.automation for one in check_automation(part, model)]
        found += [one for part in self.entry_conditions for one in check_entry(part, model)]
        found += self.scoring.check(model)
        return Findings([*found, *self.field_map.check(model), *self.survivorship.check(model)])


def _checked(definition: Definition, model: Model) -> Findings:
    if isinstance(definition, Formula):
        return check_formula(definition, model)
    return check_rollup(definition, model)


STANDARD_RULES = RuleBook()
"""The rules that a ``Crm`` follows unless it is given others."""
