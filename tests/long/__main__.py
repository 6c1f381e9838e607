"""The command: ``python -m tests.long LAW --seed N --steps K --resume FILE``."""

import argparse
from pathlib import Path

from tests.long import EPISODE, Record, episode, run
from tests.long.machines import MACHINES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.long", description=__doc__)
    parser.add_argument("law", choices=sorted(MACHINES))
    parser.add_argument("--seed", default="0")
    parser.add_argument("--steps", type=int, default=EPISODE)
    parser.add_argument("--resume", type=Path, help="where it is written down, and goes on from")
    parser.add_argument("--episode", type=int, help="repeat this one alone")
    given = parser.parse_args()
    if given.episode is not None:
        done = Record(
            given.law, {}, episode(MACHINES[given.law], given.law, given.seed, given.episode)
        )
    else:
        done = run(MACHINES, given.law, seed=given.seed, steps=given.steps, resume=given.resume)
    print(f"{done.law}: {done.steps:,} steps, episodes by seed {done.seeds}")
    for kind, count in sorted(done.kinds.items()):
        print(f"{count:8,}  {kind}")


if __name__ == "__main__":
    main()
