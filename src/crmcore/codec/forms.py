"""Forms: how values of every declared type are written and read, resolved from its type hint.

This is the only module that knows cattrs, which generates the functions for attrs classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, get_origin, get_type_hints

import attrs
from attrs import frozen
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from crmcore.codec.compiled import NEVER, TextField, WriteText, compiled_text
from crmcore.codec.containers import CONTAINERS, optional
from crmcore.codec.direct import direct_read, direct_write, takes_names
from crmcore.codec.errors import Misfit, under
from crmcore.codec.scalars import SCALARS, Form, Read, Write, enum_form
from crmcore.codec.tagged import Forms, read_tagged, write_tagged
from crmcore.codec.text import canonical, plain_text
from crmcore.entities.record import Record, kind_of
from crmcore.errors import did_you_mean
from crmcore.model.describe import FieldSchema, Holds, container, defaults, unwrapped, value_fields
from crmcore.model.model import Model
from crmcore.ports.rows import Json
from crmcore.values import FrozenMap


class Unknown(Enum):
    """What reading does with keys that a class does not know."""

    SKIP = "skip"
    """They are passed over, as in rows that a later version wrote."""
    REFUSE = "refuse"
    """They are refused, as in what people write."""


class ModelForms(Forms):
    """The forms of all types that the entities of a model use, and of the types ``known``."""

    def __init__(
        self,
        model: Model,
        *,
        known: Mapping[Any, Form] = MappingProxyType({}),
        unknown: Unknown = Unknown.SKIP,
    ) -> None:
        self.unknown = unknown
        self._model = model
        self._known: dict[Any, Form] = {**SCALARS, **known}
        self._entities: dict[str, ClassForm] = {}

    def of(self, hint: Any, /) -> Form:
        """The form of a type; values of a type that has none of its own are tagged."""
        try:
            found = self._known.get(hint)
        except TypeError:  # something unhashable is annotated
            return self._resolved(hint)
        if found is None:
            found = self._known[hint] = self._resolved(hint)
        return found

    def entity(self, kind: str) -> ClassForm:
        """The form of an entity, its version left out; raises ``UnknownNameError``."""
        found = self._entities.get(kind)
        if found is None:
            found = ClassForm(self._model.schema(kind).entity, self)
            self._entities[kind] = found
        return found

    def declared_name(self, python: type, /) -> str | None:
        """A field that declares values of this class, such as ``judgement.verdict``."""
        return next((name for name, one in self._declared.items() if one is python), None)

    def declared(self, name: str, /) -> type | None:
        """The enum or value class that the field of this name declares."""
        return self._declared.get(name)

    @cached_property
    def converter(self) -> Converter:
        """What generates the functions of classes; made when the first of them is needed."""
        return Converter(detailed_validation=False)

    @cached_property
    def _declared(self) -> Mapping[str, type]:
        schemas = map(self._model.schema, self._model.kinds)
        found = (_within(f"{schema.kind}.", schema.standard, ()) for schema in schemas)
        return {name: python for names in found for name, python in names}

    def _resolved(self, hint: Any) -> Form:
        rest, _, is_optional = unwrapped(hint)
        if is_optional and rest is not hint:
            return optional(self.of(rest))
        inner, holds = container(rest)
        if holds is Holds.ONE:
            return self._single(rest)
        return CONTAINERS[holds](self.of(inner))

    def _single(self, hint: Any) -> Form:
        python = get_origin(hint) or hint
        if python in SCALARS:
            return SCALARS[python]
        if isinstance(python, type) and issubclass(python, Record):
            return _record_form(python, self)
        if isinstance(python, type) and issubclass(python, Enum):
            return enum_form(python)
        if isinstance(python, type) and attrs.has(python):
            whole = ClassForm(python, self)
            return Form(whole.write, whole.read, whole.text)
        return Form(
            lambda value: write_tagged(value, self),
            lambda stored, _=None: read_tagged(stored, self),
        )


def _within(
    start: str, fields: Iterable[FieldSchema], above: tuple[type, ...]
) -> Iterator[tuple[str, type]]:
    """The enums and value classes that fields declare, at any depth, each with the way there."""
    for one in fields:
        name = f"{start}{one.name}"
        inner = value_fields(one.python)
        if inner or issubclass(one.python, Enum):
            yield name, one.python
        if one.python not in above:
            yield from _within(f"{name}.", inner, (*above, one.python))


def _record_form(entity: type[Record], forms: ModelForms) -> Form:
    """The form of a whole record inside another: its kind, version and data."""

    def write(value: Any) -> Json:
        if not isinstance(value, entity):
            raise Misfit(value, f"this must be a record of {entity.__name__}")
        kind = kind_of(type(value))
        _require(kind, forms)
        data = forms.entity(kind).write(value)
        return {"kind": kind, "version": value.version, "data": data}

    def read(stored: Json, _: Any = None, /) -> Any:
        if not isinstance(stored, Mapping) or stored.keys() != {"kind", "version", "data"}:
            raise Misfit(stored, "this must be an object with kind, version and data")
        kind, data = stored["kind"], stored["data"]
        _require(kind, forms)
        if not isinstance(data, Mapping):
            raise Misfit(data, "this must be an object")
        record = forms.entity(kind).read({**data, "version": stored["version"]})
        if not isinstance(record, entity):
            raise Misfit(kind, f"this must be a record of {entity.__name__}")
        return record

    return Form(write, read)


def _require(kind: Any, forms: ModelForms) -> None:
    known = forms._model.kinds  # noqa: SLF001 - one idea in two functions
    if kind not in known:
        hint = did_you_mean(kind, known) if isinstance(kind, str) else ""
        raise Misfit(kind, f"the model does not have this entity; {hint}".removesuffix("; "))


class ClassForm:
    """How the values of one attrs class are written, as objects, and read.

    Fields that are ``None`` or an empty collection are left out where that is their default, so
    that every other default may change without changing what is stored. The version of a record
    is left out.
    """

    def __init__(self, python: type, forms: ModelForms) -> None:
        self._python = python
        self._forms = forms
        self._refuses = forms.unknown is Unknown.REFUSE
        self._blank = {
            name: blank
            for name, given in defaults(python).items()
            if (blank := _blank(given)) != ""
        }

    @cached_property
    def names(self) -> frozenset[str]:
        """The keys that the class knows."""
        return frozenset(self._hints) - self._apart

    @cached_property
    def _apart(self) -> frozenset[str]:
        return frozenset({"version"} if issubclass(self._python, Record) else ())

    @cached_property
    def _hints(self) -> Mapping[str, Any]:
        hints = get_type_hints(self._python, include_extras=True)
        return {name: hints[name] for name in defaults(self._python)}

    @cached_property
    def _is_direct(self) -> bool:
        return takes_names(self._python, frozenset(self._hints))

    @cached_property
    def _direct(self) -> Mapping[str, tuple[Form, bool]]:
        """The form of what is in each field, and whether it may be ``None``."""
        found: dict[str, tuple[Form, bool]] = {}
        for name, hint in self._hints.items():
            rest, _, is_optional = unwrapped(hint)
            is_split = is_optional and rest is not Any
            found[name] = self._forms.of(rest if is_split else hint), is_split
        return found

    @cached_property
    def _write(self) -> Write:
        if self._is_direct:
            forms = {name: one for name, one in self._direct.items() if name not in self._apart}
            return direct_write(forms, defaults(self._python), self._blank)
        written: dict[str, Any] = {  # Any: keywords that mypy takes for the other parameters
            name: override(omit=True)
            if name in self._apart
            else override(unstruct_hook=self._forms.of(hint).write)
            for name, hint in self._hints.items()
        }
        return make_dict_unstructure_fn(self._python, self._forms.converter, **written)

    @cached_property
    def _read(self) -> Callable[[Mapping[str, Json], type], Any]:
        if self._is_direct:
            return direct_read(self._python, self._direct)
        read: dict[str, Any] = {  # Any: likewise
            name: override(struct_hook=self._forms.of(hint).read)
            for name, hint in self._hints.items()
        }
        generic = getattr(self._python, "__parameters__", ())
        python: Any = (
            self._python
        )  # Any: a generic class is asked for with its parameters filled in
        return make_dict_structure_fn(
            python[(Any,) * len(generic)] if generic else python,
            self._forms.converter,
            _cattrs_detailed_validation=False,
            _cattrs_forbid_extra_keys=False,
            **read,
        )

    def write(self, value: Any) -> dict[str, Json]:
        """The object that stands for ``value``; raises ``Misfit``."""
        if type(value) is not self._python:
            raise Misfit(value, f"this must be {self._python.__name__}, not {type(value).__name__}")
        try:
            written: dict[str, Json] = self._write(value)
        except Misfit as misfit:
            if self._is_direct:
                raise
            raise self._placed(
                misfit, lambda name, form: form.write(getattr(value, name))
            ) from None
        if self._is_direct:
            return written
        blank = self._blank
        return {
            name: one
            for name, one in written.items()
            if one or name not in blank or one != blank[name]
        }

    def text(self, value: Any) -> str:
        """The canonical text of what ``write`` gives; any error: take the plain way."""
        return self._text(value)

    @cached_property
    def data_text(self) -> WriteText:
        """The same without the id, which must be text, for a whole record."""
        if not self._is_direct:
            return _refused
        return self._compiled(self._apart, without_text="id") or _refused

    @cached_property
    def _text(self) -> WriteText:
        compiled = self._compiled(self._apart) if self._is_direct else None
        return (lambda value: plain_text(self.write(value))) if compiled is None else compiled

    def _compiled(self, apart: frozenset[str], without_text: str = "") -> WriteText | None:
        fields = []
        for name, (form, is_optional) in self._direct.items():
            if name not in apart and name != without_text:
                blank = name in self._blank
                fields.append(
                    TextField(
                        name=name,
                        text=form.text_of if form.text is None else form.text,
                        default=defaults(self._python)[name] if blank else NEVER,
                        blank=canonical(self._blank[name]) if blank and not is_optional else "",
                        is_optional=is_optional,
                        is_flag=form is SCALARS[bool],
                    )
                )
        return compiled_text(self._python, fields, without_text)

    def stored(self, value: Any, name: str) -> Json:
        """The stored form of one field of a value; ``None`` where it holds nothing."""
        one = getattr(value, name)
        return None if one is None else self._direct[name][0].write(one)

    def read(self, stored: Json, _: Any = None, /) -> Any:
        """The value that an object stands for; raises ``Misfit``."""
        if stored.__class__ is not dict and not isinstance(stored, Mapping):
            raise Misfit(stored, f"this must be an object, not {type(stored).__name__}")
        if self._refuses:
            for key in stored.keys() - self._hints.keys():
                raise Misfit(key, f"this key is not known here; {did_you_mean(key, self._hints)}")
        try:
            return self._read(stored, self._python)
        except Misfit as misfit:
            if self._is_direct:
                raise
            raise self._placed(misfit, lambda name, form: form.read(stored[name])) from None
        except KeyError as missing:
            raise Misfit(None, "this is missing", (str(missing.args[0]),)) from None
        except RecursionError:
            raise
        except Exception as refused:
            raise Misfit(stored, f"it is refused: {refused}") from refused

    def kept(self, stored: Mapping[str, Json], written: dict[str, Json]) -> dict[str, Json]:
        """``written`` with the keys of ``stored`` that the class does not know, at any depth."""
        for name in stored.keys() - self._hints.keys():
            written[name] = stored[name]
        for name, inner in self._inner.items():
            old, new = stored.get(name), written.get(name)
            if isinstance(old, Mapping) and type(new) is dict:
                inner.kept(old, new)
        return written

    @cached_property
    def _inner(self) -> Mapping[str, ClassForm]:
        """The fields that hold one value of an attrs class, with the form of that."""
        found = {
            name: getattr(self._forms.of(unwrapped(hint)[0]).write, "__self__", None)
            for name, hint in self._hints.items()
        }
        return {name: one for name, one in found.items() if isinstance(one, ClassForm)}

    def read_parts(self, stored: Mapping[str, Json]) -> dict[str, Any]:
        """The values of an object by name, for a class that is built in its own way."""
        parts: dict[str, Any] = {}
        for name, one in stored.items():
            if name not in self._hints:
                raise Misfit(name, f"this key is not known here; {did_you_mean(name, self._hints)}")
            with under(name):
                parts[name] = self._forms.of(self._hints[name]).read(one)
        return parts

    def field(self, name: str, stored: Mapping[str, Json]) -> Any:
        """The value of one field of the object that stands for a value; raises ``Misfit``."""
        if name not in stored:
            given = defaults(self._python)[name]
            if given is attrs.NOTHING:
                raise Misfit(None, "this is missing", (name,))
            return given
        return self._reads[name](stored[name])

    def parts(self, name: str, among: tuple[type, ...]) -> ClassForm | None:
        """The form of what a field holds where that is one value of a class ``among`` these."""
        inner = self._inner.get(name)
        return inner if inner is not None and inner._python in among else None  # noqa: SLF001 - of its own class

    @cached_property
    def _reads(self) -> Mapping[str, Read]:
        return {name: self._forms.of(hint).read for name, hint in self._hints.items()}

    def _placed(self, misfit: Misfit, tried: Callable[[str, Form], Any]) -> Misfit:
        """The misfit with the step to the field that it comes from."""
        for name, hint in self._hints.items():
            try:
                tried(name, self._forms.of(hint))
            except Misfit as found:
                return found.under(name)
            except (KeyError, AttributeError):
                continue
        return misfit


def _refused(value: Any) -> str:
    raise TypeError(value)


def _blank(default: Any) -> Json:
    """The stored form of a default that is nothing; ``""`` where it is something."""
    if default is None:
        return None
    if isinstance(default, tuple | frozenset) and not default:
        return []
    return {} if isinstance(default, FrozenMap) and not default else ""


@frozen(eq=False)
class _Same:
    """A model as the key of a cache: the same object, not an equal one."""

    model: Model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.model is self.model


def forms_of(model: Model) -> ModelForms:
    """The forms of a model, resolved once for all who read and write by it."""
    return _forms_of(_Same(model))


@lru_cache(maxsize=8)
def _forms_of(same: _Same) -> ModelForms:
    return ModelForms(same.model)
