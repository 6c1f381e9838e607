"""GroupCommands: the commands of ``Crm`` on account hierarchies and their rollups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import attrs

from crmcore.crm import groups, plans, reading
from crmcore.crm.commands.core import Core
from crmcore.crm.views import AccountTree
from crmcore.entities import Account, Record
from crmcore.errors import UsageError
from crmcore.rules.rollup import Explanation, Rollup, Scope
from crmcore.rules.rule import Decided

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class GroupCommands(Core):
    """The commands of ``Crm`` on account hierarchies and their rollups."""

    def ancestors(self, account_id: str) -> tuple[Account, ...]:
        """The accounts above an account, nearest first."""
        with self._repository.snapshot() as snapshot:
            return groups.ancestors(snapshot, self.model, account_id)

    def descendants(self, account_id: str) -> tuple[Account, ...]:
        """The accounts below an account, level by level, each by id."""
        with self._repository.snapshot() as snapshot:
            return groups.descendants(snapshot, self.model, account_id)

    def ultimate_parent(self, account_id: str) -> Account:
        """The account at the top of the group; an account without parent is its own."""
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
            return (account, *groups.ancestors(snapshot, self.model, account_id))[-1]

    def reparent(self, account_id: str, parent_id: str | None) -> Account:
        """Move an account with all below it under another (``None``: to the top).

        Raises ``CycleError`` with the path when the new parent is below it.
        """
        decision = self._do(partial(plans.reparent, account_id=account_id, parent_id=parent_id))
        with self._repository.snapshot() as snapshot:
            account = reading.get(snapshot, self.model, Account, account_id)
        after = decision.changes.after(account.ref)
        return account if after is None else after  # type: ignore[return-value]  # its own kind

    def rollup(self, name: str, account_id: str, *, scope: Scope | None = None) -> Any:
        """The value of a rollup at one account; ``scope`` overrides the rollup's own."""
        definition = self.rules.rollup(name)
        if scope is not None:
            if not isinstance(definition, Rollup):
                raise UsageError("a formula has no scope", name, "give its figures a scope")
            definition = attrs.evolve(definition, scope=scope)
        return self._figures.value(definition, account_id)

    def rollups(self, name: str) -> Mapping[str, Any]:
        """The value of a rollup at every account, by account id."""
        return self._figures.result(self.rules.rollup(name))

    def explain(self, name: str, account_id: str) -> Explanation:
        """Which records make the value of a rollup at an account, and why others do not."""
        with self._repository.snapshot() as snapshot:
            return groups.explain(snapshot, self._desk, name, account_id)

    def tree(self, account_id: str, rollups: Iterable[str] = ()) -> AccountTree:
        """An account with all below it, and the values of these rollups at each, to be printed."""
        with self._repository.snapshot() as snapshot:
            return groups.tree(snapshot, self._desk, self._figures, account_id, tuple(rollups))
