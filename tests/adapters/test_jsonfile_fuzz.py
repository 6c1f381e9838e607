"""Whatever is done to the file, it is read right or refused with an error that says where."""

import atexit
import json
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.adapters.jsonfile import History
from crmcore.errors import StorageError
from crmcore.testing.faults import FaultyDisk
from tests.adapters.disk import KINDS, State, commits, found, store_on

FOLDER = tempfile.TemporaryDirectory()
atexit.register(FOLDER.cleanup)
PATH = Path(FOLDER.name, "x.json")  # the file is in memory only, but its lock is not


def made(count: int, *, compacted: int, is_closed: bool) -> tuple[bytes, list[State]]:
    disk, states = FaultyDisk(), [State()]
    store = store_on(disk, PATH)
    for commit, state in commits(Random(3), count):
        store.commit(commit)
        states.append(state)
        if len(states) - 1 == compacted:
            store.compact()
    if is_closed:
        with store._writing():  # marked as whole, but not rewritten, so that there is a tail
            found_ = store._found
            assert found_ is not None
            store._mark(found_)
    return disk.content(PATH) or b"", states


CLOSED, STATES = made(9, compacted=6, is_closed=True)
CRASHED, _ = made(9, compacted=6, is_closed=False)


def told(content: bytes) -> tuple[int, State] | None:
    """What a store says that has this file; ``None`` where it says that it is damaged."""
    disk = FaultyDisk()
    disk.put(PATH, content)
    try:
        store = store_on(disk, PATH)
        said = found(store)
        for kind in KINDS:
            for number in range(12):
                with store.snapshot() as now:
                    row = now.get(kind, [f"é{number}"])
                    wanted = said[1].get((kind, f"é{number}"))
                    assert (None if not row else dict(row[f"é{number}"].data)) == (
                        None if wanted is None else wanted[1]
                    )
    except StorageError as error:
        if "x.json" not in str(error):
            raise
        return None
    return said


def get_told(content: bytes) -> None:
    """Each row is asked for alone, in a store that has read nothing else."""
    disk = FaultyDisk()
    disk.put(PATH, content)
    for kind in KINDS:
        for number in range(12):
            id_ = f"é{number}"
            try:
                with store_on(disk, PATH).snapshot() as now:
                    row = now.get(kind, [id_])
                    got = (row[id_].version, dict(row[id_].data)) if row else None
            except StorageError:
                continue
            assert got == STATES[-1].get((kind, id_)), (kind, id_)


def test_it_is_read_right() -> None:
    """S7 What is looked up by an index is what a search finds."""
    assert told(CLOSED) == (9, STATES[9])
    assert told(CRASHED) == (9, STATES[9])
    get_told(CLOSED)


@pytest.mark.parametrize("content", [CLOSED, CRASHED], ids=["closed", "crashed"])
def test_no_flipped_bit_changes_what_is_read(content: bytes) -> None:
    """S10 A bit of every byte of the file (in long runs all); in a tail that nobody closed, too."""
    is_long = settings().max_examples >= 1_000
    bits = [
        8 * at + bit for at in range(len(content)) for bit in (range(8) if is_long else [at % 8])
    ]
    refused = 0
    for bit in bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        said = told(bytes(flipped))
        refused += said is None
        assert said in (None, (9, STATES[9])), f"bit {bit % 8} of byte {bit // 8}"
    assert refused > len(bits) // 2


def test_no_flipped_bit_hides_a_row() -> None:
    """S10 A damaged key is never taken for a row that is not there."""
    for place in range(0, len(CLOSED), 7):
        flipped = bytearray(CLOSED)
        flipped[place] ^= 1 << Random(place).randrange(8)
        get_told(bytes(flipped))


def test_a_file_cut_anywhere_is_refused_or_an_earlier_moment() -> None:
    """S10 After a crash the end may be missing; a file that was closed is whole or refused."""
    for end in range(len(CLOSED)):
        assert told(CLOSED[:end]) is None, end
    for end in range(len(CRASHED)):
        said = told(CRASHED[:end])
        assert said is None or said == (said[0], STATES[said[0]]), end


LINES = CLOSED.splitlines(keepends=True)


def shuffled(what: str, one: int, other: int) -> bytes:
    lines = list(LINES)
    if what == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    elif what == "double":
        lines.insert(other, lines[one])
    elif what == "move":
        lines.insert(other, lines.pop(one))
    else:
        del lines[one]
    return b"".join(lines)


@pytest.mark.parametrize("what", ["swap", "double", "drop", "move"])
@pytest.mark.parametrize("one", range(len(LINES)))
def test_lines_that_are_moved_doubled_or_missing_are_noticed(what: str, one: int) -> None:
    """S10 Each line is sound, and the file is not."""
    for other in range(len(LINES)) if what != "drop" else [0]:
        content = shuffled(what, one, other)
        assert told(content) in (None, (9, STATES[9])), other
        get_told(content)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps) | st.text())
def test_a_file_of_others_is_refused(text: str) -> None:
    """S10 Foreign JSON, and anything else."""
    assert told(text.encode(errors="replace")) is None
    assert told(CLOSED[:512] + text.encode(errors="replace")) is None


@given(st.data())
def test_bytes_put_anywhere_never_change_what_is_read(data: st.DataObject) -> None:
    """S10 A piece of the file is overwritten with another piece, or with anything."""
    start = data.draw(st.integers(0, len(CLOSED) - 1))
    piece = data.draw(st.binary(min_size=1, max_size=40))
    content = (CLOSED[:start] + piece + CLOSED[start + len(piece) :])[: len(CLOSED)]
    assert told(content) in (None, (9, STATES[9]))
    get_told(content)


def test_dropping_the_history_leaves_the_same_rows() -> None:
    disk = FaultyDisk()
    disk.put(PATH, CLOSED)
    store = store_on(disk, PATH)
    store.compact(history=History.DROP)
    assert found(store) == (9, STATES[9])
    assert list(store.row_commits(9)) == []
