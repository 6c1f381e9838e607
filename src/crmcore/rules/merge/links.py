"""Links: rows that link two records, and what becomes of those that a merge makes alike.

A link row is of an entity with several references that cascade: these are its ends. With the
required plain fields, such as the kind of a relation, they are its identity; rows that have a
period clash only where their periods meet. Of two rows that clash, the survivor's own stays and
takes over what the other has (laws M3 to M5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import attrs
from attrs import frozen

from crmcore.entities import Campaign, CampaignMember, Record
from crmcore.entities.ledger import Clash
from crmcore.fields import CASCADE, KEEP
from crmcore.findings import Finding, Findings, remark
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, describe
from crmcore.model.model import Model
from crmcore.model.references import field_references, repointed
from crmcore.rules.membership import further_status
from crmcore.rules.merge.golden import golden
from crmcore.rules.survivorship import Policy, Survivorship
from crmcore.values.ref import Ref

_UNITED = (
    Survivorship()
    .with_policy(None, "is_primary", Policy.ANY)
    .with_policy(None, "is_direct", Policy.ANY)
    .with_policy(None, "is_active", Policy.ANY)
    .with_policy(None, "first_responded_at", Policy.SMALLEST)
)
"""How two rows for one link become one, unless the policies in force say otherwise."""

_PERIOD = ("start_on", "end_on")


@frozen(kw_only=True)
class Row:
    """A link row: as it is stored, as it will be, and the rows that it takes over.

    ``rank`` is the place of the loser that it comes from, in the order of the merge, from 0 on;
    -1 where it stays with the survivor.
    """

    before: Record
    now: Record
    rank: int = -1
    absorbed: tuple[Row, ...] = ()

    @property
    def is_moved(self) -> bool:
        """Whether it was the link of a loser."""
        return self.rank >= 0

    @property
    def is_touched(self) -> bool:
        """Whether it was, or took over one that was."""
        return self.is_moved or bool(self.absorbed)

    @property
    def order(self) -> tuple[int, date, str]:
        """Rows of the survivor first, by period and id; then those of each loser likewise."""
        return self.rank, _span(self.now)[0], self.before.id


@frozen(kw_only=True)
class Links:
    """The link rows around a merge: those that remain, in groups of the same identity.

    ``replaced`` maps each row that goes to the one that stands for it (``None``: the row would
    link a record with itself).
    """

    groups: tuple[tuple[Row, ...], ...] = ()
    replaced: Mapping[Ref[Any], Ref[Any] | None] = {}
    clashes: tuple[Clash, ...] = ()
    findings: Findings = Findings()

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows that remain."""
        return tuple(row for group in self.groups for row in group)

    def with_rows(self, rows: Mapping[Ref[Any], Row]) -> Links:
        """The successor with these rows in place of those with the same reference."""
        groups = tuple(
            tuple(rows.get(row.before.ref, row) for row in group) for group in self.groups
        )
        return attrs.evolve(self, groups=groups)


def link_ends(schema: EntitySchema) -> tuple[FieldSchema, ...]:
    """The ends of a link row; none for an entity that is no link."""
    ends = tuple(
        one
        for one in schema.lookups
        if one.lookup is not None and one.lookup.on_delete is CASCADE and one.holds is Holds.ONE
    )
    return ends if len(ends) > 1 else ()


def link_identity(schema: EntitySchema) -> tuple[FieldSchema, ...]:
    """The fields by which two link rows are one link, periods apart: ends, required fields."""
    required = (
        one
        for one in schema.standard
        if one.is_required and one.lookup is None and one.holds is Holds.ONE
    )
    ends = link_ends(schema)
    return (*ends, *required) if ends else ()


def settled_links(
    rows: Iterable[Record],
    *,
    target: Mapping[Ref[Any], Ref[Any]],
    known: Mapping[Ref[Any], Record],
    model: Model,
    survivorship: Survivorship,
) -> Links:
    """What becomes of the link rows among ``rows`` once references move as ``target`` says.

    ``target`` maps each loser to the survivor, in the order of the merge, which is the order in
    which their rows are looked at; ``known`` has the campaigns.
    """
    rank = {ref: index for index, ref in enumerate(target)}
    groups: dict[tuple[Any, ...], list[Row]] = {}
    looped: list[Record] = []
    for record in rows:
        schema = model.schema_of(record)
        ends = link_ends(schema)
        if not ends:
            continue
        now = moved(record, schema, target)
        if len({end.value(now) for end in ends}) < len({end.value(record) for end in ends}):
            looped.append(record)
            continue
        identity = tuple(one.value(now) for one in link_identity(schema))
        place = min((rank[ref] for ref in _end_refs(record, ends) if ref in rank), default=-1)
        row = Row(before=record, now=now, rank=place)
        groups.setdefault((schema.kind, *identity), []).append(row)
    uniting = _Uniting(model=model, survivorship=_for_links(survivorship), known=known)
    settled = [uniting.settled(sorted(group, key=_order)) for group in groups.values()]
    found = [one for _, more in settled for one in more]
    return _told([group for group, _ in settled], looped, found)


def united_rows(
    kept: Record,
    others: Iterable[Record],
    *,
    model: Model,
    survivorship: Survivorship,
    known: Mapping[Ref[Any], Record],
) -> Record:
    """What the link row ``kept`` is once it stands for ``others`` too, taken over one by one."""
    uniting = _Uniting(model=model, survivorship=_for_links(survivorship), known=known)
    row = Row(before=kept, now=kept)
    for other in others:
        row = uniting.absorbed(row, Row(before=other, now=other), [])
    return row.now


