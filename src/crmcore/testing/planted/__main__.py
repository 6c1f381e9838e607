"""``python -m crmcore.testing.planted [LAW or NAME ...]``: see which law notices which bug."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from crmcore.errors import UnknownNameError
from crmcore.testing.planted import all_bugs, prove


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each bug, and the share that is caught; 0 if all are."""
    parser = argparse.ArgumentParser(prog="python -m crmcore.testing.planted", description=__doc__)
    parser.add_argument("chosen", metavar="LAW", nargs="*", help="a law, or the name of a bug")
    parser.add_argument("--whole", action="store_true", help="run the whole kit on each")
    parser.add_argument("--list", action="store_true", help="only say what is planted")
    given = parser.parse_args(arguments)
    bugs = all_bugs()
    known = {name for one in bugs for name in (one.law, one.name)}
    for name in set(given.chosen) - known:
        raise UnknownNameError("planted bug", name, tuple(known))
    wanted = [one for one in bugs if not given.chosen or {one.law, one.name} & {*given.chosen}]
    if given.list:
        _say(f"{one.name:44} {one.file:20} {one.what}" for one in wanted)
        return 0
    caught = 0
    for bug in wanted:
        (one,) = prove([bug], whole=given.whole)
        caught += one.is_caught
        said = one.failed[0].partition(" ")[2] if one.failed else one.smoke or "every test passes"
        _say([f"{'caught' if one.is_caught else 'NOT CAUGHT':10} {bug.name:44} {said}"])
    _say([f"{caught} of {len(wanted)} planted bugs are caught by the law that they break."])
    return 0 if caught == len(wanted) else 1


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201  # the command prints what it found


if __name__ == "__main__":
    sys.exit(main())
