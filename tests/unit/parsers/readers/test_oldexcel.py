import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet as NewWorksheet
from xlwt.Worksheet import Worksheet

from parsers.document import DEFAULT_BUDGET, Document, FailureCode, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers import biffscan, excel, oldexcel
from parsers.sniff import Kind, sniff
from tests.builders.excel import workbook
from tests.builders.layouts import LAYOUTS, arrange
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.oldexcel import (
    BOUNDSHEET,
    CODEPAGE,
    EOF,
    XF,
    excel_95,
    file_of,
    in_sheet,
    old_workbook,
    records,
    without,
    xls_form,
)
from tests.builders.ole import compound
from tests.unit.parsers.readers.seeing import codes, only, refusal, seen

ROWS = [("单位", "洛江演示办公室"), ("姓　名", "林一二"), ("手机", "13900001234"), ("地址", "演示路1号\n二楼")]
STRUCK = xlwt.easyxf("font: struck_out on")
CONTINUE, SST, FORMULA, STRING, NUMBER, MERGED, HLINK, NAME = 0x3C, 0xFC, 0x06, 0x207, 0x203, 0xE5, 0x1B8, 0x18
COLINFO, ROW, DEFAULT_ROW, LABEL_SST, MULRK, FORMAT, FILEPASS = 0x7D, 0x208, 0x225, 0xFD, 0xBD, 0x41E, 0x2F
OBJECT, TEXT_OBJECT, DATEMODE, NOTE = 0x5D, 0x1B6, 0x22, 0x1C


def cells(**values: object) -> Callable[[Worksheet], None]:
    """Fill cells by coordinates such as A1; a pair is a value and its style."""

    def fill(sheet: Worksheet) -> None:
        for coordinate, value in values.items():
            row, column = int(coordinate[1:]) - 1, ord(coordinate[0]) - ord("A")
            sheet.write(row, column, *value) if isinstance(value, tuple) else sheet.write(row, column, value)

    return fill


def formatted(number_format: str) -> xlwt.XFStyle:
    return xlwt.easyxf(num_format_str=number_format)


def read(data: bytes, **changes: int) -> Document:
    return oldexcel.read(data, replace(DEFAULT_BUDGET, **changes))


def failure(data: bytes, **changes: int) -> FailureCode:
    return refusal(lambda: read(data, **changes))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_value_of_a_form_is_read(layout: str) -> None:
    document = read(xls_form("反馈表", arrange(layout, ROWS), ["附件2"], ["注：无"]))
    form = (
        [f"{label}：{value}" for label, value in ROWS]
        if layout == "colon"
        else [part for pair in ROWS for part in pair]
    )
    assert sorted(seen(document).values()) == sorted([*form, "附件2", "反馈表", "注：无"])
    assert document.notes == ()
    assert document.reader == "oldexcel/1 xlrd 2.0.2"


def test_a_file_is_known_as_an_old_workbook() -> None:
    assert sniff(old_workbook(cells(A1="x"))) is Kind.XLS
    assert sniff(excel_95({(0, 0): b"x"}, 936)) is Kind.XLS


def test_places_are_the_sheets_own_and_gaps_are_one_strip() -> None:
    document = read(old_workbook(cells(B3="姓名", D3="林一", B9="手机", D9="139")))
    assert seen(document) == {"表!B3": "姓名", "表!D3": "林一", "表!B9": "手机", "表!D9": "139"}
    assert (only(document).rows, only(document).columns) == (3, 3)


@pytest.mark.parametrize("number", [27, 31, 36, 50, 57, 58, 14])
def test_a_date_in_a_format_that_only_chinese_programs_have_built_in(number: int) -> None:
    found = records(old_workbook(cells(A1=(45807, formatted("0.000")))))
    data = file_of(
        (code, payload[:2] + struct.pack("<H", number) + payload[4:] if code == XF else payload)
        for code, payload in found
    )
    assert seen(read(data)) == {"表!A1": "2025-05-30"}


