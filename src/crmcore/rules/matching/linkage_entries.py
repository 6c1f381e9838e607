"""Linkage entries: the records of a linkage rule, filed by its keys to be asked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.table import Column
from crmcore.rules.matching.linkage.weights import probability
from crmcore.rules.matching.linkage_search import LinkageSearch
from crmcore.rules.matching.postings import Asked, Key, Postings
from crmcore.values.ref import Ref

_UNKNOWN = -1


class LinkageEntries:
    """The records of one linkage rule under its keys; forms that many share are kept once."""

    def __init__(
        self, rule: LinkageRule, *, model: Model, related: Mapping[Ref[Any], Record]
    ) -> None:
        self.rule = rule
        self._search = LinkageSearch(
            rule, model=model, related=related, threshold=None, is_cached=False
        )
        subject = rule.about.in_region(model.phone_region)
        self._columns = tuple(Column(trait) for trait in subject.traits)
        places = {trait.name: at for at, trait in enumerate(subject.traits)}

        def facet(name: str) -> tuple[int, str]:
            trait, _, one = name.partition(".")
            return places[trait], one

        self._keys = tuple(
            (at, tuple(map(facet, key.parts)), None if key.split is None else facet(key.split))
            for at, key in enumerate(subject.keys)
        )
        self._buckets = self._search.learnt.buckets()
        self._scorer = Scorer(subject, self._search.learnt)
        self._postings = Postings()
        self._rows: dict[Ref[Any], tuple[int, ...]] = {}
        self._filed: dict[Ref[Any], tuple[tuple[Key, tuple[object, ...]], ...]] = {}

    def put(self, record: Record) -> None:
        """File a record."""
        ref = record.ref
        readers = self._search.readers[ref.kind]
        row = tuple(
            0 if read is None else column.add(read(record))
            for column, read in zip(self._columns, readers, strict=True)
        )
        filed = tuple(self._keyed([self._facets(at, row[at]) for at in range(len(row))]))
        self._rows[ref] = row
        self._filed[ref] = filed
        for key, marks in filed:
            self._postings.put(key, ref, marks)

    def drop(self, ref: Ref[Any]) -> None:
        """Take a record out."""
        self._rows.pop(ref, None)
        for key, marks in self._filed.pop(ref, ()):
            self._postings.drop(key, ref, marks)

    def ask(
        self, candidate: Record, records: Mapping[Ref[Any], Record], threshold: float | None
    ) -> Asked:
        """The matches of a record."""
        kind = candidate.ref.kind
        forms = [
            None if read is None else column.form_of(read(candidate))
            for column, read in zip(self._columns, self._search.readers[kind], strict=True)
        ]
        facets = [_Texts(column, form) for column, form in zip(self._columns, forms, strict=True)]
        others = [one for one in self.rule.kinds if one != kind] or [kind]
        near, skipped = self._postings.near(
            self._keyed(facets),
            lambda ref: ref.kind in others and ref != candidate.ref,
            lambda key: (self.rule.name, self.rule.keys[int(str(key[0]))].name, self._text(key)),
        )
        least = self.rule.likely if threshold is None else threshold
        found = []
        for ref in near:
            if not self._search.may_be(candidate, records[ref]):
                continue
            levels = self.rule.about.classify(self._codes(forms, self._rows[ref]))
            if not any(levels):
                continue
            cap = self.rule.about.cap(levels)
            score = min(probability(self._scorer.total(levels)), cap)
            if score >= least:
                other = records[ref]
                both = (candidate, other) if candidate.ref <= ref else (other, candidate)
                found.append(self._search.made(*both, score, levels, self._scorer))
        return found, skipped, len(near)

    def _codes(self, forms: Sequence[Any], row: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            column.trait.compare(form, column.forms[number], self._buckets)
            if number and form is not None
            else 0
            for form, number, column in zip(forms, row, self._columns, strict=True)
        )

    def _facets(self, at: int, number: int) -> _Numbers:
        return _Numbers(self._columns[at], number)

    def _keyed(
        self, facets: Sequence[_Numbers | _Texts]
    ) -> Iterator[tuple[Key, tuple[object, ...]]]:
        for at, parts, split in self._keys:
            made = [facets[trait].of(name) for trait, name in parts]
            if not all(made):
                continue
            marks = () if split is None else (facets[split[0]].of(split[1]) or (_UNKNOWN,))
            for texts in product(*made):
                yield (at, *texts), marks

    def _text(self, key: Key) -> str:
        _, parts, _ = self._keys[int(str(key[0]))]
        return " | ".join(
            self._columns[trait].facet_texts(name)[int(str(number))]
            for (trait, name), number in zip(parts, key[1:], strict=True)
        )


class _Numbers:
    """The facets of a form that is filed."""

    __slots__ = ("_column", "_number")

    def __init__(self, column: Column, number: int) -> None:
        self._column, self._number = column, number

    def of(self, name: str) -> tuple[int, ...]:
        return self._column.facet(name)[self._number] if self._number else ()


class _Texts:
    """The facets of a form that need not be filed; texts that nobody has are left out."""

    __slots__ = ("_column", "_form")

    def __init__(self, column: Column, form: object) -> None:
        self._column, self._form = column, form

    def of(self, name: str) -> tuple[int, ...]:
        return () if self._form is None else self._column.known_facets(name, self._form)
