"""Storing: what is committed is read back as it was (S1), whole or not at all (S2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import Change, ChangeSet, CheckExists, CheckNone, Delete, Insert, Update
from crmcore.entities import Account, Case, Record, User
from crmcore.errors import CrmError, StoreClosedError
from crmcore.ports import Repository
from crmcore.query import ALL, F, Query
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.plain import PlainStore
from crmcore.testing.strategies.values import IDS, NASTY_TEXTS, NASTY_WHOLES
from crmcore.testing.suite import Ability, needs, random_law
from crmcore.testing.verdict import (
    everything,
    hold,
    opened,
    put,
    read,
    refuse,
    same,
    seq,
    telling,
    together,
)
from crmcore.values import Ref
from crmcore.values.ids import AccountId, UserId

Make = Callable[[], Repository]
Reopen = Callable[[Repository], Repository]

LONG = (
    "x" * 70 * 1024,
    "日本語" * 22_000,
    "line\n" * 14_000,
    "é" * 65_537,
)
"""Texts longer than 64 KiB, some of them in few characters."""

ODD_TEXTS = (
    "a\0b",
    "\0",
    "\x01\x1b\x1f\x7f",
    "\x85\x0b\x0c\x1c",
    "\ud7ff\ue000",
    "\uffff",
    "\\u0041\\n",
    "%00%zz",
    "'; DROP TABLE account; --",
    "9" * 400,
)
"""Texts with what ends a text, a line or a field elsewhere."""

HUGE = (2**31 - 1, 2**32, 2**53, -(2**53) - 1, 2**63 - 1, -(2**63), -(2**63) - 1, 2**64 - 1, 10**40)
"""Whole numbers that floats round and machine words do not hold."""

MANY = 1_100
"""More records than fit in one statement, page or batch of many engines."""


class StoringLaws(SideBySide):
    """S1 and S2, and what ``get``, ``commit`` and ``close`` promise."""

    def test_a_text_is_read_back_as_it_was_stored(self, repository: Make) -> None:
        """S1 Nothing is trimmed, folded, normalised, cut or taken for a number."""
        with opened(repository) as store:
            texts = (*NASTY_TEXTS, *ODD_TEXTS, *LONG)
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
                for index, number in enumerate((*NASTY_WHOLES, *HUGE))
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
            likes = [f" {one}" for one in IDS] + [f"{one} " for one in IDS if one != "a"]
            likes += [f"{one}\0" for one in IDS] + ["\ufeffa", "a\n", "AA", "B", "TRUE", "1.0", ""]
            near = [Account(id=AccountId(one), name="") for one in likes]
            same("S1", read(store, *near), (None,) * len(near), f"what is stored under {likes}")
            account = stored[0]
            store.commit(ChangeSet([Delete(account)]))
            same("S1", list(read(store, *stored)), [None, *stored[1:]], f"{account.ref} deleted")

    def test_missing_empty_zero_and_false_are_different(self, repository: Make) -> None:
        """S1 None is not "", 0 is not False, and each of them is not the other."""
        with opened(repository) as store:
            for values in (
                {"description": None, "employees": None, "owner_id": None},
                {"description": "", "employees": 0, "owner_id": ""},
                {"description": "None", "employees": -1, "owner_id": "null"},
                {"description": "0", "employees": 1, "is_person": True},
                {"description": "False", "labels": frozenset({""})},
            ):
                (wanted,) = put(store, Account(name="", **values))
                same("S1", read(store, wanted), (wanted,), f"an account with {values}")

    def test_an_update_replaces_the_whole_record(self, repository: Make) -> None:
        """S1 What the new state does not say is gone."""
        full = Account(
            name="full",
            description="x",
            employees=7,
            is_person=True,
            parent_id=AccountId("p"),
            labels=frozenset({"a", "b"}),
            owner_id=UserId("u"),
        )
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet([Insert(full)]), store, plain)
            bare = Account(id=full.id, name="")
            for after in (bare, full, attrs.evolve(full, labels=frozenset({"c"})), bare):
                before = plain.records[full.ref]
                now = attrs.evolve(after, version=before.version)
                self.both(ChangeSet([Update(before, now)]), store, plain)
                self.holds("S1", store, plain, f"after an update to {after.name!r}", [Account])

    def test_what_is_deleted_is_gone_until_it_is_made_again(self, repository: Make) -> None:
        """S1 By id, by query and by filter, each time; absence is not remembered either."""
        with opened(repository) as store:
            new = Account(id=AccountId("x"), name="x", owner_id=UserId("u"))
            plain = PlainStore()
            self._is_absent(store, new)
            for turn in range(3):
                self.both(ChangeSet([Insert(new)]), store, plain)
                self.holds("S1", store, plain, f"made for the {turn + 1}. time", [Account])
                self.both(ChangeSet([Delete(plain.records[new.ref])]), store, plain)
                self._is_absent(store, new)
                same("S1", seq(store), plain.seq, "the number after everything was deleted")

    def _is_absent(self, store: Repository, one: Account) -> None:
        same("S1", read(store, one), (None,), "a record that is not stored, by id")
        with store.snapshot() as now:
            for where in (ALL, F.id == one.id, F.owner_id == one.owner_id, F.name == one.name):
                same("S1", list(now.find(Query.of(Account, where))), [], f"records where {where}")

    def test_the_version_of_a_new_record_is_given_by_the_store(self, repository: Make) -> None:
        """S1 Whatever version it says that it had."""
        with opened(repository) as store:
            new = Account(name="x", version=99)
            number = store.commit(ChangeSet([Insert(new)]))
            same("S1", read(store, new), (attrs.evolve(new, version=number),), "a new record")
            moved = ChangeSet([Update(attrs.evolve(new, version=number), new)])
            again = store.commit(moved)
            hold("S4", again > number, f"number {again} follows {number}")
            same("S1", read(store, new), (attrs.evolve(new, version=again),), "an updated record")

    def test_a_commit_may_be_of_any_size(self, repository: Make) -> None:
        """S1 More than a thousand records inserted, read, updated and deleted at once."""
        with opened(repository) as store:
            plain = PlainStore()
            new = [Account(id=AccountId(f"{n:05}"), name=f"{n}", employees=n) for n in range(MANY)]
            self.both(ChangeSet(map(Insert, reversed(new))), store, plain)
            self._all_there(store, plain, "inserted at once")
            stored: list[Any] = plain.everything([Account])
            self.both(
                ChangeSet(Update(one, attrs.evolve(one, employees=-1)) for one in stored),
                store,
                plain,
            )
            self._all_there(store, plain, "updated at once")
            self.both(ChangeSet(map(Delete, plain.everything([Account])[1:])), store, plain)
            self._all_there(store, plain, "of which all but one were deleted at once")

    def _all_there(self, store: Repository, plain: PlainStore, when: str) -> None:
        wanted = plain.everything([Account])
        same("S1", everything(store, [Account]), wanted, f"{MANY:,} records {when}")
        with store.snapshot() as now:
            found = now.get(Account, [one.id for one in wanted])
            same("S1", [found.get(one.id) for one in wanted], wanted, f"{MANY:,} records {when}")

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

    @needs(Ability.PERSISTENT)
    def test_each_step_is_there_after_reopening(self, repository: Make, reopened: Reopen) -> None:
        """S1 Made, changed, refused, deleted, all deleted, made again; numbers go on rising."""
        texts = (*ODD_TEXTS, *LONG)
        new = [
            Account(id=AccountId(one), name=text, description=text, employees=number)
            for one, text, number in zip(IDS, texts, (*HUGE, 0, 1, None, 2, 3), strict=False)
        ]
        with telling(repository()) as first:
            store, plain = reopened(first), PlainStore()
            self.holds("S1", store, plain, "in an empty store, reopened", [Account, User])
            user = User(id=UserId("a"), name="a")
            self.both(ChangeSet([*map(Insert, new), Insert(user)]), store, plain)
            for words, change in (
                ("made", list),
                ("changed", lambda: [_renamed(plain.records[new[0].ref])]),
                ("in part deleted", lambda: [Delete(plain.records[one.ref]) for one in new[:5]]),
                ("made again", lambda: [Insert(new[0])]),
                ("all deleted", lambda: list(map(Delete, plain.records.values()))),
                ("still deleted", list),
                ("made again, all", lambda: list(map(Insert, new))),
            ):
                self.both(ChangeSet(change()), store, plain)
                refuse("S4", store, ChangeSet([Delete(_unknown())]), "it was never stored")
                store = reopened(store)
                self.holds("S1", store, plain, f"{words}, after reopening", [Account, User])
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
            old = Update(attrs.evolve(kept, version=kept.version + 7), kept)
            (_, *others) = good
            refuse("S2", store, ChangeSet([*others[:place], old, *others[place:]]), "it is late")
            never = Delete(_unknown())
            refuse("S2", store, ChangeSet([*good[:place], never, *good[place:]]), "it is absent")
            same("S2", everything(store, [User]), [], "users after a refused set")
            with store.snapshot() as now:
                found = list(now.find(Query.of(User, F.email == "new@x.org")))
                same("S2", found, [], "found by e-mail after a refused set")
            put(store, Account(name="later"))
            same("S2", everything(store, [User]), [], "users after a refused set and another one")
            same("S2", read(store, kept, gone), (kept, gone), "records of a refused set")

    def test_a_large_refused_set_stores_nothing_of_it(self, repository: Make) -> None:
        """S2 More than a thousand changes fit, and the last one does not."""
        with opened(repository) as store:
            (taken,) = put(store, Account(name="taken"))
            many = [Insert(Account(name=f"{n}")) for n in range(MANY)]
            refuse("S2", store, ChangeSet([*many, Insert(taken)]), "the last id is taken")
            same("S2", everything(store, [Account]), [taken], "after a large refused set")
            put(store, User(name="later"))
            same("S2", everything(store, [Account]), [taken], "after another commit")

    def test_a_set_that_cannot_be_stored_leaves_no_trace(self, repository: Make) -> None:
        """S2 Be it a value that the store does not take, after others that it does."""
        with opened(repository) as store:
            (old,) = put(store, Account(name="old"))
            for odd in (object(), 0.5, b"bytes", {"a": {1, 2}}):
                good = Account(name="good")
                bad = User(name="bad", custom={"odd": odd})
                changes: list[Change] = [_renamed(old), Insert(good), Insert(bad)]
                try:
                    number = store.commit(ChangeSet(changes))
                except (CrmError, TypeError, ValueError):
                    same("S2", everything(store, [Account]), [old], f"with {odd!r}, refused")
                    same("S2", everything(store, [User]), [], f"with {odd!r}, refused")
                    same("S2", seq(store), old.version, f"the number with {odd!r}, refused")
                else:
                    with store.snapshot() as now:
                        stored = now.get(Account, [old.id, good.id])
                    versions = [one.version for one in stored.values()]
                    same("S2", versions, [number] * 2, f"versions with {odd!r}, stored")
                    old = stored[old.id]
                    store.commit(ChangeSet([Delete(stored[good.id])]))
                    with store.snapshot() as now:
                        stored_bad = attrs.evolve(bad, version=number)
                    store.commit(ChangeSet([Delete(stored_bad)]))
                    old = self._as_it_is(store, old)
            put(store, Account(name="later"))

    def _as_it_is(self, store: Repository, old: Account) -> Account:
        with store.snapshot() as now:
            return now.get(Account, [old.id])[old.id]

    def test_a_refusal_does_not_stand_in_the_way_of_others(self, repository: Make) -> None:
        """S2 After any error another thread commits, reads, and finds nothing half done."""
        with opened(repository) as store:
            (old,) = put(store, Account(name="old"))
            for changes in (
                ChangeSet([Insert(old)]),
                ChangeSet([Insert(Account(name="x"))], [CheckExists(Ref("account", "gone"))]),
                ChangeSet([_renamed(attrs.evolve(old, version=99))]),
                ChangeSet(checks=[CheckNone(Query.of(Account))]),
            ):
                refuse("S2", store, changes, "it does not fit")
                (new,) = together([lambda: put(store, Account(name="by another"))[0]])
                hold("S2", isinstance(new, Account), f"another thread cannot commit: {new}")
                together([lambda: everything(store, [Account])])
                store.commit(ChangeSet([Delete(new)]))  # type: ignore[arg-type]  # as just seen
                same("S2", everything(store, [Account]), [old], "records after a refusal")

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
        with pytest.raises(StoreClosedError):
            store.commit(ChangeSet())
        with pytest.raises(StoreClosedError), store.snapshot() as now:
            now.get(Account, ["x"])


def _renamed(record: Any) -> Update:  # Any: whatever has a name
    return Update(record, attrs.evolve(record, name="renamed"))


def _unknown() -> Account:
    return Account(id=AccountId("never stored"), name="x", version=1)
