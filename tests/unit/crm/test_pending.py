import pytest

from crmcore import STANDARD_MODEL, Account, ChangeSet, Contact, F, MemoryRepository, PersonName
from crmcore.changes import CheckNone, CheckVersion, ConflictError, Delete, Insert, Update
from crmcore.crm.pending import Pending
from crmcore.entities import Attachment, MergeReceipt
from crmcore.query import Query
from crmcore.values import Ref
from crmcore.values.ids import AccountId, ContactId


def account(id_: str, name: str = "Vega", **values: object) -> Account:
    return Account(id=AccountId(id_), name=name, **values)  # type: ignore[arg-type]  # any field


def contact(id_: str, home: str | None) -> Contact:
    home_id = None if home is None else AccountId(home)
    return Contact(id=ContactId(id_), name=PersonName(family=id_), account_id=home_id)


def pending(*stored: Account | Contact) -> Pending:
    repository = MemoryRepository()
    repository.commit(ChangeSet(map(Insert, stored)))
    with repository.snapshot() as moment:
        return Pending(moment, STANDARD_MODEL)


def test_it_shows_what_was_added_on_top_of_what_is_stored() -> None:
    view = pending(account("a"), account("b"), contact("x", "a"))
    stored = view.get(Account, ["a", "b"])
    view.add(
        ChangeSet([Update(stored["a"], account("a", "Orion", version=1)), Delete(stored["b"])])
    )
    view.add(ChangeSet([Insert(account("c")), Insert(contact("y", "a"))]))
    assert view.get(Account, ["a", "b", "c"]).keys() == {"a", "c"}
    assert [one.name for one in view.find(Query.of(Account))] == ["Orion", "Vega"]
    assert [one.id for one in view.find(Query.of(Account, limit=1))] == ["a"]
    assert [one.id for one in view.find(Query.of(Contact, F.account_id == "a"))] == ["x", "y"]
    assert [one.id for one in view.find(Query.of(Contact, F.account_id.in_(["a"])))] == ["x", "y"]
    assert list(view.find(Query.of(Contact, (F.account_id == "b") & (F.id == "y")))) == []
    assert view.seq == 1


def test_references_in_collections_and_to_any_kind_are_looked_up() -> None:
    view = pending()
    one = account("a")
    receipt = MergeReceipt(survivor=one.ref, losers=[Ref("account", "b")])
    file = Attachment(about=one.ref, uri="a.pdf")
    view.add(ChangeSet([Insert(receipt), Insert(file)]))
    loser: Ref[Account] = Ref("account", "b")
    assert list(view.find(Query.of(MergeReceipt, F.losers.contains(loser)))) == [receipt]
    assert list(view.find(Query.of(MergeReceipt, F.losers.contains(one.ref)))) == []
    assert list(view.find(Query.of(Attachment, F.about == one.ref))) == [file]
    assert list(view.find(Query.of(Attachment, F.uri.contains("pdf")))) == [file]


def test_its_changes_are_what_composing_them_gives() -> None:
    view = pending(account("a"), account("b"))
    stored = view.get(Account, ["a", "b"])
    newer = account("a", "Orion", version=1)
    sets = [
        ChangeSet(
            [Update(stored["a"], newer), Insert(account("c"))], [CheckVersion(stored["b"].ref, 1)]
        ),
        ChangeSet([Update(newer, account("a", "Solberg", version=1)), Delete(account("c"))]),
        ChangeSet([Insert(account("d")), Delete(stored["b"])]),
    ]
    composed = ChangeSet(reason="all")
    for one in sets:
        view.add(one)
        composed = composed.then(one)
    found = view.changes(ChangeSet(reason="all"))
    assert set(found.changes) == set(composed.changes)
    assert found.reason == "all"
    assert CheckVersion(Ref("account", "c"), 0) in found.checks
    assert set(composed.checks) <= set(found.checks)


def test_a_set_that_relies_on_what_is_no_longer_so_is_refused() -> None:
    view = pending()
    view.add(ChangeSet([Insert(contact("x", "a"))]))
    none = CheckNone(Query.of(Contact, F.account_id == "a"))
    with pytest.raises(ConflictError):
        view.add(ChangeSet([Insert(account("z"))], [none]))
    view.add(ChangeSet([Update(contact("x", "a"), contact("x", "b"))], [none]))
