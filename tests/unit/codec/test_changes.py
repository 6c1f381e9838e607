import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    Delete,
    Insert,
    Update,
)
from crmcore.codec import DecodeError, EncodeError, dump_changes, load_changes
from crmcore.entities import Account, Contact
from crmcore.query import F, Query
from crmcore.values import PersonName, Ref
from crmcore.values.ids import AccountId

ACME = Account(id=AccountId("acme"), name="Acme", version=3)
NONE = Query.of(Contact, F.account_id == "acme")
CHANGES = ChangeSet(
    [
        Insert(Contact(name=PersonName(family="L"), account_id=AccountId("acme"))),
        Update(ACME, attrs.evolve(ACME, name="Acme Ltd")),
        Delete(Account(id=AccountId("old"), name="Old", version=1)),
    ],
    [CheckVersion(Ref("account", "b"), 0), CheckExists(ACME.ref), CheckNone(NONE)],
    reason="why",
    by="ada",
    at=datetime(2026, 1, 1, tzinfo=UTC),
    undo_checks=[CheckExists(ACME.ref)],
)


@pytest.mark.parametrize("changes", [CHANGES, CHANGES.inverse(), ChangeSet()])
def test_a_change_set_is_data(changes: ChangeSet) -> None:
    assert load_changes(json.loads(json.dumps(dump_changes(changes)))) == changes


def test_a_change_set_can_be_read_by_people() -> None:
    assert dump_changes(ChangeSet([Delete(ACME)], [CheckExists(ACME.ref)], reason="why")) == {
        "reason": "why",
        "by": None,
        "at": None,
        "changes": [
            {
                "delete": {
                    "kind": "account",
                    "version": 3,
                    "data": {"id": "acme", "name": "Acme", "is_person": False},
                }
            }
        ],
        "checks": [{"exists": {"kind": "account", "id": "acme"}}],
        "undo_checks": [],
    }


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (ChangeSet([Insert(Account(name=3))]), "changes[0].name"),  # type: ignore[arg-type]  # bad data
        (ChangeSet([], [CheckNone(Query("a", F.x == b"x"))]), "checks[0].where.value"),
        (ChangeSet([], at=datetime(2026, 1, 1)), "at"),  # noqa: DTZ001  # naive on purpose
    ],
)
def test_a_value_that_cannot_be_written_is_named(changes: ChangeSet, path: str) -> None:
    with pytest.raises(EncodeError) as caught:
        dump_changes(changes)
    assert caught.value.path == path


def record(**data: Any) -> Any:
    return {"kind": "account", "version": 1, "data": {"id": "a", "name": "x", **data}}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"reason": 3}, "reason"),
        ({"at": "now"}, "at"),
        ({"later": 3}, ""),
        ({"changes": {}}, "changes"),
        ({"changes": ["insert"]}, "changes[0]"),
        ({"changes": [{"insrt": record()}]}, "changes[0]"),
        ({"changes": [{1: record()}]}, "changes[0]"),
        ({"changes": [{"insert": record(name=3)}]}, "changes[0].insert.name"),
        ({"changes": [{"update": [record()]}]}, "changes[0].update"),
        ({"changes": [{"update": [record(), record(id="b")]}]}, ""),
        ({"changes": [{"delete": record()}, {"insert": record()}]}, ""),
        ({"checks": [{"exists": "a"}]}, "checks[0].exists"),
        ({"checks": [{"version": {"ref": {"kind": "a", "id": "b"}}}]}, "checks[0].version.version"),
        ({"undo_checks": [{"none": {"kind": "a"}}]}, "undo_checks[0].none.where"),
    ],
)
def test_what_is_no_change_set_is_refused(changed: Any, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load_changes({**dump_changes(CHANGES), **changed})
    assert caught.value.path == path
