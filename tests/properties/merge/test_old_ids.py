import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Crm
from crmcore.changes import ConflictError, differences
from crmcore.entities import Contact, Lead, MergeReceipt
from crmcore.errors import NotFoundError
from crmcore.findings import ValidationError
from crmcore.model.model import STANDARD_MODEL
from crmcore.model.policies import OldIds
from crmcore.rules.capture import Outcome
from crmcore.rules.identity import survivor_of, survivors_of
from crmcore.values import PersonName, Ref
from tests.properties.merge.worlds import made

POLICIES = st.sampled_from(OldIds)
COUNT = 5


def filled(policy: OldIds) -> Crm:
    """Leads, each with an id elsewhere under the same system."""
    crm = Crm(model=STANDARD_MODEL.with_policies(old_ids=policy))
    crm.add_all(
        made(
            Lead,
            id=f"l{at}",
            name=PersonName(family=f"Family{at}"),
            company=f"Company {at}",
            external_ids={"sap": f"x{at}"},
        )
        for at in range(COUNT)
    )
    return crm


def some_merges(crm: Crm, data: st.DataObject) -> list[str]:
    """One to three merges, of what is left of the leads."""
    found: list[str] = []
    for _ in range(data.draw(st.integers(1, 3))):
        ids = [one.id for one in crm.find(Lead)]
        first, second = data.draw(st.permutations(ids))[:2]
        found.append(crm.merge(Ref("lead", first), Ref("lead", second)).id)
    return found


def merged_away(crm: Crm) -> list[str]:
    there = {one.id for one in crm.find(Lead)}
    return [f"l{at}" for at in range(COUNT) if f"l{at}" not in there]


def stored(crm: Crm) -> dict[str, Any]:
    return {one.id: one for one in crm.find(Lead)}


@given(POLICIES, st.data())
def test_a_write_to_an_old_id_reaches_the_survivor_or_is_told(
    policy: OldIds, data: st.DataObject
) -> None:
    """M2 by policy, over any number of merges; only what it changes is changed there."""
    crm = filled(policy)
    before = stored(crm)
    some_merges(crm, data)
    id_ = data.draw(st.sampled_from(merged_away(crm)))
    survivor = crm.resolve(Ref("lead", id_))
    now = stored(crm)
    said = evolve(before[id_], rating="Hot")
    if policy is OldIds.REFUSE:
        with pytest.raises(NotFoundError) as caught:
            crm.save(said)
        assert str(survivor) in caught.value.hint
        assert stored(crm) == now
        return
    if before[id_].version != merged_version(crm, id_):
        with pytest.raises(ConflictError):
            crm.save(said)
        said = evolve(merged_image(crm, id_), rating="Hot")
    saved = crm.save(said)
    assert saved.ref == survivor
    after = stored(crm)
    assert after[survivor.id] == saved
    changed = {path for path, _, _ in differences(now[survivor.id], saved)}
    assert changed == ({"rating"} if now[survivor.id].rating != "Hot" else set())
    assert {id_: one for id_, one in after.items() if id_ != survivor.id} == {
        id_: one for id_, one in now.items() if id_ != survivor.id
    }


def merged_image(crm: Crm, id_: str) -> Lead:
    """The record as it was when it was merged."""
    images = [one for row in crm.find(MergeReceipt) for one in row.merged if one.ref.id == id_]
    assert isinstance(images[-1], Lead)
    return images[-1]


def merged_version(crm: Crm, id_: str) -> int:
    return merged_image(crm, id_).version


@given(POLICIES, st.data())
def test_an_old_id_is_not_given_to_another_record(policy: OldIds, data: st.DataObject) -> None:
    """M2 whatever the policy: who adds a record under an old id is told of the survivor."""
    crm = filled(policy)
    some_merges(crm, data)
    id_ = data.draw(st.sampled_from(merged_away(crm)))
    others = [made(Lead, company="New") for _ in range(data.draw(st.sampled_from([0, 40])))]
    with pytest.raises(ValidationError) as caught:
        crm.add_all([*others, made(Lead, id=id_, company="New")])
    assert [one.code for one in caught.value.findings.errors] == ["id.merged"]
    assert str(crm.resolve(Ref("lead", id_))) in str(caught.value)


