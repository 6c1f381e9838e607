"""Side by side: what laws do with a repository and a plain store at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crmcore.testing.plain import PlainStore
from crmcore.testing.suite import LawSuite
from crmcore.testing.verdict import everything, hold, same, seq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcore.changes import ChangeSet
    from crmcore.entities import Record
    from crmcore.ports import Repository
    from crmcore.query import Query


class SideBySide(LawSuite):
    """A repository and a plain store do the same, and must answer the same."""

    def grown(self, data: st.DataObject, repository: Repository, commits: int = 3) -> PlainStore:
        """What is stored once a few generated change sets are committed."""
        plain = PlainStore()
        for _ in range(data.draw(st.integers(1, commits))):
            self.both(data.draw(self.changes(plain.records.values())), repository, plain)
        return plain

    def both(self, changes: ChangeSet, repository: Repository, plain: PlainStore) -> None:
        """Commit a set that fits to both, and compare the numbers."""
        last, number = plain.seq, repository.commit(changes)
        hold("S4", number > last if changes else number == last, f"number {number} follows {last}")
        plain.commit(changes, number)

    def agree(self, store: Repository, plain: PlainStore, asked: Iterable[Query[Any]]) -> None:
        """Ask both these questions, in one moment."""
        with store.snapshot() as now:
            for query in asked:
                same("S7", list(now.find(query)), plain.find(query), f"answer to: {query}")

    def holds(
        self,
        law: str,
        store: Repository,
        plain: PlainStore,
        when: str,
        entities: Iterable[type[Record]] | None = None,
    ) -> None:
        """Everything is stored as it is in the plain store, by query and by id."""
        classes = tuple(self.classes if entities is None else entities)
        same(law, everything(store, classes), plain.everything(classes), f"records {when}")
        same(law, seq(store), plain.seq, f"the number of the last commit {when}")
        with store.snapshot() as now:
            for one in plain.records.values():
                found = now.get(type(one), [one.id]).get(one.id)
                same(law, found, one, f"{one.ref} {when}")
