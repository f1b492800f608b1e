"""Comments are told of, whoever wrote them in whatever program, and never become text of the document."""

import struct
import time
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest

from parsers.document import DEFAULT_BUDGET, Document, FailureCode, Note, NoteCode
from parsers.engines import NO_ENGINES, Box, ScannedLine, ScannedPage
from parsers.ole import Compound
from parsers.readers import excel, markup, ods, oldexcel, pdf, word
from parsers.readers.comments import Comments, comment_notes
from parsers.remarks import may_change_a_value
from tests.builders import pdf as make
from tests.builders import word as w
from tests.builders.excel import changed
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.oldexcel import excel_95, in_sheet, old_workbook
from tests.builders.ole import compound
from tests.builders.remarked import docx_remarked, ods_remarked, odt_remarked, threaded, xlsx_remarked
from tests.unit.parsers.readers.seeing import refusal

ROWS = (("姓名", "林一二"), ("手机", "13800000001"))
REMARK = "手机已换，请以13900000002为准"
NOTE, OBJECT, TEXT_OBJECT, CONTINUE = 0x1C, 0x5D, 0x1B6, 0x3C


def said(document: Document) -> list[str]:
    return [note.detail for note in document.notes if note.code is NoteCode.COMMENT]


def shown(document: Document) -> str:
    """All text of the document."""
    return repr(document.blocks)


def remarked(*texts: str) -> list[str]:
    return [note.detail for note in comment_notes(texts)]


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_a_comment_is_told_in_one_line_without_invisible_characters_and_once():
    assert remarked("手机\r\n 已换\u200b", "手机 已换", " \n") == ["手机 已换"]


def test_a_long_comment_is_cut_to_where_it_may_change_a_value():
    (found,) = remarked("请填写全称，" * 60 + "手机已作废" + "，请填写全称" * 60)
    assert len(found) <= 200
    assert "已作废" in found
    (found,) = remarked("请填写全称，" * 60)
    assert (found[:6], len(found), may_change_a_value(found)) == ("请填写全称，", 200, False)


@pytest.mark.parametrize("before", range(150, 420, 7))
def test_no_cut_makes_a_telling_comment_a_harmless_one(before):
    (found,) = remarked("甲" * before + "13900000002" + "乙" * 300)
    assert may_change_a_value(found)
    assert not found.endswith("?")  # the number itself is shown


def test_of_many_comments_those_that_may_change_a_value_come_first_and_the_rest_is_counted():
    found = remarked(*(f"已阅{sign}" for sign in "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"), "改为李四")
    assert (found[0], len(found), found[-1]) == ("改为李四", 21, "+3")
    assert not may_change_a_value(found[-1])


def test_what_was_too_much_to_be_looked_at_counts_as_telling():
    assert may_change_a_value(remarked("已阅" * 6_000)[-1])
    many = Comments()
    for number in range(100):
        many.add(chr(0x4E00 + number) * 9_000)
    assert may_change_a_value(many.notes()[-1].detail)


# --- Word ------------------------------------------------------------------------------------------------------------


def test_comments_of_a_word_file_are_notes_and_no_text():
    document = word.read(docx_remarked("表", ROWS, REMARK, "已阅"), DEFAULT_BUDGET)
    assert said(document) == [REMARK, "已阅"]
    assert "已换" not in shown(document)
    assert "13800000001" in shown(document)


def test_comments_of_a_strict_package_and_of_one_with_unusual_names_are_found():
    part = f'<w:comments {w.DECLARED}><w:comment w:id="0"><w:p><w:r><w:t>手机</w:t><w:tab/></w:r><w:ins><w:r><w:t>换了</w:t></w:r></w:ins><w:del><w:r><w:delText>没</w:delText></w:r></w:del></w:p><w:p><w:r><w:t>见下</w:t></w:r></w:p></w:comment></w:comments>'
    data = w.package(
        "<w:p><w:r><w:t>正文</w:t></w:r></w:p>", parts={"word/x9.xml": part}, links=[("rId9", "comments", "x9.xml")]
    )
    assert said(word.read(data, DEFAULT_BUDGET)) == ["手机 换了 见下"]
    assert said(word.read(w.strict(data), DEFAULT_BUDGET)) == ["手机 换了 见下"]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("<!DOCTYPE c [<!ENTITY a 'x'>]><c/>", FailureCode.REFUSED),
        ("<w:comments", FailureCode.DAMAGED),
        ("<c>" + " " * 200_000 + "</c>", FailureCode.TOO_LARGE),
    ],
)
def test_a_hostile_part_of_comments_is_refused_as_any_other(part, code):
    data = w.package("<w:p/>", parts={"word/comments.xml": part}, links=[("rId9", "comments", "comments.xml")])
    budget = replace(DEFAULT_BUDGET, xml_part_bytes=100_000)
    assert refusal(lambda: word.read(data, budget)) is code


