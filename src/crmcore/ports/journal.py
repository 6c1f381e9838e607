"""Journal and Erasable: abilities that a repository may have besides its three methods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from attrs import frozen

from crmcore.changes import Change
from crmcore.errors import CrmError
from crmcore.values.ref import Ref


@frozen
class Commit:
    """One commit as the journal keeps it; written records have ``seq`` as their version."""

    seq: int
    at: datetime | None
    by: str | None
    reason: str | None
    changes: tuple[Change, ...]


@frozen
class HistoryGoneError(CrmError):
    """The journal no longer goes back that far: the oldest commit it has follows ``oldest``."""

    asked: int
    oldest: int

    def __str__(self) -> str:
        return (
            f"the journal has no commits after {self.asked}, only after {self.oldest}: "
            "read the records themselves instead"
        )


@runtime_checkable
class Journal(Protocol):
    """A repository that keeps its commits."""

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits with a higher number than ``after``, in order.

        Raises ``HistoryGoneError`` where these are no longer all kept.
        """
        ...


@runtime_checkable
class Erasable(Protocol):
    """A repository that can forget what records said, in its journal and backups of its own too."""

    def erase(self, refs: Iterable[Ref[Any]]) -> None:
        """Forget every value that these records ever had.

        Their changes vanish from the journal; the commits that held them stay, with their numbers.
        What is stored at the moment stays as it is: whoever wants a record gone deletes it first.
        Returns when nothing of the past is left, also in files beside the store.
        """
        ...
