"""Groups of real companies: parents as declared, banks merged one after the other."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from crmcore import STANDARD_MODEL, STANDARD_RULES, Account, Crm, F, MemoryRepository, Money, Rollup
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Opportunity, Record
from crmcore.errors import CycleError
from crmcore.rules.hierarchy import reparent
from crmcore.rules.rollup import Totals
from crmcore.rules.rule import Context
from crmcore.values.ids import new_id
from tests.examples import NOW
from tests.scenarios import oracle_ownership
from tests.scenarios.oracle_ownership import Ownership

BELOW = Rollup(name="below", child=Account, by=F.parent_id, aggregate="count")
WORTH = Rollup(name="worth", child=Opportunity, by=F.account_id, value=F.amount, aggregate="sum")
CONTEXT = Context(model=STANDARD_MODEL, now=NOW, new_id=new_id)


def account(id_: Any, parent: Any = None) -> Account:
    return Account(id=id_, name=id_, parent_id=parent)


def deal(id_: Any) -> Opportunity:
    amount = Money(oracle_ownership.worth(id_), "EUR")
    return Opportunity(id=f"deal-{id_}", name="deal", account_id=id_, amount=amount)  # type: ignore[arg-type]  # plain ids


def folder(shared_data: Path, name: str) -> Path:
    found = shared_data / name
    if not found.is_dir():
        pytest.skip(f"no real data here: shared/data has no folder {name}")
    return found


def euros(values: dict[str, int]) -> dict[str, Money]:
    return {one: Money(value, "EUR") for one, value in values.items()}


def loaded(owned: Ownership) -> Crm:
    store = MemoryRepository()
    companies = [account(one, parent) for one, parent in owned.parents.items()]
    records: list[Record] = [*companies, *map(deal, owned.parents)]
    store.commit(ChangeSet(Insert(one) for one in records))
    return Crm(store, rules=STANDARD_RULES.with_rollups(BELOW, WORTH))


def test_ultimate_parents_are_those_that_companies_declare_or_said_to_differ(
    shared_data: Path,
) -> None:
    owned, declared = oracle_ownership.gleif(folder(shared_data, "gleif"))
    crm = loaded(owned)
    assert not crm.check().errors
    assert crm.rollups("below") == owned.below
    assert crm.rollups("worth") == euros(owned.worth)
    both = [one for one in declared if owned.parents.get(one) is not None]
    equal = [one for one in both if crm.ultimate_parent(one).id == declared[one]]
    assert (len(both), len(equal)) == (1_754, 1_713)
    for one in both:
        top: str = one
        while (above := owned.parents[top]) is not None:
            top = above
        assert crm.ultimate_parent(one).id == top


def test_a_company_whose_parent_is_not_there_is_a_finding(shared_data: Path) -> None:
    owned, _ = oracle_ownership.gleif(folder(shared_data, "gleif"))
    tops = {one for one, parent in owned.parents.items() if parent is None}
    crm = Crm(MemoryRepository(), rules=STANDARD_RULES.with_rollups(BELOW))
    kept = [account(one, parent) for one, parent in owned.parents.items() if one not in tops]
    crm._repository.commit(ChangeSet(Insert(one) for one in kept))
    orphans = {one.id for one in kept if one.parent_id in tops}
    found: Any = crm.rollups("below")
    missing = [one for one in found.findings if one.code == "hierarchy.parent_missing"]
    assert {one.ref.id for one in missing if one.ref} == orphans == set(found.roots)
    for top in sorted(tops):
        crm.add(account(top))
    assert crm.rollups("below") == owned.below


def test_banks_join_their_successors_one_after_the_other(shared_data: Path) -> None:
    """Every merger is decided by the rule, and followed by the totals."""
    where = folder(shared_data, "nic")
    owned = oracle_ownership.nic(where)
    banks = {one: account(one) for one in owned.parents}
    totals = Totals((BELOW, WORTH), CONTEXT)
    totals.build(accounts=banks.values(), children=[*banks.values(), *map(deal, banks)])
    refused: list[int] = []
    for at, (child, parent) in enumerate(oracle_ownership.transformations(where)):
        above: list[Account] = []
        while (up := (above or [banks[parent]])[-1].parent_id) is not None:
            above.append(banks[up])
        try:
            decision = reparent(
                banks[child], banks[parent], context=CONTEXT, ancestors_of_parent=above
            )
        except CycleError:
            refused.append(at)
            continue
        totals.apply(decision.changes)
        banks[child] = evolve(banks[child], parent_id=parent)  # type: ignore[arg-type]  # plain ids
    assert tuple(refused) == owned.refused
    for child, parent in oracle_ownership.transformations(where)[-500:]:
        if banks[child].parent_id == parent:  # the other way round it would close a loop
            with pytest.raises(CycleError):
                reparent(
                    banks[parent],
                    banks[child],
                    context=CONTEXT,
                    ancestors_of_parent=[banks[parent]],
                )
    assert {one: bank.parent_id for one, bank in banks.items()} == owned.parents
    assert totals.result(BELOW) == owned.below
    assert totals.result(WORTH) == euros(owned.worth)
