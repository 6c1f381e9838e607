"""What ``import crmcore`` costs beside ``import attrs, cattrs``, which it cannot do without.

Run it as ``python benchmarks/import_cost.py [ROUNDS]``. Each round times every import in a fresh
interpreter, one after the other, so that a busy machine slows all of them; the ratio is that of
the medians. They are timed inside the interpreter, from compiled files: starting Python is not
counted, nor is compiling. The package loads its names on first use, so the last line shows what
the first use of the facade costs, which is everything.
"""

import os
import statistics
import subprocess
import sys
import tempfile

MOST = 1.5
BASE = "attrs, cattrs"
LIBRARY = "crmcore"
FACADE = "crmcore.crm"
TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def seconds(modules: str, cache: str) -> float:
    """How long a fresh interpreter takes to import these; ``cache`` has the compiled files."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", TIMED.format(modules)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return float(done.stdout)


def line(modules: str, times: list[float]) -> str:
    """The median with the fastest and slowest, in milliseconds."""
    median, fastest, slowest = (
        1000 * figure for figure in (statistics.median(times), min(times), max(times))
    )
    return f"import {modules:14} {median:7.1f} ms   (min {fastest:.1f}, max {slowest:.1f})"


def main() -> int:
    """Print both times and their ratio; 0 if the ratio is at most what is promised."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    if rounds < 5:
        sys.exit("at least 5 rounds")
    with tempfile.TemporaryDirectory() as cache:
        for modules in (BASE, FACADE):
            seconds(modules, cache)  # compiles
        times = {
            modules: [seconds(modules, cache) for _ in range(1)]
            for modules in (BASE, LIBRARY, FACADE)
        }
        for _ in range(rounds - 1):
            for modules, known in times.items():
                known.append(seconds(modules, cache))
    ratio = 0.0
    for modules, known in times.items():
        print(line(modules, known))
    for modules in (FACADE, LIBRARY):
        each = [ours / theirs for ours, theirs in zip(times[modules], times[BASE], strict=True)]
        ratio = statistics.median(times[modules]) / statistics.median(times[BASE])
        print(f"ratio of {modules:11} {ratio:.2f}   (min {min(each):.2f}, max {max(each):.2f})")
    print(f"{rounds} rounds; the ratio of {LIBRARY} is to be at most {MOST}")
    return 0 if ratio <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
