"""Codec: records as JSON-ready rows and back, derived from the schemas of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmcore.codec.compiled import WriteText
from crmcore.codec.errors import Misfit, decode_error, encode_error
from crmcore.codec.forms import ModelForms, forms_of
from crmcore.codec.row_text import plain_data
from crmcore.codec.tagged import read_tagged, write_tagged
from crmcore.entities.record import Record, kind_of
from crmcore.model.model import Model
from crmcore.ports.rows import Json, NewRows, Row


class Codec:
    """What turns the records of one model into rows, and rows into records.

    A row's data holds the fields in their declared order, the id included, the version not.
    ``None`` and empty collections are left out where they are the default. Decimals are texts of
    plain digits, dates and moments ISO 8601 texts whose order is that of time, and sets sorted
    lists; values without a declared type say what they are (``{"$decimal": "1.5"}``). Nothing is
    coerced on either way.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.forms: ModelForms = forms_of(model)

    def row(self, record: Record) -> Row:
        """The row of a record.

        Raises ``EncodeError`` with path and value for what cannot be stored, and
        ``UnknownNameError`` for an entity that the model lacks.
        """
        kind = kind_of(type(record))
        form = self.forms.entity(kind)
        try:
            return Row(kind, record.id, record.version, form.write(record))
        except Misfit as misfit:
            raise encode_error(misfit, kind, str(record.id)) from None
        except RecursionError:
            raise encode_error(Misfit("...", "it is nested too deeply"), kind, record.id) from None

    def new_rows(self, records: Sequence[Record]) -> NewRows | None:
        """The rows of records as texts; ``None`` where ``row`` is to be asked for each of them.

        That is so where one of them cannot be stored, and where there is no short way to its text.
        """
        by_class: dict[type, tuple[str, WriteText]] = {}
        kinds, texts = [], []
        try:
            for record in records:
                found = by_class.get(record.__class__)
                if found is None:
                    kind = kind_of(type(record))
                    found = by_class[record.__class__] = kind, self.forms.entity(kind).data_text
                kinds.append(found[0])
                texts.append(found[1](record))
            if not all(map(str.isascii, texts)):
                for text in texts:
                    text.encode()  # which refuses lone surrogates
        except Exception:  # noqa: BLE001  # whatever is unusual is told by the plain way
            return None
        return NewRows(kinds, texts, records, self._parts)

    def _parts(self, record: Record, name: str | None) -> Json:
        """The stored form of one field of a record, or of all of them (``None``)."""
        form = self.forms.entity(kind_of(type(record)))
        return form.write(record) if name is None else form.stored(record, name)

    def record(self, row: Row) -> Any:
        """The record of a row; keys that the entity does not know are passed over.

        Raises ``DecodeError`` with kind, id, path and value for a row that does not fit, and
        ``UnknownNameError`` for an entity that the model lacks.
        """
        form = self.forms.entity(row.kind)
        try:
            data = plain_data(row.data)
            record = form.read({**data, "version": row.version})
        except Misfit as misfit:
            raise decode_error(misfit, row.kind, row.id) from misfit.__cause__
        except RecursionError:
            raise decode_error(Misfit("...", "it is nested too deeply"), row.kind, row.id) from None
        if record.id != row.id:
            raise decode_error(Misfit(record.id, "this is another id", ("id",)), row.kind, row.id)
        return record

    def unknown(self, row: Row) -> Mapping[str, Json]:
        """What a row holds beyond the fields of its entity, by key, in their sorted order."""
        known = self.forms.entity(row.kind).names
        data = plain_data(row.data)
        return {key: data[key] for key in sorted(data.keys() - known)}

    def kept(self, row: Row, written: dict[str, Json]) -> dict[str, Json]:
        """``written``, the data of a successor, with what nobody here knows of ``row`` in it.

        That are keys beyond the fields of the entity, and of the values in its fields, such as an
        address, as long as these have a value.
        """
        return self.forms.entity(row.kind).kept(plain_data(row.data), written)

    def value(self, value: Any) -> Json:
        """The tagged form of any storable value; raises ``Misfit``."""
        return write_tagged(value, self.forms)

    def from_value(self, stored: Json) -> Any:
        """The value that ``value`` wrote; raises ``Misfit``."""
        return read_tagged(stored, self.forms)
