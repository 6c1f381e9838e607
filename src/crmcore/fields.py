"""Fields: what a field means, beyond the Python type that holds it.

A meaning is attached to an attribute of an entity with ``Annotated``, and to a custom field as its
``type``. Meanings are plain values; ``crmcore.model.describe`` reads them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from attrs import field, frozen


class OnMerge(Enum):
    """What a merge does to a reference to a record that is merged away."""

    FOLLOW = "follow"
    """The reference is re-pointed to the survivor."""
    KEEP = "keep"
    """The reference is historic: its stored value never moves, and readers resolve it."""


class OnDelete(Enum):
    """What deleting a record does to a record that refers to it."""

    RESTRICT = "restrict"
    """The deletion is refused while the reference stands."""
    CASCADE = "cascade"
    """The referring record is deleted by the same commit."""
    CLEAR = "clear"
    """The reference is set to ``None`` by the same commit."""


FOLLOW = OnMerge.FOLLOW
KEEP = OnMerge.KEEP
RESTRICT = OnDelete.RESTRICT
CASCADE = OnDelete.CASCADE
CLEAR = OnDelete.CLEAR


class Target(Enum):
    """What must be true of the record that a reference names."""

    STORED = "stored"
    """It must be stored: a missing one is an error."""
    ANYWHERE = "anywhere"
    """It may live outside, as users of the host application do: a missing one is no problem."""


class Shape(Enum):
    """Whether references of a kind among themselves may form a loop."""

    GRAPH = "graph"
    TREE = "tree"
    """Following the reference from record to record never comes back to a record."""


@frozen
class Text:
    """Text of one line, or of several; at most ``max_length`` characters (``None``: 100,000)."""

    max_length: int | None = None
    multiline: bool = False


@frozen
class Email:
    """An e-mail address."""


@frozen
class Phone:
    """A telephone number, in any notation."""


@frozen
class Url:
    """A web address; a bare domain such as ``acme.example`` will do."""


@frozen
class Whole:
    """A whole number, within ``minimum`` and ``maximum`` where these are given."""

    minimum: int | None = None
    maximum: int | None = None


@frozen
class Number:
    """An exact decimal number, within ``minimum`` and ``maximum`` where these are given."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None


@frozen
class Percent:
    """An exact decimal number from 0 to 100."""


@frozen
class Currency:
    """An amount of money with its currency."""


@frozen
class Date:
    """A calendar date."""


@frozen
class DateTime:
    """A moment: an aware datetime in UTC."""


@frozen
class Checkbox:
    """Yes or no."""


@frozen
class Composite:
    """A value of several parts, such as an address or the name of a person."""


@frozen(init=False)
class Picklist:
    """One of ``options``, which are stored keys.

    With ``open_ended`` other values are accepted as well, and reported as a remark.
    """

    options: tuple[str, ...]
    open_ended: bool = False

    def __init__(self, *options: str, open_ended: bool = False) -> None:
        self.__attrs_init__(options, open_ended)


@frozen(init=False)
class MultiPicklist:
    """Any number of ``options``, kept as a frozen set of stored keys."""

    options: tuple[str, ...]
    open_ended: bool = False

    def __init__(self, *options: str, open_ended: bool = False) -> None:
        self.__attrs_init__(options, open_ended)


@frozen(init=False)
class Lookup:
    """A reference to a record of one of ``kinds`` (none given: of any kind).

    With exactly one kind the stored value is the id; otherwise it is a ``Ref``.
    """

    kinds: tuple[str, ...]
    on_merge: OnMerge = FOLLOW
    on_delete: OnDelete = RESTRICT
    target: Target = Target.STORED
    shape: Shape = Shape.GRAPH

    def __init__(
        self,
        *kinds: str,
        on_merge: OnMerge = FOLLOW,
        on_delete: OnDelete = RESTRICT,
        target: Target = Target.STORED,
        shape: Shape = Shape.GRAPH,
    ) -> None:
        self.__attrs_init__(kinds, on_merge, on_delete, target, shape)

    @property
    def kind(self) -> str | None:
        """The one kind referred to, or ``None`` when there are several."""
        return self.kinds[0] if len(self.kinds) == 1 else None

    def accepts(self, kind: str) -> bool:
        """Whether a record of this kind may be referred to."""
        return not self.kinds or kind in self.kinds


FieldType: TypeAlias = (
    Text
    | Email
    | Phone
    | Url
    | Whole
    | Number
    | Percent
    | Currency
    | Date
    | DateTime
    | Checkbox
    | Composite
    | Picklist
    | MultiPicklist
    | Lookup
)
"""Any meaning a field can have."""


@frozen(kw_only=True)
class CustomField:
    """A field that a model adds to an entity; its values live in ``record.custom[name]``.

    ``name`` is the stored key and never changes; ``label`` is what people read (``None``: made
    from the name). ``required`` asks every record that is written to have a value.
    """

    name: str
    type: FieldType = field(factory=Text)
    label: str | None = None
    required: bool = False
