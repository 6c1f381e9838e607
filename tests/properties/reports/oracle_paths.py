"""Removal effects and Shapley's values by their definitions; nothing here knows the library."""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from math import factorial
from typing import Any

Path = tuple[Sequence[Any], int, int]
"""Channels, how often the path converted, and how often it led to nothing."""


def converted(paths: Iterable[Path], without: Any = None) -> Fraction:
    """The chance that the chain converts, where every step into ``without`` leads to nothing.

    Solved exactly: each state's chance is the mean of those it steps into.
    """
    steps: dict[Any, Counter[Any]] = {}
    for channels, good, bad in paths:
        states = [("start",), *(("at", one) for one in channels)]
        for source, target in pairwise(states):
            steps.setdefault(source, Counter())[target] += good + bad
        steps.setdefault(states[-1], Counter())[("won",)] += good
        steps.setdefault(states[-1], Counter())[("lost",)] += bad
    states = [one for one in steps if one != ("at", without)]
    place = {one: at for at, one in enumerate(states)}
    rows = []
    for state in states:
        whole = sum(steps[state].values())
        row = [Fraction(0)] * (len(states) + 1)
        row[place[state]] += 1
        for target, count in steps[state].items():
            if target == ("won",):
                row[-1] += Fraction(count, whole)
            elif target in place:
                row[place[target]] -= Fraction(count, whole)
        rows.append(row)
    return solved(rows)[place[("start",)]] if rows else Fraction(0)


def solved(rows: list[list[Fraction]]) -> list[Fraction]:
    """The solution of a system of equations, exactly."""
    size = len(rows)
    for column in range(size):
        pivot = next(at for at in range(column, size) if rows[at][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for at in range(size):
            factor = rows[at][column]
            if at != column and factor:
                rows[at] = [a - factor * b for a, b in zip(rows[at], rows[column], strict=True)]
    return [row[-1] for row in rows]


def removal_effects(paths: Sequence[Path]) -> dict[Any, Fraction]:
    """One less the chance to convert without a channel, divided by the chance with it."""
    some = [path for path in paths if path[0] and path[1] + path[2]]
    channels = {one for path in some for one in path[0]}
    whole = converted(some) if some else Fraction(0)
    return {one: 1 - converted(some, one) / whole if whole else Fraction(0) for one in channels}


def shapley(paths: Sequence[Path]) -> dict[Any, Fraction]:
    """The mean of what a channel adds to each set of the others, over all orders to join in."""
    channels = sorted({one for path in paths for one in path[0]})
    n = len(channels)

    def worth(some: Iterable[Any]) -> int:
        allowed = set(some)
        return sum(good for path, good, _ in paths if path and set(path) <= allowed)

    found = {}
    for channel in channels:
        others = [one for one in channels if one != channel]
        value = Fraction(0)
        for size in range(n):
            weight = Fraction(factorial(size) * factorial(n - size - 1), factorial(n))
            for some in combinations(others, size):
                value += weight * (worth([*some, channel]) - worth(some))
        found[channel] = value
    return found


def removed_by_steps(paths: Sequence[Path], without: Any, rounds: int = 4_000) -> float:
    """The chance to convert without a channel, found by letting the chain run for long."""
    steps: dict[Any, Counter[Any]] = {}
    for channels, good, bad in paths:
        states = ["(start)", *channels]
        for source, target in pairwise(states):
            steps.setdefault(source, Counter())[target] += good + bad
        steps.setdefault(states[-1], Counter())["(won)"] += good
        steps.setdefault(states[-1], Counter())["(lost)"] += bad
    mass: dict[Any, float] = {"(start)": 1.0}
    won = 0.0
    for _ in range(rounds):
        following: dict[Any, float] = {}
        for state, part in mass.items():
            whole = sum(steps[state].values())
            for target, count in steps[state].items():
                if target == "(won)":
                    won += part * count / whole
                elif target not in {"(lost)", without}:
                    following[target] = following.get(target, 0.0) + part * count / whole
        mass = {state: part for state, part in following.items() if part > 1e-18}
    return won