@given(POLICIES, st.data())
def test_deleting_by_an_old_id_reaches_the_survivor_or_is_told(
    policy: OldIds, data: st.DataObject
) -> None:
    """M2 by policy."""
    crm = filled(policy)
    some_merges(crm, data)
    id_ = data.draw(st.sampled_from(merged_away(crm)))
    survivor = crm.resolve(Ref("lead", id_))
    now = stored(crm)
    if policy is OldIds.REFUSE:
        with pytest.raises(NotFoundError) as caught:
            crm.delete(Lead, id_)
        assert str(survivor) in caught.value.hint
        assert stored(crm) == now
    else:
        crm.delete(Lead, id_)
        assert stored(crm).keys() == now.keys() - {survivor.id}


def imported(crm: Crm, rows: list[dict[str, str]]) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return crm.import_csv(path, columns={name: name for name in rows[0]})


@given(POLICIES, st.data())
def test_an_import_by_an_old_id_reaches_the_survivor_or_is_told(
    policy: OldIds, data: st.DataObject
) -> None:
    """M2 L1 nobody is made a second time under an id that was merged away."""
    crm = filled(policy)
    some_merges(crm, data)
    id_ = data.draw(st.sampled_from(merged_away(crm)))
    survivor = crm.resolve(Ref("lead", id_))
    now = stored(crm)
    row = imported(crm, [{"id": id_, "rating": "Hot", "company": "Other"}]).rows[0]
    if policy is OldIds.REFUSE:
        assert row.outcome is Outcome.REJECTED
        assert str(survivor) in row.why
        assert stored(crm) == now
    else:
        assert row.ref == survivor
        assert stored(crm).keys() == now.keys()
        assert crm.get(Lead, survivor.id).rating == "Hot"


@given(POLICIES, st.data())
def test_an_id_elsewhere_finds_the_survivor_and_after_an_unmerge_the_record_again(
    policy: OldIds, data: st.DataObject
) -> None:
    """M2 also where the survivor has another id in the same system."""
    crm = filled(policy)
    merges = some_merges(crm, data)
    undone = data.draw(st.lists(st.sampled_from(merges), unique=True))
    for id_ in undone:
        crm.unmerge(id_)
    rows = [{"external_ids.sap": f"x{at}", "rating": "Hot"} for at in range(COUNT)]
    outcome = imported(crm, rows)
    assert [one.ref for one in outcome.rows] == [
        crm.resolve(Ref("lead", f"l{at}")) for at in range(COUNT)
    ]
    assert crm.count(Lead) == COUNT - len(merges) + len(undone)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8))
def test_all_old_ids_at_once_resolve_as_one_by_one(pairs: list[tuple[int, int]]) -> None:
    """M2 also where damaged receipts lead in a circle."""
    refs = [Ref[Any]("contact", f"c{index}") for index in range(6)]
    receipts = [made(MergeReceipt, survivor=refs[new], losers=(refs[old],)) for old, new in pairs]
    found = survivors_of(receipts)
    assert found.keys() == {refs[old] for old, _ in pairs}
    for ref, survivor in found.items():
        assert survivor == survivor_of(ref, receipts)


def test_a_transaction_writes_by_an_old_id_as_well() -> None:
    """M2 what is saved by an old id is read back as the survivor."""
    crm = filled(OldIds.FOLLOW)
    old = crm.get(Lead, "l1")
    with crm.transaction() as tx:
        tx.merge(Ref("lead", "l0"), Ref("lead", "l1"))
        assert tx.save(evolve(old, rating="Hot")).id == "l0"
    assert crm.get(Lead, "l1").rating == "Hot"
    with pytest.raises(NotFoundError):
        crm.save(made(Contact, name=PersonName(family="N")))
