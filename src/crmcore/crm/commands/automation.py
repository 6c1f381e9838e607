"""AutomationCommands: the commands of ``Crm`` on sales processes and on rules that act by time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from crmcore.crm import reading, staging
from crmcore.crm.commands.core import Core
from crmcore.crm.complete import Automation
from crmcore.crm.due import DueRun, run_due
from crmcore.crm.outbox import Outbox
from crmcore.entities import OpportunityChange
from crmcore.query import F, Filter, Query
from crmcore.rules.stages import (
    DealPath,
    StageMap,
    StageMoves,
    StrandedDeals,
    deal_path,
)
from crmcore.values.ref import Ref


class AutomationCommands(Core):
    """The commands of ``Crm`` on sales processes and on rules that act by time."""

    def stranded_deals(self) -> StrandedDeals:
        """The deals in a stage that the model does not have (any more), by stage.

        Taking a stage out of a model, or giving it another key, moves and deletes no deal.
        """
        with self._repository.snapshot() as snapshot:
            return staging.stranded_deals(snapshot, self.model)

    def move_deals(self, stages: StageMap, *, dry_run: bool = False) -> StageMoves:
        """Move every deal that is in one of these stages to where the map says.

        ``stages`` maps a pipeline and stage to another, by their keys; the former need not be in
        the model. Nothing else about a deal changes. Entry conditions that a deal does not match
        are warnings. Raises ``StageMapError`` for a target that the model does not have.
        """
        return self._do(partial(staging.move_deals, stages=dict(stages)), dry_run=dry_run)

    def retire_stage(
        self, stage: str, into: str, *, pipeline: str | None = None, dry_run: bool = False
    ) -> StageMoves:
        """Move every deal that is in ``stage`` into another stage of the same pipeline.

        For a stage that is to go, or went already. ``pipeline`` is its key (``None``: the default
        pipeline). Raises ``StageMapError`` when the pipeline has no stage ``into``.
        """
        key = self.model.pipeline(pipeline).key
        return self.move_deals({(key, stage): (key, into)}, dry_run=dry_run)

    def change_pipeline(
        self,
        deals: Filter | Iterable[str],
        pipeline: str,
        *,
        stages: Mapping[str, str],
        dry_run: bool = False,
    ) -> StageMoves:
        """Move deals, given by a filter or their ids, to another sales process.

        ``stages`` maps every stage of the pipelines they come from to one of ``pipeline``. Amounts
        and all else stay. Raises ``StageMapError`` naming the stages that the map misses, and
        ``UnknownNameError`` for a pipeline that the model does not have.
        """
        return self._do(staging.to_pipeline(deals, pipeline, stages), dry_run=dry_run)

    def run_due(self, now: datetime | None = None, *, dry_run: bool = False) -> DueRun:
        """Do what rules that act by time are due for by ``now`` (``None``: the clock's moment).

        Call it as often as you like, from as many processes as you like: each rule acts on a
        record once for each moment that it is due at. What cannot be done leaves no trace, is
        named among ``refused``, and is due again next time.
        """
        plan = partial(run_due, rules=self.rules)
        return self._do(plan, dry_run=dry_run, automation=Automation.SKIP, now=now)

    def outbox(self) -> Outbox:
        """The events of everything that was committed, to be read from a cursor on.

        Raises ``UsageError`` for a repository that keeps no journal.
        """
        return Outbox(self._repository, self.model)

    def deal_path(self, deal_id: str) -> DealPath:
        """Where a deal has been and for how long, up to now, also of one that was deleted."""
        with self._repository.snapshot() as snapshot:
            ref = reading.forwarded(snapshot, Ref("opportunity", deal_id))
            query = Query.of(OpportunityChange, F.opportunity_id == ref.id)
            rows = tuple(snapshot.find(query))
            return deal_path(rows, model=self.model, now=self._desk.clock())
