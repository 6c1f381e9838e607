"""Plan: the decision to convert a lead, to be read before it is stored, and its receipt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet, Delete, Insert
from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.entities.ledger import ConversionReceipt, Fate, Transfer
from crmcore.entities.opportunity import Opportunity
from crmcore.entities.record import Record
from crmcore.errors import CrmError, shown
from crmcore.findings import Findings
from crmcore.rules.conversion.accounting import FATES, fates
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref


@frozen
class AlreadyConvertedError(CrmError):
    """The lead was converted before, and a lead is converted once (law C4).

    ``became`` are the records it became, ``receipt`` the account of it (``None``: not at hand).
    """

    lead_id: str
    became: tuple[Ref[Any], ...] = ()
    receipt: ConversionReceipt | None = None

    def __str__(self) -> str:
        became = ", ".join(map(str, self.became)) or "nothing that it still names"
        when = self.receipt.converted_at if self.receipt is not None else None
        date = "" if when is None else f" on {when.date().isoformat()}"
        return (
            f"the lead {shown(self.lead_id)} was converted{date}, into {became}: "
            "work with these, or enter a new lead"
        )


@frozen(kw_only=True)
class LeadConversion:
    """What a conversion will do: ``changes`` to store, ``findings``, and the ``receipt``.

    ``account``, ``contact`` and ``opportunity`` are the records as they will be (``None``: there
    is no such part); ``offers`` are stored records that what is made probably is already, the best
    first: each can be passed as the target instead. An error among the findings leaves ``changes``
    empty; the receipt then tells what would have been.
    """

    changes: ChangeSet
    findings: Findings
    receipt: ConversionReceipt
    account: Account | None = None
    contact: Contact | None = None
    opportunity: Opportunity | None = None
    offers: tuple[Ref[Any], ...] = ()

    @property
    def id(self) -> str:
        """The id of the receipt."""
        return self.receipt.id

    def recorded(self, changes: ChangeSet) -> LeadConversion:
        """The same decision with ``changes``, its receipt telling of every record they write."""
        others = [one for one in changes if one.ref not in (self.receipt.ref, _lead(self.receipt))]
        receipt = attrs.evolve(
            self.receipt,
            before=tuple(one.before for one in others if not isinstance(one, Insert)),
            after=tuple(one.after for one in others if not isinstance(one, Delete)),
        )
        told = [Insert(receipt) if one.ref == receipt.ref else one for one in changes]
        return attrs.evolve(self, changes=attrs.evolve(changes, changes=told), receipt=receipt)

    @property
    def fates(self) -> FrozenMap[Fate]:
        """The one bucket of each lead field that had a value; see ``fates``."""
        return fates(self.receipt.transfers)

    def __str__(self) -> str:
        receipt = self.receipt
        parts = [self._title, _decided(receipt.decisions)]
        parts.append(render.table(_rows(receipt.transfers), columns=_COLUMNS))
        parts.append(self._totals)
        if receipt.moved:
            parts.append(render.table(_moves(receipt), columns=_MOVES))
        parts += [f"{removed} joined {kept}" for removed, kept in _clashes(receipt)]
        if self.findings:
            named = [(one.severity.name.lower(), _sentence(one)) for one in self.findings]
            parts.append(render.key_values(named))
        return "\n\n".join(parts)

    @property
    def _title(self) -> str:
        receipt = self.receipt
        who = receipt.lead_id if receipt.lead is None else _name(receipt.lead)
        if self.findings.errors:
            return render.cut(f"{who} cannot be converted", 80)
        if self.changes or receipt.converted_at is None:
            return render.cut(f"{who} is converted", 80)
        undone = receipt.undone_at
        end = "" if undone is None else f"; undone on {undone.date().isoformat()}"
        return f"{render.cut(who, 40)} was converted on {receipt.converted_at.date()}{end}"

    @property
    def _totals(self) -> str:
        counted = list(self.fates.values())
        each = ", ".join(f"{counted.count(fate)} {fate.value}" for fate in FATES)
        return f"{len(counted)} values: {each}"

    def _repr_html_(self) -> str:
        receipt = self.receipt
        tables = [
            render.html_table(
                [tuple(_split(one)) for one in receipt.decisions], columns=("part", "decision")
            ),
            render.html_table(
                list(_beside(receipt.transfers)),
                columns=_SIDES,
                caption=f"{self._totals} (+ is new there, = stays as it was)",
            ),
        ]
        if receipt.moved:
            tables.append(render.html_table(_moves(receipt), columns=_MOVES))
        if receipt.clashes:
            columns = ("membership", "joined")
            tables.append(render.html_table(_clashes(receipt), columns=columns))
        if self.findings:
            tables.append(self.findings._repr_html_())
        return render.html_section(self._title, *tables)


def _lead(receipt: ConversionReceipt) -> Ref[Any]:
    return Ref("lead", receipt.lead_id)


_COLUMNS = ("lead field", "value", "becomes")
_SIDES = ("lead field", "value", "account", "contact", "opportunity", "otherwise")
_MOVES = ("record", "field", "now refers to")


def _name(lead: Record) -> str:
    names = (getattr(lead, "name", None), getattr(lead, "company", None))
    return " of ".join(str(one) for one in names if one is not None) or str(lead.ref)


def _split(decision: str) -> tuple[str, str]:
    part, _, why = decision.partition(": ")
    return (part, why)


def _decided(decisions: Iterable[str]) -> str:
    return render.key_values(_split(one) for one in decisions)


def _rows(transfers: Iterable[Transfer]) -> Iterator[tuple[object, ...]]:
    """A line for each transfer, those of one lead field together under its name and value."""
    by_field: dict[str, list[Transfer]] = {}
    for one in transfers:
        by_field.setdefault(one.field, []).append(one)
    for path, group in by_field.items():
        for place, text in enumerate(dict.fromkeys(map(_became, group))):
            yield (path, group[0].value, text) if place == 0 else ("", "", text)


def _beside(transfers: Iterable[Transfer]) -> Iterator[tuple[object, ...]]:
    """The lead beside what it becomes: a line for each field, a column for each target.

    ``+`` marks a value that is new there, ``=`` one that stays, and what went nowhere says why.
    """
    by_field: dict[str, list[Transfer]] = {}
    for one in transfers:
        by_field.setdefault(one.field, []).append(one)
    for path, group in by_field.items():
        cells = dict.fromkeys(_SIDES[2:], "")
        for one in group:
            if one.target is not None:
                cells[one.target.kind] = _cell(one)
            elif not cells["otherwise"]:
                cells["otherwise"] = _became(one)
        yield (path, group[0].value, *cells.values())


def _cell(one: Transfer) -> str:
    over = "the same" if one.over == one.value else render.plain(one.over)
    if one.fate is Fate.COPIED:
        return f"+ {one.target_field}" + ("" if one.over is None else f", was {over}")
    return f"= {one.target_field}: {over}"


def _became(one: Transfer) -> str:
    """What became of a value, in words: ``contact.phone``, ``kept: contact.phone is 123``."""
    place = "" if one.target is None else f"{one.target.kind}.{one.target_field}"
    over = render.plain(one.over)
    match one.fate:
        case Fate.COPIED:
            return place if one.over is None else f"{place}, {one.why}: it was {over}"
        case Fate.KEPT:
            return f"kept: {place} is " + ("the same" if one.over == one.value else over)
        case _:
            return f"{one.fate.value}: {one.why}" + ("" if one.over is None else f": {over}")


def _moves(receipt: ConversionReceipt) -> Iterator[tuple[object, ...]]:
    for one in receipt.moved:
        yield (one.ref, one.field, one.after)


def _clashes(receipt: ConversionReceipt) -> Iterator[tuple[object, object]]:
    for one in receipt.clashes:
        if one.kept is not None:
            yield (one.removed.ref, one.kept.ref)


def _sentence(one: Any) -> str:
    place = f" ({one.path})" if one.path else ""
    return f"{one.message}{place}" + (f"; {one.suggestion}" if one.suggestion else "")
