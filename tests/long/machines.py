"""The machines that long runs know, by law: add yours here."""

from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.long import Chance, Machine
from tests.properties.merge.machine import JsonMergeMachine, MergeMachine
from tests.properties.merge.story import failure, reduced
from tests.properties.rollup.playground import Playground


class Totals:
    """R1: every figure at every account, after every move of anybody."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._ground = Playground()

    def steps(self, count: int) -> Counter[str]:
        ground = self._ground
        for _ in range(count):
            ground.move(self._chance.one(ground.MOVES), self._chance)
            ground.check(self._chance.one(ground.crms))
        return Counter(ground.counts)


class StoryError(AssertionError):
    """What went wrong in the smallest story found that fails, and that story to be pasted."""


class Merges:
    """M18 to M20: merges, unmerges, edits, new children, deletions, conversions, in any order.

    The machine is Hypothesis', which decides itself how many steps a run has, up to ``count``, and
    tries the simplest of all runs first: so there are several.
    """

    machine: type[MergeMachine] = MergeMachine

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def steps(self, count: int) -> Counter[str]:
        before = self.machine.done.copy()
        run: type[MergeMachine] = type("Run", (self.machine,), {"failed": None})
        seeded = seed(self._chance.one(range(1 << 32)))(run)
        try:
            run_state_machine_as_test(
                seeded, settings=settings(A_FEW_RUNS, stateful_step_count=count)
            )
        except Exception:
            if run.failed is None:
                raise
            small = reduced(run.failed)
            raise StoryError(f"{failure(small)!r}\n{small}") from None
        made = self.machine.done - before
        del made["steps"]
        return made


class JsonMerges(Merges):
    """The same on a JSON file."""

    machine = JsonMergeMachine


A_FEW_RUNS = settings(
    max_examples=6,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

MACHINES: dict[str, Callable[[Chance], Machine]] = {
    "R1": Totals,
    "M18": Merges,
    "M18-file": JsonMerges,
}
