"""JSON file: records in one file that a person can read, search and keep in git."""

from __future__ import annotations

from crmcore.adapters.jsonfile.checking import Salvage, salvage
from crmcore.adapters.jsonfile.held import Reading
from crmcore.adapters.jsonfile.history import History
from crmcore.adapters.jsonfile.reading import Torn
from crmcore.adapters.jsonfile.repository import JsonFileRepository
from crmcore.adapters.jsonfile.store import DEFAULT_WAIT, JsonFileStore

__all__ = [
    "DEFAULT_WAIT",
    "History",
    "JsonFileRepository",
    "JsonFileStore",
    "Reading",
    "Salvage",
    "Torn",
    "salvage",
]
