"""Transfers: what became of every value of the merged records, for the receipt (law M6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from crmcore.entities.ledger import Fate, Transfer
from crmcore.entities.record import Record
from crmcore.fields import KEEP
from crmcore.model.describe import EntitySchema, FieldSchema, Holds
from crmcore.model.references import as_ref, as_stored
from crmcore.query import equal
from crmcore.rules.merge.contract import Contracted
from crmcore.rules.merge.golden import Choice, Golden, is_present, order_of
from crmcore.rules.survivorship import Policy, Survivorship
from crmcore.values.ref import Ref


def transfers(
    records: Sequence[Record],
    *,
    outcome: Golden,
    contraction: Contracted,
    schema: EntitySchema,
    survivorship: Survivorship,
) -> tuple[Transfer, ...]:
    """The fate of every present value of each loser, and of what left its field of the survivor.

    ``records`` are the merged records as they were, survivor first. Collections and maps are told
    element by element. Copied: the survivor has it now (or it is part of a sum). Kept: the
    survivor had a value of its own. Dropped: another value won.
    """
    spill: dict[str, tuple[str, ...]] = {}
    for rule in survivorship.overflow_of(schema):
        paths = tuple(schema.field(name).path for name in (*rule.fields, rule.into))
        spill.update(dict.fromkeys(paths, paths))
    standing = {one.field.path: _Standing(one) for one in outcome.choices}
    teller = _Teller(survivor=records[0], standing=standing, spill=spill, contraction=contraction)
    lost = (one for one in teller.fates(records[0], outcome) if one.target_field != one.field)
    rest = (one for record in records[1:] for one in teller.fates(record, outcome))
    return (*lost, *rest)


@frozen
class _Standing:
    """A golden value, asked whether it has an element."""

    choice: Choice
    _items: frozenset[Any] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        value = self.choice.value
        several = value if isinstance(value, tuple | frozenset) else ()
        object.__setattr__(self, "_items", frozenset(map(order_of, several)))

    def has(self, item: Any, key: str | None) -> bool:
        """Whether the element, or the value under ``key`` of a map, is part of it."""
        value = self.choice.value
        if key is not None:
            return equal(value.get(key), item)
        return order_of(item) in self._items or equal(value, item)

    def instead(self, key: str | None) -> Any:
        """What stands where another value does not; ``None`` of a collection."""
        value = self.choice.value
        if key is not None:
            return value.get(key)
        return None if isinstance(value, tuple | frozenset) else value


@frozen(kw_only=True)
class _Teller:
    """What is needed to tell the fate of a value."""

    survivor: Record
    standing: Mapping[str, _Standing]
    spill: Mapping[str, tuple[str, ...]]
    contraction: Contracted

    def fates(self, record: Record, outcome: Golden) -> Iterator[Transfer]:
        """The fate of every value of a record, field by field."""
        for choice in outcome.choices:
            for key, item in _elements(choice.field, choice.field.value(record)):
                yield self._fate(record.ref, choice, key, item)
        if record.created_at is not None:
            is_golden = record.created_at == outcome.record.created_at
            yield Transfer(
                field="created_at",
                value=record.created_at,
                fate=Fate.COPIED if is_golden else Fate.DROPPED,
                source=record.ref,
                target=self.survivor.ref if is_golden else None,
                target_field="created_at" if is_golden else None,
                over=None if is_golden else outcome.record.created_at,
                why="the earliest",
            )

    def _fate(self, source: Ref[Any], choice: Choice, key: str | None, item: Any) -> Transfer:
        one = choice.field
        path = one.path if key is None else f"{one.path}.{key}"
        said = {"field": path, "value": item, "source": source}
        follows, gone = self._followed(source, one, item)
        if gone is not None:
            return Transfer(**said, fate=Fate.DROPPED, why=gone)
        summed = choice.why == Policy.SUM.value and choice.origin is None
        places = (one.path, *(path for path in self.spill.get(one.path, ()) if path != one.path))
        place = next((each for each in places if self.standing[each].has(follows, key)), None)
        if place is not None or summed:
            target = path if place in (None, one.path) else place
            return Transfer(
                **said,
                fate=Fate.COPIED,
                target=self.survivor.ref,
                target_field=target,
                why=choice.why,
            )
        over = self.standing[one.path].instead(key)
        own = one.value(self.survivor)
        kept = equal(own if key is None else own.get(key), over) if over is not None else False
        return Transfer(**said, fate=Fate.KEPT if kept else Fate.DROPPED, over=over, why=choice.why)

    def _followed(self, source: Ref[Any], one: FieldSchema, item: Any) -> tuple[Any, str | None]:
        """What a reference became among the merged records, or why it is no more."""
        ref = None if one.lookup is None else as_ref(item, one.lookup)
        if ref is None or one.lookup is None or one.lookup.on_merge is KEEP:
            return item, None
        merged = ref in self.contraction.merged
        gone = self.contraction.dropped.get((source, one.path, ref))
        return as_stored(self.survivor.ref, item) if merged else item, gone


def _elements(one: FieldSchema, value: Any) -> Iterator[tuple[str | None, Any]]:
    """Each present element of a value, with its key in a map."""
    if not is_present(value):
        return
    if one.holds is Holds.MAP:
        yield from ((key, item) for key, item in value.items() if is_present(item))
    elif one.holds is Holds.SET:
        yield from ((None, item) for item in sorted(value, key=order_of))
    elif one.holds is Holds.TUPLE:
        yield from ((None, item) for item in value)
    else:
        yield None, value
