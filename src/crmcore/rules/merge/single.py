"""Single: a contact has one direct account, a deal one primary contact, also after a merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from attrs import frozen

from crmcore.entities import AccountContactRelation, Contact, OpportunityContactRole, Record
from crmcore.entities.ledger import Fate, Transfer
from crmcore.findings import Findings, remark
from crmcore.model.describe import describe
from crmcore.rules.merge.links import Links, Row
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class Single:
    """The links with at most one direct and one primary row each; what that took from a row."""

    links: Links
    transfers: tuple[Transfer, ...]
    findings: Findings


def single(links: Links, survivor: Record) -> Single:
    """One direct relation of a merged contact (law X1), one primary role of a deal (law X5).

    ``survivor`` is the record as it will be: its direct relation is that of its ``account_id``. Of
    several primary roles the survivor's own stays, else the first loser's; the others become plain
    ones, and the receipt tells.
    """
    rows = sorted(links.rows, key=lambda row: row.order)
    new: dict[Ref[Any], Row] = {}
    transfers: list[Transfer] = []
    found = []
    for flag, row, stays in (*_second_primaries(rows), *_wrong_directs(rows, survivor)):
        ref = row.before.ref
        new[ref] = attrs.evolve(
            row, now=describe(type(row.now)).field(flag).changed(row.now, value=False)
        )
        why = "a deal has one primary role" if stays else "a contact has one direct account"
        transfers.append(
            Transfer(field=flag, value=True, fate=Fate.DROPPED, source=ref, over=stays, why=why)
        )
        found.append(remark("merge.second", f"{why}: this row stays without", ref=ref, path=flag))
    return Single(links=links.with_rows(new), transfers=tuple(transfers), findings=Findings(found))


def _second_primaries(rows: Sequence[Row]) -> Iterator[tuple[str, Row, Ref[Any] | None]]:
    by_deal: dict[str, list[Row]] = {}
    for row in rows:
        now = row.now
        if isinstance(now, OpportunityContactRole) and now.is_primary:
            by_deal.setdefault(now.opportunity_id, []).append(row)
    for primaries in by_deal.values():
        if not any(row.is_touched for row in primaries):
            continue
        # A row that was primary before stays so, rather than one that took it over from another.
        first, *others = sorted(primaries, key=lambda row: (not _was_primary(row), row.order))
        for row in others:
            yield "is_primary", row, first.before.ref


def _was_primary(row: Row) -> bool:
    return not row.is_moved and getattr(row.before, "is_primary", False) is True


def _wrong_directs(
    rows: Sequence[Row], survivor: Record
) -> Iterator[tuple[str, Row, Ref[Any] | None]]:
    if not isinstance(survivor, Contact):
        return
    direct = [
        row
        for row in rows
        if isinstance(row.now, AccountContactRelation)
        and row.now.contact_id == survivor.id
        and row.now.is_direct
    ]
    own = [row for row in direct if _account(row) == survivor.account_id]
    for row in direct:
        if row not in own[:1]:
            yield "is_direct", row, None


def _account(row: Row) -> Any:
    return getattr(row.now, "account_id", None)


def only_one(record: Record) -> tuple[tuple[str, str], ...]:
    """Of which record there is only one row with which flag: the field of the end, the flag."""
    if isinstance(record, OpportunityContactRole):
        return (("opportunity_id", "is_primary"),)
    return (("contact_id", "is_direct"),) if isinstance(record, AccountContactRelation) else ()
