"""Compiled: a function that writes the values of one attrs class as canonical JSON text at once.

The plain way makes an object of a value, tests that JSON can hold it, sorts its keys and encodes
it: some 13 microseconds for a contact of twelve fields. Which keys a class has, how they sort and
what each field may hold is known beforehand, so this writes one function for a class, as attrs
writes its constructor, in which every field is one condition and one call: about a fifth of that.

Such a function never decides what is refused. It raises some error for whatever is not the usual
case, and the caller takes the plain way, which tells what is wrong, or does it after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from keyword import iskeyword
from typing import Any, Final, TypeAlias

from attrs import frozen

from crmcore.codec.text import quoted

WriteText: TypeAlias = Callable[[Any], str]
"""From a value to the canonical JSON text of its stored form; any error: take the plain way."""

NEVER: Final = object()
"""The default of a field that is written whatever it holds."""


@frozen(kw_only=True)
class TextField:
    """One field to write: ``text`` makes the text of what it holds.

    It is left out where it holds the very object ``default``, or where its text is ``blank``
    (``""``: never). ``None`` is not handed to ``text`` where ``is_optional`` says that it may be.
    ``is_flag`` says that it holds ``True`` or ``False``, for which there is no call.
    """

    name: str
    text: WriteText
    default: Any = NEVER
    blank: str = ""
    is_optional: bool = False
    is_flag: bool = False


def compiled_text(python: type, fields: Iterable[TextField], without: str = "") -> WriteText | None:
    """What writes the values of exactly this class; ``None`` where a field has no usual name.

    The field ``without`` is left out and must hold text.
    """
    scope: dict[str, Any] = {"python": python}
    lines = [
        "def text(value):",
        "    if value.__class__ is not python:",
        "        raise TypeError(value)",
        "    made = ''",
    ]
    if without:
        lines[1:2] = [
            f"    if value.__class__ is not python or value.{without}.__class__ is not str:"
        ]
    for number, one in enumerate(sorted(fields, key=lambda one: one.name)):
        if not one.name.isidentifier() or iskeyword(one.name):
            return None
        scope |= {f"text{number}": one.text, f"default{number}": one.default}
        lines += _field_lines(one, number)
    lines.append("    return '{' + made[1:] + '}'")
    exec("\n".join(lines), scope)  # noqa: S102  # of names of fields only, as attrs does
    made: WriteText = scope["text"]
    return made


def compiled_blank(
    python: type, defaults: Sequence[tuple[Callable[[Any, Any], None], Any]]
) -> Callable[[], Any]:
    """What begins a value of a class: each of ``defaults`` put in its field, the others left."""
    scope: dict[str, Any] = {"new": object.__new__, "python": python}
    lines = ["def blank():", "    made = new(python)"]
    for number, (put, default) in enumerate(defaults):
        scope |= {f"put{number}": put, f"default{number}": default}
        lines.append(f"    put{number}(made, default{number})")
    lines.append("    return made")
    exec("\n".join(lines), scope)  # noqa: S102  # of numbers only
    made: Callable[[], Any] = scope["blank"]
    return made


def _field_lines(one: TextField, number: int) -> Iterable[str]:
    """The lines that write one field, the comma before it included."""
    start = f",{quoted(one.name)}:"
    yield f"    one = value.{one.name}"
    indent = "    "
    if one.default is not NEVER:
        # an empty collection need not be the very one that is the default
        empty = f" and (one or one.__class__ is not default{number}.__class__)" if one.blank else ""
        yield f"    if one is not default{number}{empty}:"
        indent += "    "
    if one.is_optional and one.default is not None:
        yield f"{indent}one = 'null' if one is None else text{number}(one)"
    elif one.is_flag:
        yield f"{indent}if one is True: one = 'true'"
        yield f"{indent}elif one is False: one = 'false'"
        yield f"{indent}else: one = text{number}(one)"
    else:
        yield f"{indent}one = text{number}(one)"
    if one.blank:
        yield f"{indent}if one != {one.blank!r}:"
        indent += "    "
    yield f"{indent}made += {start!r} + one"
