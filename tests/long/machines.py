"""The machines that long runs know, by law: add yours here."""

from collections.abc import Callable

from tests.long import Chance, Machine
from tests.properties.rollup.playground import Playground


class Totals:
    """R1: every figure at every account, after every move of anybody."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._ground = Playground()

    def step(self) -> str:
        ground = self._ground
        before = ground.counts.copy()
        ground.move(self._chance.one(ground.MOVES), self._chance)
        ground.check(self._chance.one(ground.crms))
        (kind,) = ground.counts - before
        return kind


MACHINES: dict[str, Callable[[Chance], Machine]] = {"R1": Totals}
