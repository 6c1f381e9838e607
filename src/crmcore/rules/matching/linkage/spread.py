"""Spread: comparisons shared out among processes, which the caller asks for.

Forking processes inherit the forms; where processes are spawned, forms are sent to each once.
"""

from __future__ import annotations

import multiprocessing
from array import array
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, Final

from crmcore.rules.matching.linkage.weights import Buckets

MANY: Final = 20_000
"""From so many comparisons on processes are worth their start."""

Compare = Callable[[Any, Any, Buckets], int]  # Any: each trait has forms of its own


def decided(
    compare: Compare,
    forms: Sequence[Any],  # Any: likewise
    learnt: Buckets,
    pairs: tuple[Sequence[int], Sequence[int]],
    workers: int,
) -> list[int]:
    """The codes of these pairs of forms, in their order; 0 where the first number is 0.

    The same whatever the number of ``workers``. An exception in a worker is raised here.
    """
    size = -(-len(pairs[0]) // workers)
    running = []
    for begin in range(0, len(pairs[0]), size):
        part = tuple(array("q", one[begin : begin + size]) for one in pairs)
        mine, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(
            target=_work, args=(theirs, compare, forms, learnt, part), daemon=True
        )
        process.start()
        theirs.close()
        running.append((process, mine))
    codes: list[int] = []
    failed: BaseException | None = None
    for process, mine in running:
        answer = _answer(mine)
        process.join()
        if isinstance(answer, bytes):
            codes += array("q", answer)
        else:
            failed = failed or answer
    if failed is not None:
        raise failed
    return codes


def _answer(connection: Connection) -> bytes | BaseException:
    try:
        return connection.recv()  # type: ignore[no-any-return]  # what _work sends
    except EOFError:
        return RuntimeError("a process that compared records came to an end")
    finally:
        connection.close()


def _work(
    connection: Connection,
    compare: Compare,
    forms: Sequence[Any],  # Any: likewise
    learnt: Buckets,
    pairs: tuple[array[int], array[int]],
) -> None:
    """Compare in a process of its own, and send the codes."""
    try:
        codes = array(
            "q",
            [
                compare(forms[one], forms[other], learnt) if one else 0
                for one, other in zip(*pairs, strict=True)
            ],
        )
        connection.send(codes.tobytes())
    except Exception as problem:  # noqa: BLE001  # raised again where the answer is read
        connection.send(problem)
    finally:
        connection.close()
