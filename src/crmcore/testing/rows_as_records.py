"""Rows as records: a repository of plain records over a row store, so that it obeys the same laws.

Only fields that JSON holds as they are can have values; so what a query asks for in a record is
what it asks for in the row.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from crmcore.changes import (
    ChangeSet,
    CheckExists,
    CheckNone,
    CheckVersion,
    ConflictError,
    Delete,
    Insert,
)
from crmcore.entities import Record, kind_of
from crmcore.model.describe import FieldSchema, Holds, describe
from crmcore.ports import Row, RowChange, RowCommit, RowSnapshot, RowStore
from crmcore.ports.rows import RowExpect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcore.changes import Change
    from crmcore.model.model import Model
    from crmcore.query import Query

R = TypeVar("R", bound=Record)


def is_plain(one: FieldSchema) -> bool:
    """Whether JSON holds the values of a field as they are."""
    return one.python in (str, int, bool) and not one.is_custom and one.name != "version"


def is_scalar(one: FieldSchema) -> bool:
    """Whether they are single texts, whole numbers or truth values, which a query may ask for."""
    return is_plain(one) and one.holds is Holds.ONE


def plain_entities(model: Model) -> tuple[type[Record], ...]:
    """The entities of a model that need no other fields."""
    return tuple(
        schema.entity
        for schema in model.schemas
        if all(is_plain(one) for one in schema.fields if one.is_required)
    )


class RowsAsRecords:
    """A ``Repository`` that keeps the plain fields of records in ``store``."""

    def __init__(self, store: RowStore, model: Model) -> None:
        self.store = store
        self._model = model

    @contextmanager
    def snapshot(self) -> Iterator[_Moment]:
        """A context that gives the present moment."""
        with self.store.snapshot() as rows:
            yield _Moment(rows, self._model)

    def commit(self, changes: ChangeSet, /) -> int:
        """Commit the rows of these records, under the same checks."""
        expects = [
            RowExpect(one.ref.kind, one.ref.id, _version(one))
            for one in changes.checks
            if not isinstance(one, CheckNone)
        ]
        none = [one.query for one in changes.checks if isinstance(one, CheckNone)]
        return self.store.commit(
            RowCommit(
                [_row_change(one) for one in changes],
                expects,
                none,
                reason=changes.reason,
                by=changes.by,
                at=changes.at,
            )
        )

    def close(self) -> None:
        """Close the store."""
        self.store.close()


class _Moment:
    def __init__(self, rows: RowSnapshot, model: Model) -> None:
        self._rows = rows
        self._model = model

    @property
    def seq(self) -> int:
        return self._rows.seq

    def get(self, entity: type[R], ids: Sequence[str], /) -> Mapping[str, R]:
        rows = self._rows.get(kind_of(entity), ids)
        return {key: _record(entity, row) for key, row in rows.items()}

    def find(self, query: Query[R], /) -> Iterator[R]:
        entity: Any = self._model.schema(query.kind).entity
        for row in self._rows.find(query):
            yield _record(entity, row)


def _version(check: CheckVersion | CheckExists) -> int | None:
    return check.version if isinstance(check, CheckVersion) else None


def _row_change(one: Change) -> RowChange:
    if isinstance(one, Insert):
        return RowChange(one.ref.kind, one.ref.id, 0, _data(one.after))
    version = one.before.version
    if version == 0:  # to a row store this says that there must be none
        raise ConflictError(one.ref, "a stored version", "a record that was never stored")
    data = None if isinstance(one, Delete) else _data(one.after)
    return RowChange(one.ref.kind, one.ref.id, version, data)


def _data(record: Record) -> dict[str, Any]:
    values = {one.name: one.value(record) for one in describe(type(record)).fields if is_plain(one)}
    return {name: _json(value) for name, value in values.items()}


def _json(value: Any) -> Any:  # what JSON can hold
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | int | None) else dict(value)


def _record(entity: type[R], row: Row) -> R:
    data: dict[str, Any] = dict(row.data)
    return entity(**data, version=row.version)
