"""What ``import crmcore`` brings in: the heavy and the optional come when they are used.

The names of the package come when they are used, too, so all of them are looked at as well.
"""

import subprocess
import sys

import pytest

DENIED = (
    "asyncio",
    "http",
    "hypothesis",
    "numpy",
    "pandas",
    "phonenumbers",
    "plotly",
    "pytest",
    "rapidfuzz",
    "sqlite3",
)
STEPS = {
    "import crmcore": {"crmcore"},
    "from crmcore import *": {"attrs", "crmcore"},
}


@pytest.fixture(scope="module", params=STEPS)
def imported(request: pytest.FixtureRequest) -> set[str]:
    step: str = request.param
    done = subprocess.run(
        [sys.executable, "-c", f"{step}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = {name.partition(".")[0] for name in done.stdout.split()}
    assert modules >= STEPS[step], "the list of modules is not what it should be"
    return modules


@pytest.mark.parametrize("denied", DENIED)
def test_importing_does_not_bring_in(denied: str, imported: set[str]) -> None:
    assert denied not in imported
