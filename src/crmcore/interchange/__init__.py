"""Interchange: records to and from what other programs read and write; nothing is stored here.

sheet      the rows of a CSV file, and how to write one
cells      a text as the value of a field, and back
columns    which column fills which field
web_form   what a web form posted, as the values of a lead and a touch
frames     records as a pandas data frame
"""

from __future__ import annotations

from crmcore.interchange.cells import CellError, cell_text, cell_value
from crmcore.interchange.columns import Columns, Filled
from crmcore.interchange.frames import to_frame
from crmcore.interchange.sheet import Row, Sheet, read_sheet, write_sheet
from crmcore.interchange.web_form import Submission, read_form

__all__ = [
    "CellError",
    "Columns",
    "Filled",
    "Row",
    "Sheet",
    "Submission",
    "cell_text",
    "cell_value",
    "read_form",
    "read_sheet",
    "to_frame",
    "write_sheet",
]
