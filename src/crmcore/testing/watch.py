"""Watch: a call that never comes back fails, instead of being waited for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_WAIT = 30
"""Seconds after which a call that has not come back is taken for one that never will."""


@contextmanager
def watched(seconds: float = LONGEST_WAIT) -> Iterator[None]:
    """A context that fails where it does not end, as in a lock that nobody will ever release.

    Only in the main thread, where there are signals, and where nobody else uses this one.
    """
    can_watch = (
        hasattr(signal, "SIGALRM")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    )
    if not can_watch:
        yield
        return

    def give_up(*_: object) -> None:
        raise AssertionError(f"law S9 is broken: a call never came back (waited {seconds:.0f} s)")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
