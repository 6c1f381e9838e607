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

    The chain begins with the making of the deal, each row begins where the one before ends, and
    the last one leads to what the deal is, or to its end where it is gone. A deal without any row
    is a warning, a stage that the model does not have (any more) a remark.
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
            found += chain_findings(in_order(rows_of[id_]), None, now)
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
