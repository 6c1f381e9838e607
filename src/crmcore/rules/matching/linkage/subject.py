"""Subject: how records of one kind of entity are read, brought together, compared and weighed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs
from attrs import field, frozen

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


def _facets(given: Mapping[str, Facet]) -> FrozenMap[Facet]:
    return FrozenMap(given)


LEVELS: Final = 16
"""Codes of one level and one bucket are ``bucket * LEVELS + level``; level 0: not compared."""


def coded(level: int, bucket: int) -> int:
    """The code of a level, counted from 1, with the bucket of the value shared."""
    return bucket * LEVELS + level


@frozen(kw_only=True)
class Trait:
    """One thing that is known of a record, in a normal form that is made once.

    ``form`` gives the form of the values of its ``meanings`` (``None``: nothing is known) and
    ``compare`` the code of two forms, the same whichever comes first. ``values`` are the texts
    whose frequency counts, each with the name of its table; those of the tables in ``by_name``
    are counted by the different names of the records that share them, not by the records.
    ``facets`` make the short texts that blocking keys are put together from. ``form_in`` is
    ``form`` in a region, where that matters.
    """

    name: str
    meanings: tuple[str, ...]
    form: Callable[[Given], Hashable]
    compare: Callable[[Any, Any, Buckets], int]
    values: Callable[[Any], Iterable[tuple[str, str]]]
    facets: FrozenMap[Facet] = field(converter=_facets)
    is_by_name: bool = False
    form_in: Callable[[Given, str | None], Hashable] | None = None

    def in_region(self, region: str) -> Trait:
        """The successor that reads the values of a region (an ISO 3166 code such as FR)."""
        made = self.form_in
        if made is None:
            return self
        return attrs.evolve(self, form=lambda given: made(given, region))


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


def _sources(given: Mapping[str, Iterable[str]]) -> FrozenMap[tuple[str, ...]]:
    return FrozenMap({group: tuple(traits) for group, traits in given.items()})


def _traits(given: Iterable[Trait]) -> tuple[Trait, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Subject:
    """A kind of entity. ``classify`` turns the codes of all traits into the level of each group.

    ``usual`` has the bucket of a value of each table, as long as nothing was learnt. ``within``
    gives the groups whose u is learnt among pairs that agree in what ``is_alike`` says, because
    one value there often follows from the other, as a mailbox from a name.

    ``sources`` names for each group the traits that it follows from (a group that is not named:
    all of them), and ``decisive`` the traits that say soonest whether two records can be one, in
    the order in which they are best compared. ``cap`` never falls when one group is at its closest
    level instead of another one, or of none.
    """

    name: str
    traits: tuple[Trait, ...] = field(converter=_traits)
    keys: tuple[Key, ...]
    groups: tuple[Group, ...]
    classify: Callable[[tuple[int, ...]], tuple[Found, ...]]
    usual: FrozenMap[int] = field(converter=buckets_of)
    cap: Callable[[tuple[Found, ...]], float]
    within: tuple[int, ...] = ()
    is_alike: Callable[[tuple[Found, ...]], bool] = lambda _: False
    sources: FrozenMap[tuple[str, ...]] = field(default=FrozenMap(), converter=_sources)
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

    @property
    def shows(self) -> tuple[str, ...]:
        """The traits that a reader may be shown."""
        return tuple(dict.fromkeys(name for group in self.groups for name in group.shows))

    @property
    def standard(self) -> Learnt:
        """What to go by as long as nothing was learnt."""
        return standard_learnt(self.groups, self.usual)