# --- workbooks -------------------------------------------------------------------------------------------------------


def test_comments_of_a_workbook_are_notes_but_not_those_of_hidden_sheets():
    document = excel.read(xlsx_remarked(ROWS, "已阅", REMARK, hidden="旧手机"), DEFAULT_BUDGET)
    assert said(document) == [REMARK, "已阅"]
    assert "已换" not in shown(document)


def test_the_name_that_excel_writes_before_a_comment_is_no_part_of_it():
    assert said(excel.read(xlsx_remarked(ROWS, "林一二:\n已阅"), DEFAULT_BUDGET)) == ["已阅"]


def test_a_thread_is_told_once_and_without_what_stands_in_for_it():
    warning = (
        "[线程批注]\n\n对批注所作的任何改动都将被删除。 https://example.com/fwlink/?linkid=870924\n\n注释:\n    已阅"
    )
    plain = xlsx_remarked(ROWS, warning)
    assert said(excel.read(threaded(plain, "已阅"), DEFAULT_BUDGET)) == ["已阅"]
    assert said(excel.read(plain, DEFAULT_BUDGET)) == ["注释: 已阅"]


def test_a_comment_whose_author_is_missing_is_told_all_the_same():
    data = xlsx_remarked(ROWS, REMARK)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        (name,) = (name for name in archive.namelist() if "comment" in name and name.endswith(".xml"))
    for number in ("99", "x", "9" * 5_000):
        odd = changed(data, {name: lambda xml, number=number: xml.replace('authorId="0"', f'authorId="{number}"')})
        assert said(excel.read(odd, DEFAULT_BUDGET)) == [REMARK]


def test_comments_of_an_open_document_spreadsheet_are_notes():
    document = ods.read(ods_remarked(ROWS, "手机已换，", "新的附后"), DEFAULT_BUDGET)
    assert said(document) == ["手机已换， 新的附后"]
    assert "已换" not in shown(document)


def test_comments_of_an_old_workbook_are_notes():
    text = "手机已换"
    comment = (
        (OBJECT, struct.pack("<HHHHH", 0x15, 18, 0x19, 1, 0) + bytes(12)),
        (TEXT_OBJECT, struct.pack("<10xHH4x", len(text), 16)),
        (CONTINUE, b"\1" + text.encode("utf-16-le")),
        (NOTE, bytes(12)),
    )
    data = in_sheet(old_workbook(lambda sheet: sheet.write(0, 0, "手机")), *comment)
    document = oldexcel.read(data, DEFAULT_BUDGET)
    assert said(document) == ["手机已换"]
    assert "已换" not in shown(document)


def test_comments_of_excel_95_are_put_together_and_decoded():
    text = "手机已换，请打13900000002".encode("gbk")
    first = struct.pack("<HHH", 0, 1, len(text)) + text[:9]  # cut within a character
    rest = struct.pack("<HHH", 0xFFFF, 0, len(text) - 9) + text[9:]
    data = in_sheet_95(excel_95({(0, 0): "手机".encode("gbk")}, 936), (NOTE, first), (NOTE, rest))
    assert said(oldexcel.read(data, DEFAULT_BUDGET)) == ["手机已换，请打13900000002"]


def in_sheet_95(data: bytes, *extra: tuple[int, bytes]) -> bytes:
    """As `in_sheet`; the records go before the last EOF of the stream."""
    stream = Compound(data).stream("Book")
    assert stream is not None
    end = stream.rindex(struct.pack("<HH", 0x0A, 0))
    more = b"".join(struct.pack("<HH", code, len(payload)) + payload for code, payload in extra)
    return compound({"Book": stream[:end] + more + struct.pack("<HH", 0x0A, 0)})


