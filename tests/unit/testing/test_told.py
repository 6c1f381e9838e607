from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmcore import Account, ConflictError, Contact, Money, PersonName, Ref
from crmcore.changes import ChangeSet, CheckExists, CheckNone, CheckVersion, Delete, Insert, Update
from crmcore.fields import FOLLOW
from crmcore.query import ALL, F, Query
from crmcore.testing.planted.plain_table import PlainTable
from crmcore.testing.told import HEAD, MOST_STEPS, Told, code, untold
from crmcore.testing.verdict import opened
from crmcore.values.ids import AccountId, ContactId

ACME = Account(id=AccountId("a"), name="Acme", annual_revenue=Money("1.50", "EUR"))
NAMES: dict[str, Any] = {}
exec(HEAD.replace("store = repository()", ""), NAMES)  # noqa: S102 - what a reader pastes first


@pytest.mark.parametrize(
    "value",
    [
        ACME,
        Contact(id=ContactId("c"), name=PersonName(family="x"), other_emails=("a@x.org",)),
        Account(id=AccountId("b"), name="", custom={"x": (1, Decimal(2), True)}, labels={"a"}),
        Account(id=AccountId("b"), name="", created_at=datetime(2024, 2, 29, tzinfo=UTC)),
        Query.of(Account, ~(F.name == "x") & F.labels.contains(1), order=F.name, limit=3),
        Query.of(Account, ALL, after=("a",)),
        ChangeSet([Insert(ACME)], reason="because"),
        ChangeSet([Delete(ACME)], [CheckExists(ACME.ref), CheckVersion(Ref("case", "x"), 0)]),
        ChangeSet([Update(ACME, ACME)], [CheckNone(Query.of(Account))], by="u"),
        [ACME, (ACME,), None, "x", b"y"],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_told_can_be_pasted(value: Any) -> None:
    assert eval(code(value), dict(NAMES)) == value  # noqa: S307 - our own code


def test_classes_and_members_are_told_by_name() -> None:
    assert code(Account) == "Account"
    assert code(FOLLOW) == str(FOLLOW)


def test_a_failure_tells_what_was_done() -> None:
    with pytest.raises(AssertionError) as caught, opened(PlainTable) as store:
        store.commit(ChangeSet([Insert(ACME)]))
        with pytest.raises(ConflictError):
            store.commit(ChangeSet([Insert(ACME)]))
        with store.snapshot() as now:
            assert now.seq == 1
            now.get(Account, ["a"])
            list(now.find(Query.of(Account)))
        raise AssertionError("law S1 is broken")
    (told,) = caught.value.__notes__
    insert = f"store.commit(ChangeSet([Insert({code(ACME)})]))"
    assert told == "\n".join(
        [
            HEAD,
            f"{insert}  # gave 1",
            f"{insert}  # raised ConflictError",
            "with store.snapshot() as now: now.get(Account, ['a'])",
            "with store.snapshot() as now: list(now.find(Query('account', ALL)))",
        ]
    )


def test_long_stories_are_cut() -> None:
    store = Told(PlainTable())
    for _ in range(MOST_STEPS + 5):
        store.commit(ChangeSet())
    store.commit(ChangeSet([Insert(Account(name="x" * 9_000))]))
    lines = store.script().splitlines()
    assert "# ... 6 steps left out ..." in lines
    assert lines[-1].startswith("# store.commit(")
    assert lines[-1].endswith("characters)  # gave 1")


def test_what_is_below_is_found() -> None:
    table = PlainTable()
    assert untold(Told(table)) is table
    assert untold(table) is table
    assert list(Told(table).commits()) == []
