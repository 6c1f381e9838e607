"""Old ids: what a write reaches that names a record by an id which was merged away (law M2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from crmcore.changes import ConflictError, differences
from crmcore.crm import reading
from crmcore.entities import MergeReceipt, Record, UnmergeReceipt
from crmcore.errors import NotFoundError
from crmcore.model.model import Model
from crmcore.model.policies import OldIds
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.rules.identity import in_force, survivors_of
from crmcore.rules.merge.history import with_values
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)

_FEW = 32
"""Up to so many ids are asked for one by one; for more, all receipts are read once."""


def followed(snapshot: Snapshot, model: Model, record: R) -> tuple[R, R]:
    """The survivor of a record that is not stored: as it is, and with what ``record`` changes.

    ``record`` is compared with the merged record as it was when it was merged. Raises
    ``NotFoundError`` for one that was never stored or was deleted, and by policy for every one;
    ``ConflictError`` where it was read before the last change to it.
    """
    survivor = reading.forwarded(snapshot, record.ref)
    if survivor == record.ref:
        raise NotFoundError(record.ref.kind, str(record.id), "use add for a new record")
    if model.policies.old_ids is OldIds.REFUSE:
        hint = f"it was merged into {survivor}: change that one"
        raise NotFoundError(record.ref.kind, str(record.id), hint)
    receipt = reading.merge_of(snapshot, record.ref)
    merged = () if receipt is None else receipt.merged
    image = next((one for one in merged if one.ref == record.ref), None)
    if image is None or image.version != record.version:
        last = 0 if image is None else image.version
        raise ConflictError(record.ref, f"version {record.version}", f"version {last}, merged")
    stored = snapshot.get(type(record), [survivor.id])[survivor.id]
    said = {path: new for path, _, new in differences(image, record) if path not in _SYSTEM}
    return stored, with_values(stored, said)  # type: ignore[return-value]  # evolve keeps the class


_SYSTEM = ("id", "created_at")


def survivors(snapshot: Snapshot, refs: Iterable[Ref[Any]]) -> dict[Ref[Any], Ref[Any]]:
    """Those of ``refs`` that were merged away, each with the record that answers for it."""
    wanted = tuple(refs)
    if not wanted or not any(True for _ in snapshot.find(Query.of(MergeReceipt, limit=1))):
        return {}
    if len(wanted) > _FEW:
        gone = survivors_of(merges_in_force(snapshot))
        found = {ref: gone[ref] for ref in wanted if ref in gone}
    else:
        found = {ref: reading.forwarded(snapshot, ref) for ref in wanted}
    return {ref: survivor for ref, survivor in found.items() if survivor != ref}


def former(snapshot: Snapshot, kinds: Iterable[str]) -> Iterator[tuple[Record, Ref[Any]]]:
    """Every record of these kinds that was merged away, as it was, with what answers for it."""
    receipts = [one for one in merges_in_force(snapshot) if one.survivor.kind in frozenset(kinds)]
    answers = survivors_of(receipts)
    for one in receipts:
        yield from ((image, answers[image.ref]) for image in one.merged)


def merges_in_force(snapshot: Snapshot) -> tuple[MergeReceipt, ...]:
    """The receipts of all merges that were not taken back."""
    undone = {one.merge_id for one in snapshot.find(Query.of(UnmergeReceipt))}
    return tuple(in_force(tuple(snapshot.find(Query.of(MergeReceipt))), undone))
