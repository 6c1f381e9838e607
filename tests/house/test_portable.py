"""What is in the repository works on every machine: no paths, hosts or settings of one of them."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests import ROOT, SRC

FOLDERS = "home|mnt|opt|private|root|tmp|usr/local|work|Users"
MACHINE_PATH = re.compile(rf"(?<![\w.$}})~-])/(?:{FOLDERS})(?![\w.-])|(?<!\w)[A-Z]:\\\w")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|anaconda\.org|(?:index-url|find-links)\b"
)
ENVIRONMENT = re.compile(r"\b(?:environb?|getenvb?|putenv)\b")


@cache
def files() -> tuple[Path, ...]:
    """What git tracks or would track, but for this file, which has to name what it looks for."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files belong to the project")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in found if path.is_file() and path != Path(__file__).resolve())


def hits(pattern: re.Pattern[str], paths: tuple[Path, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if pattern.search(line)
    ]


def test_no_path_of_one_machine() -> None:
    assert not hits(MACHINE_PATH, files())


def test_no_package_registry() -> None:
    assert not hits(REGISTRY, files())


def test_the_library_reads_no_environment_variables() -> None:
    assert not hits(ENVIRONMENT, tuple(SRC.rglob("*.py")))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("open('/home/ada/crm.json')", True),
        ("cd /work && ls", True),
        ("/tmp/crm.json", True),
        (r"C:\crm", True),
        ("https://example.com/home/x", False),
        ("src/work/x", False),
        ("${BASE}/tmp/x", False),
        ("/workshop", False),
        ("read/write", False),
    ],
)
def test_paths_of_one_machine_are_told_from_others(line: str, *, found: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is found
