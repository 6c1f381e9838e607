"""Known: who a record that is about to be made may be already, asked of the match index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import ReferenceType, ref

from crmcore.crm import reading
from crmcore.crm.indexes import Indexes
from crmcore.crm.match_index import MatchIndex, file_with_accounts, is_history, similar
from crmcore.crm.pending import Pending
from crmcore.entities import Account, Record
from crmcore.entities.ledger import Verdict
from crmcore.ports import Snapshot
from crmcore.rules.matching import Catalogue, Match, by_score
from crmcore.rules.matching.judge import verdicts
from crmcore.values.ref import Ref


class Known:
    """What the match rules of a ``Crm`` find among stored records, and among those decided on.

    Reads the records that share a blocking key with the new ones, and no others.
    """

    def __init__(self, index: MatchIndex, indexes: Indexes) -> None:
        self._index = index
        self._indexes = indexes
        self._batch: tuple[ReferenceType[Pending], int, Catalogue] | None = None

    def matches(
        self,
        snapshot: Snapshot,
        new: Sequence[Record],
        *,
        among: Sequence[str] = (),
        threshold: float | None = None,
    ) -> tuple[Match, ...]:
        """The matches of records that are not stored, the best of each first.

        ``among`` are the kinds looked at (none: the record's own). Pairs judged not to be one are
        left out. ``threshold`` is the least score, 0 to 1 (``None``: the ``likely`` of each rule).
        The records in ``new`` may refer to one another; no two of them match.
        """
        if not new:
            return ()
        with self._indexes.current(self._index), self._filed(new):
            if isinstance(snapshot, Pending):
                found = self._beside(snapshot, new, threshold)
            else:
                each = similar(self._index, self._indexes, snapshot, new, threshold=threshold)
                found = {one: tuple(each[one]) for one in each}
        own = {one.ref for one in new}
        kept = [
            match
            for one in new
            for match in found[one.ref]
            if _other(match, one).kind in (among or (one.ref.kind,))
            and _other(match, one) not in own
        ]
        return tuple(_not_refused(snapshot, kept))

    @contextmanager
    def _filed(self, new: Iterable[Record]) -> Iterator[None]:
        """The new accounts among the stored ones for a while, as their people refer to them."""
        catalogue = self._index.catalogue
        filed: list[Ref[Any]] = []
        try:
            for one in new:
                if isinstance(one, Account):
                    catalogue.put(one)
                    filed.append(one.ref)
            yield
        finally:
            for one_ref in filed:
                catalogue.drop(one_ref)

    def _beside(
        self, pending: Pending, new: Sequence[Record], threshold: float | None
    ) -> dict[Ref[Any], tuple[Match, ...]]:
        """Matches with what is stored and not changed, and with what a batch has made so far."""
        batch = self._made_by(pending)
        found: dict[Ref[Any], tuple[Match, ...]] = {}
        for one in new:
            stored = self._index.catalogue.matches(one, threshold=threshold)
            kept = (match for match in stored if not pending.changes_any(match.refs))
            made = batch.matches(one, threshold=threshold)
            mine = (match for match in made if pending.changes_any(match.refs))
            found[one.ref] = tuple(sorted((*kept, *mine), key=by_score))
        return found

    def _made_by(self, pending: Pending) -> Catalogue:
        """What a batch has written so far, each record filed once."""
        upto, catalogue = 0, None
        if self._batch is not None and self._batch[0]() is pending:
            _, upto, catalogue = self._batch
        if catalogue is None:
            catalogue = Catalogue(self._index.catalogue.rules, model=self._index.model)
        fresh: list[Record] = []
        for one_ref, one in pending.since(upto).items():
            if one is None or is_history(one):
                catalogue.drop(one_ref)
            else:
                fresh.append(one)
        file_with_accounts(catalogue, fresh, pending, self._index.model)
        self._batch = ref(pending), pending.length, catalogue
        return catalogue


def _other(match: Match, one: Record) -> Ref[Any]:
    return match.right if match.left == one.ref else match.left


def _not_refused(snapshot: Snapshot, found: Sequence[Match]) -> Iterable[Match]:
    if not found:
        return ()
    said = verdicts(reading.judgements(snapshot))
    return (one for one in found if said.get(one.refs) is not Verdict.NOT_DUPLICATE)
