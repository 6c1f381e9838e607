"""Field map: which field of an account, contact or deal each value of a converted lead goes to.

A map is data: entries from a lead field, a constant or a named function to a target such as
``contact.email`` or ``account.custom.tier``. ``checked`` reads it against a model and refuses one
that could not work, before any lead meets it (law C16).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from crmcore.entities.lead import Lead
from crmcore.entities.record import text_tuple
from crmcore.errors import UnknownNameError, did_you_mean
from crmcore.fields import Email, Lookup, MultiPicklist, Number, Percent, Phone, Picklist, Text, Url
from crmcore.findings import Finding, Findings, ModelError, error, remark
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.model import Model
from crmcore.values.frozenmap import FrozenMap, frozen_value

TARGETS = ("account", "contact", "opportunity")
"""The kinds of record that a lead becomes."""

RESERVED = frozenset({"contact.account_id", "opportunity.account_id", "opportunity.lead_id"})
"""Targets that the conversion itself fills, beside ids, versions and times."""


@frozen
class FromField:
    """The value of a lead field: ``email``, or ``custom.tier``."""

    path: str


@frozen
class Constant:
    """The same value for every lead."""

    value: Any = field(converter=frozen_value)


@frozen(kw_only=True)
class Computed:
    """What a named, pure function makes of a lead; ``None`` from it fills nothing.

    ``gives`` is the class of its values. ``reads`` are the lead fields that it uses up: a receipt
    says of them that they went to the entry's target.
    """

    name: str
    function: Callable[[Lead], Any]
    gives: type
    reads: tuple[str, ...] = field(converter=text_tuple)


Source: TypeAlias = FromField | Constant | Computed
"""Where a value comes from."""


def _source(given: Source | str) -> Source:
    return FromField(given) if isinstance(given, str) else given


@frozen
class MapEntry:
    """One value on its way: ``MapEntry("contact.custom.tier", "custom.tier")``.

    ``source`` is a lead field by its path, or a ``Constant`` or ``Computed``.
    """

    target: str
    source: Source = field(converter=_source)

    @property
    def kind(self) -> str:
        """The stored name of the target's entity."""
        return self.target.partition(".")[0]

    @property
    def path(self) -> str:
        """The field of the target."""
        return self.target.partition(".")[2]

    @property
    def reads(self) -> tuple[str, ...]:
        """The lead fields that it uses up."""
        match self.source:
            case FromField(path):
                return (path,)
            case Computed(reads=reads):
                return reads
            case Constant():
                return ()

    def __str__(self) -> str:
        match self.source:
            case FromField(path):
                return f"{path} -> {self.target}"
            case Computed(name=name):
                return f"{name}({', '.join(self.reads)}) -> {self.target}"
            case Constant(value):
                return f"{value!r} -> {self.target}"


def _entries(given: Iterable[MapEntry]) -> tuple[MapEntry, ...]:
    return tuple(given)


def _reasons(given: Mapping[str, str]) -> FrozenMap[str]:
    return given if isinstance(given, FrozenMap) else FrozenMap(given)


@frozen(kw_only=True)
class FieldMap:
    """The entries of a conversion, and the lead fields left where they are, each with the reason.

    Successors are made with ``with_...`` and ``without``. No target is filled twice: to replace an
    entry, take the old one out first, ``m.without("contact.title").with_entries(...)``.
    """

    entries: tuple[MapEntry, ...] = field(default=(), converter=_entries)
    left: FrozenMap[str] = field(default=FrozenMap(), converter=_reasons)

    def __iter__(self) -> Iterator[MapEntry]:
        return iter(self.entries)

    def __str__(self) -> str:
        left = (f"{path} stays: {why}" for path, why in self.left.items())
        return "\n".join([*map(str, self.entries), *left])

    @property
    def targets(self) -> tuple[str, ...]:
        """Every target, in the order of the entries."""
        return tuple(one.target for one in self.entries)

    @property
    def carried(self) -> frozenset[str]:
        """The lead fields that some entry uses up."""
        return frozenset(path for one in self.entries for path in one.reads)

    def entries_of(self, kind: str) -> tuple[MapEntry, ...]:
        """The entries whose target is of this kind."""
        return tuple(one for one in self.entries if one.kind == kind)

    def with_entries(self, *entries: MapEntry) -> FieldMap:
        """The successor with these entries too; what they use up is no longer left behind."""
        read = {path for one in entries for path in one.reads}
        return attrs.evolve(self, entries=(*self.entries, *entries), left=self.left.without(*read))

    def without(self, *targets: str) -> FieldMap:
        """The successor that does not fill these targets; raises ``UnknownNameError``."""
        for one in targets:
            if one not in self.targets:
                raise UnknownNameError("target", one, self.targets, "the field map")
        kept = tuple(one for one in self.entries if one.target not in targets)
        return attrs.evolve(self, entries=kept)

    def with_left(self, reasons: Mapping[str, str]) -> FieldMap:
        """The successor that leaves these lead fields where they are, each with the reason."""
        return attrs.evolve(self, left=self.left.with_items(reasons))

    def with_same_names(self, model: Model) -> FieldMap:
        """The successor that carries the lead's custom fields to those of the same name.

        Every target kind that has such a field, of a type that takes the values, gets it. Entries
        that are there already stay.
        """
        new = [
            MapEntry(f"{kind}.{one.path}", one.path)
            for one in model.schema("lead").custom
            for kind in TARGETS
            if f"{kind}.{one.path}" not in self.targets
            for other in model.schema(kind).custom
            if other.name == one.name and takes(other, one)
        ]
        return self.with_entries(*new)

    def check(self, model: Model) -> Findings:
        """Everything that keeps the map from working with ``model``, and a lint.

        The lint is a remark for each lead field of the model that no entry carries and no reason
        leaves behind: a receipt would report its values as unmapped.
        """
        return Findings((*_broken(self, model), *_unmapped(self, model)))

    def checked(self, model: Model) -> FieldMap:
        """The map itself; raises ``ModelError`` with every problem where it cannot work."""
        errors = Findings(_broken(self, model))
        if errors:
            raise ModelError("field map", errors)
        return self