def test_dates_of_old_macintosh_workbooks() -> None:
    found = records(old_workbook(cells(A1=(44345, formatted("yyyy-mm-dd")))))
    assert seen(read(file_of((code, b"\1\0" if code == DATEMODE else payload) for code, payload in found))) == {
        "表!A1": "2025-05-30"
    }


def test_an_error_is_read_as_it_looks() -> None:
    data = in_sheet(old_workbook(cells(B1="x")), (0x205, struct.pack("<HHHBB", 0, 0, 0, 42, 1)))
    assert seen(read(data)) == {"表!A1": "#N/A", "表!B1": "x"}


def test_numbers_that_share_a_record_are_all_read() -> None:
    three = b"".join(struct.pack("<HI", 0, (number << 2) | 2) for number in (7, 8, 9))
    data = in_sheet(old_workbook(cells(A1="x")), (MULRK, struct.pack("<HH", 0, 1) + three + struct.pack("<H", 3)))
    assert seen(read(data)) == {"表!A1": "x", "表!B1": "7", "表!C1": "8", "表!D1": "9"}


# What nobody sees


def test_hidden_sheets_are_skipped_and_told() -> None:
    def hide(level: int) -> Callable[[Worksheet], None]:
        def fill(sheet: Worksheet) -> None:
            sheet.write(0, 0, "13500000001")
            sheet.visibility = level

        return fill

    document = read(old_workbook(cells(A1="x"), ("旧表", hide(1)), ("参数", hide(2)), ("新表", cells(A1="y"))))
    assert seen(document) == {"表!A1": "x", "新表!A1": "y"}
    assert document.notes == (Note(NoteCode.HIDDEN_SHEET, "旧表"), Note(NoteCode.HIDDEN_SHEET, "参数"))


@pytest.mark.parametrize("manner", ["flag", "size"])
def test_hidden_rows_and_columns_are_skipped_and_told(manner: str) -> None:
    def fill(sheet: Worksheet) -> None:
        cells(A1="a", B1="旧", C1="c", A2="旧", A3="d")(sheet)
        if manner == "flag":
            sheet.col(1).hidden, sheet.row(1).hidden = True, True
        else:
            sheet.col(1).width, sheet.row(1).height, sheet.row(1).height_mismatch = 0, 0, True

    document = read(old_workbook(fill))
    assert seen(document) == {"表!A1": "a", "表!C1": "c", "表!A3": "d"}
    assert document.notes == (Note(NoteCode.HIDDEN_TEXT, "表"), Note(NoteCode.HIDDEN_ROWS, "表!2"))
    assert (only(document).rows, only(document).columns) == (2, 2)


def test_rows_that_are_hidden_by_default_are_skipped() -> None:
    data = without(old_workbook(cells(A1="a", A3="旧")), DEFAULT_ROW)
    found = [(code, payload) for code, payload in records(data) if code != ROW or payload[:2] == b"\0\0"]
    document = read(file_of([*found[:-1], (DEFAULT_ROW, struct.pack("<HH", 2, 255)), (EOF, b"")]))
    assert (seen(document), codes(document)) == ({"表!A1": "a"}, {NoteCode.HIDDEN_TEXT, NoteCode.HIDDEN_ROWS})


def test_values_under_a_merge_and_values_without_a_format_are_hidden() -> None:
    covered = in_sheet(old_workbook(cells(A1="a", B1="13500000001")), (MERGED, struct.pack("<5H", 1, 0, 0, 0, 1)))
    for data in (covered, old_workbook(cells(A1="a", B1=("13500000001", formatted(";;;"))))):
        document = read(data)
        assert (seen(document), codes(document)) == ({"表!A1": "a"}, {NoteCode.HIDDEN_TEXT})


def test_a_merged_title_whose_first_column_is_hidden_is_seen() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.write_merge(0, 0, 0, 2, "标题")
        cells(B2="姓名", C2="林一")(sheet)
        sheet.col(0).hidden = True

    assert seen(read(old_workbook(fill))) == {"表!A1": "标题", "表!B2": "姓名", "表!C2": "林一"}


