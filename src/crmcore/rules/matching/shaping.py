"""Shaping: the forms of what records of one kind hold, those of values met before from memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

from crmcore.entities.record import Record
from crmcore.query import value_at
from crmcore.rules.matching.linkage.subject import Trait
from crmcore.rules.matching.readers import Reader
from crmcore.rules.matching.reading import FieldPath

_LATELY: Final = 10_000
"""So many values of a meaning are remembered, besides twice those that were learnt."""


class _Meaning:
    """The traits made of the same meanings: how these are read, and what forms are known.

    The forms are known by what the fields hold. Where that is a reference, they follow from the
    record of kind ``follows`` that it leads to, and are forgotten when that record changes; where
    they follow from records in any other way, none are known.
    """

    def __init__(
        self, read: Reader, places: Sequence[int], traits: Sequence[Trait], paths: list[FieldPath]
    ) -> None:
        self.places: Final = tuple(places)
        self.makes: Final = tuple(traits[at].form for at in places)
        self.held: Final = _getter(paths)
        self.read: Final = read
        self.follows: Final = paths[0].kind if len(paths) == 1 else None
        through = [path for path in paths if path.kind is not None]
        self.is_known: Final = not through or (
            self.follows is not None and paths[0].rest is not None and paths[0].rest.kind is None
        )
        self.known: dict[Hashable, tuple[Any, ...]] = {}
        self.most = _LATELY

    def forms(self, held: Any) -> tuple[Any, ...]:  # Any: a tuple where there are several fields
        """The forms of each trait, of what the fields of a record hold."""
        try:
            return self.known[held]
        except KeyError:
            found = self.made(held)
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            return self.made(held)
        if self.is_known and (self.follows is None or isinstance(held, str)):
            if len(self.known) >= self.most:
                self.known.clear()
            self.known[held] = found
        return found

    def made(self, held: Any) -> tuple[Any, ...]:  # Any: as above
        """As ``forms``, made anew."""
        raw = self.read.of_fields(held)
        return tuple([make(raw) for make in self.makes])

    def learn(self, records: Sequence[Record], forms: Sequence[tuple[Any, ...]]) -> None:
        """Remember the forms of these records."""
        try:
            different = dict(zip(map(self.held, records), forms, strict=True))
        except TypeError:  # bad data, as above
            return
        for held, row in different.items():
            if self.follows is None or isinstance(held, str):
                self.known[held] = tuple([row[at] for at in self.places])
        self.most = 2 * len(self.known) + _LATELY


class Shaping:
    """Makes the forms of records of one kind, trait by trait.

    What a company is called, where it is and what somebody's title is, many records share, and a
    record that is asked for is often filed next: their forms are made once. ``readers`` has how
    each trait is read (``None``: it is not), ``paths`` the places of each meaning.
    """

    def __init__(
        self,
        traits: Sequence[Trait],
        readers: Sequence[Reader | None],
        paths: Mapping[str, Sequence[FieldPath]],
    ) -> None:
        self._names = [trait.name for trait in traits]
        together: dict[tuple[str, ...], list[int]] = {}
        for at, trait in enumerate(traits):
            together.setdefault(trait.meanings, []).append(at)
        self._meanings = [
            _Meaning(read, places, traits, [path for one in meanings for path in paths[one]])
            for meanings, places in together.items()
            if (read := readers[places[0]]) is not None
        ]

    def forms(
        self, record: Record, stored: Record | None = None, its: Sequence[Any] = ()
    ) -> tuple[Any, ...]:
        """The form of each trait of a record; ``None``: nothing is known.

        ``stored`` is the record as it was filed, ``its`` are the forms of that.
        """
        if record is stored:
            return tuple(its)
        made: list[Any] = [None] * len(self._names)
        for meaning in self._meanings:
            held = meaning.held(record)
            if stored is not None and held == meaning.held(stored):
                for at in meaning.places:
                    made[at] = its[at]
                continue
            try:
                found = meaning.known[held]
            except (KeyError, TypeError):
                found = meaning.forms(held)
            if len(found) == 1:
                made[meaning.places[0]] = found[0]
            else:
                for at, form in zip(meaning.places, found, strict=True):
                    made[at] = form
        return tuple(made)

    def learn(
        self,
        records: Sequence[Record],
        forms: Sequence[tuple[Any, ...]],
        different: Mapping[str, int],
    ) -> None:
        """Remember the forms of these records, of traits whose values many share.

        ``different`` has how many forms each of these traits has, where the first is none.
        """
        for meaning in self._meanings:
            counts = [different.get(self._names[at], 0) for at in meaning.places]
            if meaning.is_known and all(counts) and max(counts) > 1:
                meaning.learn(records, forms)

    def forget(self, kind: str, name: str) -> None:
        """Forget what follows from the record of this kind and id, which changed."""
        for meaning in self._meanings:
            if meaning.follows == kind:
                meaning.known.pop(name, None)


def _getter(paths: Sequence[FieldPath]) -> Callable[[Record], Any]:  # Any: what fields hold
    """Gets what the fields of a record hold: a tuple where there are several."""
    names = [path.path.steps for path in paths]
    if all(len(steps) == 1 for steps in names):
        return attrgetter(*(steps[0] for steps in names))
    gets = [partial(value_at, path=path.path) for path in paths]
    if len(gets) == 1:
        return gets[0]
    return lambda record: tuple([get(record) for get in gets])
