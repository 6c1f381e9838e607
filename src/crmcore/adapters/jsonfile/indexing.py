"""Indexing: the index lines of a whole file, from the places of its rows by what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from crmcore.adapters.jsonfile.base import CHUNK, FIRST_INDEX
from crmcore.adapters.jsonfile.batch import Batch, Held
from crmcore.adapters.jsonfile.lines import NO_LINK, chained, quoted, sealed, text_of
from crmcore.adapters.jsonfile.places import Place
from crmcore.codec.row_text import RowText
from crmcore.entities.record import Record
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
        self.link: str = NO_LINK

    def add(self, kind: str, rows: Batch, starts: Sequence[int]) -> None:
        """Add rows of one kind that begin at these places."""
        places = self._by_kind.get(kind)
        if not places:
            return
        held = rows.held
        if None in held:
            texts = zip(held, rows.texts, rows.ids, strict=True)
            held = [
                RowText(text, id_).decoded() if one is None else one for one, text, id_ in texts
            ]
        classes = {one.__class__ for one in held}
        is_data, is_one_class = classes == {dict}, len(classes) == 1 and isinstance(held[0], Record)
        for place, found in places:
            name = place.path[0]
            if is_data:
                values = [one.get(name) for one in held]  # type: ignore[union-attr]  # dictionaries
            elif is_one_class and hasattr(held[0], name):
                values = list(map(attrgetter(name), held))
            else:
                values = [_value(one, name) for one in held]
            first = values[0]
            if first or first == "" or values.count(first) < len(values):  # some have a value
                _collect(place, found, rows, zip(values, held, starts, strict=True))

    def lines(self, link: str) -> Iterator[bytes]:
        """The list of the indexes, and their lines; ``link`` is that of the last row."""
        names = text_of([one.name for one in self._places])
        yield sealed(f'["indexes",{names},"{link}"'.encode())
        for number, found in enumerate(self._found, FIRST_INDEX):
            # in the order of what is written, which the search goes by
            by_text = dict(zip(map(quoted, found), found.values(), strict=True))
            texts = sorted(by_text)
            for first in range(0, len(texts), _BLOCK):
                part = texts[first : first + _BLOCK]
                keys, rests = _entries(number, part, list(map(by_text.__getitem__, part)))
                lines, _, self.link = chained(keys, rests, self.link)
                yield lines


def _value(held: Any, name: str) -> Any:
    """What is in a field of a record, or of a mapping that is no dictionary."""
    return held.get(name) if isinstance(held, Mapping) else getattr(held, name, None)


def _data(rows: Batch, held: Any, name: str) -> Mapping[str, Json]:
    """What a row has in a field, as its text says it."""
    if isinstance(held, Mapping) or rows.part_of is None:
        return held  # type: ignore[no-any-return]  # a mapping
    return {name: rows.part_of(held, name)}


def _entries(
    number: int, texts: Sequence[str], found: Sequence[int | list[int]]
) -> tuple[list[str], list[str]]:
    """Keys of the lines of an index, and the places on them."""
    if list not in set(map(type, found)):
        return [f"{number},{text},0," for text in texts], [f"[{at}]" for at in found]
    keys: list[str] = []
    rests: list[str] = []
    for text, every in zip(texts, found, strict=True):
        if not isinstance(every, list) or len(every) <= CHUNK:
            keys.append(f"{number},{text},0,")
            rests.append(f"[{every}]" if isinstance(every, int) else f"{every}".replace(" ", ""))
            continue
        for chunk, first in enumerate(range(0, len(every), CHUNK)):
            keys.append(f"{number},{text},{chunk},")
            rests.append(f"{every[first : first + CHUNK]}".replace(" ", ""))
    return keys, rests


def _collect(
    place: Place, found: Found, rows: Batch, each: Iterable[tuple[Any, Held, int]]
) -> None:
    """Add where rows are; of ``each``, what it has in the first step of the way, and all of it."""
    put = found.setdefault
    is_plain = place.is_plain
    is_text = len(place.path) == 1 and place.holds is Holds.ONE
    for value, held, at in each:
        if value.__class__ is str and is_text:
            key = value if is_plain else place.key(value)
            was = put(key, at)
            if was is not at:
                if isinstance(was, list):
                    was.append(at)
                else:
                    found[key] = [was, at]
        elif value:
            for key in place.keys(_data(rows, held, place.path[0])):
                was = put(key, at)
                if was is not at:
                    _more(found, key, was, at)


def _more(found: Found, key: str, was: int | list[int], at: int) -> None:
    if isinstance(was, list):
        was.append(at)
    else:
        found[key] = [was, at]
