"""Stored: the history of deals as it stands, checked from the first row to what each deal is now.

Commands write no other history; rows that were written past them, or lost, are found here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from crmcore.entities.ledger import OpportunityChange
from crmcore.entities.opportunity import Opportunity
from crmcore.findings import Finding, remark, warning
from crmcore.model.model import Model
from crmcore.rules.stages.history import deal_state, in_order
from crmcore.rules.stages.told import chain_findings


def stored_findings(
    deals: Iterable[Opportunity], rows: Iterable[OpportunityChange], *, model: Model
) -> list[Finding]:
    """What is wrong with the history of these deals, by deal; ``rows`` are all there are.

    Each row begins where the one before ends, and the last one leads to what the deal is, or to
    its end where it is gone. Warnings are a deal without any row and a history that begins when the
    deal was there already, as of one that was stored past all commands; a stage that the model does
    not have (any more) is a remark.
    """
    known: dict[str, Opportunity] = {deal.id: deal for deal in deals}
    rows_of: dict[str, list[OpportunityChange]] = {}
    for row in rows:
        rows_of.setdefault(row.opportunity_id, []).append(row)
    found: list[Finding] = []
    for id_ in sorted({*known, *rows_of}):
        deal = known.get(id_)
        if id_ in rows_of:
            now = None if deal is None else deal_state(deal)
            ordered = in_order(rows_of[id_])
            if ordered[0].before is not None:
                found.append(_late(ordered[0]))
            found += chain_findings(ordered, ordered[0].before, now)
        else:
            found.append(_without(known[id_]))
    found += _stages(rows_of, model)
    return found


def _without(deal: Opportunity) -> Finding:
    return warning(
        "history.none",
        "the deal has no history: reports know it only as it is now",
        ref=deal.ref,
        suggestion="import its history, or save a change of the deal through Crm",
    )


def _late(row: OpportunityChange) -> Finding:
    return warning(
        "history.late",
        "the history begins when the deal was there already: reports know nothing from before",
        ref=row.ref,
        path="before",
        value=row.opportunity_id,
        suggestion="import the rows that lead here from the making of the deal",
    )


def _stages(rows_of: dict[str, list[OpportunityChange]], model: Model) -> Iterator[Finding]:
    told = Counter(
        (row.after.pipeline, row.after.stage)
        for rows in rows_of.values()
        for row in rows
        if row.after is not None
    )
    for (pipeline, stage), count in sorted(told.items()):
        if model.stage_of(pipeline, stage) is None:
            yield remark(
                "history.stage",
                f"{count} rows of history tell of a stage that the model does not have",
                path="after.stage",
                value=f"{pipeline}/{stage}",
                suggestion="fine for a stage of the past; reports show it by its key",
            )
