"""Containers: tuples, sets, maps and optional values in their stored form, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import Form, read_text
from crmcore.codec.text import quoted
from crmcore.model.describe import Holds
from crmcore.ports.rows import Json
from crmcore.values import FrozenMap


def ordered(written: list[Json]) -> list[Json]:
    """The elements of a set in an order that depends on nothing but the elements."""
    return sorted(
        written, key=lambda one: (type(one).__name__, one if _is_plain(one) else repr(one))
    )


def _is_plain(stored: Json) -> bool:
    return isinstance(stored, str | int)


def each(values: Iterable[Any], act: Callable[[Any], Any]) -> list[Any]:
    """What ``act`` makes of each item, in order; a misfit names the index."""
    made = []
    for index, item in enumerate(values):
        try:
            made.append(act(item))
        except Misfit as misfit:
            raise misfit.under(f"[{index}]") from None
    return made


def read_items(stored: Json, read: Callable[[Any], Any]) -> list[Any]:
    """The items of a list."""
    if not isinstance(stored, list):
        raise Misfit(stored, f"this must be a list, not {type(stored).__name__}")
    return each(stored, read)


def each_value(values: Mapping[str, Any], act: Callable[[Any], Any]) -> dict[str, Any]:
    """What ``act`` makes of each value, by key, which must be text; a misfit names the key."""
    made: dict[str, Any] = {}
    key: Any = ""  # Any: whatever a mapping has
    try:
        for key, item in values.items():
            if not isinstance(key, str):
                break
            made[key] = act(item)
        else:
            return made
    except Misfit as misfit:
        raise misfit.under(key) from None
    raise Misfit(key, "a key must be text")


def read_map(stored: Json, read: Callable[[Any], Any]) -> FrozenMap[Any]:
    """The frozen map that an object says."""
    if stored.__class__ is not dict and not isinstance(stored, Mapping):
        raise Misfit(stored, f"this must be an object, not {type(stored).__name__}")
    return FrozenMap(each_value(stored, read))


def optional(form: Form) -> Form:
    """The form of values that may be ``None``."""
    write, read = form.write, form.read

    def write_optional(value: Any) -> Json:
        return None if value is None else write(value)

    def read_optional(stored: Json, _: Any = None, /) -> Any:
        return None if stored is None else read(stored)

    def text_optional(value: Any) -> str:
        return "null" if value is None else form.text_of(value)

    return Form(write_optional, read_optional, None if form.text is None else text_optional)


def _tuple(form: Form) -> Form:
    def write(value: Any) -> Json:
        if not isinstance(value, tuple):
            raise Misfit(value, f"this must be a tuple, not {type(value).__name__}")
        return each(value, form.write)

    def text(value: Any) -> str:
        if not isinstance(value, tuple):
            raise TypeError(value)
        return f"[{','.join(map(form.text_of, value))}]"

    return Form(
        write,
        lambda stored, _=None: tuple(read_items(stored, form.read)),
        None if form.text is None else text,
    )


def _set(form: Form) -> Form:
    def write(value: Any) -> Json:
        if not isinstance(value, frozenset):
            raise Misfit(value, f"this must be a frozenset, not {type(value).__name__}")
        return ordered(each(value, form.write))

    def text(value: Any) -> str:
        if not isinstance(value, frozenset):
            raise TypeError(value)
        return f"[{','.join(map(quoted, sorted(value)))}]"

    return Form(
        write,
        lambda stored, _=None: frozenset(read_items(stored, form.read)),
        text if form.text is quoted else None,  # the order of others is that of ``ordered``
    )


def _map(form: Form) -> Form:
    def write(value: Any) -> Json:
        if not isinstance(value, FrozenMap):
            raise Misfit(value, f"this must be a FrozenMap, not {type(value).__name__}")
        return each_value(value, form.write)

    def read(stored: Json, _: Any = None, /) -> FrozenMap[Any]:
        if form.read is read_text and type(stored) is dict:  # most maps hold texts
            for key, one in stored.items():
                if one.__class__ is not str or key.__class__ is not str:
                    break
            else:
                return FrozenMap(stored)
        return read_map(stored, form.read)

    def text(value: Any) -> str:
        if not isinstance(value, FrozenMap) or not all(key.__class__ is str for key in value):
            raise TypeError(value)
        items = [f"{quoted(key)}:{form.text_of(one)}" for key, one in value.items()]
        return f"{{{','.join(items)}}}"

    return Form(write, read, None if form.text is None else text)


CONTAINERS = {Holds.TUPLE: _tuple, Holds.SET: _set, Holds.MAP: _map}
"""From how many values a field holds to the form, given that of one value."""
