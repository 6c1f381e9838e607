"""Lock: one writer at a time, over all processes, by a lock of the system on a file beside.

The file is never removed: whoever removes it lets a second writer lock another one of its name.
The system gives the lock back when its holder dies. What is in the file only says who had it last.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crmcore.errors import StorageError, StoreLockedError

if sys.platform == "win32":  # pragma: no cover - the tests run where there is fcntl
    import msvcrt

    _FAR = 1 << 30
    """The byte that is locked: nobody could read one that is."""

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
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

_WIDTH = 128
"""How many bytes say who holds it, so that a shorter text leaves nothing of a longer one."""


class FileLock:
    """The right to write, tied to the file ``path``, which stays open until ``close``."""

    def __init__(self, path: Path, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._path = path
        self._sleep = sleep
        self._handle: int | None = None
        self._process = 0
        self._signature = b""

    @contextmanager
    def held(self, wait: float) -> Iterator[None]:
        """Hold the lock within the context; see ``take``."""
        self.take(wait)
        try:
            yield
        finally:
            self.give()

    def take(self, wait: float) -> None:
        """Hold the lock until ``give``, after at most ``wait`` seconds (0: at once).

        Raises ``StoreLockedError``, which names the holder, where another writer holds it for
        longer, and ``StorageError`` where there can be no lock. One thread at a time may ask.
        """
        handle = self._opened()
        if not self._try(handle):
            self._wait(handle, wait)
        try:
            self._sign(handle)
        except BaseException:
            self.give()
            raise

    def give(self) -> None:
        """Let others have the lock."""
        if self._handle is not None:
            _unlock(self._handle)

    def _wait(self, handle: int, wait: float) -> None:
        until = time.monotonic() + wait
        while not self._try(handle):
            if time.monotonic() >= until:
                hint = "try again later, or give more time with wait="
                holder = self._holder(handle)
                raise StoreLockedError(f"another writer holds it{holder}", str(self._path), hint)
            self._sleep(_PAUSE)

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        handle, self._handle = self._handle, None
        if handle is not None and self._process == os.getpid():
            with suppress(OSError):
                os.close(handle)

    def __del__(self) -> None:
        self.close()

    def _opened(self) -> int:
        # a process that was forked shares the lock of its parent: it needs a file of its own
        if self._handle is None or self._process != os.getpid():
            try:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                raise self._failure(error) from error
            self._process = os.getpid()
            said = f"process {self._process} on {socket.gethostname()}".encode()[: _WIDTH - 1]
            self._signature = said.ljust(_WIDTH - 1) + b"\n"
        return self._handle

    def _sign(self, handle: int) -> None:
        with suppress(OSError):  # who holds it is a courtesy; a full disk may refuse it
            os.lseek(handle, 0, os.SEEK_SET)
            if os.read(handle, _WIDTH) == self._signature:
                return  # it is there from the last time: writing it again costs a wait for nothing
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, self._signature)

    def _holder(self, handle: int) -> str:
        with suppress(OSError):
            os.lseek(handle, 0, os.SEEK_SET)
            said = os.read(handle, _WIDTH).decode(errors="replace").strip()
            return f" ({said})" if said else ""
        return ""

    def _try(self, handle: int) -> bool:
        try:
            return _try_lock(handle)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> StorageError:
        return StorageError(f"it cannot be locked ({error.strerror})", str(self._path))
