"""Judge: somebody's word on two records, that they are one or are not, as a record of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from crmcore.changes import ChangeSet, CheckExists, Insert
from crmcore.entities.ledger import Judgement, Verdict
from crmcore.errors import UsageError
from crmcore.rules.matching.clusters import Pair, pair
from crmcore.values.ids import JudgementId, UserId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcore.rules.rule import Context
    from crmcore.values.ref import Ref

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def judge(
    first: Ref[Any],
    second: Ref[Any],
    verdict: Verdict,
    context: Context,
    *,
    reason: str | None = None,
) -> ChangeSet:
    """The change set that stores a judgement on two records, which must both exist.

    A later judgement on the same records takes the place of an earlier one, whichever record is
    named first; deleting it takes it back. Raises ``UsageError`` for one record judged twice.
    """
    if first == second:
        raise UsageError("a judgement is about two records", first)
    left, right = pair(first, second)
    judgement = Judgement(
        id=JudgementId(context.new_id()),
        first=left,
        second=right,
        verdict=verdict,
        reason=reason,
        judged_at=context.now,
        judged_by=None if context.by is None else UserId(context.by),
    )
    word = "one" if verdict is Verdict.DUPLICATE else "not one"
    return ChangeSet(
        changes=(Insert(judgement),),
        checks=(CheckExists(left), CheckExists(right)),
        reason=f"judged {left} and {right} to be {word}",
        by=context.by,
        at=context.now,
    )


def verdicts(judgements: Iterable[Judgement]) -> Mapping[Pair, Verdict]:
    """What holds of each pair judged: the latest judgement, and of those made at once the last id.

    A judgement without a moment is older than any with one. A pair that became one record, because
    its two were merged, is left out.
    """
    found: dict[Pair, Judgement] = {}
    for one in judgements:
        both = pair(one.first, one.second)
        if one.first != one.second and (both not in found or _age(one) > _age(found[both])):
            found[both] = one
    return {both: one.verdict for both, one in found.items()}


def _age(one: Judgement) -> tuple[bool, datetime, str]:
    at = one.judged_at
    known = at is not None and at.tzinfo is not None
    return known, at if at is not None and known else _NEVER, one.id
