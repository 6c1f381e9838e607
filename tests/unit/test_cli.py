from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from crmcore.cli import main, run_demo


def tour(path: Path | None = None, seed: int = 1) -> str:
    out = io.StringIO()
    run_demo(out, path=path, seed=seed)
    return out.getvalue()


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_the_tour_fits_in_80_columns_and_tells_every_chapter(seed: int, tmp_path: Path) -> None:
    # the name of the file is the user's, and may be longer
    text = tour(tmp_path / "t.crm.json", seed)
    long = [line for line in text.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert not long
    for part in ("0 errors", "sets of duplicates", "now answers as", "Nothing is stored yet"):
        assert part in text
    assert "records are equal" in text
    assert "NO" not in text.split()


def test_the_tour_is_the_same_each_time() -> None:
    assert tour() == tour()
    assert "Save, open again" not in tour()


def test_all_that_was_saved_is_read_back(tmp_path: Path) -> None:
    text = tour(tmp_path / "t.crm.json")
    line = next(one for one in text.splitlines() if one.startswith("Opened again"))
    words = line.split()
    assert words[2] == words[4]


def test_an_existing_file_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    assert main(["demo", "--out", str(path)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_a_wrong_command_is_answered_with_the_right_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dmeo"])
    assert ended.value.code == 2
    assert "demo" in capsys.readouterr().err


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    path = tmp_path / "m.crm.json"
    done = subprocess.run(
        [sys.executable, "-m", "crmcore", "demo", "--out", str(path)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert "records are equal" in done.stdout
    assert path.is_file()
