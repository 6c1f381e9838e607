"""Pipeline: an ordered list of the stages a deal goes through; and the statuses of a lead.

What a stage means lies in its category, never in its name (law P1).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from crmcore.entities.record import exact_number, text_tuple
from crmcore.errors import UnknownNameError


class StageCategory(StrEnum):
    """What a stage means: the deal is open, won or lost."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class ForecastCategory(StrEnum):
    """How sure a deal is, as forecasts see it, from the least sure; omitted ones are in none."""

    OMITTED = "omitted"
    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    CLOSED = "closed"


class LeadCategory(StrEnum):
    """What a lead status means."""

    OPEN = "open"
    WORKING = "working"
    QUALIFIED = "qualified"
    UNQUALIFIED = "unqualified"
    CONVERTED = "converted"


def _percent(value: Decimal | int) -> Decimal:
    return exact_number(value)  # type: ignore[return-value]  # None passes, for the model to report


@frozen
class Stage:
    """A step of a pipeline.

    ``key`` is stored, ``label`` is what people read (``None``: the key). ``probability`` is in
    percent, 0 to 100: a won stage has 100, a lost one 0.
    """

    key: str
    category: StageCategory = StageCategory.OPEN
    probability: Decimal = field(default=Decimal(0), converter=_percent)
    forecast_category: ForecastCategory = ForecastCategory.PIPELINE
    label: str | None = None

    def __str__(self) -> str:
        return self.label or self.key


def _stages(given: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(given)


@frozen
class Pipeline:
    """A sales process: its ``stages`` in order, with at least one open, one won and one lost."""

    key: str
    stages: tuple[Stage, ...] = field(converter=_stages)
    label: str | None = None

    def __str__(self) -> str:
        return self.label or self.key

    def has(self, key: str) -> bool:
        """Whether a stage has this key."""
        return any(stage.key == key for stage in self.stages)

    def stage(self, key: str) -> Stage:
        """The stage of this key; raises ``UnknownNameError`` with the nearest."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        known = tuple(stage.key for stage in self.stages)
        raise UnknownNameError("stage", key, known, f"pipeline {self.key}")

    def first(self, category: StageCategory) -> Stage:
        """The first stage of this category; raises ``UnknownNameError`` where there is none."""
        for stage in self.stages:
            if stage.category is category:
                return stage
        raise UnknownNameError("stage category", category.value, where=f"pipeline {self.key}")


def _keys(given: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if given is None else text_tuple(given)


@frozen
class LeadStatus:
    """A status a lead can have: ``key`` is stored, ``label`` is what people read.

    ``follows`` are the keys of the statuses that may come next (``None``: any); a conversion may
    always come next, its own gate says when.
    """

    key: str
    category: LeadCategory = LeadCategory.OPEN
    label: str | None = None
    follows: tuple[str, ...] | None = field(default=None, converter=_keys)

    def __str__(self) -> str:
        return self.label or self.key


STANDARD_PIPELINE = Pipeline(
    "standard",
    (
        Stage("Prospecting", StageCategory.OPEN, 10, ForecastCategory.PIPELINE),
        Stage("Qualification", StageCategory.OPEN, 20, ForecastCategory.PIPELINE),
        Stage("Proposal", StageCategory.OPEN, 50, ForecastCategory.BEST_CASE),
        Stage("Negotiation", StageCategory.OPEN, 75, ForecastCategory.COMMIT),
        Stage("Won", StageCategory.WON, 100, ForecastCategory.CLOSED),
        Stage("Lost", StageCategory.LOST, 0, ForecastCategory.OMITTED),
    ),
    "Standard",
)

STANDARD_LEAD_STATUSES = (
    LeadStatus("New", LeadCategory.OPEN),
    LeadStatus("Working", LeadCategory.WORKING),
    LeadStatus("Qualified", LeadCategory.QUALIFIED),
    LeadStatus("Unqualified", LeadCategory.UNQUALIFIED),
    LeadStatus("Converted", LeadCategory.CONVERTED),
)
