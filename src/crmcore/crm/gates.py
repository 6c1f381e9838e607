"""Gates: what matching does to a write that would store a record that is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from crmcore.changes import Change, Insert, Update
from crmcore.crm import reading
from crmcore.crm.choices import Target
from crmcore.crm.indexes import Indexes
from crmcore.crm.match_index import MatchIndex, similar
from crmcore.entities.ledger import Verdict
from crmcore.findings import Finding, Findings, warning
from crmcore.model.policies import Matches as Policy
from crmcore.ports import Snapshot
from crmcore.rules import matching
from crmcore.rules.matching import DuplicateError, Match
from crmcore.rules.rule import Context, Decision
from crmcore.values.ref import Ref


def gated(
    plan: Callable[[Snapshot, Context], Decision],
    index: MatchIndex,
    indexes: Indexes,
    policy: Callable[[Change], Policy],
) -> Callable[[Snapshot, Context], Decision]:
    """The plan with the duplicates of what it writes told, or refused, by ``policy`` (law D13).

    A record that changes is only held up by what it was not like before. The plan raises
    ``DuplicateError``, with the evidence, for what the policy blocks; what it alerts to is a
    finding below an error.
    """

    def planned(snapshot: Snapshot, context: Context) -> Decision:
        decision = plan(snapshot, context)
        asked = {one.ref: policy(one) for one in decision.changes}
        writes = [one for one in decision.changes if asked[one.ref] is not Policy.IGNORE]
        if not writes:
            return decision
        found = fresh_matches(index, indexes, snapshot, writes)
        blocked = [
            match for ref, own in found.items() if asked[ref] is Policy.BLOCK for match in own
        ]
        if blocked:
            raise DuplicateError(tuple(dict.fromkeys(blocked)))
        told = [finding(ref, match) for ref, own in found.items() for match in own]
        return Decision(decision.changes, Findings([*decision.findings, *told]))

    return planned


def fresh_matches(
    index: MatchIndex, indexes: Indexes, snapshot: Snapshot, writes: Iterable[Change]
) -> dict[Ref[Any], tuple[Match, ...]]:
    """For each record written, the matches that the write brings about."""
    given = tuple(writes)
    after = similar(
        index, indexes, snapshot, [one.after for one in given if isinstance(one, Insert | Update)]
    )
    before = similar(
        index, indexes, snapshot, [one.before for one in given if isinstance(one, Update)]
    )
    known = {ref: {match.refs for match in own} for ref, own in before.items()}
    return {
        ref: tuple(match for match in own if match.refs not in known.get(ref, ()))
        for ref, own in after.items()
    }


def finding(ref: Ref[Any], match: Match) -> Finding:
    """That a record probably is another one."""
    other = match.right if match.left == ref else match.left
    agreeing = [one.field for one in match.evidence if one.points > 0]
    return warning(
        "record.duplicate",
        f"probably the same as {other} (score {match.score:.2f}, by {match.rule}: "
        f"{', '.join(agreeing)})",
        ref=ref,
        value=other.id,
        suggestion=f"change {other} instead, or judge them with not_duplicates",
    )


def duplicates(
    snapshot: Snapshot, context: Context, first: Target, second: Target, reason: str | None
) -> Decision:
    """Say that two records are one."""
    left = reading.locate(snapshot, context.model, first)
    right = reading.locate(snapshot, context.model, second)
    return Decision(matching.judge(left, right, Verdict.DUPLICATE, context, reason=reason))
