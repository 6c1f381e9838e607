"""Measure: a named function of one record as the value of a rollup, such as a margin.

A rule book knows measures by name, and ``measure("margin")`` is the value of a rollup that means
the one of its book. The function must be pure: what it gives depends on the record alone, as a
figure is only made anew when a record changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from crmcore.entities.record import Record, kind_of
from crmcore.errors import UsageError

R = TypeVar("R", bound=Record)


def _is_entity(_measure: object, _attribute: object, value: Any) -> None:
    if not (isinstance(value, type) and issubclass(value, Record)):
        raise UsageError("a measure is of an entity", value, "pass a class such as Opportunity")


def _is_class(_measure: object, _attribute: object, value: Any) -> None:
    if not isinstance(value, type):
        raise UsageError("a measure gives values of one class", value, "pass one such as Money")


def _is_callable(_measure: object, _attribute: object, value: Any) -> None:
    if not callable(value):
        raise UsageError("a measure is made by a function", value, "pass one that takes a record")


@frozen(kw_only=True)
class Measure(Generic[R]):
    """What ``function`` gives for a record ``of`` an entity: a value of the class ``gives``.

    ``None`` is no value (R9). A value of another class is a finding, and does not count; what the
    function raises is raised to whoever reads the figure.
    """

    name: str
    of: type[R] = field(validator=_is_entity)
    gives: type = field(validator=_is_class)
    function: Callable[[R], Any] = field(validator=_is_callable)

    def __str__(self) -> str:
        return f"{self.name}({kind_of(self.of)})"

    def __call__(self, record: R) -> Any:
        """The value for a record."""
        try:
            return self.function(record)
        except Exception as problem:
            problem.add_note(f"in the measure {self.name!r} of {record.ref}")
            raise


@frozen
class Named:
    """The measure of this name in the rule book."""

    name: str

    def __str__(self) -> str:
        return self.name


def measure(name: str) -> Named:
    """The measure of this name, as the value of a rollup in a rule book that has it."""
    return Named(name)
