"""Bases: the correct adapters, and how each is made, opened again and looked at from behind."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

from crmcore.testing.back_door import FileBackDoor
from crmcore.testing.suite import Ability

FULL = 2
"""What SQLite calls the level of syncing at which a commit is on disk once it has returned."""


class SQLiteBackDoor(FileBackDoor[Any]):
    """SQLite does not sync through Python: what survives follows from what it was told."""

    def survivors(self, store: Any) -> dict[str, bytes]:
        """The database, and the log of its last commits where each of these was synced."""
        with store._connection() as connection:  # noqa: SLF001  # the settings of this very store
            (level,) = connection.execute("PRAGMA synchronous").fetchone()
        lost = ("-shm",) if level >= FULL else ("-shm", "-wal")
        kept = (one for one in self.files(store) if not one.name.endswith(lost))
        return {one.name: one.read_bytes() for one in kept}


@frozen
class Base:
    """A correct adapter: its class, whether it is a row store, what it can do."""

    file: str
    python: str
    is_row_store: bool
    abilities: frozenset[Ability]
    door: Callable[..., FileBackDoor[Any]] = FileBackDoor


BASES = {
    one.file: one
    for one in (
        Base("plain_table.py", "PlainTable", False, frozenset({Ability.JOURNAL})),  # noqa: FBT003  # a field
        Base(
            "plain_file.py",
            "PlainFileStore",
            True,  # noqa: FBT003  # a field
            frozenset({*Ability} - {Ability.JOURNAL}),
        ),
        Base(
            "sqlite_adapter.py",
            "SQLiteStore",
            True,  # noqa: FBT003  # a field
            frozenset({Ability.PERSISTENT, Ability.SHARED, Ability.DURABLE}),
            SQLiteBackDoor,
        ),
    )
}
"""By file, the adapters in which bugs are planted."""


def loaded(source: Path) -> ModuleType:
    """A file as a module, read anew."""
    spec = importlib.util.spec_from_file_location(source.stem, source)
    assert spec is not None, "the name of the file ends in .py"
    assert spec.loader is not None, "likewise"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def open_store(source: Path, python: str, path: Path) -> Any:
    """The store at ``path``, by the adapter in ``source``, in whichever process."""
    return getattr(loaded(source), python)(str(path))


@frozen
class Adapter:
    """An adapter in a file of its own, and stores of it in a folder of their own."""

    base: Base
    source: Path

    def opening(self) -> Callable[[Path], Any]:
        """A function that opens a store at a path."""
        return partial(open_store, self.source, self.base.python)

    def factory(self, folder: Path) -> Callable[[], Any]:
        """A function that makes a new, empty store each time."""
        if not self.base.is_row_store:
            return getattr(loaded(self.source), self.base.python)  # type: ignore[no-any-return]  # its class
        numbers = iter(range(10**6))
        open_it = self.opening()
        return lambda: open_it(folder / f"{next(numbers)}.store")

    def back_door(self) -> FileBackDoor[Any]:
        """The way behind its stores."""
        return self.base.door(self.opening(), lambda store: Path(store.path))
