import ast
import re
from pathlib import Path

import pytest

from crmcore.errors import UsageError
from crmcore.testing.planted.bugs import MOST_CHANGED_LINES, Bug, all_bugs, base_source, read_bug
from tests import DOCS

BUGS = all_bugs()


@pytest.mark.parametrize("bug", BUGS, ids=lambda one: one.name)
def test_a_bug_is_small_and_fits(bug: Bug) -> None:
    assert 0 < bug.changed <= MOST_CHANGED_LINES
    source = bug.source()
    assert source != base_source(bug.file)
    ast.parse(source)


def test_there_are_many_and_no_two_are_alike() -> None:
    assert len(BUGS) >= 60
    assert len({(one.law, one.what) for one in BUGS}) == len(BUGS)
    assert {one.law for one in BUGS} == {f"S{number}" for number in range(1, 11)}


def test_the_reference_lists_every_bug() -> None:
    page = (DOCS / "reference" / "adapter-kit.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (S\d+) \| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    told = [(law, f"{base}.py", what) for law, base, what in rows]
    assert told == [(one.law, one.file, one.what) for one in BUGS]


def test_what_is_no_bug_is_refused(tmp_path: Path) -> None:
    (tmp_path / "S1_x.patch").write_text("# law: S2\n")
    with pytest.raises(UsageError, match="begins with '# law:'"):
        read_bug(tmp_path / "S1_x.patch")


def test_a_bug_that_does_not_fit_is_refused() -> None:
    bug = Bug("S1_x", "S1", "x", "plain_file.py", "+++ b/x\n@@ -1 +1 @@\n-never\n+nothing\n")
    with pytest.raises(UsageError, match="a hunk of S1_x fits at 0 places"):
        bug.source()
