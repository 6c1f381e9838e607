"""Writers: those who write at once, in threads or processes, never interleave (S4, S9)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from crmcore.changes import ChangeSet, CheckExists, CheckNone, ConflictError, Delete, Insert, Update
from crmcore.entities import Account, Case
from crmcore.ports import Repository
from crmcore.query import F, Query
from crmcore.testing.laws.conflicts import no_primary, renamed, role
from crmcore.testing.suite import LawSuite
from crmcore.testing.verdict import (
    everything,
    hold,
    now_stored,
    opened,
    patient,
    put,
    read,
    same,
    seq,
    together,
)

Make = Callable[[], Repository]

WRITERS = 4
"""How many threads write at once."""

ROUNDS = 10
"""How often they do."""

INCREMENTS = 25
"""How often each of them adds one."""


class WriterLaws(LawSuite):
    """S4 and S9 among threads."""

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

    def test_no_commit_of_many_threads_is_lost(self, repository: Make) -> None:
        """S9 Sets that have nothing to do with one another are all stored, each with its number."""
        with opened(repository) as store:

            def work(who: int) -> Callable[[], list[tuple[str, int]]]:
                def write() -> list[tuple[str, int]]:
                    stored = list[tuple[str, int]]()
                    for turn in range(INCREMENTS):
                        pair = [Account(name=f"{who} {turn}"), Account(name="twin")]
                        changes = ChangeSet(map(Insert, pair))
                        number = patient(lambda: store.commit(changes))  # noqa: B023  # called at once
                        stored += [(one.id, number) for one in pair]
                    return stored

                return write

            outcomes = together([work(who) for who in range(WRITERS)])
            told = {one for some in outcomes if not isinstance(some, ConflictError) for one in some}
            found = {(one.id, one.version) for one in everything(store, [Account])}
            same("S9", sorted(found), sorted(told), "ids and versions of what was stored")
            numbers = {number for _, number in told}
            total = WRITERS * INCREMENTS
            same("S9", len(numbers), total, f"how many numbers {total} commits were given")
            same("S9", seq(store), max(numbers), "the number of the last commit")

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
