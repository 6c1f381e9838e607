"""Linkage rule: a match rule whose weights are learnt from the records instead of being given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf
from typing import Final

import attrs
from attrs import field, frozen

from crmcore.errors import did_you_mean
from crmcore.findings import Finding, Findings, ModelError, error
from crmcore.rules.matching.linkage.companies import COMPANIES
from crmcore.rules.matching.linkage.people import PEOPLE
from crmcore.rules.matching.linkage.subject import Key, Subject
from crmcore.rules.matching.linkage.weights import Learnt
from crmcore.rules.matching.match_rule import MOST_KINDS, Fields, Level, paths_of
from crmcore.values.frozenmap import FrozenMap

SUBJECTS: Final[Mapping[str, Subject]] = FrozenMap({one.name: one for one in (PEOPLE, COMPANIES)})
"""The kinds of entities that can be linked, by name: ``person`` and ``organisation``."""


def _kinds(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _meanings(given: Mapping[str, Fields]) -> FrozenMap[FrozenMap[tuple[str, ...]]]:
    return FrozenMap({meaning: paths_of(fields) for meaning, fields in given.items()})


@frozen(kw_only=True)
class LinkageRule:
    """A rule that says how probable it is that two records are one.

    ``name`` has its version in it. ``kinds`` is one kind, whose records are compared among
    themselves, or two, of which each record is compared with those of the other kind. ``subject``
    is *person* or *organisation*, and ``fields`` says for each meaning that such a subject has
    (``SUBJECTS[subject].meanings``) where the records of each kind keep it; meanings may be left
    out. Two records are only compared where the field ``within`` agrees, and where the field
    ``across`` differs: the source of a record, to link two sources without duplicates of their own.

    The score is a probability; ``sure``, ``likely`` and ``possible`` are the least scores of these
    levels. ``learnt`` is what to weigh by (law D12); ``None``: each search of some hundred records
    or more learns from them anew, and others go by the standard weights of the subject.

    Building a rule that cannot work raises ``ModelError`` with every reason.
    """

    name: str
    kinds: tuple[str, ...] = field(converter=_kinds)
    subject: str
    fields: FrozenMap[FrozenMap[tuple[str, ...]]] = field(converter=_meanings)
    within: FrozenMap[tuple[str, ...]] = field(default=FrozenMap(), converter=paths_of)
    across: FrozenMap[tuple[str, ...]] = field(default=FrozenMap(), converter=paths_of)
    sure: float = 0.95
    likely: float = 0.6
    possible: float = 0.3
    learnt: Learnt | None = None

    def __attrs_post_init__(self) -> None:
        found = Findings(_findings(self))
        if found:
            raise ModelError("match rule", found)

    @property
    def about(self) -> Subject:
        """What the records are."""
        return SUBJECTS[self.subject]

    @property
    def keys(self) -> tuple[Key, ...]:
        """The blocking keys, each with what it is there to find."""
        return self.about.keys

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

    def with_field(self, meaning: str, fields: Fields) -> LinkageRule:
        """The successor that finds this meaning in these fields, such as a custom one."""
        return attrs.evolve(self, fields={**self.fields, meaning: fields})

    def with_across(self, fields: Fields) -> LinkageRule:
        """The successor that only compares records in which these fields differ."""
        return attrs.evolve(self, across=fields)

    def with_learnt(self, learnt: Learnt | None) -> LinkageRule:
        """The successor that weighs by this, until it is given something else."""
        return attrs.evolve(self, learnt=learnt)


def _findings(rule: LinkageRule) -> Iterator[Finding]:
    if not rule.name:
        yield error("rule.name", "a rule needs a name", path="name")
    if not 1 <= len(set(rule.kinds)) == len(rule.kinds) <= MOST_KINDS:
        yield error("rule.kinds", "a rule is for one kind or two", path="kinds", value=rule.kinds)
    if not 0 < rule.possible <= rule.likely <= rule.sure <= 1:
        yield error(
            "rule.thresholds",
            "thresholds rise from possible over likely to sure, above 0 and up to 1",
            value=(rule.possible, rule.likely, rule.sure),
        )
    if rule.subject not in SUBJECTS:
        yield _unknown("subject", rule.subject, SUBJECTS, "subject")
        return
    known = SUBJECTS[rule.subject].meanings
    for meaning, fields in rule.fields.items():
        if meaning not in known:
            yield _unknown("meaning", meaning, known, "fields")
        yield from _of_other_kinds(fields, rule.kinds, f"fields.{meaning}")
    for name, fields in (("within", rule.within), ("across", rule.across)):
        yield from _of_other_kinds(fields, rule.kinds, name)
    yield from _unfit(rule.learnt, rule.about)
    for kind in rule.kinds:
        if not any(fields.get(kind) for fields in rule.fields.values()):
            yield error("rule.fields", f"no field of {kind} is named", path="fields", value=kind)


def _unfit(learnt: Learnt | None, subject: Subject) -> Iterator[Finding]:
    """Weights that were learnt for something else, or that cannot decide."""
    if learnt is None:
        return
    if learnt.records < 1 or not 0 < learnt.expected < inf:
        yield error(
            "rule.learnt",
            "weights are learnt from a record at least, and expect some pairs",
            path="learnt",
            value=(learnt.records, learnt.expected),
        )
    for name, rates in (("m", learnt.m), ("u", learnt.u)):
        for group in subject.groups:
            given = rates.get(group.name, ())
            if len(given) != len(group.levels) or not all(0 <= rate <= 1 for rate in given):
                yield error(
                    "rule.learnt",
                    f"{name} of {group.name} has {len(group.levels)} shares from 0 to 1",
                    path=f"learnt.{name}",
                    value=given,
                )


def _of_other_kinds(
    fields: Mapping[str, object], kinds: tuple[str, ...], path: str
) -> Iterator[Finding]:
    for kind in fields:
        if kind not in kinds:
            yield _unknown("kind", kind, kinds, path)


def _unknown(what: str, name: str, known: Iterable[str], path: str) -> Finding:
    return error(
        "rule.unknown",
        f"unknown {what}",
        path=path,
        value=name,
        suggestion=did_you_mean(str(name), known),
    )
