"""Subject: how records of one kind of entity are read, brought together, compared and weighed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
from attrs import field, frozen

from crmcore.rules.matching.linkage.lone import Lone
from crmcore.rules.matching.linkage.weights import (
    Buckets,
    Group,
    Learnt,
    buckets_of,
    standard_learnt,
)
from crmcore.values.frozenmap import FrozenMap

Given: TypeAlias = tuple[tuple[object, ...], ...]
"""For each meaning that a trait is made of, the values of a record."""

Found: TypeAlias = tuple[int, int] | None
"""The level of a group of evidence and the bucket of the value shared; ``None``: not compared."""

Facet: TypeAlias = Callable[[Any], tuple[str, ...]]
"""Makes short texts of a form, from which blocking keys are put together."""


Texts: TypeAlias = Callable[[Any], Sequence[str]]
"""Gives texts of a form, one that it has twice twice."""


def _facets(given: Mapping[str, Facet]) -> FrozenMap[Facet]:
    return FrozenMap(given)


def _texts(given: Mapping[str, Texts]) -> FrozenMap[Texts]:
    return FrozenMap(given)


@frozen
class Basis:
    """What a group of evidence goes by: ``found`` of the codes of these traits, by their places."""

    traits: tuple[int, ...]
    found: Callable[..., Found]


LEVELS: Final = 16
"""Codes of one level and one bucket are ``bucket * LEVELS + level``; level 0: not compared."""


def coded(level: int, bucket: int) -> int:
    """The code of a level, counted from 1, with the bucket of the value shared."""
    return bucket * LEVELS + level


CompareMany: TypeAlias = Callable[[Any, Sequence[Any], tuple[Any, Any], Buckets], Any]
"""Any: numpy need not be there to check types, and each trait has forms of its own."""


@frozen(kw_only=True)
class Trait:
    """One thing that is known of a record, in a normal form that is made once.

    ``form`` gives the form of the values of its ``meanings`` (``None``: nothing is known) and
    ``compare`` the code of two forms, the same whichever comes first. ``values`` give the texts
    whose frequency counts, by the name of their table, which is the trait's own; with
    ``is_by_name`` they are counted by the different names of the records that share them, not by
    the records.
    ``compare_many`` gives what ``compare`` does of many pairs of forms by arrays: it gets numpy,
    the forms, and the pairs as two arrays of numbers of forms, none of them 0; so is what it gives.
    ``facets`` make the short texts that blocking keys are put together from. ``form_in`` is
    ``form`` in a region, where that matters. ``lone`` makes the same forms of many records at once.
    """

    name: str
    meanings: tuple[str, ...]
    form: Callable[[Given], Hashable]
    compare: Callable[[Any, Any, Buckets], int]
    values: FrozenMap[Texts] = field(converter=_texts)
    facets: FrozenMap[Facet] = field(converter=_facets)
    lone: Lone | None = None
    is_by_name: bool = False
    form_in: Callable[[Given, str | None], Hashable] | None = None
    compare_many: CompareMany | None = None

    def in_region(self, region: str) -> Trait:
        """The successor that reads the values of a region (an ISO 3166 code such as FR)."""
        made = self.form_in
        if made is None:
            return self
        lone = None if self.lone is None else self.lone.in_region(region)
        return attrs.evolve(self, form=lambda given: made(given, region), lone=lone)


@frozen(kw_only=True)
class Key:
    """A blocking key: the facets that two records must share, each as *trait.facet*.

    A block that is too large is split by the facet ``split``; what then is too large still, or has
    no such facet, is skipped and reported.
    """

    name: str
    about: str
    parts: tuple[str, ...]
    split: str | None = None


def _traits(given: Iterable[Trait]) -> tuple[Trait, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Subject:
    """A kind of entity. ``bases`` says for each group which codes it goes by.

    ``usual`` has the bucket of a value of each table, as long as nothing was learnt. ``within``
    gives the groups whose u is learnt among pairs that agree in what ``is_alike`` says, because
    one value there often follows from the other, as a mailbox from a name.

    ``decisive`` are the traits that say soonest whether two records can be one, in the order in
    which they are best compared. ``cap`` never falls when one group is at its closest level instead
    of another one, or of none.
    """

    name: str
    traits: tuple[Trait, ...] = field(converter=_traits)
    keys: tuple[Key, ...]
    groups: tuple[Group, ...]
    bases: tuple[Basis, ...]
    usual: FrozenMap[int] = field(converter=buckets_of)
    cap: Callable[[tuple[Found, ...]], float]
    within: tuple[int, ...] = ()
    is_alike: Callable[[tuple[Found, ...]], bool] = lambda _: False
    decisive: tuple[str, ...] = ()

    @property
    def meanings(self) -> tuple[str, ...]:
        """The meanings of all fields that it can read."""
        return tuple(dict.fromkeys(one for trait in self.traits for one in trait.meanings))

    def in_region(self, region: str | None) -> Subject:
        """The successor whose telephone numbers without a country are those of a region."""
        if region is None:
            return self
        return attrs.evolve(self, traits=[one.in_region(region) for one in self.traits])

    def classify(self, codes: Sequence[int]) -> tuple[Found, ...]:
        """The level of each group, given the codes of all traits."""
        return tuple([one.found(*[codes[at] for at in one.traits]) for one in self.bases])

    @property
    def shows(self) -> tuple[str, ...]:
        """The traits that a reader may be shown."""
        return tuple(dict.fromkeys(name for group in self.groups for name in group.shows))

    @property
    def standard(self) -> Learnt:
        """What to go by as long as nothing was learnt."""
        return standard_learnt(self.groups, self.usual)
