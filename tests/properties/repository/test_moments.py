from collections.abc import Iterator
from contextlib import AbstractContextManager

import attrs
import pytest
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crmcore.adapters import MemoryRepository
from crmcore.adapters.indexes import Declared
from crmcore.changes import ChangeSet, ConflictError, Insert, Update
from crmcore.entities import Account, Contact, Opportunity, Record
from crmcore.ports import Snapshot
from crmcore.query import F, Order, Query, run
from crmcore.testing import strategies
from crmcore.testing.plain import PlainStore
from crmcore.values import Money
from crmcore.values.ids import OpportunityId
from tests.adapters import MODEL, Subscription

ENTITIES = (Account, Contact, Opportunity, Subscription)
FLAGS = st.booleans()
STAGES = st.sampled_from("ab")
AMOUNTS = st.sampled_from([None, Money(9, "EUR"), Money(10, "EUR"), Money(100, "EUR")])
ORDERS: list[Declared] = [(Account, F.name), (Opportunity, F.stage), (Opportunity, F.amount)]


class Moments(RuleBasedStateMachine):
    """Snapshots kept open in any order, each compared with a copy of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryRepository(MODEL, indexes=ORDERS)
        self.plain = PlainStore()
        self.open: list[tuple[AbstractContextManager[Snapshot], Snapshot, list[Record]]] = []

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        stored = list(self.plain.records.values())
        changes = data.draw(strategies.change_sets(stored, entities=ENTITIES, model=MODEL))
        try:
            self.plain.commit(changes)
        except ConflictError:
            with pytest.raises(ConflictError):
                self.store.commit(changes)
        else:
            assert self.store.commit(changes) == self.plain.seq

    def deals(self) -> list[Opportunity]:
        return [one for one in self.plain.records.values() if isinstance(one, Opportunity)]

    @rule(stage=STAGES, amount=AMOUNTS)
    def open_deal(self, stage: str, amount: Money | None) -> None:
        """Deals with equal values, as generated ones hardly have."""
        deal = Opportunity(
            id=OpportunityId(f"o{self.plain.seq}"), name="x", stage=stage, amount=amount
        )
        self.both(ChangeSet([Insert(deal)]))

    @precondition(lambda self: self.deals())
    @rule(data=st.data(), stage=STAGES, amount=AMOUNTS)
    def edit_deal(self, data: st.DataObject, stage: str, amount: Money | None) -> None:
        """A value may stay, or come back."""
        deal = data.draw(st.sampled_from(self.deals()))
        self.both(ChangeSet([Update(deal, attrs.evolve(deal, stage=stage, amount=amount))]))

    def both(self, changes: ChangeSet) -> None:
        assert self.store.commit(changes) == self.plain.commit(changes)

    @rule(stage=STAGES, amount=AMOUNTS.filter(bool))
    def ask_about_deals(self, stage: str, amount: Money) -> None:
        with self.store.snapshot() as snapshot:
            for where in (
                F.stage == stage,
                F.stage.in_([stage, "other"]),
                F.stage >= stage,
                F.amount >= amount,
                F.amount < amount,
                (F.amount > amount) & (F.stage == stage),
            ):
                query = Query.of(Opportunity, where)
                assert list(snapshot.find(query)) == list(run(query, self.deals())), where

    @rule()
    def look(self) -> None:
        context = self.store.snapshot()
        self.open.append((context, context.__enter__(), list(self.plain.records.values())))

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.open) - 1))
        context, _, _ = self.open.pop(at)
        context.__exit__(None, None, None)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), entity=st.sampled_from(ENTITIES), ordered=st.booleans())
    def ask(self, data: st.DataObject, entity: type[Record], ordered: bool) -> None:
        _, snapshot, everything = data.draw(st.sampled_from(self.open))
        records: list[Record] = [one for one in everything if type(one) is entity]
        query: Query[Record] = data.draw(strategies.queries(entity, MODEL, records=records))
        paths = [path for one, path in ORDERS if one is entity]
        if ordered and paths:
            order = Order(data.draw(st.sampled_from(paths)), descending=data.draw(FLAGS))
            query = attrs.evolve(query, order=(order,), after=None)
            on_from = data.draw(FLAGS)
            if records and on_from:
                query = query.following(data.draw(st.sampled_from(records)))
            event("by a declared order")
        assert list(snapshot.find(query)) == list(run(query, records))

    @invariant()
    def every_moment_stays(self) -> None:
        for _, snapshot, everything in self.open:
            found: Iterator[Record] = (
                one for entity in ENTITIES for one in snapshot.find(Query.of(entity))
            )
            assert {one.ref: one for one in found} == {one.ref: one for one in everything}


def test_every_moment_stays_for_as_long_as_it_is_read() -> None:
    """S6 Snapshots left open over any commits keep their records, in every order asked for."""
    run_state_machine_as_test(Moments)


def test_indexes_answer_what_every_record_would() -> None:
    """S7 A question answered from an index has the answer of a look at all records."""
    run_state_machine_as_test(Moments)
