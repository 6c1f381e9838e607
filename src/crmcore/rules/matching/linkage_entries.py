"""Linkage entries: the records of a linkage rule, filed by its keys to be asked one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import chain, compress, repeat
from operator import mul
from typing import Any, Final

from attrs import frozen

from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.evidence import Match
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.shortcut import Forms, Shortcut, known_of
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import LinkageSearch
from crmcore.rules.matching.postings import Asked, Key, Postings
from crmcore.rules.matching.reading import field_path
from crmcore.rules.matching.rows import Rows
from crmcore.rules.matching.shaping import Shaping
from crmcore.rules.matching.witness import Shown, Witness
from crmcore.values.ref import Ref

_UNKNOWN: Final = ("",)
"""The mark of a record without the second facet of a key."""

_BETWEEN: Final = "\0"
"""Stands between the parts of a key: a character that no normal form has."""

_SHARED: Final = 0.5
"""A value is looked up again where there are half as many different ones as records, or fewer."""

_MOST_SHORTCUTS: Final = 4
"""One is kept for each of so many thresholds."""


@frozen
class _Facet:
    """One facet of a trait, which has this place among the traits."""

    trait: int
    make: Callable[[Any], tuple[str, ...]]


class _Texts:
    """The texts of a record by each facet that keys are made of, made when they are wanted."""

    __slots__ = ("_facets", "_forms", "_made")

    def __init__(self, facets: Sequence[_Facet], forms: Forms) -> None:
        self._facets, self._forms = facets, forms
        self._made: list[tuple[str, ...] | None] = [None] * len(facets)

    def __getitem__(self, at: int) -> tuple[str, ...]:
        found = self._made[at]
        if found is None:
            facet = self._facets[at]
            form = self._forms[facet.trait]
            found = self._made[at] = () if form is None else facet.make(form)
        return found


@frozen
class _File:
    """The rows under the texts of one key; ``parts`` and ``split`` are places of facets.

    The parts of a key are joined to one text, whose hash Python keeps.
    """

    name: str
    parts: tuple[int, ...]
    split: int | None
    postings: Postings

    def keys(self, texts: _Texts) -> Sequence[Key]:
        """The keys of a record with these texts."""
        parts = self.parts
        found = texts[parts[0]]
        for at in parts[1:]:
            if not found:
                break
            found = joined(found, texts[at])
        return found

    def marks(self, texts: _Texts) -> Sequence[Key]:
        """What splits a key of these texts that many records share."""
        return () if self.split is None else texts[self.split] or _UNKNOWN


def joined(ones: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Each of some texts with each of others."""
    if len(ones) == len(others) == 1:
        return (f"{ones[0]}{_BETWEEN}{others[0]}",)
    return tuple([f"{one}{_BETWEEN}{other}" for one in ones for other in others])


