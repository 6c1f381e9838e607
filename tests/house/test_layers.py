"""Imports point down: the contracts in pyproject.toml hold, and so does one they cannot say."""

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

from tests import ROOT, TESTS


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def run_by_importing(module: str) -> Iterator[str]:
    """``a.b.c`` runs ``a``, ``a.b`` and ``a.b.c``."""
    parts = module.split(".")
    return (".".join(parts[: length + 1]) for length in range(len(parts)))


def test_imports_point_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", list(sys.path))  # the linter adds to it
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = lint_imports(no_cache=True, no_logo=True)
    assert status == 0, said.getvalue()


def test_what_is_computed_by_other_means_imports_nothing_of_crmcore() -> None:
    # The wildcards of import-linter stand for whole names; oracle* is part of one.
    oracles = {
        module_name(path)
        for path in TESTS.rglob("*.py")
        if any(part.startswith("oracle") for part in path.relative_to(TESTS).parts)
    }
    graph = grimp.build_graph("crmcore", "tests", cache_dir=None)
    unseen = oracles - graph.modules
    assert not unseen, f"a folder without __init__.py hides these from the graph: {unseen}"
    for oracle in sorted(oracles):
        reached = {
            upstream
            for module in run_by_importing(oracle)
            for upstream in graph.find_upstream_modules(module)
            if upstream.partition(".")[0] == "crmcore"
        }
        assert not reached, f"{oracle} rests on crmcore: {sorted(reached)}"
