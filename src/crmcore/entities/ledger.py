"""The ledger: receipts of conversions, merges and unmerges, judgements, the history of deals.

Ledger rows say what was decided. They are only ever added (a receipt is marked when what it tells
of is undone), and their references are historic: a merge does not move them, and readers resolve
them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

from attrs import field, frozen

from crmcore.entities.record import Record, plain_tuple, text_tuple
from crmcore.fields import KEEP, DateTime, Lookup
from crmcore.values.ids import (
    AccountId,
    ContactId,
    ConversionReceiptId,
    JudgementId,
    LaterEditId,
    LeadId,
    MergeReceiptId,
    OpportunityChangeId,
    OpportunityId,
    UnmergeReceiptId,
    UserId,
    new_id,
)
from crmcore.values.money import Money
from crmcore.values.ref import Ref


def new_conversion_receipt_id() -> ConversionReceiptId:
    """A fresh id for a conversion receipt."""
    return ConversionReceiptId(new_id())


def new_merge_receipt_id() -> MergeReceiptId:
    """A fresh id for a merge receipt."""
    return MergeReceiptId(new_id())


def new_unmerge_receipt_id() -> UnmergeReceiptId:
    """A fresh id for an unmerge receipt."""
    return UnmergeReceiptId(new_id())


def new_later_edit_id() -> LaterEditId:
    """A fresh id for a later edit."""
    return LaterEditId(new_id())


def new_judgement_id() -> JudgementId:
    """A fresh id for a judgement."""
    return JudgementId(new_id())


def new_opportunity_change_id() -> OpportunityChangeId:
    """A fresh id for a change of an opportunity."""
    return OpportunityChangeId(new_id())


def _transfers(given: Iterable[Transfer]) -> tuple[Transfer, ...]:
    return plain_tuple(given)


def _moved(given: Iterable[Moved]) -> tuple[Moved, ...]:
    return plain_tuple(given)


def _clashes(given: Iterable[Clash]) -> tuple[Clash, ...]:
    return plain_tuple(given)


def _rewritten(given: Iterable[Rewritten]) -> tuple[Rewritten, ...]:
    return plain_tuple(given)


def _stayed(given: Iterable[Stayed]) -> tuple[Stayed, ...]:
    return plain_tuple(given)


def _records(given: Iterable[Record]) -> tuple[Record, ...]:
    return plain_tuple(given)


def _refs(given: Iterable[Ref[Record]]) -> tuple[Ref[Record], ...]:
    return plain_tuple(given)


class Fate(Enum):
    """What became of a value: the buckets of a receipt."""

    COPIED = "copied"
    """It stands on a target now."""
    KEPT = "kept"
    """The target had a value of its own, which stays."""
    UNMAPPED = "unmapped"
    """No rule carries it; it stays where it was, and here."""
    DROPPED = "dropped"
    """A rule decided against it."""


@frozen(kw_only=True)
class Transfer:
    """What became of one value.

    ``value`` of ``field`` of ``source`` went to ``target_field`` of ``target`` (both ``None`` where
    it went nowhere); ``over`` is the other value that stood or stands there, ``why`` the rule.
    """

    field: str
    value: Any
    fate: Fate
    source: Ref[Any]
    target: Ref[Any] | None = None
    target_field: str | None = None
    over: Any = None
    why: str = ""


@frozen(kw_only=True)
class Moved:
    """That ``field`` of the record ``ref`` pointed to ``before`` and points to ``after`` now."""

    ref: Ref[Any]
    field: str
    before: Ref[Any]
    after: Ref[Any]


@frozen(kw_only=True)
class Clash:
    """Two link rows that became the same link: ``kept`` stays, ``removed`` goes, both whole.

    ``kept`` is the row as it was before it took over anything from the other; ``None`` where
    nothing stays, as ``removed`` would have linked a record with itself.
    """

    kept: Record | None
    removed: Record


@frozen(kw_only=True)
class ConversionReceipt(Record):
    """What a lead conversion did, value by value and reference by reference.

    ``lead`` is the lead as it was; the ids name what it became (``None``: that part was skipped).
    ``decisions`` tells in words which account, contact and deal were chosen, and why. ``before``
    has the other records that it changed or removed, as they were, ``after`` those that it made or
    changed, as it left them. ``undone_at`` is ``None`` unless the conversion was taken back.
    """

    id: ConversionReceiptId = field(factory=new_conversion_receipt_id)
    lead_id: Annotated[LeadId, Lookup("lead", on_merge=KEEP)]
    account_id: Annotated[AccountId | None, Lookup("account", on_merge=KEEP)] = None
    contact_id: Annotated[ContactId | None, Lookup("contact", on_merge=KEEP)] = None
    opportunity_id: Annotated[OpportunityId | None, Lookup("opportunity", on_merge=KEEP)] = None
    converted_at: Annotated[datetime | None, DateTime()] = None
    converted_by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None
    lead: Record | None = None
    transfers: tuple[Transfer, ...] = field(default=(), converter=_transfers)
    moved: tuple[Moved, ...] = field(default=(), converter=_moved)
    clashes: tuple[Clash, ...] = field(default=(), converter=_clashes)
    decisions: tuple[str, ...] = field(default=(), converter=text_tuple)
    before: tuple[Record, ...] = field(default=(), converter=_records)
    after: tuple[Record, ...] = field(default=(), converter=_records)
    undone_at: Annotated[datetime | None, DateTime()] = None
    undone_by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None


@frozen(kw_only=True)
class Rewritten:
    """A record around a merge, of which more changed than single references that moved."""

    before: Record
    after: Record


@frozen(kw_only=True)
class MergeReceipt(Record):
    """What a merge did: every merged record whole, every value's fate, every reference moved.

    ``before`` and ``after`` are the survivor as it was and as it became, ``merged`` the records
    that are gone, in the order given. ``chosen`` are the paths of fields whose value the caller
    chose. ``heirs`` are the link rows that stand for others, ``removed`` those that are gone.
    ``ended`` and ``begun`` are the derived rows, direct relations, that went and came with it.
    ``turn`` is its place among the ledger rows of one commit, from 0 on.
    """

    id: MergeReceiptId = field(factory=new_merge_receipt_id)
    survivor: Annotated[Ref[Record], Lookup(on_merge=KEEP)]
    losers: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(converter=_refs)
    merged_at: Annotated[datetime | None, DateTime()] = None
    merged_by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None
    before: Record | None = None
    after: Record | None = None
    merged: tuple[Record, ...] = field(default=(), converter=_records)
    chosen: tuple[str, ...] = field(default=(), converter=text_tuple)
    transfers: tuple[Transfer, ...] = field(default=(), converter=_transfers)
    moved: tuple[Moved, ...] = field(default=(), converter=_moved)
    clashes: tuple[Clash, ...] = field(default=(), converter=_clashes)
    rewritten: tuple[Rewritten, ...] = field(default=(), converter=_rewritten)
    heirs: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(
        default=(), converter=_refs
    )
    removed: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(
        default=(), converter=_refs
    )
    ended: tuple[Record, ...] = field(default=(), converter=_records)
    begun: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(
        default=(), converter=_refs
    )
    turn: int = 0


@frozen(kw_only=True)
class Stayed:
    """What an unmerge did not give back: ``field`` of the record ``ref``, and why.

    ``own`` is the value that it would have had, ``value`` the one that it has. ``is_waiting`` says
    that another merge is in the way: it gets its own value once that one is taken back too.
    """

    ref: Ref[Any]
    field: str
    own: Any
    value: Any
    why: str
    is_waiting: bool = False


@frozen(kw_only=True)
class UnmergeReceipt(Record):
    """That a merge was taken back: what was restored, what was given back, and what stayed.

    ``given_back`` has the references that point to a restored record again. ``led_on`` has those of
    restored records that merges still in force lead elsewhere: ``before`` is the record that was
    named at first, ``after`` the one that answers for it. ``through`` are these merges. ``waiting``
    are the survivors that something waits for, which stays only as long as they are one record.
    ``begun`` are the derived rows, direct relations, that came with it.
    """

    id: UnmergeReceiptId = field(factory=new_unmerge_receipt_id)
    merge_id: Annotated[MergeReceiptId, Lookup("merge_receipt", on_merge=KEEP)]
    survivor: Annotated[Ref[Record], Lookup(on_merge=KEEP)]
    restored: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(
        default=(), converter=_refs
    )
    unmerged_at: Annotated[datetime | None, DateTime()] = None
    unmerged_by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None
    given_back: tuple[Moved, ...] = field(default=(), converter=_moved)
    led_on: tuple[Moved, ...] = field(default=(), converter=_moved)
    through: Annotated[tuple[MergeReceiptId, ...], Lookup("merge_receipt", on_merge=KEEP)] = field(
        default=(), converter=text_tuple
    )
    stayed: tuple[Stayed, ...] = field(default=(), converter=_stayed)
    waiting: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(
        default=(), converter=_refs
    )
    begun: Annotated[tuple[Ref[Record], ...], Lookup(on_merge=KEEP)] = field(
        default=(), converter=_refs
    )
    turn: int = 0


@frozen(kw_only=True)
class LaterEdit(Record):
    """That a command other than a merge or unmerge set fields on which a merge has a claim.

    ``fields`` are their paths (none: all of them, as the record was deleted). What was set so is
    the record's own from then on, and no unmerge changes it.
    """

    id: LaterEditId = field(factory=new_later_edit_id)
    record: Annotated[Ref[Record], Lookup(on_merge=KEEP)]
    fields: tuple[str, ...] = field(default=(), converter=text_tuple)
    at: Annotated[datetime | None, DateTime()] = None
    by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None
    turn: int = 0


class Verdict(Enum):
    """What somebody decided about two records."""

    DUPLICATE = "duplicate"
    NOT_DUPLICATE = "not_duplicate"


@frozen(kw_only=True)
class Judgement(Record):
    """That somebody looked at two records and said whether they are one."""

    id: JudgementId = field(factory=new_judgement_id)
    first: Annotated[Ref[Record], Lookup(on_merge=KEEP)]
    second: Annotated[Ref[Record], Lookup(on_merge=KEEP)]
    verdict: Verdict
    reason: str | None = None
    judged_at: Annotated[datetime | None, DateTime()] = None
    judged_by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None


@frozen(kw_only=True)
class DealState:
    """The fields of a deal whose history is kept."""

    pipeline: str
    stage: str
    amount: Money | None = None
    probability: Decimal | None = None
    forecast_category: str | None = None
    close_on: date | None = None
    owner_id: str | None = None
    account_id: str | None = None


@frozen(kw_only=True)
class OpportunityChange(Record):
    """One commit's change of a deal: no ``before`` when it was made, no ``after`` when deleted.

    Written by the same commit as the change, so the rows of a deal, in the order of their
    versions, form a chain without gaps. ``is_imported`` says that the change happened elsewhere,
    before the commit that tells of it; several such rows of a deal may come by one commit.
    """

    id: OpportunityChangeId = field(factory=new_opportunity_change_id)
    opportunity_id: Annotated[OpportunityId, Lookup("opportunity", on_merge=KEEP)]
    at: Annotated[datetime | None, DateTime()] = None
    by: Annotated[UserId | None, Lookup("user", on_merge=KEEP)] = None
    before: DealState | None = None
    after: DealState | None = None
    is_imported: bool = False
