"""Question: which records, in which order, after which one, how many.

The order is total, as the id is always its last key.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import attrs
from attrs import field, frozen

from crmcore.entities.record import Record, kind_of
from crmcore.errors import QueryError
from crmcore.query.filters import ALL, F, Filter, Order, Path, is_filter
from crmcore.query.values import value_at

R = TypeVar("R")  # without a bound, as rows can be asked for too
E = TypeVar("E", bound=Record)


def _orders(given: Path | Order | Iterable[Path | Order]) -> tuple[Order, ...]:
    several = (given,) if isinstance(given, Path | Order) else given
    return tuple(one if isinstance(one, Order) else Order(one) for one in several)


@frozen
class Query(Generic[R]):
    """Which records of ``kind``: ``where``, in which ``order``, ``after`` a cursor, how many.

    ``after`` is the cursor of a record (see ``cursor``; ``None``: from the start); ``limit`` the
    most records to return (``None``: all). The id is always the last key of the order.
    """

    kind: str
    where: Filter = ALL
    order: tuple[Order, ...] = field(default=(), converter=_orders)
    after: tuple[Any, ...] | None = None
    limit: int | None = None

    def __attrs_post_init__(self) -> None:
        if not is_filter(self.where):
            raise QueryError("this is not a filter", self.where, "write F.field == value")
        if self.limit is not None and (isinstance(self.limit, bool) or self.limit < 0):
            raise QueryError("a limit is 0 or more", self.limit)
        if self.after is not None and len(self.after) != len(self.order) + 1:
            raise QueryError("a cursor has one value per key and the id", self.after)

    @staticmethod
    def of(
        entity: type[E],
        where: Filter = ALL,
        *,
        order: Path | Order | Iterable[Path | Order] = (),
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
    ) -> Query[E]:
        """A query for records of an entity."""
        return Query(kind_of(entity), where, _orders(order), after, limit)

    def cursor(self, record: Any) -> tuple[Any, ...]:
        """Where ``record`` stands in the order: pass it as ``after`` to continue behind it."""
        return (*(value_at(record, one.path) for one in self.order), value_at(record, F.id))

    def following(self, record: Any) -> Query[R]:
        """The query that continues behind ``record``."""
        return attrs.evolve(self, after=self.cursor(record))

    def __str__(self) -> str:
        words = [f"{self.kind} where {self.where}"]
        if self.order:
            words.append("by " + ", ".join(map(str, self.order)))
        if self.after is not None:
            words.append(f"after {self.after!r}")
        if self.limit is not None:
            words.append(f"limit {self.limit}")
        return " ".join(words)
