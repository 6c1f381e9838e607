"""Followers: which records read which others by the paths of rules, to be filed anew with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.query import value_at
from crmcore.rules.matching.reading import FieldPath
from crmcore.values.ref import Ref

_Chain: TypeAlias = tuple[tuple[Callable[[Record], object], str], ...]
"""References, each in the record that the one before leads to: how it is got, and its kind."""

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
        self._chains = {kind: _chains(places) for kind, places in paths.items()}
        self._followers: dict[_Target, dict[Ref[Any], None]] = {}
        self._followed: dict[Ref[Any], tuple[_Target, ...]] = {}

    def of(self, ref: Ref[Any]) -> tuple[Ref[Any], ...]:
        """The records that look at this one, in the order in which they were noted."""
        return tuple(self._followers.get((ref.kind, ref.id), ()))

    def note(self, ref: Ref[Any], record: Record) -> None:
        """Note what a record looks at."""
        chains = self._chains.get(ref.kind)
        if not chains:
            return
        targets = self._targets(record, chains)
        if targets:
            self._followed[ref] = targets
            for target in targets:
                self._followers.setdefault(target, {})[ref] = None

    def forget(self, ref: Ref[Any]) -> None:
        """Forget what a record looks at."""
        for target in self._followed.pop(ref, ()):
            followers = self._followers[target]
            del followers[ref]
            if not followers:
                del self._followers[target]

    def _targets(self, record: Record, chains: tuple[_Chain, ...]) -> tuple[_Target, ...]:
        found: dict[_Target, None] = {}
        for (get, kind), *more in chains:
            target = _target(get(record), kind)
            if target is not None:
                found[target] = None
            for further, of in more:
                holder = None if target is None else self._records.get(Ref(*target))
                target = None if holder is None else _target(further(holder), of)
                if target is None:
                    break
                found[target] = None
        return tuple(found)


def _target(held: object, kind: str) -> _Target | None:
    """What a reference field leads to, the first of several."""
    if held is None:
        return None
    if isinstance(held, str):
        return kind, held
    if isinstance(held, Ref):
        return held.kind, held.id
    if isinstance(held, tuple | list | frozenset):
        many = sorted(held, key=str) if isinstance(held, frozenset) else held
        return next((_target(one, kind) for one in many if one is not None), None)
    return kind, str(held)


def _chains(paths: Iterable[FieldPath]) -> tuple[_Chain, ...]:
    """The references in these paths, those of several paths once."""
    found: dict[object, _Chain] = {}
    for path in paths:
        step: FieldPath | None = path
        steps: list[tuple[tuple[str, ...], str]] = []
        chain: list[tuple[Callable[[Record], object], str]] = []
        while step is not None and step.kind is not None:
            names = step.path.steps
            steps.append((names, step.kind))
            get: Callable[[Record], object] = (
                attrgetter(names[0]) if len(names) == 1 else partial(value_at, path=step.path)
            )
            chain.append((get, step.kind))
            step = step.rest
        if chain:
            found[tuple(steps)] = tuple(chain)
    return tuple(found.values())
