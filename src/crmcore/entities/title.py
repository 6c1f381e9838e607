"""Title: what people call a record."""

from __future__ import annotations

from crmcore.entities.record import Record


def title(record: Record) -> str:
    """What people call a record: its name, subject or company, else its reference."""
    for name in ("name", "subject", "company", "uri"):
        value = getattr(record, name, None)
        if value is not None and str(value).strip():
            return str(value)
    return str(record.ref)
