"""Conflicts: a change decided on what no longer holds is refused (S4), also among threads (S9)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    Update,
)
from crmcore.entities import Account, Case, Opportunity, OpportunityContactRole
from crmcore.ports import Repository
from crmcore.query import F, Filter, Query
from crmcore.testing.suite import LawSuite
from crmcore.testing.verdict import (
    hold,
    now_stored,
    opened,
    patient,
    put,
    read,
    refuse,
    same,
    together,
)
from crmcore.values import Ref
from crmcore.values.ids import ContactId, OpportunityId

Make = Callable[[], Repository]

WRITERS = 4
"""How many threads write at once."""

ROUNDS = 10
"""How often they do."""

INCREMENTS = 25
"""How often each of them adds one."""


def renamed(account: Account, name: str) -> Update:
    """An account with another name."""
    return Update(account, attrs.evolve(account, name=name))


def role(deal: str, contact: str) -> OpportunityContactRole:
    """A primary role."""
    return OpportunityContactRole(
        opportunity_id=OpportunityId(deal), contact_id=ContactId(contact), is_primary=True
    )


def no_primary(deal: str) -> CheckNone:
    """That a deal has no primary role."""
    where: Filter = (F.opportunity_id == deal) & (F.is_primary == True)  # noqa: E712  # a filter
    return CheckNone(Query.of(OpportunityContactRole, where))


class ConflictLaws(LawSuite):
    """S4 and S9: who decided on something that no longer holds is told so."""

    def test_a_change_of_an_older_version_is_refused(self, repository: Make) -> None:
        """S4 An update or a deletion needs the version it was decided on."""
        with opened(repository) as store:
            (old,) = put(store, Account(name="old"))
            store.commit(ChangeSet([renamed(old, "new")]))
            refuse("S4", store, ChangeSet([renamed(old, "mine")]), "it was changed since")
            refuse("S4", store, ChangeSet([Delete(old)]), "it was changed since")
            refuse("S4", store, ChangeSet(checks=[CheckVersion(old.ref, old.version)]), "likewise")

    def test_a_change_of_a_newer_version_is_refused(self, repository: Make) -> None:
        """S4 A version that the store never gave fits nothing."""
        with opened(repository) as store:
            (stored,) = put(store, Account(name="x"))
            for version in (0, stored.version + 1):
                other = attrs.evolve(stored, version=version)
                refuse("S4", store, ChangeSet([renamed(other, "y")]), f"version {version}")
                refuse("S4", store, ChangeSet([Delete(other)]), f"version {version}")

    def test_a_change_of_an_absent_record_is_refused(self, repository: Make) -> None:
        """S4 Never stored, or deleted since."""
        with opened(repository) as store:
            never = Account(name="never")
            (gone,) = put(store, Account(name="gone"))
            store.commit(ChangeSet([Delete(gone)]))
            for absent in (never, gone):
                refuse("S4", store, ChangeSet([renamed(absent, "x")]), f"{absent.name} is absent")
                refuse("S4", store, ChangeSet([Delete(absent)]), f"{absent.name} is absent")

    def test_inserting_a_taken_id_is_refused(self, repository: Make) -> None:
        """S4 Whatever the record says; an id taken by another kind is free."""
        with opened(repository) as store:
            (account,) = put(store, Account(name="x"))
            refuse("S4", store, ChangeSet([Insert(account)]), "its id is taken")
            same_id = Insert(attrs.evolve(account, version=0, name="y"))
            refuse("S4", store, ChangeSet([same_id]), "its id is taken")
            put(store, Case(id=account.id, subject="the same id"))  # type: ignore[arg-type]  # on purpose

    def test_a_record_made_again_under_its_id_is_another(self, repository: Make) -> None:
        """S4 Deleted and made again, equal in every field: it has a new version."""
        with opened(repository) as store:
            (first,) = put(store, Account(name="x"))
            store.commit(ChangeSet([Delete(first)]))
            (second,) = put(store, attrs.evolve(first, version=0))
            hold("S4", second.version > first.version, "a record made again has its old version")
            refuse("S4", store, ChangeSet([renamed(first, "y")]), "it was deleted and made again")
            refuse("S4", store, ChangeSet([Delete(first)]), "it was deleted and made again")
            check = CheckVersion(first.ref, first.version)
            refuse("S4", store, ChangeSet(checks=[check]), "it was deleted and made again")
            store.commit(ChangeSet([renamed(second, "y")]))

    def test_a_version_that_was_relied_on_is_checked(self, repository: Make) -> None:
        """S4 CheckVersion, with 0 for a record that is not stored."""
        with opened(repository) as store:
            account, other = put(store, Account(name="x"), Account(name="y"))
            absent = Ref[Account]("account", "absent")
            change = renamed(other, "z")
            wrong = (
                CheckVersion(account.ref, account.version + 1),
                CheckVersion(account.ref, 0),
                CheckVersion(absent, 1),
            )
            for check in wrong:
                refuse("S4", store, ChangeSet([change], [check]), f"{check} is not so")
            right = [CheckVersion(account.ref, account.version), CheckVersion(absent, 0)]
            store.commit(ChangeSet([change], right))

    def test_a_record_that_was_relied_on_must_exist(self, repository: Make) -> None:
        """S4 CheckExists, whatever the version."""
        with opened(repository) as store:
            account, other = put(store, Account(name="x"), Account(name="y"))
            store.commit(ChangeSet([renamed(account, "z")]))
            store.commit(ChangeSet([Insert(Account(name="new"))], [CheckExists(account.ref)]))
            account = now_stored(store, account)
            store.commit(ChangeSet([Delete(account)]))
            check = CheckExists(account.ref)
            refuse("S4", store, ChangeSet([renamed(other, "late")], [check]), f"not so: {check}")

    def test_a_record_that_must_not_be_there_is_noticed(self, repository: Make) -> None:
        """S4 CheckNone, over the records that the set leaves alone."""
        with opened(repository) as store:
            deal = put(store, Opportunity(name="deal"))[0].id
            (mine,) = put(store, role(deal, "a"))
            refuse(
                "S4",
                store,
                ChangeSet([Insert(role(deal, "b"))], [no_primary(deal)]),
                "there is one",
            )
            demoted = Update(mine, attrs.evolve(mine, is_primary=False))
            both = (demoted, Insert(role(deal, "b")))
            store.commit(ChangeSet(both, [no_primary(deal), no_primary("other")]))
            mine = now_stored(store, mine)
            promoted = Update(mine, attrs.evolve(mine, is_primary=True))
            refuse("S4", store, ChangeSet([promoted], [no_primary(deal)]), "there is another")

    def test_a_check_sees_no_order_cursor_or_limit(self, repository: Make) -> None:
        """S4 CheckNone asks whether any record matches."""
        with opened(repository) as store:
            put(store, Account(name="x"))
            query = Query.of(Account, F.name == "x", limit=0, after=("zzz",))
            new = Insert(Account(name="y"))
            refuse("S4", store, ChangeSet([new], [CheckNone(query)]), "a limit hides it")

    def test_of_many_threads_with_one_version_exactly_one_wins(self, repository: Make) -> None:
        """S4 The others get ConflictError, and nothing of theirs is stored."""
        with opened(repository) as store:
            for _ in range(ROUNDS):
                (account,) = put(store, Account(name="x"))
                sets = [
                    ChangeSet([renamed(account, f"{n}"), Insert(Case(subject=f"{account.id} {n}"))])
                    for n in range(WRITERS)
                ]
                winner = self._only_winner(store, sets)
                same("S4", read(store, account)[0], sets[winner].written[0], "what is stored")
                for n, one in enumerate(sets):
                    hold(
                        "S4",
                        (read(store, one.written[1]) == (None,)) is (n != winner),
                        f"thread {n} {'won' if n == winner else 'lost'}, its second change tells"
                        " otherwise",
                    )

    def test_of_many_threads_with_one_id_exactly_one_wins(self, repository: Make) -> None:
        """S4 Inserting the same id."""
        with opened(repository) as store:
            for _ in range(ROUNDS):
                new = Account(name="x")
                sets = [ChangeSet([Insert(attrs.evolve(new, name=f"{n}"))]) for n in range(WRITERS)]
                winner = self._only_winner(store, sets)
                same("S4", read(store, new)[0], sets[winner].written[0], "what is stored")

    def test_of_many_threads_with_one_check_exactly_one_wins(self, repository: Make) -> None:
        """S4 Phantoms: each adds a primary role and checks that there is none."""
        with opened(repository) as store:
            for n in range(ROUNDS):
                sets = [
                    ChangeSet([Insert(role(f"{n}", f"{who}"))], [no_primary(f"{n}")])
                    for who in range(WRITERS)
                ]
                self._only_winner(store, sets)

    def test_a_child_is_not_added_while_its_parent_is_deleted(self, repository: Make) -> None:
        """S4 One thread checks that there are no cases, the other that the account exists."""
        with opened(repository) as store:
            for _ in range(ROUNDS):
                (account,) = put(store, Account(name="x"))
                childless = CheckNone(Query.of(Case, F.account_id == account.id))
                child = Insert(Case(subject="x", account_id=account.id))
                sets = [
                    ChangeSet([Delete(account)], [childless]),
                    ChangeSet([child], [CheckExists(account.ref)]),
                ]
                self._only_winner(store, sets)

    def _only_winner(self, store: Repository, sets: list[ChangeSet]) -> int:
        """Commit the sets in a thread each; the index of the only one that was stored."""

        def work(changes: ChangeSet) -> Callable[[], int]:
            return lambda: patient(lambda: store.commit(changes))

        outcomes = together([work(one) for one in sets])
        winners = [n for n, one in enumerate(outcomes) if not isinstance(one, ConflictError)]
        hold("S4", len(winners) == 1, f"of {len(sets)} threads, {len(winners)} won")
        # what won is as it was stored, so that it can be compared with what is read
        sets[winners[0]] = sets[winners[0]].as_stored(outcomes[winners[0]])  # type: ignore[arg-type]  # it won
        return winners[0]

    def test_no_increment_of_many_threads_is_lost(self, repository: Make) -> None:
        """S9 Each thread reads, adds one and commits, again after each conflict."""
        with opened(repository) as store:
            (account,) = put(store, Account(name="x", employees=0))

            def work() -> int:
                return sum(self._incremented(store, account) for _ in range(INCREMENTS))

            tries = together([work] * WRITERS)
            (found,) = read(store, account)
            total = WRITERS * INCREMENTS
            same("S9", found and found.employees, total, f"a sum of {total}, after {tries} tries")

    def _incremented(self, store: Repository, account: Account) -> int:
        """Add one; the number of tries it took."""
        for tries in range(1, 10_000):
            found = now_stored(store, account)
            after = attrs.evolve(found, employees=(found.employees or 0) + 1)
            try:
                patient(lambda: store.commit(ChangeSet([Update(found, after)])))  # noqa: B023  # called at once
            except ConflictError:
                continue
            return tries
        raise AssertionError("law S9 is broken: a writer had no turn in 10,000 tries")
