from __future__ import annotations

import pytest

from crmcore import Account, AccountContactRelation, Contact, Crm, F, Opportunity, Record
from crmcore.demo import DEMO_MODEL, NOW, demo_ids, demo_world


@pytest.mark.parametrize("seed", range(5))
def test_a_world_has_no_errors_and_what_the_tour_shows(seed: int) -> None:
    crm = Crm(model=DEMO_MODEL, clock=lambda: NOW)
    crm.add_all(demo_world(seed))
    assert not crm.check()
    consultant = crm.one(Contact, F.title == "Consultant")
    relations = crm.find(AccountContactRelation, F.contact_id == consultant.id)
    assert len({one.account_id for one in relations}) == 4
    assert {one.pipeline for one in crm.find(Opportunity)} == {"standard", "renewal"}
    assert len(crm.find_duplicates(Contact).clusters) == 3
    assert crm.descendants(crm.one(Account, F.name == "Halden Group AS").id)


def test_the_same_seed_gives_the_same_world() -> None:
    assert demo_world(3) == demo_world(3)
    assert demo_world(3) != demo_world(4)


def test_each_record_refers_only_to_earlier_ones() -> None:
    crm = Crm(model=DEMO_MODEL, clock=lambda: NOW)
    stored: list[Record] = [crm.add(record) for record in demo_world(1)]
    assert len(stored) == len(demo_world(1))


def test_ids_are_counted() -> None:
    new = demo_ids()
    assert [new(), new()] == ["new-0001", "new-0002"]
