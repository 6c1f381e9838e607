"""``python -m tests.planted [LAW ...] [-j N]``: plant each bug in a copy and see its test fail."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT
from tests.planted import Patch, PatchError, apply_patch, patch_files, read_patch

COPIED = ("src", "tests", "docs", "pyproject.toml", "README.md")
CAUGHT = "caught"
NOT_CAUGHT = "NOT CAUGHT"

# A test that fails for one of these says nothing about the law: the patch or the test is broken.
NO_VERDICT = re.compile(
    r"(ImportError|ModuleNotFoundError|SyntaxError|IndentationError|NameError"
    r"|hypothesis\.errors\.(FailedHealthCheck|InvalidArgument|Unsatisfiable))\b"
)

# Refuses to run anything but the copy, however crmcore is installed.
RUN_PYTEST = """
import importlib.util, pathlib, sys
import pytest
origin = pathlib.Path(importlib.util.find_spec("crmcore").origin).resolve()
if not origin.is_relative_to(pathlib.Path.cwd().resolve()):
    sys.exit(f"crmcore comes from {origin}, not from the copy")
sys.exit(pytest.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Run:
    """One run of pytest: the tests that passed, the failures by their message, all it said."""

    status: int | None
    passed: int
    failures: tuple[str, ...]
    errors: tuple[str, ...]
    said: str


def copy_to(folder: Path, changed: dict[str, str]) -> None:
    """Copy what tests need into a new folder, with these files changed."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, folder / name)
    for path, text in changed.items():
        (folder / path).write_text(text, encoding="utf-8")


def run_tests(
    tests: Sequence[str], folder: Path, *, timeout: float, stop: bool, profile: str = "planted"
) -> Run:
    """Run these tests of a copy in a process of its own."""
    report = folder / f"report-{abs(hash(tuple(tests)))}.xml"
    options = ["-q", "-p", "no:cacheprovider", f"--hypothesis-profile={profile}", *(["-x"] * stop)]
    path = [str(folder / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-c", RUN_PYTEST, *options, f"--junitxml={report}", *tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Run(None, 0, (), (f"still running after {timeout:.0f} s",), "")
    said = done.stdout + done.stderr
    if not report.exists():
        return Run(done.returncode, 0, (), ("pytest did not run",), said)
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest has just written it
    return Run(
        done.returncode,
        sum(len(case.findall("*")) == len(case.findall("properties")) for case in cases),
        tuple(found.get("message", "") for case in cases for found in case.findall("failure")),
        tuple(found.get("message", "") for case in cases for found in case.findall("error")),
        said,
    )


def healthy(tests: Sequence[str], folder: Path, *, timeout: float) -> str:
    """Nothing if these tests pass as they are, else what went wrong.

    A few examples do: the suite itself tries them with more.
    """
    run = run_tests(tests, folder, timeout=timeout, stop=False, profile="quick")
    return "" if run.status == 0 and run.passed >= len(tests) else run.said or str(run.errors)


def verdict(run: Run) -> str:
    """Whether a run on a planted bug caught it."""
    wrong = [message for message in run.failures if NO_VERDICT.match(message)]
    if run.status == 1 and run.failures and not wrong and not run.errors:
        return CAUGHT
    if run.status == 0:
        return f"{NOT_CAUGHT}: the test passes" if run.passed else f"{NOT_CAUGHT}: nothing was run"
    why = (*run.errors, *wrong, run.said.strip()[-300:])[0]
    return f"{NOT_CAUGHT}: no verdict, {why.splitlines()[0] if why else 'pytest failed'}"


def plant(patch: Patch, folder: Path, *, timeout: float) -> str:
    """The verdict on one planted bug."""
    try:
        changed = apply_patch(patch, ROOT)
    except PatchError as error:
        return f"{NOT_CAUGHT}: {error}"
    copy_to(folder, changed)
    try:
        return verdict(run_tests([patch.test], folder, timeout=timeout, stop=True))
    finally:
        shutil.rmtree(folder)


def slices(tests: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    """The tests dealt out to at most this many runs."""
    return (tests[start::count] for start in range(min(count, len(tests))))


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("laws", metavar="LAW", nargs="*", help="a law or the name of a patch")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=float, default=900, help="seconds for one run")
    return parser.parse_args()


def main() -> int:
    """Print a line for each planted bug; 0 if each is caught by a test that passes without it."""
    chosen = options()
    patches = [read_patch(path) for path in patch_files()]
    known = {name for patch in patches for name in (patch.law, patch.name)}
    if unknown := sorted(set(chosen.laws) - known):
        sys.exit(f"no planted bug for {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    if chosen.laws:
        patches = [patch for patch in patches if {patch.law, patch.name} & set(chosen.laws)]
    if not patches:
        sys.exit("there are no planted bugs")
    with (
        tempfile.TemporaryDirectory(prefix="planted-") as temporary,
        ThreadPoolExecutor(chosen.jobs) as pool,
    ):
        folder = Path(temporary).resolve()
        copy_to(folder / "as-it-is", {})
        tests = sorted({patch.test for patch in patches})
        for trouble in pool.map(
            lambda some: healthy(some, folder / "as-it-is", timeout=chosen.timeout),
            slices(tests, 4 * chosen.jobs),
        ):
            if trouble:
                sys.exit(f"without any planted bug, not every test passes:\n{trouble}")
        print(f"{len(tests)} tests pass on src as it is.")
        width = max(len(patch.name) for patch in patches)
        missed = 0
        for patch, said in zip(
            patches,
            pool.map(
                lambda patch: plant(patch, folder / patch.name, timeout=chosen.timeout), patches
            ),
            strict=True,
        ):
            print(f"{patch.law:4} {patch.name:{width}}  {said}", flush=True)
            missed += said != CAUGHT
    print(f"{len(patches) - missed} of {len(patches)} planted bugs caught.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
