"""The machine: after any move of anybody, every figure is the one of brute force."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crmcore import Account, Contact, Crm, MemoryRepository, PersonName
from tests.long import Chance
from tests.properties.rollup.playground import Playground

T = TypeVar("T")


class Drawn:
    """Choices by Hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def one(self, values: Sequence[T], /) -> T:
        return values[self.data.draw(st.integers(0, len(values) - 1))]


class Machine(RuleBasedStateMachine):
    """All moves, in any order, by two Crms on one store and by somebody who checks nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.ground = Playground()

    @rule(data=st.data(), kind=st.sampled_from(Playground.MOVES))
    def move(self, data: st.DataObject, kind: str) -> None:
        self.ground.move(kind, Drawn(data))

    @invariant()
    def every_figure_is_exact(self) -> None:
        self.ground.check(self.ground.crms[0])

    def teardown(self) -> None:
        for kind in self.ground.counts:
            event(kind)
        self.ground.check(self.ground.crms[1])


def test_every_figure_is_exact_after_every_change() -> None:
    """R1 oracle: at every account, for every operation, after every command by anybody."""
    run_state_machine_as_test(Machine)


def test_every_kind_of_move_has_an_effect_often_enough_to_mean_something() -> None:
    """R1 oracle: among random moves each kind comes up, and after all of them figures are exact."""
    ground = Playground()
    chance = Chance("often")
    for _ in range(1_000):
        ground.move(chance.one(Playground.MOVES), chance)
    rare = {kind for kind in Playground.MOVES if ground.counts[kind] < 5}
    assert rare <= {"delete_account", "repair", "undo_conversion", "unmerge"}
    for crm in ground.crms:
        ground.check(crm)


def test_what_was_erased_from_the_journal_is_not_missed_by_who_comes_later() -> None:
    """R1 oracle: a contact comes and is erased before the other Crm looks again."""
    store = MemoryRepository()
    one, other = Crm(store), Crm(store)
    account = one.add(Account(name="A"))
    assert other.rollup("contacts", account.id) == 0
    contact = one.add(Contact(name=PersonName(family="F"), account_id=account.id))
    one.erase(Contact, contact.id)
    one.add(Account(name="B"))
    assert other.rollup("contacts", account.id) == 1
    assert dict(other.rollups("contacts")) == dict(one.rollups("contacts"))
