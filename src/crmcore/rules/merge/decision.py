"""Merge: the decision that several records become one, with everything it changes and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.entities.ledger import MergeReceipt
from crmcore.entities.record import Record
from crmcore.findings import Findings
from crmcore.rules.merge.golden import Choice, is_present
from crmcore.rules.survivorship import Policy
from crmcore.values import FrozenMap
from crmcore.values.ids import MergeReceiptId

_SHOWN_LOSERS = 2


@frozen(kw_only=True)
class Merge:
    """Several records become one: a preview until its changes are committed.

    ``survivor`` is the record as it will be, ``choices`` how each of its fields was decided, in
    the order of the schema. The receipt has the records as they were, the fate of every value and
    every reference that moves (law M17).
    """

    changes: ChangeSet
    findings: Findings
    receipt: MergeReceipt
    survivor: Record
    choices: tuple[Choice, ...]

    @property
    def id(self) -> MergeReceiptId:
        """The id of the receipt, by which the merge can be found."""
        return self.receipt.id

    def __str__(self) -> str:
        head = render.cut(self._title(), 80)
        table = render.table(self._rows(), columns=self._columns())
        return "\n".join([head, "", table, "", render.key_values(self._around())])

    def _repr_html_(self) -> str:
        return render.html_section(
            self._title(),
            render.html_table(self._rows(), columns=self._columns()),
            render.html_table(self._around(), columns=("what", "how many")),
        )

    def _title(self) -> str:
        count = len(self.receipt.losers)
        return f"merge of {count} record{'' if count == 1 else 's'} into {self.receipt.survivor}"

    def _columns(self) -> tuple[str, ...]:
        losers = self.receipt.merged
        named = [f"loser {index + 1}" for index in range(min(len(losers), _SHOWN_LOSERS))]
        more = len(losers) - len(named)
        return ("field", "survivor", *named, *([f"{more} more"] if more else []), "becomes", "why")

    def _rows(self) -> Iterator[tuple[object, ...]]:
        """The fields that some record has a value of, side by side."""
        before = self.receipt.before
        for choice in self.choices:
            one = choice.field
            values = [one.value(loser) for loser in self.receipt.merged]
            own = None if before is None else one.value(before)
            if not any(map(is_present, (own, *values, choice.value))):
                continue
            shown = [_shown(value) for value in values[:_SHOWN_LOSERS]]
            if len(values) > _SHOWN_LOSERS:
                rest = {_shown(value) for value in values[_SHOWN_LOSERS:] if is_present(value)}
                shown.append(f"{len(rest)} values" if len(rest) > 1 else "".join(rest))
            yield (one.label, _shown(own), *shown, _shown(choice.value), _why(choice, own))

    def _around(self) -> Iterator[tuple[str, str]]:
        """What moves, what clashes, what was found."""
        moved = Counter(f"{one.ref.kind}.{one.field}" for one in self.receipt.moved)
        listed = ", ".join(f"{count} {place}" for place, count in sorted(moved.items()))
        yield "references that move", listed or "none"
        for clash in self.receipt.clashes:
            kept = "nothing" if clash.kept is None else str(clash.kept.ref)
            yield "link rows that clash", f"{kept} stays, {clash.removed.ref} goes"
        for one in self.findings:
            yield "finding", str(one)


_IN_WORDS = {Policy.ANY.value: "any yes", Policy.ALL.value: "all yes"}


def _why(choice: Choice, own: object) -> str:
    """The policy in words; where the survivor wins and has nothing, that its gap was filled."""
    if choice.why == Policy.SURVIVOR_WINS.value and not is_present(own):
        return "gap filled" if is_present(choice.value) else choice.why
    return _IN_WORDS.get(choice.why, choice.why)


def _shown(value: object) -> str:
    if not is_present(value):
        return ""
    if isinstance(value, FrozenMap):
        return ", ".join(f"{key}: {render.plain(item)}" for key, item in value.items())
    return render.plain(value)