def test_struck_and_underlined_text() -> None:
    struck, lined = xlwt.easyfont("struck_out on"), xlwt.easyfont("underline single")

    def fill(sheet: Worksheet) -> None:
        sheet.write(0, 0, "13500000001", STRUCK)
        sheet.write_rich_text(0, 1, ["是/", ("否", struck), ("一", lined)])
        sheet.write(0, 2, "底", xlwt.easyxf("font: underline double"))
        sheet.write_rich_text(0, 3, [("旧", struck), "新"], STRUCK)

    document = read(old_workbook(fill))
    assert [(cell.text, cell.struck, cell.underlined) for cell in only(document).cells] == [
        ("", ("13500000001",), ()),
        ("是/一", ("否",), ("一",)),
        ("底", (), ("底",)),
        ("", ("旧新",), ()),
    ]
    assert codes(document) == {NoteCode.STRUCK_TEXT}


def test_runs_behind_a_character_of_two_units_begin_where_they_should() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.write_rich_text(0, 0, ["是/否", ("旧", xlwt.easyfont("struck_out on")), "新"])

    found = records(old_workbook(fill))
    data = file_of(
        (code, payload.replace("是".encode("utf-16-le"), "𠮷".encode("utf-16-le"))) if code == SST else (code, payload)
        for code, payload in found
    )
    payload = next(payload for code, payload in records(data) if code == SST)
    grown = payload[:8] + struct.pack("<H", struct.unpack_from("<H", payload, 8)[0] + 1) + payload[10:]
    runs = struct.pack("<HH", 3, struct.unpack_from("<H", payload, len(payload) - 6)[0])
    assert grown.count(runs) == 1
    grown = grown.replace(runs, struct.pack("<H", 4) + runs[2:])
    grown = grown[:-4] + struct.pack("<H", 5) + grown[-2:]
    (cell,) = only(read(file_of((code, grown if code == SST else old) for code, old in records(data)))).cells
    assert (cell.text, cell.struck) == ("𠮷/否新", ("旧",))


def test_ticks_in_symbol_fonts() -> None:
    font = xlwt.easyfont("name Wingdings 2")

    def fill(sheet: Worksheet) -> None:
        sheet.write(0, 0, "R", xlwt.easyxf("font: name Wingdings 2"))
        sheet.write_rich_text(0, 1, [("R", font), "是 ", ("£", font), "否"])
        sheet.write(0, 2, "\uf0f6是")

    document = read(old_workbook(fill))
    assert list(seen(document).values()) == ["☑", "☑是 ☐否", "是"]
    assert codes(document) == {NoteCode.UNKNOWN_SYMBOL}


# Formulas


def formula(result: bytes) -> tuple[int, bytes]:
    """A formula in B1 with this result."""
    return FORMULA, struct.pack("<HHH", 0, 1, 0) + result + struct.pack("<HIH", 0, 0, 0)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (struct.pack("<d", 2.0), "2"),
        (b"\1\0\1\0\0\0\xff\xff", "TRUE"),
        (b"\2\0\7\0\0\0\xff\xff", "#DIV/0!"),
        (b"\3\0\0\0\0\0\xff\xff", None),
    ],
)
def test_the_stored_result_of_a_formula_is_its_value(result: bytes, text: str | None) -> None:
    document = read(in_sheet(old_workbook(cells(A1="x")), formula(result)))
    assert seen(document).get("表!B1") == text
    assert document.notes == ()


def test_the_text_of_a_formula_follows_it_even_behind_a_shared_formula() -> None:
    text = (STRING, struct.pack("<HB", 3, 1) + "林一二".encode("utf-16-le"))
    for between in ([], [(0x4BC, bytes(12))], [(0x221, bytes(16))]):
        data = in_sheet(old_workbook(cells(A1="x")), formula(bytes(6) + b"\xff\xff"), *between, text)
        assert seen(read(data)) == {"表!A1": "x", "表!B1": "林一二"}


