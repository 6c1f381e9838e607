"""Followers: whom a change of a record concerns."""

from typing import Any

import attrs

from crmcore import Model, Record
from crmcore.entities import Account, Contact
from crmcore.model.model import STANDARD_MODEL
from crmcore.rules.matching.followers import Followers
from crmcore.rules.matching.reading import field_path
from crmcore.values import PersonName
from crmcore.values.ids import AccountId, ContactId
from crmcore.values.ref import Ref

ADA = Contact(id=ContactId("c"), name=PersonName(family="Lovelace"), account_id=AccountId("a"))
CHILD = Account(id=AccountId("a"), name="Acme Foods", parent_id=AccountId("p"))
PARENT = Account(id=AccountId("p"), name="Acme")


def followers(*texts: str, model: Model = STANDARD_MODEL) -> tuple[Followers, dict[Any, Record]]:
    records: dict[Any, Record] = {one.ref: one for one in (CHILD, PARENT)}
    paths = {"contact": [field_path(text, "contact", model) for text in texts]}
    return Followers(paths, records), records


def test_one_that_looks_at_an_account_follows_it() -> None:
    made, _ = followers("account_id.name", "account_id.website", "name")
    made.note(ADA.ref, ADA)
    made.note(CHILD.ref, CHILD)
    assert made.of(CHILD.ref) == (ADA.ref,)
    assert made.of(PARENT.ref) == made.of(ADA.ref) == ()
    made.forget(ADA.ref, ADA)
    made.forget(ADA.ref, ADA)
    assert made.of(CHILD.ref) == ()


def test_one_that_looks_through_an_account_follows_both() -> None:
    made, records = followers("account_id.parent_id.name")
    made.note(ADA.ref, ADA)
    assert made.of(CHILD.ref) == made.of(PARENT.ref) == (ADA.ref,)
    records[CHILD.ref] = attrs.evolve(CHILD, parent_id=None)
    made.forget(ADA.ref, ADA)  # also where the account leads elsewhere by now
    assert made.of(CHILD.ref) == made.of(PARENT.ref) == ()
    made.note(ADA.ref, ADA)
    assert made.of(PARENT.ref) == ()
    alone = attrs.evolve(ADA, account_id=None)
    made.note(alone.ref, alone)


def test_bad_data_leads_where_it_can() -> None:
    made, _ = followers("account_id.name")
    for held in (PARENT.ref, (None, "p"), ["p"], frozenset({"p", "q"})):
        given: dict[str, Any] = {"account_id": held}
        odd = attrs.evolve(ADA, **given)
        made.note(odd.ref, odd)
        assert made.of(PARENT.ref) == (ADA.ref,)
        made.forget(odd.ref, odd)
    given = {"account_id": 7}
    odd = attrs.evolve(ADA, **given)
    made.note(odd.ref, odd)
    assert made.of(Ref("account", "7")) == (ADA.ref,)
