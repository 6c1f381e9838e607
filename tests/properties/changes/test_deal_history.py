"""The history of deals, over any commits."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise
from typing import Any

from attrs import evolve
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet, Delete, Insert, Update, compose
from crmcore.entities import Opportunity, OpportunityChange
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import Query
from crmcore.rules.rule import Context
from crmcore.rules.stages import deal_history
from crmcore.values import Money

IDS = ("d", "e", "f")
START = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.sampled_from(["Prospecting", "Proposal", "Won", "Lost"]),
        "pipeline": st.sampled_from(["standard", "renewals"]),
        "amount": st.none() | st.integers(0, 3).map(lambda one: Money(one, "EUR")),
        "probability": st.none() | st.integers(0, 3).map(Decimal),
        "forecast_category": st.sampled_from([None, "commit"]),
        "close_on": st.sampled_from([None, date(2026, 6, 30)]),
        "owner_id": st.sampled_from([None, "u", "v"]),
        "account_id": st.sampled_from([None, "a", "b"]),
        "name": st.sampled_from(["Engine", "Motor"]),
    },
)
STEP = st.tuples(st.sampled_from(IDS), st.sampled_from(["save", "save", "save", "delete"]), FIELDS)
COMMITS = st.lists(st.lists(STEP, min_size=1, max_size=4), max_size=12)


def one_step(deals: dict[Any, Opportunity], step: tuple[str, str, Any]) -> ChangeSet:
    """A change of one deal, decided on what there is; empty where nothing is to be done."""
    which, what, fields = step
    old = deals.get(which)
    if what == "delete":
        return ChangeSet([] if old is None else [Delete(deals.pop(which))])
    names: Any = {"id": which}
    new = evolve(Opportunity(name="Engine", **names) if old is None else old, **fields)
    deals[which] = new
    return ChangeSet([Insert(new) if old is None else Update(old, new)])


@given(COMMITS)
def test_the_history_of_a_deal_is_a_chain_without_gaps(commits: list[list[Any]]) -> None:
    """P3. Each row begins where the one before ended; durations add up; nothing is rewritten."""
    repository = MemoryRepository()
    numbers = count(1)
    kept: list[OpportunityChange] = []
    for number, steps in enumerate(commits):
        now = START + timedelta(hours=number)
        context = Context(model=STANDARD_MODEL, now=now, new_id=lambda: f"r{next(numbers):04}")
        with repository.snapshot() as snapshot:
            deals: dict[Any, Opportunity] = {
                one.id: one for one in snapshot.find(Query.of(Opportunity))
            }
        changes = compose([one_step(deals, step) for step in steps])
        rows = deal_history(changes, context=context)
        assert all(isinstance(one, Insert) for one in rows)
        repository.commit(changes.then(rows))
        kept = assert_chained(repository, kept, now)


KEPT = (
    *("pipeline", "stage", "amount", "probability", "forecast_category"),
    *("close_on", "owner_id", "account_id"),
)


def told(state: Any) -> dict[str, Any]:
    """What a row or a deal says of the fields whose history is kept; nothing of no deal."""
    return {} if state is None else {name: getattr(state, name) for name in KEPT}


def assert_chained(
    repository: MemoryRepository, kept: list[OpportunityChange], now: datetime
) -> list[OpportunityChange]:
    with repository.snapshot() as snapshot:
        rows = list(snapshot.find(Query.of(OpportunityChange)))
        deals: dict[Any, Opportunity] = {
            one.id: one for one in snapshot.find(Query.of(Opportunity))
        }
    assert rows[: len(kept)] == kept
    for which in IDS:
        own = sorted(
            (one for one in rows if one.opportunity_id == which), key=lambda one: one.version
        )
        assert len({one.version for one in own}) == len(own)
        ends = [None, *(one.after for one in own)]
        assert [one.before for one in own] == ends[:-1]
        assert all(one.before != one.after for one in own)
        deal = deals.get(which)
        assert [told(ends[-1])] == [told(deal)]
        moments = [one.at for one in own if one.at is not None]
        assert len(moments) == len(own)
        if len(own) > 1:
            event("a deal with several rows")
        durations = [later - earlier for earlier, later in pairwise([*moments, now])]
        assert all(one >= timedelta() for one in durations)
        if moments:
            assert sum(durations, timedelta()) == now - moments[0]
    return rows
