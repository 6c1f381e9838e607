"""Shaping: the forms of what records of one kind hold, those of values met before from memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any, Final

from attrs import field, frozen

from crmcore.entities.record import Record
from crmcore.rules.matching.linkage.subject import Trait
from crmcore.rules.matching.readers import Reader

_LATELY: Final = 10_000
"""So many values of a meaning are remembered, besides twice those that were learnt."""


@frozen
class _Meaning:
    """The traits made of some meanings: how their values are read, and what forms are known.

    With ``is_followed`` they lie in another record, which may change: then forms are known by the
    values, else by what the fields hold.
    """

    read: Reader
    places: tuple[int, ...]
    makes: tuple[Callable[[Any], Any], ...]
    is_followed: bool
    known: dict[Hashable, tuple[Any, ...]] = field(factory=dict, eq=False)
    most: list[int] = field(factory=lambda: [_LATELY], eq=False)

    def forms(self, held: Any) -> tuple[Any, ...]:  # Any: what the fields of a record hold
        """The forms of each trait."""
        key = self.read.of_held((held,))[0] if self.is_followed else held
        known = self.known
        try:
            found = known.get(key)
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            return self._made(held)
        if found is None:
            if len(known) > self.most[0]:
                known.clear()
            found = known[key] = self._made(held)
        return found

    def _made(self, held: Any) -> tuple[Any, ...]:  # Any: as above
        raw = self.read.of_held((held,))[0]
        return tuple([make(raw) for make in self.makes])

    def learn(self, records: Sequence[Record], forms: Sequence[tuple[Any, ...]]) -> None:
        """Remember the forms of these records."""
        try:
            different = dict(zip(self.read.held(records), forms, strict=True))
        except TypeError:  # bad data, as above
            return
        for held, row in different.items():
            key = self.read.of_held((held,))[0] if self.is_followed else held
            self.known[key] = tuple([row[at] for at in self.places])
        self.most[0] = 2 * len(self.known) + _LATELY


class Shaping:
    """Makes the forms of records of one kind, trait by trait.

    What a company is called, where it is and what somebody's title is, many records share, and a
    record that is asked for is often filed next: their forms are made once. ``readers`` has how
    each trait is read (``None``: it is not), ``followed`` the names of those read through a
    reference.
    """

    def __init__(
        self, traits: Sequence[Trait], readers: Sequence[Reader | None], followed: Iterable[str]
    ) -> None:
        self._names = [trait.name for trait in traits]
        through = frozenset(followed)
        together: dict[tuple[str, ...], list[int]] = {}
        for at, trait in enumerate(traits):
            together.setdefault(trait.meanings, []).append(at)
        self._meanings = tuple(
            _Meaning(
                read,
                tuple(places),
                tuple(traits[at].form for at in places),
                any(traits[at].name in through for at in places),
            )
            for places in together.values()
            if (read := readers[places[0]]) is not None
        )

    def forms(
        self, record: Record, stored: Record | None = None, its: Sequence[Any] = ()
    ) -> tuple[Any, ...]:
        """The form of each trait of a record; ``None``: nothing is known.

        ``stored`` is the record as it was filed, ``its`` are the forms of that.
        """
        if record is stored:
            return tuple(its)
        made: list[Any] = [None] * len(self._names)
        one = (record,)
        for meaning in self._meanings:
            held = meaning.read.held(one)[0]
            if stored is not None and held == meaning.read.held((stored,))[0]:
                for at in meaning.places:
                    made[at] = its[at]
                continue
            for at, form in zip(meaning.places, meaning.forms(held), strict=True):
                made[at] = form
        return tuple(made)

    def learn(
        self,
        records: Sequence[Record],
        forms: Sequence[tuple[Any, ...]],
        traits: Collection[str],
    ) -> None:
        """Remember the forms of these records, of traits whose values many share."""
        for meaning in self._meanings:
            if all(self._names[at] in traits for at in meaning.places):
                meaning.learn(records, forms)
