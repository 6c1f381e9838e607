from typing import Any

import pytest

from crmcore.adapters.table import RowTable
from crmcore.changes import ConflictError
from crmcore.errors import UsageError
from crmcore.ports.rows import Row, RowChange, RowCommit, RowExpect
from crmcore.query import F, Query

ACME = RowChange("account", "acme", 0, {"id": "acme", "name": "Acme"})
STORED = RowTable().after(RowCommit([ACME]))


def test_a_commit_leaves_a_new_table() -> None:
    assert STORED.seq == 1
    assert STORED.get("account", ["acme", "other"]) == {
        "acme": Row("account", "acme", 1, {"id": "acme", "name": "Acme"})
    }
    assert RowTable().get("account", ["acme"]) == {}
    assert list(STORED.find(Query("account", F.name == "Acme"))) == [
        Row("account", "acme", 1, {"id": "acme", "name": "Acme"})
    ]


def test_a_row_can_be_removed() -> None:
    gone = STORED.after(RowCommit([RowChange("account", "acme", 1, None)]))
    assert (gone.seq, list(gone.find(Query("account")))) == (2, [])
    assert gone.after(RowCommit([RowChange("account", "acme", 0, None)])).seq == 3


def test_without_changes_the_table_stays() -> None:
    assert STORED.after(RowCommit([], [RowExpect("account", "acme", 1)])) is STORED


@pytest.mark.parametrize(
    ("commit", "expected", "found"),
    [
        (RowCommit([ACME]), "a free id", "version 1"),
        (RowCommit([RowChange("account", "acme", 2, None)]), "version 2", "version 1"),
        (RowCommit([RowChange("account", "x", 2, {})]), "version 2", "no record"),
        (RowCommit([], [RowExpect("account", "x", None)]), "that it exists", "no record"),
        (RowCommit([], expect_seq=0), "commit 0", "commit 1"),
        (
            RowCommit([], none=[Query("account", F.name == "Acme")]),
            "no account where (F.name == 'Acme')",
            "one that matches",
        ),
    ],
)
def test_what_no_longer_holds_is_refused(commit: RowCommit, expected: str, found: str) -> None:
    with pytest.raises(ConflictError) as caught:
        STORED.after(commit)
    assert (caught.value.expected, caught.value.found) == (expected, found)


def test_rows_that_the_commit_writes_do_not_count() -> None:
    none = [Query[Any]("account", F.name == "Acme")]
    change = RowChange("account", "acme", 1, {"id": "acme", "name": "Acme", "employees": 1})
    assert STORED.after(RowCommit([change], none=none)).seq == 2


def test_nobody_else_holds_the_data() -> None:
    data: dict[str, Any] = {"id": "a", "tags": ["x"], "name": {"family": "x"}}
    table = RowTable().after(RowCommit([RowChange("contact", "a", 0, data)]))
    wanted = {"id": "a", "tags": ["x"], "name": {"family": "x"}}
    for changed in (data, dict(table.get("contact", ["a"])["a"].data)):
        changed["tags"].append("y")
        changed["name"]["family"] = "y"
        assert table.get("contact", ["a"])["a"].data == wanted


@pytest.mark.parametrize("value", [1.5, (1,), {1}, {1: 2}, b"x", object()])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="account:x has data that JSON cannot hold"):
        STORED.after(RowCommit([RowChange("account", "x", 0, {"id": "x", "list": [value]})]))
