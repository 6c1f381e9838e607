"""JsonFileRepository: a repository in one JSON file."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from crmcore.adapters.jsonfile.store import DEFAULT_WAIT, JsonFileStore
from crmcore.adapters.rows import RowRepository
from crmcore.changes import ChangeSet
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.repository import Snapshot


class JsonFileRepository:
    """A ``Repository`` in the file ``path``, which may be absent: the first commit makes it.

    Several threads and processes may use one file; a writer waits ``wait`` seconds at most for
    its turn. See ``JsonFileStore`` for what is promised and which errors are raised.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: Model = STANDARD_MODEL,
        *,
        wait: float = DEFAULT_WAIT,
    ) -> None:
        self._store = JsonFileStore(path, wait=wait)
        self._rows = RowRepository(self._store, model)

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
        return self._rows.snapshot()

    def commit(self, changes: ChangeSet, /) -> int:
        """Store the whole set, or nothing of it; see ``Repository.commit``."""
        return self._rows.commit(changes)

    def close(self) -> None:
        """Refuse every further call; closing twice is fine."""
        self._rows.close()
