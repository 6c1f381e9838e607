"""Merging: what a merge needs to see, found from the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crmcore.crm import gather, reading
from crmcore.crm.choices import Target
from crmcore.entities import Campaign, CampaignMember, Record
from crmcore.model.model import Model
from crmcore.ports import Snapshot
from crmcore.rules.merge import Merge
from crmcore.rules.merge import merge as decide
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.rules.survivorship import Survivorship
from crmcore.rules.tree import tree_fields
from crmcore.values.ref import Ref


def merge(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    master: Target,
    losers: Iterable[Target] | Target,
    choose: Mapping[str, Any] | None,
    survivorship: Survivorship | None,
) -> Merge:
    """Decide a merge; see ``Crm.merge``."""
    model = context.model
    several = [losers] if isinstance(losers, Record | Ref | str) else list(losers)
    refs = [reading.locate(snapshot, model, one) for one in (master, *several)]
    records = [reading.record_of(snapshot, model, ref) for ref in refs]
    chosen = tuple(_chosen_parents(snapshot, context, records[0], choose or {}))
    around = gather.referring(snapshot, refs[1:], model)
    around |= _links(gather.referring(snapshot, refs[:1], model), model)
    around |= gather.referring(snapshot, _links(around, model), model)
    return decide(
        records[0],
        records[1:],
        context=context,
        referring=around.values(),
        related=tuple(_related(snapshot, context, [*records, *chosen], around.values())),
        survivorship=survivorship or rules.survivorship,
        choose=choose,
    )


def _links(known: gather.Known, model: Model) -> gather.Known:
    """The link rows among records: those with an end that cascades."""
    return {ref: one for ref, one in known.items() if gather.is_link(one, model)}


def _chosen_parents(
    snapshot: Snapshot, context: Context, survivor: Record, choose: Mapping[str, Any]
) -> Iterator[Record]:
    """The records that the caller wants the survivor to stand below."""
    for one in tree_fields(context.model.schema_of(survivor)):
        parent = choose.get(one.path)
        if isinstance(parent, str):
            yield from snapshot.get(type(survivor), [parent]).values()


def _related(
    snapshot: Snapshot, context: Context, records: Iterable[Record], around: Iterable[Record]
) -> Iterator[Record]:
    """The records with their ancestors in every tree, and the campaigns of campaign members."""
    for record in records:
        yield record
        for one in tree_fields(context.model.schema_of(record)):
            yield from gather.ancestors(snapshot, record, one)
    campaigns = {one.campaign_id for one in around if isinstance(one, CampaignMember)}
    yield from snapshot.get(Campaign, sorted(campaigns)).values()
