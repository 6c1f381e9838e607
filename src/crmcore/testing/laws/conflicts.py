"""Conflicts: a change decided on what no longer holds is refused (S4)."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.changes import (
    Change,
    ChangeSet,
    Check,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
    Update,
)
from crmcore.entities import Account, Case, Opportunity, OpportunityContactRole, kind_of
from crmcore.ports import Repository
from crmcore.query import F, Filter, Query
from crmcore.testing import strategies
from crmcore.testing.laws.reading import TRICKY, some_accounts
from crmcore.testing.laws.side_by_side import SideBySide
from crmcore.testing.plain import PlainStore
from crmcore.testing.suite import random_law
from crmcore.testing.verdict import hold, now_stored, opened, put, read, refuse, same
from crmcore.values import Ref
from crmcore.values.ids import CaseId, ContactId, OpportunityId

Make = Callable[[], Repository]


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


class ConflictLaws(SideBySide):
    """S4: who decided on something that no longer holds is told so."""

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

    def test_checks_look_at_what_was_stored_before(self, repository: Make) -> None:
        """S4 Not at what the set itself makes; it may rely on what it changes or deletes."""
        with opened(repository) as store:
            one, other = put(store, Account(name="x"), Account(name="y"))
            new = Account(name="new")
            for late in (CheckExists(new.ref), CheckVersion(new.ref, one.version + 1)):
                refuse("S4", store, ChangeSet([Insert(new)], [late]), f"not so before: {late}")
            gone = CheckVersion(one.ref, 0)
            refuse("S4", store, ChangeSet([Delete(one)], [gone]), "it is not deleted yet")
            own: list[Check] = [CheckExists(one.ref), CheckVersion(one.ref, one.version)]
            own += [CheckExists(other.ref), CheckVersion(other.ref, other.version)]
            own += [CheckVersion(new.ref, 0)]
            store.commit(ChangeSet([Delete(one), renamed(other, "z"), Insert(new)], own))
            same("S4", read(store, one), (None,), "a record that was relied on and deleted")

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_every_check_of_a_set_is_tested(self, repository: Make, place: int) -> None:
        """S4 Wherever it stands among others that hold, whichever kind of check it is."""
        with opened(repository) as store:
            account, other = put(store, Account(name="x"), Account(name="y"))
            right: list[Check] = [
                CheckExists(account.ref),
                CheckVersion(account.ref, account.version),
                CheckNone(Query.of(Case)),
            ]
            wrong: list[Check] = [
                CheckExists(Ref("account", "gone")),
                CheckExists(Ref("case", account.id)),
                CheckVersion(account.ref, account.version + 1),
                CheckVersion(Ref("account", "gone"), account.version),
                CheckNone(Query.of(Account)),
                CheckNone(Query.of(Account, F.id == other.id)),
            ]
            for bad in wrong:
                checks = [*right[:place], bad, *right[place:]]
                both: list[Change] = [renamed(account, "z"), Insert(Account(name="z"))]
                for some in (both[:0], both[1:], both):
                    refuse("S4", store, ChangeSet(some, checks), f"{bad} is not so")
            store.commit(ChangeSet([renamed(account, "z")], [*right, right[place]]))

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_every_change_of_a_set_is_tested(self, repository: Make, place: int) -> None:
        """S4 Wherever it stands among others that fit, whatever kind of change it is."""
        with opened(repository) as store:
            old, one, other = put(store, *(Account(name=name) for name in ("old", "x", "y")))
            store.commit(ChangeSet([renamed(old, "new")]))
            fit: list[Change] = [renamed(one, "z"), Delete(other), Insert(Account(name="fresh"))]
            absent = Account(name="absent", version=old.version)
            for bad in (renamed(old, "late"), Delete(old), Insert(old), Delete(absent)):
                changes = ChangeSet([*fit[:place], bad, *fit[place:]])
                refuse("S4", store, changes, f"it does not fit: {bad}")
            store.commit(ChangeSet(fit))

    def test_only_records_of_the_set_itself_are_exempt(self, repository: Make) -> None:
        """S4 CheckNone: by kind and id, whether they are made, changed or deleted."""
        with opened(repository) as store:
            (account,) = put(store, Account(name="x"))
            none = CheckNone(Query.of(Account, F.name == "x"))
            namesake = Case(id=CaseId(account.id), subject="the same id")
            refuse("S4", store, ChangeSet([Insert(namesake)], [none]), "an account matches")
            put(store, namesake)
            (case,) = read(store, namesake)
            if case is not None:
                refuse("S4", store, ChangeSet([Delete(case)], [none]), "an account matches")
            twin = Insert(Account(name="x"))
            store.commit(ChangeSet([renamed(account, "x")], [none]))
            account = now_stored(store, account)
            refuse("S4", store, ChangeSet([twin], [none]), "an account matches")
            store.commit(ChangeSet([Delete(account), twin], [none]))
            same("S4", read(store, account), (None,), "a deleted record")

    def test_a_check_means_what_its_filter_means(self, repository: Make) -> None:
        """S4 CheckNone holds exactly where no record matches, as ``find`` would say."""
        with opened(repository) as store:
            plain = PlainStore()
            self.both(ChangeSet(map(Insert, some_accounts())), store, plain)
            for where in TRICKY:
                query = Query.of(Account, where)
                changes = ChangeSet([], [CheckNone(query)])
                if plain.find(query):
                    refuse("S4", store, changes, f"a record matches {where}")
                else:
                    same("S4", store.commit(changes), plain.seq, f"a check that holds: {where}")

    @random_law
    @given(data=st.data())
    def test_a_set_is_refused_exactly_where_it_must_be(
        self, repository: Make, data: st.DataObject
    ) -> None:
        """S4 Whatever it changes and relies on, as a plain dictionary says."""
        with opened(repository) as store:
            plain = self.grown(data, store)
            records = list(plain.records.values())
            changes = data.draw(self.changes(records))
            entity = data.draw(st.sampled_from(sorted({Account, *map(type, records)}, key=kind_of)))
            among = [one for one in records if type(one) is entity]
            check = data.draw(
                strategies.checks(records) | self.queries(entity, among).map(CheckNone)
            )
            asked = attrs.evolve(changes, checks=[*changes.checks, check])
            try:
                plain.copied().commit(asked)
            except ConflictError as conflict:
                refuse("S4", store, asked, str(conflict))
            else:
                self.both(asked, store, plain)
            self.holds("S4", store, plain, "after a set with a check")

    def test_a_check_sees_no_order_cursor_or_limit(self, repository: Make) -> None:
        """S4 CheckNone asks whether any record matches."""
        with opened(repository) as store:
            put(store, Account(name="x"))
            query = Query.of(Account, F.name == "x", limit=0, after=("zzz",))
            new = Insert(Account(name="y"))
            refuse("S4", store, ChangeSet([new], [CheckNone(query)]), "a limit hides it")
