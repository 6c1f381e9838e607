"""Models as documents: a model as JSON text that people can read, keep in git and change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from crmcore.codec.errors import Misfit, decode_error, encode_error
from crmcore.codec.forms import ClassForm, ModelForms, Unknown
from crmcore.codec.scalars import Form
from crmcore.codec.text import read_text_of, write_text_of
from crmcore.entities import STANDARD_ENTITIES
from crmcore.entities.record import Record, kind_of
from crmcore.errors import UnknownNameError, UnsupportedFormatError, did_you_mean
from crmcore.fields import FieldType, Lookup, MultiPicklist, Picklist
from crmcore.findings import ModelError
from crmcore.model.model import STANDARD_MODEL, Model
from crmcore.ports.rows import Json

FORMAT: Final = 1
"""The newest form of the document that is known here."""

_HEAD: Final = {"crmcore": "model", "format": FORMAT}


def dump_model(model: Model) -> str:
    """The model as a JSON document, indented by 2, its keys in a fixed order.

    Entities stand in it by their stored names; the classes of your own are not in it. Raises
    ``EncodeError`` for a value that cannot be written.
    """
    try:
        written = ClassForm(Model, _forms({})).write(model)
        return write_text_of({**_HEAD, **written}, indent=2) + "\n"
    except Misfit as misfit:
        raise encode_error(misfit, "model") from None


def load_model(text: str, entities: Iterable[type[Record]] = ()) -> Model:
    """The model that a document says; ``entities`` are the classes of your own that it names.

    Raises ``UnsupportedFormatError`` for a document that is newer or none of ours,
    ``UnknownNameError`` for an entity without a class, ``DecodeError`` with the path for anything
    else that does not fit, unknown keys included, and ``ModelError`` for a model that cannot work.
    """
    classes = {kind_of(one): one for one in (*STANDARD_ENTITIES, *entities)}
    try:
        stored = _body(read_text_of(text))
        named = stored.get("entities")
        for name in named if isinstance(named, list) else ():
            if isinstance(name, str) and name not in classes:
                raise UnknownNameError("entity", name, tuple(classes), "the classes given")
        read: Model = ClassForm(Model, _forms(classes)).read(stored)
    except Misfit as misfit:
        if isinstance(misfit.__cause__, ModelError):
            raise misfit.__cause__ from None
        raise decode_error(misfit, "model") from None
    return read


def _body(stored: Json) -> Mapping[str, Json]:
    if not isinstance(stored, Mapping) or stored.get("crmcore") != "model":
        why = "this is not a model of crmcore"
        raise UnsupportedFormatError(why, "model", 'it must begin with {"crmcore": "model"')
    version = stored.get("format")
    if version != FORMAT or type(version) is not int:
        why = f"this is format {version!r}, and only format {FORMAT} is known here"
        raise UnsupportedFormatError(why, "model", "install a newer crmcore")
    return {key: value for key, value in stored.items() if key not in _HEAD}


def _forms(classes: Mapping[str, type[Record]]) -> ModelForms:
    forms: ModelForms
    entity: Form = Form(kind_of, lambda stored, _=None: _class(stored, classes))
    meaning = Form(
        lambda value: _write_meaning(value, forms), lambda stored, _=None: _meaning(stored, forms)
    )
    known = {type[Record]: entity, FieldType: meaning}
    forms = ModelForms(STANDARD_MODEL, known=known, unknown=Unknown.REFUSE)
    return forms


def _class(stored: Json, classes: Mapping[str, type[Record]]) -> type[Record]:
    if not isinstance(stored, str):
        raise Misfit(stored, "this must be the stored name of an entity")
    return classes[stored]


_MEANINGS: Mapping[str, type] = {one.__name__: one for one in get_args(FieldType)}
_POSITIONAL = {Picklist: "options", MultiPicklist: "options", Lookup: "kinds"}


def _write_meaning(value: Any, forms: ModelForms) -> Json:
    python = type(value)
    if python.__name__ not in _MEANINGS:
        raise Misfit(value, "this is not the meaning of a field")
    return {"type": python.__name__, **ClassForm(python, forms).write(value)}


def _meaning(stored: Json, forms: ModelForms) -> Any:
    if not isinstance(stored, Mapping) or "type" not in stored:
        raise Misfit(stored, 'this must be an object with a "type"')
    name, rest = stored["type"], {key: one for key, one in stored.items() if key != "type"}
    python = _MEANINGS.get(name) if isinstance(name, str) else None
    if python is None:
        raise Misfit(name, f"this is not a type of field; {did_you_mean(str(name), _MEANINGS)}")
    if python not in _POSITIONAL:
        return ClassForm(python, forms).read(rest)
    parts = ClassForm(python, forms).read_parts(rest)
    return python(*parts.pop(_POSITIONAL[python], ()), **parts)
