"""Time: figures with relative days are right at the read clock, for little work."""

from datetime import date, timedelta
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.entities import Account, Opportunity
from crmcore.query import F
from crmcore.rules.rollup import (
    Period,
    Rollup,
    Totals,
    days_ago,
    days_ahead,
    this_month,
    this_quarter,
    this_year,
    within,
)
from tests.properties.rollup.follow import MODEL, Ledger, context, deals, trees
from tests.properties.rollup.records import account, deal

BY: dict[str, Any] = {"child": Opportunity, "by": F.account_id, "aggregate": "count"}
ROLLUPS = (
    Rollup(name="quarter", where=this_quarter(F.close_on), **BY),
    Rollup(name="next_month", where=within(F.close_on, Period.MONTH, 1), **BY),
    Rollup(name="year", where=this_year(F.close_on), **BY),
    Rollup(name="overdue", where=F.close_on < days_ago(30), **BY),
    Rollup(
        name="soon_or_won",
        where=(~(F.close_on > days_ahead(7)) & this_month(F.close_on)) | (F.stage == "Won"),
        **BY,
    ),
)
A_DAY = timedelta(days=1)


@given(
    trees(),
    st.lists(deals(), max_size=8),
    st.lists(st.integers(-40, 120) | st.sampled_from([1, 92]), min_size=1, max_size=4),
    st.data(),
)
def test_a_clock_that_goes_on_leaves_no_figure_stale(
    accounts: tuple[Account, ...], known: list[Opportunity], steps: list[int], data: st.DataObject
) -> None:
    """R8 time: after any step of the clock, also back, every figure is as computed afresh."""
    ledger = Ledger(ROLLUPS, accounts, known)
    for days in steps:
        before = [dict(ledger.totals.result(one)) for one in ROLLUPS]
        ledger.wait(days)
        ledger.check()
        after = [dict(ledger.totals.result(one)) for one in ROLLUPS]
        event("time changed a figure" if before != after else "no figure changed")
        for one in known[:1]:
            ledger.put(data.draw(deals(one.id)))
    ledger.check()


@given(st.integers(1, 12), st.dates(date(2024, 1, 1), date(2026, 12, 31)))
def test_quarters_and_years_are_fiscal_ones(start: int, day: date) -> None:
    """R8 time: the bounds of a quarter and a year are those of the model's fiscal year."""
    calendar = MODEL.with_calendar(fiscal_year_start=start).calendar
    for relative, bounds in ((Period.QUARTER, calendar.quarter), (Period.YEAR, calendar.year)):
        where: Any = within(F.close_on, relative)
        first, end = (term.value.on(day, calendar) for term in where.terms)
        assert (first, end - A_DAY) == bounds(day)
        assert first.month % 3 == start % 3


def test_only_records_that_cross_a_bound_are_read() -> None:
    """R8 time: a step of the clock reads the records between the old bounds and the new ones."""
    first = date(2025, 1, 1)
    known = [deal(f"d{at}", "a", close_on=first + A_DAY * at) for at in range(1_000)]
    overdue = ROLLUPS[3]
    totals = Totals((overdue,), context())
    totals.build(accounts=[account("a")], children=known)
    assert totals.value(overdue, "a") == 59
    read: list[Opportunity] = []
    items = totals._items[Opportunity]

    def counted(record: Opportunity) -> tuple[object, ...]:
        read.append(record)
        return items(record)

    totals._items[Opportunity] = counted  # type: ignore[assignment]  # to count
    totals.turn(context(days=5))
    assert totals.value(overdue, "a") == 64
    assert 5 <= len(read) <= 6
