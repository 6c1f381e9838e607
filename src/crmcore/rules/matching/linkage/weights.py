"""Weights: what each level of agreement counts, in bits, and from which figures that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log2
from typing import Final

from attrs import field, frozen

from crmcore.values.frozenmap import FrozenMap

RARE: Final = 2
"""The least bucket: what at most three records share."""

STANDARD_RECORDS: Final = 10_000
"""Weights that nobody has learnt yet are those of a set of this size."""

_MOST_BITS: Final = 40.0


def bucket_of(count: int) -> int:
    """The bucket of a value that so many records share: the length of the number in bits."""
    return max(RARE, count.bit_length())


def count_of(bucket: int) -> float:
    """How many records share a value of this bucket, about: the middle of 2^(b-1) to 2^b - 1."""
    return float(3 * 2 ** (bucket - 2))


@frozen(kw_only=True)
class Level:
    """One level of agreement within a group of evidence.

    ``m`` is the share of pairs of one entity that show it and ``u`` that of pairs of two, as far as
    nothing was learnt; with ``is_counted`` u is the frequency of the value shared instead.
    ``likeness`` grades it in [0, 1] for readers; 0: the values differ. ``least`` and ``most`` bound
    the bits that it may count.
    """

    name: str
    likeness: float
    m: float
    u: float
    is_counted: bool = False
    most: float = _MOST_BITS
    least: float = -_MOST_BITS
    case: str | None = None


def _levels(given: Iterable[Level]) -> tuple[Level, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Group:
    """One piece of evidence: comparisons with a shared cause, which count once.

    ``levels`` fall from the closest to the farthest; no level ever counts more than one before it
    (law D5), and one whose likeness is 0 never counts for a pair (law D4). ``table`` is that of
    the values whose frequency counts, where it is one. ``shows`` names the traits that a reader is
    shown, the first that is known, and ``part`` the part of their values.

    As far as nothing was learnt of it, ``rare`` is how many other entities share a rare value of
    the table (``None``: three), and ``apart``, by bucket from that of four records on, the share of
    the pairs with one value that are two entities (all of them where nothing is said). With
    ``is_by_case`` the rates of each case of its levels sum to what the levels of no case leave:
    what is known of two records says which case it is, not whether they are one.
    """

    name: str
    levels: tuple[Level, ...] = field(converter=_levels)
    table: str | None = None
    shows: tuple[str, ...] = ()
    part: str | None = None
    rare: float | None = None
    apart: tuple[float, ...] = ()
    is_by_case: bool = False


def _numbers(given: Mapping[str, float]) -> FrozenMap[float]:
    return FrozenMap(given)


def buckets_of(given: Mapping[str, int]) -> FrozenMap[int]:
    """Buckets by table, frozen."""
    return FrozenMap(given)


def _rates(given: Mapping[str, Iterable[float]]) -> FrozenMap[tuple[float, ...]]:
    return FrozenMap({name: tuple(rates) for name, rates in given.items()})


def _tables(given: Mapping[str, Mapping[str, int]]) -> FrozenMap[FrozenMap[int]]:
    if isinstance(given, FrozenMap) and all(isinstance(one, FrozenMap) for one in given.values()):
        return given  # frozen already: some ten thousand values, with each successor
    return FrozenMap({name: FrozenMap(table) for name, table in given.items()})


@frozen(kw_only=True)
class Learnt:
    """What was learnt from some records: plain data, fixed until somebody learns anew (law D12).

    ``records`` is their number and ``expected`` that of the pairs among them that are one entity.
    ``m`` and ``u`` have for each group the rates of its levels. ``common`` has for each table of
    values the bucket of those that more than three records share; all others are rare.
    ``rare`` and ``apart`` have for groups what was learnt in place of those of ``Group``.
    ``has_footing`` is ``False`` where the records taught nothing, because too many are alike, and
    m and u are the standard ones.
    """

    records: int
    expected: float
    m: FrozenMap[tuple[float, ...]] = field(converter=_rates)
    u: FrozenMap[tuple[float, ...]] = field(converter=_rates)
    common: FrozenMap[FrozenMap[int]] = field(converter=_tables)
    usual: FrozenMap[int] = field(default=FrozenMap(), converter=buckets_of)
    rare: FrozenMap[float] = field(default=FrozenMap(), converter=_numbers)
    apart: FrozenMap[tuple[float, ...]] = field(default=FrozenMap(), converter=_rates)
    has_footing: bool = True

    def buckets(self) -> Buckets:
        """The buckets of values, to be asked often."""
        return Buckets(self)

    @property
    def prior(self) -> float:
        """The bits before any evidence: the odds that two records taken blindly are one."""
        pairs = self.records * (self.records - 1) / 2
        return log2(self.expected / max(pairs - self.expected, 1.0))


class Buckets:
    """The bucket of each value of each table, by what was learnt: quick to ask."""

    def __init__(self, learnt: Learnt) -> None:
        names = {*learnt.common, *learnt.usual}
        self._tables: dict[str, dict[str, int]] = {
            name: dict(learnt.common.get(name, {})) for name in names
        }
        self._usual = {name: learnt.usual.get(name, RARE) for name in names}

    def bucket(self, table: str, value: str) -> int:
        """The bucket of a value of a table."""
        listed = self._tables.get(table)
        if listed is None:
            return RARE
        known = listed.get(value)
        return self._usual[table] if known is None else known

    def listed(self, table: str, value: str) -> int:
        """The bucket of a value that was counted as common; 0 for one that was not."""
        return self._tables.get(table, {}).get(value, 0)


def standard_learnt(groups: Iterable[Group], usual: Mapping[str, int]) -> Learnt:
    """The weights to go by as long as nothing was learnt; ``usual`` has buckets by table."""
    given = tuple(groups)
    return Learnt(
        records=STANDARD_RECORDS,
        expected=STANDARD_RECORDS / 5,
        m={group.name: tuple(level.m for level in group.levels) for group in given},
        u={group.name: tuple(level.u for level in group.levels) for group in given},
        common={},
        usual=usual,
        rare={group.name: group.rare for group in given if group.rare is not None},
        apart={group.name: group.apart for group in given if group.apart},
    )


@frozen
class Weigher:
    """The bits of each level of each group, by what was learnt."""

    groups: tuple[Group, ...]
    learnt: Learnt

    def bits(self, group: int, level: int, bucket: int) -> float:
        """What a level counts where the value shared is of this bucket; rounded to 4 digits."""
        kind = self.groups[group]
        m, u = self.learnt.m[kind.name], self.learnt.u[kind.name]
        found, case = _MOST_BITS, kind.levels[level].case
        for at in range(level + 1):
            one = kind.levels[at]
            if case is not None and one.case not in (None, case):
                continue
            rate = u[at]
            if one.is_counted:
                count = count_of(bucket)
                if bucket == RARE:
                    count = self.learnt.rare.get(kind.name, count)
                else:
                    count *= self._apart(kind.name, bucket)
                rate = max(rate if bucket > RARE else 0.0, count / self.learnt.records)
                if one.case == "one name":
                    rate = max(rate, u[at])
            made = log2(max(m[at], 1e-9) / min(max(rate, 1e-12), 1.0))
            made = min(max(made, one.least), one.most)
            made = max(made, 0.0) if at == 0 else made
            found = min(found, made, found if one.likeness else 0.0)
        return round(found, 4)

    def _apart(self, group: str, bucket: int) -> float:
        shares = self.learnt.apart.get(group, ())
        at = bucket - RARE - 1
        return shares[at] if 0 <= at < len(shares) else 1.0


def probability(bits: float) -> float:
    """The probability that these bits of evidence stand for, the prior included."""
    odds: float = 2.0 ** max(min(bits, 60.0), -60.0)
    return round(odds / (1 + odds), 6)
