"""Table: records as columns of numbers, every value brought into its normal form once."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress, groupby, islice
from operator import add
from typing import Any, Protocol, TypeAlias

from crmcore.entities.record import Record
from crmcore.rules.matching.linkage.subject import Subject, Trait
from crmcore.rules.matching.linkage.weights import RARE, bucket_of
from crmcore.values.frozenmap import FrozenMap

Raw: TypeAlias = tuple[tuple[object, ...], ...]
"""For each meaning of a trait the values of a record."""


class Reader(Protocol):
    """Reads the values of one trait, of one record or of many."""

    def __call__(self, record: Record, /) -> Raw:
        """The values of a record."""

    def held(self, records: Sequence[Record], /) -> Sequence[object]:
        """What each of many records holds: a lone value, a tuple of several, ``None`` for none."""

    def raw(self, held: object, /) -> Raw:
        """The values of what a record holds."""


def numbering() -> defaultdict[Any, int]:  # Any: numbers whatever can be hashed
    """Gives what it is asked for a number, from 0 on, and the same to equal ones."""
    numbers: defaultdict[Any, int] = defaultdict()
    numbers.default_factory = numbers.__len__  # no call of Python code for each
    return numbers


class Facet:
    """The texts of each form by a facet, as numbers; ``numbers`` has the number of each text.

    ``sizes`` has how many texts each form has, and ``flat`` the numbers of all, one after another.
    """

    def __init__(self, make: Callable[[Any], tuple[str, ...]]) -> None:
        self._make = make
        self.sizes: list[int] = [0]
        self.flat: list[int] = []
        self.numbers: defaultdict[str, int] = numbering()
        self._made: list[tuple[int, ...]] = []

    def extend(self, forms: Iterable[object]) -> None:
        """Add the texts of further forms."""
        texts = list(map(self._make, forms))
        self.sizes += map(len, texts)
        self.flat += map(self.numbers.__getitem__, chain.from_iterable(texts))

    @property
    def made(self) -> list[tuple[int, ...]]:
        """For each form the numbers of its texts."""
        done = len(self._made)
        if done < len(self.sizes):
            numbers = iter(self.flat if done == 0 else self.flat[sum(self.sizes[:done]) :])
            self._made += [
                (next(numbers),) if size == 1 else tuple(islice(numbers, size))
                for size in self.sizes[done:]
            ]
        return self._made


class Column:
    """One trait of some records: for each row the number of its form, 0 where nothing is known."""

    def __init__(self, trait: Trait) -> None:
        self.trait = trait
        self.ids: list[int] = []
        self.forms: list[Any] = [None]
        self._by_form: defaultdict[Hashable, int] = numbering()
        self._by_form[None] = 0
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
        number = self._by_form[form]
        if number == len(self.forms):
            self.forms.append(form)
        return number

    def extend(self, held: Sequence[object], raw: Callable[[Any], Raw]) -> None:
        """Add rows that hold this, of which ``raw`` makes the values."""
        lone, form = self.trait.lone, self.trait.form
        if lone is not None and lone.takes_all(held):
            self.ids += self._numbered(lone.parts_of(held), lone.forms)
            return
        is_lone = [False] * len(held) if lone is None else lone.takes(held)
        others = [one for one, found in zip(held, is_lone, strict=True) if not found]
        numbers = self._numbered(others, lambda some: [form(raw(one)) for one in some])
        if lone is not None and len(others) < len(held):
            alone = self._numbered(lone.parts_of(list(compress(held, is_lone))), lone.forms)
            numbers = map(next, map((numbers, alone).__getitem__, is_lone)) if others else alone
        self.ids += numbers

    def _numbered(
        self, held: Sequence[Any], forms: Callable[[Sequence[Any]], Iterable[Hashable]]
    ) -> Iterator[int]:
        """The numbers of the forms of what is held, each made once."""
        places = numbering()
        rows: Iterable[int] = range(len(held))
        try:
            rows, different = list(map(places.__getitem__, held)), list(places)
        except TypeError:  # bad data: what cannot be hashed is not of any type that is compared
            different = list(held)
        numbers = list(map(self._by_form.__getitem__, forms(different)))
        self.forms += islice(self._by_form, len(self.forms), None)
        return map(numbers.__getitem__, rows)

    def facet(self, name: str) -> list[tuple[int, ...]]:
        """For each form the numbers of its texts by a facet, which ``facet_texts`` turns back."""
        return self.whole_facet(name).made

    def whole_facet(self, name: str) -> Facet:
        """A facet that has the texts of every form."""
        facet = self._facets.get(name)
        if facet is None:
            facet = self._facets[name] = Facet(self.trait.facets[name])
        if len(facet.sizes) < len(self.forms):
            facet.extend(self.forms[len(facet.sizes) :])
        return facet

    def facet_size(self, name: str) -> int:
        """How many different texts a facet has."""
        return len(self.whole_facet(name).numbers)

    def facet_texts(self, name: str) -> list[str]:
        """The texts of a facet by their numbers."""
        return list(self.whole_facet(name).numbers)


class Table:
    """Records as columns, one for each trait of a subject; ``columns`` are used where given."""

    def __init__(self, subject: Subject, *, columns: tuple[Column, ...] = ()) -> None:
        self.subject = subject
        self.columns: tuple[Column, ...] = columns or tuple(map(Column, subject.traits))
        self._counted: dict[str, Counter[str]] | None = None
        self._meanings = {trait.name: trait.meanings for trait in subject.traits}
        self._held: list[tuple[int, dict[tuple[str, ...], tuple[Reader, Sequence[object]]]]] = []

    def __len__(self) -> int:
        return len(self.columns[0].ids)

    def fill(
        self, records: Iterable[Record], readers: Mapping[str, Sequence[Reader | None]]
    ) -> None:
        """Add the rows of these records, read by kind."""
        self._counted = None
        for _, group in groupby(records, key=type):
            rows = list(group)
            held: dict[tuple[str, ...], tuple[Reader, Sequence[object]]] = {}
            self._held.append((len(self), held))
            for column, read in zip(self.columns, readers[rows[0].ref.kind], strict=True):
                if read is None:
                    column.ids += [0] * len(rows)
                    continue
                meanings = column.trait.meanings
                if meanings not in held:
                    held[meanings] = read, read.held(rows)
                column.extend(held[meanings][1], read.raw)

    def raw(self, row: int, trait: str) -> Raw:
        """The values of a row that a trait was read from."""
        meanings = self._meanings[trait]
        for begin, held in reversed(self._held):
            if row >= begin:
                found = held.get(meanings)
                return () if found is None else found[0].raw(found[1][row - begin])
        return ()

    def raws(self, rows: Sequence[int], trait: str) -> tuple[list[Raw], list[int]]:
        """As ``raw``, of many rows in rising order: the values held, and the place of each row's.

        There may be values that none of these rows has.
        """
        meanings = self._meanings[trait]
        values: list[Raw] = [()]
        places: list[int] = []
        ends = [*(begin for begin, _ in self._held), len(self)][1:]
        for (begin, held), end in zip(self._held, ends, strict=True):
            here = rows[bisect_left(rows, begin) : bisect_left(rows, end)]
            found = held.get(meanings)
            if found is None:
                places += [0] * len(here)
                continue
            read, holds = found
            different = {id(one): one for one in (holds[row - begin] for row in here)}
            at = dict(zip(different, range(len(values), len(values) + len(different)), strict=True))
            values += map(read.raw, different.values())
            places += [at[id(holds[row - begin])] for row in here]
        return values, places

    def rare(self, common: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
        """How many different values of each table are rare, given those that are not."""
        return {
            table: len(found) - sum(map(found.__contains__, common.get(table, ())))
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
            names = next((one for one in self.columns if "initials" in one.trait.facets), None)
            marks = None if names is None else _marks(names)
            for column in self.columns:
                self._count(column, marks, self._counted)
        return self._counted

    def _count(
        self, column: Column, marks: Sequence[int] | None, counted: dict[str, Counter[str]]
    ) -> None:
        rows: Iterable[int] = column.ids
        if column.trait.is_by_name and marks is not None:
            many = max(marks, default=0) + 1
            both = set(map(add, map(many.__mul__, rows), marks))
            rows = [one // many for one in both]
        known = list(map(column.forms.__getitem__, filter(None, rows)))
        for table, texts in column.trait.values.items():
            times = Counter(chain.from_iterable(map(texts, known)))
            if times:
                counted[table] = counted[table] + times if table in counted else times


_RARE = 2**RARE - 1
"""So many records at most share a value that is rare."""


def _marks(names: Column) -> list[int]:
    """A mark for each row, the same for equal initials."""
    marks = list(map(numbering().__getitem__, names.facet("initials")))
    return list(map(marks.__getitem__, names.ids))
