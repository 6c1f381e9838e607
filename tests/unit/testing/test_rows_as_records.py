import pytest

from crmcore.adapters import MemoryRowStore
from crmcore.changes import (
    ChangeSet,
    Check,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
)
from crmcore.entities import Account, Case, Contact, Opportunity, OpportunityContactRole, User
from crmcore.model.describe import describe
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F, Query
from crmcore.testing.rows_as_records import RowsAsRecords, is_plain, is_scalar, plain_entities
from crmcore.testing.verdict import put, read


def test_plain_fields_are_those_that_json_holds() -> None:
    fields = describe(Contact).fields
    plain = {one.name for one in fields if is_plain(one)}
    assert {"id", "email", "other_emails", "is_active", "labels", "external_ids"} <= plain
    assert not plain & {"name", "version", "custom", "created_at", "birth_on", "mailing_address"}
    assert "other_emails" not in {one.name for one in fields if is_scalar(one)}


def test_plain_entities_need_plain_fields_only() -> None:
    entities = plain_entities(STANDARD_MODEL)
    assert {Account, Case, Opportunity, OpportunityContactRole, User} <= set(entities)
    assert Contact not in entities


def test_records_become_rows_and_come_back() -> None:
    store = RowsAsRecords(MemoryRowStore(), STANDARD_MODEL)
    new = Account(
        name="x",
        employees=1,
        is_person=True,
        labels=frozenset({"b", "a"}),
        external_ids={"crm": "1"},
    )
    (account,) = put(store, new)
    assert read(store, account) == (account,)
    with store.snapshot() as now:
        assert list(now.find(Query.of(Account, F.labels.contains("a")))) == [account]
    checks: list[Check] = [
        CheckVersion(account.ref, 1),
        CheckExists(account.ref),
        CheckNone(Query.of(Account, F.name == "y")),
    ]
    assert store.commit(ChangeSet([Delete(account)], checks)) == 2
    assert read(store, account) == (None,)


def test_a_record_that_was_never_stored_cannot_change() -> None:
    store = RowsAsRecords(MemoryRowStore(), STANDARD_MODEL)
    with pytest.raises(ConflictError):
        store.commit(ChangeSet([Delete(Account(name="x"))]))
