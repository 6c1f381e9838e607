"""Core: what every family of commands rests on: the settings, and the way to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Self, TypeVar

import attrs

from crmcore.adapters import JsonFileRepository, MemoryRepository
from crmcore.adapters.jsonfile import DEFAULT_WAIT, History, Reading
from crmcore.changes import ChangeSet, ConflictError, Insert
from crmcore.crm.complete import Automation, complete, decided
from crmcore.crm.desk import Desk
from crmcore.crm.figures import Figures
from crmcore.crm.gates import gated
from crmcore.crm.hooks import Hook, HookFailure, Hooks, RollupChanged
from crmcore.crm.indexes import Indexes
from crmcore.crm.known import Known
from crmcore.crm.match_index import MatchIndex
from crmcore.crm.reporting import KeptMaterial
from crmcore.crm.storage import as_repository
from crmcore.entities import Record
from crmcore.errors import CrmError
from crmcore.findings import Finding, Findings, ModelError, ValidationError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.policies import Matches
from crmcore.ports import Clock, IdFactory, Repository, RowStore, Snapshot, system_clock
from crmcore.ports.journal import Commit
from crmcore.rules.rollup import FigureChange
from crmcore.rules.rule import Context, Decided, Decision
from crmcore.rules.rulebook import STANDARD_RULES, RuleBook
from crmcore.values.ids import new_id

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)

_TRIES = 4


class Core:
    """What every family of commands rests on: the settings, and the way to the store."""

    def __init__(
        self,
        repository: Repository | RowStore | None = None,
        *,
        model: Model = STANDARD_MODEL,
        rules: RuleBook = STANDARD_RULES,
        clock: Clock = system_clock,
        ids: IdFactory = new_id,
        by: str | None = None,
        on_finding: Callable[[Finding], object] | None = None,
        hooks: Iterable[Hook] = (),
        on_hook_failure: Callable[[HookFailure], object] | None = None,
    ) -> None:
        found = rules.check(model)
        if found.errors:
            raise ModelError("rule book", found)
        store = MemoryRepository(model) if repository is None else repository
        self._repository = as_repository(store, model)
        self._desk = Desk(model=model, rules=rules, clock=clock, ids=ids, by=by)
        self._on_finding = on_finding
        self._hooks = Hooks(hooks=hooks, failed=on_hook_failure or self._report)
        self._indexes = Indexes(self._repository)
        self._figures = Figures(self._desk, self._indexes, self._tell)
        self._matches = MatchIndex(self._desk)
        self._known = Known(self._matches, self._indexes)
        self._kept = KeptMaterial(model)

    @classmethod
    def open(
        cls,
        path: str | PathLike[str],
        *,
        model: Model = STANDARD_MODEL,
        rules: RuleBook = STANDARD_RULES,
        clock: Clock = system_clock,
        ids: IdFactory = new_id,
        by: str | None = None,
        on_finding: Callable[[Finding], object] | None = None,
        hooks: Iterable[Hook] = (),
        on_hook_failure: Callable[[HookFailure], object] | None = None,
        wait: float = DEFAULT_WAIT,
        history: History = History.KEEP,
        reading: Reading = Reading.LAZY,
    ) -> Self:
        """A CRM on a JSON file, made at the first write if it is absent; see ``close``.

        A write waits ``wait`` seconds at most for those of other processes and threads, and raises
        ``StoreLockedError`` then. ``history`` says whether commits are kept when the file is put in
        order (``History.DROP``: ``crm.history`` and ``crm.as_of`` know those since then), and
        ``reading`` whether records are decoded when they are touched or, with ``Reading.HELD``,
        all of an entity at once, and held in memory.

        Raises ``StorageError`` or one of its kind when the file cannot be read or is not ours.
        """
        store = JsonFileRepository(path, model=model, wait=wait, history=history, reading=reading)
        return cls(
            store,
            model=model,
            rules=rules,
            clock=clock,
            ids=ids,
            by=by,
            on_finding=on_finding,
            hooks=hooks,
            on_hook_failure=on_hook_failure,
        )

    def close(self) -> None:
        """Release the repository; closing twice is fine."""
        self._repository.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def model(self) -> Model:
        """The model it works by."""
        return self._desk.model

    @property
    def rules(self) -> RuleBook:
        """The rules it follows."""
        return self._desk.rules

    def _do(
        self,
        plan: Callable[[Snapshot, Context], D],
        *,
        dry_run: bool = False,
        tries: int = _TRIES,
        automation: Automation = Automation.RUN,
        now: datetime | None = None,
    ) -> D:
        conflict: ConflictError | None = None
        for _ in range(tries):
            with self._repository.snapshot() as snapshot:
                context = self._desk.context()
                context = context if now is None else attrs.evolve(context, now=now)
                try:
                    decision = complete(
                        plan(snapshot, context), snapshot, context, self.rules, automation
                    )
                    if dry_run:
                        return decision
                    if decision.findings.errors:
                        raise ValidationError(decision.findings)
                except CrmError as refused:
                    if conflict is not None:
                        raise conflict from refused
                    raise
            try:
                return self._commit(decision)
            except ConflictError as faster:
                conflict = faster
        raise conflict if conflict is not None else AssertionError("at least one try")

    def _gated(
        self, plan: Callable[[Snapshot, Context], Decision]
    ) -> Callable[[Snapshot, Context], Decision]:
        """The plan behind the gates that the policies set for what is made and what changes."""
        policies = self.model.policies
        if policies.create_matches is policies.update_matches is Matches.IGNORE:
            return plan
        return gated(
            plan,
            self._matches,
            self._indexes,
            lambda one: (
                policies.create_matches if isinstance(one, Insert) else policies.update_matches
            ),
        )

    def _commit(self, decision: D) -> D:
        if not decision.changes:
            return decision
        stored = self._store(decision.changes, decision.findings)
        return decided(decision, changes=stored, findings=decision.findings)

    def _store(self, changes: ChangeSet, findings: Findings) -> ChangeSet:
        """Commit, and then tell whoever wants to know; the changes as stored."""
        figures: list[FigureChange] = []
        if self._hooks.want(RollupChanged):
            self._figures.watch()
            seq = self._indexes.commit(changes, lambda: figures.extend(self._figures.changes()))
        else:
            seq = self._indexes.commit(changes)
        stored = changes.as_stored(seq)
        self._tell(findings)
        commit = Commit(seq, stored.at, stored.by, stored.reason, stored.changes)
        self._hooks.tell(commit, figures)
        return stored

    def _report(self, failure: HookFailure) -> None:
        self._tell(Findings([failure.finding()]))

    def _tell(self, findings: Findings) -> None:
        if self._on_finding is not None:
            for one in findings.warnings:
                self._on_finding(one)
