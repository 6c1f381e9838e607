"""MatchingCommands: the commands of ``Crm`` that ask whether a record is there already."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from crmcore.crm import ask, gates
from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.crm.match_index import similar
from crmcore.entities import Record
from crmcore.findings import Findings
from crmcore.rules.matching import LinkageRule, Matches
from crmcore.rules.rule import Decision


class MatchingCommands(Core):
    """The commands of ``Crm`` that ask whether a record is there already."""

    def matches_of(self, record: Record, *, threshold: float | None = None) -> Matches:
        """The stored records that ``record`` may be, stored itself or not: best first.

        By every match rule of the book for its kind, leads against contacts and accounts too, from
        an index that follows the commits: nothing else is read. ``threshold`` is the least score,
        0 to 1 (``None``: the ``likely`` of each rule). Pairs judged not to be one are left out.
        """
        with self._repository.snapshot() as snapshot:
            return similar(self._matches, self._indexes, snapshot, [record], threshold=threshold)[
                record.ref
            ]

    def duplicates(self, a: Target, b: Target, reason: str | None = None) -> Decision:
        """Store the judgement that two records are one; ``find_duplicates`` keeps them together."""
        return self._do(partial(gates.duplicates, first=a, second=b, reason=reason))

    def wrong_kinds(self) -> Findings:
        """Findings on records that look like another kind; see ``rules.matching.wrong_kinds``."""
        with self._repository.snapshot() as snapshot:
            return ask.wrong_kinds(snapshot, self._desk)

    def learn_matches(
        self,
        rule: str | LinkageRule,
        labelled: Iterable[tuple[Target, Target, bool]] | None = None,
    ) -> LinkageRule:
        """The rule with weights learnt from the records as they are now; nothing is stored.

        ``labelled`` are pairs of records of which you know whether they are one: the weights are
        then learnt from them (``None``: from the records alone, without a word of yours). Give the
        successor to a book, ``rules.with_match_rules(...)``, to go by these weights until somebody
        learns anew (law D12).
        """
        with self._repository.snapshot() as snapshot:
            return ask.learnt_rule(snapshot, self._desk, rule, labelled)