def _order(row: Row) -> tuple[int, date, str]:
    return row.order


def _end_refs(record: Record, ends: Iterable[FieldSchema]) -> Iterator[Ref[Any]]:
    for one in ends:
        yield from field_references(record, one)


def moved(record: Record, schema: EntitySchema, target: Mapping[Ref[Any], Ref[Any]]) -> Record:
    """The record with every reference that follows re-pointed as ``target`` says."""
    for one in schema.lookups:
        if one.lookup is not None and one.lookup.on_merge is not KEEP:
            record = repointed(record, one, lambda ref: target.get(ref, ref))
    return record


def _for_links(survivorship: Survivorship) -> Survivorship:
    """The policies for link rows: their own basics, then what was declared for a field."""
    return attrs.evolve(_UNITED, policies=(*_UNITED.policies, *survivorship.policies))


@frozen(kw_only=True)
class _Uniting:
    """How rows of one identity become fewer."""

    model: Model
    survivorship: Survivorship
    known: Mapping[Ref[Any], Record]

    def settled(self, group: Sequence[Row]) -> tuple[tuple[Row, ...], list[Finding]]:
        """The rows that remain of a group; those that stay are never united with each other."""
        standing: list[Row] = []
        found: list[Finding] = []
        for row in group:
            at = _met(standing, row) if row.is_moved else None
            if at is None:
                standing.append(row)
            else:
                standing[at] = self.absorbed(standing[at], row, found)
        return tuple(self._distinct(standing, found)), found

    def _distinct(self, standing: Sequence[Row], found: list[Finding]) -> Iterable[Row]:
        """The same rows, but one only where uniting gave two of them the same period."""
        by_period: dict[Any, Row] = {}
        for index, row in enumerate(standing):
            period: Any = tuple(_day(row.now, name) for name in _PERIOD)
            first = by_period.get(period)
            if first is None:
                by_period[period] = row
            elif first.is_touched or row.is_touched:
                by_period[period] = self.absorbed(first, row, found)
            else:
                by_period[period, index] = row
        return by_period.values()

    def absorbed(self, kept: Row, other: Row, found: list[Finding]) -> Row:
        """The row ``kept`` with what ``other`` says besides."""
        one = golden((kept.now, other.now), model=self.model, survivorship=self.survivorship)
        now = _with_period(one.record, kept.now, other.now)
        rows = (kept.now, other.now)
        if isinstance(now, CampaignMember) and all(isinstance(row, CampaignMember) for row in rows):
            now = attrs.evolve(now, status=self._furthest(*rows, found))  # type: ignore[arg-type]  # as just seen
        return attrs.evolve(kept, now=now, absorbed=(*kept.absorbed, other))

    def _furthest(
        self, kept: CampaignMember, other: CampaignMember, found: list[Finding]
    ) -> str | None:
        campaign = self.known.get(Ref("campaign", kept.campaign_id))
        statuses = campaign.member_statuses if isinstance(campaign, Campaign) else ()
        if not isinstance(campaign, Campaign) and kept.status != other.status:
            found.append(
                remark(
                    "merge.status_guessed",
                    "which status is the further one is not known without the campaign",
                    ref=kept.ref,
                    path="status",
                    value=other.ref.id,
                )
            )
        return further_status(kept, other, statuses)


def _day(record: Record, name: str) -> date | None:
    day = getattr(record, name, None)
    return day if isinstance(day, date) else None


def _met(standing: Sequence[Row], row: Row) -> int | None:
    """The first row whose period meets that of ``row``; rows without periods always meet."""
    start, end = _span(row.now)
    for index, one in enumerate(standing):
        other_start, other_end = _span(one.now)
        if start <= other_end and other_start <= end:
            return index
    return None


def _span(record: Record) -> tuple[date, date]:
    return _day(record, "start_on") or date.min, _day(record, "end_on") or date.max


def _with_period(record: Record, kept: Record, other: Record) -> Record:
    """``record`` from the earlier start to the later end; an open one stays open."""
    if not all(hasattr(record, name) for name in _PERIOD):
        return record
    (start, end), (other_start, other_end) = _span(kept), _span(other)
    first, last = min(start, other_start), max(end, other_end)
    bounds = (None if first == date.min else first, None if last == date.max else last)
    for name, bound in zip(_PERIOD, bounds, strict=True):
        record = describe(type(record)).field(name).changed(record, bound)
    return record


def _told(
    groups: Sequence[tuple[Row, ...]], looped: Sequence[Record], found: Sequence[Finding]
) -> Links:
    """The outcome with its clashes, each with both rows as they are stored."""
    clashes: list[Clash] = []
    replaced: dict[Ref[Any], Ref[Any] | None] = {}
    findings = list(found)
    for row in (row for group in groups for row in group):
        for gone in _all_absorbed(row):
            clashes.append(Clash(kept=row.before, removed=gone.before))
            replaced[gone.before.ref] = row.before.ref
            text = "this link is there already: the other row took over what it said"
            findings.append(
                remark("merge.clash", text, ref=gone.before.ref, value=str(row.before.ref))
            )
    for record in looped:
        clashes.append(Clash(kept=None, removed=record))
        replaced[record.ref] = None
        text = "this row would link the survivor with itself, and goes"
        findings.append(remark("merge.self_link", text, ref=record.ref))
    return Links(
        groups=tuple(groups),
        replaced=replaced,
        clashes=tuple(clashes),
        findings=Findings(findings),
    )


def _all_absorbed(row: Row) -> list[Row]:
    """The rows that a row took over, and those that these had taken over before."""
    found = list(row.absorbed)
    for one in found:  # grows while it is walked
        found += one.absorbed
    return found
