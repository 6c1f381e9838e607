"""Key files: the rows of records under the blocking keys of a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from operator import mul
from typing import Any, Final

from attrs import frozen

from crmcore.rules.matching.linkage.shortcut import Forms
from crmcore.rules.matching.linkage.subject import Subject
from crmcore.rules.matching.linkage.table import Column
from crmcore.rules.matching.postings import Postings, gather_parts

_UNKNOWN: Final = ("",)
"""The mark of a record without the second facet of a key."""

_BETWEEN: Final = "\0"
"""Stands between the parts of a key: a character that no normal form has."""


@frozen
class _Facet:
    """One facet of a trait, which has this place among the traits."""

    trait: int
    make: Callable[[Any], tuple[str, ...]]


@frozen
class _KeyFile:
    """The rows under the texts of one key; ``parts`` and ``split`` are places of facets.

    The parts of a key are joined to one text, whose hash Python keeps. ``needs`` says as bits
    which traits a record must have to be filed.
    """

    name: str
    needs: int
    parts: tuple[int, ...]
    split: int | None
    postings: Postings

    def keys(self, texts: Mapping[int, tuple[str, ...]]) -> Sequence[str]:
        """The keys of a record with these texts by the place of their facet."""
        parts = self.parts
        found = texts[parts[0]]
        for at in parts[1:]:
            found = joined(found, texts[at])
        return found


@frozen
class _Plan:
    """The files that records with some traits are in, and the facets that their keys take."""

    files: tuple[_KeyFile, ...]
    facets: tuple[tuple[int, int, Callable[[Any], tuple[str, ...]]], ...]

    def texts(self, forms: Forms) -> dict[int, tuple[str, ...]]:
        """The texts of a record by the place of their facet."""
        return {at: make(forms[trait]) for at, trait, make in self.facets}


def joined(ones: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Each of some texts with each of others."""
    if len(ones) == len(others) == 1:
        return (f"{ones[0]}{_BETWEEN}{others[0]}",)
    return tuple([f"{one}{_BETWEEN}{other}" for one in ones for other in others])


class KeyFiles:
    """A file for each key of a subject. ``forms_of`` gives the forms of a row that is filed.

    A record is filed by its forms and by which of them are known, as bits.
    """

    def __init__(self, subject: Subject, forms_of: Callable[[int], Forms]) -> None:
        self._subject, self._forms_of = subject, forms_of
        self._facets: list[_Facet] = []
        self._files = tuple(self._made_files())
        self._plans: dict[int, _Plan] = {}

    def _made_files(self) -> Iterator[_KeyFile]:
        """A file for each key of the subject."""
        places: dict[str, int] = {}
        traits = {trait.name: at for at, trait in enumerate(self._subject.traits)}
        for key in self._subject.keys:
            for name in (*key.parts, *([key.split] if key.split else ())):
                if name not in places:
                    places[name] = len(places)
                    trait, _, facet = name.partition(".")
                    at = traits[trait]
                    self._facets.append(_Facet(at, self._subject.traits[at].facets[facet]))
            parts = tuple(places[part] for part in key.parts)
            split = None if key.split is None else places[key.split]
            needs = 0
            for part in parts:
                needs |= 1 << self._facets[part].trait
            yield _KeyFile(
                key.name, needs, parts, split, Postings(partial(self._marks, split=split))
            )

    def _marks(self, row: int, *, split: int | None) -> Sequence[str]:
        """The marks of a row by a facet."""
        return self._marks_of(self._forms_of(row), split)

    def _marks_of(self, forms: Forms, split: int | None) -> Sequence[str]:
        """What splits a key of a record with these forms that many records share."""
        if split is None:
            return ()
        facet = self._facets[split]
        form = forms[facet.trait]
        return _UNKNOWN if form is None else facet.make(form) or _UNKNOWN

    def _plan(self, known: int) -> _Plan:
        """The plan of records of which these traits are known."""
        plan = self._plans.get(known)
        if plan is None:
            files = tuple(file for file in self._files if not file.needs & ~known)
            places = sorted({at for file in files for at in file.parts})
            facets = tuple((at, self._facets[at].trait, self._facets[at].make) for at in places)
            plan = self._plans[known] = _Plan(files, facets)
        return plan

    def put(self, row: int, forms: Forms, known: int) -> None:
        """File a row."""
        plan = self._plan(known)
        texts = plan.texts(forms)
        for file in plan.files:
            put = file.postings.put
            for key in file.keys(texts):
                put(key, row)

    def put_all(self, rows: Sequence[int], columns: Sequence[Column]) -> None:
        """File many rows, none of which is filed yet, whose forms are in columns.

        It is done key by key, and the texts of each different form are made once.
        """
        made: dict[int, list[tuple[str, ...]]] = {}
        for number, file in enumerate(self._files):
            for at in file.parts:
                if at not in made:
                    facet = self._facets[at]
                    made[at] = _texts(columns[facet.trait].forms, facet)
            texts = [
                list(map(made[at].__getitem__, columns[self._facets[at].trait].ids))
                for at in file.parts
            ]
            file.postings.put_all(*_filed(rows, texts))
            still = {at for one in self._files[number + 1 :] for at in one.parts}
            made = {at: texts for at, texts in made.items() if at in still}

    def drop(self, row: int, forms: Forms, known: int) -> None:
        """Take a row out."""
        plan = self._plan(known)
        texts = plan.texts(forms)
        for file in plan.files:
            drop = file.postings.drop
            for key in file.keys(texts):
                drop(key, row)

    def near(self, forms: Forms, known: int) -> tuple[set[int], list[tuple[str, str, int]]]:
        """The rows that share a key with a record of these forms.

        Beside them what was too large to look at: the name of the key, its texts, how many share
        them.
        """
        plan = self._plan(known)
        texts = plan.texts(forms)
        found: set[int] = set()
        passed: list[tuple[str, str, int]] = []
        for file in plan.files:
            crowds = file.postings.gather(file.keys(texts), found)
            if crowds:
                marks = self._marks_of(forms, file.split)
                for key, size in gather_parts(crowds, marks, found):
                    passed.append((file.name, str(key).replace(_BETWEEN, " | "), size))
        return found, passed


def _filed(
    rows: Sequence[int], texts: Sequence[Sequence[tuple[str, ...]]]
) -> tuple[list[str], list[int]]:
    """The keys of many rows, whose texts these are, and beside each the row that it belongs to."""
    *before, last = texts
    if not before:
        times = map(len, last)
        return list(chain.from_iterable(last)), list(chain.from_iterable(map(repeat, rows, times)))
    first: Sequence[tuple[str, ...]] = before[0]
    for part in before[1:]:
        first = list(map(joined, first, part))
    keys = [
        f"{one}{_BETWEEN}{other}"
        for ones, others in zip(first, last, strict=True)
        for one in ones
        for other in others
    ]
    times = map(mul, map(len, first), map(len, last))
    return keys, list(chain.from_iterable(map(repeat, rows, times)))


def _texts(forms: Iterable[Any], facet: _Facet) -> list[tuple[str, ...]]:
    return [() if one is None else facet.make(one) for one in forms]
