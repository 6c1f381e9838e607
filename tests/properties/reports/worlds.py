"""Small worlds of deals with a history, written as commits would write it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
from attrs import frozen
from hypothesis import strategies as st

from crmcore.entities import (
    Account,
    ExchangeRate,
    Opportunity,
    OpportunityChange,
    Quota,
    Record,
    User,
)
from crmcore.entities.ledger import DealState
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.model.pipeline import ForecastCategory, Pipeline, Stage, StageCategory
from crmcore.rules.rule import Context
from crmcore.rules.stages import deal_state
from crmcore.values import Money

START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 24 * 120
NOW = START + timedelta(hours=HOURS)
HOME = "EUR"

# The names of the second pipeline say the contrary of what its stages mean.
ODD = Pipeline(
    "odd",
    (
        Stage("Won", StageCategory.OPEN, 30, ForecastCategory.COMMIT),
        Stage("Open", StageCategory.LOST, 0, ForecastCategory.OMITTED),
        Stage("Middle", StageCategory.OPEN, Decimal("12.5"), ForecastCategory.OMITTED),
        Stage("Lost", StageCategory.WON, 100, ForecastCategory.CLOSED),
        Stage("Prospecting", StageCategory.OPEN, 80, ForecastCategory.BEST_CASE),
    ),
    "Odd",
)
MODEL = STANDARD_MODEL.with_pipelines(ODD)
USERS: tuple[User, ...] = (
    User(id="boss", name="Zoe"),  # type: ignore[arg-type]  # ids are texts
    User(id="u1", name="Ann", manager_id="boss", team="North"),  # type: ignore[arg-type]  # same
    User(id="u2", name="Bob", manager_id="boss", team="South"),  # type: ignore[arg-type]  # same
)
ACCOUNTS: tuple[Account, ...] = (
    Account(id="top", name="Top"),  # type: ignore[arg-type]  # ids are texts
    Account(id="mid", name="Mid", parent_id="top"),  # type: ignore[arg-type]  # same
    Account(id="low", name="Low", parent_id="mid"),  # type: ignore[arg-type]  # same
    Account(id="alone", name="Alone"),  # type: ignore[arg-type]  # same
)
DAYS = [date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 1), date(2026, 4, 30)]
DAYS += [date(2026, 5, 1), date(2026, 5, 20), date(2026, 8, 1)]


def context(model: Model = MODEL, now: datetime = NOW) -> Context:
    return Context(model=model, now=now, new_id=lambda: "new")


@frozen
class Commit:
    """What one deal became at a moment; ``None``: it was deleted."""

    deal: str
    at: datetime
    state: DealState | None
    source: str | None = None


@frozen
class World:
    """Deals as they stand, their history, and what else reports are made of."""

    commits: tuple[Commit, ...]
    rates: tuple[ExchangeRate, ...] = ()
    quotas: tuple[Quota, ...] = ()

    def until(self, moment: datetime) -> "World":
        """What was there at a moment."""
        return attrs.evolve(self, commits=tuple(one for one in self.commits if one.at <= moment))

    @property
    def deals(self) -> tuple[Opportunity, ...]:
        found: dict[str, Opportunity] = {}
        for one in self.commits:
            found.pop(one.deal, None) if one.state is None else None
            if one.state is not None:
                old = found.get(one.deal)
                found[one.deal] = Opportunity(
                    id=one.deal,  # type: ignore[arg-type]  # ids are texts
                    name=f"deal {one.deal}",
                    source=one.source,
                    lost_reason=one.source,
                    created_at=one.at if old is None else old.created_at,
                    updated_at=one.at,
                    **attrs.asdict(one.state, recurse=False),
                )
        return tuple(found.values())

    @property
    def changes(self) -> tuple[OpportunityChange, ...]:
        last: dict[str, DealState | None] = {}
        rows: list[OpportunityChange] = []
        for number, one in enumerate(self.commits):
            before = last.get(one.deal)
            if before != one.state:
                rows.append(
                    OpportunityChange(
                        id=f"r{number:03}",  # type: ignore[arg-type]  # ids are texts
                        version=number + 1,
                        opportunity_id=one.deal,  # type: ignore[arg-type]  # same
                        at=one.at,
                        before=before,
                        after=one.state,
                    )
                )
            last[one.deal] = one.state
        return tuple(rows)

    @property
    def records(self) -> tuple[Record, ...]:
        return (*self.deals, *self.changes, *self.rates, *self.quotas, *USERS, *ACCOUNTS)

    def deal_rows(self, model: Model = MODEL) -> list[dict[str, Any]]:
        """The deals as plain rows, for a computation by other means."""
        return [
            plain(deal.id, deal_state(deal), model) | {"source": deal.source} for deal in self.deals
        ]

    def history_rows(self, model: Model = MODEL) -> list[dict[str, Any]]:
        """The states of the deals that are there, in the order they had them."""
        made: dict[str, int] = {}
        for number, one in enumerate(self.commits):
            if one.state is None:
                made.pop(one.deal, None)
            else:
                made.setdefault(one.deal, number)
        return [
            plain(one.deal, one.state, model) | {"at": one.at}
            for number, one in enumerate(self.commits)
            if one.state is not None and number >= made.get(one.deal, len(self.commits))
        ]


def plain(deal_id: str, state: DealState, model: Model = MODEL) -> dict[str, Any]:
    stage = model.stage_of(state.pipeline, state.stage)
    assert stage is not None
    return {
        "deal": deal_id,
        "pipeline": state.pipeline,
        "stage": state.stage,
        "category": stage.category.value,
        "amount": None if state.amount is None else Fraction(state.amount.amount),
        "currency": None if state.amount is None else state.amount.currency,
        "percent": Fraction(stage.probability if state.probability is None else state.probability),
        "forecast": state.forecast_category or stage.forecast_category.value,
        "close_on": state.close_on,
        "owner": state.owner_id,
        "account": state.account_id,
    }


@st.composite
def states(draw: st.DrawFn, *, currencies: Sequence[str] = (HOME,)) -> DealState:
    line = draw(st.sampled_from(["standard", "standard", "odd"]))
    return DealState(
        pipeline=line,
        stage=draw(st.sampled_from([one.key for one in MODEL.pipeline(line).stages])),
        amount=draw(
            st.none()
            | st.builds(Money, st.decimals(0, 100_000, places=2), st.sampled_from([*currencies]))
        ),
        probability=draw(st.sampled_from([None, None, Decimal(0), Decimal("33.3"), Decimal(100)])),
        forecast_category=draw(
            st.sampled_from([None, None, "omitted", "pipeline", "best_case", "commit"])
        ),
        close_on=draw(st.none() | st.sampled_from(DAYS)),
        owner_id=draw(st.sampled_from([None, "u1", "u2"])),
        account_id=draw(st.sampled_from([None, "top", "mid", "low", "alone", "gone"])),
    )


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    most: int = 8,
    currencies: Sequence[str] = (HOME,),
    deletes: bool = True,
) -> World:
    """Up to 5 commits of each of up to ``most`` deals, each at a moment of its own."""
    ids = [f"d{number}" for number in range(draw(st.integers(0, most)))]
    found: list[Commit] = []
    moments = draw(
        st.lists(st.integers(0, HOURS), min_size=5 * len(ids), max_size=5 * len(ids), unique=True)
    )
    for deal in ids:
        last: DealState | None = None
        own = sorted(moments.pop() for _ in range(5))
        for number, at in enumerate(own[: draw(st.integers(1, 5))]):
            gone = deletes and number > 0 and draw(st.integers(0, 11)) == 0
            if gone and last is not None:
                last = None
            else:
                new = draw(states(currencies=currencies))
                keep = last is not None and draw(st.booleans())
                last = (
                    attrs.evolve(new, pipeline=last.pipeline, stage=_next(draw, last))
                    if (keep and last is not None)
                    else new
                )
            source = draw(st.sampled_from([None, "web", "fair"]))
            found.append(Commit(deal, START + timedelta(hours=at), last, source))
    found.sort(key=lambda one: one.at)
    return World(tuple(found))


def _next(draw: st.DrawFn, last: DealState) -> str:
    """A stage of the same pipeline."""
    return draw(st.sampled_from([one.key for one in MODEL.pipeline(last.pipeline).stages]))


@st.composite
def rates(draw: st.DrawFn, currencies: Sequence[str]) -> tuple[ExchangeRate, ...]:
    """Rates with the euro as base, on some days, for some of the currencies."""
    found = draw(
        st.lists(
            st.builds(
                ExchangeRate,
                id=st.uuids().map(str),
                base=st.just(HOME),
                currency=st.sampled_from([one for one in currencies if one != HOME]),
                valid_from=st.sampled_from([date(2025, 1, 1), date(2026, 2, 1), date(2026, 4, 1)]),
                rate=st.decimals("0.5", 4, places=2),
            ),
            max_size=4,
            unique_by=lambda one: (one.currency, one.valid_from),
        )
    )
    return tuple(found)


def quotas() -> st.SearchStrategy[tuple[Quota, ...]]:
    one = st.builds(
        Quota,
        id=st.uuids().map(str),
        owner_id=st.sampled_from(["u1", "u2"]),
        period_start=st.sampled_from([date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)]),
        amount=st.integers(0, 1000).map(lambda amount: Money(amount, HOME)),
    )
    return st.lists(one, max_size=4).map(tuple)
