"""The records and the context that the unit tests of merging share."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from crmcore.entities import Account, Contact, Record
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.rules.merge import Merge, merge
from crmcore.rules.rule import Context
from crmcore.values import PersonName, Ref
from tests.properties.merge.worlds import made

__all__ = ["NOW", "account", "codes", "contact", "context", "made", "merged", "who"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def context(model: Model = STANDARD_MODEL, by: str | None = "user-1") -> Context:
    numbers = count(1)
    return Context(model=model, now=NOW, new_id=lambda: f"new-{next(numbers)}", by=by)


def contact(id_: str, **fields: Any) -> Contact:
    return made(Contact, **{"id": id_, "name": PersonName(family="Lovelace"), **fields})


def account(id_: str, **fields: Any) -> Account:
    return made(Account, **{"id": id_, "name": "Acme", **fields})


def who(id_: str) -> Ref[Any]:
    return Ref("contact", id_)


def merged(
    records: Sequence[Record],
    referring: Iterable[Record] = (),
    *,
    model: Model = STANDARD_MODEL,
    **rest: Any,
) -> Merge:
    """The merge of ``records``, the survivor first."""
    return merge(records[0], records[1:], context=context(model), referring=referring, **rest)


def codes(decision: Merge) -> list[str]:
    return [one.code for one in decision.findings]
