"""Credits of channels on 5,000 real paths, by pandas and numpy straight from the file."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd


def paths(path: Path) -> pd.DataFrame:
    """The paths as lists of channels, with conversions and failures."""
    found = pd.read_csv(path)
    found["steps"] = found["path"].str.split(" > ")
    return found


def positional(path: Path) -> dict[str, dict[str, float]]:
    """Conversions by channel: first, last and linear."""
    found = paths(path)
    good = found["total_conversions"]
    each = found.assign(part=good / found["steps"].str.len()).explode("steps")
    summed = {
        "first": good.groupby(found["steps"].str[0]).sum(),
        "last": good.groupby(found["steps"].str[-1]).sum(),
        "linear": each.groupby("steps")["part"].sum(),
    }
    return {
        which: {str(key): float(value) for key, value in some.items()}
        for which, some in summed.items()
    }


def removal_effects(path: Path) -> dict[str, float]:
    """1 - P(converted without a channel) / P(converted), each solved for by itself."""
    found = paths(path)
    counted: Counter[tuple[str, str]] = Counter()
    for steps, good, bad in found[["steps", "total_conversions", "total_null"]].itertuples(
        index=False
    ):
        for pair in pairwise(["(start)", *steps]):
            counted[pair] += good + bad
        counted[steps[-1], "(won)"] += good
        counted[steps[-1], "(lost)"] += bad
    channels = sorted({one for pair in counted for one in pair if one[0] != "("})
    whole = _converted(counted, ["(start)", *channels], None)
    return {one: 1 - _converted(counted, ["(start)", *channels], one) / whole for one in channels}


def _converted(counted: Counter[tuple[str, str]], states: list[str], without: str | None) -> float:
    matrix = np.eye(len(states))
    won = np.zeros(len(states))
    for at, state in enumerate(states):
        whole = sum(counted[state, other] for other in [*states, "(won)", "(lost)"])
        won[at] = counted[state, "(won)"] / whole
        for to, other in enumerate(states):
            if other != without:
                matrix[at, to] -= counted[state, other] / whole
    return float(np.linalg.solve(matrix, won)[0])
