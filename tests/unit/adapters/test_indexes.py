import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters.indexes import Declared, Indexes
from crmcore.entities import Account, Activity, Attachment, Contact, Opportunity, User
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F, Filter, Query, matches
from crmcore.testing import strategies
from crmcore.testing.plain import PlainStore
from crmcore.values import Money, PersonName, Ref
from crmcore.values.ids import AccountId, ContactId, OpportunityId
from tests.adapters import MODEL, Subscription

ENTITIES = (Account, Contact, Activity, Attachment, Subscription)
DECLARED: list[Declared] = [
    (Account, F.name),
    (Account, F.annual_revenue),
    ("subscription", F.seats),
]

ONE = Contact(
    id=ContactId("one"),
    name=PersonName(family="x"),
    email="ada@x.org",
    other_emails=("a@x.org", "b@x.org"),
    account_id=AccountId("acme"),
    external_ids={"sap": "17"},
    custom={"knows": Ref("lead", "l")},
)
TWO = Contact(id=ContactId("two"), name=PersonName(family="y"), email="ada@x.org", phone="030 1")
THREE = Contact(id=ContactId("three"), name=PersonName(family="z"), email="ada\U0010ffff")


def asked(where: Filter) -> list[str] | None:
    indexes = Indexes(MODEL)
    for one in (ONE, TWO, THREE):
        indexes.add_all([one])
    found = indexes.candidates(Query.of(Contact, where))
    return None if found is None else sorted(found)


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        (F.email == "ada@x.org", ["one", "two"]),
        ((F.email == "ada@x.org") & (F.account_id == "acme"), ["one"]),
        (F.account_id.in_(["acme", "other"]), ["one"]),
        (F.account_id.in_([]), []),
        (F.account_id == "other", []),
        (F.other_emails.contains("b@x.org"), ["one"]),
        (F.phone == "030 1", ["two"]),
        (F.external_ids["sap"] == "17", ["one"]),
        (F.external_ids["oracle"] == "17", []),
        (F.custom["knows"] == Ref("lead", "l"), ["one"]),
        (F.email.starts_with("ada"), ["one", "three", "two"]),
        (F.email.starts_with("ada\U0010ffff"), ["three"]),
        (F.email.starts_with("\U0010ffff"), []),
        (F.email.starts_with(""), None),
        (F.email > "ada@x.org", ["three"]),
        (F.email >= "ada@x.org", ["one", "three", "two"]),
        (F.email <= "ada@x.org", ["one", "two"]),
        (F.email < "ada@x.org", []),
        (F.email > 1, []),
        (F.name.family == "x", None),
        ((F.name.family == "x") & (F.account_id == "acme"), ["one"]),
        ((F.email == "ada@x.org") | (F.account_id == "acme"), ["one", "two"]),
        ((F.email == "ada@x.org") | (F.name.family == "z"), None),
        (~(F.email == "ada@x.org"), None),
        (F.email.contains("ada"), None),
        (F.email.is_none(), None),
        (F.other_emails == ("a@x.org", "b@x.org"), None),
        (F.custom["email"] == "x", None),
    ],
    ids=str,
)
def test_indexes_narrow_down_to_these(where: Filter, wanted: list[str] | None) -> None:
    assert asked(where) == wanted


def test_a_range_of_money_is_of_one_currency() -> None:
    indexes = Indexes(STANDARD_MODEL, [(Opportunity, F.amount)])
    for id_, amount in (("a", Money(5, "EUR")), ("b", Money(50, "EUR")), ("c", Money(9, "USD"))):
        indexes.add_all([Opportunity(id=OpportunityId(id_), name="x", amount=amount)])
    query = Query.of(Opportunity, F.amount >= Money(9, "EUR"))
    assert indexes.candidates(query) == ["b"]
    assert indexes.candidates(Query.of(Opportunity, F.amount < Money(10, "USD"))) == ["c"]


def test_an_index_forgets_what_is_gone_unless_another_version_has_it() -> None:
    indexes = Indexes(MODEL)
    moved = Contact(id=ONE.id, name=ONE.name, account_id=ONE.account_id)
    for one in (ONE, moved, TWO):
        indexes.add_all([one])
    indexes.discard([ONE], [moved])
    indexes.discard([TWO], [])
    assert indexes.candidates(Query.of(Contact, F.email == "ada@x.org")) == []
    assert indexes.candidates(Query.of(Contact, F.email >= "")) == []
    assert indexes.candidates(Query.of(Contact, F.account_id == "acme")) == ["one"]


def test_an_order_of_keys_is_kept_once_it_was_asked_for() -> None:
    indexes = Indexes(MODEL)
    indexes.add_all([ONE])
    query = Query.of(Contact, F.email >= "")
    assert indexes.candidates(query) == ["one"]
    indexes.add_all([THREE])
    assert indexes.candidates(query) == ["one", "three"]
    indexes.discard([ONE], [])
    assert indexes.candidates(query) == ["three"]


def test_a_kind_that_was_never_stored_has_no_index() -> None:
    assert Indexes(MODEL).candidates(Query.of(User, F.email == "x")) is None


@given(st.data())
def test_no_answer_is_lost(data: st.DataObject) -> None:
    plain, indexes = PlainStore(), Indexes(MODEL, DECLARED)
    for _ in range(3):
        stored = list(plain.records.values())
        changes = data.draw(strategies.change_sets(stored, entities=ENTITIES, model=MODEL))
        before = dict(plain.records)
        plain.commit(changes)
        for ref in changes.refs:
            after = [plain.records[ref]] if ref in plain.records else []
            for one in after:
                indexes.add_all([one])
            if ref in before:
                indexes.discard([before[ref]], after)
    for entity in ENTITIES:
        records = [one for one in plain.records.values() if type(one) is entity]
        query = data.draw(strategies.queries(entity, MODEL, records=records))
        found = indexes.candidates(query)
        event("narrowed" if found is not None else "all")
        wanted = {one.id for one in records if matches(query.where, one)}
        assert found is None or wanted <= set(found) <= {one.id for one in records}
