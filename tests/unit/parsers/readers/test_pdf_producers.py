"""PDF files as LibreOffice prints them, read in this process and in the locked worker."""

import io
import random

import pdfplumber
import pypdfium2
import pytest

from parsers.document import DEFAULT_BUDGET, FailureCode, Grid, NoteCode, ReadFailure
from parsers.engines import NO_ENGINES
from parsers.extract import extract
from parsers.readers import pdf
from tests.builders import layouts, word
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE, REGISTRATION, expected, person, same
from tests.builders.libreoffice import converted, needs_libreoffice

pytestmark = [pytest.mark.integration, pytest.mark.long, needs_libreoffice]

BORDERS = (
    "<w:tblBorders>"
    + "".join(
        f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    + "</w:tblBorders>"
)


def ruled(*rows: str, widths: tuple[int, ...] = (2400, 4800)) -> str:
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return word.table(*rows).replace(
        "<w:tblPr/><w:tblGrid/>",
        f'<w:tblPr><w:tblLayout w:type="fixed"/>{BORDERS}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>',
    )


def printed(*blocks: str, to: str = "pdf") -> bytes:
    return converted({"a.docx": word.package(*blocks)}, to)["a.docx"]


def grid_of(data: bytes) -> Grid:
    (grid,) = pdf.read(data, DEFAULT_BUDGET, NO_ENGINES).grids()
    return grid


def test_forty_filled_forms_are_read_right():
    files, sent = {}, {}
    for number in range(20):
        for form in (LIAISON, REGISTRATION):
            layout = layouts.LAYOUTS[number % len(layouts.LAYOUTS)]
            written = person(random.Random(f"pdf {form.id} {number}"), form)
            rows = [(spec.label, written[spec.key]) for spec in form.fields]
            name = f"{form.id} {layout} {number}.docx"
            files[name] = word.docx_form(form.title, layouts.arrange(layout, rows), (), (NOTE,))
            sent[name] = (form, written)
    wrong = []
    for name, data in converted(files, "pdf").items():
        form, written = sent[name]
        found = extract(pdf.read(data, DEFAULT_BUDGET, NO_ENGINES), FORMS, area_code=AREA_CODE).forms
        if [one.form for one in found] != [form.id]:
            wrong.append(f"{name}: {[one.form for one in found]}")
            continue
        for key, want in expected(form, written).items():
            field = found[0].field(key)
            got = None if field is None else field.value
            if not same(got, want) or (field is not None and field.problem is not None):
                wrong.append(f"{name}: {key} {got!r}, want {want!r}")
    assert wrong == []


def test_tracked_changes_ticks_and_boxes_are_read_as_they_are_printed():
    rows = {
        "手机": (word.deleted("13905951234"), word.inserted(word.run("13805954321"))),
        "下划线": (word.run("是", word.UNDERLINED), word.run(" 否")),
        "删除线": (word.run("是", word.STRUCK), word.run(" 否")),
        "底色": (word.run("黄色", '<w:highlight w:val="yellow"/>'), word.run("字")),
        "方框": (word.form_checkbox(checked=True), word.run("是"), word.form_checkbox(checked=False), word.run("否")),
    }
    grid = grid_of(
        printed(ruled(*(word.row(word.cell(label), word.cell(word.para(*runs))) for label, runs in rows.items())))
    )
    values = {grid.cells[at].text: grid.cells[at + 1] for at in range(0, len(grid.cells), 2)}
    assert {label: one.text for label, one in values.items()} == {
        "手机": "13805954321",
        "下划线": "是 否",
        "删除线": "否",
        "底色": "黄色字",
        "方框": "\u2611是\u2610否",
    }
    assert (values["手机"].struck, values["删除线"].struck) == (("13905951234",), ("是",))
    assert values["下划线"].underlined == ("是",)


def test_wrapped_values_lose_and_gain_nothing():
    values = (
        "青石镇安全生产委员会办公室综合科",
        "zhang.sanfeng2025@unit.example.com",
        "0595-27391234转8012，13905951234",
        "张三\n李四",
    )
    rows = [word.row(word.cell("值"), word.cell(*(word.para(line) for line in value.split("\n")))) for value in values]
    grid = grid_of(printed(ruled(*rows, widths=(1000, 1700))))
    assert tuple(one.text for one in grid.cells[1::2]) == values


def test_a_long_table_is_one_grid_without_its_repeated_header():
    header = word.row("姓名", "手机", properties="<w:tblHeader/>")
    grid = grid_of(
        printed(word.para("反馈表"), ruled(header, *(word.row(f"张{n}", f"1390595{n:04d}") for n in range(80))))
    )
    assert [one.text for one in grid.cells[2::2]] == [f"张{n}" for n in range(80)]
    assert [one.text for one in grid.cells].count("姓名") == 1


def test_a_nested_table_and_a_merged_cell_keep_their_places():
    inner = ruled(word.row("内一", "内二"), word.row("内三", "内四"), widths=(1500, 1500))
    grid = grid_of(
        printed(
            ruled(
                word.row(word.cell("合并", span=2)),
                word.row(word.cell("外"), word.cell(word.para("前"), inner, word.para("后"))),
            )
        )
    )
    assert (grid.cells[0].text, grid.cells[0].column_span) == ("合并", 2)
    assert grid.cells[2].text == "前\n后"
    assert [one.text for one in grid.cells[2].nested[0].cells] == ["内一", "内二", "内三", "内四"]


def locked(user: str, owner: str) -> bytes:
    options = (
        f'"EncryptFile":{{"type":"boolean","value":"true"}},"DocumentOpenPassword":{{"type":"string","value":"{user}"}}'
        if user
        else ""
    )
    options += f'{"," if user else ""}"RestrictPermissions":{{"type":"boolean","value":"true"}},"PermissionPassword":{{"type":"string","value":"{owner}"}}'
    return printed(ruled(word.row("姓名", "张三")), to=f"pdf:writer_pdf_Export:{{{options}}}")


def test_a_password_to_open_is_told_and_one_to_print_is_no_hindrance():
    with pytest.raises(ReadFailure) as caught:
        pdf.read(locked("x1", "x2"), DEFAULT_BUDGET, NO_ENGINES)
    assert caught.value.failure.code is FailureCode.ENCRYPTED
    assert [one.text for one in grid_of(locked("", "x2")).cells] == ["姓名", "张三"]


def test_white_and_tiny_text_is_hidden_and_a_pale_hint_is_not():
    colored = '<w:color w:val="{}"/>'.format
    document = pdf.read(
        printed(
            word.para(
                word.run("13905951234", colored("FFFFFF")),
                word.run("看得见的文字"),
                word.run("很淡", colored("D9D9D9")),
            )
        ),
        DEFAULT_BUDGET,
        NO_ENGINES,
    )
    assert document.blocks[0].text == "看得见的文字很淡"
    assert [note.code for note in document.notes] == [NoteCode.COVERED_TEXT]


def test_a_single_white_character_beside_black_ones_is_hidden():
    white = '<w:color w:val="FFFFFF"/>'
    lines = (
        word.para(word.run("王", white), word.run("李建国"), word.run("1", white), word.run("39")),
        word.para(word.run("李"), word.run("王", white), word.run("建国13"), word.run("8", white), word.run("9")),
    )
    document = pdf.read(printed(*lines), DEFAULT_BUDGET, NO_ENGINES)
    text = "".join("".join(block.text.split()) for block in document.blocks)
    assert text == "李建国39李建国139"
    assert [note.code for note in document.notes] == [NoteCode.COVERED_TEXT]


@pytest.mark.parametrize("shade", [0, 255])
def test_text_under_a_box_that_was_drawn_over_it_is_no_value(shade):
    data = printed(
        ruled(
            *(
                word.row(word.cell(label), word.cell(value))
                for label, value in (("姓名", "王晓云"), ("手机", "13805950002"))
            )
        )
    )
    with pdfplumber.open(io.BytesIO(data)) as opened:
        page = opened.pages[0]
        (number,) = page.search("13805950002")
        bottom = page.height - number["bottom"]
    made = pypdfium2.PdfDocument(data)
    first = made[0]
    box = pypdfium2.raw.FPDFPageObj_CreateNewRect(
        number["x0"] - 1, bottom, number["x1"] - number["x0"] + 2, number["bottom"] - number["top"]
    )
    pypdfium2.raw.FPDFPageObj_SetFillColor(box, shade, shade, shade, 255)
    pypdfium2.raw.FPDFPath_SetDrawMode(box, 1, 0)
    pypdfium2.raw.FPDFPage_InsertObject(first.raw, box)
    first.gen_content()
    stream = io.BytesIO()
    made.save(stream)
    document = pdf.read(stream.getvalue(), DEFAULT_BUDGET, NO_ENGINES)
    texts = {cell.text for grid in document.grids() for cell in grid.cells}
    assert texts == {"姓名", "王晓云", "手机", ""}
    assert NoteCode.COVERED_TEXT in {note.code for note in document.notes}
