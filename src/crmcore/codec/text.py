"""JSON text: one way to write a value, and nothing read that could mean something else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn

from crmcore.codec.errors import Misfit
from crmcore.ports.rows import Json

_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
)
canonical: Callable[[Any], str] = _ENCODER.encode  # Any: whatever JSON can hold
"""The canonical text of a value: keys sorted by code point, nothing escaped needlessly."""

quoted: Callable[[str], str] = json.encoder.encode_basestring
"""The canonical text of a text; raises ``TypeError`` for anything else."""

PLAIN_SCALARS: Final = frozenset({str, bool, int, type(None)})
"""The classes of scalars that JSON holds as they are."""


def is_plain(value: Json) -> bool:
    """Whether there is nothing in a list or dictionary but what JSON can hold as it is."""
    kind = value.__class__
    if kind is dict:
        for key, one in value.items():
            if key.__class__ is not str or not (one.__class__ in PLAIN_SCALARS or is_plain(one)):
                return False
        return True
    if kind is not list:
        return False
    return all(one.__class__ in PLAIN_SCALARS or is_plain(one) for one in value)


def plain_text(stored: Json) -> str:
    """The canonical text of a stored form; raises ``TypeError`` where it holds anything unusual."""
    if stored.__class__ in PLAIN_SCALARS or is_plain(stored):
        return canonical(stored)
    raise TypeError(stored)


def write_text_of(value: Json, *, indent: int | None = None) -> str:
    """The JSON text of a value: keys in their order, nothing escaped that need not be.

    Compact, or on several lines with an ``indent``. Raises ``Misfit`` for a number that is not
    finite or too long, and for text with lone surrogates.
    """
    separators = (",", ":") if indent is None else (",", ": ")
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=separators, indent=indent
        )
        text.encode()
    except (ValueError, RecursionError) as refused:
        raise Misfit(value, f"JSON cannot hold it ({refused})") from None
    return text


def read_text_of(text: str | bytes) -> Json:
    """The value of a JSON text.

    Raises ``Misfit`` for what is not JSON, and for what JSON leaves open: keys given twice,
    ``NaN`` and infinities, numbers with a point or an exponent, whose digits could be lost.
    """
    try:
        return json.loads(
            text,
            parse_float=_refused,
            parse_constant=_refused,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as refused:
        raise Misfit(text[:200], f"this is not JSON ({refused})") from None


def _refused(number: str) -> NoReturn:
    raise Misfit(number, "a number must be whole; others are written as text")


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise Misfit(key, "this key is given twice")
        made[key] = value
    return made
