"""Data-driven attribution: what channels earn by what journeys with and without them came to.

Both are computed exactly by what defines them, up to the rounding of floating point: no sampling,
no stopping early.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from attrs import field, frozen

C = TypeVar("C", bound=Hashable)


def _channels(given: Iterable[Hashable]) -> tuple[Hashable, ...]:
    return tuple(given)


@frozen(kw_only=True)
class ChannelPath:
    """A sequence of channels that ``converted`` so often and led to nothing ``failed`` times.

    ``value`` is what the conversions were worth together.
    """

    channels: tuple[Hashable, ...] = field(converter=_channels)
    converted: int = 0
    failed: int = 0
    value: Fraction = Fraction(0)


_START, _WON, _LOST = object(), object(), object()


def markov(paths: Iterable[ChannelPath]) -> dict[Hashable, float]:
    """The removal effect of each channel, from 0 to 1, by a first-order Markov chain.

    The chain steps from channel to channel as the journeys did, into *converted* or *nothing*.
    The effect of a channel is ``1 - P(converted without it) / P(converted)``, where without it
    every step into it leads to nothing. It equals the chance to come by the channel times the
    chance to convert from there, over the chance to convert, so one matrix inversion serves all.
    Channels in the order in which they are met; all 0.0 where nothing converted.

    Source: E. Anderl et al., "Mapping the customer journey", 2016.
    """
    steps, channels = _transitions(paths)
    order = [_START, *channels]
    place = {one: at for at, one in enumerate(order)}
    size = len(order)
    matrix = [[float(row == column) for column in range(size)] for row in range(size)]
    to_won = [0.0] * size
    for source, targets in steps.items():
        whole = sum(targets.values())
        for target, count in targets.items():
            if target is _WON:
                to_won[place[source]] = count / whole
            elif target is not _LOST:
                matrix[place[source]][place[target]] -= count / whole
    visits = _inverse(matrix)
    wins = [sum(a * b for a, b in zip(row, to_won, strict=True)) for row in visits]
    if not wins[0]:
        return dict.fromkeys(channels, 0.0)
    return {
        one: visits[0][place[one]] / visits[place[one]][place[one]] * wins[place[one]] / wins[0]
        for one in channels
    }


def _transitions(
    paths: Iterable[ChannelPath],
) -> tuple[dict[object, dict[object, int]], list[Hashable]]:
    steps: dict[object, dict[object, int]] = {}
    channels: dict[Hashable, None] = {}

    def count(source: object, target: object, times: int) -> None:
        targets = steps.setdefault(source, {})
        targets[target] = targets.get(target, 0) + times

    for path in paths:
        times = path.converted + path.failed
        if not path.channels or not times:
            continue
        channels.update(dict.fromkeys(path.channels))
        before: object = _START
        for channel in path.channels:
            count(before, channel, times)
            before = channel
        if path.converted:
            count(before, _WON, path.converted)
        if path.failed:
            count(before, _LOST, path.failed)
    return steps, list(channels)


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """The inverse by elimination with row pivoting; the matrix is one of an absorbing chain."""
    size = len(matrix)
    rows = [
        [*row, *(float(at == column) for column in range(size))] for at, row in enumerate(matrix)
    ]
    for column in range(size):
        pivot = max(range(column, size), key=lambda at: abs(rows[at][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        top = rows[column] = [value / scale for value in rows[column]]
        for at, row in enumerate(rows):
            factor = row[column]
            if at != column and factor:
                rows[at] = [a - factor * b for a, b in zip(row, top, strict=True)]
    return [row[size:] for row in rows]


def shapley(paths: Iterable[ChannelPath]) -> dict[Hashable, Fraction]:
    """What each channel earns of the conversions by Shapley's value, exactly.

    The worth of a set of channels is the number of conversions whose journeys came by channels of
    the set only. The value is then an equal share of each conversion for each different channel of
    its journey: no need to look at all the sets. Channels in the order in which they are met.

    Source: L. S. Shapley, "A value for n-person games", 1953.
    """
    earned: dict[Hashable, Fraction] = {}
    for path in paths:
        different = dict.fromkeys(path.channels)
        for channel in different:
            share = Fraction(path.converted, len(different))
            earned[channel] = earned.get(channel, Fraction(0)) + share
    return earned


def positional(paths: Iterable[ChannelPath], which: str) -> dict[Hashable, Fraction]:
    """What each channel earns by position: ``first``, ``last`` or ``linear`` (each step alike)."""
    earned: dict[Hashable, Fraction] = {}
    for path in paths:
        if not path.channels:
            continue
        some = {"first": path.channels[:1], "last": path.channels[-1:]}.get(which, path.channels)
        for channel in some:
            share = Fraction(path.converted, len(some))
            earned[channel] = earned.get(channel, Fraction(0)) + share
    return earned


def normalised(effects: dict[C, float]) -> dict[C, float]:
    """The effects as shares of 1; all 0.0 where there are none."""
    whole = sum(effects.values())
    return {one: effect / whole if whole else 0.0 for one, effect in effects.items()}
