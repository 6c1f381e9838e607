"""Golden: the one record that several become, value by value, by the survivorship policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, TypeAlias

import attrs
from attrs import frozen

from crmcore import render
from crmcore.entities.record import Record
from crmcore.errors import UsageError
from crmcore.fields import CustomField, Email, Phone
from crmcore.findings import Finding, Findings, warning
from crmcore.model.describe import EntitySchema, FieldSchema, Holds, custom_schema, parts
from crmcore.model.model import Model
from crmcore.query import equal, sort_key
from crmcore.rules.survivorship import (
    ByFunction,
    BySource,
    Candidate,
    How,
    Policy,
    Settled,
    Survivorship,
)
from crmcore.values import FrozenMap, Money, Ref
from crmcore.values.email import normal_email
from crmcore.values.phone import normal_phone

CHOSEN = "chosen"
"""Why a value wins that the caller asked for."""

_EXACT = Context(prec=1000)


@frozen(kw_only=True)
class Choice:
    """What one field becomes.

    ``origin`` is the first record that has the winning value (``None``: no record has it, as it
    was made of several or given by the caller); ``why`` is the policy, or ``chosen``.
    """

    field: FieldSchema
    value: Any
    origin: Ref[Any] | None
    why: str


@frozen(kw_only=True)
class Golden:
    """The survivor as it will be, how each of its fields was decided, and what was odd."""

    record: Record
    choices: tuple[Choice, ...]
    findings: Findings = Findings()


def is_present(value: Any) -> bool:
    """Whether there is a value: neither ``None`` nor an empty collection; 0, False and "" are."""
    is_collection = isinstance(value, tuple | frozenset | FrozenMap)
    return bool(value) if is_collection else value is not None


def fields_of(records: Iterable[Record], schema: EntitySchema) -> EntitySchema:
    """The schema with a field for every custom value that the model does not know as well."""
    known = {one.name for one in schema.custom}
    unknown = sorted({key for record in records for key in record.custom} - known)
    extra = tuple(custom_schema(CustomField(name=key)) for key in unknown)
    return attrs.evolve(schema, fields=schema.fields + extra) if extra else schema


def golden(
    records: Sequence[Record],
    *,
    model: Model,
    survivorship: Survivorship,
    choose: Mapping[str, Any] | None = None,
) -> Golden:
    """What ``records``, the survivor first, become together.

    ``choose`` maps the path of a field to its value, or to a record among these (or its reference)
    whose value is taken; of a group named so, the whole group. Id and version are the survivor's,
    ``created_at`` is the earliest (law M15). Raises ``UnknownNameError`` for a field that does not
    exist, ``UsageError`` for a choice that cannot be made.
    """
    schema = fields_of(records, model.schema_of(records[0]))
    wanted = _wanted(records, schema, choose or {})
    found: list[Finding] = []
    chosen: dict[str, Choice] = {}
    for one in survivorship.settled(schema):
        for choice in _decided(one, records, wanted, model, found):
            chosen[choice.field.path] = choice
    for overflow in survivorship.overflow_of(schema):
        into = schema.field(overflow.into)
        if into.path not in wanted:
            sources = [schema.field(name) for name in overflow.fields]
            chosen[into.path] = _overflowed(sources, into, records, chosen, model)
    choices = tuple(chosen[one.path] for one in schema if one.path in chosen)
    return Golden(
        record=_filled(records, choices),
        choices=choices,
        findings=Findings(found),
    )


_From: TypeAlias = tuple[Any, Record | None]
"""A chosen value, and the record it was taken from (``None``: the caller gave the value)."""


def _wanted(
    records: Sequence[Record], schema: EntitySchema, choose: Mapping[str, Any]
) -> dict[str, _From]:
    by_ref = {record.ref: record for record in records}
    found: dict[str, _From] = {}
    for name, pick in choose.items():
        one = schema.field(name)
        if one.is_system or one.path == "custom":
            hint = "choose custom values one by one, as custom.<name>" if name == "custom" else ""
            raise UsageError("the library itself decides this field", name, hint)
        ref = pick.ref if isinstance(pick, Record) else pick
        if isinstance(ref, Ref) and ref in by_ref:
            found[one.path] = one.value(by_ref[ref]), by_ref[ref]
        elif isinstance(pick, Record) or (isinstance(pick, Ref) and one.lookup is None):
            listed = ", ".join(map(str, by_ref))
            raise UsageError(f"{name} is to come from a record that is not merged", ref, listed)
        else:
            single = one.lookup is not None and one.lookup.kind is not None
            found[one.path] = (pick.id if isinstance(pick, Ref) and single else pick), None
    return found


def _decided(
    settled: Settled,
    records: Sequence[Record],
    wanted: Mapping[str, _From],
    model: Model,
    found: list[Finding],
) -> Iterator[Choice]:
    given = {one.path: wanted[one.path] for one in settled.fields if one.path in wanted}
    lead = next((record for _, record in given.values() if record is not None), None)
    values = _values(settled, records, lead, model, found)
    for one, value in zip(settled.fields, values, strict=True):
        origin = next((r.ref for r in records if _same(one.value(r), value)), None)
        if one.path in given:
            value, source = given[one.path]  # noqa: PLW2901  # the caller's choice wins
            origin = None if source is None else source.ref
        why = CHOSEN if one.path in given or lead is not None else settled.policy.value
        yield Choice(field=one, value=value, origin=origin, why=why)


def _same(left: Any, right: Any) -> bool:
    return (left is None and right is None) or equal(left, right)


def _values(
    settled: Settled,
    records: Sequence[Record],
    lead: Record | None,
    model: Model,
    found: list[Finding],
) -> tuple[Any, ...]:
    """The golden values of a field or group, in the order of its fields."""
    fields = settled.fields
    if lead is not None:
        return tuple(one.value(lead) for one in fields)
    rows = [(record, tuple(one.value(record) for one in fields)) for record in records]
    present = [(record, row) for record, row in rows if any(map(is_present, row))]
    if not present:
        return rows[0][1]
    field = fields[0]
    if len(fields) > 1:
        value: tuple[Any, ...] = _winner(
            settled.policy, tuple(Candidate(record, row) for record, row in present)
        )
        return value
    candidates = tuple(Candidate(record, row[0]) for record, row in present)
    if settled.policy is Policy.UNION and field.holds is not Holds.ONE:
        return (united(field, (one.value for one in candidates), model),)
    if settled.policy is Policy.SUM:
        return (_summed(field, candidates, found),)
    if settled.policy in (Policy.LARGEST, Policy.SMALLEST):
        found += _incomparable(field, settled.policy, candidates)
    return (_winner(settled.policy, candidates),)


def _incomparable(
    one: FieldSchema, policy: How, candidates: tuple[Candidate, ...]
) -> Iterator[Finding]:
    amounts = [each.value for each in candidates if isinstance(each.value, Money)]
    currencies = sorted({amount.currency for amount in amounts})
    if len(currencies) > 1:
        yield warning(
            "merge.currencies",
            f"the {policy.value} {one.label} is taken by currency first",
            path=one.path,
            value=", ".join(sorted(map(str, amounts))),
            suggestion=f"choose one: choose={{{one.path!r}: ...}}",
        )


def _winner(policy: How, candidates: tuple[Candidate, ...]) -> Any:
    if isinstance(policy, ByFunction):
        return policy.choose(candidates)
    if policy is Policy.ANY:
        return any(one.value is True for one in candidates)
    if policy is Policy.ALL:
        return all(one.value is True for one in candidates)
    if policy is Policy.LARGEST:
        return max((one.value for one in candidates), key=order_of)
    claim = _CLAIMS.get(policy)
    if isinstance(policy, BySource):
        claim = lambda one: policy.place(one.record)  # noqa: E731  # a claim like the others
    if policy is Policy.MOST_FREQUENT:
        counts = Counter(order_of(one.value) for one in candidates)
        claim = lambda one: -counts[order_of(one.value)]  # noqa: E731  # a claim like the others
    if claim is None:
        return candidates[0].value
    strength = claim
    return min(candidates, key=lambda one: (strength(one), order_of(one.value))).value


def _latest_first(one: Candidate) -> tuple[int, float]:
    """Records without a moment come last; a moment without a zone is no moment."""
    at = one.record.updated_at or one.record.created_at
    return (1, 0.0) if at is None or at.tzinfo is None else (0, -at.timestamp())


def _oldest_first(one: Candidate) -> tuple[int, float]:
    at = one.record.created_at
    return (1, 0.0) if at is None or at.tzinfo is None else (0, at.timestamp())


def _completeness(value: Any) -> int:
    if isinstance(value, tuple | frozenset | FrozenMap):
        items = value.values() if isinstance(value, FrozenMap) else value
        return sum(_completeness(item) for item in items if is_present(item))
    names = parts(type(value))
    return sum(is_present(getattr(value, name)) for name in names) if names else 1


def _length(value: Any) -> int:
    if isinstance(value, tuple | frozenset):
        return sum(map(_length, value))
    return 0 if value is None else len(render.plain(value))


_CLAIMS: Mapping[How, Callable[[Candidate], Any]] = {
    Policy.MOST_RECENT: _latest_first,
    Policy.OLDEST: _oldest_first,
    Policy.MOST_COMPLETE: lambda one: -_completeness(one.value),
    Policy.LONGEST: lambda one: -_length(one.value),
    Policy.SMALLEST: lambda one: order_of(one.value),
}
"""What makes a candidate win, the smallest first."""


def order_of(value: Any) -> tuple[Any, ...]:
    """A key by which values of any type sort, collections included, for every hash seed."""
    collection = 100  # behind everything that sort_key ranks
    if isinstance(value, frozenset):
        return collection, tuple(sorted(map(order_of, value)))
    if isinstance(value, tuple):
        return collection + 1, tuple(map(order_of, value))
    if isinstance(value, FrozenMap):
        return collection + 2, tuple((key, order_of(item)) for key, item in value.items())
    return sort_key(value)


def likeness(one: FieldSchema, value: Any, model: Model) -> Any:
    """What two spellings of one value have in common: the normal form of e-mail and phone."""
    if isinstance(value, str) and isinstance(one.meaning, Email):
        return normal_email(value) or value
    if isinstance(value, str) and isinstance(one.meaning, Phone):
        return normal_phone(value, model.phone_region) or value
    return isinstance(value, bool), value


def united(one: FieldSchema, values: Iterable[Any], model: Model) -> Any:
    """The union of collections or maps; of two spellings, or values under one key, the first."""
    if one.holds is Holds.MAP:
        merged: dict[str, Any] = {}
        for value in values:
            for key, item in value.items():
                merged.setdefault(key, item)
        return FrozenMap(merged)
    items: dict[Any, Any] = {}
    for value in values:
        # The elements of a set have no order of their own.
        for item in sorted(value, key=order_of) if one.holds is Holds.SET else value:
            items.setdefault(likeness(one, item, model), item)
    return tuple(items.values()) if one.holds is Holds.TUPLE else frozenset(items.values())


def _summed(one: FieldSchema, candidates: tuple[Candidate, ...], found: list[Finding]) -> Any:
    values = [candidate.value for candidate in candidates]
    total = _total(values)
    if total is not None:
        return total
    largest = max(values, key=order_of)
    found.append(
        warning(
            "merge.not_added",
            f"the values of {one.label} cannot be added; the largest is taken",
            path=one.path,
            value=", ".join(sorted(map(render.plain, values))),
            suggestion=f"give the sum: choose={{{one.path!r}: ...}}",
        )
    )
    return largest


def _total(values: Sequence[Any]) -> Any:
    """The exact sum, or ``None`` where these values have none."""
    if all(isinstance(value, Money) for value in values):
        currencies = {value.currency for value in values}
        return Money.total(values, currencies.pop()) if len(currencies) == 1 else None
    if any(isinstance(value, bool) or not isinstance(value, int | Decimal) for value in values):
        return None
    if all(isinstance(value, int) for value in values):
        return sum(values)
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, Decimal(value))
    return total


def _overflowed(
    sources: Sequence[FieldSchema],
    into: FieldSchema,
    records: Sequence[Record],
    chosen: Mapping[str, Choice],
    model: Model,
) -> Choice:
    """The collection with the losing values of ``sources``; what these hold is not repeated."""
    losing = [one.value(record) for record in records for one in sources]
    spare = tuple(value for value in losing if is_present(value))
    standing = {
        likeness(one, chosen[one.path].value, model)
        for one in sources
        if is_present(chosen[one.path].value)
    }
    before = chosen[into.path].value
    everything = united(into, (before, type(before)(spare)), model)
    kept = type(before)(item for item in everything if likeness(into, item, model) not in standing)
    origin = chosen[into.path].origin if kept == before else None
    return Choice(field=into, value=kept, origin=origin, why=chosen[into.path].why)


def _filled(records: Sequence[Record], choices: Iterable[Choice]) -> Record:
    survivor = records[0]
    moments = [one.created_at for one in records if one.created_at is not None]
    values: dict[str, Any] = {"created_at": min(moments, key=sort_key, default=None)}
    custom: dict[str, Any] = {}
    for choice in choices:
        if not choice.field.is_custom:
            values[choice.field.name] = choice.value
        elif choice.value is not None:
            custom[choice.field.name] = choice.value
    return attrs.evolve(survivor, **values, custom=FrozenMap(custom))
