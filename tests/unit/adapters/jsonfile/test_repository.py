from pathlib import Path

import pytest

from crmcore.adapters import JsonFileRepository
from crmcore.adapters.jsonfile.lock import FileLock
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account
from crmcore.errors import StoreClosedError, StoreLockedError
from crmcore.model.model import STANDARD_MODEL
from crmcore.ports import Repository
from crmcore.query import F, Query
from tests.unit.codec.samples import MODEL


def test_records_are_kept_in_a_file_that_can_be_searched(tmp_path: Path) -> None:
    path = tmp_path / "sales.crm.json"
    repository: Repository = JsonFileRepository(path)
    account = Account(name="Łódź GmbH")
    assert repository.commit(ChangeSet([Insert(account)])) == 1
    repository.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if '"name":"Łódź GmbH"' in line] == lines[2:3]
    again = JsonFileRepository(path)
    with again.snapshot() as now:
        (found,) = now.find(Query.of(Account, F.name.starts_with("Łó")))
    assert found.id == account.id
    assert found.version == 1


def test_it_has_a_place_and_a_model(tmp_path: Path) -> None:
    repository = JsonFileRepository(tmp_path / "x", MODEL)
    assert repository.path == (tmp_path / "x").resolve()
    assert repository.model is MODEL
    assert JsonFileRepository(tmp_path / "x").model is STANDARD_MODEL


def test_a_closed_one_refuses_everything(tmp_path: Path) -> None:
    repository = JsonFileRepository(tmp_path / "x")
    repository.close()
    with pytest.raises(StoreClosedError), repository.snapshot():
        pass


def test_the_time_to_wait_is_given(tmp_path: Path) -> None:
    other = JsonFileRepository(tmp_path / "x", wait=0)
    with FileLock(tmp_path / "x.lock").held(0), pytest.raises(StoreLockedError):
        other.commit(ChangeSet())
