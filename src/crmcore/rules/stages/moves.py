"""Moves: many deals moved by a map, to another pipeline or out of a stage that goes.

A map says for each stage where its deals go; nothing else about a deal changes (laws P2 and P8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import attrs
from attrs import field, frozen

from crmcore import render
from crmcore.changes import ChangeSet, Update
from crmcore.entities.opportunity import Opportunity
from crmcore.errors import CrmError
from crmcore.findings import Finding, Findings, warning
from crmcore.model.model import Model

StageKey: TypeAlias = tuple[str, str]
"""A stage, by the keys of its pipeline and its own."""

StageMap: TypeAlias = Mapping[StageKey, StageKey]
"""Where the deals of each stage go."""


@frozen
class StageMapError(CrmError):
    """A map of stages does not say where all deals go, or sends them where there is no stage.

    ``missing`` are the stages without a target, ``unknown`` the targets that the model does not
    have; each with its pipeline. Nothing was moved.
    """

    missing: tuple[StageKey, ...]
    unknown: tuple[StageKey, ...] = ()

    def __str__(self) -> str:
        parts = []
        if self.missing:
            parts.append(f"the map has no target for {_listed(self.missing)}")
        if self.unknown:
            parts.append(f"the model has no stage {_listed(self.unknown)}")
        return f"{'; '.join(parts)}: no deal was moved"


def _listed(stages: Iterable[StageKey]) -> str:
    return ", ".join("/".join(one) for one in stages)


@frozen(kw_only=True)
class StageMoves:
    """The decision to move deals by a map; ``moved`` says how many went from where to where."""

    changes: ChangeSet
    findings: Findings
    moved: tuple[tuple[StageKey, StageKey, int], ...] = ()

    def __str__(self) -> str:
        return render.table(self._rows(), columns=_COLUMNS, right=("deals",))

    def _repr_html_(self) -> str:
        return render.html_table(self._rows(), columns=_COLUMNS, caption="Deals moved")

    def _rows(self) -> list[tuple[str, str, str]]:
        return [("/".join(one), "/".join(other), str(n)) for one, other, n in self.moved]


_COLUMNS = ("from", "to", "deals")


def change_pipeline(
    deals: Iterable[Opportunity], *, to: str, stages: Mapping[str, str], model: Model
) -> StageMoves:
    """Move deals to the pipeline ``to``; ``stages`` maps each stage they may be in to one there.

    The map must be total: it has a target for every stage of the pipelines that the deals are in,
    and for every other stage that one of them is in. Raises ``StageMapError`` naming the stages
    that it misses. Deals that are in ``to`` already stay where they are.
    """
    moving = [one for one in deals if one.pipeline != to]
    sources = {one.pipeline for one in moving}
    places = {(one.pipeline, one.stage): None for one in moving}
    for pipeline in model.pipelines:
        if pipeline.key in sources:
            places |= {(pipeline.key, stage.key): None for stage in pipeline.stages}
    known = {place: (to, stages[place[1]]) for place in places if place[1] in stages}
    model.pipeline(to)
    return move_deals(moving, stages=known, wanted=places, model=model)


def move_deals(
    deals: Iterable[Opportunity],
    *,
    stages: StageMap,
    model: Model,
    wanted: Iterable[StageKey] = (),
) -> StageMoves:
    """Move deals by a map of stages; amounts, dates and everything else stay.

    The map must have a target for the stage of every deal, and for those ``wanted`` besides.
    Raises ``StageMapError`` naming what is missing or unknown. A move from open to closed or back
    is a warning, as it changes what the deal counts as.
    """
    given = list(deals)
    needed = dict.fromkeys([*wanted, *((one.pipeline, one.stage) for one in given)])
    missing = tuple(sorted(one for one in needed if one not in stages))
    unknown = tuple(sorted({one for one in stages.values() if model.stage_of(*one) is None}))
    if missing or unknown:
        raise StageMapError(missing, unknown)
    updates: list[Update] = []
    found: list[Finding] = []
    for deal in given:
        pipeline, stage = stages[deal.pipeline, deal.stage]
        after = attrs.evolve(deal, pipeline=pipeline, stage=stage)
        if after != deal:
            updates.append(Update(deal, after))
            found += _meaning(deal, after, model)
    counted = Counter(
        ((one.before.pipeline, one.before.stage), (one.after.pipeline, one.after.stage))
        for one in updates
        if isinstance(one.before, Opportunity) and isinstance(one.after, Opportunity)
    )
    return StageMoves(
        changes=ChangeSet(updates, reason="move deals"),
        findings=Findings(found),
        moved=tuple((one, other, n) for (one, other), n in sorted(counted.items())),
    )


def _meaning(before: Opportunity, after: Opportunity, model: Model) -> Iterable[Finding]:
    old, new = (model.stage_of(one.pipeline, one.stage) for one in (before, after))
    if old is not None and new is not None and old.category is not new.category:
        yield warning(
            "stage.meaning",
            f"the deal was {old.category} and is {new.category} by this move",
            ref=after.ref,
            path="stage",
            value=f"{before.stage} -> {after.stage}",
        )


@frozen(kw_only=True)
class StrandedDeals:
    """The deals in a stage that the model does not have (any more), by stage, each by id.

    They are kept as they are until they are moved with a map (law P2).
    """

    by_stage: Mapping[StageKey, tuple[Opportunity, ...]] = field(factory=dict)

    @property
    def deals(self) -> tuple[Opportunity, ...]:
        """All of them, stage by stage."""
        return tuple(deal for group in self.by_stage.values() for deal in group)

    def __len__(self) -> int:
        return len(self.deals)

    def __str__(self) -> str:
        return render.table(self._rows(), columns=("stage", "deals"), right=("deals",))

    def _repr_html_(self) -> str:
        return render.html_table(
            self._rows(), columns=("stage", "deals"), caption="Deals without a stage"
        )

    def _rows(self) -> list[tuple[str, str]]:
        return [("/".join(one), str(len(group))) for one, group in self.by_stage.items()]


def stranded(deals: Iterable[Opportunity], *, model: Model) -> StrandedDeals:
    """The deals in a stage that the model does not have."""
    found: dict[StageKey, list[Opportunity]] = {}
    for one in deals:
        if model.stage_of(one.pipeline, one.stage) is None:
            found.setdefault((one.pipeline, one.stage), []).append(one)
    return StrandedDeals(
        by_stage={
            place: tuple(sorted(group, key=lambda one: one.id))
            for place, group in sorted(found.items())
        }
    )
