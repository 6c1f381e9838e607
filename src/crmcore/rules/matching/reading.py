"""Reading: the values of a record that a rule compares, each in its normal form."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from crmcore.errors import CrmError, UnknownNameError, UsageError
from crmcore.findings import Finding, Findings, ModelError, error
from crmcore.query import Path, check_path, value_at
from crmcore.rules.matching.keys import KEY_MAKERS
from crmcore.rules.matching.match_rule import MatchRule
from crmcore.rules.similarity import comparers
from crmcore.values.ref import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crmcore.entities.record import Record
    from crmcore.model.model import Model
    from crmcore.rules.matching.linkage.rule import LinkageRule

_BETWEEN: Final = " | "
"""Stands between the parts of a key: a character that no normal form has."""


@frozen
class FieldPath:
    """The place of a value: in the record itself, or in one that it refers to by ``path``.

    ``kind`` is the entity referred to and ``rest`` the place in it; both ``None``: in the record.
    """

    path: Path
    kind: str | None = None
    rest: FieldPath | None = None

    def values(self, record: Record, related: Mapping[Ref[Any], Record]) -> Iterator[object]:
        """The present values there, in their order; those of a set sorted by their text."""
        found = value_at(record, self.path)
        many = sorted(found, key=str) if isinstance(found, frozenset) else found
        for one in many if isinstance(many, tuple | list) else (many,):
            if self.rest is None or self.kind is None:
                if one is not None:
                    yield one
                continue
            target = related.get(one if isinstance(one, Ref) else Ref(self.kind, one))
            if target is not None:
                yield from self.rest.values(target, related)


def field_path(text: str, kind: str, model: Model) -> FieldPath:
    """The place that ``text`` names in a record of ``kind``.

    Raises ``UnknownNameError`` for a name that the model lacks, and ``UsageError`` for going
    through a reference to records of several kinds.
    """
    first, *rest = text.split(".")
    if first == "custom" and rest:
        first, rest = f"custom.{rest[0]}", rest[1:]
    lookup = model.schema(kind).field(first).lookup
    if lookup is None or not rest:
        path = Path(*text.split("."))
        check_path(path, kind, model)
        return FieldPath(path)
    if lookup.kind is None:
        raise UsageError("a match rule cannot follow a reference to several kinds", text)
    return FieldPath(
        Path(*first.split(".")), lookup.kind, field_path(".".join(rest), lookup.kind, model)
    )


@frozen
class Reader:
    """How the records of one kind are read by a rule: the paths of its comparisons and keys."""

    comparisons: tuple[tuple[str, tuple[FieldPath, ...]], ...]
    """The name of the comparer and the paths, for each comparison."""
    keys: tuple[tuple[tuple[str, tuple[FieldPath, ...]], ...], ...]
    """The name of the key maker and the paths, for each part of each blocking key."""


def reader(rule: MatchRule, kind: str, model: Model) -> Reader:
    """How ``rule`` reads records of ``kind``; raises ``ModelError`` with all that is not there."""
    found: list[Finding] = []

    def paths(fields: Mapping[str, tuple[str, ...]], where: str) -> tuple[FieldPath, ...]:
        return paths_in(fields[kind], kind, model, where, found)

    result = Reader(
        tuple((one.how, paths(one.fields, f"comparisons.{one.name}")) for one in rule.comparisons),
        tuple(
            tuple((part.how, paths(part.fields, f"keys.{key.name}")) for part in key.parts)
            for key in rule.keys
        ),
    )
    if found:
        raise ModelError(f"match rule {rule.name!r}", Findings(found))
    return result


def paths_in(
    texts: Iterable[str], kind: str, model: Model, where: str, found: list[Finding]
) -> tuple[FieldPath, ...]:
    """The places that these texts name; what is not there is added to ``found``."""
    read: list[FieldPath] = []
    for text in texts:
        try:
            read.append(field_path(text, kind, model))
        except CrmError as problem:
            code = "rule.unknown" if isinstance(problem, UnknownNameError) else "rule.fields"
            found.append(error(code, str(problem), path=where, value=text))
    return tuple(read)


def related_kinds(rule: MatchRule | LinkageRule, model: Model) -> frozenset[str]:
    """The kinds that the rule's references lead to: what ``related`` must have of the records."""
    return frozenset(
        one.kind
        for kind in rule.kinds
        for text in _texts(rule, kind)
        for one in _steps(field_path(text, kind, model))
        if one.kind is not None
    )


def paths_of_rule(rule: MatchRule | LinkageRule, kind: str, model: Model) -> tuple[FieldPath, ...]:
    """Every place in records of a kind that a rule looks at, each once."""
    return tuple(field_path(text, kind, model) for text in dict.fromkeys(_texts(rule, kind)))


def _texts(rule: MatchRule | LinkageRule, kind: str) -> Iterator[str]:
    if not isinstance(rule, MatchRule):
        for fields in (*rule.fields.values(), rule.within, rule.across):
            yield from fields.get(kind, ())
        return
    for comparison in rule.comparisons:
        yield from comparison.fields[kind]
    for key in rule.keys:
        for part in key.parts:
            yield from part.fields[kind]


def _steps(path: FieldPath) -> Iterator[FieldPath]:
    step: FieldPath | None = path
    while step is not None:
        yield step
        step = step.rest


Values: TypeAlias = tuple[tuple[tuple[object, Any], ...], ...]
"""For each comparison of a rule, the values of a record beside their normal forms, in order."""


class Forms:
    """The normal forms of values, each made once; it lives as long as one search.

    ``related`` are the records that references lead to.
    """

    def __init__(self, region: str | None, related: Mapping[Ref[Any], Record]) -> None:
        self._comparers = comparers(region)
        self.related = related
        self._known: dict[tuple[str, type, object], Any] = {}

    def of(self, comparer: str, value: object) -> Any:  # Any: each comparer has its own forms
        """The normal form of a value by a comparer; ``None`` where there is nothing to compare."""
        key = (comparer, type(value), value)
        try:
            return self._known[key]
        except KeyError:
            form = self._known[key] = self._comparers[comparer].normal(value)
            return form
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            return None

    def values(self, record: Record, reading: Reader) -> Values:
        """What the comparisons of a rule find in ``record``."""
        return tuple(tuple(self._formed(how, paths, record)) for how, paths in reading.comparisons)

    def keys(self, record: Record, reading: Reader) -> tuple[tuple[str, ...], ...]:
        """The keys of ``record`` for each blocking key of a rule, sorted."""
        return tuple(self._keys(parts, record) for parts in reading.keys)

    def _formed(
        self, comparer: str, paths: Iterable[FieldPath], record: Record
    ) -> Iterator[tuple[object, Any]]:
        for path in paths:
            for value in path.values(record, self.related):
                form = self.of(comparer, value)
                if form is not None:
                    yield value, form

    def _keys(
        self, parts: Iterable[tuple[str, tuple[FieldPath, ...]]], record: Record
    ) -> tuple[str, ...]:
        made: list[list[str]] = []
        for how, paths in parts:
            maker = KEY_MAKERS[how]
            forms = [form for _, form in self._formed(maker.of, paths, record)]
            made.append(sorted({key for form in forms for key in maker.make(form) if key}))
        return tuple(sorted(_BETWEEN.join(one) for one in product(*made)))
