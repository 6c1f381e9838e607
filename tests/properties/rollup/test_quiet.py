"""Quiet: a commit says which figures it changed, each at most once, and no other."""

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.changes import Change
from crmcore.entities import Account, Opportunity
from crmcore.query import F
from crmcore.rules.rollup import Formula, Rollup, Scope, figure
from tests.properties.rollup.follow import ACCOUNTS, Ledger, deals, trees
from tests.properties.rollup.records import account

BY: dict[str, Any] = {"child": Opportunity, "by": F.account_id}
DEFINITIONS = (
    Rollup(name="sum", value=F.amount, aggregate="sum", **BY),
    Rollup(name="count", aggregate="count", **BY),
    Rollup(name="own", aggregate="count", scope=Scope.OWN, **BY),
    Rollup(name="group", aggregate="count", scope=Scope.ULTIMATE_PARENT, **BY),
    Rollup(name="latest", value=F.close_on, aggregate="max", **BY),
    Rollup(name="owners", value=F.owner_id, aggregate="count_distinct", **BY),
    Rollup(name="median", value=F.amount, aggregate="median", **BY),
    Formula(name="mean", of=figure("sum") / figure("count")),
)


@given(trees(), st.lists(deals(), min_size=2, max_size=6), st.data())
def test_a_commit_tells_every_figure_that_is_another_one_and_no_other(
    accounts: tuple[Account, ...], known: list[Opportunity], data: st.DataObject
) -> None:
    """R13 quiet: exactly the figures that differ, once for each account and rollup."""
    ledger = Ledger(DEFINITIONS, accounts, known)
    before = {one.name: dict(ledger.totals.result(one)) for one in DEFINITIONS}
    batch: list[Change] = []
    for one in known:
        move = data.draw(st.sampled_from(["keep", "same", "change", "delete"]))
        if move == "same":
            batch += ledger.change(one)
        elif move == "change":
            batch += ledger.change(data.draw(deals(one.id)))
        elif move == "delete":
            batch += ledger.change(None, one.id)
    if data.draw(st.booleans()):
        batch += ledger.change(account(ACCOUNTS[-1], data.draw(st.sampled_from([None, "a0"]))))
    told = ledger.totals.applied(batch)
    after = {one.name: dict(ledger.totals.result(one)) for one in DEFINITIONS}
    expected = {
        (name, id_): (old, after[name][id_])
        for name, values in before.items()
        for id_, old in values.items()
        if old != after[name][id_]
    }
    assert {(one.rollup, one.account_id): (one.before, one.after) for one in told} == expected
    assert len(told) == len(expected)
    event("something changed" if told else "nothing changed")
    ledger.check()
