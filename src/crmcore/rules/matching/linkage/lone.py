"""Lone: how forms are made of the values of many records that have one value each, or none.

Most records have one name, one mailbox, one line, and many share their city or a given name. So the
parts that a form is made of are read first, equal ones once, and forms are made of them all at
once. What comes of it is what the trait makes of each record by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

import attrs
from attrs import frozen

Forms: TypeAlias = Callable[[Sequence[Any]], Sequence[Hashable]]
"""Makes the forms of many parts, in their order."""


class FormsIn(Protocol):
    """Makes the forms of many parts in a region."""

    def __call__(self, parts: Sequence[Any], /, region: str) -> Sequence[Hashable]:
        """The forms, in the order of the parts."""


@frozen(kw_only=True)
class Lone:
    """How the forms of values of type ``kind`` are made, each the only one of its record.

    ``parts`` names what of a value its form is made of; empty: the value itself. ``forms`` makes
    the forms of many of these, ``None`` being the part of a record without a value; with several
    parts they come as a tuple. ``forms_in`` is ``forms`` in a region, where that matters.
    """

    kind: type
    forms: Forms
    parts: tuple[str, ...] = ()
    forms_in: FormsIn | None = None

    def in_region(self, region: str) -> Lone:
        """The successor that reads the values of a region (an ISO 3166 code such as FR)."""
        if self.forms_in is None:
            return self
        return attrs.evolve(self, forms=partial(self.forms_in, region=region))

    def takes(self, held: Sequence[object]) -> list[bool]:
        """Which of these can be read so: a value of the kind, or ``None``."""
        return list(map({self.kind, type(None)}.__contains__, map(type, held)))

    def takes_all(self, held: Sequence[object]) -> bool:
        """Whether all of these can be read so."""
        return {self.kind, type(None)}.issuperset(map(type, held))

    def parts_of(self, values: Sequence[Any]) -> Sequence[Any]:
        """The parts of values that can be read so."""
        if not self.parts:
            return values
        if type(None) in set(map(type, values)):
            empty = self.kind()
            values = [empty if one is None else one for one in values]
        return list(map(attrgetter(*self.parts), values))
