"""Adapters: where records are kept."""

from __future__ import annotations

from crmcore.adapters.jsonfile import JsonFileRepository, JsonFileStore
from crmcore.adapters.memory import MemoryRepository
from crmcore.adapters.memory_rows import MemoryRowStore
from crmcore.adapters.rows import RowRepository, run_rows

__all__ = [
    "JsonFileRepository",
    "JsonFileStore",
    "MemoryRepository",
    "MemoryRowStore",
    "RowRepository",
    "run_rows",
]
