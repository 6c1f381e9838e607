"""Spread: tasks shared out among processes, which the caller asks for.

Processes are forked, so that they have what the tasks need without its being sent; only what the
tasks give is. Where the system cannot fork (Windows), this process does all the tasks.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Final, TypeAlias, TypeVar, cast

T = TypeVar("T")

Answer: TypeAlias = "list[tuple[int, T]] | BaseException"
"""What the tasks of one process gave, each with its number, or what was raised."""

MOST: Final = 256
"""So many tasks at most: the number of one is told by one byte."""


def can_fork() -> bool:
    """Whether the system can fork processes."""
    return "fork" in multiprocessing.get_all_start_methods()


def parts(many: int, workers: int) -> list[slice]:
    """The slices of so many things that are work for so many processes, nearly equal."""
    size = max(1, -(-many // min(workers, MOST)))
    return [slice(begin, begin + size) for begin in range(0, many, size)]


def done(
    tasks: Sequence[Callable[[], T]],
    workers: int,
    *,
    told: Callable[[float], None] = lambda _: None,
) -> list[T]:
    """What each task gives, in their order; the same whatever the number of ``workers``.

    A process takes the next task whenever it is free; long tasks should come first. This process
    only reads what they answer, so that what the tasks need on the way is no load on it, neither as
    memory nor for the garbage collector. ``told`` hears which share of the processes has answered.
    What is raised in a process is raised here, of several one; a process that dies is a
    ``RuntimeError``.
    """
    many = min(workers, len(tasks)) if can_fork() and len(tasks) <= MOST else 1
    if many < 2:
        alone: list[T] = []
        for at, task in enumerate(tasks, 1):
            alone.append(task())
            told(at / len(tasks))
        return alone
    numbers, filled = os.pipe()  # each read takes one number out of it, whoever reads
    os.write(filled, bytes(range(len(tasks))))
    os.close(filled)
    try:
        running = dict(_start(tasks, numbers) for _ in range(many))
    finally:
        os.close(numbers)
    answers: list[Answer[T]] = []
    while running:
        for connection in cast("list[Connection]", wait(list(running))):
            answers.append(_answer(connection))
            running.pop(connection).join()
            told(len(answers) / many)
    found: dict[int, T] = {}
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        found.update(answer)
    return [found[at] for at in range(len(tasks))]


def _start(
    tasks: Sequence[Callable[[], T]], numbers: int
) -> tuple[Connection, multiprocessing.Process]:
    """Where the answer comes from of a process that is at work on these tasks, and the process."""
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, tasks, numbers), daemon=True)
    process.start()
    theirs.close()
    return mine, cast("multiprocessing.Process", process)


def _answer(connection: Connection) -> Answer[T]:
    try:
        return cast("Answer[T]", connection.recv())
    except EOFError:
        return RuntimeError("a process that shared in the work came to an end")
    finally:
        connection.close()


def _worked(tasks: Sequence[Callable[[], T]], numbers: int) -> Answer[T]:
    try:
        return [(number, tasks[number]()) for number in _taken(numbers)]
    except Exception as problem:  # noqa: BLE001  # raised again once all processes have answered
        return problem


def _taken(numbers: int) -> Iterator[int]:
    """The numbers of tasks that nobody has taken, each as it is taken."""
    while one := os.read(numbers, 1):
        yield one[0]


def _work(connection: Connection, tasks: Sequence[Callable[[], T]], numbers: int) -> None:
    """Do tasks in a process of its own, and send what they give."""
    gc.disable()  # it would touch all that is inherited, which is copied then; the end is near
    try:
        connection.send(_worked(tasks, numbers))
    finally:
        connection.close()
