"""Staging: what moving deals by a map needs to see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from crmcore.crm import reading
from crmcore.entities import Opportunity
from crmcore.model.model import Model
from crmcore.ports import Snapshot
from crmcore.query import F, Filter, Or, Query
from crmcore.rules import stages as rules
from crmcore.rules.rule import Context
from crmcore.rules.stages import StageMap, StageMoves, StrandedDeals


def stranded_deals(snapshot: Snapshot, model: Model) -> StrandedDeals:
    """See ``Crm.stranded_deals``."""
    return rules.stranded(snapshot.find(Query.of(Opportunity)), model=model)


def move_deals(snapshot: Snapshot, context: Context, stages: StageMap) -> StageMoves:
    """See ``Crm.move_deals``."""
    places = [(F.pipeline == pipeline) & (F.stage == stage) for pipeline, stage in sorted(stages)]
    found = snapshot.find(Query.of(Opportunity, Or(tuple(places)))) if places else ()
    return rules.move_deals(found, stages=stages, model=context.model)


def change_pipeline(
    snapshot: Snapshot,
    context: Context,
    deals: Filter | tuple[str, ...],
    pipeline: str,
    stages: Mapping[str, str],
) -> StageMoves:
    """See ``Crm.change_pipeline``."""
    if isinstance(deals, tuple):
        ids = dict.fromkeys(deals)
        found = [reading.get(snapshot, context.model, Opportunity, one) for one in ids]
    else:
        found = list(reading.find(snapshot, context.model, Opportunity, deals))
    return rules.change_pipeline(found, to=pipeline, stages=stages, model=context.model)


def to_pipeline(
    deals: Filter | Iterable[str], pipeline: str, stages: Mapping[str, str]
) -> Callable[[Snapshot, Context], StageMoves]:
    """The plan to move deals, given by a filter or their ids; see ``Crm.change_pipeline``."""
    chosen = deals if isinstance(deals, Filter) else tuple(deals)
    return partial(change_pipeline, deals=chosen, pipeline=pipeline, stages=dict(stages))
