"""Planted bugs: small patches to src that break one law each, to see that its test notices.

A patch is a file ``<LAW>_<slug>.patch``: three comment lines and a unified diff against the root
of the repository, with at most ten changed lines::

    # law: C4
    # test: tests/properties/conversion/test_once.py::test_converting_twice_is_refused
    # what: a converted lead is taken for an open one
    --- a/src/crmcore/rules/conversion.py
    +++ b/src/crmcore/rules/conversion.py
    @@ -10,3 +10,3 @@
     def is_converted(lead):
    -    return lead.converted_at is not None
    +    return False

The numbers of a hunk are only a hint: what counts is that the old lines are in the file, once.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import DOCS, ROOT

FOLDER = Path(__file__).resolve().parent
LAWS = DOCS / "explanation" / "laws.md"
MOST_CHANGED_LINES = 10

HEADER = re.compile(r"# law: (?P<law>[A-Z]\d+)\n# test: (?P<test>\S+)\n# what: (?P<what>\S.*)\n")
HUNK = re.compile(r"@@(?: -(\d+)[, ])?")
LAW_ROW = re.compile(r"^\| *([A-Z]\d+) *\|(?P<text>.*)\|(?P<tests>[^|]*)\| *$", re.MULTILINE)


class PatchError(Exception):
    """A patch that cannot be read, or that no longer fits."""


@dataclass(frozen=True)
class Hunk:
    """Some lines of a file as they are and as they become; ``line`` is where they were once."""

    path: str
    line: int
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Patch:
    """One planted bug: the law it breaks, the test that must notice, and what is changed."""

    path: Path
    law: str
    test: str
    what: str
    hunks: tuple[Hunk, ...]
    changed: int

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self.path.stem


def read_patch(path: Path) -> Patch:
    """The planted bug in a file; raises ``PatchError`` for what is not one."""
    text = path.read_text(encoding="utf-8")
    header = HEADER.match(text)
    if header is None:
        raise PatchError(f"{path.name} must begin with the lines '# law:', '# test:' and '# what:'")
    if path.stem.partition("_")[0] != header["law"]:
        raise PatchError(f"{path.name}: its name and its header name different laws")
    lines = text[header.end() :].splitlines()
    changed = sum(line[:1] in {"+", "-"} and line[:4] not in {"+++ ", "--- "} for line in lines)
    hunks = tuple(_hunks(path.name, lines))
    if not hunks:
        raise PatchError(f"{path.name}: it changes nothing")
    return Patch(path, header["law"], header["test"], header["what"], hunks, changed)


def _hunks(name: str, lines: list[str]) -> Iterator[Hunk]:
    target, start, body = "", 0, list[str]()
    for line in lines:
        if line.startswith(("--- ", "+++ ", "@@", "diff ", "index ")):
            yield from _hunk(name, target, start, body)
            body = []
            if line.startswith("+++ "):
                target = line.removeprefix("+++ ").removeprefix("b/").split("\t")[0].strip()
            elif hunk := HUNK.match(line):
                start = int(hunk[1] or 0)
        elif target and line[:1] in {" ", "+", "-", ""}:
            body.append(line)
        else:
            raise PatchError(f"{name}: not a line of a unified diff: {line!r}")
    yield from _hunk(name, target, start, body)


def _hunk(name: str, target: str, start: int, body: list[str]) -> Iterator[Hunk]:
    while body and not body[-1]:
        body.pop()  # an empty line at the end of a file is no context
    if not body:
        return
    if not re.fullmatch(r"src/crmcore/[\w/]+\.py", target):
        raise PatchError(f"{name}: it may change src/crmcore only, not {target!r}")
    yield Hunk(
        target,
        start,
        old=tuple(line[1:] for line in body if line[:1] != "+"),
        new=tuple(line[1:] for line in body if line[:1] != "-"),
    )


def apply_patch(patch: Patch, root: Path) -> dict[str, str]:
    """The changed files of the patch by path, read from ``root`` and not yet written.

    The old lines of each hunk must be in its file exactly once, wherever that is.
    """
    changed: dict[str, str] = {}
    for hunk in patch.hunks:
        if hunk.path not in changed:
            if not (root / hunk.path).is_file():
                raise PatchError(f"{patch.path.name}: there is no {hunk.path}")
            changed[hunk.path] = (root / hunk.path).read_text(encoding="utf-8")
        lines = changed[hunk.path].splitlines()
        size = len(hunk.old)
        places = [
            at for at in range(len(lines) - size + 1) if tuple(lines[at : at + size]) == hunk.old
        ]
        if len(places) != 1 or not hunk.old:
            raise PatchError(
                f"{patch.path.name}: the hunk near line {hunk.line} fits {hunk.path} at"
                f" {len(places)} places; it must fit at one"
            )
        lines[places[0] : places[0] + size] = hunk.new
        changed[hunk.path] = "\n".join(lines) + "\n"
    return changed


def patch_files() -> list[Path]:
    """All planted bugs, by law and name."""
    return sorted(FOLDER.glob("*.patch"), key=lambda path: (law_order(path.stem), path.stem))


def law_order(law: str) -> tuple[str, int]:
    """C4 before C10."""
    family, number = re.match(r"([A-Z]*)(\d*)", law).groups()  # type: ignore[union-attr]  # matches anything
    return family, int(number or 0)


def claimed_laws() -> dict[str, tuple[str, ...]]:
    """Each law of docs/explanation/laws.md, with the tests that prove it."""
    text = LAWS.read_text(encoding="utf-8")
    return {
        row[1]: tuple(
            test.strip(" `") for test in re.split(r"<br ?/?>", row["tests"]) if test.strip(" `")
        )
        for row in LAW_ROW.finditer(text)
    }


def find_test(test: str, root: Path = ROOT) -> ast.FunctionDef | ast.ClassDef | None:
    """The function or class that a test id names, or ``None``.

    What a class inherits from the kit is found there, a ``TestCase`` as its state machine.
    """
    file, *names = test.partition("[")[0].split("::")
    if not names or not (root / file).is_file():
        return None
    body = ast.parse((root / file).read_text(encoding="utf-8")).body
    found: ast.FunctionDef | ast.ClassDef | None = None
    for name in names:
        node = _named(_machines(body).get(name, name), body)
        if node is None:
            inherits = isinstance(found, ast.ClassDef) and bool(found.bases)
            return (_from_kit(name, root) or found) if inherits else None
        found, body = node, node.body
    return found


def _from_kit(name: str, root: Path) -> ast.FunctionDef | ast.ClassDef | None:
    for path in sorted((root / "src" / "crmcore" / "testing").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for suite in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            if found := _named(name, suite.body):
                return found
    return None


def _named(name: str, body: list[ast.stmt]) -> ast.FunctionDef | ast.ClassDef | None:
    nodes = (node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return next((node for node in nodes if node.name == name), None)


def _machines(body: list[ast.stmt]) -> dict[str, str]:
    """``TestMerges = Merges.TestCase`` makes TestMerges stand for Merges."""
    return {
        target.id: node.value.value.id
        for node in body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
