"""Table: records as columns of numbers, every value brought into its normal form once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from crmcore.entities.record import Record
from crmcore.rules.matching.linkage.names import initials
from crmcore.rules.matching.linkage.subject import Subject, Trait
from crmcore.rules.matching.linkage.weights import RARE, bucket_of
from crmcore.rules.similarity.person import NameForm
from crmcore.values.frozenmap import FrozenMap

Raw: TypeAlias = Callable[[Record], tuple[tuple[object, ...], ...]]
"""Reads the values of one trait from a record: for each meaning a tuple of values."""


class Column:
    """One trait of some records: for each row the number of its form, 0 where nothing is known."""

    def __init__(self, trait: Trait) -> None:
        self.trait = trait
        self.ids: list[int] = []
        self.forms: list[Any] = [None]
        self._by_form: dict[Hashable, int] = {None: 0}
        self._by_raw: dict[object, int] = {}
        self._facets: dict[str, list[tuple[int, ...]]] = {}
        self._facet_ids: dict[str, dict[str, int]] = {}

    def add(self, raw: tuple[tuple[object, ...], ...]) -> int:
        """The number of the form of these values."""
        try:
            known = self._by_raw.get(raw)
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            return self._number(self.trait.form(raw))
        if known is None:
            known = self._by_raw[raw] = self._number(self.trait.form(raw))
        return known

    def form_of(self, raw: tuple[tuple[object, ...], ...]) -> Hashable:
        """The form of these values, which is not kept."""
        return self.trait.form(raw)

    def known_facets(self, name: str, form: object) -> tuple[int, ...]:
        """The numbers of the texts of any form by a facet; texts that no form has are left out."""
        self.facet(name)
        numbers = self._facet_ids[name]
        found = (numbers.get(text) for text in self.trait.facets[name](form))
        return tuple(one for one in found if one is not None)

    def _number(self, form: Hashable) -> int:
        number = self._by_form.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number

    def facet(self, name: str) -> list[tuple[int, ...]]:
        """For each form the numbers of its texts by a facet, which ``text`` turns back."""
        made = self._facets.setdefault(name, [()])
        numbers = self._facet_ids.setdefault(name, {})
        if len(made) == len(self.forms):
            return made
        make = self.trait.facets[name]
        for form in self.forms[len(made) :]:
            made.append(tuple(numbers.setdefault(text, len(numbers)) for text in make(form)))
        return made

    def facet_size(self, name: str) -> int:
        """How many different texts a facet has."""
        return len(self._facet_ids[name])

    def facet_texts(self, name: str) -> list[str]:
        """The texts of a facet by their numbers."""
        return list(self._facet_ids[name])


class Table:
    """Records as columns, one for each trait of a subject."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.columns: tuple[Column, ...] = tuple(Column(trait) for trait in subject.traits)

    def fill(self, records: Iterable[Record], readers: Mapping[str, Sequence[Raw | None]]) -> None:
        """Add the rows of these records, read by kind."""
        for record in records:
            for column, read in zip(self.columns, readers[record.ref.kind], strict=True):
                column.ids.append(0 if read is None else column.add(read(record)))

    def rare(self, common: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """How many different values of each table are rare, given those that are not."""
        found: Counter[str] = Counter()
        for column in self.columns:
            seen = {pair for form in column.forms[1:] for pair in column.trait.values(form)}
            found.update(table for table, text in seen if text not in common.get(table, ()))
        return dict(found)

    def common(self) -> FrozenMap[FrozenMap[int]]:
        """The bucket of every value that is not rare, by table."""
        counts: dict[str, Counter[str]] = {}
        names = next((one for one in self.columns if one.trait.name == "name"), None)
        marks = None if names is None else _marks(names)
        for column in self.columns:
            if column.trait.is_by_name and marks is not None:
                rows: Iterable[int] = (form for form, _ in set(zip(column.ids, marks, strict=True)))
            else:
                rows = column.ids
            for number, times in Counter(rows).items():
                if number:
                    for table, text in column.trait.values(column.forms[number]):
                        counts.setdefault(table, Counter())[text] += times
        return FrozenMap(
            {
                table: FrozenMap(
                    {
                        text: bucket_of(times)
                        for text, times in found.items()
                        if bucket_of(times) > RARE
                    }
                )
                for table, found in counts.items()
            }
        )


def _marks(names: Column) -> list[str]:
    marks = [
        initials(form) if isinstance(form, NameForm) else str(form or "") for form in names.forms
    ]
    return [marks[number] for number in names.ids]
