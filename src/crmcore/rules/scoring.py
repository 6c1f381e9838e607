"""Scoring: how ready a lead is, as data: conditions with points, grades, and what it must have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import field, frozen

from crmcore import render
from crmcore.entities.lead import Lead
from crmcore.entities.record import text_tuple
from crmcore.errors import CrmError, UsageError
from crmcore.findings import Finding, error
from crmcore.model.model import Model
from crmcore.query import Filter, matches, read_filter


@frozen(kw_only=True)
class Condition:
    """Points for the leads that match ``where``; ``about`` says why they count.

    ``points`` may be negative: what speaks against a lead.
    """

    name: str
    where: Filter
    points: int
    about: str = ""


@frozen
class Grade:
    """The name for leads of ``least`` points or more."""

    name: str
    least: int


def _conditions(given: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(given)


def _grades(given: Iterable[Grade]) -> tuple[Grade, ...]:
    return tuple(sorted(given, key=lambda one: (-one.least, one.name)))


@frozen(kw_only=True)
class Scoring:
    """A scoring rule: its conditions, the grades from the best, and the gate to conversion.

    A lead passes the gate with ``enough`` points and a value in each field of ``needed``. Building
    one raises ``UsageError`` when two conditions have one name.
    """

    name: str
    conditions: tuple[Condition, ...] = field(default=(), converter=_conditions)
    grades: tuple[Grade, ...] = field(default=(), converter=_grades)
    enough: int = 0
    needed: tuple[str, ...] = field(default=(), converter=text_tuple)

    def __attrs_post_init__(self) -> None:
        names = [one.name for one in self.conditions]
        twice = [one for one in names if names.count(one) > 1]
        if twice:
            raise UsageError("two conditions have one name", twice[0], "call them differently")

    def check(self, model: Model) -> Iterator[Finding]:
        """Everything in the rule that names what a lead of ``model`` has not."""
        for one in self.conditions:
            try:
                read_filter(one.where, "lead", model)
            except CrmError as problem:
                yield error("scoring.condition", str(problem), path=f"{self.name}.{one.name}")
        schema = model.schema("lead")
        for path in self.needed:
            if not (schema.has(path) and schema.field(path).path == path):
                yield error(
                    "scoring.needed", "a lead has no such field", path=self.name, value=path
                )


@frozen(kw_only=True)
class Point:
    """One condition of a score, and whether the lead meets it."""

    condition: Condition
    is_met: bool


@frozen(kw_only=True)
class Score:
    """How ready a lead is: ``points`` in sum, the ``grade`` (``None``: below all), and why.

    ``missing`` says what keeps the lead from the gate; empty where it passes.
    """

    lead: Lead
    scoring: Scoring
    points: int
    grade: str | None
    why: tuple[Point, ...]
    missing: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether the lead passes the gate."""
        return not self.missing

    def _rows(self) -> list[tuple[object, ...]]:
        return [
            (one.condition.name, one.condition.points if one.is_met else 0, one.condition.about)
            for one in self.why
        ]

    @property
    def _title(self) -> str:
        grade = "" if self.grade is None else f", {self.grade}"
        return f"{self.lead.name or self.lead.ref}: {self.points} points{grade}"

    def __str__(self) -> str:
        parts = [self._title, render.table(self._rows(), columns=_COLUMNS, right=("points",))]
        parts += [f"missing: {one}" for one in self.missing]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        table = render.html_table(self._rows(), columns=_COLUMNS, right=("points",))
        rest = [render.html_table([(one,) for one in self.missing], columns=("missing",))]
        return render.html_section(self._title, table, *(rest if self.missing else ()))


_COLUMNS = ("condition", "points", "why")


def score(lead: Lead, scoring: Scoring, model: Model) -> Score:
    """The score of a lead by a rule, each condition explained.

    Raises ``UnknownNameError`` for a condition on a field that a lead has not.
    """
    why = tuple(
        Point(condition=one, is_met=matches(read_filter(one.where, "lead", model), lead))
        for one in scoring.conditions
    )
    points = sum(one.condition.points for one in why if one.is_met)
    grade = next((one.name for one in scoring.grades if points >= one.least), None)
    return Score(
        lead=lead,
        scoring=scoring,
        points=points,
        grade=grade,
        why=why,
        missing=tuple(_missing(lead, scoring, points, model)),
    )


def _missing(lead: Lead, scoring: Scoring, points: int, model: Model) -> Iterator[str]:
    schema = model.schema("lead")
    for path in scoring.needed:
        one = schema.field(path)
        value = one.value(lead)
        if value is None or value in ("", frozenset(), ()):
            yield f"{one.label.lower()} is not known"
    if points < scoring.enough:
        yield f"it has {points} of {scoring.enough} points"


STANDARD_SCORING = Scoring(name="standard", needed=("interest", "budget", "authority", "timeline"))
"""No points; the gate wants an answer to each of the four questions."""
