"""Who gets the next record: in turn, also when several commit at once."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crmcore import STANDARD_RULES, ChangeSet, ConflictError, Crm, F, Lead, MemoryRepository, User
from crmcore.crm import plans
from crmcore.entities import RuleState
from crmcore.rules.automation import AssignOwner, AutomationRule, Created, Turn
from crmcore.values.ids import UserId

USERS = ("u", "v", "w")


def crm_on(store: Any, by: Turn, users: tuple[str, ...] = USERS) -> Crm:
    return Crm(
        store,
        rules=STANDARD_RULES.with_automation(
            AutomationRule(
                name="assign",
                on=Lead,
                when=Created(),
                where=F.owner_id.is_none(),
                then=AssignOwner(users=users, by=by, load=F.status == "New"),
            )
        ),
    )


class Interrupted(MemoryRepository):
    """A store in which another program commits just before each of the next few commits."""

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Any] = []

    def commit(self, changes: ChangeSet, /) -> int:
        if self.others:
            self.others.pop(0)()
        return super().commit(changes)


@given(
    by=st.sampled_from(Turn),
    commits=st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 2), st.booleans()), min_size=1, max_size=6
    ),
)
def test_turns_are_taken_in_turn_whoever_commits_meanwhile(
    by: Turn, commits: list[tuple[int, int, bool]]
) -> None:
    """P12. Nobody is passed over and nobody is asked twice, with any number of programs at once."""
    store = Interrupted()
    crm, other = crm_on(store, by), crm_on(store, by)
    for size, rivals, as_one in commits:
        leads = [Lead(company="Acme") for _ in range(size)]
        for _ in range(rivals):
            store.others += [lambda: other.add(Lead(company="Rival")), lambda: None]
        event(f"{rivals} rivals")
        if as_one:
            crm.add_all(leads)
        else:
            for one in leads:
                crm.add(one)
        store.others.clear()
        owners = Counter[Any](one.owner_id for one in crm.find(Lead))
        assert set(owners) <= set(USERS)
        counts = [owners[one] for one in USERS]
        assert max(counts) - min(counts) <= 1
        (state,) = crm.find(RuleState)
        assert state.turns == crm.count(Lead)
    in_order = sorted(crm.find(Lead), key=lambda one: (one.version, one.id))
    if by is Turn.ROUND_ROBIN and all(size == 1 for size, _, _ in commits):
        wanted = [USERS[at % len(USERS)] for at in range(len(in_order))]
        assert [one.owner_id for one in in_order] == wanted


def test_two_decisions_cannot_take_the_same_turn() -> None:
    """P12. Of two previews that give the same turn, one is stored; the other must decide anew."""
    store = MemoryRepository()
    crm = crm_on(store, Turn.ROUND_ROBIN)
    first, second = (
        crm._do(partial(plans.add, records=[Lead(company=name)]), dry_run=True)
        for name in ("Acme", "Vega")
    )
    assert first.changes.written[0].owner_id == "u"
    crm.commit(first)
    with pytest.raises(ConflictError):
        crm.commit(second)
    assert [one.company for one in crm.find(Lead)] == ["Acme"]


@given(st.lists(st.booleans(), min_size=3, max_size=3), st.sampled_from(Turn))
def test_users_who_are_not_active_are_passed_over(active: list[bool], by: Turn) -> None:
    """P12. Leads go to active users alone; where there is none, they keep the owner they have."""
    crm = crm_on(MemoryRepository(), by)
    crm.add_all(
        [
            User(name=one, id=UserId(one), is_active=on)
            for one, on in zip(USERS, active, strict=True)
        ]
    )
    working = [one for one, on in zip(USERS, active, strict=True) if on]
    owners = [crm.add(Lead(company="Acme")).owner_id for _ in range(4)]
    assert set(owners) == (set(working) if working else {None})


def test_by_load_the_one_with_least_to_do_comes_next() -> None:
    """P12. Only records that count are counted, and those just given in the same set as well."""
    crm = crm_on(MemoryRepository(), Turn.LOAD)
    crm.add_all(
        [
            *(Lead(company="Acme", owner_id=UserId("u")) for _ in "ab"),
            *(Lead(company="Acme", owner_id=UserId("v"), status="Working") for _ in "abc"),
            Lead(company="Acme", owner_id=UserId("w")),
        ]
    )
    fresh = crm.add_all([Lead(company="Vega") for _ in "abcde"])
    assert [one.owner_id for one in fresh] == ["v", "v", "w", "u", "v"]
