"""Pipeline: an ordered list of the stages a deal goes through; and the statuses of a lead.

What a stage means lies in its category, never in its name (law P1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from attrs import Factory, field, frozen

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


PROBABILITY: Mapping[StageCategory, Decimal] = MappingProxyType(
    {StageCategory.WON: Decimal(100), StageCategory.LOST: Decimal(0)}
)
"""The probability, in percent, that every stage of a closed category has (law P1)."""

FORECAST: Mapping[StageCategory, ForecastCategory] = MappingProxyType(
    {StageCategory.WON: ForecastCategory.CLOSED, StageCategory.LOST: ForecastCategory.OMITTED}
)
"""The forecast category that every stage of a closed category has (law P1)."""


def _usual_probability(stage: Stage) -> Decimal:
    return PROBABILITY.get(stage.category, Decimal(0))


def _usual_forecast(stage: Stage) -> ForecastCategory:
    return FORECAST.get(stage.category, ForecastCategory.PIPELINE)


def _next(given: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if given is None else text_tuple(given)


@frozen
class Stage:
    """A step of a pipeline; what it means lies in its ``category``.

    ``key`` is stored, ``label`` is what people read (``None``: the key). ``probability`` is in
    percent, 0 to 100. A won stage has 100 and is *closed* in forecasts, a lost one has 0 and is in
    none; both are so unless said otherwise, and the model refuses anything else.
    ``next`` are the keys of the stages that a deal may go to from here (``None``: any of the
    pipeline; skipping stages and going back included). ``checklist`` are the items to be ticked
    before a deal leaves for a later stage (see ``Opportunity.checked``).
    """

    key: str
    category: StageCategory = StageCategory.OPEN
    probability: Decimal = field(
        default=Factory(_usual_probability, takes_self=True), converter=_percent
    )
    forecast_category: ForecastCategory = Factory(_usual_forecast, takes_self=True)
    label: str | None = None
    next: tuple[str, ...] | None = field(default=None, converter=_next)
    checklist: tuple[str, ...] = field(default=(), converter=text_tuple)

    def __str__(self) -> str:
        return self.label or self.key

    @property
    def is_closed(self) -> bool:
        """Whether a deal in it is decided, won or lost."""
        return self.category is not StageCategory.OPEN

    def chance(self, own: Decimal | None) -> Decimal:
        """The probability, in percent, of a deal in this stage whose ``own`` one is given.

        A won deal has 100 and a lost one 0, whatever it says itself (law P1); an open one has its
        own, or where that is ``None`` the stage's.
        """
        fixed = PROBABILITY.get(self.category)
        if fixed is not None:
            return fixed
        return self.probability if own is None else own

    def forecast(self, own: str | None) -> ForecastCategory:
        """The forecast category of a deal in this stage whose ``own`` one is given.

        A won deal is closed and a lost one omitted, whatever it says itself (law P1); an open one
        has its own, or where that is none of the categories the stage's.
        """
        fixed = FORECAST.get(self.category)
        if fixed is not None:
            return fixed
        known = {one.value: one for one in ForecastCategory}
        return known.get(own or "", self.forecast_category)


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

    def place(self, key: str) -> int | None:
        """The place of a stage in the order, from 0; ``None`` where there is no such stage."""
        return next((at for at, one in enumerate(self.stages) if one.key == key), None)

    def allows(self, before: str, after: str) -> bool:
        """Whether a deal may go from one stage to another.

        From a stage that the pipeline does not have (any more), it may go anywhere.
        """
        if before == after or not self.has(before):
            return True
        onward = self.stage(before).next
        return onward is None or after in onward


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
