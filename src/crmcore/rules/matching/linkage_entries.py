"""Linkage entries: the records of a linkage rule, filed by its keys to be asked one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any, Final

from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.evidence import Match
from crmcore.rules.matching.key_files import KeyFiles
from crmcore.rules.matching.linkage.learn import Scorer
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage.shortcut import Reached, Shortcut, known_of
from crmcore.rules.matching.linkage.table import Table
from crmcore.rules.matching.linkage_search import LinkageSearch
from crmcore.rules.matching.postings import Asked
from crmcore.rules.matching.reading import field_path
from crmcore.rules.matching.rows import Rows
from crmcore.rules.matching.shaping import Shaping
from crmcore.rules.matching.witness import Showing, Witness
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref

_NOWHERE: Final[FrozenMap[tuple[str, ...]]] = FrozenMap()

_SHARED: Final = 0.5
"""A value is looked up again where there are half as many different ones as records, or fewer."""

_MOST_SHORTCUTS: Final = 4
"""One is kept for each of so many thresholds."""


class LinkageEntries:
    """The records of one linkage rule under its keys.

    A record is a row: a number under which its forms are kept, by which its keys lead to it, and
    which is given again once it is gone. ``shapings`` are those of all rules of one catalogue: a
    contact is asked for by two rules that read it alike, and its forms are made once.
    """

    def __init__(
        self,
        rule: LinkageRule,
        *,
        model: Model,
        related: Mapping[Ref[Any], Record],
        shapings: dict[object, Shaping],
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
        self._shapings: dict[str, Shaping] = {}
        for kind, read in self._search.readers.items():
            texts = {one: rule.fields.get(one, _NOWHERE).get(kind, ()) for one in subject.meanings}
            read_as = rule.subject, kind, tuple(texts.items())
            if read_as not in shapings:
                paths = {
                    meaning: [field_path(text, kind, model) for text in own]
                    for meaning, own in texts.items()
                }
                shapings[read_as] = Shaping(subject.traits, read, paths)
            self._shapings[kind] = shapings[read_as]
        self._rows = Rows()
        self._forms: list[tuple[Any, ...]] = []
        self._known: list[int] = []
        self._files = KeyFiles(subject, lambda row: self._forms[row])

    def put(self, ref: Ref[Any], record: Record) -> None:
        """File a record."""
        forms = self._shapings[ref.kind].forms(record)
        row = self._add(ref, forms)
        self._files.put(row, forms, self._known[row])

    def put_all(self, refs: Sequence[Ref[Any]], records: Sequence[Record]) -> None:
        """File many records, none of which is filed: as ``put`` for each.

        They are filed key by key, and the texts of each different form are made once.
        """
        table = Table(self._subject)
        table.fill(records, self._search.readers)
        columns = table.columns
        each = [map(one.forms.__getitem__, one.ids) for one in columns]
        rows = self._add_all(refs, list(zip(*each, strict=True)))
        self._files.put_all(rows, columns)
        most = len(records) * _SHARED
        shared = {one.trait.name: one.size for one in columns if one.size <= most}
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
        self._files.drop(row, self._forms[row], self._known[row])
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
        near, passed = self._files.near(forms, known)
        skipped = [
            SkippedBlock(rule=self.rule.name, key=key, value=value, size=size)
            for key, value, size in passed
        ]
        if row is not None:
            near.discard(row)
        refs = self._rows.refs
        if len(self.rule.kinds) > 1:
            near = {one for one in near if (ref := refs[one]) is None or ref.kind != me.kind}
        found: list[Match] = []
        if near:
            score = self._shortcut(self.rule.likely if threshold is None else threshold).score
            for one in near:
                reached = score(forms, every[one], known & all_known[one])
                if reached is not None:
                    ref = self._rows.ref(one)
                    found += self._match((me, candidate), (ref, records[ref]), reached)
        return found, skipped, len(near)

    def _match(
        self,
        mine: tuple[Ref[Any], Record],
        theirs: tuple[Ref[Any], Record],
        reached: Reached,
    ) -> Iterator[Match]:
        """The match of two records, unless the rule leaves them apart."""
        if self._search.may_be(mine[1], theirs[1]):
            score, levels = reached
            own = self._showing.shown(*mine, levels)
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
