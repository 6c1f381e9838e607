"""FrozenMap: a mapping that cannot change, is hashable, and holds only frozen values.

Custom values and external ids of a record are kept in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

V_co = TypeVar("V_co", covariant=True)

MOST_LEVELS = 100
"""How deep values can be nested in one another; records are checked for far fewer."""


class FrozenMap(Mapping[str, V_co]):
    """An immutable mapping from text to frozen values, iterated in the order of its keys.

    Lists inside become tuples, sets frozen sets and mappings frozen maps, so that nothing the
    caller keeps can change what the map holds (see ``frozen_value``). Two maps are equal when they
    hold equal items, whatever the order in which these were given.
    """

    __slots__ = ("_hash", "_items")
    _items: dict[str, V_co]
    _hash: int | None

    def __init__(
        self, items: Mapping[str, V_co] | Iterable[tuple[str, V_co]] = (), /, **named: V_co
    ) -> None:
        self._fill(dict(items, **named), 1)

    def _fill(self, given: Mapping[Any, Any], level: int) -> None:
        ordered = sorted(given.items(), key=lambda item: _rank(item[0]))
        frozen = {key: _frozen(value, level) for key, value in ordered}
        object.__setattr__(self, "_items", frozen)
        object.__setattr__(self, "_hash", None)

    def __getitem__(self, key: str) -> V_co:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMap):
            return self._items == other._items
        return NotImplemented if not isinstance(other, Mapping) else self._items == dict(other)

    def __hash__(self) -> int:
        if self._hash is None:
            object.__setattr__(self, "_hash", hash(frozenset(self._items.items())))
        return self._hash or 0

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a FrozenMap cannot change ({name!r}); use with_items")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a FrozenMap cannot change ({name!r}); use without")

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenMap, (dict(self._items),)

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"

    def with_items(
        self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **named: Any
    ) -> FrozenMap[Any]:
        """The successor in which these items are added or replaced."""
        return FrozenMap({**self._items, **dict(items), **named})

    def without(self, *keys: str) -> FrozenMap[V_co]:
        """The successor without these keys; keys that are absent are ignored."""
        return FrozenMap({key: value for key, value in self._items.items() if key not in keys})


def _rank(key: object) -> tuple[bool, str]:
    # Keys that are no text are bad data: they come last, as they were given.
    return (False, key) if isinstance(key, str) else (True, "")


def frozen_value(value: Any) -> Any:
    """``value`` with every list, set and mapping in it, at any depth, replaced by a frozen one.

    Values of other types come back as they are. Raises ``RecursionError`` for what is nested more
    than ``MOST_LEVELS`` deep, as what holds itself is.
    """
    return _frozen(value, 0)


def _frozen(value: Any, level: int) -> Any:
    if level > MOST_LEVELS:
        raise RecursionError(f"this is nested more than {MOST_LEVELS} levels deep")
    if isinstance(value, FrozenMap):
        return value
    if isinstance(value, Mapping):
        inner: FrozenMap[Any] = FrozenMap()
        inner._fill(value, level + 1)  # noqa: SLF001  # one of ours
        return inner
    if isinstance(value, list | tuple):
        return tuple(_frozen(item, level + 1) for item in value)
    if isinstance(value, set | frozenset):
        return frozenset(_frozen(item, level + 1) for item in value)
    return value
