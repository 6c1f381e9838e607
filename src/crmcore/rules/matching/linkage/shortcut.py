"""Shortcut: two records compared trait by trait, no further than they can still be a match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, Final, TypeAlias

from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.subject import Found, Subject
from crmcore.rules.matching.linkage.weights import RARE, Group, Learnt, probability

Reached: TypeAlias = tuple[float, tuple[Found, ...]]
"""The score of a match and the level of each group of evidence."""

Forms: TypeAlias = Sequence[Any]
"""The form of each trait of a record; ``None``: nothing is known."""

_MOST_NODES: Final = 50_000
"""So many codes are remembered before all are forgotten: a few hundred bytes each."""

_MARGIN: Final = 1e-6
"""In bits: sums of the same numbers in another order differ by far less."""


def known_of(forms: Forms) -> int:
    """Which traits are known, as bits: the first trait is the lowest one."""
    known, bit = 0, 1
    for form in forms:
        if form is not None:
            known |= bit
        bit <<= 1
    return known


class _Node:
    """What is known of a pair on the way: the codes so far, and which of them count, as bits."""

    __slots__ = ("after", "codes", "done")

    def __init__(self, codes: tuple[int, ...], done: int) -> None:
        self.codes, self.done = codes, done
        self.after: dict[int, _Node | Reached | None] = {}


_Steps: TypeAlias = tuple[tuple[int, Callable[[Any, Any, Any], int]], ...]


class Shortcut:
    """Scores pairs of records by fixed weights, where they reach the score ``least``.

    Traits are compared in the order of ``subject.decisive``, and the codes found so far say how
    much a pair can reach at most: the groups of evidence that follow from them are weighed, every
    other is taken at its best, and the cap is that of this best case. A pair that cannot reach
    ``least`` is not compared further, so the answer is that of comparing everything. Of the pairs
    that share a key by which 100,000 contacts are filed, three of four end after the name or the
    mailbox. What was said of some codes is remembered, so that weighing costs nothing later.
    """

    def __init__(self, subject: Subject, learnt: Learnt, scorer: Scorer, *, least: float) -> None:
        self._subject, self._scorer, self._least = subject, scorer, least
        self._buckets, self._prior, self._apart = learnt.buckets(), learnt.prior, learnt.apart
        places = {trait.name: at for at, trait in enumerate(subject.traits)}
        self._all = (1 << len(places)) - 1
        first = [places[name] for name in subject.decisive]
        self._order = [*first, *(at for at in range(len(places)) if at not in first)]
        self._sources = [sum(1 << at for at in basis.traits) for basis in subject.bases]
        self._best: list[float] = []
        self._plans: dict[int, tuple[_Steps, _Node | None]] = {}
        self._nodes = 0

    def score(self, mine: Forms, theirs: Forms, shared: int) -> Reached | None:
        """The score of two records of these forms, if it is reached.

        ``shared`` says as bits which traits are known of both.
        """
        steps, node = self._plans.get(shared) or self._plan(shared)
        if node is None:
            return None
        buckets = self._buckets
        for at, compare in steps:
            code = compare(mine[at], theirs[at], buckets)
            try:
                after = node.after[code]
            except KeyError:
                after = self._after(node, at, code)
            if after is None or isinstance(after, tuple):
                return after
            node = after
        return None

    def _plan(self, shared: int) -> tuple[_Steps, _Node | None]:
        """What is compared of two records, and where it begins; ``None``: it need not."""
        traits = self._subject.traits
        steps = tuple((at, traits[at].compare) for at in self._order if shared >> at & 1)
        start = _Node((0,) * len(traits), self._all & ~shared)
        plan = steps, (start if steps and self._may_reach(start) else None)
        self._plans[shared] = plan
        return plan

    def _after(self, node: _Node, at: int, code: int) -> _Node | Reached | None:
        """Where a code leads; it is remembered, unless too much is."""
        if self._nodes >= _MOST_NODES:
            self._plans, self._nodes = {}, 0
        codes = (*node.codes[:at], code, *node.codes[at + 1 :])
        made = _Node(codes, node.done | 1 << at)
        found: _Node | Reached | None
        if made.done == self._all:
            found = self._reached(codes)
        else:
            found = made if self._may_reach(made) else None
        node.after[code] = found
        self._nodes += 1
        return found

    def _reached(self, codes: tuple[int, ...]) -> Reached | None:
        levels = self._subject.classify(codes)
        if not any(levels):
            return None
        score = min(probability(self._scorer.total(levels)), self._subject.cap(levels))
        return None if score < self._least else (score, levels)

    def _may_reach(self, node: _Node) -> bool:
        """Whether a pair can be a match, whatever the traits are that were not compared yet."""
        best = self._best or self._bests()
        levels = self._subject.classify(node.codes)
        fixed = [not source & ~node.done for source in self._sources]
        hoped = tuple(
            level if is_fixed else (0, RARE) for level, is_fixed in zip(levels, fixed, strict=True)
        )
        bits = self._prior + _MARGIN
        for at, level in enumerate(hoped):
            if not fixed[at]:
                bits += best[at]
            elif level is not None:
                bits += self._scorer.one(at, *level)
        return min(probability(bits), self._subject.cap(hoped)) >= self._least

    def _bests(self) -> list[float]:
        """The most bits that each group can count for a pair, but no less than nothing."""
        for at, group in enumerate(self._subject.groups):
            leading = [level for level in range(len(group.levels)) if _leads(group, level)]
            # what four records share or more may count more than what is rare, by ``apart``
            buckets = range(RARE, RARE + 1 + len(self._apart.get(group.name, ())))
            bits = (self._scorer.one(at, *both) for both in product(leading, buckets))
            self._best.append(max(0.0, *bits))
        return self._best


def _leads(group: Group, level: int) -> bool:
    """Whether a level is the first of its case: none after it counts more (law D5)."""
    cases = [one.case for one in group.levels[: level + 1]]
    return cases.index(cases[-1]) == level
