"""Checks: what a merge relies on beside the records that it writes.

That way two decisions that are each right, say a merge and a new child of a loser, cannot together
leave a reference to a record that is gone, a loop, or a second primary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crmcore.changes import Check, CheckNone, CheckVersion
from crmcore.entities import CampaignMember
from crmcore.fields import KEEP
from crmcore.findings import Finding, warning
from crmcore.query import And, F, Filter, Path, Query
from crmcore.query.referring import referring_queries
from crmcore.rules.merge.case import Case
from crmcore.rules.merge.links import Links, Row, link_identity
from crmcore.rules.merge.single import only_one
from crmcore.values.ref import Ref


def relied_on(
    case: Case, links: Links, *, walked: Iterable[Ref[Any]], written: frozenset[Ref[Any]]
) -> tuple[Check, ...]:
    """The checks of a merge that writes ``written``, each once.

    ``walked`` are the records above the merged ones; no reference to a record that goes may
    appear meanwhile, nor a link row that would have clashed.
    """
    checks: list[Check] = [
        CheckVersion(ref, case.known[ref].version if ref in case.known else 0)
        for ref in sorted(walked)
        if ref not in written
    ]
    gone: dict[str, list[Ref[Any]]] = {}
    for ref in (*case.target, *links.replaced):
        gone.setdefault(ref.kind, []).append(ref)
    for kind, refs in gone.items():
        checks += _unreferred(kind, refs, case)
    for group in links.groups:
        if any(row.is_touched for row in group):
            checks += _of_group(group, case, written)
    return tuple(dict.fromkeys(checks))


def not_given(case: Case, *, walked: Iterable[Ref[Any]]) -> Iterator[Finding]:
    """The records above the merged ones that were looked for and not given."""
    for ref in sorted(walked):
        if ref not in case.known:
            text = "a record above the merged ones was not given, and is taken as not stored"
            yield warning("merge.not_given", text, ref=ref, suggestion="pass it in related=")


def _unreferred(kind: str, gone: Sequence[Ref[Any]], case: Case) -> Iterator[Check]:
    for schema, one in case.model.referrers(kind):
        if one.lookup is not None and one.lookup.on_merge is not KEEP:
            yield from map(CheckNone, referring_queries(schema.kind, one, gone))


def _of_group(group: Iterable[Row], case: Case, written: frozenset[Ref[Any]]) -> Iterator[Check]:
    """That the rows of one identity are these, and that flags of which there is one stay alone."""
    rows = tuple(group)
    now = rows[0].now
    standing = [row.before for row in rows if row.before.ref not in written]
    yield from (CheckVersion(row.ref, row.version) for row in standing)
    terms: list[Filter] = [
        (F.custom[one.name] if one.is_custom else F[one.name]) == one.value(now)
        for one in link_identity(case.model.schema_of(now))
    ]
    if standing:
        terms.append(~F.id.in_(sorted(row.id for row in standing)))
    yield CheckNone(Query(now.ref.kind, And(tuple(terms))))
    for row in rows:
        if row.is_touched:
            yield from _of_flags(row, written)
            yield from _of_campaign(row, case, written)


def _of_flags(row: Row, written: frozenset[Ref[Any]]) -> Iterator[Check]:
    for owner, flag in only_one(row.now):
        if getattr(row.now, flag):
            terms: list[Filter] = [Path(owner) == getattr(row.now, owner), F[flag] == True]  # noqa: E712  # a filter
            if row.before.ref not in written:
                terms.append(~(F.id == row.before.id))
            yield CheckNone(Query(row.now.ref.kind, And(tuple(terms))))


def _of_campaign(row: Row, case: Case, written: frozenset[Ref[Any]]) -> Iterator[Check]:
    """The campaign told which status is the further one."""
    if isinstance(row.now, CampaignMember) and row.absorbed:
        ref = Ref[Any]("campaign", row.now.campaign_id)
        if ref in case.known and ref not in written:
            yield CheckVersion(ref, case.known[ref].version)
