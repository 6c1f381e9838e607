"""JsonFileStore: rows in one JSON Lines file that is replaced as a whole by each commit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crmcore.adapters.jsonfile.document import read_document, write_document
from crmcore.adapters.jsonfile.files import Files, Sight
from crmcore.adapters.jsonfile.lock import FileLock
from crmcore.adapters.table import RowTable
from crmcore.errors import (
    OutcomeUnknownError,
    StorageError,
    StoreClosedError,
    StoreLockedError,
)
from crmcore.ports.rows import RowCommit

DEFAULT_WAIT = 10.0
"""Seconds that a writer waits for its turn."""


class JsonFileStore:
    """A ``RowStore`` in the file ``path``, which is the one truth: other processes may write too.

    Opening reads and tests the file and writes nothing; the first commit makes it where it is
    absent. A commit writes a whole new file beside it (``.tmp``), waits for the disk, and puts it
    in place in one step, so a crash leaves the old file or the new one. Writers take turns by a
    lock on a file beside it (``.lock``), for which they wait ``wait`` seconds at most; readers
    wait for nobody. Every snapshot looks whether the file has changed, and reads it anew if so.

    Opening, reading and writing raise ``StorageError`` and its kinds: ``DamagedStoreError`` with
    the number of the line, ``UnsupportedFormatError``, ``StoreLockedError``; the file is then as
    it was. ``OutcomeUnknownError`` is raised where the new file is in place but the disk may not
    have its name yet.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        wait: float = DEFAULT_WAIT,
        files: Files | None = None,
    ) -> None:
        self._path = _file(path)
        self._wait = wait
        self._files = files or Files()
        self._lock = FileLock(self._beside(".lock"))
        self._turn = threading.Lock()
        self._memory = threading.Lock()
        self._table = RowTable()
        self._seen: Sight | None = None
        self._is_closed = False
        self._is_doubtful = False
        self._refresh()

    @property
    def path(self) -> Path:
        """The file, its links resolved."""
        return self._path

    @contextmanager
    def snapshot(self) -> Iterator[RowTable]:
        """A context that gives the present moment; see ``RowStore.snapshot``."""
        self._require_open()
        yield self._refresh()

    def commit(self, changes: RowCommit, /) -> int:
        """Test everything expected and store every change, or nothing; see ``RowStore.commit``."""
        with self._writing():
            self._require_open()
            if self._is_doubtful:
                why = "an earlier commit may or may not have been stored"
                raise StoreClosedError(why, str(self._path), "open it anew and look")
            before = self._refresh()
            table = before.after(changes)
            if table is not before:
                self._replace(table)
            return table.seq

    def close(self) -> None:
        """Refuse every further call; closing twice is fine. There is nothing left to write."""
        self._is_closed = True

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosedError("the store was closed", str(self._path), "open it anew")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A turn among the threads of this process, then one among the processes."""
        until = time.monotonic() + self._wait
        if not self._turn.acquire(timeout=max(self._wait, 0)):
            hint = "try again later, or give more time with wait="
            raise StoreLockedError("another thread is writing", str(self._path), hint)
        try:
            with self._lock.held(until - time.monotonic()):
                yield
        finally:
            self._turn.release()

    def _refresh(self) -> RowTable:
        """The rows in the file as it is now; read only where it has changed."""
        with self._memory:
            try:
                if self._files.look(self._path) != self._seen:
                    content, seen = self._files.read(self._path)
                    self._table = read_document(content, str(self._path))
                    self._seen = seen
            except OSError as error:
                raise self._failure("it cannot be read", error) from error
            return self._table

    def _replace(self, table: RowTable) -> None:
        content = write_document(table, str(self._path))
        temporary = self._beside(".tmp")
        try:
            with self._files.create(temporary, self._path) as file:
                self._files.write(file, content)
                seen = self._files.sync(file, content)
            self._files.replace(temporary, self._path)
        except OSError as error:
            with suppress(OSError):
                self._files.remove(temporary)
            raise self._failure("it cannot be written", error) from error
        with self._memory:
            self._table, self._seen = table, seen
        try:
            self._files.sync_folder(self._path.parent)
        except OSError as error:
            self._is_doubtful = True
            why = f"the disk may not have the new file ({error.strerror})"
            raise OutcomeUnknownError(why, str(self._path), "open it anew and look") from error

    def _failure(self, why: str, error: OSError) -> StorageError:
        return StorageError(f"{why} ({error.strerror or error})", str(self._path))


def _file(path: str | os.PathLike[str]) -> Path:
    """The place of a file that is there, or that can be made."""
    try:
        file = Path(os.path.realpath(path))
        if not file.parent.is_dir():
            raise StorageError("its folder does not exist", str(file), "make the folder first")
        if file.exists() and not file.is_file():
            raise StorageError("this is not a file", str(file), "give the name of a file")
    except (OSError, ValueError) as error:
        raise StorageError(f"it cannot be looked at ({error})", str(path)) from error
    return file
