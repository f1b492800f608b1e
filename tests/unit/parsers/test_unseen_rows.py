"""What stands in rows of a workbook that nobody sees: told to a person, read only where a filter hides it."""

from collections.abc import Callable

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from parsers.forms import Doubt, FormReading
from parsers.parse import parse_document
from tests.builders.excel import workbook
from tests.builders.forms import AREA_CODE, FORMS, LIAISON

HEADER = ["姓名", "职务", "手机", "单位名称"]
LI = ["李志明", "副镇长", "13805950001", "青石镇人民政府"]
WANG = ["王晓云", "科员", "13805950002", "白沙镇人民政府"]
ZHAO = ["赵建国", "科员", "13805950003", "海湾镇人民政府"]


def read(change: Callable[[Worksheet], None], *more: tuple[str, Callable[[Worksheet], None]]) -> list[FormReading]:
    def fill(sheet: Worksheet) -> None:
        for row in ([LIAISON.title], HEADER, LI, WANG, ZHAO):
            sheet.append(row)
        change(sheet)

    reading = parse_document(
        workbook(fill, *more), name="附件2.xlsx", declared_type="", forms=FORMS, area_code=AREA_CODE
    )
    return list(reading.forms)


def told(found: list[FormReading]) -> dict[str, list[tuple[str, str]]]:
    return {str(one.field("name").value): [(each.detail, each.given) for each in one.problems] for one in found}


def hide(sheet: Worksheet, *rows: int) -> None:
    for row in rows:
        sheet.row_dimensions[row].hidden = True


def test_hidden_rows_are_told_with_every_form_of_their_sheet():
    doubt = [(Doubt.HIDDEN_ROWS, "表!4")]
    assert told(read(lambda sheet: hide(sheet, 4))) == {"李志明": doubt, "赵建国": doubt}


def test_hidden_rows_of_another_sheet_and_empty_ones_say_nothing_of_a_form():
    def other(sheet: Worksheet) -> None:
        sheet["A2"] = "科员"
        hide(sheet, 2)

    found = told(read(lambda sheet: hide(sheet, 7, 8), ("参数", other)))
    assert found == {"李志明": [], "王晓云": [], "赵建国": []}


def test_a_row_that_a_filter_hides_is_read_and_asked_about_and_the_others_are_not():
    def filtered(sheet: Worksheet) -> None:
        sheet.auto_filter.ref = "A2:D5"
        hide(sheet, 4)

    found = told(read(filtered))
    assert found == {"李志明": [], "王晓云": [(Doubt.FILTERED_ROWS, "表!4")], "赵建国": []}


@pytest.mark.parametrize("rows", [(3, 4), (3, 5)])
def test_several_filtered_rows_are_told_in_one_place(rows):
    def filtered(sheet: Worksheet) -> None:
        sheet.auto_filter.ref = "A2:D5"
        hide(sheet, *rows)

    given = "表!3-4" if rows == (3, 4) else "表!3,5"
    doubts = [problems for problems in told(read(filtered)).values() if problems]
    assert doubts == [[(Doubt.FILTERED_ROWS, given)]] * 2
