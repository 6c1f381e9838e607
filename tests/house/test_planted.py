"""The planted bugs are in order and stand for every law; ``python -m tests.planted`` runs them."""

import ast
import re
from pathlib import Path

import pytest

from tests import ROOT, TESTS
from tests.planted import (
    LAWS,
    MOST_CHANGED_LINES,
    PatchError,
    apply_patch,
    claimed_laws,
    find_test,
    patch_files,
    read_patch,
)
from tests.planted.__main__ import CAUGHT, NOT_CAUGHT, Run, verdict

PATCHES = patch_files()
CLAIMED = claimed_laws()
NUMBERS = re.compile(r"[A-Z]\d+(?:,? (?:and |to )?[A-Z]\d+)*\b")


def name(path: Path) -> str:
    return path.stem


def proven_laws(docstring: str | None) -> set[str]:
    """The laws that a docstring starts with: ``C4.``, ``X2, X3:`` or ``K1 and K2 ...``."""
    numbers = NUMBERS.match(docstring or "")
    return set(re.findall(r"[A-Z]\d+", numbers[0])) if numbers else set()


@pytest.mark.parametrize("path", PATCHES, ids=name)
def test_a_planted_bug_is_small_and_fits(path: Path) -> None:
    patch = read_patch(path)
    assert patch.changed <= MOST_CHANGED_LINES
    for changed, text in apply_patch(patch, ROOT).items():
        assert text != (ROOT / changed).read_text(encoding="utf-8")
        ast.parse(text)


@pytest.mark.parametrize("path", PATCHES, ids=name)
def test_a_planted_bug_names_a_test_of_its_law(path: Path) -> None:
    patch = read_patch(path)
    assert find_test(patch.test) is not None, f"there is no {patch.test}"
    assert patch.test in CLAIMED.get(patch.law, ()), f"{LAWS.name} has another test for {patch.law}"


def test_every_claimed_law_has_a_planted_bug_and_the_other_way_round() -> None:
    planted = {read_patch(path).law for path in PATCHES}
    assert CLAIMED.keys() - planted == set()
    assert planted - CLAIMED.keys() == set()


def test_every_row_of_the_table_of_laws_is_understood() -> None:
    rows = re.findall(r"^\|(?! *law *\||-).*$", LAWS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(CLAIMED)


@pytest.mark.parametrize("law", CLAIMED)
def test_a_claimed_law_has_tests_that_say_so(law: str) -> None:
    assert CLAIMED[law]
    for test in CLAIMED[law]:
        found = find_test(test)
        assert found is not None, f"there is no {test}"
        assert law in proven_laws(ast.get_docstring(found)), f"{test} does not name {law} first"


def test_every_property_test_starts_with_its_law() -> None:
    nameless = [
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in sorted((TESTS / "properties").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not proven_laws(ast.get_docstring(node))
    ]
    assert not nameless, f"their docstrings do not start with a law: {nameless}"


PATCH = """\
# law: C4
# test: tests/a.py::test_a
# what: two is three
--- a/src/crmcore/a.py
+++ b/src/crmcore/a.py
@@ -1,2 +1,2 @@
 one = 1
-two = 2
+two = 3
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src" / "crmcore").mkdir(parents=True)
    (tmp_path / "src" / "crmcore" / "a.py").write_text("zero = 0\none = 1\ntwo = 2\n")
    return tmp_path


def written(tree: Path, text: str, name: str = "C4_two.patch") -> Path:
    path = tree / name
    path.write_text(text)
    return path


def test_a_patch_is_applied_where_its_old_lines_are(tree: Path) -> None:
    patch = read_patch(written(tree, PATCH))
    assert (patch.law, patch.test, patch.changed) == ("C4", "tests/a.py::test_a", 2)
    assert apply_patch(patch, tree) == {"src/crmcore/a.py": "zero = 0\none = 1\ntwo = 3\n"}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("-two = 2", "-two = 4", "fits src/crmcore/a.py at 0 places"),
        ("src/crmcore/a.py", "src/crmcore/b.py", "there is no src/crmcore/b.py"),
        ("src/crmcore/a.py", "tests/a.py", "src/crmcore only"),
        ("# what: two is three\n", "", "must begin with"),
        ("# law: C4", "# law: C5", "different laws"),
        ("@@ -1,2 +1,2 @@\n one = 1\n-two = 2\n+two = 3\n", "", "changes nothing"),
        (" one = 1", "one = 1", "not a line of a unified diff"),
    ],
)
def test_what_is_no_patch_is_refused(tree: Path, old: str, new: str, why: str) -> None:
    with pytest.raises(PatchError, match=re.escape(why)):
        apply_patch(read_patch(written(tree, PATCH.replace(old, new))), tree)


def test_a_patch_that_fits_at_two_places_is_refused(tree: Path) -> None:
    (tree / "src" / "crmcore" / "a.py").write_text("one = 1\ntwo = 2\none = 1\ntwo = 2\n")
    with pytest.raises(PatchError, match="at 2 places"):
        apply_patch(read_patch(written(tree, PATCH)), tree)


@pytest.mark.parametrize(
    ("run", "caught"),
    [
        (Run(1, 0, ("AssertionError: assert 3 == 2",), (), ""), True),
        (Run(1, 1, ("Failed: DID NOT RAISE",), (), ""), True),
        (Run(0, 1, (), (), ""), False),
        (Run(0, 0, (), (), "1 skipped"), False),
        (Run(2, 0, (), ("collection failure",), ""), False),
        (Run(1, 0, ("ImportError: no such name",), (), ""), False),
        (Run(1, 0, ("NameError: name 'x' is not defined",), (), ""), False),
        (Run(1, 0, ("hypothesis.errors.FailedHealthCheck: slow",), (), ""), False),
        (Run(1, 0, ("AssertionError",), ("failed on teardown",), ""), False),
        (Run(None, 0, (), ("still running after 300 s",), ""), False),
        (Run(4, 0, (), (), "ERROR: not found"), False),
    ],
)
def test_only_a_failure_about_the_law_counts_as_caught(run: Run, *, caught: bool) -> None:
    said = verdict(run)
    assert (said == CAUGHT) is caught
    assert caught or said.startswith(NOT_CAUGHT)
