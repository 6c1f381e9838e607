"""Undo: a conversion taken back, where nothing of it was changed since (law C21).

The receipt has every record as it was before the conversion and as the conversion left it. Where
one of them reads otherwise today, or something new refers to what the conversion made, somebody
went on working with it: that is never discarded, and the undo is refused with the list of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import (
    Change,
    ChangeSet,
    CheckNone,
    Delete,
    Insert,
    Update,
    differences,
)
from crmcore.entities import LEDGER
from crmcore.entities.lead import Lead
from crmcore.entities.ledger import ConversionReceipt, Judgement, OpportunityChange
from crmcore.entities.record import Record
from crmcore.errors import UsageError, shown
from crmcore.findings import Finding, Findings, error
from crmcore.model.model import Model
from crmcore.model.policies import Undo
from crmcore.query import F
from crmcore.query.referring import referring_query
from crmcore.rules.rule import Context
from crmcore.values.ids import UserId
from crmcore.values.ref import Ref

Known = Mapping[Ref[Any], Record]


@frozen(kw_only=True)
class UndoneConversion:
    """What taking a conversion back will do; ``lead`` is the lead as it will be again.

    Errors among the findings are what was done since; ``changes`` are empty then. ``receipt`` stays
    in the ledger, marked.
    """

    changes: ChangeSet
    findings: Findings
    receipt: ConversionReceipt
    lead: Lead

    @property
    def id(self) -> str:
        """The id of the receipt."""
        return self.receipt.id

    def __str__(self) -> str:
        rows = self._rows
        parts = [self._title, render.table(rows, columns=_COLUMNS) if rows else ""]
        parts += [str(self.findings)] if self.findings else []
        return "\n\n".join(part for part in parts if part)

    @property
    def _rows(self) -> list[tuple[str, Ref[Any]]]:
        return [(_verb(one), one.ref) for one in self.changes if one.ref.kind not in LEDGER]

    @property
    def _title(self) -> str:
        verb = "cannot be undone" if self.findings.errors else "is undone"
        return render.cut(f"the conversion of {self.lead.name or self.lead.ref} {verb}", 80)

    def _repr_html_(self) -> str:
        rows = self._rows
        tables = [render.html_table(rows, columns=_COLUMNS)] if rows else []
        tables += [self.findings._repr_html_()] if self.findings else []
        return render.html_section(self._title, *tables)


_COLUMNS = ("", "record")


def _verb(one: Change) -> str:
    match one:
        case Insert():
            return "comes back"
        case Delete():
            return "goes"
        case Update():
            return "as it was"


def undo_conversion(
    receipt: ConversionReceipt,
    *,
    context: Context,
    current: Known,
    referring: Iterable[Record],
) -> UndoneConversion:
    """Decide to take a conversion back: every record of it as it was; nothing is stored.

    ``current`` has the lead and the records that the receipt tells of as they are today;
    ``referring`` every record that refers to one that the conversion made. What was edited, added
    or merged since becomes an error each.

    Raises ``UsageError`` where the model does not allow it, and for a receipt that was undone.
    """
    _refuse(receipt, context.model)
    made = made_by(receipt)
    own = {one.ref for one in (*receipt.after, *receipt.before, receipt)}
    own.add(Ref("lead", receipt.lead_id))
    found = [*_edits(receipt, current), *_newer(made, own, referring)]
    lead = receipt.lead
    now = current.get(Ref("lead", receipt.lead_id))
    if not isinstance(lead, Lead) or not isinstance(now, Lead):
        raise UsageError("this receipt does not hold the lead as it was", receipt.id)
    marked = attrs.evolve(
        receipt,
        undone_at=context.now,
        undone_by=None if context.by is None else UserId(context.by),
    )
    before = attrs.evolve(lead, version=now.version)
    changes = () if found else (*_restored(receipt, current), Update(now, before))
    return UndoneConversion(
        changes=ChangeSet(
            (*changes, Update(receipt, marked)) if changes else (),
            _none_newer(made, own, context.model) if changes else (),
            reason=f"undo conversion {receipt.id}",
            by=context.by,
            at=context.now,
        ),
        findings=Findings(found),
        receipt=marked if changes else receipt,
        lead=before if changes else now,
    )


def made_by(receipt: ConversionReceipt) -> tuple[Ref[Any], ...]:
    """The records that the conversion made, receipt apart."""
    before = {one.ref for one in receipt.before}
    return tuple(one.ref for one in receipt.after if one.ref not in before)


def _refuse(receipt: ConversionReceipt, model: Model) -> None:
    if receipt.undone_at is not None:
        raise UsageError(
            "this conversion was undone already", receipt.id, "convert the lead again if need be"
        )
    if model.policies.undo_conversion is not Undo.ALLOWED:
        raise UsageError(
            "conversions are irreversible in this model",
            receipt.id,
            "allow it: model.with_policies(undo_conversion=Undo.ALLOWED)",
        )


def _edits(receipt: ConversionReceipt, current: Known) -> Iterator[Finding]:
    """What reads otherwise today than the conversion left it."""
    left = {one.ref: one for one in receipt.after}
    for ref, record in left.items():
        now = current.get(ref)
        if now is None:
            yield _edit(ref, "it was deleted or merged since", suggestion="")
        for path, _, value in () if now is None else _later(record, now):
            yield _edit(ref, "it was changed since", path=path, value=value)
    for one in receipt.before:
        if one.ref not in left and one.ref in current:
            yield _edit(one.ref, "it was made again since")


def _later(record: Record, now: Record) -> tuple[tuple[str, Any, Any], ...]:
    # the moment of creation is given by the commit, after the decision
    return differences(attrs.evolve(record, created_at=now.created_at), now)


def _edit(ref: Ref[Any], what: str, **rest: Any) -> Finding:
    rest.setdefault("suggestion", "undo that first, or leave the conversion as it is")
    return error("undo.changed", what, ref=ref, **rest)


def _newer(
    made: Iterable[Ref[Any]], own: set[Ref[Any]], referring: Iterable[Record]
) -> Iterator[Finding]:
    for one in referring:
        is_history = isinstance(one, OpportunityChange | Judgement)
        if one.ref in own or is_history or is_undone(one):
            continue
        names = ", ".join(map(str, made))
        yield _edit(one.ref, f"it came to refer to what the conversion made ({shown(names)})")


def is_undone(record: Record) -> bool:
    """Whether the record is the receipt of a conversion that was taken back."""
    return isinstance(record, ConversionReceipt) and record.undone_at is not None


def _restored(receipt: ConversionReceipt, current: Known) -> Iterator[Change]:
    """What puts every record back, the last change first."""
    before = {one.ref: one for one in receipt.before}
    for one in reversed(receipt.after):
        now, old = current[one.ref], before.pop(one.ref, None)
        if old is None:
            yield Delete(now)
        else:
            yield Update(now, attrs.evolve(old, version=now.version))
    for old in before.values():
        yield Insert(attrs.evolve(old, version=0))


def _none_newer(made: Iterable[Ref[Any]], own: set[Ref[Any]], model: Model) -> Iterator[CheckNone]:
    """That nothing new comes to refer to what goes, between planning and storing."""
    for ref in made:
        for kind in model.kinds:
            if model.schema(kind).entity in (OpportunityChange, Judgement, ConversionReceipt):
                continue
            known = sorted(one.id for one in own if one.kind == kind)
            for one in model.schema(kind).lookups:
                if one.lookup is None or not one.lookup.accepts(ref.kind):
                    continue
                query = referring_query(kind, one, ref)
                where = query.where & ~F.id.in_(known) if known else query.where
                yield CheckNone(attrs.evolve(query, where=where))
