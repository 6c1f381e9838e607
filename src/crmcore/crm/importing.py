"""Importing: the leads of a table, row by row, each created, updated, skipped or rejected (L1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from crmcore import render
from crmcore.changes import ChangeSet
from crmcore.crm import old_ids
from crmcore.crm.capturing import Draft, captured
from crmcore.crm.complete import complete
from crmcore.crm.known import Known
from crmcore.crm.pending import Pending
from crmcore.entities import Contact, Lead, Record
from crmcore.errors import NotFoundError, UsageError
from crmcore.findings import Findings, error, warning
from crmcore.interchange import Columns, Filled, Row, Sheet
from crmcore.model.policies import OldIds
from crmcore.ports import Snapshot
from crmcore.query import Query
from crmcore.rules.capture import Capture, Outcome, Signal
from crmcore.rules.matching import DuplicateError, Match
from crmcore.rules.rule import Context
from crmcore.rules.rulebook import RuleBook
from crmcore.rules.strong_key import mailboxes
from crmcore.values.frozenmap import FrozenMap
from crmcore.values.ref import Ref


@frozen(kw_only=True)
class RowOutcome:
    """What became of one row: ``number`` is its place in the file, ``why`` the reason.

    ``ref`` is the person (``None``: rejected).
    """

    number: int
    outcome: Outcome
    why: str
    ref: Ref[Any] | None = None
    findings: Findings = Findings()


@frozen(kw_only=True)
class Import:
    """What an import does, row by row: created + updated + skipped + rejected is all of them.

    ``columns`` say which column filled which field; ``ignored`` ones filled none.
    """

    changes: ChangeSet
    findings: Findings
    rows: tuple[RowOutcome, ...]
    columns: FrozenMap[str]
    ignored: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """How many rows became that."""
        return sum(one.outcome is outcome for one in self.rows)

    @property
    def _title(self) -> str:
        each = ", ".join(f"{self.count(one):,} {one.value}" for one in Outcome)
        return f"{len(self.rows):,} rows: {each}"

    def _told(self) -> list[tuple[object, ...]]:
        """The rows that need a look: those rejected, and those with something found."""
        told = [one for one in self.rows if one.outcome is Outcome.REJECTED or one.findings]
        return [(one.number, one.outcome.value, one.why) for one in told]

    def __str__(self) -> str:
        pairs: list[tuple[str, object]] = [(name, path) for name, path in self.columns.items()]
        pairs += [(name, "is not read") for name in self.ignored]
        parts = [self._title, render.key_values(pairs)]
        if told := self._told():
            parts.append(render.table(told, columns=_TOLD))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        columns = render.html_table(list(self.columns.items()), columns=("column", "field"))
        rows = render.html_table(self._told(), columns=_TOLD)
        return render.html_section(self._title, columns, rows)


_TOLD = ("row", "", "why")


def import_leads(
    snapshot: Snapshot,
    context: Context,
    *,
    rules: RuleBook,
    known: Known,
    sheet: Sheet,
    columns: Mapping[str, str] | None,
    source: str | None,
) -> Import:
    """Decide what the rows of a table become; see ``Crm.import_csv``."""
    reading = _columns(sheet, context, columns)
    name = source if source is not None else "import"
    pending = Pending(snapshot, context.model)
    people = Directory(snapshot)
    rows = []
    take = _taker(pending, context, rules=rules, known=known, people=people, source=name)
    for row in sheet.rows:
        outcome, decision = _row(row, reading.read(row.cells, f"row {row.number}"), take)
        rows.append(outcome)
        if decision is not None:
            pending.add(decision.changes)
            people.note(decision.changes.written)
    found = [one for row in rows for one in row.findings if row.outcome is not Outcome.REJECTED]
    return Import(
        changes=pending.changes(_begun(name, context)),
        findings=Findings(found),
        rows=tuple(rows),
        columns=reading.paths,
        ignored=tuple(one for one in sheet.columns if one and one not in reading.paths),
    )


def _taker(
    pending: Pending,
    context: Context,
    *,
    rules: RuleBook,
    known: Known,
    people: Directory,
    source: str,
) -> Callable[[Row, Mapping[str, Any]], Capture]:
    """What a row becomes on top of those before it."""
    policies = context.model.policies
    take_in = partial(
        captured,
        rules=rules,
        known=known,
        search=people.search,
        policy=policies.import_matches,
        former=people.former,
    )

    def take(row: Row, values: Mapping[str, Any]) -> Capture:
        if policies.old_ids is OldIds.REFUSE:
            people.require_no_old_id(values.get("id"))
        done = take_in(pending, context, draft=_draft(values, row, source))
        return complete(done, pending, context)

    return take


def _begun(source: str, context: Context) -> ChangeSet:
    return ChangeSet(reason=f"import {source}", by=context.by, at=context.now)


def _columns(sheet: Sheet, context: Context, columns: Mapping[str, str] | None) -> Columns:
    if columns is None:
        found = Columns.guessed(context.model, "lead", sheet.columns)
        if not found.paths:
            hint = "say which: columns={'Surname': 'name.family', ...}"
            raise UsageError("no column is named like a field of a lead", sheet.columns, hint)
        return found
    missing = [one for one in columns if one not in sheet.columns]
    if missing:
        raise UsageError("the file has no such column", missing[0], f"it has {sheet.columns}")
    return Columns.named(context.model, "lead", columns)


def _row(
    row: Row, filled: Filled, take: Callable[[Row, Mapping[str, Any]], Capture]
) -> tuple[RowOutcome, Capture | None]:
    place = f"row {row.number}"
    wrong = [*filled.findings]
    if row.extra:
        wrong.append(error("import.cells", f"{place}: more cells than columns", value=row.extra))
    if not filled.values and not wrong:
        return RowOutcome(number=row.number, outcome=Outcome.SKIPPED, why="it is empty"), None
    if wrong:
        why = "; ".join(one.message for one in wrong)
        return _rejected(row, why, Findings(wrong)), None
    try:
        decision = take(row, filled.values)
    except DuplicateError as alike:
        told = error(
            "import.duplicate",
            f"{place}: it is probably there already (score {alike.matches[0].score:.2f})",
            value=alike.matches[0].refs,
            suggestion="look at it, and take the row in where it is somebody else",
        )
        return _rejected(row, told.message, Findings([told])), None
    except NotFoundError as merged:
        told = error("import.merged", f"{place}: {merged}", value=merged.id, suggestion=merged.hint)
        return _rejected(row, told.message, Findings([told])), None
    if decision.findings.errors:
        why = "; ".join(one.message for one in decision.findings.errors)
        return _rejected(row, why, decision.findings), None
    short = [warning("import.cells", f"{place}: fewer cells than columns")] if row.is_short else []
    outcome = RowOutcome(
        number=row.number,
        outcome=decision.outcome,
        why=decision.why,
        ref=decision.ref,
        findings=decision.findings + short,
    )
    return outcome, decision


def _rejected(row: Row, why: str, findings: Findings) -> RowOutcome:
    return RowOutcome(number=row.number, outcome=Outcome.REJECTED, why=why, findings=findings)


def _draft(values: Mapping[str, Any], row: Row, source: str) -> Draft:
    """The row as a draft; one that has no id of its own gets one made of what it says."""
    said = "\x1f".join(f"{key}\x1e{cell}" for key, cell in sorted(row.cells.items()))
    key = f"{source}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    given = dict(values)
    if "id" not in given and not given.get("external_ids"):
        given["external_ids"] = FrozenMap({source: key})
    signal = Signal(source=given.get("source", source), key=key)
    return Draft(values=FrozenMap(given), signal=signal)


class Directory:
    """The leads and contacts of a moment by their ids elsewhere and their mailboxes.

    Read once for a whole import, and then kept up to date with what its rows become.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._found: dict[tuple[str, str], dict[Ref[Any], None]] = {}
        self.former: dict[Ref[Any], tuple[Record, ...]] = {}
        for entity in (Lead, Contact):
            self.note(snapshot.find(Query.of(entity)))
        for image, survivor in old_ids.former(snapshot, ("lead", "contact")):
            self.former[survivor] = (*self.former.get(survivor, ()), image)
            for key in _ids(image):
                self._found.setdefault(key, {})[survivor] = None
        self._merged = {one.ref: ref for ref, rows in self.former.items() for one in rows}

    def require_no_old_id(self, id_: object) -> None:
        """Raise ``NotFoundError`` for the id of a lead that was merged away, with its survivor."""
        survivor = self._merged.get(Ref("lead", id_)) if isinstance(id_, str) else None
        if survivor is not None:
            raise NotFoundError("lead", str(id_), f"it was merged into {survivor}")

    def note(self, records: Iterable[Record]) -> None:
        """Remember people."""
        for one in records:
            if isinstance(one, Lead | Contact):
                for key in _keys(one):
                    self._found.setdefault(key, {})[one.ref] = None

    def search(
        self, snapshot: Snapshot, lead: Lead
    ) -> tuple[tuple[Lead | Contact, ...], tuple[Match, ...]]:
        """Those who share an id or a mailbox with a lead, as they are now."""
        refs = {ref: None for key in _keys(lead) for ref in self._found.get(key, ())}
        leads = snapshot.get(Lead, [ref.id for ref in refs if ref.kind == "lead"])
        contacts = snapshot.get(Contact, [ref.id for ref in refs if ref.kind == "contact"])
        return (*leads.values(), *contacts.values()), ()


def _ids(one: Record) -> Iterator[tuple[str, str]]:
    yield one.ref.kind, one.ref.id
    for system, id_ in one.external_ids.items():
        yield f"external {system}", id_


def _keys(one: Lead | Contact) -> Iterator[tuple[str, str]]:
    yield from _ids(one)
    for address in mailboxes(one):
        yield "mailbox", address
