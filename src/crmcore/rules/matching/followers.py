"""Followers: which records read which others by the paths of rules, to be filed anew with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.query import value_at
from crmcore.rules.matching.reading import FieldPath
from crmcore.values.ref import Ref

_Step: TypeAlias = tuple[Callable[[Record], object], str]
"""How a reference is got from a record, and the kind of what it leads to."""

_Target: TypeAlias = tuple[str, str]
"""Kind and id of a record, whose hash costs less than that of its reference."""


class Followers:
    """Which of ``records`` look at which others: those that the references in paths lead to.

    ``paths`` has by kind the places that are looked at.
    """

    def __init__(
        self, paths: Mapping[str, Iterable[FieldPath]], records: Mapping[Ref[Any], Record]
    ) -> None:
        self._records = records
        chains = {kind: _chains(places) for kind, places in paths.items()}
        self._direct = {kind: _first_steps(found) for kind, found in chains.items()}
        self._longer = {
            kind: tuple(one for one in found if len(one) > 1) for kind, found in chains.items()
        }
        self._followers: dict[_Target, dict[Ref[Any], None]] = {}
        self._through: dict[Ref[Any], tuple[_Target, ...]] = {}

    def of(self, ref: Ref[Any]) -> tuple[Ref[Any], ...]:
        """The records that look at this one, in the order in which they were noted."""
        return tuple(self._followers.get((ref.kind, ref.id), ()))

    def note(self, ref: Ref[Any], record: Record) -> None:
        """Note what a record looks at."""
        kind = ref.kind
        for target in self._seen(kind, record):
            self._followers.setdefault(target, {})[ref] = None
        if self._longer.get(kind):
            # what lies behind another record may be elsewhere when this one is forgotten
            through = self._through[ref] = tuple(self._seen_through(kind, record))
            for target in through:
                self._followers.setdefault(target, {})[ref] = None

    def forget(self, ref: Ref[Any], record: Record) -> None:
        """Forget what a record, as it was noted, looks at."""
        for target in (*self._seen(ref.kind, record), *self._through.pop(ref, ())):
            followers = self._followers.get(target)
            if followers is not None:
                followers.pop(ref, None)
                if not followers:
                    del self._followers[target]

    def _seen(self, kind: str, record: Record) -> Iterator[_Target]:
        """What the references of a record itself lead to."""
        for get, to in self._direct.get(kind, ()):
            target = _target(get(record), to)
            if target is not None:
                yield target

    def _seen_through(self, kind: str, record: Record) -> Iterator[_Target]:
        """What references in other records lead to."""
        for (get, to), *more in self._longer[kind]:
            target = _target(get(record), to)
            for further, beyond in more:
                holder = None if target is None else self._records.get(Ref(*target))
                target = None if holder is None else _target(further(holder), beyond)
                if target is not None:
                    yield target


def _target(held: object, kind: str) -> _Target | None:
    """What a reference field leads to, the first of several."""
    if isinstance(held, str):
        return kind, held
    if held is None:
        return None
    if isinstance(held, Ref):
        return held.kind, held.id
    if isinstance(held, tuple | list | frozenset):
        many = sorted(held, key=str) if isinstance(held, frozenset) else held
        return next((_target(one, kind) for one in many if one is not None), None)
    return kind, str(held)


def _chains(paths: Iterable[FieldPath]) -> tuple[tuple[_Step, ...], ...]:
    """The references in these paths one after the other, those of several paths once."""
    found: dict[object, tuple[_Step, ...]] = {}
    for path in paths:
        step: FieldPath | None = path
        names: list[tuple[tuple[str, ...], str]] = []
        chain: list[_Step] = []
        while step is not None and step.kind is not None:
            own = step.path.steps
            names.append((own, step.kind))
            get: Callable[[Record], object] = partial(value_at, path=step.path)
            chain.append((attrgetter(own[0]) if len(own) == 1 else get, step.kind))
            step = step.rest
        for length in range(1, len(chain) + 1):
            found[tuple(names[:length])] = tuple(chain[:length])
    return tuple(found.values())


def _first_steps(chains: Iterable[tuple[_Step, ...]]) -> tuple[_Step, ...]:
    return tuple(chain[0] for chain in chains if len(chain) == 1)
