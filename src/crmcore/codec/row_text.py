"""RowText: the data of a row as the JSON text that is stored, decoded when it is first read.

Rows of equal text are equal without being decoded, so that a record decoded before is found again
at the price of comparing texts. A row store that keeps text may hand it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from crmcore.codec.errors import Misfit, decode_error
from crmcore.ports.rows import Json


def _refused(number: str) -> NoReturn:
    raise Misfit(number, "a number must be whole; others are written as text")


_DECODER: Final[Any] = json.JSONDecoder(parse_float=_refused, parse_constant=_refused)
_scan: Final[Any] = _DECODER.scan_once  # Any: typeshed does not know it


def scan_json(text: str, start: int = 0) -> tuple[Json, int]:
    """The JSON value that begins at ``start``, and where it ends; raises ``Misfit``.

    Numbers that are not whole are refused. Of keys given twice the last counts, so this is for
    texts whose checksum says that they are as they were written.
    """
    try:
        value, end = _scan(text, start)
    except (ValueError, StopIteration, RecursionError) as refused:
        raise Misfit(text[start : start + 200], f"this is not JSON ({refused!r})") from None
    return value, end


class RowText(Mapping[str, Json]):
    """The mapping that a JSON text says, with the id of the row, which the text leaves out.

    The text is that of an object without the key ``id``; or of a list with one object, which is
    taken as it is.
    """

    __slots__ = ("_data", "_id", "text")

    def __init__(self, text: str | bytes, id_: str) -> None:
        self.text: str | bytes = text
        self._id = id_
        self._data: dict[str, Json] | None = None

    def decoded(self) -> dict[str, Json]:
        """The mapping anew, so that whoever gets it may change it.

        Raises ``DecodeError`` for a text that is not of this kind.
        """
        try:
            text = self.text if isinstance(self.text, str) else self.text.decode()
            value, end = scan_json(text)
        except UnicodeDecodeError:
            raise decode_error(Misfit(self.text, "this is not UTF-8"), "row", self._id) from None
        except Misfit as misfit:
            raise decode_error(misfit, "row", self._id) from None
        if end == len(text):
            if type(value) is dict:
                value["id"] = self._id
                return value
            if type(value) is list and len(value) == 1 and type(value[0]) is dict:
                inner: dict[str, Json] = value[0]
                return inner
        raise decode_error(Misfit(text[:200], "this is not the data of a row"), "row", self._id)

    def known(self) -> dict[str, Json]:
        """The mapping, decoded once; whoever asks must not change it. Raises ``DecodeError``."""
        if self._data is None:
            self._data = self.decoded()
        return self._data

    def __getitem__(self, key: str) -> Json:
        return self.known()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known())

    def __len__(self) -> int:
        return len(self.known())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RowText) and (self._id, self.text) == (other._id, other.text):
            return True
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # mappings that can be decoded into have none

    def __repr__(self) -> str:
        return f"RowText({self.text!r}, {self._id!r})"


def plain_data(data: Mapping[str, Json]) -> Mapping[str, Json]:
    """The data of a row in the form that is read fastest; it must not be changed."""
    return data.known() if isinstance(data, RowText) else data
