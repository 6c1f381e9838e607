"""Moments: a snapshot sees one moment (S6), of whole commits (S2), and nothing is aliased."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Case
from crmcore.ports import Repository, Snapshot
from crmcore.query import F, Query
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.laws.storing import MANY
from crmcore.testing.verdict import (
    everything,
    hold,
    hurried,
    opened,
    patient,
    put,
    read,
    same,
    seq,
    together,
)
from crmcore.values.ids import AccountId

Make = Callable[[], Repository]


class MomentLaws(SideBySide):
    """S6, and S2 as readers see it."""

    def test_an_answer_is_the_callers_own(self, repository: Make) -> None:
        """S6 Emptying or filling what was returned changes nothing that is stored."""
        with opened(repository) as store:
            account, other = put(store, Account(name="x"), Account(name="y"))
            ids = [account.id]
            with store.snapshot() as now:
                found = now.get(Account, ids)
                ids.append(other.id)
                same("S6", sorted(found), [account.id], "an answer after its question was changed")
                for spoil in (_emptied, _filled):
                    with contextlib.suppress(TypeError, AttributeError):
                        spoil(now.get(Account, [account.id]))
                    for question in ([account.id], [account.id, "spoilt"]):
                        again = dict(now.get(Account, question))
                        same("S6", again, {account.id: account}, "an answer, spoilt, asked again")
            same("S6", everything(store, [Account]), _by_id(account, other), "what is stored")

    def test_what_was_passed_in_stays_the_callers_own(self, repository: Make) -> None:
        """S6 Lists, sets and mappings that a record was built from may change afterwards."""
        with opened(repository) as store:
            labels, sources = {"a"}, {"crm": "1"}
            new = Account(name="x", labels=labels, external_ids=sources)
            changes = [Insert(new)]
            (wanted,) = ChangeSet(changes).as_stored(store.commit(ChangeSet(changes))).written
            labels.add("b")
            sources["crm"] = "2"
            changes.clear()
            same("S6", read(store, new), (wanted,), "a stored record")
            same("S6", sorted(wanted.labels), ["a"], "its labels")

    def test_a_snapshot_stays_in_its_moment(self, repository: Make) -> None:
        """S6 By id and by query, also halfway through an answer, while others commit."""
        with opened(repository) as store:
            before = put(store, *(Account(name=f"{n}", employees=n) for n in range(20)))
            with store.snapshot() as old:
                answer = old.find(Query.of(Account, F.employees >= 0, order=F.employees))
                half = [next(answer)]
                self._overturn(store, before)
                half += answer
                same("S6", half, list(before), "an answer that was begun before others committed")
                same("S6", old.seq, before[0].version, "the number of a snapshot")
                same("S6", self._seen(old), _by_id(*before), "all records of an older snapshot")
                found = old.get(Account, [one.id for one in before])
                same("S6", dict(found), {one.id: one for one in before}, "records by id, likewise")
                same("S6", list(old.find(Query.of(Case))), [], "a kind that came later")
            with store.snapshot() as new:
                names = sorted(one.name for one in self._seen(new))
                same("S6", names, ["added", *["changed"] * 10], "a snapshot taken later")

    def _seen(self, moment: Snapshot) -> list[Account]:
        return list(moment.find(Query.of(Account)))

    def _overturn(self, store: Repository, accounts: tuple[Account, ...]) -> None:
        """Change half of the accounts, delete the others, add one, and a record of a new kind."""
        changed = [Update(one, attrs.evolve(one, name="changed")) for one in accounts[:10]]
        store.commit(ChangeSet(changed))
        store.commit(ChangeSet(Delete(one) for one in accounts[10:]))
        put(store, Account(name="added", employees=1), Case(subject="x"))

    def test_a_moment_is_that_of_entering(self, repository: Make) -> None:
        """S6 Not that of the first read: what is committed in between is not seen."""
        with opened(repository) as store:
            with store.snapshot() as empty, contextlib.suppress(StopIteration):
                (old,) = put(store, Account(name="old"))
                same("S6", empty.seq, 0, "the number of a moment before the first commit")
                same("S6", list(empty.find(Query.of(Account))), [], "records of that moment")
                same("S6", dict(empty.get(Account, [old.id])), {}, "records of that moment by id")
            with store.snapshot() as by_query, store.snapshot() as by_id:
                answer = by_query.find(Query.of(Account, F.name == "old"))
                store.commit(ChangeSet([Delete(old)]))
                same("S6", list(answer), [old], "an answer asked before, read after a commit")
                same("S6", dict(by_id.get(Account, [old.id])), {old.id: old}, "a record by id")
                same("S6", by_id.seq, old.version, "the number of a snapshot")
                same("S6", list(by_id.find(Query.of(Account))), [old], "records by query")

    def test_every_snapshot_that_is_open_has_its_own_moment(self, repository: Make) -> None:
        """S6 Many at once, of successive commits, read in any order, and again."""
        with opened(repository) as store, ExitStack() as stack:
            (one,) = put(store, Account(name="0", employees=0))
            held = [(stack.enter_context(store.snapshot()), one)]
            for turn in range(1, 12):
                after = attrs.evolve(one, name=f"{turn}", employees=turn)
                number = store.commit(ChangeSet([Update(one, after)]))
                one = attrs.evolve(after, version=number)
                held.append((stack.enter_context(store.snapshot()), one))
            for moment, wanted in (*held[::-1], *held[::2], held[0]):
                same("S6", list(moment.find(Query.of(Account))), [wanted], "a moment by query")
                there = F.employees == wanted.employees
                same("S6", list(moment.find(Query.of(Account, there))), [wanted], "by filter")
                found = moment.get(Account, [one.id])
                same("S6", dict(found), {one.id: wanted}, "a moment by id")
                same("S6", moment.seq, wanted.version, "the number of a moment")

    def test_answers_of_one_snapshot_do_not_disturb_one_another(self, repository: Make) -> None:
        """S6 Read in turns, with records asked for by id in between, and one left half read."""
        with opened(repository) as store:
            stored = put(store, *(Account(id=AccountId(f"{n}"), name="x") for n in range(9)))
            with store.snapshot() as now:
                half = now.find(Query.of(Account))
                next(half)
                one = now.find(Query.of(Account))
                other = now.find(Query.of(Account, order=F.id.desc()))
                found = []
                for up, down in zip(one, other, strict=True):
                    by_id = now.get(Account, [up.id, down.id])
                    hold("S6", {up.id, down.id} == by_id.keys(), "records are missing by id")
                    found.append((up, down))
                wanted = list(zip(stored, reversed(stored), strict=True))
                same("S6", found, wanted, "two answers read in turns")
                same("S6", list(half), list(stored[1:]), "the rest of an answer left half read")

    def test_a_snapshot_is_left_as_it_must_be(self, repository: Make) -> None:
        """S6 An error inside comes out; afterwards there is a new moment; one may commit inside."""
        with opened(repository) as store:
            with pytest.raises(ZeroDivisionError), store.snapshot() as now:  # noqa: PT012  # it is about both
                next(now.find(Query.of(Account)), None)
                raise ZeroDivisionError
            put(store, Account(name="first"))
            with store.snapshot() as now:
                begun = now.find(Query.of(Account))
                next(begun)
                number = put(store, Account(name="inside"))[0].version
            same("S6", seq(store), number, "the number after a commit inside a snapshot")
            for _ in range(300):
                with store.snapshot() as now:
                    next(now.find(Query.of(Account)))
            same("S6", len(everything(store, [Account])), 2, "how many records there are")

    def test_a_snapshot_may_be_read_while_another_thread_commits(self, repository: Make) -> None:
        """S6 And by another thread than the one that opened the store."""
        with opened(repository) as store:
            before = put(store, *(Account(id=AccountId(f"{n}"), name="x") for n in range(5)))

            def look() -> list[Account]:
                with store.snapshot() as now:
                    answer = now.find(Query.of(Account))
                    first = next(answer)
                    barrier.wait()
                    barrier.wait()
                    return [first, *answer, *now.get(Account, ["0"]).values()]

            def change() -> list[Account]:
                barrier.wait()
                try:
                    patient(lambda: store.commit(ChangeSet(map(Delete, before))))
                finally:
                    barrier.wait()
                return []

            barrier = threading.Barrier(2, timeout=30)
            seen, _ = together([look, change])
            same("S6", seen, [*before, before[0]], "a moment, read while others commit")
            same("S6", everything(store, [Account]), [], "what is stored then")

    def test_a_commit_is_seen_whole_while_it_happens(self, repository: Make) -> None:
        """S2 A reader in another thread finds both halves of each commit, or neither."""
        with opened(repository) as store:
            pair = put(store, Account(name="a", employees=50), Account(name="b", employees=50))
            done = threading.Event()
            odd: list[Any] = []

            def look() -> None:
                while not done.is_set():
                    with store.snapshot() as now:
                        found = [one.employees or 0 for one in now.find(Query.of(Account))]
                        again = now.get(Account, [one.id for one in pair])
                        total = sum(one.employees or 0 for one in again.values())
                    if sum(found) != 100 or total != 100:  # twice 50
                        odd.append((found, total))

            reader = threading.Thread(target=look)
            with hurried():
                reader.start()
                try:
                    self._shift(store, pair, times=30)
                finally:
                    done.set()
                    reader.join()
            same("S2", odd, [], "sums that a reader saw, which are always 100")

    def test_a_large_commit_is_seen_whole_while_it_happens(self, repository: Make) -> None:
        """S2 Of more than a thousand records a reader in another thread finds all, or none."""
        with opened(repository) as store:
            new = [Case(subject=f"{n}") for n in range(MANY)]
            done = threading.Event()
            sizes = set[int]()

            def look() -> list[Case]:
                while not done.is_set():
                    sizes.add(len(everything(store, [Case])))
                return []

            def change() -> list[Case]:
                try:
                    for _ in range(2):
                        patient(lambda: store.commit(ChangeSet(map(Insert, new))))
                        stored = everything(store, [Case])
                        patient(lambda: store.commit(ChangeSet(map(Delete, stored))))  # noqa: B023  # called at once
                finally:
                    done.set()
                return []

            together([look, change])
            same("S2", sizes | {0, MANY}, {0, MANY}, "how many records a reader saw")

    def _shift(self, store: Repository, pair: tuple[Account, ...], *, times: int) -> None:
        for _ in range(times):
            one, other = read(store, *pair)
            hold("S2", one is not None and other is not None, "a record is gone")
            moved = [
                Update(who, attrs.evolve(who, employees=(who.employees or 0) + by))
                for who, by in ((one, -1), (other, 1))
                if who is not None
            ]
            patient(lambda: store.commit(ChangeSet(moved)))  # noqa: B023  # called at once


def _emptied(answer: Any) -> None:  # whatever an adapter returns
    answer.clear()


def _filled(answer: Any) -> None:  # likewise
    answer["spoilt"] = next(iter(answer.values()), None)


def _by_id(*accounts: Account) -> list[Account]:
    return sorted(accounts, key=lambda one: one.id)
