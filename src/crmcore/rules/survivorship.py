"""Survivorship: which value wins, field by field, when several records become one; as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from crmcore.entities.record import Record, text_tuple
from crmcore.errors import UsageError, did_you_mean
from crmcore.fields import (
    Checkbox,
    Currency,
    MultiPicklist,
    Number,
    Percent,
    Picklist,
    Whole,
)
from crmcore.findings import Finding, Findings, error
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.model import Entity, Model, kind_name


class Policy(Enum):
    """How the winning value is found among those that are present; 0, False and "" are present.

    Equal claims are decided by the value, the one that sorts first, so that every policy always
    decides, and the same way each time.
    """

    SURVIVOR_WINS = "survivor wins"
    """The survivor's value, else that of the first loser that has one, in the order given."""
    MOST_RECENT = "most recent"
    """The value of the record that was updated last."""
    OLDEST = "oldest"
    """The value of the record that was created first."""
    MOST_COMPLETE = "most complete"
    """The value with the most parts: of an address, of a collection, of a group of fields."""
    MOST_FREQUENT = "most frequent"
    """The value that most records have."""
    LONGEST = "longest"
    """The value with the longest text."""
    LARGEST = "largest"
    """The value that sorts last: the largest number, the latest day, Z before A."""
    SMALLEST = "smallest"
    """The value that sorts first: the smallest number, the earliest day, A before Z."""
    UNION = "union"
    """Every element of every record's collection, those of the survivor first.

    Where two records have different values under one key of a map, as under ``SURVIVOR_WINS``.
    """
    SUM = "sum"
    """The sum of the numbers; where they cannot be added, the largest, and a finding says so."""
    ANY = "any"
    """True where one record says so."""
    ALL = "all"
    """True where no record says otherwise."""

    @property
    def is_order_free(self) -> bool:
        """Whether the golden value depends neither on which record survives nor on the order.

        Of a union this holds for its elements, not for their order in a tuple, nor for keys of a
        map under which two records have different values.
        """
        return self is not Policy.SURVIVOR_WINS

    @property
    def is_stepwise(self) -> bool:
        """Whether merging step by step gives the golden value of merging all at once.

        ``SURVIVOR_WINS`` does as long as the survivor stays the same; policies that look at how
        often a value occurs, or at the record beside it, do not.
        """
        return self not in (Policy.MOST_RECENT, Policy.OLDEST, Policy.MOST_FREQUENT)


@frozen
class Candidate:
    """A value that may win, and the record that has it; of a group: a tuple of its values."""

    record: Record
    value: Any


@frozen
class ByFunction:
    """A policy of one's own: a pure function that makes the golden value of the candidates.

    They come in the order of the merge, the survivor's first; there is at least one. ``name`` is
    what the receipt calls it. For a group the value is a tuple, one element per field.
    """

    name: str
    choose: Callable[[tuple[Candidate, ...]], Any]

    @property
    def value(self) -> str:
        """Its name, as of any policy."""
        return self.name


def _ranking(given: Iterable[str]) -> tuple[str, ...]:
    ranking = text_tuple(given)
    twice = sorted({one for one in ranking if ranking.count(one) > 1})
    if not ranking or not all(isinstance(one, str) and one for one in ranking):
        raise UsageError("a ranking names sources, the best first", given, "('erp', 'web')")
    if twice:
        raise UsageError("a source has one place in a ranking", ", ".join(twice), "name it once")
    return ranking


@frozen(kw_only=True)
class BySource:
    """A policy by where records came from: the value of the best source wins.

    ``ranking`` names the sources, the best first; records of any other source, or of none, come
    last. ``field`` says what a record's source is: its value there, of a collection each element,
    and of a map such as ``external_ids`` each key, of which the best counts. Values of equally
    good sources are decided as those of every policy: the one that sorts first wins.
    """

    ranking: tuple[str, ...] = field(converter=_ranking)
    field: str = "source"

    @property
    def value(self) -> str:
        """What the receipt calls it."""
        return f"{self.field} rank: {' > '.join(self.ranking)}"

    def place(self, record: Record) -> int:
        """The place of a record, 0 for the best source, ``len(ranking)`` for any other."""
        name = self.field.removeprefix("custom.")
        is_custom = name != self.field
        found = record.custom.get(name) if is_custom else getattr(record, name, None)
        sources = found if isinstance(found, tuple | frozenset | Mapping) else (found,)
        places = (self.ranking.index(one) for one in sources if one in self.ranking)
        return min(places, default=len(self.ranking))


How: TypeAlias = Policy | ByFunction | BySource
"""Any policy."""


@frozen(kw_only=True)
class FieldPolicy:
    """The policy of a field, or of a group of fields taken whole from one record (law M8).

    ``kind`` is the stored name of the entity (``None``: of every entity that has these fields).
    """

    kind: str | None
    fields: tuple[str, ...] = field(converter=text_tuple)
    policy: How

    @property
    def is_group(self) -> bool:
        """Whether several fields are taken together."""
        return len(self.fields) > 1


