"""Material: the records that a report is made of, by entity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from attrs import field, frozen

from crmcore.entities.record import Record

R = TypeVar("R", bound=Record)


def _frozen(given: Mapping[type[Record], Iterable[Any]]) -> dict[type[Record], tuple[Any, ...]]:
    return {entity: tuple(records) for entity, records in given.items()}


@frozen
class Material:
    """Records by their entity, in any order; ``Material.of`` sorts mixed ones."""

    by_entity: Mapping[type[Record], tuple[Any, ...]] = field(factory=dict, converter=_frozen)

    @classmethod
    def of(cls, records: Iterable[Record] | Material) -> Material:
        """The material that these records are; one that is material already stays as it is."""
        if isinstance(records, Material):
            return records
        found: dict[type[Record], list[Record]] = {}
        for one in records:
            found.setdefault(type(one), []).append(one)
        return cls(found)

    def all(self, entity: type[R]) -> tuple[R, ...]:
        """The records of one entity; none where there are none."""
        key: Any = entity  # Any: mypy does not see that this class is hashable
        return cast("tuple[R, ...]", self.by_entity.get(key, ()))  # cast: sorted by class above
