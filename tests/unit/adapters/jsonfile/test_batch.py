from datetime import UTC, datetime
from typing import Any

import pytest

from crmcore.adapters.jsonfile.batch import Batch, drafted, key_text
from crmcore.adapters.jsonfile.lines import is_sealed, read_commit
from crmcore.codec import Codec
from crmcore.entities import Account, Lead
from crmcore.errors import StorageError, UsageError
from crmcore.ports.rows import NewRows, RowChange, RowCommit
from tests.unit.codec.samples import MODEL


def batch(*rows: tuple[str, str]) -> Batch:
    return Batch.of([(key_text(kind, id_), kind, id_, 1, id_.upper(), None) for kind, id_ in rows])


def test_rows_are_put_in_the_order_of_their_keys() -> None:
    some = batch(("b", "2"), ("a", "2"), ("b", "1"))
    assert some.in_order().ids == ["2", "1", "2"]
    assert some.in_order().kinds == ["a", "b", "b"]
    assert some.in_order().texts == ["2", "1", "2"]
    assert len(some) == 3
    in_order = batch(("a", "1"), ("a", "2"))
    assert in_order.in_order() is in_order
    assert batch().in_order().ids == ()


def test_rows_of_a_kind_stand_together() -> None:
    some = batch(("a", "1"), ("a", "2"), ("b", "1"))
    assert [(kind, part.ids) for kind, part in some.kind_parts()] == [
        ("a", ("1", "2")),
        ("b", ("1",)),
    ]
    assert list(batch().kind_parts()) == []


def test_two_batches_are_one() -> None:
    one, other = batch(("b", "1")), batch(("a", "1"))
    assert Batch.joined([one]) is one
    assert Batch.joined([one, other]).kinds == ["b", "a"]
    assert Batch.joined([one, batch(), other]).in_order().kinds == ["a", "b"]
    assert list(Batch.joined([]).keys) == []


def test_no_key_begins_with_another_one() -> None:
    assert key_text("a", '"') == '"a","\\"",'
    assert not key_text("a", "bc").startswith(key_text("a", "b"))


def new_rows(*records: Any) -> NewRows:
    found = Codec(MODEL).new_rows(records)
    assert found is not None
    return found


ROWS = new_rows(Lead(id="l", company="Acme"), Account(id="a", name="Acme"))  # type: ignore[arg-type]  # ids of our own


def test_new_rows_are_a_load() -> None:
    commit = RowCommit(ROWS, by="u", at=datetime(2026, 1, 1, tzinfo=UTC))
    draft = drafted(commit, 7, "x")
    load = draft.load()
    assert load is not None
    assert list(load.in_order().ids) == ["a", "l"]
    assert list(load.versions) == [7, 7]
    line = draft.kept_line()
    assert is_sealed(line)
    kept = read_commit(line)
    assert (kept.seq, kept.meta) == (7, {"by": "u", "at": "2026-01-01T00:00:00.000000Z"})
    assert [(one.kind, one.id, one.is_current) for one in kept.rows] == [
        ("lead", "l", True),
        ("account", "a", True),
    ]


def test_a_draft_says_what_rows_say() -> None:
    given = drafted(RowCommit(ROWS), 1, "x")
    plain = drafted(RowCommit(tuple(ROWS)), 1, "x")
    assert plain.load() is None
    assert given.line() == plain.line()
    assert given.size == plain.size > 50
    assert list(ROWS[:1]) == [ROWS[0]]


def test_the_same_row_twice_is_no_load() -> None:
    assert drafted(RowCommit(new_rows(*ROWS.records, *ROWS.records)), 1, "x").load() is None


@pytest.mark.parametrize(
    ("change", "by", "error", "told"),
    [
        (RowChange("a", "1", 0, {"x": "\ud800"}), None, StorageError, "a:'1': JSON cannot hold it"),
        (RowChange("a", "\ud800", 0, {}), None, StorageError, "JSON cannot hold it"),
        (RowChange("a", "1", 1, None), "\ud800", StorageError, "JSON cannot hold it"),
        (RowChange("a", "1", 0, {"x": 0.5}), None, UsageError, "a:'1'"),
    ],
)
def test_what_json_cannot_hold_is_refused(
    change: RowChange, by: str | None, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        drafted(RowCommit([change], by=by), 1, "x")
