"""Changes: strategies for change sets that fit what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import strategies as st

from crmcore.changes import (
    Change,
    ChangeSet,
    Check,
    CheckExists,
    CheckNone,
    CheckVersion,
    Delete,
    Insert,
    Update,
)
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.query import F, Query
from crmcore.testing.strategies.records import records
from crmcore.testing.strategies.values import IDS, drawn_by, ids, moments, texts
from crmcore.values import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcore.entities import Record
    from crmcore.model.describe import FieldSchema


def change_sets(
    stored: Sequence[Record] = (),
    *,
    entities: Sequence[type[Record]] | None = None,
    model: Model = STANDARD_MODEL,
    among: Callable[[FieldSchema], bool] | None = None,
    max_size: int = 4,
) -> st.SearchStrategy[ChangeSet]:
    """Change sets that a repository holding exactly ``stored`` accepts, checks included.

    New records are of ``entities`` (``None``: any of the model). They are valid by themselves;
    what they refer to need not be stored. ``among`` says which of their optional fields may have
    a value (``None``: all).
    """
    classes = entities or tuple(schema.entity for schema in model.schemas)

    def some(entity: type[Record]) -> st.SearchStrategy[Record]:
        paths = [one.path for one in model.schema(entity) if among is None or among(one)]
        return records(entity, model, among=paths)

    known = {record.ref: record for record in stored}
    new = st.sampled_from(classes).flatmap(some)

    def drawn(draw: st.DrawFn) -> ChangeSet:
        changes: dict[Ref[Any], Change] = {}
        for ref in draw(_some(list(known), max_size // 2)):
            changes[ref] = draw(_change(known[ref], some(type(known[ref]))))
        for record in draw(st.lists(new, max_size=max_size - len(changes))):
            if record.ref not in known:
                changes.setdefault(record.ref, Insert(record))
        return draw(_whole(changes, known))

    return drawn_by(drawn)


def checks(stored: Sequence[Record]) -> st.SearchStrategy[Check]:
    """Any check, whether or not it holds of a repository that has exactly ``stored``."""
    refs = st.sampled_from([*_anywhere(stored), *(one.ref for one in stored)])
    versions = st.sampled_from([0, 1, *(one.version for one in stored)])
    return (
        st.builds(CheckExists, refs)
        | st.builds(CheckVersion, refs, versions)
        | refs.map(lambda ref: CheckNone(Query(ref.kind, F.id == ref.id)))
    )


def _some(refs: Sequence[Ref[Any]], max_size: int) -> st.SearchStrategy[list[Ref[Any]]]:
    if not refs:
        return st.just([])
    return st.lists(st.sampled_from(refs), unique=True, max_size=max_size)


def _change(before: Record, fresh: st.SearchStrategy[Record]) -> st.SearchStrategy[Change]:
    updated = fresh.map(lambda one: attrs.evolve(one, id=before.id, version=before.version))
    return st.just(Delete(before)) | updated.map(lambda after: Update(before, after))


def _whole(
    changes: Mapping[Ref[Any], Change], stored: Mapping[Ref[Any], Record]
) -> st.SearchStrategy[ChangeSet]:
    """A set of these changes with checks that hold, before and for the way back."""
    written = [one.after for one in changes.values() if not isinstance(one, Delete)]
    left = [record for ref, record in stored.items() if ref not in changes]
    return st.builds(
        ChangeSet,
        st.permutations(list(changes.values())),
        _checks(list(stored.values()), left),
        reason=st.none() | texts(),
        by=st.none() | ids(),
        at=st.none() | moments(),
        undo_checks=_still([*written, *left], left),
    )


def _checks(stored: Sequence[Record], left: Sequence[Record]) -> st.SearchStrategy[list[Check]]:
    versions: list[Check] = [CheckVersion(one.ref, one.version) for one in stored]
    taken = {one.ref for one in stored}
    absent = [ref for ref in _anywhere(stored) if ref not in taken]
    versions += [CheckVersion(ref, 0) for ref in absent]
    return st.lists(st.sampled_from([*versions, *_lasting(stored, left)]), max_size=2)


def _still(after: Sequence[Record], left: Sequence[Record]) -> st.SearchStrategy[list[Check]]:
    return st.lists(st.sampled_from(_lasting(after, left)), max_size=1)


def _lasting(there: Sequence[Record], left: Sequence[Record]) -> list[Check]:
    """Checks that hold, whatever the versions: ``there`` are stored, ``left`` are left alone."""
    taken = {one.ref for one in left}
    none: list[Check] = [
        CheckNone(Query(ref.kind, F.id == ref.id)) for ref in _anywhere(there) if ref not in taken
    ]
    return [*none, *(CheckExists(one.ref) for one in there)]


def _anywhere(stored: Sequence[Record]) -> list[Ref[Any]]:
    """References that records may have, now or later."""
    kinds = sorted({"account", *(one.ref.kind for one in stored)})
    return [Ref(kind, one) for kind in kinds for one in IDS]
