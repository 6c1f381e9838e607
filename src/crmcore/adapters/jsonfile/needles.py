"""Needles: the bytes that the line of every row that answers a filter has in it.

They are found without decoding anything. A line that has them may still not answer: a field of
that name may lie deeper, a number begin with the same digits.
"""

from __future__ import annotations

import re
from typing import Any

from crmcore.adapters.jsonfile.lines import text_of
from crmcore.query import And, Compare, Filter, In, Operator, Or, Path, StartsWith


def needle(where: Filter) -> re.Pattern[bytes] | None:
    """A pattern that every answer's line has; ``None`` where nothing can be said."""
    found = _needles(where)
    if found is None:
        return None
    return re.compile(b"|".join(re.escape(one) for one in sorted(found)))


def _needles(where: Filter) -> frozenset[bytes] | None:
    """Texts of which every answer's line has one; ``None`` where nothing can be said."""
    match where:
        case And(terms):
            offers = [one for one in map(_needles, terms) if one is not None]
            return max(offers, key=lambda one: min(map(len, one)), default=None)
        case Or(terms):
            offers = [one for one in map(_needles, terms) if one is not None]
            whole = len(offers) == len(terms) and terms
            return frozenset[bytes]().union(*offers) if whole else None
        case Compare(path, Operator.EQ, value):
            return _found(path, [value])
        case In(path, values):
            return _found(path, values) if values else None
        case Compare(path, _, _):
            return _found(path, [None])
        case StartsWith(path, text):
            return _found(path, [text], is_start=True)
        case _:
            return None


def _found(path: Path, values: Any, *, is_start: bool = False) -> frozenset[bytes] | None:
    """The texts of a key with one of these values (``None``: with any)."""
    name = path.steps[-1] if path.steps else "id"
    if name == "id" or not all(type(one) in (str, bool, int, type(None)) for one in values):
        return None  # the id of a row stands elsewhere in its line
    try:
        texts = ["" if one is None else text_of(one) for one in values]
        if is_start:
            texts = [one[:-1] for one in texts]
        return frozenset(f"{text_of(name)}:{one}".encode() for one in texts)
    except ValueError:  # no stored text has a lone surrogate
        return None
