"""Children: the records that refer to a lead follow it to what it becomes, and none is cloned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import attrs
from attrs import frozen

from crmcore.changes import Change, Check, CheckNone, Update
from crmcore.entities.activity import Activity
from crmcore.entities.campaign import CampaignMember
from crmcore.entities.ledger import Clash, Moved
from crmcore.entities.record import Record
from crmcore.fields import FOLLOW, Lookup
from crmcore.findings import Finding, remark
from crmcore.model.describe import FieldSchema, Holds
from crmcore.model.policies import Children
from crmcore.model.references import field_references, repointed
from crmcore.query import F, Path, Query
from crmcore.rules.conversion.memberships import Joined, joined
from crmcore.rules.conversion.request import Request
from crmcore.values.ids import UserId
from crmcore.values.ref import Ref

R = TypeVar("R", bound=Record)


@frozen(kw_only=True)
class Moves:
    """What happens to the children: their changes, and the account of them for the receipt."""

    changes: tuple[Change, ...] = ()
    checks: tuple[Check, ...] = ()
    read: tuple[Record, ...] = ()
    moved: tuple[Moved, ...] = ()
    clashes: tuple[Clash, ...] = ()
    findings: tuple[Finding, ...] = ()


@frozen(kw_only=True)
class _Sorted:
    """A child with the fields that move, each to its target, and those that stay.

    ``topic`` is what an activity that is about nothing is about from then on.
    """

    record: Record
    moves: tuple[tuple[FieldSchema, Ref[Any]], ...] = ()
    stays: tuple[FieldSchema, ...] = ()
    topic: Ref[Any] | None = None
    why: str = ""


def moved_children(
    request: Request,
    children: Iterable[Record],
    *,
    targets: Sequence[Record],
    links: Iterable[Record],
) -> Moves:
    """What becomes of the records that refer to the lead.

    Each reference moves to the first of ``targets`` that its field accepts; where none is, it
    stays on the lead, which knows its targets, and is reported. ``links`` has the memberships of
    the targets, and their campaigns.
    """
    ends = tuple(one.ref for one in targets)
    own = {request.lead.ref, *ends}
    found = [_sorted(one, request, ends, own) for one in _once(children)]
    members = {one.record.ref: one for one in found if _is_membership(one)}
    places = [one for one in found if one.record.ref not in members]
    rows = [
        (row, _after(row, one, request))
        for one in members.values()
        if isinstance(row := one.record, CampaignMember)
    ]
    person = next((target for one in members.values() for _, target in one.moves), None)
    join = Joined() if person is None else joined(rows, person=person, links=links)
    gone = {clash.removed.ref for clash in join.clashes}
    return Moves(
        changes=(*(change for one in places for change in _change(one, request)), *join.changes),
        checks=(*_none_new(request, ends, found), *join.checks),
        read=join.read,
        moved=tuple(
            move for one in found if one.record.ref not in gone for move in _moved(one, request)
        ),
        clashes=join.clashes,
        findings=tuple(finding for one in found for finding in _left(one)),
    )


def _is_membership(one: _Sorted) -> bool:
    return isinstance(one.record, CampaignMember) and any(
        place.name == "member" for place, _ in one.moves
    )


def _once(children: Iterable[Record]) -> Iterable[Record]:
    return {one.ref: one for one in children}.values()


def target_for(lookup: Lookup | None, ends: Iterable[Ref[Any]]) -> Ref[Any] | None:
    """The first of ``ends`` that a reference to the lead may move to, or ``None``."""
    if lookup is None or lookup.on_merge is not FOLLOW or not lookup.accepts("lead"):
        return None
    return next((ref for ref in ends if lookup.accepts(ref.kind)), None)


def _sorted(
    child: Record, request: Request, ends: Sequence[Ref[Any]], own: set[Ref[Any]]
) -> _Sorted:
    schema = request.model.schema_of(child)
    here = [
        one
        for one in schema.lookups
        if one.lookup is not None
        and one.lookup.on_merge is FOLLOW
        and request.lead.ref in field_references(child, one)
    ]
    if not request.model.is_enabled(schema.kind):
        why = f"{schema.plural} are disabled in this model"
        return _Sorted(record=child, stays=tuple(here), why=why)
    if child.ref in own:
        return _Sorted(record=child, why="it is what the lead becomes")
    pairs = [(one, target_for(one.lookup, ends)) for one in here]
    return _Sorted(
        record=child,
        moves=tuple((one, ref) for one, ref in pairs if ref is not None),
        stays=tuple(one for one, ref in pairs if ref is None),
        topic=_topic(child, request, ends),
        why="it can refer to nothing that the lead becomes",
    )


def _topic(child: Record, request: Request, ends: Sequence[Ref[Any]]) -> Ref[Any] | None:
    if request.model.policies.conversion_children is not Children.ALL:
        return None
    if not isinstance(child, Activity) or child.about is not None or child.who != request.lead.ref:
        return None
    kinds = {ref.kind: ref for ref in ends}
    return kinds.get("opportunity", kinds.get("account"))


def _swapped(old: Ref[Any], new: Ref[Any], ref: Ref[Any]) -> Ref[Any]:
    return new if ref == old else ref


def _after(record: R, one: _Sorted, request: Request) -> R:
    """The child with its references moved, and an open activity with the new owner (law C17)."""
    for place, target in one.moves:
        record = repointed(record, place, partial(_swapped, request.lead.ref, target))
    is_open = isinstance(record, Activity) and record.done_at is None
    was_ours = record.owner_id is not None and record.owner_id == request.lead.owner_id
    if is_open and was_ours and one.moves and request.owner is not None:
        record = attrs.evolve(record, owner_id=UserId(request.owner))
    if isinstance(record, Activity) and one.topic is not None:
        record = attrs.evolve(record, about=one.topic)
    return record


def _change(one: _Sorted, request: Request) -> Iterator[Change]:
    after = _after(one.record, one, request)
    if after != one.record:
        yield Update(one.record, after)


def _moved(one: _Sorted, request: Request) -> Iterator[Moved]:
    ref = one.record.ref
    for place, target in one.moves:
        yield Moved(ref=ref, field=place.path, before=request.lead.ref, after=target)
    if one.topic is not None:
        yield Moved(ref=ref, field="about", before=request.lead.ref, after=one.topic)
    after = _after(one.record, one, request)
    old, new = one.record.owner_id, after.owner_id
    if old is not None and new is not None and old != new:
        yield Moved(ref=ref, field="owner_id", before=Ref("user", old), after=Ref("user", new))


def _left(one: _Sorted) -> Iterator[Finding]:
    for place in one.stays:
        if one.record.ref.kind == "opportunity" and place.path == "lead_id":
            continue  # the deal's memory of where it came from, which is meant to stay
        yield remark(
            "conversion.reference_stays",
            f"this reference stays on the lead: {one.why}",
            ref=one.record.ref,
            path=place.path,
        )


def _none_new(
    request: Request, ends: Sequence[Ref[Any]], found: Iterable[_Sorted]
) -> Iterator[CheckNone]:
    """That no reference to the lead appears between planning and storing (law C10)."""
    staying = sorted({one.record.id for one in found if not one.moves})
    for schema in request.model.schemas:
        for one in schema.lookups:
            if target_for(one.lookup, ends) is None:
                continue
            path = Path(*one.path.split(".", 1))
            lead = request.lead.ref
            where = path == lead if one.holds is Holds.ONE else path.contains(lead)
            yield CheckNone(
                Query.of(schema.entity, where & ~F.id.in_(staying) if staying else where)
            )
