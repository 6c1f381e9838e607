"""Prove: run the law that a planted bug breaks, and see it fail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from crmcore.changes import ChangeSet, Insert
from crmcore.entities import Account
from crmcore.errors import UsageError
from crmcore.model.model import STANDARD_MODEL
from crmcore.query import F, Query
from crmcore.testing.planted.bases import BASES, Adapter
from crmcore.testing.planted.bugs import Bug, base_source
from crmcore.testing.repository_suite import RepositorySuite
from crmcore.testing.row_store_suite import RowStoreSuite
from crmcore.testing.rows_as_records import RowsAsRecords
from crmcore.testing.suite import BEHIND, Ability, LawSuite
from crmcore.testing.verdict import put, read, same

MODULE = """\
from crmcore.testing.planted.prove import suites_in

globals().update(suites_in(__file__))
"""

SETTINGS = """\
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "planted", max_examples=60, derandomize=True, database=None, deadline=None,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)
settings.load_profile("planted")
"""


@frozen
class Verdict:
    """What the kit said of one bug: the laws that failed, and the first failure.

    ``is_caught`` says that the law it breaks is among them; ``smoke`` is why it is no fair bug,
    as not even the simplest use works (empty: it does).
    """

    bug: Bug
    failed: tuple[str, ...]
    said: str
    smoke: str

    @property
    def is_caught(self) -> bool:
        """Whether the law that the bug breaks has noticed."""
        return not self.smoke and any(one.startswith(f"{self.bug.law} ") for one in self.failed)


def prove(bugs: Iterable[Bug], *, whole: bool = False) -> tuple[Verdict, ...]:
    """A verdict on each bug, by the tests of the law it breaks, or by the ``whole`` kit."""
    chosen = tuple(bugs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for bug in chosen:
            (folder / f"{bug.name}.py").write_text(bug.source(), encoding="utf-8")
            (folder / f"{bug.name}.base").write_text(bug.file, encoding="utf-8")
            (folder / f"{bug.name}.law").write_text("" if whole else bug.law, encoding="utf-8")
        found = _run(folder)
        return tuple(_verdict(bug, folder, found) for bug in chosen)


def _verdict(bug: Bug, folder: Path, found: _Failures) -> Verdict:
    failures = found.by_suite.get(bug.name, [])
    adapter = Adapter(BASES[bug.file], folder / f"{bug.name}.py")
    said = failures[0][1] if failures else ""
    return Verdict(bug, tuple(law for law, _ in failures), said, smoke(adapter))


def _run(folder: Path) -> _Failures:
    (folder / f"test_{folder.name}.py").write_text(MODULE, encoding="utf-8")
    (folder / "conftest.py").write_text(SETTINGS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    plugin = _Failures()
    options = [
        "-q",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-c",
        str(folder / "pytest.ini"),
    ]
    with redirect_stdout(StringIO()) as said:
        status = pytest.main([*options, str(folder)], plugins=[plugin])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise UsageError("the tests did not run", said.getvalue()[-2_000:])
    return plugin


@define
class _Failures:
    """A plugin that notes the laws that failed, by suite; after the first, the rest is skipped."""

    by_suite: dict[str, list[tuple[str, str]]] = field(factory=dict)

    def pytest_runtest_setup(self, item: Any) -> None:
        if item.cls.__name__.removeprefix("Test") in self.by_suite:
            pytest.skip("this bug is caught")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Directed cases come first: they are quick, and say more."""
        items.sort(key=lambda item: hasattr(item.function, "hypothesis"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Iterator[None]:
        report: Any = yield
        if report.failed and call.when == "call":
            law = " ".join((item.function.__doc__ or item.name).split())
            failures = self.by_suite.setdefault(item.cls.__name__.removeprefix("Test"), [])
            failures.append((f"{law.split()[0]} {item.name}", str(call.excinfo.value)))
        return report  # type: ignore[no-any-return]  # as the hook wants it


def suites_in(file: str) -> Mapping[str, type[LawSuite]]:
    """A class of tests for each planted bug beside this file."""
    return {
        f"Test{base.stem}": suite_of(
            Adapter(BASES[base.read_text(encoding="utf-8")], base.with_suffix(".py")),
            f"Test{base.stem}",
            base.with_suffix(".law").read_text(encoding="utf-8"),
        )
        for base in sorted(Path(file).parent.glob("*.base"))
    }


def suite_of(adapter: Adapter, name: str, law: str = "") -> type[LawSuite]:
    """The tests of one law, or of all of them, on an adapter."""
    base = adapter.base

    @pytest.fixture
    def made(self: Any, tmp_path: Path) -> Callable[[], Any]:  # noqa: ARG001  # a method of the suite
        return adapter.factory(tmp_path)

    @pytest.fixture
    def reopen(self: Any) -> Callable[[Any], Any]:  # noqa: ARG001  # a method of the suite
        def again(store: Any) -> Any:
            store.close()
            return adapter.opening()(store.path)

        return again

    @pytest.fixture
    def back_door(self: Any) -> Iterator[Any]:  # noqa: ARG001  # a method of the suite
        with adapter.back_door().watching() as door:
            yield door

    body: dict[str, Any] = {"__module__": "planted", "abilities": base.abilities}
    body["store" if base.is_row_store else "repository"] = made
    if Ability.PERSISTENT in base.abilities:
        body["reopen"] = reopen
    if BEHIND & base.abilities:
        body["back_door"] = back_door
    kit: type[LawSuite] = RowStoreSuite if base.is_row_store else RepositorySuite
    suite = type(name, (kit,), body)
    for test in dir(suite):
        doc = getattr(getattr(suite, test), "__doc__", None) or ""
        if test.startswith("test_") and law and not doc.startswith(f"{law} "):
            setattr(suite, test, None)
    return suite


def smoke(adapter: Adapter) -> str:
    """Why not even adding, getting, finding and opening again work; nothing where they do."""
    try:
        with tempfile.TemporaryDirectory() as name:
            _use(adapter, Path(name))
    except Exception as error:  # noqa: BLE001  # whatever it is: this is the answer
        return f"{type(error).__name__}: {error}"
    return ""


def _use(adapter: Adapter, folder: Path) -> None:
    def seen(made: Any) -> Any:
        return RowsAsRecords(made, STANDARD_MODEL) if adapter.base.is_row_store else made

    made = adapter.factory(folder)()
    store = seen(made)
    acme, other = put(store, Account(name="Acme", employees=3), Account(name="Other"))
    store.commit(ChangeSet([Insert(Account(name="Third"))]))
    for turn in range(2):
        same("S1", read(store, acme, other), (acme, other), "two accounts")
        with store.snapshot() as now:
            same("S7", list(now.find(Query.of(Account, F.name == "Acme"))), [acme], "an account")
            same("S1", len(list(now.find(Query.of(Account)))), 3, "how many there are")
        if turn == 0 and Ability.PERSISTENT in adapter.base.abilities:
            store.close()
            store = seen(adapter.opening()(made.path))
    store.close()


def base_adapter(file: str, folder: Path) -> Adapter:
    """A correct adapter, in a file of its own as the broken ones are."""
    source = folder / file
    source.write_text(base_source(file), encoding="utf-8")
    return Adapter(BASES[file], source)
