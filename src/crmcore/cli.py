"""The command ``crmcore``: shows what the library does on a small, made-up world."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from crmcore import render
from crmcore.changes import same_content
from crmcore.crm import Crm
from crmcore.demo import DEMO_MODEL, NOW, demo_ids, demo_world
from crmcore.entities import Account, Contact, Lead, Opportunity, Record
from crmcore.errors import CrmError, StorageError

_TOTALS = ("open_pipeline", "won_amount", "contacts")


def main(arguments: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run the command with these arguments (``None``: those of the process).

    Returns 0, 1 when something failed (the reason is on standard error), or 2 for wrong arguments.
    """
    parser = argparse.ArgumentParser(prog="crmcore", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="walk through the main job on made-up data")
    demo.add_argument("--out", type=Path, help="a JSON file to save to; it must not exist yet")
    demo.add_argument("--seed", type=int, default=1, help="another world for another number")
    given = parser.parse_args(arguments)
    try:
        run_demo(out or sys.stdout, path=given.out, seed=given.seed)
    except CrmError as problem:
        print(f"crmcore: {problem}", file=sys.stderr)
        return 1
    return 0


def run_demo(out: TextIO, *, path: Path | None = None, seed: int = 1) -> None:
    """The walk through the main job, as text of at most 80 columns."""
    tour = _Tour(out)
    crm = Crm(model=DEMO_MODEL, clock=lambda: NOW, ids=demo_ids())
    tour.begin(crm, seed)
    tour.duplicates(crm)
    tour.conversion(crm)
    tour.totals(crm)
    if path is not None:
        tour.saved(crm, path)


class _Tour:
    """The chapters of the demo, written to one stream."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._chapter = 0

    def begin(self, crm: Crm, seed: int) -> None:
        self._title("A small world of companies")
        self._say("Two groups of companies and some single ones, made up, in memory:")
        crm.add_all(demo_world(seed))
        rows = [
            (schema.plural, count)
            for schema in crm.model.schemas
            if (count := crm.count(schema.entity))
        ]
        self._say(render.table(rows, columns=("records", "stored"), right=("stored",)))
        findings = crm.check()
        self._say(f"Check of every record and reference: {len(findings.errors)} errors.")
        if findings.warnings:
            self._say(str(findings.warnings))

    def duplicates(self, crm: Crm) -> None:
        self._title("Who was entered twice?")
        found = crm.find_duplicates(Contact)
        self._say(
            "Each set is probably one person. Points say what speaks for a pair and what\n"
            "against it; the last table, which blocking key brought how many pairs together."
        )
        self._say(str(found))
        self._title("Merge the first set: nothing is lost, every reference follows")
        self._say("First the preview, which stores nothing:")
        first = found.clusters[0].members
        preview = crm.merge(first[0], first[1:], dry_run=True)
        self._say(str(preview))
        merge = crm.merge(first[0], first[1:])
        gone = merge.receipt.losers[0]
        self._say(
            f"Then for good. The old id {gone.id} now answers as {crm.resolve(gone).id}.\n"
            f"Contacts left: {crm.count(Contact)}."
        )

    def conversion(self, crm: Crm) -> None:
        self._title("Convert a lead: first the preview")
        lead = crm.find(Lead)[0]
        preview = crm.convert_lead(lead.id, opportunity_name="Sensors", dry_run=True)
        self._say(str(preview))
        self._say(f"Nothing is stored yet: {crm.count(Opportunity)} deals.")
        self._title("Then for good")
        crm.convert_lead(lead.id, opportunity_name="Sensors")
        converted = crm.get(Lead, lead.id)
        self._say(
            render.key_values(
                [
                    ("lead", f"{converted.id}, status {converted.status}"),
                    ("account", converted.converted_account_id),
                    ("contact", converted.converted_contact_id),
                    ("deal", converted.converted_opportunity_id),
                    ("deals now", crm.count(Opportunity)),
                ]
            )
        )

    def totals(self, crm: Crm) -> None:
        self._title("Groups of companies with their totals")
        self._say(
            "Each line is an account with everything below it. A consultant who works for\n"
            "several accounts of a group counts once in the group."
        )
        tops = {crm.ultimate_parent(one.id).id for one in crm.find(Account)}
        for top in sorted(tops):
            if crm.descendants(top):
                self._say(str(crm.tree(top, _TOTALS)))

    def saved(self, crm: Crm, path: Path) -> None:
        self._title("Save, open again, compare")
        records = _everything(crm)
        if path.exists():
            raise StorageError("this file exists already", str(path), "name one that does not")
        with Crm.open(path, model=crm.model, clock=lambda: NOW) as file:
            file.add_all(records)
        self._say(f"{len(records)} records saved to {path} ({path.stat().st_size:,} bytes).")
        with Crm.open(path, model=crm.model) as file:
            read = _everything(file)
            same = sum(map(same_content, records, read)) if len(read) == len(records) else 0
            self._say(f"Opened again: {same} of {len(records)} records are equal.")
            equal = all(file.rollups(name) == crm.rollups(name) for name in _TOTALS)
            self._say(f"Totals of every account are equal: {'yes' if equal else 'NO'}.")

    def _title(self, text: str) -> None:
        self._chapter += 1
        self._say(f"{self._chapter}. {text}\n{'-' * (len(text) + len(str(self._chapter)) + 2)}")

    def _say(self, text: str) -> None:
        print(text, end="\n\n", file=self._out)


def _everything(crm: Crm) -> list[Record]:
    """All records, by kind, then id."""
    return [one for schema in crm.model.schemas for one in crm.find(schema.entity)]
