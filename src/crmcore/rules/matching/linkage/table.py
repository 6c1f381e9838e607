"""Table: records as columns of numbers, every value brought into its normal form once."""

from __future__ import annotations

import pickle
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, compress, groupby, islice
from operator import add
from typing import Any, Protocol, TypeAlias

from attrs import frozen

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


class Firsts(Protocol):
    """The texts of each form by a facet, as arrays."""

    def __len__(self) -> int:
        """How many forms there are."""

    def firsts(self) -> list[int]:
        """As ``Column.first_texts``."""


class Column:
    """One trait of some records: for each row the number of its form, 0 where nothing is known."""

    def __init__(self, trait: Trait) -> None:
        self.trait = trait
        self.ids: array[int] = array("i")
        self.size: int = 1
        self._forms: list[Any] | None = [None]
        self._packed = b""
        self._by_form: defaultdict[Hashable, int] = numbering()
        self._by_form[None] = 0
        self._by_raw: dict[object, int] = {}
        self._facets: dict[str, Facet] = {}
        self.arrays: dict[str, Firsts] = {}

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
        if number == self.size:
            self.forms.append(form)
            self.size += 1
        return number

    @property
    def forms(self) -> list[Any]:
        """The different forms by their numbers, the first of which is ``None``."""
        if self._forms is None:
            self._forms = pickle.loads(self._packed)  # noqa: S301  # of a process of our own
        return self._forms

    def packed(self) -> bytes:
        """The forms, as ``take`` takes them."""
        return pickle.dumps(self.forms, pickle.HIGHEST_PROTOCOL)

    def take(self, ids: array[int], packed: bytes, size: int) -> None:
        """Be the column of these rows, to which none is added, with so many forms.

        The forms stay packed until a process needs them: most are needed by one of several.
        """
        self.ids, self.size = ids, size
        self._forms, self._packed = None, packed

    def let_go(self) -> None:
        """Forget the forms, and what was made of them, if they are there packed as well."""
        if self._packed:
            self._forms = None
            self._facets = {}

    def extend(self, held: Sequence[object], raw: Callable[[Any], Raw]) -> None:
        """Add rows that hold this, of which ``raw`` makes the values."""
        lone, form = self.trait.lone, self.trait.form
        if lone is not None and lone.takes_all(held):
            self.ids.extend(self._numbered(lone.parts_of(held), lone.forms))
            return
        is_lone = [False] * len(held) if lone is None else lone.takes(held)
        others = [one for one, found in zip(held, is_lone, strict=True) if not found]
        numbers = self._numbered(others, lambda some: [form(raw(one)) for one in some])
        if lone is not None and len(others) < len(held):
            alone = self._numbered(lone.parts_of(list(compress(held, is_lone))), lone.forms)
            numbers = map(next, map((numbers, alone).__getitem__, is_lone)) if others else alone
        self.ids.extend(numbers)

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
        self.forms.extend(islice(self._by_form, self.size, None))
        self.size = len(self.forms)
        return map(numbers.__getitem__, rows)

    def facet(self, name: str) -> list[tuple[int, ...]]:
        """For each form the numbers of its texts by a facet, which ``facet_texts`` turns back."""
        return self.whole_facet(name).made

    def whole_facet(self, name: str) -> Facet:
        """A facet that has the texts of every form."""
        facet = self._facets.get(name)
        if facet is None:
            facet = self._facets[name] = Facet(self.trait.facets[name])
        if len(facet.sizes) < self.size:
            facet.extend(self.forms[len(facet.sizes) :])
        return facet

    def first_texts(self, name: str) -> list[int]:
        """For each form the number of its first text by a facet, from 1 on; 0 for one without."""
        known = self.arrays.get(name)
        if known is not None and len(known) == self.size:
            return known.firsts()
        facet = self.whole_facet(name)
        numbers = iter(facet.flat)
        firsts = []
        for size in facet.sizes:
            firsts.append(next(numbers) + 1 if size else 0)
            deque(islice(numbers, max(size - 1, 0)), 0)
        return firsts

    def facet_size(self, name: str) -> int:
        """How many different texts a facet has."""
        return len(self.whole_facet(name).numbers)

    def facet_texts(self, name: str) -> list[str]:
        """The texts of a facet by their numbers."""
        return list(self.whole_facet(name).numbers)


@frozen(kw_only=True)
class Values:
    """What values records share, by table: the bucket of each that is not rare, and the others.

    ``rare`` counts the different values that at most three records share.
    """

    common: FrozenMap[FrozenMap[int]] = FrozenMap()
    rare: Mapping[str, int] = FrozenMap()


class Table:
    """Records as columns, one for each trait of a subject; ``columns`` are used where given."""

    def __init__(self, subject: Subject, *, columns: tuple[Column, ...] = ()) -> None:
        self.subject = subject
        self.columns: tuple[Column, ...] = columns or tuple(map(Column, subject.traits))

    def __len__(self) -> int:
        return len(self.columns[0].ids)

    def let_go(self) -> None:
        """Forget the forms that are there packed as well."""
        for column in self.columns:
            column.let_go()

    def fill(
        self,
        records: Iterable[Record],
        readers: Mapping[str, Sequence[Reader | None]],
        *,
        places: Sequence[int] | None = None,
    ) -> None:
        """Add the rows of these records, read by kind, to the columns of these places."""
        for _, group in groupby(records, key=type):
            rows = list(group)
            held: dict[tuple[str, ...], Sequence[object]] = {}
            for at in range(len(self.columns)) if places is None else places:
                column, read = self.columns[at], readers[rows[0].ref.kind][at]
                if read is None:
                    column.ids.frombytes(bytes(column.ids.itemsize * len(rows)))
                    continue
                meanings = column.trait.meanings
                if meanings not in held:
                    held[meanings] = read.held(rows)
                column.extend(held[meanings], read.raw)

    def values(self) -> Values:
        """What values the records share."""
        return together(count() for count in self.counters())

    def counters(self) -> list[Callable[[], Values]]:
        """For each trait with values a task that counts these; any process may do it."""
        counted = [one for one in self.columns if one.trait.values and one.size > 1]
        counted.sort(key=lambda column: -column.size)  # long tasks come first
        return [partial(self._count, column) for column in counted]

    def _count(self, column: Column) -> Values:
        rows: Iterable[int] = column.ids
        names = next((one for one in self.columns if "initials" in one.trait.facets), None)
        if column.trait.is_by_name and names is not None:
            # a mark for each row, the same for equal initials
            marks = list(map(names.first_texts("initials").__getitem__, names.ids))
            many = max(marks, default=0) + 1
            both = set(map(add, map(many.__mul__, rows), marks))
            rows = [one // many for one in both]
        known = list(map(column.forms.__getitem__, filter(None, rows)))
        common, rare = {}, {}
        for table, texts in column.trait.values.items():
            times = Counter(chain.from_iterable(map(texts, known)))
            if times:
                shared = {text: bucket_of(count) for text, count in times.items() if count > _RARE}
                common[table] = FrozenMap(shared)
                rare[table] = len(times) - len(shared)
        return Values(common=FrozenMap(common), rare=rare)


def together(counted: Iterable[Values]) -> Values:
    """What several traits say, each of tables of its own."""
    some = list(counted)
    return Values(
        common=FrozenMap({name: one for each in some for name, one in each.common.items()}),
        rare={name: one for each in some for name, one in each.rare.items()},
    )


_RARE = 2**RARE - 1
"""So many records at most share a value that is rare."""
