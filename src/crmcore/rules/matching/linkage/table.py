"""Table: records as columns of numbers, every value brought into its normal form once."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, Protocol, TypeAlias

from crmcore.entities.record import Record
from crmcore.rules.matching.linkage.names import initials
from crmcore.rules.matching.linkage.subject import Subject, Trait
from crmcore.rules.matching.linkage.weights import RARE, bucket_of
from crmcore.rules.similarity.person import NameForm
from crmcore.values.frozenmap import FrozenMap

Raw: TypeAlias = tuple[tuple[object, ...], ...]
"""For each meaning of a trait the values of a record."""


class Reader(Protocol):
    """Reads the values of one trait, of one record or of many."""

    def __call__(self, record: Record, /) -> Raw:
        """The values of a record."""

    def held(self, records: Sequence[Record], /) -> list[object]:
        """What the fields of many records hold."""

    def of_held(self, held: Iterable[object], /) -> list[Raw]:
        """The values of what the fields of records hold, for each."""


class Facet:
    """The texts of each form by a facet, as numbers; ``numbers`` has the number of each text."""

    def __init__(self, make: Callable[[Any], tuple[str, ...]]) -> None:
        self._make = make
        self.made: list[tuple[int, ...]] = [()]
        self.numbers: dict[str, int] = {}

    def extend(self, forms: Sequence[object]) -> None:
        """Add the texts of further forms."""
        texts = list(map(self._make, forms))
        numbers = self.numbers
        for text in chain.from_iterable(texts):
            if text not in numbers:
                numbers[text] = len(numbers)
        self.made += [tuple([numbers[one] for one in made]) for made in texts]


class Column:
    """One trait of some records: for each row the number of its form, 0 where nothing is known."""

    def __init__(self, trait: Trait) -> None:
        self.trait = trait
        self.ids: list[int] = []
        self.forms: list[Any] = [None]
        self._by_form: dict[Hashable, int] = {None: 0}
        self._by_raw: dict[object, int] = {}
        self._facets: dict[str, Facet] = {}

    def add(self, raw: Raw) -> int:
        """The number of the form of these values."""
        try:
            known = self._by_raw.get(raw)
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            return self.number(raw)
        if known is None:
            known = self._by_raw[raw] = self.number(raw)
        return known

    def number(self, raw: Raw) -> int:
        """As ``add``, but the values are not kept to be known again."""
        form = self.trait.form(raw)
        number = self._by_form.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number

    def facet(self, name: str) -> list[tuple[int, ...]]:
        """For each form the numbers of its texts by a facet, which ``facet_texts`` turns back."""
        facet = self.whole_facet(name)
        return facet.made

    def whole_facet(self, name: str) -> Facet:
        """A facet that has the texts of every form."""
        facet = self._facets.get(name)
        if facet is None:
            facet = self._facets[name] = Facet(self.trait.facets[name])
        if len(facet.made) < len(self.forms):
            facet.extend(self.forms[len(facet.made) :])
        return facet

    def facet_size(self, name: str) -> int:
        """How many different texts a facet has."""
        return len(self.whole_facet(name).numbers)

    def facet_texts(self, name: str) -> list[str]:
        """The texts of a facet by their numbers."""
        return list(self.whole_facet(name).numbers)


class _Held:
    """What some fields of many records hold: each different content once, and which a row has."""

    def __init__(self, read: Reader, records: Sequence[Record]) -> None:
        held = read.held(records)
        self.rows: Sequence[int] = range(len(held))
        try:
            contents = dict.fromkeys(held)
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            self.different = read.of_held(held)
            return
        self.different = read.of_held(contents)
        numbers = dict(zip(contents, range(len(contents)), strict=True))
        self.rows = list(map(numbers.__getitem__, held))


class Table:
    """Records as columns, one for each trait of a subject; ``columns`` are used where given."""

    def __init__(self, subject: Subject, *, columns: tuple[Column, ...] = ()) -> None:
        self.subject = subject
        self.columns: tuple[Column, ...] = columns or tuple(map(Column, subject.traits))
        self._counted: dict[str, Counter[str]] | None = None
        self._meanings = {trait.name: trait.meanings for trait in subject.traits}
        self._held: list[tuple[int, dict[tuple[str, ...], _Held]]] = []

    def __len__(self) -> int:
        return len(self.columns[0].ids)

    def fill(
        self, records: Iterable[Record], readers: Mapping[str, Sequence[Reader | None]]
    ) -> None:
        """Add the rows of these records, read by kind."""
        self._counted = None
        for _, group in groupby(records, key=type):
            rows = list(group)
            held: dict[tuple[str, ...], _Held] = {}
            self._held.append((len(self), held))
            for column, read in zip(self.columns, readers[rows[0].ref.kind], strict=True):
                if read is None:
                    column.ids += [0] * len(rows)
                    continue
                meanings = column.trait.meanings
                if meanings not in held:
                    held[meanings] = _Held(read, rows)
                found = held[meanings]
                numbers = list(map(column.number, found.different))
                column.ids += list(map(numbers.__getitem__, found.rows))

    def raw(self, row: int, trait: str) -> Raw:
        """The values of a row that a trait was read from."""
        meanings = self._meanings[trait]
        for begin, held in reversed(self._held):
            if row >= begin:
                found = held.get(meanings)
                return () if found is None else found.different[found.rows[row - begin]]
        return ()

    def raws(self, rows: Sequence[int], trait: str) -> tuple[list[Raw], list[int]]:
        """As ``raw``, of many rows in rising order: the values held, and the place of each row's.

        There may be values that none of these rows has.
        """
        meanings = self._meanings[trait]
        values: list[Raw] = []
        places: list[int] = []
        ends = [*(begin for begin, _ in self._held[1:]), len(self)]
        for (begin, held), end in zip(self._held, ends, strict=True):
            here = rows[bisect_left(rows, begin) : bisect_left(rows, end)]
            one, shift = held.get(meanings), len(values)
            if one is None:
                values.append(())
                places += [shift] * len(here)
            else:
                numbers = map(one.rows.__getitem__, map(begin.__rsub__, here))
                places += map(shift.__add__, numbers)
                values += one.different
        return values, places

    def rare(self, common: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """How many different values of each table are rare, given those that are not."""
        return {
            table: sum(text not in common.get(table, ()) for text in found)
            for table, found in self._counts().items()
        }

    def common(self) -> FrozenMap[FrozenMap[int]]:
        """The bucket of every value that is not rare, by table."""
        return FrozenMap(
            {
                table: FrozenMap(
                    {text: bucket_of(times) for text, times in found.items() if times > _RARE}
                )
                for table, found in self._counts().items()
            }
        )

    def _counts(self) -> dict[str, Counter[str]]:
        """How many rows share each value, by table."""
        if self._counted is None:
            self._counted = {}
            names = next((one for one in self.columns if one.trait.name == "name"), None)
            marks = None if names is None else _marks(names)
            for column in self.columns:
                self._count(column, marks, self._counted)
        return self._counted

    def _count(
        self, column: Column, marks: Sequence[str] | None, counted: dict[str, Counter[str]]
    ) -> None:
        rows: Iterable[int] = column.ids
        if column.trait.is_by_name and marks is not None:
            rows = (form for form, _ in set(zip(column.ids, marks, strict=True)))
        forms, values = column.forms, column.trait.values
        for number, times in Counter(rows).items():
            if number:
                for table, text in values(forms[number]):
                    found = counted.get(table)
                    if found is None:
                        found = counted[table] = Counter()
                    found[text] += times


_RARE = 2**RARE - 1
"""So many records at most share a value that is rare."""


def _marks(names: Column) -> list[str]:
    marks = [
        initials(form) if isinstance(form, NameForm) else str(form or "") for form in names.forms
    ]
    return [marks[number] for number in names.ids]
