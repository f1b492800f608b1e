"""A list with a column of remarks, a form with a sentence below: what takes a person or the form back is for a person."""

import io

import pytest
from docx import Document
from openpyxl import Workbook

from intake.model import CellState
from tests.builders import office
from tests.rig.clerk import TOWN

ADDRESS = office.UNITS[TOWN]
TITLE = "泉州台商投资区“安全生产月”活动联络员反馈表"


def sheet(*people: tuple[str, str]) -> bytes:
    """An Excel list of (name, remark)."""
    book, data = Workbook(), io.BytesIO()
    rows = book.active
    rows.append([TITLE])
    rows.append(["序号", "姓名", "职务", "手机", "单位名称", "备注"])
    for number, (name, remark) in enumerate(people, start=1):
        rows.append([number, name, "科员", f"1391234567{number}", TOWN, remark])
    book.save(data)
    return data.getvalue()


def form(below: str = "", remark: str = "", footer: str = "") -> bytes:
    """A Word form with a row 备注, a sentence below its table, and a page footer."""
    document, data = Document(), io.BytesIO()
    document.add_paragraph(TITLE)
    table = document.add_table(0, 2)
    for label, value in (("姓名", "王五"), ("职务", "科员"), ("手机", "13912345678"), ("单位名称", TOWN)):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, value
    if remark:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = "备注", remark
    document.add_paragraph(below)
    document.sections[0].footer.paragraphs[0].text = footer
    document.save(data)
    return data.getvalue()


def states(desk) -> dict[str, CellState]:
    found = desk.ledger().submissions
    return {next(field.value for field in one.fields if field.key == "name"): one.state for one in found}


@pytest.mark.parametrize("remark", ["已调离", "2025年5月已退休", "已于5月离职", "不再担任联络员", "作废"])
def test_who_is_gone_by_the_remark_in_his_row_is_not_in_force(desk, remark):
    number = desk.receives(ADDRESS, attachment=sheet(("王五", remark), ("赵六", "新任")), name="附件2.xlsx")
    assert desk.is_open(number)
    assert states(desk) == {"王五": CellState.REVIEW, "赵六": CellState.ACCEPTED}
    assert any(f"“{remark}”" in why for why in desk.case(number).reasons)


@pytest.mark.parametrize("remark", ["", "党员", "A岗", "兼安全员", "新调整"])
def test_another_remark_needs_nobody(desk, remark):
    number = desk.receives(ADDRESS, attachment=sheet(("王五", remark)), name="附件2.xlsx")
    assert not desk.is_open(number)
    assert states(desk) == {"王五": CellState.ACCEPTED}


@pytest.mark.parametrize("below", ["本表作废", "（此表作废，请以下次报送为准）", "以上内容已撤回。"])
def test_a_form_that_takes_itself_back_is_not_in_force(desk, below):
    number = desk.receives(ADDRESS, attachment=form(below))
    assert desk.is_open(number)
    assert states(desk) == {"王五": CellState.REVIEW}


@pytest.mark.parametrize("below", ["涂改无效", "此表一式两份，逾期作废。", "填表人：王五"])
def test_what_only_sounds_so_leaves_it_in_force(desk, below):
    number = desk.receives(ADDRESS, attachment=form(below))
    assert not desk.is_open(number)
    assert states(desk) == {"王五": CellState.ACCEPTED}


@pytest.mark.parametrize(
    "remark", ["王五已于11月调离，由李新民接任，13900000002", "6月起手机改为13900000002", "已调离"]
)
def test_a_row_of_remarks_that_takes_a_value_back_is_read_by_a_person(desk, remark):
    number = desk.receives(ADDRESS, attachment=form(remark=remark))
    assert desk.is_open(number)
    assert states(desk) == {"王五": CellState.REVIEW}


@pytest.mark.parametrize("remark", ["无", "分管领导：林副镇长", "联系时间：工作日"])
def test_another_row_of_remarks_needs_nobody(desk, remark):
    number = desk.receives(ADDRESS, attachment=form(remark=remark))
    assert not desk.is_open(number)
    assert states(desk) == {"王五": CellState.ACCEPTED}


@pytest.mark.parametrize(
    "lines", [["姓名李建国性别男职务科长手机13959760001"], ["姓名李建国", "性别男", "手机13959760001"]]
)
def test_a_form_that_lost_its_table_is_called_no_blank_one(desk, lines):
    document, data = Document(), io.BytesIO()
    for line in (TITLE, *lines):
        document.add_paragraph(line)
    document.save(data)
    number = desk.receives(ADDRESS, attachment=data.getvalue())
    assert desk.is_open(number)
    assert any("没有读出填报内容" in why for why in desk.case(number).reasons)
    assert not any("未填写" in why for why in desk.case(number).reasons)
    assert not any("空白表" in subject for subject in desk.subjects())


@pytest.mark.parametrize(
    ("footer", "state"), [("本表作废，以12月1日版为准", CellState.REVIEW), ("第1页", CellState.ACCEPTED)]
)
def test_a_page_footer_that_takes_the_form_back_is_heard(desk, footer, state):
    desk.receives(ADDRESS, attachment=form(footer=footer))
    assert states(desk) == {"王五": state}
