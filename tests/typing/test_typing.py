"""The type checkers accept what ``api.py`` shows, and refuse what it says they must."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

API = Path(__file__).parent / "api.py"
IGNORED = re.compile(r"  # type: ignore\[([\w, -]+)\]$")
SILENCED = {
    number: match[1].split(", ")
    for number, line in enumerate(API.read_text(encoding="utf-8").splitlines(), 1)
    if (match := IGNORED.search(line))
}
UNSEEN_BY_PYRIGHT = {
    number
    for number, line in enumerate(API.read_text(encoding="utf-8").splitlines(), 1)
    if line.startswith("evolve(")  # only mypy looks into what attrs.evolve is given
}


def run(*command: str) -> str:
    """What a checker says, run in the root of the project."""
    environment = os.environ | {"MYPYPATH": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def mypy(path: Path) -> str:
    pytest.importorskip("mypy")
    return run("mypy", "--strict", "--hide-error-context", "--no-error-summary", str(path))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The same file without a single ``type: ignore``."""
    path = tmp_path / "api.py"
    lines = API.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(IGNORED.sub("", line) for line in lines), encoding="utf-8")
    return path


def test_there_are_things_to_refuse() -> None:
    assert len(SILENCED) > 30


def test_mypy_accepts_what_is_right() -> None:
    """An ignore that is not needed would be an error too."""
    assert mypy(API) == ""


def test_mypy_refuses_what_is_wrong(bare: Path) -> None:
    errors = re.findall(r"^[^\n]*api\.py:(\d+): error: .*\[([\w-]+)\]$", mypy(bare), re.MULTILINE)
    found: dict[int, set[str]] = {}
    for line, code in errors:
        found.setdefault(int(line), set()).add(code)
    assert found == {line: set(codes) for line, codes in SILENCED.items()}


def test_pyright_accepts_and_refuses_the_same(bare: Path) -> None:
    pytest.importorskip("pyright")
    output = run("pyright", "--pythonpath", sys.executable, str(bare))
    lines = {int(line) for line in re.findall(r"api\.py:(\d+):\d+ - error", output)}
    assert lines == set(SILENCED) - UNSEEN_BY_PYRIGHT, output
