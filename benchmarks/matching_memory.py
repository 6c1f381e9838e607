"""Memory: how much a process and those that it starts have together, shared pages counted once."""

import subprocess
import time
from pathlib import Path

BETWEEN = 0.05
"""Seconds between two looks: each holds the processes up, so nothing is timed meanwhile."""


def peak_of(command: list[str]) -> float | None:
    """The most memory, in MB, that a command and its processes had at one of the looks.

    The sum of their proportional set sizes, which only Linux tells; ``None`` elsewhere.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    most = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, sum(map(_share, _family(process.pid))))
            time.sleep(BETWEEN)
    return most


def _family(pid: int) -> list[int]:
    """A process and all that come from it."""
    try:
        born = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return []
    return [pid, *(one for child in born for one in _family(int(child)))]


def _share(pid: int) -> float:
    """The proportional set size of a process, in MB; 0 for one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
