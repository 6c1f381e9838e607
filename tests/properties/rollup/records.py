"""Records with plain texts as ids, for tests: an id of one kind is not one of another to mypy."""

from typing import Any

from crmcore.entities import (
    Account,
    AccountContactRelation,
    Contact,
    ExchangeRate,
    Opportunity,
    User,
)
from crmcore.values import PersonName


def account(id_: Any, parent: Any = None, **fields: Any) -> Account:
    """An account that has its id as name."""
    return Account(id=id_, parent_id=parent, **{"name": id_, **fields})


def contact(id_: Any, account_id: Any = None, **fields: Any) -> Contact:
    """A contact that has its id as family name."""
    return Contact(id=id_, name=PersonName(family=id_), account_id=account_id, **fields)


def report(id_: Any, superior: Any = None) -> Contact:
    """A contact that reports to another."""
    return contact(id_, reports_to_id=superior)


def user(id_: Any, manager: Any = None) -> User:
    """A user that has the id as name."""
    return User(id=id_, name=id_, manager_id=manager)


def deal(id_: Any = "d", account_id: Any = None, **fields: Any) -> Opportunity:
    """A deal that has its id as name."""
    return Opportunity(id=id_, account_id=account_id, **{"name": id_, **fields})


def link(account_id: Any, contact_id: Any) -> AccountContactRelation:
    """A relation between an account and a contact."""
    return AccountContactRelation(account_id=account_id, contact_id=contact_id)


def rate(base: str, currency: str, value: Any, day: Any, id_: Any = "r") -> ExchangeRate:
    """A rate that is valid from a day on."""
    return ExchangeRate(id=id_, base=base, currency=currency, valid_from=day, rate=value)
