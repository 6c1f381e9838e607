"""Direct: values of an attrs class written and read in one pass over their fields.

For classes whose constructor takes each field by its name, as all entities do, this does what the
functions do that cattrs generates, in about half the time: most fields hold text, flags or
nothing, which stand for themselves, and cost no call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import Form, flag, read_text
from crmcore.ports.rows import Json


def takes_names(python: type, names: frozenset[str]) -> bool:
    """Whether the constructor of a class takes exactly these names."""
    try:
        return frozenset(inspect.signature(python).parameters) == names
    except (TypeError, ValueError):
        return False


def direct_write(
    forms: Mapping[str, tuple[Form, bool]],
    defaults: Mapping[str, Any],
    blank: Mapping[str, Json],
) -> Callable[[Any], dict[str, Json]]:
    """What writes the fields of a value as an object; the functions it gives raise ``Misfit``.

    ``forms`` has the form of each field, and whether it may be ``None``; ``blank`` is the stored
    form of those defaults that are left out.
    """
    names = tuple(forms)
    is_one = len(names) == 1
    values_of = attrgetter(*names)
    nowhere = object()
    spec = tuple(
        (
            name,
            defaults[name] if name in blank else nowhere,
            _kept(form),
            form.write,
            blank.get(name, nowhere),
            is_optional,
        )
        for name, (form, is_optional) in forms.items()
    )

    def write(value: Any) -> dict[str, Json]:
        written: dict[str, Json] = {}
        values = values_of(value)
        name = ""
        try:
            each = zip(spec, (values,) if is_one else values, strict=True)
            for (name, default, kept, form_write, empty, is_optional), one in each:
                if one is default:
                    continue
                if one.__class__ is kept:
                    written[name] = one
                    continue
                stored = None if one is None and is_optional else form_write(one)
                if stored or stored != empty:
                    written[name] = stored
        except Misfit as misfit:
            raise misfit.under(name) from None
        return written

    return write


def direct_read(  # noqa: C901  # the shape of one pass: a branch for each kind of value
    python: type,
    forms: Mapping[str, tuple[Form, bool]],
) -> Callable[[Mapping[str, Json], type], Any]:
    """What reads the object that stands for a value, and passes over keys that it does not know."""
    given = inspect.signature(python).parameters.values()
    required = tuple(one.name for one in given if one.default is inspect.Parameter.empty)
    texts = frozenset(name for name, (form, _) in forms.items() if _kept(form) is str)
    flags = frozenset(name for name, (form, _) in forms.items() if _kept(form) is bool)
    absent = frozenset(name for name, (_, is_optional) in forms.items() if is_optional)
    readers = {name: form.read for name, (form, _) in forms.items()}

    def read(stored: Mapping[str, Json], _: type) -> Any:  # noqa: C901  # likewise
        values = dict(stored)
        unknown: list[str] = []
        name = ""
        try:
            for name, one in values.items():
                kind = one.__class__
                if kind is str:
                    if name in texts:
                        continue
                elif one is None:
                    if name in absent:
                        continue
                elif kind is bool and name in flags:
                    continue
                reader = readers.get(name)
                if reader is None:
                    unknown.append(name)
                else:
                    values[name] = reader(one)
        except Misfit as misfit:
            raise misfit.under(name) from misfit.__cause__
        for name in unknown:
            del values[name]
        for name in required:
            if name not in values:
                raise Misfit(None, "this is missing", (name,))
        return python(**values)

    return read


def _kept(form: Form) -> type | None:
    """The class of values that stand for themselves in this form; ``None`` where none do."""
    if form.read is read_text:
        return str
    return bool if form.read is flag else None
