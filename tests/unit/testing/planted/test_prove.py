"""The kit catches: a few of the planted bugs each time, one of each law; the command runs all."""

import subprocess
import sys
from pathlib import Path

import pytest

from crmcore.testing.planted import all_bugs
from crmcore.testing.planted.bases import BASES, Adapter
from crmcore.testing.planted.prove import base_adapter, smoke

SAMPLE = (
    "S1_cut_at_64_kib",
    "S1_ids_differ_by_case",
    "S2_part_of_a_refused_set",
    "S3_not_synced",
    "S4_older_is_fine",
    "S5_page_skips_one",
    "S6_one_cursor",
    "S7_one_is_true",
    "S8_without_deletions",
    "S9_others_unseen",
    "S10_not_compared",
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crmcore.testing.planted", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_sample_of_the_planted_bugs_is_caught() -> None:
    done = run(*SAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith(
        f"{len(SAMPLE)} of {len(SAMPLE)} planted bugs are caught by the law that they break.\n"
    )


def test_a_bug_that_no_law_notices_is_told() -> None:
    done = run("--list", "S9")
    names = [one.name for one in all_bugs() if one.law == "S9"]
    assert [line.split()[0] for line in done.stdout.splitlines()] == names


def test_a_name_that_is_not_known_is_refused() -> None:
    assert "unknown planted bug 'S1_nothing'" in run("S1_nothing").stderr


@pytest.mark.parametrize("file", BASES)
def test_a_correct_adapter_is_of_use(file: str, tmp_path: Path) -> None:
    assert smoke(base_adapter(file, tmp_path)) == ""


def test_an_adapter_of_no_use_is_told(tmp_path: Path) -> None:
    source = tmp_path / "useless.py"
    source.write_text("class PlainTable:\n    def commit(self, changes):\n        return 7\n")
    assert smoke(Adapter(BASES["plain_table.py"], source)).startswith("AttributeError: ")


@pytest.mark.parametrize("bug", all_bugs(), ids=lambda one: one.name)
def test_a_broken_adapter_is_of_use_at_first_sight(bug: object, tmp_path: Path) -> None:
    source = tmp_path / "broken.py"
    source.write_text(bug.source(), encoding="utf-8")  # type: ignore[attr-defined]  # a bug
    assert smoke(Adapter(BASES[bug.file], source)) == ""  # type: ignore[attr-defined]  # likewise
