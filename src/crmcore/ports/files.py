"""Files: the few calls with which a store in files touches the disk.

An adapter that makes every one of them through such an object can be tried on a disk that fails;
see ``crmcore.testing.faults``.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

Mapped: TypeAlias = mmap.mmap | bytes
"""The content of a file, to be searched and cut without reading all of it."""


class Sight(NamedTuple):  # a tuple, as one is made and compared at each read of a store
    """What tells one state of a file from another: which file, its size, its last change."""

    device: int
    inode: int
    size: int
    changed: int


class Files(Protocol):
    """The calls that a store makes; each raises ``OSError`` as the system does.

    Handles are numbers. Where ``keeps_open`` is false, as on Windows, an open file cannot be
    replaced, and whoever is done with a handle should close it.
    """

    keeps_open: bool

    def look(self, path: Path, /) -> Sight | None:
        """The present state of a file; ``None`` where there is none."""
        ...

    def open(self, path: Path, /, *, write: bool) -> int:
        """A handle of a file that is there."""
        ...

    def create(self, path: Path, like: Path, /) -> int:
        """A handle of a new, empty file, with the permissions of ``like`` where that exists."""
        ...

    def sight(self, handle: int, /) -> Sight:
        """The present state of an open file."""
        ...

    def read(self, handle: int, start: int, count: int, /) -> bytes:
        """At most ``count`` bytes from ``start``; fewer at the end of the file only."""
        ...

    def map(self, handle: int, size: int, /) -> Mapped:
        """The first ``size`` bytes, which stay readable after the handle is closed."""
        ...

    def write(self, handle: int, start: int, content: bytes, /) -> None:
        """Write all of ``content`` from ``start``."""
        ...

    def truncate(self, handle: int, size: int, /) -> None:
        """Cut the file off behind ``size`` bytes."""
        ...

    def sync(self, handle: int, /) -> None:
        """Wait until the disk has what was written."""
        ...

    def close(self, handle: int, /) -> None:
        """Give a handle back."""
        ...

    def replace(self, source: Path, target: Path, /) -> None:
        """Put ``source`` in the place of ``target``, in one step."""
        ...

    def sync_folder(self, folder: Path, /) -> None:
        """Wait until the disk has the names in a folder."""
        ...

    def remove(self, path: Path, /) -> None:
        """Remove a file, if it is there."""
        ...
