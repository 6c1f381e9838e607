"""Bugs: what is planted, where, and the law that must notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from crmcore.errors import UsageError

FOLDER = Path(__file__).resolve().parent
PATCHES = FOLDER / "patches"
EXAMPLES = FOLDER.parents[3] / "examples"
"""Where the SQLite adapter is in a checkout; an installed kit has it in its own folder."""

MOST_CHANGED_LINES = 10

_HEADER = re.compile(r"# law: (?P<law>S\d+)\n# what: (?P<what>\S.*)\n--- a/(?P<file>\w+\.py)\n")


@frozen
class Bug:
    """One planted bug: the law it breaks, what is wrong, and the diff to a correct adapter."""

    name: str
    law: str
    what: str
    file: str
    diff: str

    @property
    def changed(self) -> int:
        """How many lines are taken out and put in."""
        lines = self.diff.splitlines()
        return sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in lines if line)

    def source(self) -> str:
        """The source of the adapter with the bug in it."""
        lines = base_source(self.file).splitlines()
        for old, new in _hunks(self.diff):
            size = len(old)
            at = [n for n in range(len(lines) - size + 1) if lines[n : n + size] == old]
            if len(at) != 1:
                raise UsageError(f"a hunk of {self.name} fits at {len(at)} places", old[:1])
            lines[at[0] : at[0] + size] = new
        return "\n".join(lines) + "\n"


def base_source(file: str) -> str:
    """The source of a correct adapter."""
    own = FOLDER / file
    return (own if own.exists() else EXAMPLES / file).read_text(encoding="utf-8")


def _hunks(diff: str) -> Iterator[tuple[list[str], list[str]]]:
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE)[1:]:
        lines = hunk.splitlines()
        yield (
            [line[1:] for line in lines if line[:1] != "+"],
            [line[1:] for line in lines if line[:1] != "-"],
        )


def read_bug(path: Path) -> Bug:
    """The bug in a file; raises ``UsageError`` for what is none."""
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if header is None or path.stem.partition("_")[0] != header["law"]:
        raise UsageError("a planted bug begins with '# law:' and '# what:', then its diff", path)
    return Bug(path.stem, header["law"], header["what"], header["file"], text[header.end() :])


def all_bugs() -> tuple[Bug, ...]:
    """All planted bugs, by law and name."""
    bugs = map(read_bug, PATCHES.glob("*.patch"))
    return tuple(sorted(bugs, key=lambda one: (int(one.law[1:]), one.name)))
