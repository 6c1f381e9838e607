"""Storage: whatever repository a ``Crm`` is given, as a ``Repository``."""

from __future__ import annotations

import inspect
from typing import Any

from crmcore.adapters import RowRepository
from crmcore.errors import UsageError
from crmcore.model.model import Model
from crmcore.ports import Repository, RowStore


def as_repository(store: Repository | RowStore, model: Model) -> Repository:
    """``store`` itself, or a ``RowRepository`` over it where it is a row store.

    Both have the same three methods; what tells them apart is the annotation of the argument of
    ``commit``. A store without annotations counts as a ``Repository``; wrap a row store yourself
    in that case. Raises ``UsageError`` for what has not these methods.
    """
    if not isinstance(store, Repository):
        raise UsageError(
            "a repository has snapshot, commit and close", store, "see crmcore.ports.Repository"
        )
    given: Any = store  # Any: the two Protocols cannot be told apart by their shape
    return RowRepository(given, model=model) if _takes_rows(given) else given


def _takes_rows(store: Any) -> bool:
    hints = [one.annotation for one in inspect.signature(store.commit).parameters.values()]
    names = [one if isinstance(one, str) else getattr(one, "__name__", "") for one in hints]
    return any("RowCommit" in name for name in names)
