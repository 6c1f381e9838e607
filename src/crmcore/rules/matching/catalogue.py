"""Catalogue: records filed by their blocking keys, to ask whether one is there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from crmcore import render
from crmcore.entities.record import Record
from crmcore.model.model import Model
from crmcore.rules.matching.clusters import by_score
from crmcore.rules.matching.duplicate_sets import SkippedBlock
from crmcore.rules.matching.evidence import Match
from crmcore.rules.matching.find import AnyRule
from crmcore.rules.matching.followers import Followers
from crmcore.rules.matching.linkage.rule import LinkageRule
from crmcore.rules.matching.linkage_entries import LinkageEntries
from crmcore.rules.matching.match_rule import MatchRule
from crmcore.rules.matching.postings import POSTING_LIMIT, Asked, Postings, gather_parts
from crmcore.rules.matching.reading import FieldPath, Forms, paths_of_rule, reader
from crmcore.rules.matching.rows import Rows
from crmcore.rules.matching.search import Search
from crmcore.rules.matching.shaping import Shaping
from crmcore.values.ref import Ref

Entries: TypeAlias = "LinkageEntries | WeightedEntries"


def _matches(given: Iterable[Match]) -> tuple[Match, ...]:
    return tuple(given)


@frozen(kw_only=True)
class Matches:
    """The records that one record may be, best first: a sequence of ``Match``.

    ``compared`` counts the records looked at, ``skipped`` the blocks that were too large to be.
    """

    found: tuple[Match, ...] = field(default=(), converter=_matches)
    skipped: tuple[SkippedBlock, ...] = ()
    compared: int = 0

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Match]:
        return iter(self.found)

    def __getitem__(self, at: int) -> Match:
        return self.found[at]

    def __str__(self) -> str:
        if not self.found:
            return f"nothing like it in {self.compared:,} records compared"
        return "\n\n".join(map(str, self.found))

    def _repr_html_(self) -> str:
        if not self.found:
            return render.html_section(str(self))
        parts = (one._repr_html_() for one in self.found)  # the notebook's own name
        return render.html_section(f"{len(self.found)} found", *parts)


class WeightedEntries:
    """The records of a rule with given weights, filed by its keys."""

    def __init__(
        self, rule: MatchRule, *, model: Model, related: Mapping[Ref[Any], Record]
    ) -> None:
        self._rule, self._model, self._related = rule, model, related
        self._readers = {kind: reader(rule, kind, model) for kind in rule.kinds}
        self._postings = Postings()
        self._rows = Rows()
        self._filed: dict[Ref[Any], tuple[tuple[int, str], ...]] = {}

    def put(self, ref: Ref[Any], record: Record) -> None:
        """File a record."""
        made = tuple(self._keys(record))
        self._filed[ref] = made
        row = self._rows.add(ref)
        for key in made:
            self._postings.put(key, row)

    def put_all(self, refs: Sequence[Ref[Any]], records: Sequence[Record]) -> None:
        """File many records."""
        for ref, record in zip(refs, records, strict=True):
            self.put(ref, record)

    def drop(self, ref: Ref[Any]) -> None:
        """Take a record out."""
        row = self._rows.number(ref)
        if row is None:
            return
        for key in self._filed.pop(ref):
            self._postings.drop(key, row)
        self._rows.drop(ref)

    def forget(self, _: Ref[Any]) -> None:
        """Nothing is remembered that follows from another record."""

    def ask(
        self,
        me: Ref[Any],
        candidate: Record,
        records: Mapping[Ref[Any], Record],
        threshold: float | None,
    ) -> Asked:
        """The matches of a record, in no order."""
        shared: set[int] = set()
        crowds = self._postings.gather(self._keys(candidate), shared)
        too_large: list[Any] = gather_parts(crowds, (), shared)  # Any: keys are those of _keys
        skipped = [
            SkippedBlock(rule=self._rule.name, key=self._rule.keys[at].name, value=text, size=size)
            for (at, text), size in too_large
        ]
        kinds = [kind for kind in self._rule.kinds if kind != me.kind] or list(self._rule.kinds)
        refs = map(self._rows.ref, shared)
        near = [ref for ref in refs if ref.kind in kinds and ref != me]
        search = Search(self._rule, model=self._model, forms=self._forms(), threshold=threshold)
        found = (search.match(records[ref], candidate) for ref in near)
        return [one for one in found if one is not None], skipped, len(near)

    def _forms(self) -> Forms:
        return Forms(self._model.phone_region, self._related)

    def _keys(self, record: Record) -> Iterator[tuple[int, str]]:
        made = self._forms().keys(record, self._readers[record.ref.kind])
        return ((at, text) for at, texts in enumerate(made) for text in texts)


class Catalogue:
    """Records filed under the blocking keys of some rules, kept up to date one by one.

    It answers the same whatever the order in which records came, changed and went (law D12). A
    rule that holds no learnt weights goes by the standard ones of its subject.
    """

    def __init__(self, rules: Iterable[AnyRule], *, model: Model) -> None:
        self.rules: Final = tuple(rules)
        self._records: dict[Ref[Any], Record] = {}
        shapings: dict[object, Shaping] = {}
        self._entries: list[tuple[AnyRule, Entries]] = [
            (rule, _entries(rule, model, self._records, shapings)) for rule in self.rules
        ]
        looked_at: dict[str, tuple[FieldPath, ...]] = {}
        for rule in self.rules:
            for kind in rule.kinds:
                through = (one for one in paths_of_rule(rule, kind, model) if one.kind is not None)
                looked_at[kind] = (*looked_at.get(kind, ()), *through)
        self._followers = Followers(looked_at, self._records)
        self.kinds: Final = frozenset(looked_at) | {
            step.kind
            for paths in looked_at.values()
            for path in paths
            for step in _steps(path)
            if step.kind is not None
        }

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: Record) -> None:
        """File a record, in the place of what was filed under its reference."""
        ref = record.ref
        if ref.kind not in self.kinds:
            return
        known = self._records.get(ref)
        if known is not None:
            self._take_out(ref, known)
        self._records[ref] = record
        self._file(ref, record)
        self._file_followers(ref)

    def put_all(self, records: Iterable[Record]) -> None:
        """File many records, as ``put`` does, and sooner where none of them is filed yet."""
        every = {ref: one for one in records if (ref := one.ref).kind in self.kinds}
        if self._records:
            for record in every.values():
                self.put(record)
            return
        self._records.update(every)
        for ref, record in every.items():
            self._followers.note(ref, record)
        for rule, entries in self._entries:
            mine = [ref.kind in rule.kinds for ref in every]
            entries.put_all(list(compress(every, mine)), list(compress(every.values(), mine)))

    def drop(self, ref: Ref[Any]) -> None:
        """Take a record out; one that is not there is no matter."""
        known = self._records.pop(ref, None)
        if known is None:
            return
        self._take_out(ref, known)
        self._file_followers(ref)

    def matches(
        self,
        candidate: Record,
        *,
        rules: Iterable[str] | None = None,
        threshold: float | None = None,
        without: frozenset[Ref[Any]] = frozenset(),
    ) -> Matches:
        """The records that ``candidate`` may be, stored or not; itself as it was is left out.

        ``rules`` names those to go by (``None``: all for its kind), ``threshold`` is the least
        score (``None``: the ``likely`` of each), and ``without`` are records not to be found.
        """
        chosen = None if rules is None else frozenset(rules)
        best: dict[tuple[Ref[Any], Ref[Any]], Match] = {}
        skipped: list[SkippedBlock] = []
        compared, me = 0, candidate.ref
        for rule, entries in self._entries:
            if me.kind not in rule.kinds or (chosen is not None and rule.name not in chosen):
                continue
            found, passed, looked_at = entries.ask(me, candidate, self._records, threshold)
            skipped += passed
            compared += looked_at
            for match in found:
                known = best.get(match.refs)
                if known is None or match.score > known.score:
                    best[match.refs] = match
        kept = (one for one in best.values() if without.isdisjoint(one.refs))
        return Matches(found=sorted(kept, key=by_score), skipped=tuple(skipped), compared=compared)

    def _file_followers(self, ref: Ref[Any]) -> None:
        """File anew what looks at a record that changed."""
        for _, entries in self._entries:
            entries.forget(ref)
        for follower in self._followers.of(ref):
            record = self._records[follower]
            self._take_out(follower, record)
            self._file(follower, record)

    def _file(self, ref: Ref[Any], record: Record) -> None:
        self._followers.note(ref, record)
        for rule, entries in self._entries:
            if ref.kind in rule.kinds:
                entries.put(ref, record)

    def _take_out(self, ref: Ref[Any], record: Record) -> None:
        self._followers.forget(ref, record)
        for rule, entries in self._entries:
            if ref.kind in rule.kinds:
                entries.drop(ref)


def _steps(path: FieldPath) -> Iterator[FieldPath]:
    step: FieldPath | None = path
    while step is not None:
        yield step
        step = step.rest


def _entries(
    rule: AnyRule,
    model: Model,
    related: Mapping[Ref[Any], Record],
    shapings: dict[object, Shaping],
) -> Entries:
    if isinstance(rule, LinkageRule):
        return LinkageEntries(rule, model=model, related=related, shapings=shapings)
    return WeightedEntries(rule, model=model, related=related)


__all__ = ["POSTING_LIMIT", "Catalogue", "Matches"]
