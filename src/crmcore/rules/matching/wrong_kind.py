"""Wrong kind: records that look like records of another kind, or lack what their kind needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from crmcore.entities import Account, Contact, Lead, Record
from crmcore.findings import Finding, Findings, warning
from crmcore.rules.matching.duplicate_sets import DuplicateSets
from crmcore.rules.similarity import name_form
from crmcore.rules.similarity.tables import given_name_groups, table
from crmcore.values.text import normal_text

_MOST_WORDS: Final = 3


def wrong_kinds(records: Iterable[Record], known: DuplicateSets | None = None) -> Findings:
    """What looks like another kind of record, by kind, then id.

    ``kind.person``: an account named like a person. ``kind.company``: a contact named like a
    company. ``kind.contact_without_account`` and ``kind.account_without_contact``: a contact that
    works nowhere, an account without an active contact. ``kind.contact_already``: a lead that is a
    contact already, by ``known``: what a search across leads and contacts found.
    """
    given = sorted(records, key=lambda one: (one.ref.kind, one.ref.id))
    staffed = {one.account_id for one in given if isinstance(one, Contact) and one.is_active}
    found: list[Finding] = []
    for record in given:
        if isinstance(record, Account):
            found += _of_account(record, is_staffed=record.id in staffed)
        elif isinstance(record, Contact):
            found += _of_contact(record)
    if known is not None:
        converted = {one.ref for one in given if isinstance(one, Lead) and one.converted_at}
        found += (one for one in _known(known) if one.ref not in converted)
    return Findings(found)


def _of_account(account: Account, *, is_staffed: bool) -> Iterator[Finding]:
    if not account.is_person and is_like_person(account.name):
        yield warning(
            "kind.person",
            "this account is named like a person",
            ref=account.ref,
            path="name",
            value=account.name,
            suggestion="make it a person account, or a contact of its employer",
        )
    if not is_staffed and not account.is_person:
        yield warning(
            "kind.account_without_contact",
            "no active contact works for this account",
            ref=account.ref,
        )


def _of_contact(contact: Contact) -> Iterator[Finding]:
    name = contact.name.full
    if is_like_company(name):
        yield warning(
            "kind.company",
            "this contact is named like a company",
            ref=contact.ref,
            path="name",
            value=name,
            suggestion="make it an account",
        )
    if contact.account_id is None:
        yield warning(
            "kind.contact_without_account",
            "this contact has no account",
            ref=contact.ref,
            path="account_id",
        )


def _known(sets: DuplicateSets) -> Iterator[Finding]:
    for match in sets.pairs:
        kinds = {ref.kind: ref for ref in match.refs}
        if kinds.keys() == {"lead", "contact"}:
            yield warning(
                "kind.contact_already",
                f"this lead is probably {kinds['contact']} (score {match.score:.2f})",
                ref=kinds["lead"],
                value=kinds["contact"].id,
                suggestion="convert it into that contact",
            )


def is_like_person(name: str) -> bool:
    """Whether the name of an account begins with a given name and has no legal form."""
    words = normal_text(name[:200]).split()
    if not 1 < len(words) <= _MOST_WORDS or is_like_company(name):
        return False
    return words[0] in given_name_groups() and all(word.isalpha() for word in words)


def is_like_company(name: str) -> bool:
    """Whether the name of a contact ends in a legal form."""
    words = normal_text(name[:200]).split()
    form = name_form(name[:200])
    if len(words) < 2 or form is None:  # a name and its form
        return False
    return words[-1] in table("legal_forms") and len(words[-1]) > 1
