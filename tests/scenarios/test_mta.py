"""5,000 real paths through 12 marketing channels: who earned the conversions.

Every figure is also computed by pandas and numpy from the file itself (``oracle_mta``).
"""

import csv
from pathlib import Path

import pytest

from crmcore.reports.attribution import ChannelPath, markov, normalised, positional, shapley
from tests.scenarios import oracle_mta


@pytest.fixture(scope="module")
def path(shared_data: Path) -> Path:
    found = shared_data / "mta" / "paths.csv"
    if not found.is_file():
        pytest.skip("no real data here: shared/data has no paths")
    return found


@pytest.fixture(scope="module")
def paths(path: Path) -> list[ChannelPath]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            ChannelPath(
                channels=row["path"].split(" > "),
                converted=int(row["total_conversions"]),
                failed=int(row["total_null"]),
            )
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("which", ["first", "last", "linear"])
def test_credit_by_position_is_that_of_the_file(
    which: str, path: Path, paths: list[ChannelPath]
) -> None:
    found = {str(one): float(value) for one, value in positional(paths, which).items() if value}
    expected = {one: value for one, value in oracle_mta.positional(path)[which].items() if value}
    assert found == pytest.approx(expected, rel=1e-12)


def test_removal_effects_are_those_solved_one_by_one(path: Path, paths: list[ChannelPath]) -> None:
    found = markov(paths)
    expected = oracle_mta.removal_effects(path)
    assert len(expected) == 12
    assert found == pytest.approx(expected, abs=1e-9)
    conversions = sum(one.converted for one in paths)
    earned = {one: share * conversions for one, share in normalised(found).items()}
    assert sum(earned.values()) == pytest.approx(conversions)


def test_each_conversion_is_shared_by_the_channels_of_its_path(paths: list[ChannelPath]) -> None:
    assert sum(shapley(paths).values()) == sum(one.converted for one in paths)
