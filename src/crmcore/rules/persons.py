"""Persons: a person account has exactly one person, and never other contacts (law X4).

Its person is the one contact whose ``account_id`` names it. A relation in force of any other
contact would be a second person by the back door; one that is no longer active only tells of the
past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import frozen

from crmcore.changes import Change, Check, CheckNone, CheckVersion, Delete, Insert
from crmcore.entities import Account, AccountContactRelation, Contact, Record
from crmcore.findings import Finding, Findings, error
from crmcore.model.model import Model
from crmcore.query import F, Query

MISSING: Final = "person.missing"
SEVERAL: Final = "person.several"
OTHER: Final = "person.other"
CODES: Final = frozenset({MISSING, SEVERAL, OTHER})
"""What only a whole change set can be judged by: its parts may each be wrong for a while."""

_TOGETHER: Final = "do both in one transaction"


@frozen(kw_only=True)
class Concerns:
    """The accounts whose persons a change set may change, by what it does, as ids.

    ``turned`` become person accounts, ``joined`` get a contact, ``left`` lose one, ``related`` get
    a relation in force. ``rows`` are the relations, ``leavers`` the contacts that do it, and
    ``written`` every record that is written or removed.
    """

    turned: frozenset[str]
    joined: frozenset[str]
    left: frozenset[str]
    related: frozenset[str]
    rows: frozenset[str]
    leavers: frozenset[str]
    written: frozenset[object]

    @property
    def accounts(self) -> tuple[str, ...]:
        """All of these accounts, by id."""
        return tuple(sorted(self.turned | self.joined | self.left | self.related))


def concerns(changes: Iterable[Change]) -> Concerns:
    """What a change set does to the persons of accounts."""
    sets: dict[str, set[str]] = {
        name: set() for name in ("turned", "joined", "left", "related", "rows", "leavers")
    }
    written: set[object] = set()
    for one in changes:
        written.add(one.ref)
        before = None if isinstance(one, Insert) else one.before
        after = None if isinstance(one, Delete) else one.after
        for name, id_ in _effects(before, after):
            sets[name].add(id_)
    return Concerns(
        written=frozenset(written), **{name: frozenset(ids) for name, ids in sets.items()}
    )


def _effects(before: Record | None, after: Record | None) -> Iterator[tuple[str, str]]:
    if isinstance(after, Account):
        if after.is_person and not (isinstance(before, Account) and before.is_person):
            yield "turned", after.id
    elif isinstance(after, AccountContactRelation):
        if after.is_active and (
            not isinstance(before, AccountContactRelation)
            or (before.account_id, before.contact_id) != (after.account_id, after.contact_id)
            or not before.is_active
        ):
            yield "related", after.account_id
            yield "rows", after.id
    elif isinstance(before, Contact) or isinstance(after, Contact):
        old = before.account_id if isinstance(before, Contact) else None
        new = after.account_id if isinstance(after, Contact) else None
        if new is not None and new != old:
            yield "joined", new
        if isinstance(before, Contact) and old is not None and new != old:
            yield "left", old
            yield "leavers", before.id


@frozen(kw_only=True)
class Persons:
    """What was found about person accounts, and what the absence of problems relies on."""

    findings: Findings = Findings()
    checks: tuple[Check, ...] = ()


def check_persons(
    about: Concerns,
    *,
    accounts: Iterable[Account],
    people: Iterable[Contact],
    relations: Iterable[AccountContactRelation],
    model: Model,
) -> Persons:
    """Everything wrong with the persons of these accounts, as they will be.

    ``accounts`` are those of ``about`` that will be stored, ``people`` all contacts of the person
    accounts among them, ``relations`` all relations to these. Of data that was wrong before, only
    what a change adds to it is a finding. Nothing is, where the model has no contacts.
    """
    if not model.is_enabled(Contact):
        return Persons()
    own: dict[str, list[Contact]] = {}
    for person in people:
        own.setdefault(person.account_id or "", []).append(person)
    rows: dict[str, list[AccountContactRelation]] = {}
    for row in relations:
        if row.is_active:
            rows.setdefault(row.account_id, []).append(row)
    has_relations = model.is_enabled(AccountContactRelation)
    found: list[Finding] = []
    checks: dict[Check, None] = {}
    for account in accounts:
        here = own.get(account.id, [])
        problems = (
            tuple(_problems(account, here, rows.get(account.id, ()), about))
            if account.is_person
            else ()
        )
        found += problems
        if not problems:
            relied = _relied_on(account, here, about, has_relations=has_relations)
            checks.update(dict.fromkeys(relied))
    return Persons(findings=Findings(found), checks=tuple(checks))


def _problems(
    account: Account,
    people: list[Contact],
    rows: Iterable[AccountContactRelation],
    about: Concerns,
) -> Iterator[Finding]:
    is_new, id_ = account.id in about.turned, account.id
    if not people and (is_new or id_ in about.left):
        yield error(
            MISSING,
            "a person account has exactly one person, and this one would have none",
            ref=account.ref,
            path="is_person",
            value=True,
            suggestion=f"give it its contact, delete it, or clear is_person: {_TOGETHER}",
        )
    if len(people) > 1 and (is_new or id_ in about.joined):
        yield error(
            SEVERAL,
            "a person account has exactly one person",
            ref=account.ref,
            path="is_person",
            value=", ".join(sorted(one.id for one in people)),
            suggestion=f"leave one of these contacts, merge them, or clear is_person: {_TOGETHER}",
        )
    yield from _others(account, people, rows, about)


def _others(
    account: Account,
    people: list[Contact],
    rows: Iterable[AccountContactRelation],
    about: Concerns,
) -> Iterator[Finding]:
    """That others are related to a person account."""
    own = {one.id for one in people}
    is_new = account.id in about.turned
    others = sorted(
        row.contact_id
        for row in rows
        if row.contact_id not in own
        and (is_new or row.id in about.rows or row.contact_id in about.leavers)
    )
    if others:
        yield error(
            OTHER,
            "a person account has no contacts but its person",
            ref=account.ref,
            path="is_person",
            value=", ".join(others),
            suggestion="end these relations (is_active=False), or relate the person to the others",
        )


def _relied_on(
    account: Account, people: list[Contact], about: Concerns, *, has_relations: bool
) -> Iterator[Check]:
    """What must still hold at the commit for the account to have the persons that it should."""
    moved = about.turned | about.joined | about.left
    if not account.is_person:
        # Whoever makes it a person account meanwhile does not know of this contact.
        if account.ref not in about.written:
            yield CheckVersion(account.ref, account.version)
        return
    for person in people:
        if person.ref not in about.written:
            yield CheckVersion(person.ref, person.version)
    if account.id in moved and len(people) == 1:
        (person,) = people
        yield CheckNone(Query("contact", (F.account_id == account.id) & (F.id != person.id)))
        if has_relations:
            others = (F.account_id == account.id) & (F.contact_id != person.id)
            active = F.is_active == True  # noqa: E712  # builds a filter
            yield CheckNone(Query("account_contact_relation", others & active))
