"""Records of entities that users bring: every shape of field that the codec meets."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar

from attrs import field, frozen

from crmcore.entities import Account, Record
from crmcore.model.model import STANDARD_MODEL
from crmcore.values import FrozenMap, Money
from crmcore.values.ids import new_id

T = TypeVar("T")


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Size(StrEnum):
    SMALL = "small"


class Undeclared(Enum):
    ONE = 1


@frozen(kw_only=True)
class Node:
    """A value that holds values of its own kind."""

    name: str
    children: tuple[Node, ...] = ()
    is_open: bool = True


@frozen
class Box(Generic[T]):
    """A generic value."""

    content: T
    colour: Colour = Colour.RED


def _positive(_: object, __: object, value: int) -> None:
    if value < 0:
        raise LookupError("it is negative")


@frozen(kw_only=True)
class Sample(Record):
    """An entity with fields of every shape."""

    id: str = field(factory=new_id)
    text: str
    losers: tuple[str, ...]
    colour: Colour = Colour.GREEN
    size: Size | None = None
    tier: str | None = "gold"
    levels: tuple[int, ...] = (1, 2)
    tags: frozenset[str] = field(factory=frozenset)
    rates: FrozenMap[Decimal] = field(factory=FrozenMap)
    prices: frozenset[Money] = frozenset()
    tree: Node | None = None
    box: Box[str] | None = None
    account: Account | None = None
    either: str | int | None = None
    choice: Literal["a", "b"] = "a"
    mark: Annotated[str | None, ["unhashable"]] = None
    pair: tuple[str, int] | None = None
    anything: Any = None
    count: int = field(default=0, validator=_positive)


MODEL = STANDARD_MODEL.with_entity(Sample)
