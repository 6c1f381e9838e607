"""Totals beside a plain list of records, to see that following a change is computing afresh."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from crmcore.changes import Change, Delete, Insert, Update
from crmcore.entities import Account, Opportunity
from crmcore.fields import CustomField, Picklist
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.rules.rollup import Definition, Totals
from crmcore.rules.rule import Context
from crmcore.values import Money
from tests.properties.rollup.records import account, deal

MODEL = STANDARD_MODEL.with_custom_fields(
    Opportunity, CustomField(name="tier", type=Picklist("gold", "silver"))
)
NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)


def context(days: int = 0, model: Model = MODEL) -> Context:
    """Noon of a day, so many days after the last of March."""
    return Context(model=model, now=NOON + timedelta(days=days), new_id=str)


class Ledger:
    """Accounts and deals, the totals that follow them, and others that are computed afresh."""

    def __init__(
        self,
        definitions: Iterable[Definition],
        accounts: Iterable[Account],
        deals: Iterable[Opportunity],
        **options: Any,
    ) -> None:
        self.definitions = tuple(definitions)
        self.records: dict[str, Account | Opportunity] = {
            **{one.id: one for one in accounts},
            **{one.id: one for one in deals},
        }
        self.context = context()
        self.totals = self.afresh(**options)

    def afresh(self, **options: Any) -> Totals:
        totals = Totals(self.definitions, self.context, **options)
        records = list(self.records.values())
        totals.build(accounts=records, children=records)
        return totals

    def change(self, after: Account | Opportunity | None, id_: str = "") -> list[Change]:
        """The change to this state of a record; it is remembered."""
        before = self.records.get(id_ if after is None else after.id)
        if after is None:
            assert before is not None
            del self.records[id_]
            return [Delete(before)]
        self.records[after.id] = after
        return [Insert(after) if before is None else Update(before, after)]

    def put(self, after: Account | Opportunity) -> None:
        self.totals.apply(self.change(after))

    def remove(self, id_: str) -> None:
        self.totals.apply(self.change(None, id_))

    def wait(self, days: int) -> None:
        self.context = evolve(self.context, now=self.context.now + timedelta(days=days))
        self.totals.turn(self.context)

    def check(self) -> None:
        """Every figure is what it is when it is computed afresh."""
        other = self.afresh()
        for one in self.definitions:
            assert dict(self.totals.result(one)) == dict(other.result(one)), str(one)
            assert self.totals.result(one).unassigned == other.result(one).unassigned
            for id_ in self.totals.result(one):
                assert self.totals.value(one, id_) == other.value(one, id_)


ACCOUNTS = tuple(f"a{number}" for number in range(5))
TIERS = st.sampled_from([None, "gold", "silver"])


@st.composite
def deals(draw: st.DrawFn, id_: str | None = None) -> Opportunity:
    """A deal of one of the accounts, or of none."""
    tier = draw(TIERS)
    return deal(
        id_ or draw(st.uuids().map(str)),
        draw(st.none() | st.sampled_from(ACCOUNTS)),
        amount=draw(st.none() | st.builds(Money, st.integers(-50, 50), st.just("EUR"))),
        stage=draw(st.sampled_from(["Prospecting", "Won", "Lost"])),
        close_on=draw(st.none() | st.dates(date(2025, 1, 1), date(2025, 9, 1))),
        owner_id=draw(st.sampled_from([None, "u1", "u2"])),
        probability=draw(st.sampled_from([None, Decimal(0), Decimal(50)])),
        next_step=draw(st.sampled_from([None, "call", "wait"])),
        custom={} if tier is None else {"tier": tier},
    )


@st.composite
def trees(draw: st.DrawFn) -> tuple[Account, ...]:
    """The accounts, each below an earlier one or at the top."""
    found = [account(ACCOUNTS[0])]
    for at, one in enumerate(ACCOUNTS[1:], 1):
        found.append(account(one, draw(st.none() | st.sampled_from(ACCOUNTS[:at]))))
    return tuple(found)
