import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters import JsonFileStore, RowRepository
from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account, Record
from crmcore.errors import OutcomeUnknownError, StorageError
from crmcore.testing import strategies
from crmcore.testing.faults import Fault, FaultyDisk
from crmcore.testing.verdict import everything, form
from crmcore.values.ids import AccountId
from tests import ROOT, SRC
from tests.adapters import MODEL

COMMIT = ("write", "sync")
REWRITING = ("create", "write", "sync", "replace", "sync_folder")


def content(repository: RowRepository) -> list[object]:
    return [form(one) for one in everything(repository, MODEL.entities)]


@given(
    data=st.data(),
    call=st.sampled_from(REWRITING),
    code=st.sampled_from([errno.ENOSPC, errno.EIO, errno.EDQUOT]),
    part=st.integers(0, 40),
)
def test_a_commit_that_fails_at_any_call_leaves_file_and_memory_as_they_were(
    data: st.DataObject, call: str, code: int, part: int
) -> None:
    """S2 No call, half a write, no sync, no replacement: StorageError, and not a trace."""
    with tempfile.TemporaryDirectory() as folder:
        path, disk = Path(folder, "x.crm.json"), FaultyDisk()
        repository = RowRepository(JsonFileStore(path, files=disk), MODEL)
        repository.commit(data.draw(strategies.change_sets((), model=MODEL)))
        there: list[Record] = everything(repository, MODEL.entities)
        before, stored = content(repository), disk.content(path)
        changes = data.draw(strategies.change_sets(there, model=MODEL).filter(bool))
        disk.fail_every(call, Fault(error=code, part=part))
        try:
            repository.commit(changes)
        except OutcomeUnknownError:
            assert call in ("sync", "sync_folder")
        except StorageError:
            assert content(repository) == before
            assert disk.content(path) == stored
            disk.fail_every(call, None)
            repository.commit(changes)
        else:
            assert stored  # a line was added, for which this is not called
            assert call not in COMMIT
        disk.fail_every(call, None)
        again = RowRepository(JsonFileStore(path, files=disk.after_kill()), MODEL)
        assert content(again) == content(repository)


KILLED = """
import os, signal, sys
from crmcore.adapters import JsonFileStore, RowRepository
from crmcore.adapters.jsonfile.files import PosixFiles
from crmcore.changes import ChangeSet, Insert, Update
from crmcore.entities import Account
from crmcore.values.ids import AccountId
import attrs

path, what, call, moment = sys.argv[1:]
files = PosixFiles()
store = JsonFileStore(path, files=files)
repository = RowRepository(store)
with repository.snapshot() as now:
    old = now.get(Account, ["a"])["a"]
inner = getattr(files, call)

def killed(*given):
    if moment == "after":
        inner(*given)
    os.kill(os.getpid(), signal.SIGKILL)

if what == "rewriting":
    store._is_large = lambda *_: True
setattr(files, call, killed)
new = Account(id=AccountId("b"), name="B")
repository.commit(ChangeSet([Update(old, attrs.evolve(old, name="new")), Insert(new)]))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("what", "call"),
    [*(("commit", call) for call in COMMIT), *(("rewriting", call) for call in REWRITING)],
)
def test_a_process_killed_in_a_commit_leaves_the_old_or_the_new(
    tmp_path: Path, what: str, call: str, moment: str
) -> None:
    """S2 SIGKILL before and after each call that a commit makes; the next one works."""
    path = tmp_path / "x.crm.json"
    repository = RowRepository(JsonFileStore(path, wait=0))
    repository.commit(ChangeSet([Insert(Account(id=AccountId("a"), name="old"))]))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), what, call, moment],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(SRC.parent), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    is_new = call == "sync_folder" or (call, moment) == ("replace", "after")
    if what == "commit":
        is_new = (call, moment) != ("write", "before")
    wanted = [("a", "new"), ("b", "B")] if is_new else [("a", "old")]
    for reader in (repository, RowRepository(JsonFileStore(path, wait=0))):
        assert [(one.id, one.name) for one in everything(reader, [Account])] == wanted  # type: ignore[attr-defined]  # accounts
    assert repository.commit(ChangeSet([Insert(Account(name="next"))])) == (3 if is_new else 2)


@given(st.data())
def test_a_file_cut_at_any_byte_is_never_read_as_another(data: st.DataObject) -> None:
    """S2 Half a file is refused; the whole one is read as it was written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.crm.json")
        repository = RowRepository(JsonFileStore(path), MODEL)
        repository.commit(data.draw(strategies.change_sets((), model=MODEL).filter(bool)))
        repository.close()
        whole = path.read_bytes()
        ends = [at + 1 for at, byte in enumerate(whole[:-1]) if byte == ord("\n")]
        end = data.draw(st.sampled_from(ends) | st.integers(0, len(whole) - 1))
        path.write_bytes(whole[:end])
        with pytest.raises(StorageError):
            JsonFileStore(path)
        assert path.read_bytes() == whole[:end]
