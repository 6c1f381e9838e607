"""Files that fail where a test wants them to."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from crmcore.adapters.jsonfile.files import Files, Sight
from crmcore.query import Query

CALLS = ("look", "create", "write", "sync", "replace", "sync_folder")
"""What a commit calls, in order."""


class BrokenFiles(Files):
    """Files whose calls in ``failing`` fail; half of what is written gets through."""

    def __init__(self, *failing: str, code: int = errno.ENOSPC) -> None:
        self.failing = set(failing)
        self.code = code
        self.act: Callable[[str], object] = lambda _: None

    def _may(self, call: str) -> None:
        self.act(call)
        if call in self.failing:
            raise OSError(self.code, os.strerror(self.code))

    def look(self, path: Path) -> Sight | None:
        self._may("look")
        return super().look(path)

    def read(self, path: Path) -> tuple[bytes, Sight]:
        self._may("read")
        return super().read(path)

    def create(self, path: Path, like: Path) -> BinaryIO:
        self._may("create")
        return super().create(path, like)

    def write(self, file: BinaryIO, content: bytes) -> None:
        if "write" in self.failing:
            super().write(file, content[: len(content) // 2])
        self._may("write")
        super().write(file, content)

    def sync(self, file: BinaryIO, beginning: bytes) -> Sight:
        self._may("sync")
        return super().sync(file, beginning)

    def replace(self, source: Path, target: Path) -> None:
        self._may("replace")
        super().replace(source, target)

    def sync_folder(self, folder: Path) -> None:
        self._may("sync_folder")
        super().sync_folder(folder)

    def remove(self, path: Path) -> None:
        self._may("remove")
        super().remove(path)


def everything(store: Any) -> Any:
    """What a store of accounts says."""
    with store.snapshot() as now:
        return now.seq, list(now.find(Query("account")))
