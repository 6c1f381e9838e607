"""Adapters: where records are kept."""

from __future__ import annotations

from crmcore.adapters.memory import MemoryRepository

__all__ = ["MemoryRepository"]
