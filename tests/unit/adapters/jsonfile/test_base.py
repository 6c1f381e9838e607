import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters.jsonfile import JsonFileStore
from crmcore.adapters.jsonfile.lines import sealed
from crmcore.adapters.jsonfile.places import Place
from crmcore.errors import DamagedStoreError, StorageError
from crmcore.ports import RowChange, RowCommit
from crmcore.query import F, Query
from crmcore.testing.faults import FaultyDisk

PLACES = (Place("account", ("mail",)), Place("user", ("mail",)))
LONG = "l" * 200


def written(path: Path) -> bytes:
    """A file with many rows of one kind, a few of others, and a value that 600 of them have."""
    disk = FaultyDisk()
    store = JsonFileStore(path, files=disk, indexed=PLACES)
    rows = [("account", f"a{number:03}", "same") for number in range(600)]
    rows += [("account", 'q"\\', "other"), ("user", "u", "x"), ("user", LONG, "y"), ("z", "z", "")]
    changes = [RowChange(kind, id_, 0, {"id": id_, "mail": mail}) for kind, id_, mail in rows]
    store.commit(RowCommit(changes))
    return disk.content(path) or b""


def opened(content: bytes, path: Path) -> JsonFileStore:
    disk = FaultyDisk()
    disk.put(path, content)
    return JsonFileStore(path, files=disk, indexed=PLACES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.json"


def test_everything_is_found(path: Path) -> None:
    with opened(written(path), path).snapshot() as now:
        assert len(now.get("account", [f"a{number:03}" for number in range(700)])) == 600
        assert len(list(now.find(Query("account", F.mail == "same")))) == 600
        assert len(list(now.find(Query("account", F.mail == "same", limit=7)))) == 7
        assert [one.id for one in now.find(Query("account", F.mail == "other"))] == ['q"\\']
        assert [one.id for one in now.find(Query("user"))] == [LONG, "u"]
        assert [one.id for one in now.find(Query("user", F.mail == "y"))] == [LONG]
        assert now.get("user", ["\ud800", "l", LONG + "l", "t", "v"]) == {}
        for value in ("", "a", "samf", "zz", "\ud800"):
            assert list(now.find(Query("account", F.mail == value))) == []
        assert list(now.find(Query("nothing"))) == []
        after = Query[Any]("account", after=("a597",))
        assert [one.id for one in now.find(after)] == ["a598", "a599", 'q"\\']
        assert [one.id for one in now.find(Query("user", after=("m",)))] == ["u"]


ASKED: tuple[Callable[[JsonFileStore], object], ...] = (
    lambda store: store.verify(),
    lambda store: everything(store, Query("account")),
    lambda store: everything(store, Query("user")),
    lambda store: everything(store, Query("account", F.mail == "same")),
    lambda store: everything(store, Query("account", F.mail == "nobody")),
    lambda store: one(store, "account", "a300"),
    lambda store: one(store, "account", "a3001"),
    lambda store: store.export(store.path.with_name("out")),
    lambda store: list(store.row_commits()),
)


def everything(store: JsonFileStore, query: Query[Any]) -> None:
    with store.snapshot() as now:
        for row in now.find(query):
            dict(row.data)


def one(store: JsonFileStore, kind: str, id_: str) -> None:
    with store.snapshot() as now:
        now.get(kind, [id_])


def test_lines_that_are_wrong_and_sealed_are_refused_by_verify_and_fail_only_as_told(
    path: Path,
) -> None:
    """S10 A sound checksum does not make a line what it should be."""
    content = written(path)
    lines = content.splitlines(keepends=True)
    for number in (2, 3, 302, 600, 602, 603, 605, 606, 607, 608, len(lines) - 2, len(lines) - 1):
        line = lines[number]
        start = line[:-13]
        for wrong in (
            b"[" + b"1" * (len(start) - 1),
            start.replace(b'"', b"'", 2),
            start.replace(b"[", b"{", 1),
            start[:-3] + b"00" + start[-1:],
            start[:2] + b"\xff" + start[3:],
            start[:2] + b"~" + start[3:],
            start.replace(b"1,", b"x,", 1),
            start.replace(b"},", b"x,", 1),
        ):
            if wrong == start:
                continue
            changed = b"".join([*lines[:number], sealed(wrong), *lines[number + 1 :]])
            with pytest.raises(StorageError):
                opened(changed, path).verify()
            for ask in ASKED:
                with contextlib.suppress(StorageError):
                    ask(opened(changed, path))


@pytest.mark.parametrize("number", [2, 300, 603, 606, 607, 609])
def test_a_line_that_does_not_end_is_refused(path: Path, number: int) -> None:
    content = written(path)
    lines = content.splitlines(keepends=True)
    lines[number] = lines[number][:-1] + b" "
    for ask in ASKED:
        with contextlib.suppress(StorageError):
            ask(opened(b"".join(lines), path))
    rest = b"".join(lines)[:-1].replace(b"\n", b" ").replace(b" ", b"\n", 2)
    with pytest.raises(DamagedStoreError):
        opened(content[:512] + rest[512:] + b" ", path).verify()


def test_an_index_that_names_no_row_is_refused(path: Path) -> None:
    content = written(path)
    lines = content.splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if b'"same",0,[' in line)
    start = lines[at][:-13].replace(b"[512,", b"[513,")
    changed = b"".join([*lines[:at], sealed(start), *lines[at + 1 :]])
    with pytest.raises(DamagedStoreError, match="names a place"):
        everything(opened(changed, path), Query("account", F.mail == "same"))
    start = lines[at][:-13].replace(b'"same",0', b'"same",1')
    changed = b"".join([*lines[:at], sealed(start), *lines[at + 1 :]])
    with pytest.raises(DamagedStoreError, match="do not fit each other"):
        everything(opened(changed, path), Query("account", F.mail == "same"))
