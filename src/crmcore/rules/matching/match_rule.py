"""Match rule: which records are compared, field by field, and how much each agreement counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from math import isfinite
from typing import TypeAlias

from attrs import field, frozen

from crmcore.errors import did_you_mean
from crmcore.findings import Finding, Findings, ModelError, error
from crmcore.rules.matching.keys import KEY_MAKERS
from crmcore.rules.similarity import COMPARERS
from crmcore.values.frozenmap import FrozenMap

Fields: TypeAlias = Mapping[str, str | Iterable[str]]
"""For each kind the paths of one or several fields, such as ``{"contact": ("phone", "mobile")}``.

A path may go into a value (``mailing_address.city``), a custom field (``custom.tier``), and through
a reference to the record it names (``account_id.name``).
"""

MOST_KINDS = 2


class Level(IntEnum):
    """How sure a match is, by the thresholds of its rule."""

    UNLIKELY = 0
    """Below ``possible``; only found where a lower threshold is asked for."""
    POSSIBLE = 1
    """Worth a look."""
    LIKELY = 2
    """A person should decide; this is what is found unless another threshold is given."""
    SURE = 3
    """May be merged without a look."""


def paths_of(given: Fields) -> FrozenMap[tuple[str, ...]]:
    """The paths of each kind as tuples."""
    return FrozenMap(
        {
            kind: (paths,) if isinstance(paths, str) else tuple(paths)
            for kind, paths in given.items()
        }
    )


@frozen(kw_only=True)
class Comparison:
    """One comparison of a rule: what is compared, how, and what it counts.

    ``how`` names a comparer (see ``crmcore.rules.similarity.COMPARERS``). A field that holds
    several values, or several fields, count as their best pair. ``weight`` times the similarity
    counts for the pair; ``against`` counts against it where the values differ (similarity 0). Where
    there is nothing to compare, neither counts.
    """

    name: str
    how: str
    fields: FrozenMap[tuple[str, ...]] = field(converter=paths_of)
    weight: float
    against: float = 0.0


@frozen(kw_only=True)
class KeyPart:
    """One part of a blocking key: ``how`` names a key maker (see ``KEY_MAKERS``)."""

    how: str
    fields: FrozenMap[tuple[str, ...]] = field(converter=paths_of)


def _parts(given: Iterable[KeyPart]) -> tuple[KeyPart, ...]:
    return tuple(given)


@frozen(kw_only=True)
class BlockKey:
    """A blocking key: two records are compared if they share one, every part being equal.

    ``about`` says in words which duplicates it is there to find. A record without a value for one
    of the parts has no such key.
    """

    name: str
    parts: tuple[KeyPart, ...] = field(converter=_parts)
    about: str = ""


@frozen(kw_only=True)
class Gate:
    """A limit: where ``comparison`` is made and below ``at_least``, the score is at most ``cap``.

    A gate on names keeps two people who share a mailbox or a telephone from being taken for one.
    With ``is_for_missing`` it holds as well where there is nothing to compare.
    """

    comparison: str
    at_least: float
    cap: float
    is_for_missing: bool = False


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset(given)


def _needs(given: Mapping[str, float]) -> FrozenMap[float]:
    return FrozenMap(given)


@frozen(kw_only=True)
class Clause:
    """Comparisons that must all be at least so alike: one clause of an administrator's equation.

    ``needs`` has the least similarity of each comparison, in (0, 1]. A comparison with nothing to
    compare fails the clause, unless it is among ``blanks``, which then count as agreeing.
    """

    needs: FrozenMap[float] = field(converter=_needs)
    blanks: frozenset[str] = field(default=frozenset(), converter=_names)


def _clauses(given: Iterable[Clause]) -> tuple[Clause, ...]:
    return tuple(given)


def _kinds(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _keys(given: Iterable[BlockKey]) -> tuple[BlockKey, ...]:
    return tuple(given)


def _comparisons(given: Iterable[Comparison]) -> tuple[Comparison, ...]:
    return tuple(given)


def _gates(given: Iterable[Gate]) -> tuple[Gate, ...]:
    return tuple(given)


@frozen(kw_only=True)
class MatchRule:
    """A rule that says how alike two records are.

    ``name`` has its version in it: a rule that weighs differently has another name. ``kinds`` is
    one kind, whose records are compared among themselves, or two, of which each record is compared
    with those of the other kind. The score is what counts for the pair, over that (or ``enough``,
    where that is more) and what counts against it; ``enough`` is what must agree for a score of 1.
    ``sure``, ``likely`` and ``possible`` are the least scores of these levels, in (0, 1]. With
    ``clauses`` the weights do not count: two records match where any clause holds, and the score is
    the similarity of the least alike comparison in it, of several that of the best; else 0.

    A rule is plain data: comparable, printable, and made of names. Building one that cannot work
    raises ``ModelError`` with every reason.
    """

    name: str
    kinds: tuple[str, ...] = field(converter=_kinds)
    keys: tuple[BlockKey, ...] = field(converter=_keys)
    comparisons: tuple[Comparison, ...] = field(converter=_comparisons)
    enough: float
    sure: float = 0.95
    likely: float = 0.8
    possible: float = 0.6
    gates: tuple[Gate, ...] = field(default=(), converter=_gates)
    clauses: tuple[Clause, ...] = field(default=(), converter=_clauses)

    def __attrs_post_init__(self) -> None:
        found = Findings(rule_findings(self))
        if found:
            raise ModelError("match rule", found)

    def level(self, score: float) -> Level:
        """How sure a match of this score is."""
        for level, least in (
            (Level.SURE, self.sure),
            (Level.LIKELY, self.likely),
            (Level.POSSIBLE, self.possible),
        ):
            if score >= least:
                return level
        return Level.UNLIKELY


def rule_findings(rule: MatchRule) -> Iterator[Finding]:
    """Every reason why a rule cannot work, whatever the model."""
    if not rule.name:
        yield error("rule.name", "a rule needs a name", path="name")
    if not 1 <= len(set(rule.kinds)) == len(rule.kinds) <= MOST_KINDS:
        yield error("rule.kinds", "a rule is for one kind or two", path="kinds", value=rule.kinds)
    yield from _key_findings(rule)
    yield from _comparison_findings(rule)
    yield from _number_findings(rule)
    known = [one.name for one in rule.comparisons]
    for gate in rule.gates:
        if gate.comparison not in known:
            yield _unknown("comparison", gate.comparison, known, "gates")
    for at, clause in enumerate(rule.clauses):
        path = f"clauses.{at}"
        if not clause.needs.keys() - clause.blanks:
            yield error("rule.clause", "a clause needs a comparison to be made", path=path)
        for name, least in clause.needs.items():
            if name not in known:
                yield _unknown("comparison", name, known, path)
            if not 0 < least <= 1:
                yield error(
                    "rule.clause", "a similarity is above 0 and up to 1", path=path, value=least
                )


def _key_findings(rule: MatchRule) -> Iterator[Finding]:
    if not rule.keys:
        yield error("rule.keys", "without a blocking key nothing is compared", path="keys")
    yield from _repeated("blocking key", (one.name for one in rule.keys), "keys")
    for key in rule.keys:
        path = f"keys.{key.name}"
        if not key.parts:
            yield error("rule.keys", "a blocking key needs a part", path=path)
        for part in key.parts:
            if part.how not in KEY_MAKERS:
                yield _unknown("key maker", part.how, KEY_MAKERS, path)
            yield from _field_findings(part.fields, rule.kinds, path)


def _comparison_findings(rule: MatchRule) -> Iterator[Finding]:
    yield from _repeated("comparison", (one.name for one in rule.comparisons), "comparisons")
    for one in rule.comparisons:
        path = f"comparisons.{one.name}"
        if one.how not in COMPARERS:
            yield _unknown("comparer", one.how, COMPARERS, path)
        yield from _field_findings(one.fields, rule.kinds, path)
        for name, number in (("weight", one.weight), ("against", one.against)):
            if not (isfinite(number) and number >= 0):
                yield error("rule.weight", f"{name} must be 0 or more", path=path, value=number)


def _number_findings(rule: MatchRule) -> Iterator[Finding]:
    if not 0 < rule.possible <= rule.likely <= rule.sure <= 1:
        yield error(
            "rule.thresholds",
            "thresholds rise from possible over likely to sure, above 0 and up to 1",
            value=(rule.possible, rule.likely, rule.sure),
        )
    most = sum(one.weight for one in rule.comparisons if isfinite(one.weight))
    if not (isfinite(rule.enough) and rule.enough > 0):
        yield error("rule.enough", "enough must be above 0", path="enough", value=rule.enough)
    elif not rule.clauses and most < rule.possible * rule.enough:
        yield error(
            "rule.undecided",
            "no pair can reach the threshold, even if everything agrees",
            path="comparisons",
            value=most,
            suggestion="raise the weights, or lower enough",
        )
    for gate in rule.gates:
        if not (0 <= gate.at_least <= 1 and 0 <= gate.cap <= 1):
            yield error("rule.gate", "a gate's numbers are within 0 and 1", value=gate)


def _field_findings(
    fields: Mapping[str, tuple[str, ...]], kinds: tuple[str, ...], path: str
) -> Iterator[Finding]:
    for kind in kinds:
        if not fields.get(kind):
            yield error("rule.fields", f"no field of {kind} is named", path=path)
    for kind in fields:
        if kind not in kinds:
            yield _unknown("kind", kind, kinds, path)


def _repeated(what: str, names: Iterable[str], path: str) -> Iterator[Finding]:
    for name, times in Counter(names).items():
        if times > 1:
            yield error(
                "rule.repeated", f"there are {times} {what}s of one name", path=path, value=name
            )


def _unknown(what: str, name: str, known: Iterable[str], path: str) -> Finding:
    return error(
        "rule.unknown",
        f"unknown {what}",
        path=path,
        value=name,
        suggestion=did_you_mean(str(name), known),
    )
