"""Indexing: the index lines of a whole file, from the places of its rows by what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crmcore.adapters.jsonfile.base import CHUNK, FIRST_INDEX
from crmcore.adapters.jsonfile.batch import Batch
from crmcore.adapters.jsonfile.lines import NO_LINK, chained, quoted, sealed, text_of
from crmcore.adapters.jsonfile.places import Place
from crmcore.codec.row_text import RecordText, RowText
from crmcore.model.describe import Holds
from crmcore.ports.rows import Json

Found = dict[str, int | list[int]]
"""Where rows are, by what they are found under; one number where there is one, as is usual."""

_BLOCK = 4096


class Indexing:
    """The places of rows by what is in them, as they are collected."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = sorted(places, key=lambda one: one.name)
        self._found: list[Found] = [{} for _ in self._places]
        self._by_kind: dict[str, list[tuple[Place, Found]]] = {}
        for place, found in zip(self._places, self._found, strict=True):
            self._by_kind.setdefault(place.kind, []).append((place, found))
        self.link = NO_LINK

    def add(self, kind: str, rows: Batch, starts: Sequence[int]) -> None:
        """Add rows of one kind that begin at these places."""
        places = self._by_kind.get(kind)
        if not places:
            return
        if all(one.__class__ is RecordText for one in rows.data):
            given: Sequence[Any] = [one.record for one in rows.data]  # type: ignore[union-attr]  # all of them are
            for place, found in places:
                name = place.path[0]
                values = [getattr(one, name, None) for one in given]
                _collect(place, found, values, rows.data, starts)
            return
        data = [
            RowText(text, id_).decoded() if one is None else one
            for one, text, id_ in zip(rows.data, rows.texts, rows.ids, strict=True)
        ]
        for place, found in places:
            name = place.path[0]
            _collect(place, found, [one.get(name) for one in data], data, starts)

    def lines(self, link: str) -> Iterator[bytes]:
        """The list of the indexes, and their lines; ``link`` is that of the last row."""
        names = text_of([one.name for one in self._places])
        yield sealed(f'["indexes",{names},"{link}"'.encode())
        for number, found in enumerate(self._found, FIRST_INDEX):
            # in the order of what is written, which the search goes by
            texts = sorted([(quoted(key), key) for key in found])
            for first in range(0, len(texts), _BLOCK):
                keys: list[str] = []
                rests: list[str] = []
                for text, key in texts[first : first + _BLOCK]:
                    at = found[key]
                    if at.__class__ is int:
                        keys.append(f"{number},{text},0,")
                        rests.append(f"[{at}]")
                    else:
                        _add_chunks(f"{number},{text},", at, keys, rests)  # type: ignore[arg-type]  # a list
                lines, self.link = chained(keys, rests, self.link)
                yield b"".join(lines)


def _add_chunks(start: str, every: list[int], keys: list[str], rests: list[str]) -> None:
    every.sort()
    for chunk, first in enumerate(range(0, len(every), CHUNK)):
        keys.append(f"{start}{chunk},")
        rests.append(f"[{','.join(map(str, every[first : first + CHUNK]))}]")


def _collect(
    place: Place,
    found: Found,
    values: Sequence[Any],
    data: Sequence[Mapping[str, Json] | None],
    starts: Sequence[int],
) -> None:
    """Add where rows are, given what each has in the first step of the way to the place."""
    put = found.setdefault
    is_plain = place.is_plain
    is_text = len(place.path) == 1 and place.holds is Holds.ONE
    for value, one, at in zip(values, data, starts, strict=True):
        if value.__class__ is str and is_text:
            key = value if is_plain else place.key(value)
            was = put(key, at)
            if was is not at:
                _more(found, key, was, at)
        elif value:
            held = {place.path[0]: one.stored(place.path[0])} if isinstance(one, RecordText) else one
            for key in place.keys(held or {}):
                was = put(key, at)
                if was is not at:
                    _more(found, key, was, at)


def _more(found: Found, key: str, was: int | list[int], at: int) -> None:
    if isinstance(was, list):
        was.append(at)
    else:
        found[key] = [was, at]
