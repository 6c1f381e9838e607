"""User: who works with the records, or a queue in which they wait for somebody; and quotas."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.fields import Email, Lookup, Shape
from crmcore.values.ids import QuotaId, UserId, new_id
from crmcore.values.money import Money


def new_user_id() -> UserId:
    """A fresh id for a user."""
    return UserId(new_id())


def new_quota_id() -> QuotaId:
    """A fresh id for a quota."""
    return QuotaId(new_id())


@frozen(kw_only=True)
class User(Record):
    """A person who works with the records; with ``is_queue`` a place where records wait.

    Users of the host application need no record here: an owner that is not stored is accepted.
    """

    id: UserId = field(factory=new_user_id)
    name: str
    email: Annotated[str | None, Email()] = None
    manager_id: Annotated[UserId | None, Lookup("user", shape=Shape.TREE)] = None
    team: str | None = None
    is_queue: bool = False
    is_active: bool = True


@frozen(kw_only=True)
class Quota(Record):
    """What a user is to sell in the period that begins on ``period_start``."""

    id: QuotaId = field(factory=new_quota_id)
    owner_id: Annotated[UserId, Lookup("user")]  # pyright: ignore[reportGeneralTypeIssues]  # all fields are keyword-only
    period_start: date
    amount: Money
