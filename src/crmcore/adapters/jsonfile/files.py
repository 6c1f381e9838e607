"""Files: the few calls with which the store touches the disk, so that a test can make each fail."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import BinaryIO, TypeAlias

Sight: TypeAlias = tuple[int, int, int, int, bytes]
"""What tells one state of a file from the next: device, inode, size, time of change, beginning."""

_BEGINNING = 128


def _sight(file: BinaryIO, beginning: bytes) -> Sight:
    stat = os.fstat(file.fileno())
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, beginning[:_BEGINNING]


class Files:
    """The calls that a store makes; each raises ``OSError`` as the system does."""

    def look(self, path: Path) -> Sight | None:
        """The present state of a file; ``None`` where there is none."""
        try:
            with path.open("rb", buffering=0) as file:
                return _sight(file, file.read(_BEGINNING))
        except FileNotFoundError:
            return None

    def read(self, path: Path) -> tuple[bytes, Sight]:
        """The whole content of a file, and the state it is of."""
        with path.open("rb") as file:
            content = file.read()
            return content, _sight(file, content)

    def create(self, path: Path, like: Path) -> BinaryIO:
        """A new, empty file, with the permissions of ``like`` where that exists."""
        file = path.open("wb", buffering=0)
        if like.exists():
            shutil.copymode(like, path)
        return file

    def write(self, file: BinaryIO, content: bytes) -> None:
        """Write all of ``content``."""
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) :]

    def sync(self, file: BinaryIO, beginning: bytes) -> Sight:
        """Wait until the disk has what was written; the state that the file is in then."""
        os.fsync(file.fileno())
        return _sight(file, beginning)

    def replace(self, source: Path, target: Path) -> None:
        """Put ``source`` in the place of ``target``, in one step."""
        source.replace(target)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the disk has the names in a folder."""
        if sys.platform == "win32":  # pragma: no cover - Windows cannot open folders
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)
