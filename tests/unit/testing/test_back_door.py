import os
from pathlib import Path

import pytest

from crmcore.testing import FileBackDoor


class Pad:
    """What is written in a file, as text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text() if path.exists() else None


def written(path: Path, text: str, *, synced: bool, folder: bool = True) -> None:
    with path.open("a") as file:
        file.write(text)
        file.flush()
        if synced:
            os.fsync(file)
    if folder:
        place = os.open(path.parent, os.O_RDONLY)
        os.fsync(place)
        os.close(place)


@pytest.mark.parametrize(
    ("synced", "folder", "left"), [(True, True, "ab"), (False, True, "a"), (True, False, "ab")]
)
def test_what_was_not_synced_is_lost(tmp_path: Path, synced: bool, folder: bool, left: str) -> None:
    path = tmp_path / "pad"
    with FileBackDoor(Pad, lambda pad: pad.path).watching() as door:
        written(path, "a", synced=True)
        written(path, "b", synced=synced, folder=folder)
        assert door.crashed(Pad(path)).text == left
        assert door.another(Pad(path)).text == door.opener(Pad(path))().text == "ab"


def test_a_name_that_was_not_synced_is_lost(tmp_path: Path) -> None:
    with FileBackDoor(Pad, lambda pad: pad.path).watching() as door:
        written(tmp_path / "pad", "a", synced=True, folder=False)
        assert door.crashed(Pad(tmp_path / "pad")).text is None
        written(tmp_path / "pad", "b", synced=True)
        found = door.crashed(Pad(tmp_path / "pad"))
        assert found.text == door.crashed(found).text == "ab"
    assert not found.path.exists()


def test_a_crash_cuts_what_is_appended_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "pad"
    path.write_text("a")
    (tmp_path / "pad.other").write_text("same")
    with FileBackDoor(Pad, lambda pad: pad.path).watching() as door:
        states = door.interrupted(Pad(path), lambda: written(path, "bcd", synced=True))
        assert sorted(opening().text or "" for _, opening in states) == ["a", "ab", "abc", "abcd"]


def test_every_byte_and_line_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "pad"
    path.write_bytes(b"a\nb\n")
    with FileBackDoor(Pad, lambda pad: pad.path).watching() as door:
        ways = dict(door.damaged(Pad(path)))
    names = [name.removeprefix("pad: ") for name in ways]
    assert names[:3] == [
        f"a {one} at byte 0 of 4" for one in ("bit turned over", "byte lost", "byte doubled")
    ]
    assert names[-3:] == ["line 1 lost", "lines 1 and 2 swapped", "line 1 doubled"]
    assert len(names) == 4 + 3 + 3 + 3
