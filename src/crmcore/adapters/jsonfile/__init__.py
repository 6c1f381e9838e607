"""JSON file: records in one file that a person can read, search and keep in git."""

from __future__ import annotations

from crmcore.adapters.jsonfile.checking import Salvage, salvage
from crmcore.adapters.jsonfile.history import History
from crmcore.adapters.jsonfile.reading import Torn
from crmcore.adapters.jsonfile.repository import JsonFileRepository
from crmcore.adapters.jsonfile.store import JsonFileStore

__all__ = ["History", "JsonFileRepository", "JsonFileStore", "Salvage", "Torn", "salvage"]
