"""Ask: the questions of the facade that need more than one read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from crmcore.changes import Insert
from crmcore.crm import gather, reading
from crmcore.crm.choices import Target
from crmcore.crm.desk import Desk
from crmcore.crm.views import Related, by_path
from crmcore.entities import (
    AccountContactRelation,
    Contact,
    Lead,
    MergeReceipt,
    Opportunity,
    OpportunityChange,
    Record,
    kind_of,
)
from crmcore.errors import UsageError
from crmcore.findings import Finding, Findings
from crmcore.model.check import check_record
from crmcore.model.model import Model
from crmcore.model.references import references
from crmcore.ports import Snapshot
from crmcore.query import F, Query
from crmcore.reports.timeline import Timeline
from crmcore.reports.timeline import timeline as told
from crmcore.rules import matching
from crmcore.rules.integrity import check_between, missing_relations, require_kind
from crmcore.rules.matching import AnyRule, DuplicateSets, LinkageRule, Progress
from crmcore.rules.stages import stored_findings
from crmcore.values.ref import Ref


def related(snapshot: Snapshot, model: Model, what: Target) -> Related:
    """See ``Crm.related``."""
    record = reading.record_of(snapshot, model, reading.locate(snapshot, model, what))
    incoming: dict[str, list[Record]] = {}
    for one in gather.referring(snapshot, [record.ref], model).values():
        if not model.is_enabled(type(one)):
            continue
        schema = model.schema_of(one)
        for path in {part.path for part, ref in references(one, schema) if ref == record.ref}:
            incoming.setdefault(f"{schema.kind}.{path}", []).append(one)
    outgoing = {
        path: tuple(one for one in group if model.is_enabled(type(one)))
        for path, group in gather.outgoing(snapshot, record, model).items()
    }
    shown = {path: group for path, group in outgoing.items() if group}
    return Related(record, shown, by_path(dict(sorted(incoming.items()))))


def timeline(snapshot: Snapshot, model: Model, what: Target) -> Timeline:
    """See ``Crm.timeline``."""
    ref = reading.locate(snapshot, model, what)
    refs = [ref]
    if ref.kind == "account":
        for entity in (Contact, Opportunity):
            query = Query[Record](kind_of(entity), F.account_id == ref.id)
            refs += [one.ref for one in snapshot.find(query)]
    for one in refs:  # grows while it is walked
        refs += [old for old in _merged_into(snapshot, one) if old not in refs]
    around = gather.referring(snapshot, refs, model)
    return told(ref, (one for one in around.values() if model.is_enabled(type(one))))


def _merged_into(snapshot: Snapshot, ref: Ref[Any]) -> Iterator[Ref[Any]]:
    """The records that are part of this one today: what was said of them is of it now."""
    for receipt in snapshot.find(Query.of(MergeReceipt, F.survivor == ref)):
        for old in receipt.losers:
            merge = reading.merge_of(snapshot, old)
            if merge is not None and merge.id == receipt.id:
                yield old


def check(snapshot: Snapshot, model: Model) -> Findings:
    """See ``Crm.check``."""
    records = list(gather.records_of(snapshot, (one.kind for one in model.schemas)))
    hidden = gather.records_of(snapshot, sorted(model.disabled))
    known = {one.ref: one for one in (*records, *hidden)}
    found = [one for record in records for one in check_record(record, model)]
    broken = {one.ref for one in found if one.code == "type.wrong"}
    sound = [record for record in records if record.ref not in broken]
    between = check_between(sound, before={}, known=known, rivals=(), model=model)
    relations = missing_relations(sound) if model.is_enabled(AccountContactRelation) else ()
    persons = gather.persons(snapshot, (Insert(record) for record in sound), model)
    history = _history(known.values(), broken, model)
    return Findings([*found, *between.findings, *persons.findings, *relations, *history])


def _history(
    records: Iterable[Record], broken: Collection[Ref[Any] | None], model: Model
) -> Iterable[Finding]:
    """What is wrong with the history of deals that are sound, where the model keeps one."""
    if not model.is_enabled(OpportunityChange):
        return ()
    sound = [one for one in records if one.ref not in broken]
    deals = [one for one in sound if isinstance(one, Opportunity)]
    rows = [
        one
        for one in sound
        if isinstance(one, OpportunityChange)
        and Ref("opportunity", one.opportunity_id) not in broken
    ]
    return stored_findings(deals, rows, model=model)


def _is_history(record: Record) -> bool:
    """Whether a record only tells of the past: a converted lead is a contact by now."""
    return isinstance(record, Lead) and record.converted_at is not None


def wrong_kinds(snapshot: Snapshot, desk: Desk) -> Findings:
    """See ``Crm.wrong_kinds``."""
    kinds = [kind for kind in ("account", "contact", "lead") if desk.model.is_enabled(kind)]
    known = None
    if "lead" in kinds and desk.rules.match_rules_for("lead", "contact"):
        across = desk.rules.match_rules_for("lead", "contact")[0]
        known = duplicates(snapshot, desk, Lead, across, None)
    return matching.wrong_kinds(gather.records_of(snapshot, kinds), known)


def learnt_rule(
    snapshot: Snapshot,
    desk: Desk,
    rule: str | LinkageRule,
    labelled: Iterable[tuple[Target, Target, bool]] | None,
) -> LinkageRule:
    """See ``Crm.learn_matches``."""
    chosen = desk.rules.match_rule(rule) if isinstance(rule, str) else rule
    if not isinstance(chosen, LinkageRule):
        raise UsageError("only a linkage rule learns its weights", chosen.name)
    others = sorted(matching.related_kinds(chosen, desk.model).difference(chosen.kinds))
    records = (one for one in gather.records_of(snapshot, chosen.kinds) if not _is_history(one))
    related = gather.records_of(snapshot, others)
    if labelled is None:
        return matching.learn(records, rule=chosen, model=desk.model, related=related)
    labels = [
        (
            reading.locate(snapshot, desk.model, one),
            reading.locate(snapshot, desk.model, other),
            is_one,
        )
        for one, other, is_one in labelled
    ]
    return matching.learn_labelled(records, labels, rule=chosen, model=desk.model, related=related)


def duplicates(
    snapshot: Snapshot,
    desk: Desk,
    entity: type[Record],
    rule: str | AnyRule | None,
    threshold: float | None,
    *,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> DuplicateSets:
    """See ``Crm.find_duplicates``."""
    kind = require_kind(entity, desk.model)
    rules: tuple[AnyRule, ...]
    if rule is None:
        rules = desk.rules.match_rules_for(kind)
    else:
        rules = (desk.rules.match_rule(rule) if isinstance(rule, str) else rule,)
    if not rules:
        raise UsageError("no match rule compares these records", kind, "pass rule=MatchRule(...)")
    kinds = dict.fromkeys(one for each in rules for one in each.kinds)
    if kind not in kinds:
        raise UsageError(
            "this rule does not compare such records", kind, f"it compares {', '.join(kinds)}"
        )
    records = (one for one in gather.records_of(snapshot, kinds) if not _is_history(one))
    others = {one for each in rules for one in matching.related_kinds(each, desk.model)}
    return matching.find_duplicates(
        records,
        rules=rules,
        model=desk.model,
        threshold=threshold,
        judgements=reading.judgements(snapshot),
        related=gather.records_of(snapshot, sorted(others.difference(kinds))),
        workers=workers,
        progress=progress,
    )
