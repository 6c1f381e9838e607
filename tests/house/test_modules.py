"""The size and the place of modules: small files, short functions, tests where one looks."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import SRC, TESTS

LONGEST_MODULE = 500
LONGEST_FUNCTION = 39

LONG_FUNCTIONS: dict[str, str] = {}
"""``module:qualified.name`` of a function that may be longer, and why."""

BY_LINKAGE = (
    "tests/properties/matching/test_linkage.py and unit/rules/matching/test_linkage_search.py"
)
BY_THE_INDEX = "tests/properties/matching/test_index.py and unit/rules/matching/test_catalogue.py"
BY_THE_GATES = "tests/properties/matching/test_gates.py"
THROUGH_THE_FACADE = "tests/unit/crm/test_facade.py and test_transaction.py use all of it"
HELD_BY_THE_KIT = "a contract: crmcore.testing holds adapters to it, in tests/adapters"
BROKEN_ON_PURPOSE = "crmcore.testing.planted has adapters that break each; test_prove.py runs them"

BY_CRASHES = "tests/adapters/test_jsonfile_crash.py, _fuzz.py and _processes.py; test_store.py"
AT_ONCE = "tests/properties/rollup/test_bulk.py: what many records come to at once and one by one"
THE_MACHINE = "tests/properties/rollup: the machine of R1 goes through all of it, R13 and R14 too"

BY_ITS_LAWS = "tests/properties/reports compares its figures with other means"

MERGES_IN_ANY_ORDER = "tests/properties/merge/test_any_order.py: what counts is the whole"

TESTED_ELSEWHERE: dict[str, str] = {
    "crmcore": "tests/house/test_public_names.py",
    "crmcore.__main__": "tests/unit/test_cli.py runs it",
    "crmcore.adapters.versions": "test_memory.py, and tests/properties/repository/test_moments.py",
    "crmcore.adapters.jsonfile.moment": BY_CRASHES,
    "crmcore.adapters.jsonfile.reading": BY_CRASHES,
    "crmcore.adapters.jsonfile.tail": BY_CRASHES,
    "crmcore.codec.direct": "tests/unit/codec/test_forms.py and test_codec.py hold both ways",
    "crmcore.crm.ask": THROUGH_THE_FACADE,
    "crmcore.crm.batch": THROUGH_THE_FACADE,
    "crmcore.crm.capturing": "tests/properties/capture and tests/unit/crm/commands/test_leads.py",
    "crmcore.crm.choices": THROUGH_THE_FACADE,
    "crmcore.crm.commands.automation": "tests/unit/crm/test_staging.py and test_automating.py",
    "crmcore.crm.claims": MERGES_IN_ANY_ORDER,
    "crmcore.crm.commands.core": THROUGH_THE_FACADE,
    "crmcore.crm.commands.duplicates": THROUGH_THE_FACADE,
    "crmcore.crm.commands.groups": THROUGH_THE_FACADE,
    "crmcore.crm.commands.history": "tests/unit/crm/test_history.py uses all of it",
    "crmcore.crm.commands.merges": THROUGH_THE_FACADE,
    "crmcore.crm.commands.records": THROUGH_THE_FACADE,
    "crmcore.crm.converting": THROUGH_THE_FACADE,
    "crmcore.crm.desk": THROUGH_THE_FACADE,
    "crmcore.crm.erasing": "tests/properties/merge/test_erasure.py",
    "crmcore.crm.merging": THROUGH_THE_FACADE,
    "crmcore.crm.old_ids": "tests/properties/merge/test_old_ids.py writes by old ids",
    "crmcore.crm.past": "tests/unit/crm/test_history.py reads through it",
    "crmcore.crm.plans": THROUGH_THE_FACADE,
    "crmcore.crm.reading": THROUGH_THE_FACADE,
    "crmcore.ports.files": "unit/adapters/jsonfile/test_files.py and unit/testing/test_faults.py",
    "crmcore.crm.commands.interchange": "tests/unit/crm/commands/test_leads.py",
    "crmcore.crm.importing": "tests/properties/capture and tests/unit/crm/commands/test_leads.py",
    "crmcore.crm.modes": "tests/unit/crm/commands/test_leads.py",
    "crmcore.crm.undoing": THROUGH_THE_FACADE,
    "crmcore.reports.attribution.journey": BY_ITS_LAWS,
    "crmcore.reports.activity": BY_ITS_LAWS,
    "crmcore.reports.attribution.report": BY_ITS_LAWS,
    "crmcore.reports.attribution.sharing": BY_ITS_LAWS,
    "crmcore.reports.forecast": BY_ITS_LAWS,
    "crmcore.reports.outcomes": BY_ITS_LAWS,
    "crmcore.reports.pipeline": BY_ITS_LAWS,
    "crmcore.reports.scene": BY_ITS_LAWS,
    "crmcore.reports.steps": BY_ITS_LAWS,
    "crmcore.crm.commands.matching": BY_THE_INDEX,
    "crmcore.crm.gates": BY_THE_GATES,
    "crmcore.crm.known": "tests/properties/conversion/test_duplicates.py and test_batch.py ask it",
    "crmcore.crm.match_index": BY_THE_INDEX,
    "crmcore.rules.matching.duplicate_error": BY_THE_GATES,
    "crmcore.rules.matching.linkage.blocks": BY_LINKAGE,
    "crmcore.rules.matching.linkage.compare": BY_LINKAGE,
    "crmcore.rules.matching.linkage.engine": BY_LINKAGE,
    "crmcore.rules.matching.linkage.learn": BY_LINKAGE,
    "crmcore.rules.matching.linkage.standard": BY_LINKAGE,
    "crmcore.rules.matching.linkage.subject": BY_LINKAGE,
    "crmcore.rules.matching.linkage.table": BY_LINKAGE,
    "crmcore.rules.matching.linkage.weights": BY_LINKAGE,
    "crmcore.rules.matching.key_files": BY_THE_INDEX,
    "crmcore.rules.matching.linkage.shortcut": "tests/properties/matching/test_shortcut.py",
    "crmcore.rules.matching.linkage_entries": BY_THE_INDEX,
    "crmcore.rules.matching.predict": "tests/unit/rules/matching/test_measure.py",
    "crmcore.rules.matching.progress": "tests/unit/rules/matching/linkage/test_spread.py",
    "crmcore.rules.matching.witness": BY_LINKAGE,
    "crmcore.rules.matching.soundness": "tests/unit/rules/matching/test_reading.py",
    "crmcore.ports.repository": HELD_BY_THE_KIT,
    "crmcore.ports.rows": HELD_BY_THE_KIT,
    "crmcore.testing.laws.behind": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.all_laws": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.conflicts": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.history": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.moments": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.ordering": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.reading": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.side_by_side": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.storing": BROKEN_ON_PURPOSE,
    "crmcore.testing.laws.writers": BROKEN_ON_PURPOSE,
    "crmcore.testing.planted.__main__": "tests/unit/testing/planted/test_prove.py runs it",
    "crmcore.testing.planted.bases": "tests/unit/testing/planted/test_prove.py uses each",
    "crmcore.testing.planted.plain_file": "tests/adapters/test_plain.py",
    "crmcore.testing.planted.plain_table": "tests/adapters/test_plain.py",
    "crmcore.rules.rollup.algebra": THE_MACHINE,
    "crmcore.rules.rollup.branch": THE_MACHINE,
    "crmcore.rules.rollup.bulk": THE_MACHINE,
    "crmcore.rules.rollup.derived": THE_MACHINE,
    "crmcore.rules.rollup.follow": THE_MACHINE,
    "crmcore.rules.rollup.grove": THE_MACHINE,
    "crmcore.rules.rollup.quiet": THE_MACHINE,
    "crmcore.rules.rollup.result": THE_MACHINE,
    "crmcore.rules.rollup.node": THE_MACHINE,
    "crmcore.rules.rollup.set_walks": THE_MACHINE,
    "crmcore.rules.rollup.standing": THE_MACHINE,
    "crmcore.rules.rollup.still": AT_ONCE,
    "crmcore.rules.rollup.strips": AT_ONCE,
    "crmcore.rules.rollup.walks": THE_MACHINE,
    "crmcore.crm.unmerging": MERGES_IN_ANY_ORDER,
    "crmcore.rules.erasure": "tests/properties/merge/test_erasure.py",
    "crmcore.rules.merge.claims": MERGES_IN_ANY_ORDER,
    "crmcore.rules.merge.history": MERGES_IN_ANY_ORDER,
    "crmcore.rules.merge.replay": MERGES_IN_ANY_ORDER,
    "crmcore.rules.merge.sound": MERGES_IN_ANY_ORDER,
    "crmcore.rules.merge.unmerge": MERGES_IN_ANY_ORDER,
}
"""A public module without a test file of its own, and where its tests are instead, or why not."""

MODULES = sorted(SRC.rglob("*.py"))
UNIT = TESTS / "unit"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    """``crmcore.rules.merge``; a package has the name of its folder."""
    return ".".join(path.relative_to(SRC.parent).with_suffix("").parts).removesuffix(".__init__")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(node: ast.AST, inside: str = "") -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            qualified = f"{inside}.{child.name}".lstrip(".")
            if isinstance(child, Function):
                yield qualified, child
            yield from functions(child, qualified)
        else:
            yield from functions(child, inside)


def lines_of_code(function: Function, lines: list[str]) -> int:
    """Lines from ``def`` to the end, without the docstring, blank lines and comments."""
    counted = set(range(function.lineno, (function.end_lineno or function.lineno) + 1))
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        counted -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return sum(not re.match(r"\s*(#|$)", lines[number - 1]) for number in counted)


def long_functions() -> dict[str, int]:
    return {
        f"{name(path)}:{qualified}": length
        for path in MODULES
        for qualified, function in functions(tree(path))
        if (length := lines_of_code(function, path.read_text(encoding="utf-8").splitlines()))
        > LONGEST_FUNCTION
    }


def has_own_code(path: Path) -> bool:
    """False for a module that only hands on names of others."""
    return any(
        isinstance(node, Function | ast.ClassDef | ast.If | ast.For) for node in tree(path).body
    )


def is_public(module: str) -> bool:
    """``__main__`` is public, ``_private`` and what is in it is not."""
    return not re.search(r"\._(?!_)", module)


def mirror(test_file: Path) -> str:
    """The module that a test file is about, by its place: unit/rules/test_merge.py."""
    inside = test_file.relative_to(UNIT)
    return ".".join(("crmcore", *inside.parent.parts, inside.stem.removeprefix("test_")))


def untested() -> set[str]:
    tested = {mirror(path) for path in UNIT.rglob("test_*.py")}
    return {
        name(path)
        for path in MODULES
        if is_public(name(path)) and has_own_code(path) and name(path) not in tested
    }


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_fits_in_one_reading(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path))


def test_functions_are_short() -> None:
    long = {
        which: lines for which, lines in long_functions().items() if which not in LONG_FUNCTIONS
    }
    assert not long, f"longer than {LONGEST_FUNCTION} lines of code: {long}"


def test_the_list_of_long_functions_is_current() -> None:
    assert not LONG_FUNCTIONS.keys() - long_functions().keys()
    assert all(LONG_FUNCTIONS.values()), "each needs its reason"


def test_every_unit_test_file_mirrors_a_module() -> None:
    modules = {name(path) for path in MODULES}
    strays = {
        path.relative_to(TESTS).as_posix()
        for path in UNIT.rglob("test_*.py")
        if mirror(path) not in modules
    }
    assert not strays, f"there is no module that these are about: {strays}"


def test_every_public_module_has_a_test_file() -> None:
    missing = untested() - TESTED_ELSEWHERE.keys()
    assert not missing, f"no test file in tests/unit is about these: {sorted(missing)}"


def test_the_list_of_modules_tested_elsewhere_is_current() -> None:
    assert not TESTED_ELSEWHERE.keys() - untested()
    assert all(TESTED_ELSEWHERE.values()), "each needs its reason"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_check_is_silenced_only_with_a_reason(path: Path) -> None:
    """Such as ``# type: ignore[code]  # reason`` or ``# noqa: CODE - reason``."""
    silencer = re.compile(
        r"#\s*(?:type: ignore\[[\w, -]+\]|pyright: ignore\[\w+\]|pragma: no (?:cover|branch)"
        r"|noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*)\s*"
    )
    with io.StringIO(path.read_text(encoding="utf-8")) as source:
        comments = [
            token
            for token in tokenize.generate_tokens(source.readline)
            if token.type == tokenize.COMMENT
        ]
    bare = [
        f"line {comment.start[0]}: {comment.string}"
        for comment in comments
        if re.search(r"\b(?:type: ?ignore|pyright: ?|pragma|noqa)\b", comment.string)
        and not re.search(r"\w{3}", silencer.sub("", comment.string, count=1))
    ]
    assert not bare, f"say why: {bare}"
