"""Codec errors: a value that cannot be written, or a stored one that does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from crmcore.errors import CrmError, StorageError, shown


class Misfit(Exception):  # noqa: N818 - never leaves the codec, which turns it into one of the errors below
    """A value that does not fit, and the steps that lead to it from where it was found."""

    def __init__(self, value: Any, why: str, steps: tuple[str, ...] = ()) -> None:
        super().__init__(value, why, steps)
        self.value = value
        self.why = why
        self.steps = steps

    def under(self, step: str) -> Misfit:
        """The same misfit, seen from one step further out."""
        return Misfit(self.value, self.why, (step, *self.steps))

    @property
    def path(self) -> str:
        """The steps as one text, such as ``billing_address.city`` or ``merged[0].name``."""
        return "".join(
            step if step.startswith("[") else f".{step}" for step in self.steps
        ).removeprefix(".")


@contextmanager
def under(step: str) -> Iterator[None]:
    """Misfits found within are seen from one step further out."""
    try:
        yield
    except Misfit as misfit:
        raise misfit.under(step) from None


@frozen(kw_only=True)
class EncodeError(CrmError):
    """A value cannot be written; nothing was. ``path`` is empty where it is the whole.

    ``kind`` is that of the record, or says what else was to be written, such as ``query``.
    """

    kind: str
    id: str
    path: str
    value: object
    why: str

    def __str__(self) -> str:
        place = _place(self.kind, self.id, self.path)
        return f"{place} cannot be written: {self.why}: {shown(self.value)}"


@frozen(kw_only=True)
class DecodeError(StorageError):
    """What is stored does not fit the model; it is left as it is.

    ``kind`` is that of the record, or says what else was to be read, such as ``query``.
    """

    kind: str
    id: str
    path: str
    value: object

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.where} cannot be read: {self.why}: {shown(self.value)}{hint}"


def _place(kind: str, id: str, path: str) -> str:
    record = f"{kind}:{id}" if id else kind
    return f"{record}.{path}" if path else record


def encode_error(misfit: Misfit, kind: str, id: str = "") -> EncodeError:
    """The error for a misfit found while writing."""
    return EncodeError(kind=kind, id=id, path=misfit.path, value=misfit.value, why=misfit.why)


def decode_error(misfit: Misfit, kind: str, id: str = "") -> DecodeError:
    """The error for a misfit found while reading."""
    return DecodeError(
        why=misfit.why,
        where=_place(kind, id, misfit.path),
        kind=kind,
        id=id,
        path=misfit.path,
        value=misfit.value,
    )
