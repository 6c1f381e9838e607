"""MemoryRowStore: the smallest row store with every promise kept; a pattern for adapters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crmcore.adapters.table import RowTable
from crmcore.errors import StoreClosedError
from crmcore.ports.rows import RowCommit


class MemoryRowStore:
    """A ``RowStore`` that keeps its rows in memory.

    One writer at a time; any number of readers, each in a moment of its own.
    """

    def __init__(self) -> None:
        self._table = RowTable()
        self._lock = threading.Lock()
        self._is_closed = False

    @contextmanager
    def snapshot(self) -> Iterator[RowTable]:
        """A context that gives the present moment; see ``RowStore.snapshot``."""
        self._require_open()
        yield self._table

    def commit(self, changes: RowCommit, /) -> int:
        """Test everything expected and store every change, or nothing; see ``RowStore.commit``."""
        with self._lock:
            self._require_open()
            self._table = self._table.after(changes)
            return self._table.seq

    def close(self) -> None:
        """Refuse every further call; closing twice is fine."""
        self._is_closed = True

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the store was closed", "memory", "make a new one")
