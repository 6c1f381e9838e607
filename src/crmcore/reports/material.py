"""Material: the records that a report is made of, by entity, and what was once arranged of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.model.model import Model

R = TypeVar("R", bound=Record)
T = TypeVar("T")


def _frozen(given: Mapping[type[Record], Iterable[Any]]) -> dict[type[Record], tuple[Any, ...]]:
    return {entity: tuple(records) for entity, records in given.items()}


@frozen
class Material:
    """Records by their entity, in any order; ``Material.of`` sorts mixed ones.

    Reports that are made of the same material share what they ``arranged``, such as the history of
    each deal in its order: it pays to keep the material for as long as the records stay the same.
    """

    by_entity: Mapping[type[Record], tuple[Any, ...]] = field(factory=dict, converter=_frozen)
    _arranged: dict[Callable[..., Any], Any] = field(factory=dict, init=False, eq=False, repr=False)

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

    def arranged(self, way: Callable[[Material], T]) -> T:
        """What the function ``way`` makes of this material, made once; nobody may change it."""
        if way not in self._arranged:
            self._arranged[way] = way(self)
        found: T = self._arranged[way]
        return found

    def arranged_by(self, model: Model, way: Callable[[Material, Model], T]) -> T:
        """What ``way`` makes of this material by a model; kept until another model is named."""
        kept, found = self._arranged.get(way, (None, None))
        if kept is not model:
            found = way(self, model)
            self._arranged[way] = (model, found)
        known: T = found
        return known
