"""Linkage entries: the records of a linkage rule, filed by its keys to be asked one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
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
from crmcore.rules.matching.linkage.shortcut import Forms, Reached, Shortcut, known_of
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import LinkageSearch
from crmcore.rules.matching.postings import Asked, Postings, gather_parts
from crmcore.rules.matching.readers import Raw
from crmcore.rules.matching.reading import FieldPath, field_path
from crmcore.rules.matching.rows import Rows
from crmcore.rules.matching.shaping import Shaping
from crmcore.rules.matching.witness import Showing, Witness
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref

_NOWHERE: Final[FrozenMap[tuple[str, ...]]] = FrozenMap()

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


@frozen
class _File:
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

    files: tuple[_File, ...]
    facets: tuple[tuple[int, int, Callable[[Any], tuple[str, ...]]], ...]

    def texts(self, forms: Forms) -> dict[int, tuple[str, ...]]:
        """The texts of a record by the place of their facet."""
        return {at: make(forms[trait]) for at, trait, make in self.facets}


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
        self._showing = Showing(rule, self._search.readers)
        self._shortcuts: dict[float, Shortcut] = {}
        self._shapings = {
            kind: Shaping(subject.traits, read, _paths(rule, kind, model))
            for kind, read in self._search.readers.items()
        }
        self._rows = Rows()
        self._forms: list[tuple[Any, ...]] = []
        self._known: list[int] = []
        self._facets: list[_Facet] = []
        self._files = tuple(self._made_files())
        self._plans: dict[int, _Plan] = {}

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
            needs = 0
            for part in parts:
                needs |= 1 << self._facets[part].trait
            yield _File(key.name, needs, parts, split, Postings(partial(self._marks, split=split)))

    def _marks(self, row: int, *, split: int | None) -> Sequence[str]:
        """The marks of a row by a facet."""
        return self._marks_of(self._forms[row], split)

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

    def put(self, ref: Ref[Any], record: Record) -> None:
        """File a record."""
        forms = self._shapings[ref.kind].forms(record)
        row = self._add(ref, forms)
        plan = self._plan(self._known[row])
        texts = plan.texts(forms)
        for file in plan.files:
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
        most = len(records) * _SHARED
        shared = {one.trait.name: len(one.forms) for one in columns if len(one.forms) <= most}
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
        plan = self._plan(self._known[row])
        texts = plan.texts(self._forms[row])
        for file in plan.files:
            drop = file.postings.drop
            for key in file.keys(texts):
                drop(key, row)
        self._rows.drop(ref)
        self._forms[row] = ()

    def forget(self, ref: Ref[Any]) -> None:
        """Forget forms that follow from a record which others look at, because it changed."""
        for shaping in self._shapings.values():
            shaping.forget(ref.kind, ref.id)

    def ask(
        self,
        me: Ref[Any],
        candidate: Record,
        records: Mapping[Ref[Any], Record],
        threshold: float | None,
    ) -> Asked:
        """The matches of a record, in no order."""
        row = self._rows.number(me)
        shaping = self._shapings[me.kind]
        if row is None:
            forms = shaping.forms(candidate)
        else:
            forms = shaping.forms(candidate, records[me], self._forms[row])
        known, every, all_known = known_of(forms), self._forms, self._known
        near, skipped = self._near(known, forms)
        if row is not None:
            near.discard(row)
        refs = self._rows.refs
        if len(self.rule.kinds) > 1:
            near = {one for one in near if (ref := refs[one]) is None or ref.kind != me.kind}
        found: list[Match] = []
        read: dict[object, Raw] = {}
        if near:
            score = self._shortcut(self.rule.likely if threshold is None else threshold).score
            for one in near:
                reached = score(forms, every[one], known & all_known[one])
                if reached is not None:
                    ref = self._rows.ref(one)
                    found += self._match((me, candidate), (ref, records[ref]), reached, read)
        return found, skipped, len(near)

    def _near(self, known: int, forms: Forms) -> tuple[set[int], list[SkippedBlock]]:
        """The rows that share a key with these forms, and what was too large to look at."""
        plan = self._plan(known)
        texts = plan.texts(forms)
        found: set[int] = set()
        skipped: list[SkippedBlock] = []
        for file in plan.files:
            crowds = file.postings.gather(file.keys(texts), found)
            if crowds:
                marks = self._marks_of(forms, file.split)
                for key, size in gather_parts(crowds, marks, found):
                    value = str(key).replace(_BETWEEN, " | ")
                    skipped.append(
                        SkippedBlock(rule=self.rule.name, key=file.name, value=value, size=size)
                    )
        return found, skipped

    def _match(
        self,
        mine: tuple[Ref[Any], Record],
        theirs: tuple[Ref[Any], Record],
        reached: Reached,
        read: dict[object, Raw],
    ) -> Iterator[Match]:
        """The match of two records, unless the rule leaves them apart.

        ``read`` keeps what was read of the first of them.
        """
        if self._search.may_be(mine[1], theirs[1]):
            score, levels = reached
            own = self._showing.shown(*mine, levels, read)
            other = self._showing.shown(*theirs, levels)
            if mine[0] <= theirs[0]:
                yield self._witness.match((mine[0], theirs[0]), (own, other), score, levels)
            else:
                yield self._witness.match((theirs[0], mine[0]), (other, own), score, levels)

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


def _paths(rule: LinkageRule, kind: str, model: Model) -> dict[str, list[FieldPath]]:
    """The places of each meaning in records of a kind."""
    return {
        meaning: [
            field_path(path, kind, model)
            for path in rule.fields.get(meaning, _NOWHERE).get(kind, ())
        ]
        for meaning in rule.about.meanings
    }
