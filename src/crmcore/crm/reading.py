"""Reading: what the facade and a transaction answer, from whichever snapshot they stand on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs

from crmcore.crm.choices import Target
from crmcore.entities import LEDGER, Judgement, MergeReceipt, Record, UnmergeReceipt
from crmcore.errors import AmbiguousIdError, ManyFoundError, NotFoundError, UsageError
from crmcore.model.model import Model
from crmcore.ports import Snapshot
from crmcore.query import ALL, F, Filter, Order, Path, Query, read
from crmcore.rules.identity import in_force, survivor_of
from crmcore.rules.integrity import require_kind
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


def find(
    snapshot: Snapshot,
    model: Model,
    entity: type[R],
    where: Filter = ALL,
    *,
    order: Path | Order | Iterable[Path | Order] = (),
    after: tuple[Any, ...] | None = None,
    limit: int | None = None,
) -> tuple[R, ...]:
    """The records of ``entity`` that match; see ``Crm.find``."""
    require_kind(entity, model)
    query = Query.of(entity, where, order=order, after=after, limit=limit)
    return tuple(snapshot.find(read(query, model)))


def one(snapshot: Snapshot, model: Model, entity: type[R], where: Filter) -> R:
    """The only record that matches; see ``Crm.one``."""
    found = find(snapshot, model, entity, where, limit=2)
    kind = model.schema(entity).kind
    if not found:
        raise NotFoundError(kind, str(where))
    if len(found) > 1:
        raise ManyFoundError(kind, str(where))
    return found[0]


def get(snapshot: Snapshot, model: Model, entity: type[R], id_: str) -> R:
    """The record of this id, or the survivor of the one it was; see ``Crm.get``."""
    kind = require_kind(entity, model)
    if not isinstance(id_, str):
        raise UsageError("an id is text", id_, "pass record.id")
    found = snapshot.get(entity, [id_]).get(id_)
    if found is None:
        ref = forwarded(snapshot, Ref(kind, id_))
        found = snapshot.get(entity, [ref.id]).get(ref.id)
    if found is None:
        raise NotFoundError(kind, id_)
    return found


def forwarded(snapshot: Snapshot, ref: Ref[Any]) -> Ref[Any]:
    """The reference that answers for ``ref`` today: itself, or the survivor of its merges."""
    known: dict[Ref[Any], MergeReceipt] = {}
    frontier = ref
    while frontier not in known:
        receipt = merge_of(snapshot, frontier)
        if receipt is None:
            break
        known[frontier] = receipt
        frontier = receipt.survivor
    return survivor_of(ref, known.values())


def merge_of(snapshot: Snapshot, ref: Ref[Any]) -> MergeReceipt | None:
    """The merge in force that took ``ref`` away, or ``None`` where none did."""
    receipts = tuple(snapshot.find(Query.of(MergeReceipt, F.losers.contains(ref))))
    if not receipts:
        return None
    ids = [one.id for one in receipts]
    undone = {one.merge_id for one in snapshot.find(Query.of(UnmergeReceipt, F.merge_id.in_(ids)))}
    return next(iter(in_force(receipts, undone)), None)


def locate(snapshot: Snapshot, model: Model, what: Target) -> Ref[Any]:
    """The reference of a record, a reference or a bare id, followed through merges.

    Raises ``NotFoundError``, and ``AmbiguousIdError`` for an id that several kinds have.
    """
    if isinstance(what, Record):
        what = what.ref
    if isinstance(what, Ref):
        refs = [forwarded(snapshot, what) if not _stored(snapshot, model, what) else what]
    elif isinstance(what, str):
        kinds = [kind for kind in model.kinds if kind not in LEDGER]
        refs = [Ref(kind, what) for kind in kinds if _stored(snapshot, model, Ref(kind, what))]
        if not refs:
            moved: dict[Ref[Any], Ref[Any]] = {}
            moved |= {Ref(kind, what): forwarded(snapshot, Ref(kind, what)) for kind in kinds}
            refs = [new for old, new in moved.items() if new != old]
    else:
        raise UsageError("pass a record, a reference or an id", what)
    found = [ref for ref in refs if _stored(snapshot, model, ref)]
    if len(found) > 1:
        raise AmbiguousIdError(str(what), tuple(ref.kind for ref in found))
    if not found:
        kind, id_ = (what.kind, what.id) if isinstance(what, Ref) else ("record", what)
        raise NotFoundError(kind, id_)
    return found[0]


def record_of(snapshot: Snapshot, model: Model, ref: Ref[Any]) -> Record:
    """The stored record of a reference; raises ``NotFoundError``."""
    return get(snapshot, model, model.schema(ref.kind).entity, ref.id)


def _stored(snapshot: Snapshot, model: Model, ref: Ref[Any]) -> bool:
    return model.has(ref.kind) and bool(snapshot.get(model.schema(ref.kind).entity, [ref.id]))


def judgements(snapshot: Snapshot) -> tuple[Judgement, ...]:
    """All judgements, their references followed through merges, in the order they were made."""
    rows = snapshot.find(Query.of(Judgement, order=(F.judged_at,)))
    return tuple(_followed(snapshot, one) for one in rows)


def _followed(snapshot: Snapshot, one: Judgement) -> Judgement:
    first = forwarded(snapshot, one.first)
    second = forwarded(snapshot, one.second)
    return attrs.evolve(one, first=first, second=second)
