"""Long runs: a law's machine driven by a random generator, in slices that add up.

``python -m tests.long R1 --seed 1 --steps 1000 --resume r1.json`` makes the next thousand steps of
seed 1 and writes down what was done. A machine starts afresh every ``EPISODE`` steps, so that its
world stays small enough to be checked by brute force; an episode depends on nothing but the law,
the seed and its number, and so can be repeated by itself (``--episode``).
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from attrs import define, field

T = TypeVar("T")

EPISODE = 100
"""Steps between two fresh starts."""


class Machine(Protocol):
    """A world in which anything may happen, and that knows what must hold."""

    def steps(self, count: int, /) -> Counter[str]:
        """Do so many things, or about as many, checking the law after each; what, by kind."""
        ...


class Chance:
    """Choices by a random generator: the ``Draw`` of a playground."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def one(self, values: Sequence[T], /) -> T:
        return self._random.choice(values)


@define
class Record:
    """What was done so far: for each seed the number of episodes, and all steps by kind."""

    law: str
    seeds: dict[str, int] = field(factory=dict)
    kinds: Counter[str] = field(factory=Counter)

    @property
    def steps(self) -> int:
        return self.kinds.total()

    @classmethod
    def read(cls, law: str, path: Path | None) -> "Record":
        if path is None or not path.exists():
            return cls(law)
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if known["law"] != law:
            raise SystemExit(f"{path} is about {known['law']}, not {law}")
        return cls(law, known["seeds"], Counter(known["kinds"]))

    def write(self, path: Path | None) -> None:
        if path is not None:
            kinds = dict(sorted(self.kinds.items()))
            whole = {"law": self.law, "steps": self.steps, "seeds": self.seeds, "kinds": kinds}
            path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def episode(make: Callable[[Chance], Machine], law: str, seed: str, number: int) -> Counter[str]:
    """Run one episode; what it did, by kind. Whatever it raises says how to repeat it."""
    machine = make(Chance(f"{law} {seed} {number}"))
    try:
        return machine.steps(EPISODE)
    except Exception as wrong:
        wrong.add_note(f"python -m tests.long {law} --seed {seed} --episode {number}")
        raise


def run(
    machines: Mapping[str, Callable[[Chance], Machine]],
    law: str,
    *,
    seed: str,
    steps: int,
    resume: Path | None,
) -> Record:
    """Run so many more steps of a seed, rounded up to whole episodes, and write them down."""
    done = Record.read(law, resume)
    start = done.steps
    while done.steps - start < steps:
        number = done.seeds.get(seed, 0)
        done.kinds.update(episode(machines[law], law, seed, number))
        done.seeds[seed] = number + 1
        done.write(resume)
    return done