_HELD: dict[Holds, type] = {Holds.TUPLE: tuple, Holds.SET: frozenset, Holds.MAP: FrozenMap}
_WORDS = (Text, Email, Phone, Url, Picklist, MultiPicklist)


def takes(target: FieldSchema, source: FieldSchema) -> bool:
    """Whether every value that ``source`` may have fits ``target``, by type and meaning.

    A text field takes any text, an open-ended picklist too; a closed picklist only the options of
    a closed one; a reference only one of the same form to kinds it accepts. Lengths and ranges are
    a matter of single values.
    """
    if target.holds is not source.holds or target.python not in (source.python, object):
        return False  # a reference to one kind is held as an id, to several as a Ref
    given, wanted = source.meaning, target.meaning
    if isinstance(wanted, Lookup) or isinstance(given, Lookup):
        return isinstance(wanted, Lookup) and isinstance(given, Lookup) and _narrows(given, wanted)
    if isinstance(wanted, Picklist | MultiPicklist) and not wanted.open_ended:
        if not isinstance(given, Picklist | MultiPicklist) or given.open_ended:
            return False
        return set(given.options) <= set(wanted.options)
    if isinstance(wanted, Text | Picklist | MultiPicklist):
        return isinstance(given, _WORDS)
    return type(given) is type(wanted) or (isinstance(given, Percent) and wanted == Number())


def _narrows(given: Lookup, wanted: Lookup) -> bool:
    return not wanted.kinds or (bool(given.kinds) and set(given.kinds) <= set(wanted.kinds))


def _fits(target: FieldSchema, value: object) -> bool:
    """Whether one given value is of the type of ``target``."""
    if target.holds is not Holds.ONE:
        return isinstance(value, _HELD[target.holds])
    meaning = target.meaning
    if isinstance(meaning, Picklist) and not meaning.open_ended and value not in meaning.options:
        return False
    return target.python is object or type(value) is target.python


def _broken(one: FieldMap, model: Model) -> Iterator[Finding]:
    for entry in one.entries:
        yield from _entry(entry, model)
    for target, count in Counter(one.targets).items():
        if count > 1:
            sources = ", ".join(str(e) for e in one.entries if e.target == target)
            yield error(
                "map.target_twice",
                f"{count} entries fill one target: {sources}",
                path=target,
                suggestion="keep one of them",
            )
    for path in one.left:
        yield from _lead_field(path, "left", model)


def _entry(entry: MapEntry, model: Model) -> Iterator[Finding]:
    problems = [*_target(entry, model)]
    for path in entry.reads:
        problems += _lead_field(path, entry.target, model)
    if not problems:
        problems += _type(entry, model.schema(entry.kind).field(entry.path), model)
    yield from problems


