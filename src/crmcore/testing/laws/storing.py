"""Storing: what is committed is read back (S1), whole or not at all (S2), and stays (S8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import ChangeSet, CheckExists, Delete, Insert, Update
from crmcore.entities import Account, Case, Record, User
from crmcore.errors import StoreClosedError
from crmcore.ports import Journal, Repository
from crmcore.query import F, Query
from crmcore.testing.plain import PlainStore
from crmcore.testing.strategies.values import IDS, NASTY_TEXTS, NASTY_WHOLES
from crmcore.testing.suite import Ability, LawSuite, needs, random_law
from crmcore.testing.verdict import everything, hold, opened, put, read, refuse, same, seq
from crmcore.values import Ref
from crmcore.values.ids import AccountId, UserId

Make = Callable[[], Repository]
Reopen = Callable[[Repository], Repository]

LONG = (
    "x" * 70 * 1024,
    "日本語" * 22_000,
    "line\n" * 14_000,
)
"""Texts longer than 64 KiB, some of them in few characters."""


class StoringLaws(LawSuite):
    """S1, S2 and S8, and what ``get``, ``commit`` and ``close`` promise."""

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

    def test_a_text_is_read_back_as_it_was_stored(self, repository: Make) -> None:
        """S1 Nothing is trimmed, folded, normalised, cut or taken for a number."""
        with opened(repository) as store:
            texts = (*NASTY_TEXTS, *LONG)
            accounts = [
                Account(id=AccountId(f"{index}"), name=text, description=text)
                for index, text in enumerate(texts)
            ]
            for wanted in put(store, *accounts):
                same("S1", read(store, wanted), (wanted,), f"text {wanted.name[:40]!r}")

    def test_a_number_is_read_back_as_it_was_stored(self, repository: Make) -> None:
        """S1 Whole numbers beyond 64 bits, and 1, which is not True."""
        with opened(repository) as store:
            accounts = [
                Account(
                    id=AccountId(f"{index}"),
                    name="x",
                    employees=number,
                    is_person=bool(index % 2),
                )
                for index, number in enumerate(NASTY_WHOLES)
            ]
            for wanted in put(store, *accounts):
                same("S1", read(store, wanted), (wanted,), f"number {wanted.employees}")

    def test_ids_that_look_alike_are_different(self, repository: Make) -> None:
        """S1 Ids differ by case, accent, normal form, blanks and prefix; kinds are apart."""
        with opened(repository) as store:
            stored: list[Record] = []
            for one in IDS:
                stored += put(store, Account(id=AccountId(one), name=f"account {one}"))
            stored += put(store, *(User(id=UserId(one), name=f"user {one}") for one in IDS))
            same("S1", list(read(store, *stored)), stored, "records under similar ids")
            account = stored[0]
            store.commit(ChangeSet([Delete(account)]))
            same("S1", list(read(store, *stored)), [None, *stored[1:]], f"{account.ref} deleted")

    def test_one_get_takes_any_number_of_ids(self, repository: Make) -> None:
        """S1 Absent ids are absent, duplicate ids come once, and there is no limit."""
        with opened(repository) as store:
            known = put(store, *(Account(id=AccountId(f"{n}"), name="x") for n in range(3)))
            ids = ["2", "gone", "0", "2", *(f"absent {n}" for n in range(33_000)), "1"]
            with store.snapshot() as now:
                found = dict(now.get(Account, ids))
                same("S1", found, {one.id: one for one in known}, "found among 33,000 ids")
                same("S1", dict(now.get(Account, [])), {}, "found among no ids")
                same("S1", dict(now.get(Case, ids)), {}, "found of a kind never stored")

    def test_an_empty_store_answers_that_there_is_nothing(self, repository: Make) -> None:
        """S1 Number 0, no records, no error."""
        with opened(repository) as store:
            same("S1", seq(store), 0, "sequence number of an empty store")
            same("S1", everything(store, self.classes), [], "records of an empty store")
            same("S1", read(store, Account(name="x")), (None,), "a record of an empty store")

    @random_law
    @given(data=st.data())
    def test_what_was_committed_is_read_back_equal(
        self, repository: Make, data: st.DataObject
    ) -> None:
        """S1 Records of every entity, by id and by query, after inserts, updates and deletes."""
        with opened(repository) as store:
            plain = self.grown(data, store)
            records = list(plain.records.values())
            same("S1", list(read(store, *records)), records, "records by id")
            wanted = plain.everything(self.classes)
            same("S1", everything(store, self.classes), wanted, "records by query")

    @needs(Ability.PERSISTENT)
    @random_law
    @given(data=st.data())
    def test_what_was_committed_is_there_after_reopening(
        self, repository: Make, reopened: Reopen, data: st.DataObject
    ) -> None:
        """S1 Records, versions and the sequence number survive; numbers go on rising."""
        store = repository()
        try:
            plain = self.grown(data, store)
            store = reopened(store)
            wanted = plain.everything(self.classes)
            same("S1", everything(store, self.classes), wanted, "records after reopening")
            same("S1", seq(store), plain.seq, "sequence number after reopening")
            self.both(data.draw(self.changes(plain.records.values())), store, plain)
            store = reopened(store)
            wanted = plain.everything(self.classes)
            same("S1", everything(store, self.classes), wanted, "records after a second reopening")
        finally:
            store.close()

    def test_the_sequence_number_rises_and_is_the_version(self, repository: Make) -> None:
        """S4 Each commit has a higher number, which every record it writes has as its version."""
        with opened(repository) as store:
            first, other = put(store, Account(name="a"), Account(name="b"))
            hold("S4", first.version == other.version > 0, "two records of a commit, two versions")
            again = ChangeSet([Update(first, attrs.evolve(first, name="c"))])
            number = store.commit(again)
            hold("S4", number > first.version, f"{number} follows {first.version}")
            same("S4", read(store, first), again.as_stored(number).written, "an updated record")
            same("S4", read(store, other), (other,), "a record that was left alone")
            same("S4", seq(store), number, "sequence number of the present moment")

    def test_an_empty_set_stores_nothing(self, repository: Make) -> None:
        """S4 It returns the number of the last commit, but its checks are tested."""
        with opened(repository) as store:
            same("S4", store.commit(ChangeSet()), 0, "the number of an empty set")
            (account,) = put(store, Account(name="x"))
            held = ChangeSet(checks=[CheckExists(account.ref)])
            same("S4", store.commit(held), account.version, "the number of an empty set")
            same("S4", seq(store), account.version, "the number after an empty set")
            gone = ChangeSet(checks=[CheckExists(Ref("account", "gone"))])
            refuse("S4", store, gone, "a check of an empty set does not hold")

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_refused_set_stores_nothing_of_it(self, repository: Make, place: int) -> None:
        """S2 Wherever in the set the change stands that does not fit."""
        with opened(repository) as store:
            kept, gone, taken = put(
                store, Account(name="kept"), Account(name="gone"), Account(name="taken")
            )
            good: list[Any] = [Update(kept, attrs.evolve(kept, name="new")), Delete(gone)]
            good.insert(1, Insert(User(name="new", email="new@x.org")))
            bad = Insert(Account(id=taken.id, name="again"))
            refuse("S2", store, ChangeSet([*good[:place], bad, *good[place:]]), "an id is taken")
            late = ChangeSet(good, [CheckExists(Ref("account", "absent"))])
            refuse("S2", store, late, "a check does not hold")
            same("S2", everything(store, [User]), [], "users after a refused set")
            with store.snapshot() as now:
                found = list(now.find(Query.of(User, F.email == "new@x.org")))
                same("S2", found, [], "found by e-mail after a refused set")
            put(store, Account(name="later"))
            same("S2", everything(store, [User]), [], "users after a refused set and another one")
            same("S2", read(store, kept, gone), (kept, gone), "records of a refused set")

    @needs(Ability.JOURNAL)
    @random_law
    @given(data=st.data())
    def test_replaying_the_journal_gives_each_moment(
        self, repository: Make, data: st.DataObject
    ) -> None:
        """S8 Commit by commit, with the number, reason, author and moment of each."""
        with opened(repository) as store:
            hold("S8", isinstance(store, Journal), "declared a journal, but has no commits()")
            plain, moments, notes = PlainStore(), list[list[Record]](), list[Any]()
            for _ in range(data.draw(st.integers(1, 3))):
                changes = data.draw(self.changes(plain.records.values()))
                self.both(changes, store, plain)
                if changes:
                    moments.append(plain.everything(self.classes))
                    notes.append((plain.seq, changes.reason, changes.by, changes.at))
            self._replay(store, moments, notes)

    def _replay(self, store: Any, moments: list[list[Record]], notes: list[Any]) -> None:
        replayed = PlainStore()
        commits = list(store.commits())
        told = [(one.seq, one.reason, one.by, one.at) for one in commits]
        same("S8", told, notes, "numbers, reasons, authors and moments in the journal")
        for one, wanted in zip(commits, moments, strict=True):
            for change in one.changes:
                if isinstance(change, Delete):
                    same("S8", change.before, replayed.records.pop(change.ref), "a deleted record")
                    continue
                replayed.records[change.ref] = change.after
            found = replayed.everything(self.classes)
            same("S8", found, wanted, f"the state replayed to commit {one.seq}")
        last = notes[-1][0] if notes else 0
        same("S8", [one.seq for one in store.commits(last)], [], "commits after the last one")

    def test_a_closed_store_refuses_every_call(self, repository: Make) -> None:
        """S1 Closing twice is fine; every other call then raises StoreClosedError."""
        store = repository()
        put(store, Account(name="x"))
        store.close()
        store.close()
        with pytest.raises(StoreClosedError):
            store.commit(ChangeSet([Insert(Account(name="y"))]))
        with pytest.raises(StoreClosedError), store.snapshot() as now:
            list(now.find(Query.of(Account)))
