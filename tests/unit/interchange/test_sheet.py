from pathlib import Path

import pytest

from crmcore.errors import StorageError, UsageError
from crmcore.interchange import read_sheet, write_sheet
from crmcore.interchange.sheet import decoded, sheet_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    text = f'Name{delimiter}"City{delimiter} Country"\nAda{delimiter}London\n'
    sheet = sheet_of(text)
    assert sheet.columns == ("Name", f"City{delimiter} Country".strip())
    assert sheet.rows[0].cells["Name"] == "Ada"


def test_one_column_needs_no_delimiter() -> None:
    assert sheet_of("Name\nAda").rows[0].cells == {"Name": "Ada"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert decoded("Grüße".encode(encoding)) == "Grüße"


def test_rows_have_their_numbers_and_odd_cells_are_told() -> None:
    sheet = sheet_of("a,b\n1,2\n\n3\n4,5,6\n")
    assert [row.number for row in sheet.rows] == [2, 3, 4]
    assert [row.is_short for row in sheet.rows] == [False, True, False]
    assert sheet.rows[2].extra == ("6",)


def test_a_cell_may_have_several_lines() -> None:
    assert sheet_of('a,b\n"1\n2",3\n').rows[0].cells["a"] == "1\n2"


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no header"):
        sheet_of("\n\n")
    with pytest.raises(UsageError, match="one name"):
        sheet_of("a,a\n1,2")
    with pytest.raises(UsageError, match="not a CSV"):
        sheet_of("a\n" + "x" * 200_000)
    with pytest.raises(StorageError, match="cannot be read"):
        read_sheet(tmp_path / "nothing.csv")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = [{"a": 'say "x"', "b": "1\n2"}, {"b": "ü"}]
    assert write_sheet(path, ["a", "b"], rows) == 2
    assert b"\r\n" in path.read_bytes()
    assert [dict(one.cells) for one in read_sheet(path).rows] == rows
    with pytest.raises(StorageError, match="cannot be written"):
        write_sheet(tmp_path / "no" / "x.csv", ["a"], [])
    assert [one.name for one in tmp_path.iterdir()] == ["x.csv"]
