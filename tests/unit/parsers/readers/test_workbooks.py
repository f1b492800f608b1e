"""One value in one number format is the same text out of every kind of workbook."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time

import pytest
import xlwt

from parsers.document import DEFAULT_BUDGET, Document, NoteCode
from parsers.readers import excel, ods, oldexcel
from tests.builders.excel import workbook
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.oldexcel import old_workbook
from tests.unit.parsers.readers.seeing import codes, only, seen

Formatted = tuple[object, str]


def new(*values: Formatted) -> bytes:
    """An .xlsx whose column A holds these values in these formats."""

    def fill(sheet):
        for row, (value, number_format) in enumerate(values, start=1):
            sheet.cell(row, 1, value).number_format = number_format

    return workbook(fill)


def old(*values: Formatted) -> bytes:
    """An .xls with the same."""

    def fill(sheet):
        for row, (value, number_format) in enumerate(values):
            sheet.write(row, 0, value, xlwt.easyxf(num_format_str=number_format))

    return old_workbook(fill)


def _read_new(*values: Formatted) -> Document:
    return excel.read(new(*values), DEFAULT_BUDGET)


def _read_old(*values: Formatted) -> Document:
    return oldexcel.read(old(*values), DEFAULT_BUDGET)


KINDS: Sequence[Callable[..., Document]] = (_read_new, _read_old)
every_kind = pytest.mark.parametrize("read", KINDS, ids=["xlsx", "xls"])

VALUES = [
    (13900001234, "General", "13900001234"),
    (13900001234.0, "General", "13900001234"),
    (13900001234, "#,##0", "13900001234"),
    (13900001234, "0.00", "13900001234"),
    (13900001234, "yyyy-mm-dd", "13900001234"),
    (-5, "yyyy-mm-dd", "-5"),
    (59527000001, "0000-00000000", "0595-27000001"),
    (59527000001, '"0"000\\-00000000', "0595-27000001"),
    (7, "0000", "0007"),
    ("059527000001", "@", "059527000001"),
    ("007", "0000", "007"),
    ("1.39E+10", "@", "1.39E+10"),
    (350500199001011234, "0", "3.50500E+17"),
    (1, "0%", "100%"),
    (0.125, "0.0%", "12.5%"),
    (5, '0"万元"', "5万元"),
    (date(2025, 5, 30), "yyyy-mm-dd", "2025-05-30"),
    (date(2025, 5, 30), "yyyy/m/d", "2025-05-30"),
    (date(2025, 5, 30), 'm"月"d"日"', "2025-05-30"),
    (date(2025, 5, 30), 'yyyy"年"m"月"d"日"', "2025-05-30"),
    (datetime(2025, 5, 30, 14, 30), "yyyy-mm-dd hh:mm", "2025-05-30 14:30:00"),  # noqa: DTZ001
    (time(8, 30), "h:mm", "08:30:00"),
    (1.5, "[h]:mm", "36:00:00"),
    (True, "General", "TRUE"),
]


@every_kind
@pytest.mark.parametrize(("value", "number_format", "text"), VALUES)
def test_a_value_is_read_as_the_screen_shows_it(read, value: object, number_format: str, text: str) -> None:
    assert seen(read((value, number_format))) == {"表!A1": text}


@every_kind
def test_the_number_format_is_kept_for_numbers_only(read) -> None:
    assert [cell.number_format for cell in only(read((5, "000"), ("5", "000"))).cells] == ["000", ""]


@every_kind
@pytest.mark.parametrize(
    ("value", "number_format", "note"),
    [(0, "0;-0;;@", False), (0, "#,###", False), (-5, "0;;", True), (13500000001, ";;;", True), ("旧", ";;;", True)],
)
def test_a_value_that_its_format_does_not_show_is_none_and_told_unless_it_is_zero(read, value, number_format, note):
    document = read(("甲", "General"), (value, number_format))
    assert seen(document) == {"表!A1": "甲"}
    assert codes(document) == ({NoteCode.HIDDEN_TEXT} if note else set())


@pytest.mark.integration
@needs_libreoffice
def test_what_libreoffice_makes_of_the_values_is_read_the_same() -> None:
    # LibreOffice writes a number that can be no date as #FMT, and -5 as Christmas 1899.
    table = [row for row in VALUES if row[0] not in (13900001234, -5) or row[1] != "yyyy-mm-dd"]
    hidden = [(0, "0;-0;;@"), (-5, "0;;")]
    source = {"a.xlsx": new(*((value, number_format) for value, number_format, _ in table), *hidden)}
    want = {f"表!A{row}": text for row, (_, _, text) in enumerate(table, start=1)}
    for reader, to in ((ods, "ods:calc8"), (oldexcel, "xls:MS Excel 97"), (excel, "xlsx:Calc MS Excel 2007 XML")):
        document = reader.read(converted(source, to)["a.xlsx"], DEFAULT_BUDGET)
        assert seen(document) == want, to
        assert codes(document) == {NoteCode.HIDDEN_TEXT}, to