class LinkageEntries:
    """The records of one linkage rule under its keys.

    A record is a row: a number under which its forms are kept, by which its keys lead to it, and
    which is given again once it is gone.
    """

    def __init__(
        self, rule: LinkageRule, *, model: Model, related: Mapping[Ref[Any], Record]
    ) -> None:
        self.rule = rule
        self._search = LinkageSearch(
            rule, model=model, related=related, threshold=None, is_cached=False
        )
        subject = self._subject = rule.about.in_region(model.phone_region)
        self._scorer = Scorer(subject, self._search.learnt)
        self._witness = Witness(rule, self._scorer)
        self._shortcuts: dict[float, Shortcut] = {}
        self._shapings = {
            kind: Shaping(subject.traits, read, _followed(rule, kind, model))
            for kind, read in self._search.readers.items()
        }
        self._rows = Rows()
        self._forms: list[tuple[Any, ...]] = []
        self._known: list[int] = []
        self._facets: list[_Facet] = []
        self._files = tuple(self._made_files())

    def _made_files(self) -> Iterator[_File]:
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
            yield _File(key.name, parts, split, Postings(partial(self._marks, split=split)))

    def _marks(self, row: int, *, split: int | None) -> Sequence[Key]:
        """The marks of a row by a facet."""
        if split is None:
            return ()
        facet = self._facets[split]
        form = self._forms[row][facet.trait]
        return _UNKNOWN if form is None else facet.make(form) or _UNKNOWN

    def put(self, ref: Ref[Any], record: Record) -> None:
        """File a record."""
        forms = self._shapings[ref.kind].forms(record)
        row = self._add(ref, forms)
        texts = _Texts(self._facets, forms)
        for file in self._files:
            put = file.postings.put
            for key in file.keys(texts):
                put(key, row)

    def put_all(self, refs: Sequence[Ref[Any]], records: Sequence[Record]) -> None:
        """File many records, none of which is filed: as ``put`` for each.

        They are filed key by key, and the texts of each different form are made once.
        """
        table = Table(self._subject)
        table.fill(records, self._search.readers)
        columns = table.columns
        each = [map(one.forms.__getitem__, one.ids) for one in columns]
        rows = self._add_all(refs, list(zip(*each, strict=True)))
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
        shared = {
            one.trait.name for one in columns if 1 < len(one.forms) <= len(records) * _SHARED
        }
        for kind, shaping in self._shapings.items():
            mine = [ref.kind == kind for ref in refs]
            forms = compress(map(self._forms.__getitem__, rows), mine)
            shaping.learn(list(compress(records, mine)), list(forms), shared)

    def _add(self, ref: Ref[Any], forms: tuple[Any, ...]) -> int:
        row = self._rows.add(ref)
        if row == len(self._forms):
            self._forms.append(forms)
            self._known.append(known_of(forms))
        else:
            self._forms[row] = forms
            self._known[row] = known_of(forms)
        return row

    def _add_all(self, refs: Iterable[Ref[Any]], forms: list[tuple[Any, ...]]) -> list[int]:
        if self._forms:
            return [self._add(ref, one) for ref, one in zip(refs, forms, strict=True)]
        self._forms, self._known = forms, list(map(known_of, forms))
        return self._rows.add_all(refs)

    def drop(self, ref: Ref[Any]) -> None:
        """Take a record out."""
        row = self._rows.number(ref)
        if row is None:
            return
        texts = _Texts(self._facets, self._forms[row])
        for file in self._files:
            drop = file.postings.drop
            for key in file.keys(texts):
                drop(key, row)
        self._rows.drop(ref)
        self._forms[row] = ()

    def ask(
        self, candidate: Record, records: Mapping[Ref[Any], Record], threshold: float | None
    ) -> Asked:
        """The matches of a record, in no order."""
        me = candidate.ref
        row = self._rows.number(me)
        shaping = self._shapings[me.kind]
        if row is None:
            forms = shaping.forms(candidate)
        else:
            forms = shaping.forms(candidate, records.get(me), self._forms[row])
        near, skipped = self._near(me, row, forms)
        found: list[Match] = []
        shortcut = self._shortcut(self.rule.likely if threshold is None else threshold)
        known, every, all_known = known_of(forms), self._forms, self._known
        mine: Shown | None = None
        for one in near:
            reached = shortcut.score(forms, every[one], known & all_known[one])
            if reached is None:
                continue
            ref = self._rows.ref(one)
            other = records[ref]
            if not self._search.may_be(candidate, other):
                continue
            score, levels = reached
            mine = mine or self._search.shown(candidate)
            theirs = self._search.shown(other)
            if me <= ref:
                found.append(self._witness.match((me, ref), (mine, theirs), score, levels))
            else:
                found.append(self._witness.match((ref, me), (theirs, mine), score, levels))
        return found, skipped, len(near)

    def _near(
        self, me: Ref[Any], row: int | None, forms: Forms
    ) -> tuple[Iterable[int], list[SkippedBlock]]:
        """The rows that share a key with these forms, and what was too large to look at."""
        texts = _Texts(self._facets, forms)
        found: set[int] = set()
        skipped: list[SkippedBlock] = []
        for file in self._files:
            keys = file.keys(texts)
            if keys:
                told = partial(self._skipped, skipped, file)
                file.postings.gather(keys, partial(file.marks, texts), found, told)
        if row is not None:
            found.discard(row)
        if len(self.rule.kinds) == 1:
            return found, skipped
        refs = self._rows.refs
        return [one for one in found if (ref := refs[one]) and ref.kind != me.kind], skipped

    def _skipped(self, told: list[SkippedBlock], file: _File, key: Key, size: int) -> None:
        value = str(key).replace(_BETWEEN, " | ")
        told.append(SkippedBlock(rule=self.rule.name, key=file.name, value=value, size=size))

    def _shortcut(self, least: float) -> Shortcut:
        found = self._shortcuts.get(least)
        if found is None:
            if len(self._shortcuts) == _MOST_SHORTCUTS:
                self._shortcuts = {}
            found = self._shortcuts[least] = Shortcut(
                self._subject, self._search.learnt, self._scorer, least=least
            )
        return found


def _filed(
    rows: Sequence[int], texts: Sequence[Sequence[tuple[str, ...]]]
) -> tuple[list[str], list[int]]:
    """The keys of many rows, whose texts these are, and beside each the row that it belongs to."""
    *before, last = texts
    if not before:
        times = map(len, last)
        return list(chain.from_iterable(last)), list(chain.from_iterable(map(repeat, rows, times)))
    first = list(reduce(partial(map, joined), before))
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


def _followed(rule: LinkageRule, kind: str, model: Model) -> Iterator[str]:
    """The traits that are read through a reference."""
    for trait in rule.about.traits:
        paths = (path for one in trait.meanings for path in _paths(rule, one, kind))
        if any(field_path(path, kind, model).kind is not None for path in paths):
            yield trait.name


def _paths(rule: LinkageRule, meaning: str, kind: str) -> Sequence[str]:
    fields = rule.fields.get(meaning)
    return () if fields is None else fields.get(kind, ())
