"""History: the journal tells every commit as it was made (S8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, CheckExists, ConflictError, Delete, Insert, Update
from crmcore.entities import Account, Case, Record, User
from crmcore.errors import StoreClosedError
from crmcore.ports import Commit, Journal, Repository
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.plain import PlainStore
from crmcore.testing.suite import Ability, needs, random_law
from crmcore.testing.verdict import hold, opened, put, same
from crmcore.values import Ref
from crmcore.values.ids import AccountId

Make = Callable[[], Repository]
Reopen = Callable[[Repository], Repository]

MOMENT = datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC)


class HistoryLaws(SideBySide):
    """S8: what ``Journal.commits`` promises."""

    @needs(Ability.JOURNAL)
    @random_law
    @given(data=st.data())
    def test_replaying_the_journal_gives_each_moment(
        self, repository: Make, data: st.DataObject
    ) -> None:
        """S8 Commit by commit, with the number, reason, author and moment of each."""
        with opened(repository) as store:
            hold("S8", callable(getattr(store, "commits", None)), _SILENT)
            plain, told = PlainStore(), _Story()
            for _ in range(data.draw(st.integers(1, 3))):
                changes = data.draw(self.changes(plain.records.values()))
                self.both(changes, store, plain)
                told.add(changes, plain)
            told.compare(store)

    @needs(Ability.JOURNAL)
    def test_the_journal_tells_what_happened_and_nothing_else(self, repository: Make) -> None:
        """S8 Inserts, updates and deletions, whole; no empty set, and none that was refused."""
        with opened(repository) as store:
            told = self._lived(store)
            told.compare(store)

    @needs(Ability.JOURNAL, Ability.PERSISTENT)
    def test_the_journal_is_there_after_reopening(self, repository: Make, reopened: Reopen) -> None:
        """S8 And goes on from there."""
        with opened(repository) as first:
            told = self._lived(first)
            with opened(lambda: reopened(first)) as store:
                told.compare(store)
                put(store, Account(name="later"))
                numbers = [one.seq for one in _journal(store).commits()]
                same("S8", numbers[:-1], told.numbers, "numbers in the journal after reopening")

    def _lived(self, store: Repository) -> _Story:
        """A store that has seen everything, and its story."""
        plain, told = PlainStore(), _Story()

        def commit(changes: ChangeSet) -> None:
            self.both(changes, store, plain)
            told.add(changes, plain)

        acme = Account(id=AccountId("acme"), name="Acme", employees=1, labels={"a", "b"})
        case = Case(subject="x", account_id=acme.id)
        commit(ChangeSet([Insert(acme), Insert(case)], reason="", by="u", at=MOMENT))
        commit(ChangeSet([], reason="nothing happens"))
        now: Any = plain.records[acme.ref]
        gone = [CheckExists(Ref("account", "gone"))]
        with pytest.raises(ConflictError):
            store.commit(ChangeSet([Delete(now)], gone, reason="refused"))
        commit(ChangeSet([Update(now, attrs.evolve(now, name="New"))], reason="renamed"))
        now = plain.records[acme.ref]
        commit(ChangeSet([Insert(User(name="u")), Delete(plain.records[case.ref])], by="é"))
        commit(ChangeSet([Delete(now)], at=MOMENT.replace(microsecond=1)))
        commit(ChangeSet([Insert(acme)]))
        return told

    @needs(Ability.JOURNAL)
    def test_the_journal_goes_on_behind_any_number(self, repository: Make) -> None:
        """S8 ``commits(after)``: what has a higher number, in order; nothing after the last."""
        with opened(repository) as store:
            same("S8", list(_journal(store).commits()), [], "the journal of an empty store")
            told = self._lived(store)
            whole = list(_journal(store).commits())
            numbers = [one.seq for one in whole]
            same("S8", numbers, told.numbers, "numbers in the journal")
            for after in (*range(numbers[-1] + 2), numbers[-1] + 1000):
                found = [one.seq for one in _journal(store).commits(after)]
                wanted = [one for one in numbers if one > after]
                same("S8", found, wanted, f"numbers of commits after {after}")
            begun = _journal(store).commits()
            first = next(iter(begun))
            put(store, Account(name="meanwhile"))
            same("S8", first.seq, numbers[0], "the first commit")

    @needs(Ability.JOURNAL)
    def test_the_journal_has_records_as_they_were_stored(self, repository: Make) -> None:
        """S8 Of ``before`` only the version counts in a commit; the journal knows the rest."""
        with opened(repository) as store:
            (user,) = put(store, User(name="Ada", email="ada@x.org"))
            blurred, after = attrs.evolve(user, email=None), attrs.evolve(user, name="Countess")
            seq = store.commit(ChangeSet([Update(blurred, after)]))
            after = attrs.evolve(after, version=seq)
            store.commit(ChangeSet([Delete(attrs.evolve(after, name="?"))]))
            told = [change for one in _journal(store).commits() for change in one.changes]
            wanted = [Insert(user), Update(user, after), Delete(after)]
            same("S8", list(map(_ends, told)), list(map(_ends, wanted)), "changes in the journal")

    @needs(Ability.JOURNAL)
    def test_a_closed_store_tells_no_story(self, repository: Make) -> None:
        """S8 ``commits`` raises StoreClosedError, as every call does."""
        store = repository()
        put(store, Account(name="x"))
        store.close()
        with pytest.raises(StoreClosedError):
            list(_journal(store).commits())


_SILENT = "declared a journal, but has no commits()"


def _journal(store: Any) -> Journal:  # Any: a repository that has this ability too
    hold("S8", callable(getattr(store, "commits", None)), _SILENT)
    return store  # type: ignore[no-any-return]  # as just seen


def _ends(change: Any) -> tuple[Any, ...]:
    before, after = getattr(change, "before", None), getattr(change, "after", None)
    return type(change).__name__, before, after


class _Story:
    """What a journal must tell: commits, and the state after each."""

    def __init__(self) -> None:
        self._commits: list[tuple[Any, ...]] = []
        self._moments: list[dict[Any, Record]] = []

    @property
    def numbers(self) -> list[int]:
        return [one[0] for one in self._commits]

    def add(self, changes: ChangeSet, plain: PlainStore) -> None:
        """Note a set that was just committed."""
        if changes:
            self._commits.append((plain.seq, changes.reason, changes.by, changes.at))
            self._moments.append(dict(plain.records))

    def compare(self, store: Any) -> None:
        """Replay the journal of a store, forwards and backwards."""
        commits: list[Commit] = list(_journal(store).commits())
        told = [(one.seq, one.reason, one.by, one.at) for one in commits]
        same("S8", told, self._commits, "numbers, reasons, authors and moments in the journal")
        replayed: dict[Any, Record] = {}
        for one, wanted in zip(commits, self._moments, strict=True):
            _replay(replayed, one)
            same("S8", _sorted(replayed), _sorted(wanted), f"the state after commit {one.seq}")
        earlier = [{}, *self._moments][: len(commits)]
        for one, wanted in zip(reversed(commits), reversed(earlier), strict=True):
            _take_back(replayed, one)
            same("S8", _sorted(replayed), _sorted(wanted), f"the state before commit {one.seq}")
        last = self.numbers[-1] if self._commits else 0
        same("S8", [one.seq for one in store.commits(last)], [], "commits after the last one")


def _replay(state: dict[Any, Record], commit: Commit) -> None:
    for change in commit.changes:
        if isinstance(change, Insert):
            hold("S8", change.ref not in state, f"{change.ref} is inserted twice in the journal")
        else:
            stored = state.pop(change.ref, None)
            same("S8", change.before, stored, f"{change.ref} before commit {commit.seq}")
        if not isinstance(change, Delete):
            state[change.ref] = change.after


def _take_back(state: dict[Any, Record], commit: Commit) -> None:
    for change in reversed(commit.changes):
        state.pop(change.ref, None)
        if not isinstance(change, Insert):
            state[change.ref] = change.before


def _sorted(state: dict[Any, Record]) -> list[Record]:
    return [state[ref] for ref in sorted(state, key=str)]