def test_a_formula_without_its_result_is_told_and_no_value() -> None:
    document = read(in_sheet(old_workbook(cells(A1="x")), formula(bytes(6) + b"\xff\xff")))
    assert seen(document) == {"表!A1": "x"}
    assert document.notes == (Note(NoteCode.FORMULA_WITHOUT_VALUE, "表!B1"),)


def test_a_picture_in_a_cell_is_counted_and_no_text() -> None:
    document = read(old_workbook(cells(A1='=DISPIMG("ID_1",1)', B1="x")))
    assert (seen(document), document.pictures) == ({"表!B1": "x"}, 1)


# What lies on a sheet


def drawn(kind: int, text: str, state: int | None = None) -> list[tuple[int, bytes]]:
    extra = b"" if state is None else struct.pack("<HHHHHH", 0x12, 8, state, 0, 0, 0)
    content = text.encode("utf-16-le")
    half = len(content) // 4 * 2
    return [
        (OBJECT, struct.pack("<HHHHH", 0x15, 0x12, kind, 1, 0) + bytes(12) + extra + bytes(4)),
        (TEXT_OBJECT, bytes(10) + struct.pack("<HH", len(text), 16) + bytes(4)),
        (CONTINUE, b"\1" + content[:half]),
        (CONTINUE, b"\1" + content[half:]),
        (CONTINUE, bytes(16)),
    ]


def test_text_boxes_and_check_boxes_on_a_sheet_are_read_and_comments_are_not() -> None:
    data = in_sheet(
        old_workbook(cells(A1="x")),
        *drawn(0x06, "填报单位"),
        *drawn(0x19, "批注里的旧号码13500000001"),
        *drawn(0x0B, "是", 1),
        *drawn(0x0B, "否", 0),
        (NOTE, bytes(12)),
    )
    assert read(data).blocks[1:] == (
        Paragraph("填报单位", "表, text box 1"),
        Paragraph("☑是", "表, text box 2"),
        Paragraph("☐否", "表, text box 3"),
    )


def test_the_cells_behind_a_chart_are_read_and_those_of_the_chart_are_not() -> None:
    found = records(old_workbook(cells(A1="x")))
    bof = next(payload for code, payload in found if code == 0x809)
    chart = [(0x809, bof[:2] + b"\x20\0" + bof[4:]), (NUMBER, struct.pack("<HHHd", 5, 5, 0, 9)), (EOF, b"")]
    data = file_of([*found[:-1], *chart, (NUMBER, struct.pack("<HHHd", 0, 1, 0, 7)), (EOF, b"")])
    assert seen(read(data)) == {"表!A1": "x", "表!B1": "7"}


def test_macros_embedded_files_and_pictures_are_told() -> None:
    found = records(old_workbook(cells(A1="x")))
    document = read(file_of(found, _VBA_PROJECT_CUR={"PROJECT": b"x"}, MBD00000001={"CONTENTS": b"x"}))
    assert document.notes == (Note(NoteCode.MACROS), Note(NoteCode.EMBEDDED_FILE, "MBD00000001"))
    assert read(in_sheet(old_workbook(cells(A1="x")), drawn(0x08, "")[0])).pictures == 1


# Excel 95


@pytest.mark.parametrize("codepage", [936, None, 1252, 32769, 10008])
def test_text_of_excel_95_is_read_by_its_code_page_or_by_what_it_is(codepage: int | None) -> None:
    texts = {(0, 0): "单位名称".encode("gbk"), (0, 1): "洛江区演示办公室朱镕".encode("gbk"), (1, 0): b"Tel"}
    document = read(excel_95(texts, codepage, "联络表".encode("gbk")))
    assert seen(document) == {"联络表!A1": "单位名称", "联络表!B1": "洛江区演示办公室朱镕", "联络表!A2": "Tel"}
    assert (NoteCode.UNCERTAIN_ENCODING in codes(document)) == (codepage in (1252, 32769))