# --- HTML ------------------------------------------------------------------------------------------------------------


def test_comments_of_a_page_that_word_saved_are_notes_and_leave_no_mark():
    mark = "<span class=MsoCommentReference><span style='mso-special-character:comment'><a>[林1]</a></span></span>"
    text = f"<div style='mso-element:comment'><p class=MsoCommentText>{REMARK}</p></div>"
    html = f"<table><tr><td>手机</td><td>13800000001{mark}</td></tr></table><div style='mso-element:comment-list'><hr>{text}</div>"
    document = markup.read(html, DEFAULT_BUDGET)
    assert said(document) == [REMARK]
    (grid,) = document.blocks
    assert [cell.text for cell in grid.cells] == ["手机", "13800000001"]


# --- PDF -------------------------------------------------------------------------------------------------------------

TABLE = make.table([["姓名", "林一二"], ["手机", "13800000001"]], height=20)  # the mobile stands at 175, 134


def read_pdf(*annotations: str, page: str = TABLE, engines=NO_ENGINES, **rest) -> Document:
    return pdf.read(make.file(make.Page(page, annotations=annotations, **rest)), DEFAULT_BUDGET, engines)


def noted(kind: str, words: str, entries: str = "", place: str = make.rectangle(300, 300, 320, 320)) -> str:
    return make.annotation(kind, place, f"/Contents {make.string(words)} {entries}")


@pytest.mark.parametrize(
    "kind", ["Text", "Highlight", "Underline", "Squiggly", "Caret", "Stamp", "Ink", "Square", "FileAttachment"]
)
def test_what_a_mark_on_a_page_says_is_a_note_and_no_text(kind):
    document = read_pdf(noted(kind, REMARK))
    assert said(document) == [REMARK]
    assert "已换" not in shown(document)


def test_links_fields_windows_hidden_notes_and_printed_values_are_no_comments():
    kinds = ("Link", "Widget", "Popup")
    hidden, printed = noted("Text", REMARK, "/F 2"), noted("FreeText", "13900000002")
    document = read_pdf(*(noted(kind, REMARK) for kind in kinds), hidden, printed)
    assert said(document) == []
    assert shown(document).count("13900000002") == 1


def test_a_printed_text_that_takes_a_value_back_is_told_for_it_may_stand_in_no_cell():
    document = read_pdf(noted("FreeText", REMARK))
    assert said(document) == [REMARK]
    assert shown(document).count("已换") == 1


def test_a_note_that_has_no_place_or_names_its_text_elsewhere_is_told():
    data = make.file(
        make.Page(TABLE, annotations=["<< /Subtype /Text /Contents 900 0 R >>"]), objects={900: make.string(REMARK)}
    )
    assert said(pdf.read(data, DEFAULT_BUDGET, NO_ENGINES)) == [REMARK]


def quads(x0: float, y0: float, x1: float, y1: float) -> str:
    top, bottom = make.HEIGHT - y0, make.HEIGHT - y1
    return f"/QuadPoints [{x0} {top} {x1} {top} {x0} {bottom} {x1} {bottom}]"


def test_a_value_that_a_comment_tool_struck_out_is_no_value():
    place = make.rectangle(175, 124, 235, 138)
    for entries in (quads(175, 124, 235, 138), ""):  # by its rectangle, where its pieces are not given
        (grid,) = (document := read_pdf(make.annotation("StrikeOut", place, entries))).grids()
        assert [(cell.text, cell.struck) for cell in grid.cells][3] == ("", ("13800000001",))
        assert Note(NoteCode.STRUCK_TEXT) in document.notes
        assert Note(NoteCode.STRUCK_TEXT, "page 1") not in document.notes


def test_a_stroke_that_strikes_nothing_or_passes_for_a_border_is_told_with_its_page():
    for left, right in ((300, 400), (170, 280)):  # the second spans the cell from border to border
        y0, y1 = (300, 314) if left == 300 else (124, 138)
        mark = make.annotation("StrikeOut", make.rectangle(left, y0, right, y1), quads(left, y0, right, y1))
        assert Note(NoteCode.STRUCK_TEXT, "page 1") in read_pdf(mark).notes


