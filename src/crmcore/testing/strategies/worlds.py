"""Worlds: strategies for small sets of records whose references resolve and which obey the laws.

Accounts and reports-to form trees (X2); a contact has exactly one direct relation, to its account
(X1); a person account has one person (X4); a deal has at most one primary role (X5).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from hypothesis import strategies as st

from crmcore.entities import (
    LEDGER,
    Account,
    AccountContactRelation,
    CampaignMember,
    Contact,
    OpportunityContactRole,
    Record,
)
from crmcore.fields import KEEP
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import LeadCategory
from crmcore.testing.strategies.records import records
from crmcore.testing.strategies.values import drawn_by
from crmcore.values.ids import AccountContactRelationId

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

R = TypeVar("R", bound=Record)


def worlds(model: Model = STANDARD_MODEL, size: int = 3) -> st.SearchStrategy[tuple[Record, ...]]:
    """Records of every entity of the model but the ledger, at most ``size`` of each.

    A record stands behind those it refers to; no lead is converted. Direct relations come on top
    of ``size``. Ids clash between kinds, and differ by little within one.
    """
    schemas = _in_order(model)

    def world(draw: st.DrawFn) -> tuple[Record, ...]:
        known: list[Record] = []
        for schema in schemas:
            if all(_can_name(one, known) for one in schema.lookups if one.is_required):
                found = draw(_several(schema, model, known, size))
                own = [one for one in schema.lookups if _is_own(one, schema)]
                for one in own:
                    if one.holds is Holds.ONE:
                        _link(draw, found, one)
                known += _lawful(found, known)
        return tuple(_finished(known, model))

    return drawn_by(world)


def _link(draw: st.DrawFn, found: list[Record], one: FieldSchema) -> None:
    """Let some records refer to an earlier one: a forest."""
    for index in range(1, len(found)):
        target = draw(st.none() | st.sampled_from(found[:index]))
        if target is not None:
            found[index] = one.changed(found[index], target.id)


def _in_order(model: Model) -> tuple[EntitySchema, ...]:
    """The schemas, each behind those it refers to, as far as that can be."""
    left = [one for one in model.schemas if one.kind not in LEDGER]
    ordered: list[EntitySchema] = []
    while left:
        kinds = {one.kind for one in ordered}
        left.sort(key=lambda one: (_missing(one, kinds, must=True), _missing(one, kinds)))
        ordered.append(left.pop(0))
    return tuple(ordered)


def _missing(schema: EntitySchema, done: set[str], *, must: bool = False) -> int:
    """How many references could not name anything yet; one to any kind waits for the others."""
    waiting = [
        one.lookup.kinds
        for one in schema.lookups
        if one.lookup is not None
        and (one.is_required or not must)
        and not _is_own(one, schema)
        and not (one.lookup.kinds and done & {*one.lookup.kinds})
    ]
    return sum(1 if kinds else 100 for kinds in waiting)


def _is_own(one: FieldSchema, schema: EntitySchema) -> bool:
    """Whether the field refers to records of its own entity."""
    return one.lookup is not None and one.lookup.kind == schema.kind


def _can_name(one: FieldSchema, world: Sequence[Record]) -> bool:
    return one.lookup is not None and any(one.lookup.accepts(other.ref.kind) for other in world)


def _several(
    schema: EntitySchema, model: Model, world: Sequence[Record], size: int
) -> st.SearchStrategy[list[Record]]:
    """Records of one entity that refer to ``world``, none of them converted."""
    fixed: dict[str, Any] = {}
    if schema.kind == "lead":
        statuses = model.lead_statuses
        fixed["status"] = st.sampled_from(
            [one.key for one in statuses if one.category is not LeadCategory.CONVERTED]
        )
    among = {
        one.path
        for one in schema.fields
        if not (one.lookup is not None and one.lookup.on_merge is KEEP)
        and one.name != "converted_at"
    }
    new = records(schema.entity, model, pool=world, among=among, **fixed)
    return st.lists(new, max_size=size, unique_by=lambda one: one.id)


def _lawful(new: Sequence[R], world: Sequence[Record]) -> Iterator[R]:
    """The records without link rows that say what another one says already."""
    contacts = {one.id: one for one in world if isinstance(one, Contact)}
    is_first = _firsts()
    for record in new:
        if isinstance(record, AccountContactRelation):
            is_own = contacts[record.contact_id].account_id == record.account_id
            if not is_own and is_first((record.account_id, record.contact_id)):
                yield attrs.evolve(record, is_direct=False)
        elif isinstance(record, CampaignMember):
            if is_first((record.campaign_id, record.member)):
                yield record
        elif isinstance(record, OpportunityContactRole) and record.is_primary:
            yield attrs.evolve(record, is_primary=is_first(record.opportunity_id))
        else:
            yield record


def _finished(world: Sequence[Record], model: Model) -> Iterator[Record]:
    """The world with its direct relations, in which a person account has one person."""
    contacts = [one for one in world if isinstance(one, Contact)]
    people = Counter(one.account_id for one in contacts)
    others = {one.account_id for one in world if isinstance(one, AccountContactRelation)}
    for record in world:
        if isinstance(record, Account) and record.is_person:
            alone = people[record.id] == 1 and record.id not in others
            yield attrs.evolve(record, is_person=alone)
        else:
            yield record
    if model.is_enabled(AccountContactRelation):
        yield from (_direct(one) for one in contacts if one.account_id is not None)


def _firsts() -> Callable[[Hashable], bool]:
    """A function that says whether it is asked for the first time about a key."""
    seen: set[Hashable] = set()

    def is_first(key: Hashable) -> bool:
        found = key not in seen
        seen.add(key)
        return found

    return is_first


def _direct(contact: Contact) -> AccountContactRelation:
    assert contact.account_id is not None, "only contacts with an account are asked about"
    return AccountContactRelation(
        id=AccountContactRelationId(f"direct {contact.id}"),
        account_id=contact.account_id,
        contact_id=contact.id,
        is_direct=True,
    )
