"""Erasure: a person's data removed wherever it stands, while figures stay countable (law M22).

A record stays as a shell: its id, its references, its flags, dates of business and picklists count
on, but nothing in it identifies anybody. The same is done to the records that were merged into it,
as they stand in receipts, to the leads it came from, and to what was written about the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

import attrs
from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet, Update
from crmcore.entities import (
    LEDGER,
    Activity,
    Attachment,
    ConversionReceipt,
    Judgement,
    MergeReceipt,
    Record,
    Touch,
    UnmergeReceipt,
)
from crmcore.entities.ledger import Clash, Rewritten, Stayed, Transfer
from crmcore.fields import Checkbox, Date, DateTime, MultiPicklist, Picklist, Text
from crmcore.findings import Findings
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.model.references import references
from crmcore.rules.rule import Context
from crmcore.values import FrozenMap, PersonName
from crmcore.values.ref import Ref

REASON: Final = "erase a person"
"""The reason of the commit of an erasure: whoever reads the journal past it may miss changes."""

ERASED = "(erased)"
"""What stands where there must be a text."""


class Forgotten(Enum):
    """Whether the store forgot what it had kept of the past."""

    NOT_ASKED = "nothing was stored yet"
    DONE = "the store forgot its past of these records"
    NO_PAST = "the store keeps no past"
    CANNOT = "the store keeps a past that it cannot forget"


@frozen(kw_only=True)
class Erasure:
    """The data of a person is removed: a preview until its changes are committed.

    ``subjects`` are the records that were the person: the record, those merged into it, the leads
    that became it. ``rewritten`` counts the records of each kind in which something was removed.
    ``to_review`` are other records that refer to the person and have texts of their own, which
    nobody can judge but people. ``journal`` says what the store did about its past.
    """

    changes: ChangeSet
    findings: Findings
    subjects: tuple[Ref[Any], ...]
    rewritten: FrozenMap[int]
    to_review: tuple[Ref[Any], ...]
    journal: Forgotten = Forgotten.NOT_ASKED

    def __str__(self) -> str:
        title = f"erasure of {self.subjects[0]}"
        return "\n".join([title, "", render.key_values(self._rows())])

    def _repr_html_(self) -> str:
        rows = render.html_table(self._rows(), columns=("what", "which"))
        return render.html_section(f"erasure of {self.subjects[0]}", rows)

    def _rows(self) -> Iterator[tuple[str, str]]:
        yield "the person was", ", ".join(map(str, self.subjects))
        listed = ", ".join(f"{count} {kind}" for kind, count in self.rewritten.items())
        yield "records rewritten", listed or "none"
        yield "past", self.journal.value
        for ref in self.to_review:
            yield "look at", f"{ref}: it refers to the person and has texts of its own"


def erase(
    subjects: Iterable[Record],
    *,
    around: Iterable[Record],
    gone: Iterable[Ref[Any]] = (),
    context: Context,
) -> Erasure:
    """The decision that nothing stored identifies the person any more.

    ``subjects`` are the stored records of the person, the one asked for first; ``gone`` the
    references of those that were merged into them. ``around`` has every record that refers to any
    of these, and every ledger row that has an image of one.
    """
    stored = tuple(subjects)
    own = frozenset((*(one.ref for one in stored), *gone))
    work = _Work(model=context.model, own=own)
    rows = {one.ref: one for one in around if one.ref not in own}
    updates: list[Update] = []
    review: list[Ref[Any]] = []
    for record in (*stored, *rows.values()):
        shell = work.shell(record) if record.ref in own else work.without(record)
        if shell != record:
            updates.append(Update(record, shell))
        elif record.ref.kind not in LEDGER and work.has_texts(record):
            review.append(record.ref)
    counts = Counter(one.ref.kind for one in updates)
    return Erasure(
        changes=ChangeSet(updates, reason=REASON, by=context.by, at=context.now),
        findings=Findings(),
        subjects=(*(one.ref for one in stored), *sorted(own - {one.ref for one in stored})),
        rewritten=FrozenMap(dict(sorted(counts.items()))),
        to_review=tuple(sorted(review)),
    )


@frozen(kw_only=True)
class _Work:
    """What is needed to empty a record."""

    model: Model
    own: frozenset[Ref[Any]]

    def shell(self, record: Record) -> Record:
        """The record without anything that identifies somebody."""
        if not self.model.has(type(record)):
            return record
        schema = self.model.schema_of(record)
        kept = {one.name for one in schema.custom if one.lookup is not None}
        custom = {key: value for key, value in record.custom.items() if key in kept}
        values = {
            one.name: _emptied(one, one.value(record), is_own=record.ref in self.own)
            for one in schema.standard
            if not one.is_system and one.name != "custom"
        }
        return attrs.evolve(record, **{**values, "custom": custom})

    def without(self, record: Record) -> Record:
        """A record around the person without what it says of them."""
        match record:
            case MergeReceipt():
                return self._merge(record)
            case ConversionReceipt():
                return self._conversion(record)
            case UnmergeReceipt():
                return attrs.evolve(record, stayed=map(self._stayed, record.stayed))
            case Judgement():
                about = not self.own.isdisjoint((record.first, record.second))
                return attrs.evolve(record, reason=None) if about else record
            case Activity() | Touch() | Attachment():
                said = any(ref in self.own for _, ref in self._references(record))
                return self.shell(record) if said else record
        return record

    def has_texts(self, record: Record) -> bool:
        """Whether somebody may have written something about the person into it."""
        schema = self.model.schema_of(record)
        texts = (one for one in schema if isinstance(one.meaning, Text) and not one.is_system)
        return any(one.value(record) for one in texts if one.holds is Holds.ONE)

    def _references(self, record: Record) -> Iterator[tuple[FieldSchema, Ref[Any]]]:
        if self.model.has(type(record)):
            yield from references(record, self.model.schema_of(record))

    def _image(self, record: Record) -> Record:
        return self.shell(record) if record.ref in self.own else record

    def _merge(self, receipt: MergeReceipt) -> MergeReceipt:
        return attrs.evolve(
            receipt,
            before=None if receipt.before is None else self._image(receipt.before),
            after=None if receipt.after is None else self._image(receipt.after),
            merged=map(self._image, receipt.merged),
            transfers=[
                self._transfer(one, is_own=receipt.survivor in self.own)
                for one in receipt.transfers
            ],
            clashes=map(self._clash, receipt.clashes),
            rewritten=[
                Rewritten(before=self._image(one.before), after=self._image(one.after))
                for one in receipt.rewritten
            ],
            ended=map(self._image, receipt.ended),
        )

    def _conversion(self, receipt: ConversionReceipt) -> ConversionReceipt:
        lead = receipt.lead
        is_own = Ref("lead", receipt.lead_id) in self.own
        return attrs.evolve(
            receipt,
            lead=None if lead is None else self._image(lead),
            transfers=[self._transfer(one, is_own=is_own) for one in receipt.transfers],
            clashes=map(self._clash, receipt.clashes),
            decisions=(ERASED,) if is_own and receipt.decisions else receipt.decisions,
        )

    def _clash(self, clash: Clash) -> Clash:
        kept = None if clash.kept is None else self._image(clash.kept)
        return Clash(kept=kept, removed=self._image(clash.removed))

    def _transfer(self, one: Transfer, *, is_own: bool) -> Transfer:
        if not is_own and self.own.isdisjoint(ref for ref in (one.source, one.target) if ref):
            return one
        if isinstance(one.value, Ref | bool):
            return one
        over = None if one.over is None else ERASED
        target = None if one.target_field is None else _plain(one.target_field)
        return attrs.evolve(
            one, field=_plain(one.field), value=ERASED, over=over, target_field=target
        )

    def _stayed(self, one: Stayed) -> Stayed:
        if one.ref not in self.own:
            return one
        return attrs.evolve(one, own=_told(one.own), value=_told(one.value))


def _plain(path: str) -> str:
    """The path without the key of a map, which may say something itself."""
    head, _, key = path.partition(".")
    return f"{head}.{ERASED}" if key and head == "external_ids" else path


def _told(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | Ref) else ERASED


_BUSINESS = ("source", "medium", "status", "kind")
"""Texts that name a channel or a state, by which figures are counted."""


def _emptied(one: FieldSchema, value: Any, *, is_own: bool) -> Any:
    """The value of a field once it identifies nobody; days count on but for the person's own."""
    if value is None or one.lookup is not None or one.name in _BUSINESS:
        return value
    if isinstance(one.meaning, Date) and not is_own:
        return value
    if one.holds is not Holds.ONE:
        return FrozenMap() if one.holds is Holds.MAP else type(value)()
    if isinstance(one.meaning, Checkbox | Picklist | MultiPicklist | DateTime):
        return value
    if one.is_optional:
        return None
    if one.python is PersonName:
        return PersonName(family=ERASED)
    return ERASED if one.python is str else value


def images_of(row: Record) -> Iterator[Record]:
    """The whole records that a receipt holds."""
    if isinstance(row, MergeReceipt):
        yield from (one for one in (row.before, row.after) if one is not None)
        yield from (*row.merged, *row.ended)
        yield from (image for one in row.rewritten for image in (one.before, one.after))
    if isinstance(row, ConversionReceipt) and row.lead is not None:
        yield row.lead
    if isinstance(row, MergeReceipt | ConversionReceipt):
        sides = (side for clash in row.clashes for side in (clash.kept, clash.removed))
        yield from (side for side in sides if side is not None)


def is_about(row: Record, own: Mapping[Ref[Any], Any] | frozenset[Ref[Any]]) -> bool:
    """Whether a receipt has an image, or a value, of one of these records."""
    if any(one.ref in own for one in images_of(row)):
        return True
    if isinstance(row, UnmergeReceipt):
        return any(one.ref in own for one in row.stayed)
    if isinstance(row, MergeReceipt | ConversionReceipt):
        return any(one.source in own or one.target in own for one in row.transfers)
    return False
