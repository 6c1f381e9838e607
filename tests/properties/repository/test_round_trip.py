import tempfile
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters import JsonFileRepository, MemoryRowStore, RowRepository
from crmcore.changes import ChangeSet, Insert, Update
from crmcore.codec import Codec, EncodeError
from crmcore.codec.text import read_text_of, write_text_of
from crmcore.entities import Record, kind_of
from crmcore.ports import Row, RowChange, RowCommit
from crmcore.testing import strategies
from crmcore.testing.verdict import everything, form
from tests.adapters import MODEL

CODEC = Codec(MODEL)


@pytest.mark.parametrize("entity", MODEL.entities, ids=kind_of)
@given(data=st.data())
def test_every_record_comes_back_from_the_text_of_its_row(
    entity: type[Record], data: st.DataObject
) -> None:
    """S1 Of every entity, a user's own included, with every value that its fields may have."""
    record = attrs.evolve(data.draw(strategies.records(entity, MODEL)), version=7)
    row = CODEC.row(record)
    stored = read_text_of(write_text_of(row.data))
    assert stored == row.data
    again = CODEC.record(Row(row.kind, row.id, row.version, stored))
    assert form(again) == form(record)
    assert CODEC.row(again) == row


@given(st.data(), st.integers(0, 9))
def test_a_stored_record_is_the_one_given_but_for_its_version(
    data: st.DataObject, seq: int
) -> None:
    """S1 It is copied field by field, which gives what the constructor would."""
    entity = data.draw(st.sampled_from(MODEL.entities))
    record = data.draw(strategies.records(entity, MODEL))
    (stored,) = ChangeSet([Insert(record)]).as_stored(seq).written
    assert form(stored) == form(attrs.evolve(record, version=seq))
    assert hash(stored) == hash(attrs.evolve(record, version=seq))
    assert (stored is record) is False


@given(st.data())
def test_what_was_committed_is_read_back_after_reopening(data: st.DataObject) -> None:
    """S1 From the file, by the same handle and by a new one, after each of several commits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.crm.json")
        repository = JsonFileRepository(path, MODEL)
        there: dict[object, Record] = {}
        for _ in range(2):
            changes = data.draw(strategies.change_sets(tuple(there.values()), model=MODEL))
            after = changes.as_stored(repository.commit(changes))
            for one in after:
                there.pop(one.ref, None)
            there |= {one.ref: one for one in after.written}
            wanted = [form(there[ref]) for ref in sorted(there, key=str)]
            for reader in (repository, JsonFileRepository(path, MODEL)):
                found = sorted(everything(reader, MODEL.entities), key=lambda one: str(one.ref))
                assert [form(one) for one in found] == wanted


@given(st.data(), st.dictionaries(strategies.texts(max_size=9), st.integers(), max_size=3))
def test_what_a_newer_version_stored_is_kept(data: st.DataObject, later: dict[str, int]) -> None:
    """S1 Keys of a row that no field of today has are there after an update."""
    entity = data.draw(st.sampled_from(MODEL.entities))
    one, other = (data.draw(strategies.records(entity, MODEL)) for _ in range(2))
    row = CODEC.row(one)
    known = {field.name for field in MODEL.schema(entity).standard}
    unknown = {key: value for key, value in later.items() if key not in known}
    store = MemoryRowStore()
    store.commit(RowCommit([RowChange(row.kind, row.id, 0, {**row.data, **unknown})]))
    repository = RowRepository(store, MODEL)
    (before,) = everything(repository, [entity])
    assert form(before) == form(attrs.evolve(one, version=1))
    after = attrs.evolve(other, id=one.id)
    repository.commit(ChangeSet([Update(before, after)]))
    with store.snapshot() as now:
        assert now.get(row.kind, [row.id])[row.id].data == {**CODEC.row(after).data, **unknown}


@given(st.data())
def test_a_refused_value_stores_nothing(data: st.DataObject) -> None:
    """S1 What cannot be read back is not stored either: a float, whatever comes with it."""
    good = data.draw(
        st.sampled_from(MODEL.entities).flatmap(lambda e: strategies.records(e, MODEL))
    )
    bad = attrs.evolve(good, id=f"{good.id}+", custom={"x": (1, {"y": 0.5})})
    repository = RowRepository(MemoryRowStore(), MODEL)
    with pytest.raises(EncodeError, match=r"custom\.x\[1\]\.y cannot be written"):
        repository.commit(ChangeSet([Insert(good), Insert(bad)]))
    assert everything(repository, MODEL.entities) == []
