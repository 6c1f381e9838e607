"""DuplicateCommands: the commands of ``Crm`` that find duplicates and judge them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from crmcore.crm import ask, plans
from crmcore.crm.choices import Target
from crmcore.crm.commands.core import Core
from crmcore.entities import Record
from crmcore.rules.matching import AnyRule, DuplicateSets, Progress
from crmcore.rules.rule import Decided, Decision

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Decided)


class DuplicateCommands(Core):
    """The commands of ``Crm`` that find duplicates and judge them."""

    def find_duplicates(
        self,
        entity: type[Record],
        rule: str | AnyRule | None = None,
        threshold: float | None = None,
        *,
        workers: int = 1,
        progress: Callable[[Progress], None] | None = None,
    ) -> DuplicateSets:
        """The sets of records of ``entity`` that are probably one, with the evidence.

        Converted leads are left out: they live on as contacts.

        ``rule`` is a match rule or its name (``None``: the book's rules for this entity);
        ``threshold`` the least score, 0 to 1 (``None``: the rule's own). A search of very many
        records may use so many processes as ``workers`` says, with the same result, and calls
        ``progress`` as it goes on.
        """
        with self._repository.snapshot() as snapshot:
            return ask.duplicates(
                snapshot, self._desk, entity, rule, threshold, workers=workers, progress=progress
            )

    def not_duplicates(self, a: Target, b: Target, reason: str | None = None) -> Decision:
        """Store the judgement that two records are not one; matching respects it from now on."""
        return self._do(partial(plans.not_duplicates, first=a, second=b, reason=reason))
