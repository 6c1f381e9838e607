"""Findings: problems as data, each with its place, its value and a way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, overload

from attrs import field, frozen

from crmcore import render
from crmcore.errors import CrmError, safe_repr, shown
from crmcore.values.ref import Ref


class Severity(IntEnum):
    """How bad a finding is; an ``ERROR`` stops a write, the others are reported."""

    INFO = 1
    WARNING = 2
    ERROR = 3


@frozen(kw_only=True)
class Finding:
    """One problem.

    ``code`` is stable and meant for programs, such as ``reference.missing``. ``ref`` is the record
    (``None``: none in particular), ``path`` the place in it, such as ``billing_address.city``
    (empty: the whole). ``suggestion`` is empty where there is no obvious way out.
    Findings are compared by how their values are shown, as a bad value may refuse to be compared.
    """

    code: str
    severity: Severity
    message: str
    ref: Ref[Any] | None = None
    path: str = ""
    value: object = field(default=None, eq=shown, repr=safe_repr)
    suggestion: str = ""

    def __str__(self) -> str:
        place = ".".join(part for part in (str(self.ref or ""), self.path) if part)
        value = "" if self.value is None else f" [{shown(self.value)}]"
        hint = f"; {self.suggestion}" if self.suggestion else ""
        if len(place) > 160:
            place = f"{place[:160]}... ({len(place):,} characters)"
        where = f"{place}: " if place else ""
        return f"{self.severity.name.lower()}: {where}{self.message}{value}{hint}"


def error(code: str, message: str, **rest: Any) -> Finding:
    """A finding that stops a write."""
    return Finding(code=code, severity=Severity.ERROR, message=message, **rest)


def warning(code: str, message: str, **rest: Any) -> Finding:
    """A finding that is reported and stops nothing."""
    return Finding(code=code, severity=Severity.WARNING, message=message, **rest)


def remark(code: str, message: str, **rest: Any) -> Finding:
    """A finding of the lowest severity."""
    return Finding(code=code, severity=Severity.INFO, message=message, **rest)


class Findings(Sequence[Finding]):
    """All findings of a check, in the order in which they were found."""

    __slots__ = ("_found",)

    def __init__(self, found: Iterable[Finding] = ()) -> None:
        self._found = tuple(found)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        if isinstance(index, slice):
            return Findings(self._found[index])
        return self._found[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __add__(self, other: Iterable[Finding]) -> Findings:
        return Findings((*self._found, *other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Findings) and self._found == other._found

    def __hash__(self) -> int:
        return hash(self._found)

    @property
    def errors(self) -> Findings:
        """Those that stop a write."""
        return Findings(one for one in self._found if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> Findings:
        """Those below an error."""
        return Findings(one for one in self._found if one.severity is not Severity.ERROR)

    def with_code(self, code: str) -> Findings:
        """Those of this code or family: ``reference.missing`` is of the family ``reference``."""
        return Findings(
            one for one in self._found if one.code == code or one.code.startswith(f"{code}.")
        )

    def counts(self) -> dict[str, int]:
        """How often each code was found, the most frequent first, then by code."""
        counted = Counter(one.code for one in self._found)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def __str__(self) -> str:
        return "\n".join(map(str, self._found)) or "no findings"

    def __repr__(self) -> str:
        return f"Findings({list(self._found)!r})"

    def _repr_html_(self) -> str:
        rows = [
            (
                one.severity.name.lower(),
                one.code,
                str(one.ref or ""),
                one.path,
                one.message,
                "" if one.value is None else shown(one.value),
                one.suggestion,
            )
            for one in self._found
        ]
        columns = ("severity", "code", "record", "path", "message", "value", "suggestion")
        return render.html_table(rows, columns=columns, caption=f"{len(rows)} findings")


def _listed(findings: Findings) -> str:
    lines = [f"  {one}" for one in findings[:20]]
    if len(findings) > 20:
        lines.append(f"  ... and {len(findings) - 20} more (see .findings)")
    return "\n".join(lines)


@frozen
class ValidationError(CrmError):
    """A write was refused for its findings, and nothing was stored; ``findings`` has them all."""

    findings: Findings

    def __str__(self) -> str:
        errors = self.findings.errors
        plural = "" if len(errors) == 1 else "s"
        return f"nothing was stored: {len(errors)} error{plural}\n{_listed(errors)}"


@frozen
class ModelError(CrmError):
    """A model, field map or rule book cannot work; ``findings`` lists every reason."""

    what: str
    findings: Findings

    def __str__(self) -> str:
        return f"this {self.what} cannot work:\n{_listed(self.findings)}"
