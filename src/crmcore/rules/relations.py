"""Relations: the direct relation of a contact mirrors ``contact.account_id`` (law X1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, TypeAlias

from attrs import evolve

from crmcore.changes import Change, ChangeSet, Delete, Insert, Update, change
from crmcore.entities.account import AccountContactRelation
from crmcore.entities.contact import Contact
from crmcore.rules.rule import Context
from crmcore.values.ids import AccountContactRelationId, ContactId
from crmcore.values.ref import Ref


def rehomed(changes: ChangeSet) -> tuple[Contact, ...]:
    """The contacts whose direct account the set changes, as they will be."""
    found = []
    for one in changes:
        after = one.after if isinstance(one, Insert | Update) else None
        if not isinstance(after, Contact):
            continue
        before = one.before if isinstance(one, Update) else None
        old = before.account_id if isinstance(before, Contact) else None
        if old != after.account_id:
            found.append(after)
    return tuple(found)


def unhomed(changes: ChangeSet) -> frozenset[ContactId]:
    """The ids of the contacts that lose a direct relation by the set, if not their account.

    A merge gives and takes relations for other reasons than the account of a contact.
    """
    found: set[ContactId] = set()
    for one in changes:
        before = one.before if isinstance(one, Update | Delete) else None
        after = one.after if isinstance(one, Update) else None
        if not isinstance(before, AccountContactRelation) or not before.is_direct:
            continue
        is_same = isinstance(after, AccountContactRelation) and after.is_direct
        if not is_same or _ends(after) != _ends(before):
            found.add(before.contact_id)
    return frozenset(found)


def _ends(row: Any) -> tuple[str, str]:
    return row.contact_id, row.account_id


def direct_relations(
    contacts: Iterable[Contact],
    relations: Iterable[AccountContactRelation],
    *,
    context: Context,
    named: Collection[Ref[Any]] = (),
) -> ChangeSet:
    """What brings the direct relations of ``contacts`` in step with their ``account_id``.

    ``relations`` are all relations of these contacts as they are. An old direct relation that says
    nothing of its own (no roles, no dates, no custom values) and is not ``named`` by another
    record is removed. One that does, or is, becomes a former one: not direct, not active, ended
    today. A relation to the new account that is open, or that ended today, becomes the direct one;
    where there is none, one is made. Where two relations to one account would be for the same
    time, what one says is added to the other.
    """
    rows = tuple(relations)
    changes: list[Change | None] = []
    for contact in contacts:
        before = {row.id: row for row in rows if row.contact_id == contact.id}
        after = dict(before)
        for one in before:
            if after[one].is_direct and after[one].account_id != contact.account_id:
                _release(after.pop(one), after, context, named)
        _take_up(contact, after, context)
        ids = (one for one in before | after if before.get(one) != after.get(one))
        changes += [change(before.get(one), after.get(one)) for one in ids]
    return ChangeSet([one for one in changes if one is not None])


Relations: TypeAlias = dict[AccountContactRelationId, AccountContactRelation]
"""The relations of one contact, by id, on their way to what they will be."""


def _release(
    row: AccountContactRelation, own: Relations, context: Context, named: Collection[Ref[Any]]
) -> None:
    if _is_plain(row) and row.ref not in named:
        return
    end = row.end_on if row.end_on is not None else context.today
    if row.start_on is not None and row.start_on > end:
        end = row.start_on
    former = evolve(row, is_direct=False, is_active=False, end_on=end)
    twin = next((one for one in own.values() if _interval(one) == _interval(former)), None)
    if twin is None:
        own[former.id] = former
        return
    kept, gone = (former, twin) if row.ref in named else (twin, former)
    own.pop(gone.id, None)
    own[kept.id] = _united(kept, gone)


def _is_plain(row: AccountContactRelation) -> bool:
    return not (row.roles or row.start_on or row.end_on or row.custom or row.labels)


def _interval(row: AccountContactRelation) -> tuple[str, date | None, date | None]:
    return row.account_id, row.start_on, row.end_on


def _united(row: AccountContactRelation, other: AccountContactRelation) -> AccountContactRelation:
    """``row`` with what ``other`` says besides."""
    return evolve(
        row,
        roles=row.roles | other.roles,
        labels=row.labels | other.labels,
        custom=other.custom.with_items(row.custom),
        external_ids=other.external_ids.with_items(row.external_ids),
    )


def _take_up(contact: Contact, own: Relations, context: Context) -> None:
    account_id = contact.account_id
    same = [row for row in own.values() if row.account_id == account_id]
    if account_id is None or any(row.is_direct for row in same):
        return
    fit = [row for row in same if row.end_on is None or row.end_on == context.today]
    if fit:
        # Open ones first: reopening another could make two for the same time.
        row = min(fit, key=lambda one: (one.end_on is not None, not one.is_active, one.id))
        row = evolve(row, is_direct=True, is_active=True, end_on=None)
    else:
        row = AccountContactRelation(
            id=AccountContactRelationId(context.new_id()),
            account_id=account_id,
            contact_id=contact.id,
            is_direct=True,
            start_on=context.today if same else None,
        )
    own[row.id] = row
