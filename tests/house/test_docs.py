"""Every Python example of the documents is run, and no other code stands there unrun."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests import DOCS, ROOT

DOCUMENTS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
RUN = "python"
SHOWN = {"console", "json", "mermaid", "text", "toml"}
FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(`{3,}|~{3,})[ \t]*([^`\n]*)$")

SYBIL = Sybil(parsers=[PythonCodeBlockParser()], pattern="*.md")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fences(path: Path) -> Iterator[tuple[int, int, str]]:
    """The first and last line and the language of each fenced block; line numbers start at 1."""
    opened: tuple[int, str, str] | None = None
    number = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = FENCE.match(line)
        if match is None:
            continue
        marks, language = match[1], match[2].strip()
        if opened is None:
            opened = (number, marks, language)
        elif not language and marks.startswith(opened[1]):
            yield opened[0], number, opened[2]
            opened = None
    if opened is not None:
        yield opened[0], number, f"{opened[2]} (never closed)"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in SYBIL.parse(path).examples():
        example.evaluate()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_no_fence_is_left_unrun(path: Path) -> None:
    unknown = [
        f"line {first}: {language or 'no language'}"
        for first, _, language in fences(path)
        if language != RUN and language not in SHOWN
    ]
    assert not unknown, f"nobody runs these: {unknown}; use {RUN}, or {sorted(SHOWN)} to show"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_python_fence_is_seen_by_the_runner(path: Path) -> None:
    lines = {example.line for example in SYBIL.parse(path).examples()}
    skipped = [
        first
        for first, last, language in fences(path)
        if language == RUN and lines.isdisjoint(range(first, last + 1))
    ]
    assert not skipped, f"the fences at these lines are never run: {skipped}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_no_example_is_skipped_in_a_comment(path: Path) -> None:
    assert not re.search(r"<!-+.*\b(skip|invisible)\b", path.read_text(encoding="utf-8"))
