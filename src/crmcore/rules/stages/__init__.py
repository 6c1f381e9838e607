"""Stages: how deals move through sales processes, and what is kept of it.

history    the rows that a commit writes about the deals it changes
told       history that was told by another system, checked
stored     history as it stands in a store, checked
path       time in each stage, age, skips and returns, velocity
entry      what must hold when a deal enters or leaves a stage
moves      deals moved by a map: to another pipeline, out of a stage that goes
"""

from __future__ import annotations

from crmcore.rules.stages.entry import EntryCondition, check_entry, stage_findings
from crmcore.rules.stages.history import deal_history, deal_state, in_order, with_history
from crmcore.rules.stages.moves import (
    StageKey,
    StageMap,
    StageMapError,
    StageMoves,
    StrandedDeals,
    change_pipeline,
    move_deals,
    stranded,
)
from crmcore.rules.stages.path import DealPath, Stay, Velocity, deal_path, velocity
from crmcore.rules.stages.stored import stored_findings
from crmcore.rules.stages.told import Entry, told_findings, told_history

__all__ = [
    "DealPath",
    "Entry",
    "EntryCondition",
    "StageKey",
    "StageMap",
    "StageMapError",
    "StageMoves",
    "Stay",
    "StrandedDeals",
    "Velocity",
    "change_pipeline",
    "check_entry",
    "deal_history",
    "deal_path",
    "deal_state",
    "in_order",
    "move_deals",
    "stage_findings",
    "stored_findings",
    "stranded",
    "told_findings",
    "told_history",
    "velocity",
    "with_history",
]
