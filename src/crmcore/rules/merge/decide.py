"""Merging: several records become one, and every reference to them follows.

Pure: the records go in, the decision comes out, and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from crmcore.changes import Change, ChangeSet, Delete, Insert, Update
from crmcore.entities import MergeReceipt, Record
from crmcore.entities.ledger import Moved, Transfer
from crmcore.fields import KEEP
from crmcore.findings import Finding, Findings, ModelError, error, remark
from crmcore.model.references import field_references
from crmcore.rules.merge.case import Case
from crmcore.rules.merge.checks import not_given, relied_on
from crmcore.rules.merge.claims import with_claims
from crmcore.rules.merge.contract import Contracted, contracted, require_no_loop
from crmcore.rules.merge.decision import Merge
from crmcore.rules.merge.golden import CHOSEN, Golden, fields_of, golden
from crmcore.rules.merge.guards import person_findings, require_mergeable
from crmcore.rules.merge.links import Links, moved, settled_links
from crmcore.rules.merge.single import single
from crmcore.rules.merge.transfers import transfers
from crmcore.rules.rule import Context
from crmcore.rules.survivorship import STANDARD_SURVIVORSHIP, Survivorship
from crmcore.values.ids import MergeReceiptId, UserId
from crmcore.values.ref import Ref


def merge(
    survivor: Record,
    losers: Iterable[Record],
    *,
    context: Context,
    referring: Iterable[Record] = (),
    related: Iterable[Record] = (),
    survivorship: Survivorship = STANDARD_SURVIVORSHIP,
    choose: Mapping[str, Any] | None = None,
) -> Merge:
    """The decision that ``losers`` become part of ``survivor``.

    ``referring`` has every record with a reference to a loser, the link rows of the survivor, and
    what refers to any of these link rows; others, and the merged records themselves, do no harm.
    ``related`` has what else is to be seen: the ancestors of the merged records in every tree (a
    parent that is not given is taken for one that is not stored, and the commit fails if it is),
    and the campaigns of campaign members. The order of the losers is the order in which they fill
    gaps.

    ``choose`` maps the path of a field to its value, or to one of the merged records (or its
    reference) whose value is taken.

    References that follow move to the survivor, historic ones stay (law M1); link rows that become
    alike are united (laws M3 to M5); a loop is contracted, or refused where the caller chose it
    (M12). Raises ``MergeError`` for records that cannot become one, ``CycleError`` with the path,
    ``ModelError`` for policies that do not fit the model, ``UnknownNameError`` and ``UsageError``
    for choices that cannot be made. What else stands in the way is an error among the findings.
    """
    records = (survivor, *losers)
    require_mergeable(survivor, records[1:], model=context.model)
    unfit = survivorship.check(context.model)
    if unfit:
        raise ModelError("survivorship", unfit)
    case = Case.of(records, referring, related, context=context, survivorship=survivorship)
    schema = fields_of(records, context.model.schema_of(survivor))
    contraction = contracted(records, schema=schema, known=case.known)
    outcome = golden(
        contraction.records, model=context.model, survivorship=survivorship, choose=choose
    )
    above = require_no_loop(outcome.record, case.target, schema=schema, known=case.known)
    told = transfers(
        records,
        outcome=outcome,
        contraction=contraction,
        schema=schema,
        survivorship=survivorship,
    )
    return _Outcome(
        case=case,
        contraction=contraction,
        outcome=outcome,
        walked=contraction.walked | above,
        told=told,
    ).decided()


@frozen(kw_only=True)
class _Outcome:
    """The survivor is decided; what follows is what the records around it become."""

    case: Case
    contraction: Contracted
    outcome: Golden
    walked: frozenset[Ref[Any]]
    told: tuple[Transfer, ...]

    def decided(self) -> Merge:
        """The decision."""
        case, golden_record = self.case, self.outcome.record
        known = {**case.known, golden_record.ref: golden_record}
        settled = settled_links(
            case.rows,
            target=case.target,
            known=known,
            model=case.model,
            survivorship=case.survivorship,
        )
        one_each = single(settled, golden_record)
        links = one_each.links
        target = {**case.target, **{old: new for old, new in links.replaced.items() if new}}
        survivor = moved(golden_record, case.model.schema_of(golden_record), target)
        after = self._rows_after(links, target)
        receipt = self._receipt(links, target, one_each.transfers)
        changes = tuple(self._changes(survivor, after, links, receipt))
        told = with_claims(self._change_set(changes, links))
        found = (
            *self.outcome.findings,
            *self._contractions(),
            *links.findings,
            *one_each.findings,
            *self._stranded(links),
            *person_findings(survivor, {**known, **after}.values()),
            *not_given(case, walked=self.walked),
        )
        return Merge(
            changes=told,
            findings=Findings(found),
            receipt=next(one for one in told.written if isinstance(one, MergeReceipt)),
            survivor=survivor,
            choices=self.outcome.choices,
        )

    def _receipt(
        self, links: Links, target: Mapping[Ref[Any], Ref[Any]], more: Iterable[Transfer]
    ) -> MergeReceipt:
        context = self.case.context
        return MergeReceipt(
            id=MergeReceiptId(context.new_id()),
            survivor=self.outcome.record.ref,
            losers=tuple(self.case.target),
            merged_at=context.now,
            merged_by=None if context.by is None else UserId(context.by),
            before=self.case.records[0],
            merged=self.case.records[1:],
            chosen=(one.field.path for one in self.outcome.choices if one.why == CHOSEN),
            transfers=(*self.told, *more),
            moved=tuple(self._moved(links, target)),
            clashes=links.clashes,
        )

    def _change_set(self, changes: tuple[Change, ...], links: Links) -> ChangeSet:
        written = frozenset(change.ref for change in changes)
        return ChangeSet(
            changes,
            checks=relied_on(self.case, links, walked=self.walked, written=written),
            reason=f"merge {len(self.case.target)} into {self.outcome.record.ref}",
            by=self.case.context.by,
            at=self.case.context.now,
        )

    def _rows_after(
        self, links: Links, target: Mapping[Ref[Any], Ref[Any]]
    ) -> dict[Ref[Any], Record]:
        """The records around as they will be, those that go left out."""
        now = {row.before.ref: row.now for row in links.rows}
        return {
            row.ref: moved(now.get(row.ref, row), self.case.model.schema_of(row), target)
            for row in self.case.rows
            if row.ref not in links.replaced
        }

    def _moved(self, links: Links, target: Mapping[Ref[Any], Ref[Any]]) -> Iterator[Moved]:
        """Every reference that moves, in the order of the records and their fields."""
        kept = (row for row in self.case.rows if row.ref not in links.replaced)
        for record in (self.case.records[0], *kept):
            gone = self.case.target if record.ref != self.case.records[0].ref else {}
            for one in self.case.model.schema_of(record).lookups:
                if one.lookup is None or one.lookup.on_merge is KEEP:
                    continue
                for ref in field_references(record, one):
                    if ref in target and (ref in gone or ref in links.replaced):
                        yield Moved(ref=record.ref, field=one.path, before=ref, after=target[ref])

    def _changes(
        self,
        survivor: Record,
        after: Mapping[Ref[Any], Record],
        links: Links,
        receipt: MergeReceipt,
    ) -> Iterator[Change]:
        before = {row.ref: row for row in self.case.rows}
        yield Update(self.case.records[0], survivor)
        for ref, row in after.items():
            if row != before[ref]:
                yield Update(before[ref], row)
        yield from (Delete(before[ref]) for ref in links.replaced)
        yield from (Delete(record) for record in self.case.records[1:])
        yield Insert(receipt)

    def _contractions(self) -> Iterator[Finding]:
        for (record, path, ref), why in self.contraction.dropped.items():
            yield remark("merge.contracted", why, ref=record, path=path, value=str(ref))

    def _stranded(self, links: Links) -> Iterator[Finding]:
        """Records that refer to a row which goes and that nothing stands for."""
        gone = {ref for ref, new in links.replaced.items() if new is None}
        for row in self.case.rows if gone else ():
            for one in self.case.model.schema_of(row).lookups:
                follows = one.lookup is not None and one.lookup.on_merge is not KEEP
                for ref in field_references(row, one):
                    if ref in gone and follows and row.ref not in links.replaced:
                        yield error(
                            "merge.still_referred",
                            "this refers to a row that would link the survivor with itself",
                            ref=row.ref,
                            path=one.path,
                            value=str(ref),
                            suggestion="delete that row first, or point this elsewhere",
                        )