def test_each_of_several_strokes_has_to_strike_something():
    marks = [
        make.annotation("StrikeOut", make.rectangle(left, 124, right, 138), quads(left, 124, right, 138))
        for left, right in ((175, 235), (245, 275))
    ]
    assert Note(NoteCode.STRUCK_TEXT, "page 1") not in read_pdf(marks[0]).notes
    assert Note(NoteCode.STRUCK_TEXT, "page 1") in read_pdf(*marks).notes


class Eyes:
    """An engine that reads one line off any picture."""

    def convert(self, *asked):
        raise AssertionError(asked)

    def look(self, picture, frame=0):  # noqa: ARG002 - the protocol's
        line = ScannedLine(Box(0, 0, 9, 9), "手机13800000001", "手机13800000001", 0.9)
        return ScannedPage(100, 100, 0, (), (line,), "eyes 1")


def test_of_a_scan_comments_strokes_and_texts_that_are_not_drawn_are_told():
    page = {"page": make.image("I", 0, 0, make.WIDTH, make.HEIGHT), "images": {"I": make.pixels()}}
    drawn = noted("FreeText", "画出来的", "/AP << /N 900 0 R >>")
    document = read_pdf(noted("Text", REMARK), noted("FreeText", "另附"), drawn, engines=Eyes(), **page)
    assert said(document) == [REMARK, "另附"]
    struck = read_pdf(make.annotation("StrikeOut", make.rectangle(9, 9, 99, 99)), engines=Eyes(), **page)
    assert Note(NoteCode.STRUCK_TEXT, "page 1") in struck.notes


def test_thousands_of_notes_that_share_a_long_text_take_no_time():
    data = make.file(
        make.Page(TABLE, annotations=["<< /Subtype /Text /Contents 900 0 R >>"] * 2_000),
        objects={900: b"(\xfe\xff" + "甲".encode("utf-16-be") * 4_000_000 + b")"},
    )
    begun = time.process_time()
    assert len(said(pdf.read(data, DEFAULT_BUDGET, NO_ENGINES))) == 2
    assert time.process_time() - begun < 3.5  # measured: 1 s; 6.5 s where each text is decoded whole


# --- what LibreOffice writes -----------------------------------------------------------------------------------------


@pytest.mark.integration
@needs_libreoffice
@pytest.mark.parametrize("to", ["docx", "doc:MS Word 97", "rtf"])
def test_comments_survive_the_way_through_libreoffice(to):
    """An .odt, .doc or .rtf comes as a .docx of LibreOffice."""
    data = converted({"a.odt": odt_remarked("表", ROWS, "手机已换，", "新的附后")}, to)["a.odt"]
    if to != "docx":
        data = converted({f"a.{to[:3]}": data}, "docx:Office Open XML Text")[f"a.{to[:3]}"]
    document = word.read(data, DEFAULT_BUDGET)
    assert said(document) == ["手机已换， 新的附后"]
    assert "已换" not in shown(document)


@pytest.mark.integration
@needs_libreoffice
def test_comments_of_workbooks_of_libreoffice_are_found():
    source = {"a.ods": ods_remarked(ROWS, REMARK)}
    assert said(excel.read(converted(source, "xlsx")["a.ods"], DEFAULT_BUDGET)) == [REMARK]
    assert said(oldexcel.read(converted(source, "xls:MS Excel 97")["a.ods"], DEFAULT_BUDGET)) == [REMARK]


@pytest.mark.integration
@needs_libreoffice
def test_comments_that_libreoffice_exports_to_pdf_are_found():
    to = 'pdf:writer_pdf_Export:{"ExportNotes":{"type":"boolean","value":"true"}}'
    data = converted({"a.odt": odt_remarked("表", ROWS, REMARK)}, to)["a.odt"]
    document = pdf.read(data, DEFAULT_BUDGET, NO_ENGINES)
    assert said(document) == [REMARK]
    assert "已换" not in shown(document)