def _target(entry: MapEntry, model: Model) -> Iterator[Finding]:
    """What is wrong with the target as such."""
    if entry.kind not in TARGETS:
        yield error(
            "map.target_unknown",
            "a lead becomes an account, a contact and a deal, nothing else",
            path=entry.target,
            suggestion=did_you_mean(entry.kind, TARGETS),
        )
        return
    schema = model.schema(entry.kind)
    if not _has(schema, entry.path):
        fillable = [one.path for one in schema if not _is_reserved(entry.kind, one)]
        yield error(
            "map.target_unknown",
            f"{schema.label} has no such field",
            path=entry.target,
            suggestion=_nearest(schema, entry.path, fillable),
        )
    elif _is_reserved(entry.kind, schema.field(entry.path)):
        yield error(
            "map.target_reserved",
            "a map does not fill this field: the conversion or the library does",
            path=entry.target,
            suggestion="take the entry out; custom fields are mapped one by one",
        )


def _has(schema: EntitySchema, path: str) -> bool:
    return schema.has(path) and schema.field(path).path == path


def _nearest(schema: EntitySchema, path: str, known: Iterable[str]) -> str:
    custom = f"custom.{path}"
    return f"did you mean {custom!r}?" if _has(schema, custom) else did_you_mean(path, known)


def _is_reserved(kind: str, one: FieldSchema) -> bool:
    return one.is_system or f"{kind}.{one.path}" in RESERVED or one.path == "custom"


def _lead_field(path: str, place: str, model: Model) -> Iterator[Finding]:
    schema = model.schema("lead")
    if not _has(schema, path) or path == "custom":
        yield error(
            "map.source_unknown",
            "a lead has no such field",
            path=place,
            value=path,
            suggestion=_nearest(schema, path, (one.path for one in schema)),
        )


def _type(entry: MapEntry, target: FieldSchema, model: Model) -> Iterator[Finding]:
    match entry.source:
        case FromField(path):
            source = model.schema("lead").field(path)
            good, given = takes(target, source), f"{source.label} ({_called(source)})"
        case Constant(value):
            good, given = _fits(target, value), f"the constant {value!r}"
        case Computed(name=name, gives=gives):
            wanted = target.python if target.holds is Holds.ONE else _HELD[target.holds]
            good, given = wanted in (gives, object), f"{name}, which gives {gives.__name__},"
    if not good:
        yield error(
            "map.incompatible",
            f"{given} does not fit {target.label} ({_called(target)})",
            path=entry.target,
            suggestion="map it with a named function that converts it",
        )


def _called(one: FieldSchema) -> str:
    meaning = type(one.meaning).__name__.lower()
    return meaning if one.holds is Holds.ONE else f"{one.holds.value} of {meaning}"


def _unmapped(one: FieldMap, model: Model) -> Iterator[Finding]:
    known = one.carried | one.left.keys()
    for source in model.schema("lead"):
        if source.is_system or source.name == "custom" or source.path in known:
            continue
        yield remark(
            "map.lead_field_unmapped",
            f"nothing carries {source.label} of a lead",
            path=source.path,
            suggestion="add an entry, or leave it with a reason: with_left({...})",
        )


def _qualification(lead: Lead) -> str | None:
    """The answers that qualify a lead, one to a line."""
    answers = (
        ("Interest", lead.interest),
        ("Authority", lead.authority),
        ("Timeline", lead.timeline),
    )
    return "\n".join(f"{name}: {text}" for name, text in answers if text is not None) or None


_SAME_IN: dict[str, tuple[str, ...]] = {
    "account": ("industry", "employees", "annual_revenue", "website", "phone", "fax", "rating"),
    "contact": (
        "name",
        "title",
        "email",
        "phone",
        "mobile",
        "description",
        "is_email_opt_out",
        "is_phone_opt_out",
        "is_post_opt_out",
        "labels",
    ),
}
_IN_ALL = ("source", "owner_id")

STANDARD_FIELD_MAP = FieldMap(
    entries=(
        MapEntry("account.name", "company"),
        MapEntry("account.billing_address", "address"),
        MapEntry("contact.mailing_address", "address"),
        *(MapEntry(f"{kind}.{name}", name) for kind, names in _SAME_IN.items() for name in names),
        *(MapEntry(f"{kind}.{name}", name) for name in _IN_ALL for kind in TARGETS),
        MapEntry("opportunity.amount", "budget"),
        MapEntry(
            "opportunity.description",
            Computed(
                name="qualification",
                function=_qualification,
                gives=str,
                reads=("interest", "authority", "timeline"),
            ),
        ),
    ),
    left=FrozenMap(
        {
            "status": "it says how far the lead got, and becomes a converted one",
            "external_ids": "they name the lead in other systems, and the lead keeps them",
            "referred_by_id": "who referred the lead is read from the lead",
            "converted_account_id": "the conversion itself writes it",
            "converted_contact_id": "the conversion itself writes it",
            "converted_opportunity_id": "the conversion itself writes it",
            "converted_at": "the conversion itself writes it",
        }
    ),
)
"""The map of a standard lead: every field that describes the person, the company or the deal."""
