"""Direct: values of an attrs class written and read in one pass over their fields.

For classes whose constructor takes each field by its name, as all entities do, this does what the
functions do that cattrs generates, in about half the time: most fields hold text, flags or
nothing, which stand for themselves, and cost no call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

from attrs import NOTHING

from crmcore.codec.compiled import compiled_blank
from crmcore.codec.errors import Misfit
from crmcore.codec.scalars import Form, flag, read_text
from crmcore.entities.record import custom_values, plain_tuple, source_ids, text_set, text_tuple
from crmcore.model.describe import Slot, slots
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


def direct_read(
    python: type,
    forms: Mapping[str, tuple[Form, bool]],
) -> Callable[[Mapping[str, Json], type], Any]:
    """What reads the object that stands for a value, and passes over keys that it does not know."""
    given = inspect.signature(python).parameters.values()
    required = tuple(one.name for one in given if one.default is inspect.Parameter.empty)
    fields = slots(python)
    if fields is None:
        return _read_by_constructor(python, forms, required)
    return _read_by_slots(python, forms, required, fields)


def _read_by_constructor(
    python: type, forms: Mapping[str, tuple[Form, bool]], required: tuple[str, ...]
) -> Callable[[Mapping[str, Json], type], Any]:
    readers = {name: (form.read, is_optional) for name, (form, is_optional) in forms.items()}

    def read(stored: Mapping[str, Json], _: type) -> Any:
        values: dict[str, Any] = {}
        name = ""
        try:
            for name, one in stored.items():
                found = readers.get(name)
                if found is not None:
                    reader, is_optional = found
                    values[name] = None if one is None and is_optional else reader(one)
        except Misfit as misfit:
            raise misfit.under(name) from misfit.__cause__
        for name in required:
            if name not in values:
                raise Misfit(None, "this is missing", (name,))
        return python(**values)

    return read


_SETTLED: Final = frozenset({text_set, text_tuple, plain_tuple, custom_values, source_ids})
"""Converters that leave what a form has read as it is."""


def _read_by_slots(
    python: type,
    forms: Mapping[str, tuple[Form, bool]],
    required: tuple[str, ...],
    fields: Sequence[Slot],
) -> Callable[[Mapping[str, Json], type], Any]:
    """The same for classes whose constructor only fills fields: these are filled here.

    A value is begun with all its defaults, and what is stored is put over them: for a contact that
    takes half of what its constructor does, most of whose fields are left out.
    """
    texts, flags, absent = _standing(forms, fields)
    puts = {one.name: (one.put, _reader(forms[one.name], one.converter)) for one in fields}
    given = [(one.put, one.default) for one in fields if one.default is not NOTHING]
    begun = compiled_blank(python, given)

    def read(stored: Mapping[str, Json], _: type) -> Any:
        made = begun()
        name = ""
        try:
            for name, one in stored.items():
                kind = one.__class__
                if kind is str:
                    put = texts.get(name)
                elif one is None:
                    put = absent.get(name)
                else:
                    put = flags.get(name) if kind is bool else None
                if put is not None:
                    put(made, one)
                    continue
                found = puts.get(name)
                if found is not None:
                    found[0](made, found[1](one))
        except Misfit as misfit:
            raise misfit.under(name) from misfit.__cause__
        for name in required:
            if name not in stored:
                raise Misfit(None, "this is missing", (name,))
        return made

    return read


_Puts: TypeAlias = Mapping[str, Callable[[Any, Any], None]]


def _standing(
    forms: Mapping[str, tuple[Form, bool]], fields: Iterable[Slot]
) -> tuple[_Puts, _Puts, _Puts]:
    """What puts texts, flags and ``None`` in the fields where they stand for themselves."""
    settled = {one.name: one.put for one in fields if one.converter in {None, *_SETTLED}}
    kept = {name: (put, _kept(forms[name][0])) for name, put in settled.items()}
    return (
        {name: put for name, (put, kind) in kept.items() if kind is str},
        {name: put for name, (put, kind) in kept.items() if kind is bool},
        {name: put for name, put in settled.items() if forms[name][1]},
    )


def _reader(
    declared: tuple[Form, bool], converter: Callable[[Any], Any] | None
) -> Callable[[Json], Any]:
    """What reads a field that does not stand for itself."""
    form, is_optional = declared
    if converter is None or converter in _SETTLED:
        return form.read
    return lambda stored: converter(None if stored is None and is_optional else form.read(stored))


def _kept(form: Form) -> type | None:
    """The class of values that stand for themselves in this form; ``None`` where none do."""
    if form.read is read_text:
        return str
    return bool if form.read is flag else None
