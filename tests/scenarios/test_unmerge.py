"""People with known duplicates: found, merged, and taken apart again in random order."""

import random
from pathlib import Path
from typing import Any

import pytest

from crmcore import Crm
from crmcore.adapters import MemoryRepository
from crmcore.changes import differences
from crmcore.entities import LEDGER, Activity, Contact, Record
from crmcore.query import Query
from crmcore.values import Ref
from tests.scenarios.test_duplicates import employers, person, rows


def everything(crm: Crm, store: MemoryRepository) -> dict[Ref[Any], Record]:
    with store.snapshot() as snapshot:
        kinds = [kind for kind in crm.model.kinds if kind not in LEDGER]
        return {row.ref: row for kind in kinds for row in snapshot.find(Query[Any](kind))}


@pytest.mark.parametrize("name", ["fake_1000"])
def test_people_found_merged_and_unmerged_in_random_order_are_as_before(
    shared_data: Path, name: str
) -> None:
    folder = shared_data / "dedupe" / name
    if not folder.is_dir():
        pytest.skip(f"no real data here: shared/data has no dedupe/{name}")
    table = rows(folder / "records.csv")
    contacts = [one for one in map(person, table) if one.name.family or one.name.given]
    calls = [Activity(subject="Call", who=one.ref) for one in contacts]
    store = MemoryRepository()
    crm = Crm(store)
    crm.add_all([*employers(table), *contacts, *calls])
    before = everything(crm, store)
    found = crm.find_duplicates(Contact)
    done = crm.merge_all(found, threshold=0.8)
    losers = sum(len(one.receipt.losers) for one in done.merges)
    assert len(done.merges) > 50
    assert crm.count(Contact) == len(contacts) - losers
    assert all(one.who in before for one in crm.find(Activity))
    assert not crm.check().errors
    ids = [one.id for one in done.merges]
    random.Random(7).shuffle(ids)
    for id_ in ids:
        assert crm.unmerge(id_).receipt.stayed == ()
    after = everything(crm, store)
    assert after.keys() == before.keys()
    assert [ref for ref in before if differences(before[ref], after[ref])] == []
