"""Lock: one writer at a time, over all processes, by a lock of the system on a file beside.

The file is never removed: whoever removes it lets a second writer lock another one of its name.
The system gives the lock back when its holder dies.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crmcore.errors import StorageError, StoreLockedError

if sys.platform == "win32":  # pragma: no cover - the tests run where there is fcntl
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


_PAUSE = 0.005
"""Seconds between two tries."""


class FileLock:
    """The right to write, tied to the file ``path``."""

    def __init__(self, path: Path, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._path = path
        self._sleep = sleep

    @contextmanager
    def held(self, wait: float) -> Iterator[None]:
        """Hold the lock within the context, after at most ``wait`` seconds (0: at once).

        Raises ``StoreLockedError`` where another writer holds it for longer, and ``StorageError``
        where there can be no lock.
        """
        until = time.monotonic() + wait
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise StorageError(
                f"it cannot be locked ({error.strerror})", str(self._path)
            ) from error
        try:
            while not self._try(handle):
                if time.monotonic() >= until:
                    hint = "try again later, or give more time with wait="
                    raise StoreLockedError("another writer holds it", str(self._path), hint)
                self._sleep(_PAUSE)
            try:
                yield
            finally:
                _unlock(handle)
        finally:
            os.close(handle)

    def _try(self, handle: int) -> bool:
        try:
            return _try_lock(handle)
        except OSError as error:
            raise StorageError(
                f"it cannot be locked ({error.strerror})", str(self._path)
            ) from error
