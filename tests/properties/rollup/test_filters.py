"""Filters: whatever a filter looks at, a change of it reaches the figures."""

from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Account, Opportunity
from crmcore.query import F, Filter
from crmcore.rules.rollup import Rollup
from crmcore.values import Money
from tests.properties.rollup.follow import Ledger, deals, trees

TERMS = st.sampled_from(
    [
        F.stage_category == "won",
        F.stage.in_(["Won", "Lost"]),
        F.amount.amount >= 10,
        F.amount == Money(7, "EUR"),
        F.close_on.is_none(),
        F.next_step == "call",
        F.next_step.starts_with("c"),
        F.owner_id.in_(["u1"]),
        F.custom["tier"] == "gold",
        F.probability > 0,
    ]
)


def filters() -> st.SearchStrategy[Filter]:
    """Filters on standard, custom, derived and nested fields."""
    return st.recursive(
        TERMS,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
            st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
            inner.map(lambda one: ~one),
        ),
        max_leaves=4,
    )


@given(filters(), trees(), st.lists(deals(), min_size=1, max_size=6), st.data())
def test_a_change_of_any_field_that_a_filter_looks_at_is_followed(
    where: Filter, accounts: tuple[Account, ...], known: list[Opportunity], data: st.DataObject
) -> None:
    """R7 filters: nobody lists the fields of a filter; a change of one is never missed."""
    by: dict[str, Any] = {"child": Opportunity, "by": F.account_id, "where": where}
    rollups = (
        Rollup(name="count", aggregate="count", **by),
        Rollup(name="sum", value=F.amount, aggregate="sum", **by),
        Rollup(name="latest", value=F.close_on, aggregate="max", **by),
    )
    ledger = Ledger(rollups, accounts, known)
    before = [dict(ledger.totals.result(one)) for one in rollups]
    for deal in known:
        ledger.put(data.draw(deals(deal.id)))
        ledger.check()
    after = [dict(ledger.totals.result(one)) for one in rollups]
    event("figures changed" if before != after else "no figure changed")