@frozen(kw_only=True)
class Overflow:
    """Where losing values of ``fields`` go: into the collection ``into`` of the survivor."""

    kind: str
    fields: tuple[str, ...] = field(converter=text_tuple)
    into: str


@frozen(kw_only=True)
class Settled:
    """One decision to take for an entity: these fields, together, by this policy."""

    fields: tuple[FieldSchema, ...]
    policy: How


def _field_policies(given: Iterable[FieldPolicy]) -> tuple[FieldPolicy, ...]:
    return tuple(given)


def _overflows(given: Iterable[Overflow]) -> tuple[Overflow, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Survivorship:
    """The policies of all fields. Successors are made with ``with_...``.

    A later policy for a field replaces an earlier one, and one for an entity goes before one for
    all. A group in which a field is taken by such a policy does not apply: it is whole or not.
    Collections without a policy are united; for all other fields ``default`` decides.
    """

    policies: tuple[FieldPolicy, ...] = field(default=(), converter=_field_policies)
    overflows: tuple[Overflow, ...] = field(default=(), converter=_overflows)
    default: How = Policy.SURVIVOR_WINS

    def with_policy(
        self, entity: Entity | None, fields: str | Iterable[str], policy: How
    ) -> Survivorship:
        """The successor with a policy for a field, such as ``title`` or ``custom.tier``.

        Several fields are a group, taken whole from one record. ``None`` stands for every entity
        that has these fields.
        """
        kind = None if entity is None else kind_name(entity)
        new = FieldPolicy(kind=kind, fields=text_tuple(fields), policy=policy)
        return attrs.evolve(self, policies=(*self.policies, new))

    def with_overflow(self, entity: Entity, fields: str | Iterable[str], into: str) -> Survivorship:
        """The successor in which losing values of ``fields`` go to the collection ``into``."""
        new = Overflow(kind=kind_name(entity), fields=text_tuple(fields), into=into)
        return attrs.evolve(self, overflows=(*self.overflows, new))

    def with_default(self, policy: How) -> Survivorship:
        """The successor that decides by this policy where a field has none of its own."""
        return attrs.evolve(self, default=policy)

    def settled(self, schema: EntitySchema) -> tuple[Settled, ...]:
        """The decisions for an entity, each of its fields in exactly one, in their order.

        Fields that the library writes are left out, as is ``custom``, whose fields are its own.
        """
        open_fields = {
            one.path: one for one in schema if not one.is_system and one.path != "custom"
        }
        found: list[Settled] = []
        for rule in self._by_precedence(schema):
            paths = [_path(schema, name) for name in rule.fields]
            if all(path in open_fields for path in paths):
                taken = tuple(open_fields.pop(path) for path in paths)
                found.append(Settled(fields=taken, policy=rule.policy))
        for one in open_fields.values():
            policy = self.default if one.holds is Holds.ONE else Policy.UNION
            found.append(Settled(fields=(one,), policy=policy))
        order = {one.path: index for index, one in enumerate(schema)}
        return tuple(sorted(found, key=lambda one: order[one.fields[0].path]))

    def _by_precedence(self, schema: EntitySchema) -> Iterator[FieldPolicy]:
        for kind in (schema.kind, None):
            yield from (one for one in reversed(self.policies) if one.kind == kind)

    def overflow_of(self, schema: EntitySchema) -> tuple[Overflow, ...]:
        """Where losing values of an entity go."""
        return tuple(one for one in self.overflows if one.kind == schema.kind)

    def check(self, model: Model) -> Findings:
        """Everything that does not fit ``model``: unknown fields, policies that cannot decide."""
        found = [one for rule in self.policies for one in _rule_findings(rule, model)]
        found += [one for rule in self.overflows for one in _overflow_findings(rule, model)]
        if isinstance(self.default, BySource):
            found += _source_findings(self.default, model.schemas, "default")
        if isinstance(self.default, Policy) and self.default in _NEEDS:
            found.append(
                error(
                    "survivorship.default",
                    f"{self.default.value} decides only {_NEEDS[self.default]}",
                    path="default",
                    value=self.default.value,
                    suggestion="use it for single fields, with with_policy",
                )
            )
        return Findings(found)


_NEEDS = {
    Policy.UNION: "collections and maps",
    Policy.SUM: "numbers and amounts",
    Policy.ANY: "checkboxes",
    Policy.ALL: "checkboxes",
}
"""What the policies decide that cannot decide everything."""


def _path(schema: EntitySchema, name: str) -> str:
    return schema.field(name).path if schema.has(name) else ""


def _fits(policy: How, one: FieldSchema) -> bool:
    if policy is Policy.UNION:
        return one.holds is not Holds.ONE
    if policy is Policy.SUM:
        numeric = isinstance(one.meaning, Whole | Number | Percent | Currency)
        return numeric and one.holds is Holds.ONE
    if policy in (Policy.ANY, Policy.ALL):
        return isinstance(one.meaning, Checkbox) and one.holds is Holds.ONE
    return True


def _rule_findings(rule: FieldPolicy, model: Model) -> Iterator[Finding]:
    if rule.kind is not None and not model.has(rule.kind):
        yield _unknown("entity", rule.kind, model.kinds)
        return
    kinds = model.kinds if rule.kind is None else (rule.kind,)
    having = [one for one in map(model.schema, kinds) if all(map(one.has, rule.fields))]
    if not having:
        known = () if rule.kind is None else tuple(one.path for one in model.schema(rule.kind))
        missing = [name for name in rule.fields if rule.kind is None or name not in known]
        yield _unknown("field", ", ".join(missing), known)
    if isinstance(rule.policy, BySource) and having:
        path = ".".join((rule.kind or "*", ", ".join(rule.fields)))
        yield from _source_findings(rule.policy, having, path)
    for schema in having:
        for one in map(schema.field, rule.fields):
            if one.is_system or one.path == "custom":
                yield error(
                    "survivorship.system",
                    "the library itself decides this field",
                    path=f"{schema.kind}.{one.path}",
                )
            elif not _fits(rule.policy, one) or (rule.is_group and rule.policy in _NEEDS):
                yield error(
                    "survivorship.policy",
                    f"{rule.policy.value} cannot decide this field",
                    path=f"{schema.kind}.{one.path}",
                    value=rule.policy.value,
                    suggestion=f"it decides {_NEEDS.get(rule.policy, '')}, one field at a time",  # type: ignore[arg-type]  # a function is no key, and fits everything
                )


def _source_findings(
    policy: BySource, schemas: Iterable[EntitySchema], path: str
) -> Iterator[Finding]:
    """That no record decided by ``policy`` has such a source."""
    given = tuple(schemas)
    having = [one.field(policy.field) for one in given if one.has(policy.field)]
    if not having:
        known = {one.path for schema in given for one in schema}
        yield _unknown("field to rank sources by", policy.field, sorted(known))
    lists = [one.meaning for one in having if isinstance(one.meaning, Picklist | MultiPicklist)]
    if not lists or len(lists) < len(having) or any(one.open_ended for one in lists):
        return  # any text may be a source there
    options = sorted({option for one in lists for option in one.options})
    for name in policy.ranking:
        if name not in options:
            yield error(
                "survivorship.source",
                "no record has this source",
                path=path,
                value=name,
                suggestion=did_you_mean(name, options),
            )


def _overflow_findings(rule: Overflow, model: Model) -> Iterator[Finding]:
    if not model.has(rule.kind):
        yield _unknown("entity", rule.kind, model.kinds)
        return
    schema = model.schema(rule.kind)
    known = tuple(one.path for one in schema)
    for name in (*rule.fields, rule.into):
        if not schema.has(name):
            yield _unknown("field", f"{rule.kind}.{name}", known)
        elif (schema.field(name).holds is Holds.ONE) is (name == rule.into):
            wanted = "a collection" if name == rule.into else "a field with one value"
            yield error(
                "survivorship.overflow", f"this must be {wanted}", path=f"{rule.kind}.{name}"
            )


def _unknown(what: str, name: str, known: Iterable[str]) -> Finding:
    return error(
        "survivorship.unknown",
        f"there is no such {what}",
        value=name,
        suggestion=did_you_mean(name.rpartition(".")[2], known),
    )


_OPT_OUTS = ("is_email_opt_out", "is_phone_opt_out", "is_post_opt_out")

STANDARD_SURVIVORSHIP = (
    Survivorship()
    .with_policy(None, ("start_on", "end_on"), Policy.SURVIVOR_WINS)
    .with_policy(None, ("starts_at", "ends_at"), Policy.SURVIVOR_WINS)
    .with_policy(None, "is_active", Policy.ANY)
    .with_policy(None, _OPT_OUTS[0], Policy.ANY)
    .with_policy(None, _OPT_OUTS[1], Policy.ANY)
    .with_policy(None, _OPT_OUTS[2], Policy.ANY)
    .with_policy("case", ("status", "closed_at"), Policy.SURVIVOR_WINS)
    .with_policy("case", "opened_at", Policy.SMALLEST)
    .with_policy(
        "opportunity",
        ("pipeline", "stage", "probability", "forecast_category", "lost_reason"),
        Policy.SURVIVOR_WINS,
    )
    .with_overflow("contact", "email", "other_emails")
    .with_overflow("contact", ("phone", "mobile"), "other_phones")
)
"""The survivor's values with gaps filled from the losers, nothing lost of what is a collection.

A person who opted out on one record has opted out; a record that was active on one is active. The
start and end of a period, the stage of a deal and the status of a case are each taken whole. Other
e-mail addresses and telephone numbers of merged contacts are added to the survivor's further ones.
"""
