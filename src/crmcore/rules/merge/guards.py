"""Guards: what cannot be merged, and what to do instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from crmcore.entities import LEDGER, Account, Contact, Lead, Record
from crmcore.errors import CrmError
from crmcore.findings import Finding, error
from crmcore.model.model import Model
from crmcore.values.ref import Ref

_NAMED = 6
"""So many records are named in a message."""


@frozen
class MergeError(CrmError):
    """These records cannot become one; ``refs`` are those in the way, ``hint`` is the way out."""

    why: str
    refs: tuple[Ref[Any], ...]
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        named = ", ".join(map(str, self.refs[:_NAMED]))
        more = ", ..." if len(self.refs) > _NAMED else ""
        return f"cannot merge {named}{more}: {self.why}{hint}"


def require_mergeable(survivor: Record, losers: Sequence[Record], *, model: Model) -> None:
    """Raise ``MergeError`` unless these records can become one, ``UnknownNameError`` for a kind."""
    kind = model.schema_of(survivor).kind
    if kind in LEDGER:
        why = "the ledger says what was decided, and is only ever added to"
        raise MergeError(why, (survivor.ref,))
    if not losers:
        raise MergeError("there is nothing to merge into it", (survivor.ref,), "pass its losers")
    counts = Counter(loser.ref for loser in losers)
    if survivor.ref in counts:
        raise MergeError("the survivor is among its own losers", (survivor.ref,), "leave it out")
    twice = tuple(ref for ref, count in counts.items() if count > 1)
    if twice:
        raise MergeError("a loser is given twice", twice, "pass each record once")
    others = tuple(ref for ref in counts if ref.kind != kind)
    if others:
        kinds = {kind, *(ref.kind for ref in others)}
        hint = "convert the lead instead" if kinds == {"lead", "contact"} else ""
        raise MergeError(f"only records of one kind become one, here {kind}", others, hint)
    _require_own_rules((survivor, *losers))


def _require_own_rules(records: Sequence[Record]) -> None:
    """What accounts and leads ask for besides."""
    accounts = [one for one in records if isinstance(one, Account)]
    if len({one.is_person for one in accounts}) > 1:
        persons = tuple(one.ref for one in accounts if one.is_person)
        hint = "relate the person to the organisation as a contact"
        raise MergeError("a person is no organisation", persons, hint)
    converted = tuple(
        one.ref for one in records if isinstance(one, Lead) and one.converted_at is not None
    )
    if converted:
        hint = "merge the accounts, contacts or deals that they became"
        raise MergeError("a converted lead is read-only", converted, hint)


def person_findings(survivor: Record, around: Iterable[Record]) -> Iterator[Finding]:
    """That a person account would have several persons (law X4), as far as ``around`` shows."""
    if not isinstance(survivor, Account) or not survivor.is_person:
        return
    persons = sorted(
        one.id for one in around if isinstance(one, Contact) and one.account_id == survivor.id
    )
    if len(persons) > 1:
        yield error(
            "merge.persons",
            "a person account has exactly one person",
            ref=survivor.ref,
            value=", ".join(persons),
            suggestion="merge these contacts first, in the same transaction",
        )
