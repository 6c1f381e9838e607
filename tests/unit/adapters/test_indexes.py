import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters.indexes import Indexes
from crmcore.changes import ChangeSet, Delete, Insert, Update
from crmcore.entities import Account, Activity, Attachment, Contact, Lead, User
from crmcore.query import F, Filter, Query, matches
from crmcore.testing import strategies
from crmcore.testing.plain import PlainStore
from crmcore.values import PersonName, Ref
from crmcore.values.ids import AccountId, ContactId
from tests.adapters import MODEL, Subscription

ENTITIES = (Account, Contact, Activity, Attachment, Subscription)
PLACES = {"account_id", "email", "other_emails", "who", "about", "owner_id", "parent_id"}

ONE = Contact(
    id=ContactId("one"),
    name=PersonName(family="x"),
    email="ada@x.org",
    other_emails=("a@x.org", "b@x.org"),
    account_id=AccountId("acme"),
)
TWO = Contact(id=ContactId("two"), name=PersonName(family="y"), email="ada@x.org")


def asked(where: Filter) -> list[str] | None:
    indexes = Indexes().updated(ChangeSet([Insert(ONE), Insert(TWO)]))
    return indexes.candidates(Query.of(Contact, where))


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        (F.email == "ada@x.org", ["one", "two"]),
        ((F.email == "ada@x.org") & (F.account_id == "acme"), ["one"]),
        (F.account_id.in_(["acme", "other"]), ["one"]),
        (F.account_id.in_([]), []),
        (F.account_id == "other", []),
        (F.other_emails.contains("b@x.org"), ["one"]),
        (F.name.family == "x", None),
        ((F.name.family == "x") & (F.account_id == "acme"), ["one"]),
        ((F.email == "ada@x.org") | (F.account_id == "acme"), None),
        (~(F.email == "ada@x.org"), None),
        (F.email > "a", None),
        (F.email.contains("ada"), None),
        (F.email.is_none(), None),
        (F.other_emails == ("a@x.org", "b@x.org"), None),
        (F.custom["email"] == "x", None),
    ],
    ids=str,
)
def test_indexes_narrow_down_to_these(where: Filter, wanted: list[str] | None) -> None:
    assert asked(where) == wanted


def test_an_index_forgets_what_is_gone() -> None:
    first = Indexes().updated(ChangeSet([Insert(ONE), Insert(TWO)]))
    moved = first.updated(ChangeSet([Update(ONE, Contact(id=ONE.id, name=ONE.name)), Delete(TWO)]))
    query = Query.of(Contact, F.email == "ada@x.org")
    assert moved.candidates(query) == []
    assert first.candidates(query) == ["one", "two"]


def test_a_kind_that_was_never_stored_has_no_index() -> None:
    assert Indexes().candidates(Query.of(User, F.email == "x")) is None
    assert Indexes().candidates(Query.of(Lead, F.email == Ref("a", "b"))) is None


@given(st.data())
def test_no_answer_is_lost(data: st.DataObject) -> None:
    plain, indexes = PlainStore(), Indexes()
    for _ in range(3):
        stored = list(plain.records.values())
        changes = data.draw(strategies.change_sets(stored, entities=ENTITIES, model=MODEL))
        plain.commit(changes)
        indexes = indexes.updated(changes.as_stored(plain.seq))
    for entity in ENTITIES:
        records = [one for one in plain.records.values() if type(one) is entity]
        among = PLACES & {one.path for one in MODEL.schema(entity)}
        query = data.draw(strategies.queries(entity, MODEL, records=records, among=among))
        found = indexes.candidates(query)
        event("narrowed" if found is not None else "all")
        wanted = {one.id for one in records if matches(query.where, one)}
        assert found is None or wanted <= set(found) <= {one.id for one in records}
