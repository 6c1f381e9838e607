"""What every write goes through, and what happens when somebody is faster."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from attrs import evolve

from crmcore import (
    STANDARD_MODEL,
    Account,
    AccountContactRelation,
    ChangeSet,
    ConflictError,
    Contact,
    Crm,
    Lead,
    MemoryRepository,
    Opportunity,
    PersonName,
    ValidationError,
)
from crmcore.changes import CheckExists, Insert
from crmcore.entities import OpportunityChange
from crmcore.ports import Snapshot


class Hasty:
    """A repository in which somebody else commits just before each of our first commits."""

    def __init__(self, *others: Callable[[Crm], object]) -> None:
        self._store = MemoryRepository()
        self._others = list(others)
        self.tries = 0

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        return self._store.snapshot()

    def commit(self, changes: ChangeSet, /) -> int:
        self.tries += 1
        if self._others:
            self._others.pop(0)(Crm(self._store))
        return self._store.commit(changes)

    def close(self) -> None:
        self._store.close()


def test_a_command_is_decided_again_on_the_new_state() -> None:
    store = Hasty()
    crm = Crm(store)
    top, other = crm.add_all([Account(name="Top"), Account(name="Other")])
    store._others.append(lambda faster: faster.save(evolve(top, employees=5)))
    store.tries = 0
    low = crm.reparent(other.id, top.id)
    assert low.parent_id == top.id
    assert store.tries == 2


def test_after_four_tries_the_conflict_is_raised() -> None:
    store = Hasty()
    crm = Crm(store)
    top, other = crm.add_all([Account(name="Top"), Account(name="Other")])

    def rename(faster: Crm) -> None:
        now = faster.get(Account, top.id)
        faster.save(evolve(now, employees=now.version))

    store._others += [rename] * 10
    store.tries = 0
    with pytest.raises(ConflictError):
        crm.reparent(other.id, top.id)
    assert store.tries == 4


def test_what_no_longer_makes_sense_raises_the_conflict_that_made_it_so() -> None:
    store = Hasty()
    crm = Crm(store)
    acme = crm.add(Account(name="Acme"))
    store._others.append(lambda faster: faster.delete(Account, acme.id))
    with pytest.raises(ConflictError) as conflict:
        crm.add(Contact(name=PersonName(family="King"), account_id=acme.id))
    assert isinstance(conflict.value.__cause__, ValidationError)


def test_own_changes_pass_the_same_checks() -> None:
    crm = Crm()
    acme = Account(name="Acme")
    ada = Contact(name=PersonName(family="King"), account_id=acme.id)
    stored = crm.commit(ChangeSet([Insert(acme), Insert(ada)], reason="import"))
    assert len(stored) == 3
    assert crm.count(AccountContactRelation) == 1
    with pytest.raises(ValidationError):
        crm.commit(ChangeSet([Insert(Account(name=""))]))
    with pytest.raises(ConflictError):
        crm.commit(ChangeSet([Insert(Account(name="B"))], [CheckExists(Account(name="C").ref)]))
    assert not crm.commit(ChangeSet())


def test_a_preview_can_be_committed_as_it_is() -> None:
    crm = Crm()
    lead = crm.add(Lead(name=PersonName(family="King"), company="Vega"))
    preview = crm.convert_lead(lead.id, dry_run=True)
    assert preview.changes
    stored = crm.commit(preview)
    assert stored.refs == preview.changes.refs
    assert crm.get(Lead, lead.id).converted_contact_id == (preview.contact and preview.contact.id)
    with pytest.raises(ConflictError):
        crm.commit(preview)


def test_the_inverse_of_what_was_stored_takes_it_back() -> None:
    crm = Crm()
    acme = crm.add(Account(name="Acme"))
    stored = crm.commit(
        ChangeSet([Insert(Contact(name=PersonName(family="King"), account_id=acme.id))])
    )
    crm.commit(stored.inverse())
    assert crm.count(Contact) == crm.count(AccountContactRelation) == 0


def test_disabled_objects_get_no_derived_rows() -> None:
    model = STANDARD_MODEL.with_disabled(AccountContactRelation, OpportunityChange)
    crm = Crm(model=model)
    acme = crm.add(Account(name="Acme"))
    crm.add(Contact(name=PersonName(family="King"), account_id=acme.id))
    crm.add(Opportunity(name="Engine"))
    assert not crm.check()
