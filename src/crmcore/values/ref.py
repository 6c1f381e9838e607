"""Ref: the typed reference to a record, by kind and id.

``Ref[Lead | Contact]`` is a reference to one of the two; the type parameter is for type checkers
only. A kind is the name of an entity, such as ``account`` or ``opportunity_contact_role``.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import field, frozen

T_co = TypeVar("T_co", covariant=True)


@frozen(order=True)
class Ref(Generic[T_co]):
    """A reference to one record: ``kind`` names its entity, ``id`` the record.

    References are ordered by kind, then id. ``str(ref)`` is ``kind:id``.
    """

    kind: str = field()
    id: str = field()

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"
