"""Ports: what crmcore asks of storage, clock and id maker, as Protocols."""

from __future__ import annotations

from crmcore.ports.files import Files, Sight
from crmcore.ports.journal import Commit, Erasable, HistoryGoneError, Journal
from crmcore.ports.overlay import Overlay
from crmcore.ports.repository import Repository, Snapshot
from crmcore.ports.rows import (
    KeepsText,
    NewRows,
    Row,
    RowChange,
    RowCommit,
    RowJournal,
    RowRecord,
    RowSnapshot,
    RowStep,
    RowStore,
)
from crmcore.ports.services import Clock, IdFactory, system_clock

__all__ = [
    "Clock",
    "Commit",
    "Erasable",
    "Files",
    "HistoryGoneError",
    "IdFactory",
    "Journal",
    "KeepsText",
    "NewRows",
    "Overlay",
    "Repository",
    "Row",
    "RowChange",
    "RowCommit",
    "RowJournal",
    "RowRecord",
    "RowSnapshot",
    "RowStep",
    "RowStore",
    "Sight",
    "Snapshot",
    "system_clock",
]
