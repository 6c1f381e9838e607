from datetime import date
from typing import Any

from attrs import evolve
from hypothesis import event, given

from crmcore.entities import (
    LEDGER,
    AccountContactRelation,
    CampaignMember,
    Contact,
    OpportunityContactRole,
    Record,
)
from crmcore.rules.merge import Merge
from crmcore.values import Ref
from tests.properties.merge.test_references import Planned, committed
from tests.properties.merge.worlds import MODEL, World, all_references, merges

FLAGS = ("is_primary", "is_direct")


def plain(record: Record) -> Any:
    """A record without what every write changes, and without references that may move."""
    for one in MODEL.schema_of(record).lookups:
        record = one.changed(record, None) if one.holds.value == "one" else one.changed(record, ())
    return evolve(record, version=0, updated_at=None)


def flagless(record: Record) -> Any:
    there = {flag: False for flag in FLAGS if hasattr(record, flag)}
    return evolve(plain(record), **there)


def others(records: World, decision: Merge) -> dict[Ref[Any], Record]:
    """The records that are not merged themselves."""
    merged = {decision.receipt.survivor, *decision.receipt.losers}
    return {
        ref: one
        for ref, one in records.items()
        if ref not in merged | set() and ref.kind not in LEDGER
    }


@given(merges())
def test_children_are_the_same_minus_declared_clashes(planned: Planned) -> None:
    """M3 each clash is reported with both rows whole, and nothing is cloned."""
    before, after, decision = committed(planned)
    old, new = others(before, decision), others(after, decision)
    clashes = decision.receipt.clashes
    event(f"clashes: {min(len(clashes), 3)}")
    removed = [clash.removed for clash in clashes]
    assert old.keys() - new.keys() == {one.ref for one in removed}
    assert len({one.ref for one in removed}) == len(removed)
    assert new.keys() <= old.keys()
    for clash in clashes:
        assert clash.removed == old[clash.removed.ref]
        assert clash.kept is None or clash.kept == old[clash.kept.ref]
        assert clash.kept is None or clash.kept.ref in new


@given(merges())
def test_a_clash_of_one_link_row_changes_that_row_alone(planned: Planned) -> None:
    """M4 every record that is no side of a clash keeps all it says, but for the one flag."""
    before, after, decision = committed(planned)
    kept = {clash.kept.ref for clash in decision.receipt.clashes if clash.kept is not None}
    demoted = {
        (one.source, one.field)
        for one in decision.receipt.transfers
        if one.source.kind != decision.receipt.survivor.kind
    }
    for ref, record in others(after, decision).items():
        if ref in kept:
            continue
        assert flagless(record) == flagless(before[ref])
        for flag in FLAGS:
            was, now = getattr(before[ref], flag, None), getattr(record, flag, None)
            assert was == now or (was is True and (ref, flag) in demoted)


@given(merges(kinds=("contact", "account", "campaign")))
def test_what_both_sides_of_a_clash_said_is_united(planned: Planned) -> None:
    """M5 roles are united, start is the earlier, end the later; furthest status, first response."""
    _, after, decision = committed(planned)
    sides: dict[Ref[Any], list[Record]] = {}
    for clash in decision.receipt.clashes:
        if clash.kept is not None:
            sides.setdefault(clash.kept.ref, [clash.kept]).append(clash.removed)
    for ref, rows in sides.items():
        now = after[ref]
        if isinstance(now, AccountContactRelation):
            related = [row for row in rows if isinstance(row, AccountContactRelation)]
            assert now.roles == frozenset().union(*(row.roles for row in related))
            starts = [row.start_on or date.min for row in related]
            ends = [row.end_on or date.max for row in related]
            assert (now.start_on or date.min) == min(starts)
            assert (now.end_on or date.max) == max(ends)
        elif isinstance(now, CampaignMember):
            members = [row for row in rows if isinstance(row, CampaignMember)]
            answers = [row.first_responded_at for row in members if row.first_responded_at]
            assert now.first_responded_at == min(answers, default=None)
            places = {None: 0, "Sent": 0, "Opened": 1, "Responded": 2}
            assert places[now.status] == max(places[row.status] for row in members)
        elif isinstance(now, OpportunityContactRole):
            roles = [row for row in rows if isinstance(row, OpportunityContactRole)]
            assert now.role == next((row.role for row in roles if row.role), None)


@given(merges(kinds=("opportunity", "contact")))
def test_a_deal_has_one_primary_contact_if_one_of_the_merged_had(planned: Planned) -> None:
    """M5 one primary survives, the survivor's own first (law X5)."""
    before, after, decision = committed(planned)
    merged = {decision.receipt.survivor.id, *(ref.id for ref in decision.receipt.losers)}

    def primaries(records: World, ids: set[str]) -> list[OpportunityContactRole]:
        return [
            one
            for one in records.values()
            if isinstance(one, OpportunityContactRole)
            and one.is_primary
            and one.opportunity_id in ids
        ]

    for deal in {ref.id for ref in after if ref.kind == "opportunity"}:
        sources = merged if deal == decision.receipt.survivor.id else {deal}
        old, new = primaries(before, sources), primaries(after, {deal})
        event(f"primaries before: {len(old)}")
        assert len(new) == min(len(old), 1)
        own = primaries(before, {deal})
        if own and decision.receipt.survivor.kind == "opportunity":
            assert new[0].contact_id == own[0].contact_id


@given(merges(kinds=("contact",)))
def test_a_merged_contact_has_one_direct_account(planned: Planned) -> None:
    """M5 the direct relation is that of the survivor's account, the others stay (law X1)."""
    _, after, decision = committed(planned)
    survivor = after[decision.receipt.survivor]
    assert isinstance(survivor, Contact)
    direct = [
        one.account_id
        for one in after.values()
        if isinstance(one, AccountContactRelation)
        and one.contact_id == survivor.id
        and one.is_direct
    ]
    assert direct == ([] if survivor.account_id is None else [survivor.account_id])


@given(merges())
def test_no_two_rows_are_the_same_link(planned: Planned) -> None:
    """M5 (account, contact, interval) is unique, as is each other pair (law X1)."""
    _, after, _ = committed(planned)
    seen: set[Any] = set()
    for one in after.values():
        if isinstance(one, AccountContactRelation | OpportunityContactRole | CampaignMember):
            ends = tuple(
                ref for path, ref in all_references(one, historic=False) if path != "owner_id"
            )
            period = (getattr(one, "start_on", None), getattr(one, "end_on", None))
            assert (one.ref.kind, ends, period) not in seen
            seen.add((one.ref.kind, ends, period))
