"""Targets: what goes into one record that a lead becomes, and what became of each value.

An existing record has its gaps filled and keeps what it has, except for fields named to be
overwritten (law C7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from attrs import frozen

from crmcore.changes import Change, Insert, Update
from crmcore.entities.account import Account
from crmcore.entities.contact import Contact
from crmcore.entities.ledger import Fate, Transfer
from crmcore.entities.opportunity import Opportunity
from crmcore.findings import Finding, error
from crmcore.model.describe import EntitySchema, FieldSchema
from crmcore.rules.conversion.request import Request, is_blank, is_present, value_of
from crmcore.rules.field_map import Computed, Constant, FromField, MapEntry
from crmcore.values.ref import Ref

T = TypeVar("T", Account, Contact, Opportunity)


@frozen(kw_only=True)
class Part(Generic[T]):
    """One of the three records: as it was, as it will be, and what was decided about it.

    ``before`` is ``None`` where it is new; ``after`` is ``None`` where there will be none.
    """

    before: T | None = None
    after: T | None = None
    transfers: tuple[Transfer, ...] = ()
    decisions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the conversion makes the record."""
        return self.before is None and self.after is not None

    @property
    def changes(self) -> tuple[Change, ...]:
        """The change that it takes; none where the record is absent or stays as it is."""
        if self.after is None or self.after == self.before:
            return ()
        return (Insert(self.after) if self.before is None else Update(self.before, self.after),)


@frozen(kw_only=True)
class Offer:
    """A value for one field of a target.

    ``reads`` are the lead fields it was made from. ``given`` takes its place where the caller or
    the conversion says what the field is to be.
    """

    path: str
    value: Any = None
    reads: tuple[str, ...] = ()
    why: str = ""
    given: Any = None
    given_why: str = ""


def mapped(entry: MapEntry, request: Request) -> Offer:
    """What one entry of the field map offers for this lead."""
    lead_schema = request.model.schema("lead")
    match entry.source:
        case FromField(path):
            value = value_of(lead_schema.field(path), request.lead)
            return Offer(path=entry.path, value=value, reads=(path,), why="field map")
        case Constant(value):
            return Offer(path=entry.path, value=value, why="constant")
        case Computed(name=name, function=function, reads=reads):
            value = function(request.lead)
            return Offer(path=entry.path, value=value, reads=reads, why=f"made by {name}")


def offers(
    entries: Iterable[MapEntry], given: Mapping[str, tuple[Any, str]], request: Request
) -> tuple[Offer, ...]:
    """What is offered for each field: by the map, in its order, then by ``given`` alone.

    ``given`` maps a field to its value and the reason; ``None`` values say nothing.
    """
    said = {path: (value, why) for path, (value, why) in given.items() if value is not None}
    found: list[Offer] = []
    for entry in entries:
        one = mapped(entry, request)
        if one.path in said:
            value, why = said.pop(one.path)
            one = Offer(path=one.path, value=one.value, reads=one.reads, given=value, given_why=why)
        found.append(one)
    found += [Offer(path=path, given=value, given_why=why) for path, (value, why) in said.items()]
    return tuple(found)


def skipped(request: Request, entries: Iterable[MapEntry], why: str) -> tuple[Transfer, ...]:
    """The transfers of a target that there will not be: what it would have taken is dropped."""
    return tuple(
        transfer
        for entry in entries
        for transfer in _transfers(mapped(entry, request), request, Fate.DROPPED, why=why)
    )


def filled(
    existing: T | None, entity: type[T], given: Iterable[Offer], request: Request
) -> Part[T]:
    """The record with what is offered: a new one, or the gaps of an existing one filled.

    Where a required field of a new record gets no value there is no record, and a finding.
    """
    schema = request.model.schema(entity)
    ref = Ref[Any](schema.kind, request.context.new_id()) if existing is None else existing.ref
    values: dict[str, Any] = {}
    transfers: list[Transfer] = []
    for offer in given:
        one = schema.field(offer.path)
        current = None if existing is None else value_of(one, existing)
        new = offer.value if offer.given is None else offer.given
        over = f"{schema.kind}.{offer.path}" in request.overwrite
        if not is_present(new) or (one.is_required and is_blank(new)):
            why = f"{offer.why or offer.given_why} gave no value"
            transfers += _transfers(offer, request, Fate.DROPPED, why=why)
            continue
        takes = over or not is_present(current)
        if takes:
            values[offer.path] = new
        transfers += _settled(offer, request, ref=ref, current=current, takes=takes)
    missing = [
        one
        for one in schema.standard
        if existing is None and one.is_required and is_blank(values.get(one.path))
    ]
    if missing:
        findings = tuple(_missing(one, schema.label, request) for one in missing)
        why = f"no {schema.label.lower()} can be made without {missing[0].label.lower()}"
        dropped = (t for o in given for t in _transfers(o, request, Fate.DROPPED, why=why))
        return Part(transfers=tuple(dropped), findings=findings)
    after = (
        _made(entity, ref.id, values) if existing is None else _changed(existing, values, schema)
    )
    return Part(before=existing, after=after, transfers=tuple(transfers))


def _made(entity: type[T], id_: str, values: Mapping[str, Any]) -> T:
    standard = {path: value for path, value in values.items() if not path.startswith("custom.")}
    custom = {
        path.removeprefix("custom."): value
        for path, value in values.items()
        if path.startswith("custom.")
    }
    made: Any = entity  # Any: mypy would have each keyword checked against each class
    return made(id=id_, custom=custom, **standard)  # type: ignore[no-any-return]  # made is entity


def _changed(existing: T, values: Mapping[str, Any], schema: EntitySchema) -> T:
    record: Any = existing
    for path, value in values.items():
        record = schema.field(path).changed(record, value)
    return record  # type: ignore[no-any-return]  # evolve keeps the class


def _missing(one: FieldSchema, label: str, request: Request) -> Finding:
    return error(
        "conversion.missing",
        f"the lead does not say the {one.label.lower()} of the {label.lower()} it would become",
        ref=request.lead.ref,
        path=one.path,
        suggestion=f"enter it on the lead, or pass an existing {label.lower()}",
    )


def _settled(
    offer: Offer, request: Request, *, ref: Ref[Any], current: object, takes: bool
) -> Iterator[Transfer]:
    """What became of the lead's values in one offer."""
    stood = current if is_present(current) else None
    here = {"target": ref, "target_field": offer.path, "over": stood}
    if takes and offer.given not in (None, offer.value):
        return _transfers(offer, request, Fate.DROPPED, why=offer.given_why, over=offer.given)
    if takes:
        why = offer.why or offer.given_why if stood is None else "overwritten as asked"
        return _transfers(offer, request, Fate.COPIED, why=why, **here)
    why = "the same value" if current == offer.value else "it had a value"
    return _transfers(offer, request, Fate.KEPT, why=why, **here)


def _transfers(offer: Offer, request: Request, fate: Fate, **rest: Any) -> Iterator[Transfer]:
    schema = request.model.schema("lead")
    for path in offer.reads:
        value = value_of(schema.field(path), request.lead)
        if is_present(value):
            yield Transfer(field=path, value=value, fate=fate, source=request.lead.ref, **rest)
