"""Later: a value that is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Called, it gives what ``make`` gives, which is called once; after that ``make`` is let go.

    Pickled is what it gives. Two threads that ask at once may both make it, and get equal values.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make
        self._made: T

    def __call__(self) -> T:
        """The value."""
        make = self._make
        if make is not None:
            self._made = make()
            self._make = None
        return self._made

    def __reduce__(self) -> tuple[Any, ...]:
        return _known, (self(),)


def _known(made: T) -> Later[T]:
    return Later(lambda: made)
