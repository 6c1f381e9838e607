from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcore.adapters import MemoryRepository
from crmcore.errors import UnknownNameError, UsageError
from crmcore.testing import Ability, RepositorySuite

pytest_plugins = ("pytester",)

LAW = "test_the_sequence_number_rises_and_is_the_version"
SUITE = """
import pytest
from crmcore.adapters import MemoryRepository
from crmcore.changes import ChangeSet
from crmcore.testing import Ability, RepositorySuite

class Broken(MemoryRepository):
    def commit(self, changes):
        super().commit(changes)
        return 1

class TestSuite(RepositorySuite):
    waivers = {waivers}

    @pytest.fixture
    def repository(self):
        return {repository}
"""


def test_a_law_cannot_be_overridden() -> None:
    with pytest.raises(UsageError, match=f"overrides laws of the kit: '{LAW}'; .* waivers = "):
        type("Mine", (RepositorySuite,), {LAW: lambda _: None})


def test_tests_of_ones_own_can_be_added() -> None:
    assert hasattr(type("Mine", (RepositorySuite,), {"test_mine": lambda _: None}), "test_mine")


def test_a_waiver_names_a_law() -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean '{LAW}'"):
        type("Mine", (RepositorySuite,), {"waivers": {LAW[:-3]: "later"}})


def test_a_waiver_has_a_reason() -> None:
    with pytest.raises(UsageError, match="a waiver needs a reason"):
        type("Mine", (RepositorySuite,), {"waivers": {LAW: " "}})


@pytest.mark.parametrize(
    "body",
    [
        {"abilities": frozenset({Ability.PERSISTENT})},
        {"reopen": lambda _: None},
        {"abilities": frozenset({Ability.DURABLE})},
        {"abilities": frozenset({Ability.SHARED, Ability.CHECKSUMS})},
        {"back_door": lambda _: None},
    ],
    ids=["no fixture", "no ability", "no back door", "none for two", "a back door to nothing"],
)
def test_reopening_is_declared_and_given(body: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="go together"):
        type("Mine", (RepositorySuite,), body)


def test_abilities_decide_which_laws_apply() -> None:
    class Plain(RepositorySuite):
        pass

    class Persistent(Plain):
        abilities = frozenset({Ability.PERSISTENT, Ability.JOURNAL})

        @pytest.fixture
        def reopen(self) -> Callable[..., MemoryRepository]:
            return lambda _: MemoryRepository()

    for law in (
        "test_what_was_committed_is_there_after_reopening",
        "test_replaying_the_journal_gives_each_moment",
    ):
        assert getattr(Plain, law) is None
        assert callable(getattr(Persistent, law))


def outcomes(folder: Path, pytester: pytest.Pytester, **parts: str) -> tuple[dict[str, int], str]:
    text = SUITE
    for name, value in parts.items():
        text = text.replace(f"{{{name}}}", value)
    pytester.makepyfile(text)
    ran = pytester.runpytest_inprocess("-k", LAW, "-p", "no:cacheprovider")
    return ran.parseoutcomes(), ran.stdout.str()


@pytest.mark.parametrize(
    ("waivers", "repository", "wanted"),
    [
        ("{}", "MemoryRepository", "passed"),
        ("{}", "Broken", "failed"),
        (f"{{{LAW!r}: 'numbers come later'}}", "Broken", "xfailed"),
        (f"{{{LAW!r}: 'numbers come later'}}", "MemoryRepository", "failed"),
    ],
)
def test_a_waived_law_must_fail(
    tmp_path: Path, pytester: pytest.Pytester, waivers: str, repository: str, wanted: str
) -> None:
    found, said = outcomes(tmp_path, pytester, waivers=waivers, repository=repository)
    assert found.get(wanted) == 1, said
    if waivers != "{}" and wanted == "failed":
        assert "no longer needed" in said
