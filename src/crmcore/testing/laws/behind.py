"""Behind: what shows only behind the store's back: crashes (S2, S3), others (S9), damage (S10)."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import closing
from threading import Barrier
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import Change, ChangeSet, CheckNone, ConflictError, Delete, Insert, Update
from crmcore.entities import Account, Record, User
from crmcore.errors import StorageError
from crmcore.ports import Repository
from crmcore.query import F, Query
from crmcore.testing.back_door import BackDoor
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.plain import PlainStore
from crmcore.testing.suite import Ability, needs, random_law
from crmcore.testing.verdict import (
    everything,
    hold,
    now_stored,
    opened,
    patient,
    put,
    read,
    refuse,
    same,
    seq,
)
from crmcore.testing.watch import LONGEST_WAIT
from crmcore.values.ids import AccountId

Make = Callable[[], Repository]
Reopen = Callable[[Repository], Repository]
Door = BackDoor[Repository]

PROCESSES = 2
"""How many processes write at once."""

ADDITIONS = 40
"""How often each of them adds one."""


class BehindLaws(SideBySide):
    """S2, S3, S9 and S10, through a ``BackDoor``."""

    @needs(Ability.DURABLE)
    def test_a_commit_that_returned_survives_a_loss_of_power(
        self, repository: Make, behind: Door
    ) -> None:
        """S3 Each one, from the first on; with its number, and what was deleted stays deleted."""
        with opened(repository) as store:
            plain = PlainStore()
            a, b = (
                Account(id=AccountId("a"), name="x" * 70_000),
                Account(id=AccountId("b"), name=""),
            )
            for words, changes in (
                ("the first", lambda: [Insert(a), Insert(b)]),
                ("an update", lambda: [self._renamed(plain.records[a.ref])]),
                ("a deletion", lambda: [Delete(plain.records[b.ref])]),
                ("the last record deleted", lambda: [Delete(plain.records[a.ref])]),
                ("one made again", lambda: [Insert(b), Insert(User(name="u"))]),
                ("many", lambda: [Insert(Account(name=f"{n}")) for n in range(200)]),
            ):
                self.both(ChangeSet(changes()), store, plain)
                with closing(behind.crashed(store)) as found:
                    self.holds("S3", found, plain, f"after {words} and a crash", [Account, User])
                    number = put(found, Account(name="goes on"))[0].version
                    hold("S3", number > plain.seq, f"after a crash {number} follows {plain.seq}")

    def _renamed(self, record: Any) -> Update:  # Any: what has a name
        return Update(record, attrs.evolve(record, name="renamed"))

    @needs(Ability.DURABLE)
    def test_what_was_refused_does_not_come_back_with_a_crash(
        self, repository: Make, behind: Door
    ) -> None:
        """S3 Nor does it take what was committed before or after with it."""
        with opened(repository) as store:
            plain = PlainStore()
            new = Account(id=AccountId("a"), name="a")
            self.both(ChangeSet([Insert(new)]), store, plain)
            refuse("S4", store, ChangeSet([Insert(User(name="u")), Insert(new)]), "an id is taken")
            with closing(behind.crashed(store)) as found:
                self.holds("S3", found, plain, "after a refusal and a crash", [Account, User])
            self.both(ChangeSet([Insert(User(name="v"))]), store, plain)
            with closing(behind.crashed(store)) as found:
                self.holds("S3", found, plain, "after a crash", [Account, User])

    @needs(Ability.DURABLE)
    @random_law
    @given(data=st.data())
    def test_every_moment_survives_a_loss_of_power(
        self, repository: Make, behind: Door, data: st.DataObject
    ) -> None:
        """S3 Whatever was committed, twice over."""
        with opened(repository) as store:
            plain = self.grown(data, store)
            with closing(behind.crashed(store)) as found:
                self.holds("S3", found, plain, "after a crash")
                self.both(data.draw(self.changes(plain.records.values())), found, plain)
                with closing(behind.crashed(found)) as again:
                    self.holds("S3", again, plain, "after a second crash")

    @needs(Ability.DURABLE)
    def test_a_crash_in_the_midst_leaves_the_old_or_the_new(
        self, repository: Make, behind: Door
    ) -> None:
        """S2 Wherever it happens; and what is found can be written to, and read again."""
        with opened(repository) as store:
            plain = PlainStore()
            a, b = Account(id=AccountId("a"), name="a"), Account(id=AccountId("b"), name="b")
            self.both(ChangeSet([Insert(a), Insert(b)]), store, plain)
            old = plain.copied()
            changes = ChangeSet(
                [
                    self._renamed(plain.records[a.ref]),
                    Delete(plain.records[b.ref]),
                    Insert(User(name="line\n" * 5)),
                ]
            )
            states = behind.interrupted(store, lambda: self.both(changes, store, plain))
            for said, open_it in states:
                with closing(open_it()) as found:
                    is_new = seq(found) == plain.seq
                    wanted = plain if is_new else old
                    self.holds("S2", found, wanted, f"after a crash: {said}", [Account, User])
                    plain_too = wanted.copied()
                    self.both(ChangeSet([Insert(Account(name="next"))]), found, plain_too)
                    with closing(behind.crashed(found)) as again:
                        when = f"after a crash ({said}), a commit and another crash"
                        self.holds("S2", again, plain_too, when, [Account, User])

    @needs(Ability.SHARED)
    def test_two_handles_on_a_store_see_the_same(self, repository: Make, behind: Door) -> None:
        """S9 Each sees what the other committed; a snapshot stays in its moment."""
        with opened(repository) as one, closing(behind.another(one)) as other:
            plain = PlainStore()
            account = Account(id=AccountId("a"), name="a", owner_id=None)
            self._by_turns(one, other, plain, lambda: [Insert(account)])
            with one.snapshot() as held:
                before, number = list(held.find(Query.of(Account))), held.seq
                self._by_turns(
                    other, one, plain, lambda: [self._renamed(plain.records[account.ref])]
                )
                same("S6", list(held.find(Query.of(Account))), before, "a moment of one handle")
                same("S6", held.seq, number, "the number of that moment")
            self._by_turns(one, other, plain, lambda: [Insert(User(name="u"))])
            self._by_turns(other, one, plain, lambda: [Delete(plain.records[account.ref])])
            self._by_turns(one, other, plain, lambda: [Insert(account)])

    def _by_turns(
        self, one: Repository, other: Repository, plain: PlainStore, changes: Callable[[], Any]
    ) -> None:
        self.both(ChangeSet(changes()), one, plain)
        for handle, words in ((other, "by the other handle"), (one, "by the same handle")):
            self.holds("S9", handle, plain, f"seen {words}", [Account, User])
            with handle.snapshot() as now:
                found = list(now.find(Query.of(Account, F.name == "renamed")))
            wanted = plain.find(Query.of(Account, F.name == "renamed"))
            same("S9", found, wanted, f"an answer seen {words}")

    @needs(Ability.SHARED)
    def test_a_handle_is_refused_what_another_made_untrue(
        self, repository: Make, behind: Door
    ) -> None:
        """S4 Versions, ids and checks are tested on what is stored, not on what one remembers."""
        with opened(repository) as one, closing(behind.another(one)) as other:
            (old,) = put(one, Account(name="x"))
            same("S9", read(other, old), (old,), "a record seen by the other handle")
            one.commit(ChangeSet([self._renamed(old)]))
            for late in (self._renamed(old), Delete(old)):
                with pytest.raises(ConflictError):  # before it has read anything again
                    other.commit(ChangeSet([late]))
                put(one, User(name="nothing that the other has read"))
            refuse("S4", other, ChangeSet([self._renamed(old)]), "another handle changed it")
            refuse("S4", other, ChangeSet([Delete(old)]), "another handle changed it")
            (user,) = put(one, User(name="u"))
            refuse("S4", other, ChangeSet([Insert(user)]), "another handle took the id")
            none = CheckNone(Query.of(User, F.name == "u"))
            refuse("S4", other, ChangeSet([Insert(Account(name="y"))], [none]), "there is one now")
            number = put(other, Account(name="z"))[0].version
            hold("S4", number > user.version, f"number {number} follows {user.version}")
            one.commit(ChangeSet([Delete(now_stored(other, user))]))
            refuse("S4", other, ChangeSet([Delete(user)]), "another handle deleted it")

    @needs(Ability.SHARED)
    def test_no_increment_of_many_processes_is_lost(self, repository: Make, behind: Door) -> None:
        """S9 Each process reads, adds one and commits, again after each conflict."""
        with opened(repository) as store:
            (account,) = put(store, Account(id=AccountId("a"), name="x", employees=0))
            context = multiprocessing.get_context("spawn")
            start = context.Barrier(PROCESSES)
            works = [
                context.Process(target=add_up, args=(behind.opener(store), f"{who}", start))
                for who in range(PROCESSES)
            ]
            for one in works:
                one.start()
            for one in works:
                one.join()
            same("S9", [one.exitcode for one in works], [0] * PROCESSES, "how processes ended")
            total = PROCESSES * ADDITIONS
            found = now_stored(store, account)
            same("S9", found.employees, total, f"a sum of {total}, added up by processes")
            users = [one.name for one in everything(store, [User]) if isinstance(one, User)]
            wanted = [f"{who} {turn}" for who in range(PROCESSES) for turn in range(ADDITIONS)]
            same("S9", sorted(users), sorted(wanted), "what they stored beside it")

    @needs(Ability.CHECKSUMS)
    def test_damage_is_refused_and_never_read(self, repository: Make, behind: Door) -> None:
        """S10 It raises StorageError, on opening or on reading; or it does no harm at all."""
        with opened(repository) as store:
            plain = PlainStore()
            a, b = Account(id=AccountId("a"), name="a"), Account(id=AccountId("b"), name="b")
            self.both(ChangeSet([Insert(a), Insert(b)], reason="first"), store, plain)
            changes: list[Change] = [
                self._renamed(plain.records[a.ref]),
                Insert(User(name="u")),
            ]
            self.both(ChangeSet(changes), store, plain)
            store.close()
            ways = 0
            for said, open_it in behind.damaged(store):
                ways += 1
                self._is_found(open_it, plain, said)
            hold("S10", ways > 0, "the back door damages nothing")

    def _is_found(self, open_it: Callable[[], Repository], plain: PlainStore, said: str) -> None:
        entities: tuple[type[Record], ...] = (Account, User)
        try:
            with closing(open_it()) as found:
                answers = everything(found, entities)
                absent = read(found, Account(id=AccountId("aa"), name=""))
                by_id = [read(found, one)[0] for one in plain.records.values()]
                number = seq(found)
        except StorageError:
            return
        except Exception as error:
            error.add_note(f"law S10 is broken: damage ({said}) raised no StorageError")
            raise
        same(
            "S10", answers, plain.everything(entities), f"records read in spite of damage ({said})"
        )
        same("S10", by_id, list(plain.records.values()), f"records by id, damaged ({said})")
        same("S10", absent, (None,), f"an absent record, damaged ({said})")
        same("S10", number, plain.seq, f"the number of the last commit, damaged ({said})")


def add_up(opening: Callable[[], Repository], who: str, start: Barrier) -> None:
    """Add one, over and over, and store a user beside each: what each process does."""
    with closing(opening()) as store:
        start.wait(LONGEST_WAIT)
        for turn in range(ADDITIONS):
            while not _added(store, f"{who} {turn}"):
                pass


def _added(store: Repository, name: str) -> bool:
    with store.snapshot() as now:
        found = now.get(Account, ["a"])["a"]
    after = attrs.evolve(found, employees=(found.employees or 0) + 1)
    changes = ChangeSet([Update(found, after), Insert(User(name=name))])
    try:
        patient(lambda: store.commit(changes))
    except ConflictError:
        return False
    return True
