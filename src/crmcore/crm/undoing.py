"""Undoing: what taking a conversion back needs to see, and which conversion is meant."""

from __future__ import annotations

from typing import Any

from crmcore.crm import gather, reading
from crmcore.entities import ConversionReceipt, MergeReceipt, Record
from crmcore.errors import UsageError
from crmcore.ports import Snapshot
from crmcore.query import F, Query
from crmcore.rules.conversion import LeadConversion, UndoneConversion, undo_conversion
from crmcore.rules.conversion.undo import made_by
from crmcore.rules.rule import Context
from crmcore.values.ref import Ref

Receipt = ConversionReceipt | LeadConversion | Ref[Any] | str
"""A conversion, its receipt, or the receipt's reference or id."""


def undo(snapshot: Snapshot, context: Context, receipt: Receipt) -> UndoneConversion:
    """Decide to take a conversion back; see ``Crm.undo``."""
    stored = _receipt(snapshot, context, receipt)
    refs = [one.ref for one in (*stored.before, *stored.after)]
    current = gather.fetch(snapshot, [*refs, Ref("lead", stored.lead_id)], context.model)
    referring = gather.referring(snapshot, made_by(stored), context.model)
    return undo_conversion(stored, context=context, current=current, referring=referring.values())


def _receipt(snapshot: Snapshot, context: Context, what: Any) -> ConversionReceipt:
    if isinstance(what, MergeReceipt):
        raise UsageError("this is the receipt of a merge", what.id, "use crm.unmerge")
    if isinstance(what, LeadConversion):
        what = what.receipt
    if isinstance(what, Record | Ref):
        ref = what.ref if isinstance(what, Record) else what
        if ref.kind != "conversion_receipt":
            raise UsageError("only a conversion can be undone", ref, "pass its receipt")
        what = ref.id
    return reading.get(snapshot, context.model, ConversionReceipt, what)


def receipts_of(snapshot: Snapshot, ref: Ref[Any]) -> list[ConversionReceipt]:
    """The receipts of the conversions that a record went through or came from, oldest first.

    What was merged into the record counts as the record.
    """
    ids, frontier = {ref.id}, [ref]
    while frontier:
        query = Query.of(MergeReceipt, F.survivor == frontier.pop())
        for merge in snapshot.find(query):
            fresh = [one for one in merge.losers if one.id not in ids]
            ids |= {one.id for one in fresh}
            frontier += fresh
    if ref.kind not in ("lead", "account", "contact", "opportunity"):
        return []
    path = F[f"{ref.kind}_id"]
    found = snapshot.find(Query.of(ConversionReceipt, path.in_(sorted(ids))))
    return sorted(found, key=lambda one: (one.version, one.id))