def test_text_of_excel_95_that_could_be_two_things_is_told() -> None:
    assert codes(read(excel_95({(0, 0): b"\xe9\xe8"}, 1252))) == {NoteCode.UNCERTAIN_ENCODING}


def test_runs_of_excel_95_count_bytes() -> None:
    text = "是/否".encode("gbk")
    data = excel_95({(0, 0): text}, 936)
    found = [(code, payload) for code, payload in _book(data) if code != 0x204]
    font = struct.pack("<HHHHHBBBx", 200, 8, 0x7FFF, 400, 0, 0, 0, 134) + b"\1A"
    found.insert(7, (0x31, font))
    rich = struct.pack("<HHHH", 0, 0, 15, len(text)) + text + b"\1" + struct.pack("<BB", 3, 6)
    (cell,) = only(read(file_of([*found[:-1], (0xD6, rich), (EOF, b"")], "Book"))).cells
    assert (cell.text, cell.struck) == ("是/", ("否",))


def _book(data: bytes) -> list[tuple[int, bytes]]:
    at, found = 0, []
    stream = oldexcel.Compound(data).stream("Book")
    assert stream is not None
    while at < len(stream):
        code, length = struct.unpack_from("<HH", stream, at)
        found.append((code, stream[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


# What breaks readers


def test_a_password_is_told() -> None:
    found = records(old_workbook(cells(A1="x")))
    assert failure(file_of([found[0], (FILEPASS, bytes(54)), *found[1:]])) is FailureCode.ENCRYPTED


@pytest.mark.parametrize("cut", [0, 20, 600, 2000, 3000])
def test_a_truncated_workbook_is_damaged(cut: int) -> None:
    data = file_of(records(old_workbook(cells(**{f"A{row}": f"甲{row}" for row in range(1, 200)}))))
    assert failure(data[: cut or 1]) is FailureCode.DAMAGED


def test_nothing_is_printed() -> None:
    found = records(old_workbook(cells(A1="x")))
    colors = file_of((code, payload[:10] + b"\xff" * 10 if code == XF else payload) for code, payload in found)
    # In a process of its own: xlrd takes stdout when it is imported. It tells of each color that it does not know.
    script = (
        "import sys; from parsers.document import DEFAULT_BUDGET; from parsers.readers import oldexcel; "
        "assert list(oldexcel.read(sys.stdin.buffer.read(), DEFAULT_BUDGET).grids())"
    )
    ran = subprocess.run([sys.executable, "-c", script], input=colors, capture_output=True, check=True)
    assert (ran.stdout, ran.stderr) == (b"", b"")


def test_absurdly_many_shared_strings_are_too_large() -> None:
    found = records(old_workbook(cells(A1="x")))
    many = (SST, struct.pack("<ii", 1_000_001, 1_000_001) + bytes(3_000))
    assert failure(file_of(many if record[0] == SST else record for record in found)) is FailureCode.TOO_LARGE


def test_a_bad_style_a_bad_string_and_a_doubled_cell_are_passed_over_and_told() -> None:
    data = old_workbook(cells(A1="x", B1="y"))
    styled = file_of(
        (code, payload[:4] + b"\xff\xff" + payload[6:] if code == LABEL_SST else payload)
        for code, payload in records(data)
    )
    assert seen(read(styled)) == {"表!A1": "x", "表!B1": "y"}
    for index in (-1, 99):
        document = read(in_sheet(data, (LABEL_SST, struct.pack("<HHHi", 1, 0, 0, index))))
        assert (seen(document), codes(document)) == ({"表!A1": "x", "表!B1": "y"}, {NoteCode.CLIPPED})
    document = read(in_sheet(data, (NUMBER, struct.pack("<HHHd", 0, 0, 0, 7))))
    assert (seen(document), codes(document)) == ({"表!A1": "x", "表!B1": "y"}, {NoteCode.CLIPPED})


def test_records_that_no_reading_needs_break_nothing() -> None:
    data = old_workbook(cells(A1="x"))
    odd = [(code, b"\xff" * 7) for code in (0x1B0, 0x1B1, 0x15F, 0x1B, 0x1A, 0x800, 0xA0, 0x41, 0x23E, 0x99, HLINK)]
    assert seen(read(in_sheet(data, *odd))) == {"表!A1": "x"}
    found = records(data)
    assert seen(read(file_of([found[0], (NAME, b"\xff" * 20), (0x92, b"\xff" * 6), *found[1:]]))) == {"表!A1": "x"}


def far(row: int) -> tuple[int, bytes]:
    return NUMBER, struct.pack("<HHHd", row, 255, 0, 7)


@pytest.mark.parametrize(
    "bomb",
    [
        [(MERGED, struct.pack("<5H", 1, 0, 65535, 0, 255))],
        [(HLINK, struct.pack("<4H", 0, 65535, 0, 255) + b"\xd0\xc9\xea\x79\xf9\xba\xce\x11\x8c\x82\0\xaa\0\x4b\xa9\x0b\2\0\0\0" + bytes(4))],
        [far(65535)],
        [(MULRK, struct.pack("<HH", 5, 0) + bytes(6) + b"\xff\xff")] * 50,
    ],
    ids=["merge", "link", "far", "claims"],
)  # fmt: skip
def test_a_bomb_costs_nothing(bomb: list[tuple[int, bytes]]) -> None:
    data = in_sheet(old_workbook(cells(A1="a", A2="b")), *bomb)
    started = time.perf_counter()
    tracemalloc.start()
    document = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen(document)["表!A1"] == "a"
    assert peak < 10 * 2**20
    assert time.perf_counter() - started < 2


def test_a_far_cell_on_each_of_many_sheets_costs_nothing() -> None:
    def fill(sheet: Worksheet) -> None:
        sheet.write(65535, 255, "z")

    data = old_workbook(fill, *((f"表{number}", fill) for number in range(2, 150)))
    tracemalloc.start()
    document = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(seen(document)) == 149
    assert peak < 20 * 2**20


def test_sheets_that_lie_over_each_other_are_not_walked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    found = records(old_workbook(cells(**{f"A{row}": row for row in range(1, 40)})))
    at = next(number for number, record in enumerate(found) if record[0] == BOUNDSHEET)
    name = found[at][1][4:]
    head = sum(4 + len(payload) for _, payload in found[: found.index((EOF, b"")) + 1])
    offset = head + 99 * (4 + 4 + len(name))
    listed = (BOUNDSHEET, struct.pack("<I", offset) + name)
    stream = b"".join(
        struct.pack("<HH", code, len(payload)) + payload
        for code, payload in [*found[:at], *[listed] * 100, *found[at + 1 :]]
    )
    data = compound({"Workbook": stream})
    assert len(seen(read(data))) == 39  # one sheet's name holds them all
    monkeypatch.setattr(biffscan, "_RECORDS", 2_000)
    assert failure(data) is FailureCode.TOO_LARGE


def test_a_declared_size_that_the_file_does_not_hold_costs_nothing() -> None:
    data = bytearray(file_of(records(old_workbook(cells(A1="x")))))
    at = bytes(data).index("Workbook".encode("utf-16-le"))
    data[at + 120 : at + 124] = b"\xff\xff\xff\x7f"
    assert failure(bytes(data)) is FailureCode.DAMAGED
    start = struct.unpack_from("<I", data, at + 116)[0]
    fat = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, (fat + 1) * 512 + 4 * (start + 1), start)  # the chain bites its tail
    assert failure(bytes(data)) is FailureCode.DAMAGED


@pytest.mark.parametrize("code", [XF, FORMAT, 0x31])
def test_absurdly_many_styles_are_too_large(code: int) -> None:
    found = records(old_workbook(cells(A1="x")))
    at = next(number for number, record in enumerate(found) if record[0] == code)
    assert failure(file_of([*found[:at], *[found[at]] * 9_000, *found[at:]])) is FailureCode.TOO_LARGE


def test_absurdly_many_merges_and_too_much_text_are_too_large() -> None:
    data = old_workbook(cells(A1="字" * 1000))
    assert failure(data, text_characters=999) is FailureCode.TOO_LARGE
    assert failure(data, text_characters=99) is FailureCode.TOO_LARGE
    many = (MERGED, struct.pack("<H", 1000) + struct.pack("<4H", 0, 1, 0, 1) * 1000)
    assert failure(in_sheet(data, *[many] * 21)) is FailureCode.TOO_LARGE


@pytest.mark.parametrize("limit", [{"cells": 6}, {"rows": 2}, {"columns": 2}])
def test_a_sheet_over_the_budget_is_cut_and_that_is_told(limit: dict[str, int]) -> None:
    data = old_workbook(cells(**{f"{column}{row}": "x" for row in range(1, 5) for column in "ABC"}))
    document = read(data, **limit)
    assert codes(document) == {NoteCode.CLIPPED}
    assert len(seen(document)) < 12
    assert read(data, cells=12, rows=4, columns=3).notes == ()


def test_more_sheets_than_anybody_reads_are_told() -> None:
    document = read(old_workbook(cells(A1="x"), *((f"表{number}", cells(A1="y")) for number in range(2, 203))))
    assert (len(seen(document)), codes(document)) == (200, {NoteCode.CLIPPED})


def test_a_workbook_without_content_or_without_sheets() -> None:
    assert failure(old_workbook(cells())) is FailureCode.EMPTY
    assert failure(without(old_workbook(cells(A1="x")), BOUNDSHEET)) is FailureCode.DAMAGED
    assert failure(compound({"WordDocument": bytes(5000)})) is FailureCode.DAMAGED


def test_a_workbook_without_styles_and_code_page_is_read() -> None:
    assert seen(read(without(old_workbook(cells(A1="单位")), XF, 0x31, FORMAT, CODEPAGE, 0x293))) == {"表!A1": "单位"}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([xls_form("表", arrange(layout, ROWS), ["附件2"], []) for layout in LAYOUTS]),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=6),
)
def test_a_spoiled_file_is_read_or_refused(data: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    content = bytearray(data)
    for place, length, new in changes:
        begin = place * len(content) // 1000
        content[begin : begin + length] = new
    try:
        document = read(bytes(content))
    except ReadFailure as error:
        assert error.failure.code is not FailureCode.TIMEOUT  # noqa: PT017 - any of its codes will do
    else:
        assert document.reader


# Another producer


@pytest.mark.integration
@needs_libreoffice
def test_what_libreoffice_writes_is_read_as_its_xlsx_is() -> None:
    def fill(sheet: NewWorksheet) -> None:
        sheet["A1"], sheet["A2"], sheet["B2"] = "标题", "手机", 13900001234
        sheet.merge_cells("A1:C1")
        sheet["C2"], sheet["C2"].number_format = 59527000001, "0000-00000000"
        sheet["A3"], sheet.row_dimensions[3].hidden = "13500000001", True
        sheet["E2"], sheet.column_dimensions["E"].hidden = "旧", True
        sheet["A4"], sheet["B4"], sheet["C4"] = date(2025, 5, 30), "=1+1", '="甲"&"乙"'
        sheet["A5"], sheet["B5"] = "=1/0", "😀甲"

    source = {"a.xlsx": workbook(fill)}
    old = read(converted(source, "xls:MS Excel 97")["a.xlsx"])
    new = excel.read(converted(source, "xlsx:Calc MS Excel 2007 XML")["a.xlsx"], DEFAULT_BUDGET)
    assert seen(old)["表!C2"] == "0595-27000001"
    assert (old.blocks, old.notes) == (new.blocks, new.notes)
