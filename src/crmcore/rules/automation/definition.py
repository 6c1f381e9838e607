"""AutomationRule: when something happens to a record that matches, do this: a rule as data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

from crmcore.changes import ChangeSet
from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.findings import Findings, ModelError
from crmcore.model.describe import describe
from crmcore.query import ALL, Filter
from crmcore.rules.automation.effect import Effect, Function
from crmcore.rules.automation.sound import part_findings
from crmcore.rules.automation.trigger import Trigger


def _effects(given: Effect | Iterable[Effect]) -> tuple[Effect, ...]:
    return (given,) if isinstance(given, Effect) else tuple(given)


@frozen(kw_only=True)
class AutomationRule:
    """When ``when`` happens to a record of ``on`` that matches ``where``, do ``then``, in order.

    Building one raises ``ModelError`` with everything that cannot be: an unknown field, a value of
    the wrong type. What only a model can tell is checked with the rule book.
    """

    name: str
    on: type[Record]
    when: Trigger
    where: Filter = ALL
    then: tuple[Effect, ...] = field(converter=_effects)

    def __attrs_post_init__(self) -> None:
        given: Any = self.on  # Any: whatever was passed
        if not (isinstance(given, type) and issubclass(given, Record)):
            raise UsageError("on is an entity", given, "pass a class such as Opportunity")
        found = part_findings(self.name, self.when, self.where, self.then, describe(self.on))
        if found:
            raise ModelError("automation rule", Findings(found))

    def __str__(self) -> str:
        effects = ", ".join(map(str, self.then))
        return f"{self.name}: on {self.when} of {self.on.__name__} where {self.where}: {effects}"


@frozen
class NamedFunction:
    """A function that rules may call, by its name."""

    name: str
    function: Function

    def __call__(self, record: Record, context: Any) -> ChangeSet:
        """What it decides."""
        return self.function(record, context)
