"""InterchangeCommands: the commands of ``Crm`` through which records come in and go out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING

from crmcore.crm import reading
from crmcore.crm.capturing import capture_form
from crmcore.crm.commands.core import Core
from crmcore.crm.importing import Import, import_leads
from crmcore.entities import Record
from crmcore.interchange import read_sheet, to_frame, write_sheet
from crmcore.interchange.columns import row_of
from crmcore.query import ALL, Filter
from crmcore.rules.capture import Capture

if TYPE_CHECKING:
    import pandas as pd


class InterchangeCommands(Core):
    """The commands of ``Crm`` through which records come in and go out."""

    def capture(
        self,
        posted: Mapping[str, str],
        *,
        source: str | None = None,
        columns: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Capture:
        """Take what a web form posted: a lead, more of one, or a touch of a contact.

        The names of Salesforce's web-to-lead form, of lead fields, the UTM parameters and click
        ids are known; ``columns`` map further names to lead fields. ``source`` is the lead's where
        the form does not say it. Whoever is known by a strong key is not made again: gaps are
        filled, nothing is overwritten, and the touch keeps what was said otherwise. A submission
        with its own moment (``captured_at``) is taken once.

        Raises ``ValidationError`` where the lead cannot be stored.
        """
        plan = partial(
            capture_form,
            rules=self.rules,
            known=self._known,
            posted=posted,
            source=source,
            columns=columns,
        )
        return self._do(plan, dry_run=dry_run)

    def import_csv(
        self,
        path: str | PathLike[str],
        *,
        columns: Mapping[str, str] | None = None,
        source: str | None = None,
        dry_run: bool = False,
    ) -> Import:
        """Take the leads of a CSV file, all by one commit; a second time nothing is new.

        ``columns`` map the file's columns to lead fields, such as ``{"Surname": "name.family"}``
        (``None``: those named like a field). ``source`` names the file's origin: a row without an
        id gets one under this name. Each row is created, updated, skipped or rejected, with its
        number and the reason; bad rows do not keep the good ones out.

        Raises ``StorageError`` for a file that cannot be read, ``UsageError`` for one that is no
        table, and ``UnknownNameError`` for a field that a lead has not.
        """
        sheet = read_sheet(path)
        plan = partial(
            import_leads,
            rules=self.rules,
            known=self._known,
            sheet=sheet,
            columns=columns,
            source=source,
        )
        return self._do(plan, dry_run=dry_run)

    def export_csv(
        self, entity: type[Record], path: str | PathLike[str], where: Filter = ALL
    ) -> int:
        """Write the records of ``entity`` that match as CSV, by id; returns how many.

        The columns are field paths that have a value somewhere, in the order of the fields.
        Raises ``StorageError``.
        """
        with self._repository.snapshot() as snapshot:
            records = reading.find(snapshot, self.model, entity, where)
        schema = self.model.schema(entity)
        rows = [row_of(schema, one) for one in records]
        used = {path for row in rows for path in row}
        order = {one.path: place for place, one in enumerate(schema)}
        columns = sorted(used, key=lambda path: (_place(path, order), path))
        return write_sheet(path, columns or ["id"], rows)

    def to_pandas(self, entity: type[Record], where: Filter = ALL) -> pd.DataFrame:
        """The records of ``entity`` that match as a pandas data frame, by id.

        A column for each field; names, addresses and money have one for each part.
        """
        with self._repository.snapshot() as snapshot:
            records = reading.find(snapshot, self.model, entity, where)
        return to_frame(self.model.schema(entity), records)


def _place(path: str, order: Mapping[str, int]) -> int:
    return order[path] if path in order else order[path.partition(".")[0]]
