"""Linkage entries: the records of a linkage rule, filed by its keys to be asked one by one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.table import Column, Table
from crmcore.rules.matching.linkage.weights import probability
from crmcore.rules.matching.linkage_search import LinkageSearch
from crmcore.rules.matching.postings import Asked, Postings, in_order
from crmcore.rules.matching.witness import Shown, Witness, shown
from crmcore.values.ref import Ref

_UNKNOWN = ("",)
"""The mark of a record without the second facet of a key."""

Texts = Sequence[tuple[str, ...]]
"""The texts of a record by each facet that keys are made of."""


@frozen
class _Facet:
    """One facet of a trait, which has this place among the traits."""

    trait: int
    make: Callable[[Any], tuple[str, ...]]


@frozen
class _File:
    """The records under the texts of one key; ``parts`` and ``split`` are places of facets."""

    name: str
    parts: tuple[int, ...]
    split: int | None
    postings: Postings

    def keys(self, texts: Texts) -> Iterable[Hashable]:
        """The keys of a record with these texts."""
        if len(self.parts) == 1:
            return texts[self.parts[0]]
        return product(*(texts[at] for at in self.parts))


class LinkageEntries:
    """The records of one linkage rule under its keys; forms that many share are kept once."""

    def __init__(
        self, rule: LinkageRule, *, model: Model, related: Mapping[Ref[Any], Record]
    ) -> None:
        self.rule = rule
        self._search = LinkageSearch(
            rule, model=model, related=related, threshold=None, is_cached=False
        )
        subject = self._subject = rule.about.in_region(model.phone_region)
        self._columns: tuple[Column, ...] = Table(subject).columns
        self._buckets = self._search.learnt.buckets()
        self._scorer = Scorer(subject, self._search.learnt)
        self._witness = Witness(rule, self._scorer)
        self._rows: dict[Ref[Any], tuple[int, ...]] = {}
        self._facets: list[_Facet] = []
        places: dict[str, int] = {}
        traits = {trait.name: at for at, trait in enumerate(subject.traits)}
        for name in (one for key in subject.keys for one in (*key.parts, key.split) if one):
            if name not in places:
                places[name] = len(places)
                trait, _, facet = name.partition(".")
                at = traits[trait]
                self._facets.append(_Facet(at, subject.traits[at].facets[facet]))
        self._files = tuple(
            _File(
                key.name,
                tuple(places[part] for part in key.parts),
                None if key.split is None else places[key.split],
                Postings(self._marks(None if key.split is None else places[key.split])),
            )
            for key in subject.keys
        )

    def put(self, record: Record) -> None:
        """File a record."""
        readers = self._search.readers[record.ref.kind]
        row = tuple(
            0 if read is None else column.add(read(record))
            for column, read in zip(self._columns, readers, strict=True)
        )
        self._file(record.ref, row)

    def put_all(self, records: Sequence[Record]) -> None:
        """File many records of the rule's kinds, none of which is filed: as ``put`` for each."""
        table = Table(self._subject, columns=self._columns)
        table.fill(records, self._search.readers)
        rows = zip(*(column.ids for column in self._columns), strict=True)
        for record, row in zip(records, rows, strict=True):
            self._file(record.ref, row)
        for column in self._columns:
            column.ids.clear()

    def _file(self, ref: Ref[Any], row: tuple[int, ...]) -> None:
        self._rows[ref] = row
        texts = self._texts(self._forms(row))
        for file in self._files:
            put = file.postings.put
            for key in file.keys(texts):
                put(key, ref)

    def drop(self, ref: Ref[Any]) -> None:
        """Take a record out."""
        row = self._rows.get(ref)
        if row is None:
            return
        texts = self._texts(self._forms(row))
        for file in self._files:
            for key in file.keys(texts):
                file.postings.drop(key, ref)
        del self._rows[ref]

    def ask(
        self, candidate: Record, records: Mapping[Ref[Any], Record], threshold: float | None
    ) -> Asked:
        """The matches of a record."""
        me = candidate.ref
        raws = {
            column.trait.name: None if read is None else read(candidate)
            for column, read in zip(self._columns, self._search.readers[me.kind], strict=True)
        }
        forms = [
            None if raw is None else column.trait.form(raw)
            for column, raw in zip(self._columns, raws.values(), strict=True)
        ]
        near, skipped = self._near(me, self._texts(forms))
        least = self.rule.likely if threshold is None else threshold
        about, found = self._subject, []
        mine: Shown | None = None
        for ref in near:
            if not self._search.may_be(candidate, records[ref]):
                continue
            levels = about.classify(self._codes(forms, self._rows[ref]))
            if not any(levels):
                continue
            score = min(probability(self._scorer.total(levels)), about.cap(levels))
            if score < least:
                continue
            mine = mine or shown(self.rule, raws.__getitem__)
            theirs = self._search.shown(records[ref])
            if me <= ref:
                found.append(self._witness.match((me, ref), (mine, theirs), score, levels))
            else:
                found.append(self._witness.match((ref, me), (theirs, mine), score, levels))
        return found, skipped, len(near)

    def _near(self, me: Ref[Any], texts: Texts) -> tuple[list[Ref[Any]], list[SkippedBlock]]:
        """The records that share a key with these texts, and what was too large to look at."""
        found: dict[Ref[Any], None] = {}
        skipped: list[SkippedBlock] = []
        for file in self._files:

            def told(key: Hashable, size: int, name: str = file.name) -> None:
                value = " | ".join(key) if isinstance(key, tuple) else str(key)
                block = SkippedBlock(rule=self.rule.name, key=name, value=value, size=size)
                skipped.append(block)

            def marks(split: int | None = file.split) -> tuple[Hashable, ...]:
                return () if split is None else texts[split] or _UNKNOWN

            file.postings.gather(file.keys(texts), marks, found, told)
        kinds = [one for one in self.rule.kinds if one != me.kind] or [me.kind]
        return in_order(found, lambda ref: ref.kind in kinds and ref != me), skipped

    def _codes(self, forms: Sequence[Any], row: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            [
                column.trait.compare(form, column.forms[number], self._buckets)
                if number and form is not None
                else 0
                for form, number, column in zip(forms, row, self._columns, strict=True)
            ]
        )

    def _forms(self, row: Sequence[int]) -> list[Any]:
        return [column.forms[number] for column, number in zip(self._columns, row, strict=True)]

    def _texts(self, forms: Sequence[Any]) -> Texts:
        return [
            () if (form := forms[facet.trait]) is None else facet.make(form)
            for facet in self._facets
        ]

    def _marks(self, split: int | None) -> Callable[[Ref[Any]], tuple[Hashable, ...]]:
        if split is None:
            return lambda _: ()
        facet = self._facets[split]
        column = self._columns[facet.trait]

        def marks(ref: Ref[Any]) -> tuple[Hashable, ...]:
            form = column.forms[self._rows[ref][facet.trait]]
            return () if form is None else facet.make(form)

        return lambda ref: marks(ref) or _UNKNOWN
