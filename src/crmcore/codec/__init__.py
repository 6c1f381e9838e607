"""Codec: records, changes, queries and models as plain JSON-ready data, and back.

This package is the only place that knows cattrs.
"""

from __future__ import annotations

from crmcore.codec.changes import dump_changes, load_changes
from crmcore.codec.codec import Codec
from crmcore.codec.errors import DecodeError, EncodeError
from crmcore.codec.model import dump_model, load_model
from crmcore.codec.query import dump_filter, dump_query, load_filter, load_query

__all__ = [
    "Codec",
    "DecodeError",
    "EncodeError",
    "dump_changes",
    "dump_filter",
    "dump_model",
    "dump_query",
    "load_changes",
    "load_filter",
    "load_model",
    "load_query",
]
