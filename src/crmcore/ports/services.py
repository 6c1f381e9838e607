"""Services: where the moment and fresh ids come from; tests and replays give their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present moment, as an aware datetime in UTC."""

IdFactory: TypeAlias = Callable[[], str]
"""Gives a fresh id: any text that is not empty and was not given before."""


def system_clock() -> datetime:
    """The present moment in UTC, by the system's clock."""
    return datetime.now(UTC)
