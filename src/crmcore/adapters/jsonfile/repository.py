"""JsonFileRepository: a repository in one JSON file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from crmcore.adapters.jsonfile.held import Held, Reading
from crmcore.adapters.jsonfile.history import History
from crmcore.adapters.jsonfile.places import places_of
from crmcore.adapters.jsonfile.store import DEFAULT_WAIT, JsonFileStore
from crmcore.adapters.rows import RowRepository
from crmcore.changes import ChangeSet
from crmcore.codec import Codec
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.journal import Commit
from crmcore.ports.repository import Snapshot
from crmcore.values.ref import Ref


class JsonFileRepository:
    """A ``Repository`` in the file ``path``, which may be absent: the first commit makes it.

    Several threads and processes may use one file; a writer waits ``wait`` seconds at most for
    its turn. ``history`` says whether the file keeps its commits when it is rewritten, ``reading``
    whether records are decoded when they are touched or all of an entity at once, and held in
    memory; the answers are the same. See ``JsonFileStore`` for what is promised and which errors
    are raised.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: Model = STANDARD_MODEL,
        *,
        wait: float = DEFAULT_WAIT,
        history: History = History.KEEP,
        reading: Reading = Reading.LAZY,
    ) -> None:
        places = places_of(model)
        self._store = JsonFileStore(path, wait=wait, history=history, indexed=places)
        self._rows = RowRepository(self._store, model)
        self._held: Held | None = None
        if reading is Reading.HELD:
            self._held = Held(self._store.present, self._rows.at, Codec(model).record, model)

    @property
    def path(self) -> Path:
        """The file, its links resolved."""
        return self._store.path

    @property
    def model(self) -> Model:
        """The model whose entities are stored."""
        return self._rows.model

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A context that gives the present moment; see ``Repository.snapshot``."""
        return self._rows.snapshot() if self._held is None else self._held.snapshot()

    def commit(self, changes: ChangeSet, /) -> int:
        """Store the whole set, or nothing of it; see ``Repository.commit``."""
        return self._rows.commit(changes)

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits with a higher number than ``after``; see ``Journal.commits``."""
        return self._rows.commits(after)

    def erase(self, refs: Iterable[Ref[Any]]) -> None:
        """Forget every value that these records ever had; see ``Erasable.erase``."""
        self._rows.erase(refs)

    def compact(self, *, history: History | None = None) -> None:
        """Rewrite the file with its records in order; see ``JsonFileStore.compact``."""
        self._store.compact(history=history)

    def export(self, target: str | os.PathLike[str]) -> int:
        """Write every record to a new file, sorted; see ``JsonFileStore.export``."""
        return self._store.export(target)

    def verify(self) -> int:
        """Read and test every line; see ``JsonFileStore.verify``."""
        return self._store.verify()

    def close(self) -> None:
        """Refuse every further call; closing twice is fine."""
        self._rows.close()
