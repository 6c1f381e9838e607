"""Hits: what searches found, by the numbers of records; of each pair the best, best first."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from itertools import chain
from operator import neg

from attrs import frozen

from crmcore.rules.matching.links import Both
from crmcore.rules.matching.match_rule import Level
from crmcore.rules.matching.matches import Matches, Source


@frozen(kw_only=True)
class Hits:
    """What one search found: pairs of records by their numbers, the lesser one first.

    ``source`` makes the matches, by their places here.
    """

    source: Source
    first: Sequence[int] = ()
    second: Sequence[int] = ()
    scores: Sequence[float] = ()
    levels: Sequence[Level] = ()


@frozen(kw_only=True)
class Ranked:
    """Different pairs by falling score, then by their numbers; ``apart`` those that were held back.

    ``matches`` makes the match of each.
    """

    pairs: Sequence[Both]
    scores: Sequence[float]
    levels: Sequence[Level]
    matches: Matches
    apart: Sequence[Both]


def ranked(hits: Sequence[Hits], *, apart: Collection[Both] = ()) -> Ranked:
    """The best hit of each pair, of equal ones that of the first search; not those of ``apart``."""
    pairs = list(
        zip(
            chain.from_iterable(one.first for one in hits),
            chain.from_iterable(one.second for one in hits),
            strict=True,
        )
    )
    scores = list(chain.from_iterable(one.scores for one in hits))
    levels = list(chain.from_iterable(one.levels for one in hits))
    best: dict[Both, int] = dict(zip(reversed(pairs), reversed(range(len(pairs))), strict=True))
    if len(best) < len(pairs):  # several searches found it
        for at, both in enumerate(pairs):
            if scores[at] > scores[best[both]]:
                best[both] = at
    held = sorted(both for both in apart if best.pop(both, None) is not None)
    order = sorted(best.values(), key=pairs.__getitem__)
    falling = list(map(neg, scores))
    order.sort(key=falling.__getitem__)  # keeps the order of equal ones
    return Ranked(
        pairs=[pairs[at] for at in order],
        scores=[scores[at] for at in order],
        levels=[levels[at] for at in order],
        matches=Matches(tuple(one.source for one in hits), array("q", order)),
        apart=held,
    )
