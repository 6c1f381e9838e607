from pathlib import Path

import pytest

from crmcore.adapters.jsonfile import JsonFileRepository, JsonFileStore, salvage
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account, Contact
from crmcore.errors import DamagedStoreError, StorageError
from crmcore.ports import RowChange, RowCommit
from crmcore.values import PersonName
from crmcore.values.ids import AccountId

OLD = Path(__file__).with_name("fixtures") / "format1.crm.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.json"
    repository = JsonFileRepository(path)
    accounts = [Account(id=AccountId(f"a{number}"), name=f"n{number}") for number in range(9)]
    contact = Contact(name=PersonName(family="x"), email="a@x.org", account_id=accounts[0].id)
    repository.commit(ChangeSet(Insert(one) for one in (*accounts, contact)))
    repository.commit(ChangeSet([Insert(Account(id=AccountId("z"), name="later"))]))
    repository.close()
    return path


def test_a_sound_file_is_verified(path: Path) -> None:
    assert JsonFileRepository(path).verify() == 11
    assert JsonFileStore(path.with_name("absent")).verify() == 0


def test_every_damaged_line_is_found(path: Path) -> None:
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if number == 2:  # it only says that nothing is missing; there is nothing to lose in it
            continue
        damaged = line[:12] + bytes([line[12] ^ 1]) + line[13:]
        path.write_bytes(b"".join([*lines[: number - 1], damaged, *lines[number:]]))
        with pytest.raises(DamagedStoreError, match=f"line {number}"):
            JsonFileRepository(path).verify()


def test_what_is_whole_is_saved(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"n3"', b'"N3"').replace(b'"crmcore"', b'"CRMcore"'))
    with pytest.raises(StorageError):
        JsonFileRepository(path)
    saved = salvage(path, tmp_path / "saved.json")
    assert (saved.rows, saved.seq) == (10, 2)
    assert [one.line for one in saved.lost] == [6]
    assert str(saved).startswith('10 rows saved, 1 lines lost:\n  line 6: ["account","a3",1,')
    again = JsonFileRepository(tmp_path / "saved.json")
    assert again.verify() == 10
    assert again.commit(ChangeSet()) == 2
    with pytest.raises(StorageError, match="there is something already"):
        salvage(path, tmp_path / "saved.json")
    with pytest.raises(StorageError, match="it cannot be saved"):
        salvage(tmp_path / "absent", tmp_path / "more.json")


def test_a_file_of_the_first_format_is_saved_too(tmp_path: Path) -> None:
    damaged = tmp_path / "old.json"
    damaged.write_bytes(OLD.read_bytes().replace(b"Later", b"later"))
    assert salvage(damaged, tmp_path / "new.json").rows == 4
    assert JsonFileStore(tmp_path / "new.json").verify() == 4


def test_commits_are_saved_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    store = JsonFileStore(path)
    for expect, data in ((0, {"id": "a"}), (1, {"id": "a", "n": 1}), (2, None)):
        store.commit(RowCommit([RowChange("case", "a", expect, data)]))
    store.commit(RowCommit([RowChange("case", "b", 0, {"id": "c"})]))
    path.write_bytes(path.read_bytes() + b"[1]\nrest")
    saved = salvage(path, tmp_path / "y.json")
    assert (saved.rows, saved.seq, len(saved.lost)) == (1, 4, 2)
    with JsonFileStore(tmp_path / "y.json").snapshot() as now:
        assert dict(now.get("case", ["b"])["b"].data) == {"id": "c"}
