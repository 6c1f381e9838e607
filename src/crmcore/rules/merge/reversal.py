"""Unmerge: the decision that a merge is taken back, with what comes back and what stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.entities.ledger import MergeReceipt, UnmergeReceipt
from crmcore.entities.record import Record
from crmcore.findings import Findings
from crmcore.values.ids import UnmergeReceiptId


@frozen(kw_only=True)
class Unmerge:
    """A merge is taken back: a preview until its changes are committed (law M21).

    ``merge`` is the receipt of the merge, ``restored`` are the records that come back, merged ones
    first, then link rows. The receipt lists every reference given back, and all that stays.
    """

    changes: ChangeSet
    findings: Findings
    receipt: UnmergeReceipt
    merge: MergeReceipt
    restored: tuple[Record, ...]

    @property
    def id(self) -> UnmergeReceiptId:
        """The id of the receipt."""
        return self.receipt.id

    def __str__(self) -> str:
        return "\n".join([self._title(), "", render.key_values(self._rows())])

    def _repr_html_(self) -> str:
        rows = render.html_table(self._rows(), columns=("what", "which"))
        return render.html_section(self._title(), rows)

    def _title(self) -> str:
        count = len(self.merge.losers)
        records = f"{count} record{'' if count == 1 else 's'}"
        return render.cut(f"unmerge of {records} from {self.merge.survivor}", 80)

    def _rows(self) -> Iterator[tuple[str, str]]:
        back = Counter(one.ref.kind for one in self.restored)
        listed = ", ".join(f"{count} {kind}" for kind, count in back.items())
        yield "records restored", listed or "none"
        moved = Counter(f"{one.ref.kind}.{one.field}" for one in self.receipt.given_back)
        listed = ", ".join(f"{count} {place}" for place, count in sorted(moved.items()))
        yield "references given back", listed or "none"
        for one in self.receipt.led_on:
            yield "led on by another merge", f"{one.ref} {one.field}: {one.before} -> {one.after}"
        for stayed in self.receipt.stayed:
            what = f"{stayed.ref} {stayed.field} = {render.plain(stayed.value)}"
            yield "stays", f"{what}: {stayed.why}"
