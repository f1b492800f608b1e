"""Word 97–2003 files are read as a person sees them, or not at all."""

import random
import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.document import (
    DEFAULT_BUDGET,
    EMPTY_BOX,
    TICKED,
    Document,
    FailureCode,
    Grid,
    Note,
    NoteCode,
    Paragraph,
    ReadFailure,
)
from parsers.extract import extract
from parsers.ole import Compound
from parsers.readers import docwalk, word, wordbinary
from tests.builders import binaryword as b
from tests.builders import word as w
from tests.builders.forms import AREA_CODE, FORMS, LIAISON, NOTE, REGISTRATION, expected, person, same
from tests.builders.layouts import LAYOUTS, arrange
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.ole import compound

FORM = (
    b.para("反馈表"),
    b.row("单位", "洛江演示办公室"),
    b.row("姓名", "林一二"),
    b.row("手机", "13900001234"),
    b.para("注：无"),
)


def read(data: bytes, **limits: int) -> Document:
    return wordbinary.read(data, replace(DEFAULT_BUDGET, **limits))


def failure(data: bytes, **limits: int) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        read(data, **limits)
    return caught.value.failure.code


def needs_office(*blocks, **options) -> bool:
    with pytest.raises(ReadFailure) as caught:
        read(b.binary_word(*blocks, **options))
    return caught.value.failure.code is FailureCode.NEEDS_ENGINE and caught.value.failure.detail == "office"


def shape(block: Paragraph | Grid) -> object:
    """All of a block that a person sees, in a form that is compared and printed well."""
    if isinstance(block, Paragraph):
        return block.text
    return [
        (
            *(cell.row, cell.column, cell.row_span, cell.column_span),
            cell.text,
            cell.underlined,
            cell.struck,
            *map(shape, cell.nested),
        )
        for cell in block.cells
    ]


def shapes(document: Document) -> list[object]:
    return [shape(block) for block in document.blocks]


def texts(document: Document) -> list[object]:
    return [
        block.text if isinstance(block, Paragraph) else [cell.text for cell in block.cells] for block in document.blocks
    ]


def line(*runs: b.Run | str, **options) -> str:
    (paragraph,) = read(b.binary_word(b.para(*runs), **options)).blocks
    assert isinstance(paragraph, Paragraph)
    return paragraph.text


def codes(document: Document) -> set[NoteCode]:
    return {note.code for note in document.notes} - {NoteCode.SECOND_BEST_READER}


# --- text ------------------------------------------------------------------------------------------------------------


def test_a_form_is_read_with_its_places():
    document = read(b.binary_word(*FORM))
    assert texts(document) == ["反馈表", ["单位", "洛江演示办公室", "姓名", "林一二", "手机", "13900001234"], "注：无"]
    (grid,) = document.grids()
    assert (grid.rows, grid.columns, grid.place) == (3, 2, "table 1")
    assert [cell.place for cell in grid.cells][:3] == ["table 1, R1C1", "table 1, R1C2", "table 1, R2C1"]
    assert document.blocks[-1] == Paragraph("注：无", "para 2")


def test_it_says_that_it_is_the_second_best_reader():
    document = read(b.binary_word(*FORM))
    assert document.notes == (Note(NoteCode.SECOND_BEST_READER, "office"),)
    assert document.reader == "wordbinary/2"


def test_pieces_that_a_fast_save_scattered_are_read_in_order():
    assert read(b.binary_word(*FORM, scattered=True)) == read(b.binary_word(*FORM))


def test_pieces_of_one_byte_a_character_are_western_text():
    assert (
        line(
            "电话",
            b.Run("0595\x96\u201c27\u201d \x80é".replace("\x96", "\u2013").replace("\x80", "\u20ac"), narrow=True),
        )
        == "电话0595–“27” €é"
    )


def test_rare_characters_of_two_code_units_stay_whole():
    assert line("张䶮\U00020bb7\u91ce") == "张䶮\U00020bb7\u91ce"


def test_breaks_and_hyphens_are_what_a_person_sees():
    assert line("一\t二\x0b三\x1e四\x1f五") == "一\t二\n三-四五"


def test_deleted_text_is_left_out_and_inserted_text_is_taken():
    document = read(b.binary_word(b.para(b.Run("13500000001", b.DELETED), b.Run("13900001234", b.INSERTED))))
    assert texts(document) == ["13900001234"]
    assert codes(document) == {NoteCode.TRACKED_CHANGES}


def test_a_deletion_that_only_a_fast_save_noted_counts():
    assert line(b.Run("13500000001", prm=b.DELETED), "13900001234") == "13900001234"
    assert line(b.Run("13500000001", prm=0x41 << 1 | 1 << 8), "13900001234") == "13900001234"


def test_hidden_text_is_left_out():
    document = read(b.binary_word(b.para(b.Run("13500000001", b.HIDDEN), "13900001234")))
    assert texts(document) == ["13900001234"]
    assert codes(document) == {NoteCode.HIDDEN_TEXT}


def test_text_that_its_style_hides_is_left_out_unless_the_run_shows_it():
    styles = (b.Style(b""), b.Style(b.HIDDEN, 0), b.Style(b"", 1), b.Style(b.HIDDEN, kind=2))
    shown, contrary, named = b"\x3c\x08\x00", b"\x3c\x08\x81", b.sprm(0x4A30, b"\x03\x00")
    blocks = (
        b.para("藏", b.Run("现", shown), b.Run("反", contrary), style=2),
        b.para("明", b.Run("藏", contrary), b.Run("字", named)),
    )
    assert texts(read(b.binary_word(*blocks, styles=styles))) == ["现反", "明"]


def test_styles_based_on_each_other_in_a_circle_end():
    styles = (b.Style(b"", 1), b.Style(b.HIDDEN, 0))
    assert codes(read(b.binary_word(b.para("一"), styles=styles))) == {NoteCode.HIDDEN_TEXT}


def test_struck_text_is_no_text_and_is_kept_as_struck():
    grid = next(
        read(b.binary_word([b.cell(b.Run("是", b.STRUCK), b.Run("否", b.UNDERLINED)), b.row_end([0, 900])])).grids()
    )
    (cell,) = grid.cells
    assert (cell.text, cell.struck, cell.underlined) == ("否", ("是",), ("否",))


def test_signs_of_symbol_fonts_are_ticks():
    fonts = ("SimSun", "Wingdings", "Wingdings 2", "Webdings")
    ascii_font, symbol = b.sprm(0x4A4F, b"\x02\x00"), b.SPECIAL + b.sprm(0x6A09, b"\x01\x00\xfe\xf0")
    other_font = b.sprm(0x4A51, b"\x03\x00")
    runs = (b.Run("R", ascii_font), "是", b.Run("(", symbol), "否", b.Run("\uf063\uf061", other_font))
    assert line(*runs, fonts=fonts) == f"{TICKED}是{TICKED}否{EMPTY_BOX}{TICKED}"


def test_a_symbol_that_is_not_known_is_noted():
    document = read(b.binary_word(b.para("一", b.Run("(", b.SPECIAL + b.sprm(0x6A09, b"\x00\x00\x07\xf0")))))
    assert texts(document) == ["一"]
    assert codes(document) == {NoteCode.UNKNOWN_SYMBOL}


# --- fields ----------------------------------------------------------------------------------------------------------


def field_runs(instruction: str, result: str | None = None, **data: bytes) -> tuple[b.Run, ...]:
    shown = () if result is None else (b.Run("\x14", b.SPECIAL), b.Run(result))
    return (
        b.Run("\x13", b.SPECIAL),
        b.Run(instruction),
        *(b.Run("\x01", one) for one in data.values()),
        *shown,
        b.Run("\x15", b.SPECIAL),
    )


def form_field(place: int) -> bytes:
    return b.SPECIAL + b.sprm(0x0806, b"\x01") + b.sprm(0x6A03, struct.pack("<i", place))


def form_data(kind: int, result: int, default: int = 0, entries: tuple[str, ...] = ()) -> bytes:
    body = struct.pack("<IHHH", 0xFFFFFFFF, kind | result << 2, 0, 0) + bytes(4)
    body += bytes(4) if kind == 0 else struct.pack("<H", default)
    body += bytes(4) * 5 + struct.pack("<HHH", 0xFFFF, len(entries), 0)
    body += b"".join(struct.pack("<H", len(one)) + one.encode("utf-16-le") for one in entries)
    return struct.pack("<iH", 0x44 + len(body), 0x44).ljust(0x44, b"\0") + body


def test_results_of_fields_are_text_and_their_instructions_are_not():
    inner = (
        b.Run("\x13", b.SPECIAL),
        " PAGE ",
        *field_runs(" X ", "内"),
        b.Run("\x14", b.SPECIAL),
        "果",
        b.Run("\x15", b.SPECIAL),
    )
    assert (
        line("邮箱", *field_runs(' HYPERLINK "mailto:a@example.com" ', "a@example.com"), *inner)
        == "邮箱a@example.com果"
    )


def test_a_box_with_a_tick_laid_over_it_is_a_tick():
    assert line(*field_runs(" eq \\o\\ac(□,√)"), "是", *field_runs(" eq \\o\\ac(□,√)", None)) == f"{TICKED}是{TICKED}"


def test_check_boxes_and_lists_of_forms_show_their_state():
    fields = [
        (" FORMCHECKBOX ", form_data(1, 1), TICKED),
        (" FORMCHECKBOX ", form_data(1, 0, default=1), EMPTY_BOX),
        (" FORMCHECKBOX ", form_data(1, 25, default=1), TICKED),
        (" FORMCHECKBOX ", form_data(1, 25, default=0), EMPTY_BOX),
        (" FORMDROPDOWN ", form_data(2, 1, entries=("甲", "乙丙")), "乙丙"),
        (" FORMDROPDOWN ", form_data(2, 9, entries=("甲", "乙丙")), ""),
    ]
    for instruction, data, shown in fields:
        assert line("一", *field_runs(instruction, "错", data=form_field(4)), data=bytes(4) + data) == f"一{shown}"
    assert line(*field_runs(" FORMTEXT ", "林一二", data=form_field(0)), data=form_data(0, 0)) == "林一二"


def test_the_sign_of_a_deleted_or_hidden_field_is_not_shown():
    for look in (b.DELETED, b.HIDDEN):
        gone = tuple(replace(run, look=run.look + look) for run in field_runs(" eq \\o\\ac(□,√)"))
        assert line(*gone, "是") == "是"


# --- tables ----------------------------------------------------------------------------------------------------------


def spans(*rows: list[b.Para]) -> list[tuple[object, ...]]:
    (grid,) = read(b.binary_word(*rows)).grids()
    return [(cell.row, cell.column, cell.row_span, cell.column_span, cell.text) for cell in grid.cells]


def test_edges_make_the_spans_of_cells():
    rows = (b.row("姓名", "林一二", "性别", "女"), [b.cell("说明"), b.cell("长"), b.row_end([0, 2000, 8000])])
    assert spans(*rows)[-2:] == [(1, 0, 1, 1, "说明"), (1, 1, 1, 3, "长")]


def test_edges_that_were_dragged_by_a_hair_are_one():
    rows = (
        [b.cell("姓名"), b.cell("手机"), b.row_end([0, 2000, 4000])],
        [b.cell("林一二"), b.cell("139"), b.row_end([0, 2030, 3980])],
    )
    assert [place[:4] for place in spans(*rows)] == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_no_cell_vanishes_because_it_is_narrow():
    rows = ([b.cell("一"), b.cell("二"), b.row_end([0, 30, 2000])],)
    assert spans(*rows) == [(0, 0, 1, 1, "一"), (0, 1, 1, 1, "二")]


def test_merges_downwards_and_sideways_are_one_cell():
    down = [
        [b.cell("组"), b.cell("一"), b.row_end([0, 900, 1800], [0x60, 0])],
        [b.cell(""), b.cell("二"), b.row_end([0, 900, 1800], [0x20, 0])],
    ]
    assert spans(*down) == [(0, 0, 2, 1, "组"), (0, 1, 1, 1, "一"), (1, 1, 1, 1, "二")]
    across = [b.cell("宽"), b.cell(""), b.cell("三"), b.row_end([0, 900, 1800, 2700], [1, 2, 0])]
    assert spans(b.row("一", "二", "三", width=900), across)[3:] == [(1, 0, 1, 2, "宽"), (1, 2, 1, 1, "三")]


def test_merges_that_follow_the_definition_of_the_row_count():
    vertical = b.sprm(0xD62B, b"\x02\x00\x03"), b.sprm(0xD62B, b"\x02\x00\x01")
    down = [
        [b.cell(text), b.cell(""), b.row_end([0, 900, 1800], more=more)]
        for text, more in zip(("组", ""), vertical, strict=True)
    ]
    assert spans(*down)[0] == (0, 0, 2, 1, "组")
    across = [b.cell("宽"), b.cell(""), b.row_end([0, 900, 1800], more=b.sprm(0x5624, b"\x00\x02"))]
    assert spans(b.row("一", "二", width=900), across)[2] == (1, 0, 1, 2, "宽")


def test_text_under_a_merge_is_noted_and_not_shown():
    rows = [[b.cell("组"), b.row_end([0, 900], [0x60])], [b.cell("压住"), b.row_end([0, 900], [0x20])]]
    document = read(b.binary_word(*rows))
    assert texts(document) == [["组"]]
    assert codes(document) == {NoteCode.HIDDEN_TEXT}


def test_a_deleted_or_hidden_row_is_left_out():
    for look, code in ((b.DELETED, NoteCode.TRACKED_CHANGES), (b.HIDDEN, NoteCode.HIDDEN_TEXT)):
        document = read(
            b.binary_word(
                b.row("姓名", "林一二"), [b.cell("手机"), b.cell("139"), b.row_end([0, 2000, 4000], look=look)]
            )
        )
        assert texts(document) == [["姓名", "林一二"]]
        assert codes(document) == {code}


def test_a_table_in_a_cell_is_nested():
    inner = [b.cell("姓名", depth=2), b.cell("林一二", depth=2), b.row_end([0, 900, 1800], depth=2)]
    document = read(b.binary_word([b.cell("外"), *inner, b.cell("后"), b.row_end([0, 900, 5000])]))
    (grid,) = document.grids()
    assert [cell.text for cell in grid.cells] == ["外", "后"]
    (nested,) = grid.cells[1].nested
    assert nested.place == "table 1, R1C2 > table 1"
    assert [(cell.text, cell.place) for cell in nested.cells][1] == ("林一二", "table 1, R1C2 > table 1, R1C2")


def test_row_properties_too_long_for_their_page_are_read_from_the_data_stream():
    paragraphs = b.row("姓名", "林一二")
    kept = paragraphs[-1].properties
    long = [*paragraphs[:-1], replace(paragraphs[-1], properties=b.sprm(0x6646, b"\x04\0\0\0"))]
    assert texts(read(b.binary_word(long, data=bytes(4) + struct.pack("<h", len(kept)) + kept))) == [["姓名", "林一二"]]


@pytest.mark.parametrize(
    "blocks",
    [
        ([b.cell("姓名"), b.cell("林一二")],),  # no end of the row
        ([b.cell("姓名"), b.cell("林一二"), b.row_end([0, 900])],),  # more cells than edges
        ([b.cell("姓名"), b.row_end([0, 900, 1800])],),  # fewer
        ([b.cell("姓名"), b.cell("林一二"), b.row_end([0, 900, 1800], [1, 2])],),  # text in a cell merged away sideways
        ([b.cell("姓名"), b.cell("林一二"), b.row_end([0, 900, 900])],),  # a cell of no width
        ([b.cell("姓名"), b.cell("二"), b.row_end([0, 900, 1800], more=b.sprm(0x5622, b"\0\1"))],),  # cells taken out
        (
            [b.cell("姓名"), b.para("林", properties=b.IN_TABLE), b.row_end([0, 900]), *b.row("二")],
        ),  # text behind the last cell
        (b.para("一", *field_runs(" PAGE ")[:-1]),),  # a field without end
        (b.para("一", b.Run("\x15", b.SPECIAL)),),  # an end without field
        (b.para(b.Run("一", b.sprm(0xCA47, b"\x03\x3c\x08\x01"))),),  # hidden if it looks like its style
        (b.para(b.Run("一", b"\x57\xca\x30")),),  # properties cut off
    ],
)
def test_what_it_does_not_know_waits_for_libreoffice(blocks):
    assert needs_office(*blocks)


# --- other stories ---------------------------------------------------------------------------------------------------


def test_text_boxes_stand_where_they_are_anchored():
    main = (
        b.para(b.Run("\x08", b.SPECIAL), "正文"),
        [b.cell("姓名"), b.cell(b.Run("\x08", b.SPECIAL)), b.row_end([0, 900, 1800])],
        b.para(),
    )
    boxes = (b.para("框一"), b.para("林一二"), b.para("散"), b.para())
    counts = [
        sum(
            len(run.text)
            for block in part
            for one in ([block] if isinstance(block, b.Para) else block)
            for run in one.runs
        )
        for part in (main, boxes)
    ]
    anchors = struct.pack("<3I", 0, 7, counts[0]) + struct.pack("<I22x", 51) + struct.pack("<I22x", 52)
    places = struct.pack("<5I", 0, 3, 7, 9, 10) + b"".join(struct.pack("<14xI4x", number) for number in (51, 52, 77, 0))
    stories = b.Stories((counts[0], 0, 0, 0, 0, 0, counts[1], 0), {40: anchors, 56: places})
    document = read(b.binary_word(*main, *boxes, stories=stories))
    assert texts(document) == ["正文", "框一", ["姓名", "林一二"], "散"]
    assert [block.place for block in document.blocks] == [
        "para 1",
        "text box 1, para 1",
        "table 1",
        "loose text box 1, para 1",
    ]


def test_headers_come_first_and_footers_are_left_out():
    ends = [0, 0, 0, 0, 0, 0, 0, 4, 8, 12, 12, 12, 12]  # six separators; even and odd header, even and odd footer …
    blocks = (b.para("正文"), b.para("附件2"), b.para("附件乙"), b.para("页脚乙"), b.para())
    stories = b.Stories((3, 0, 13, 0, 0, 0, 0, 0), {11: struct.pack("<13I", *ends)})
    document = read(b.binary_word(*blocks, stories=stories))
    assert texts(document) == ["附件2", "附件乙", "正文"]
    assert [block.place for block in document.blocks] == ["header, para 1", "header 2, para 1", "para 1"]


def test_pictures_are_counted():
    document = read(b.binary_word(b.para(b.Run("\x01", b.SPECIAL), b.Run("\x08", b.SPECIAL))))
    assert (document.blocks, document.pictures) == ((), 2)


def test_macros_and_embedded_objects_are_noted():
    document = read(b.binary_word(b.para("一", b.Run("\x01", b.SPECIAL + b.sprm(0x0856, b"\x01")))))
    assert document.notes[1:] == (Note(NoteCode.EMBEDDED_FILE, "object"),)
    opened = Compound(b.binary_word(b.para("一")))
    streams = {node.name: opened.read(node) for node in opened.children(opened.root)}
    both = read(compound(streams, {"ObjectPool": {"_1": b"x"}, "Macros": {"dir": b"x"}}))
    assert both.notes[1:] == (Note(NoteCode.EMBEDDED_FILE, "object"), Note(NoteCode.MACROS))
    assert read(compound(streams, {"ObjectPool": {}})).notes[1:] == ()


# --- what cannot be read ---------------------------------------------------------------------------------------------


def test_each_reason_has_its_code():
    assert failure(b.binary_word(*FORM, flags=0x100)) is FailureCode.ENCRYPTED
    assert failure(b.binary_word(*FORM, version=0x65)) is FailureCode.NEEDS_ENGINE
    assert failure(b.binary_word(b.para())) is FailureCode.EMPTY
    assert failure(compound({"Workbook": b"x"})) is FailureCode.DAMAGED
    assert failure(b"") is FailureCode.DAMAGED


def test_a_truncated_file_is_damaged_wherever_it_ends():
    data = b.binary_word(*FORM)
    assert {failure(data[: len(data) * part // 40]) for part in range(40)} == {FailureCode.DAMAGED}


def test_budgets_hold():
    data = b.binary_word(*FORM)
    assert failure(data, text_characters=20) is FailureCode.TOO_LARGE
    for limits, shown in (({"rows": 2}, 4), ({"cells": 3}, 2), ({"columns": 1}, 3)):
        document = read(data, **limits)
        assert sum(len(grid.cells) for grid in document.grids()) == shown
        assert NoteCode.CLIPPED in codes(document)
    inner = [b.cell("一", depth=3), b.row_end([0, 900], depth=3), b.cell("", depth=2), b.row_end([0, 900], depth=2)]
    deep = b.binary_word([*inner, b.cell(""), b.row_end([0, 900])])
    assert failure(deep, nested_depth=2) is FailureCode.TOO_LARGE
    assert read(deep, nested_depth=3).blocks


def test_paragraphs_are_counted(monkeypatch):
    monkeypatch.setattr(docwalk, "_PARAGRAPHS", 2)
    assert failure(b.binary_word(*FORM)) is FailureCode.TOO_LARGE


def test_properties_that_many_runs_share_are_not_read_without_end():
    long = struct.pack("<h", 31_998) + bytes(31_998)
    shared = b.sprm(0x6646, bytes(4))
    blocks = [
        b.para("一", properties=b.sprm(0x2405, bytes([number & 255])) + b.sprm(0x2406, bytes([number >> 8])) + shared)
        for number in range(600)
    ]
    assert failure(b.binary_word(*blocks, data=long)) is FailureCode.TOO_LARGE


def test_a_stream_that_runs_in_a_circle_ends():
    data = bytearray(b.binary_word(*FORM))
    directory = 512 + 512 * struct.unpack_from("<I", data, 48)[0]
    fat = 512 + 512 * struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, fat, 0)  # the first sector of the first stream follows itself
    struct.pack_into("<Q", data, directory + 128 + 120, 2**32 - 1)
    assert failure(bytes(data)) is FailureCode.DAMAGED


CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=6)


def spoiled(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    content = bytearray(data)
    for place, length, new in changes:
        begin = place % len(content)
        content[begin : begin + length] = new.ljust(length, b"\xff") if length > 20 else new
    return bytes(content)


def only_read_failures(data: bytes) -> None:
    try:
        document = read(data)
    except ReadFailure:
        return
    for grid in document.grids():
        taken = [
            (y, x)
            for c in grid.cells
            for y in range(c.row, c.row + c.row_span)
            for x in range(c.column, c.column + c.column_span)
        ]
        assert len(taken) == len(set(taken))
        assert all(0 <= y < grid.rows and 0 <= x < grid.columns for y, x in taken)


@settings(max_examples=200, deadline=None)
@given(CHANGES)
def test_no_broken_file_raises_anything_but_a_read_failure(changes):
    only_read_failures(spoiled(b.binary_word(*FORM, scattered=True), changes))


# --- files of LibreOffice --------------------------------------------------------------------------------------------

FILLED = [(form, number) for number in range(18) for form in (LIAISON, REGISTRATION)]
UNRULY = {
    "deleted": w.table(
        w.row(w.cell("手机"), w.cell(w.para(w.deleted("13500000001"), w.inserted(w.run("13900001234")))))
    ),
    "hidden": w.table(w.row("手机", w.cell(w.para(w.run("13500000001", w.HIDDEN), w.run("13900001234"))))),
    "struck": w.table(w.row("节目", w.cell(w.para(w.run("是", w.STRUCK), w.run("否", w.UNDERLINED))))),
    "symbols": w.table(
        w.row("节目", w.cell(w.para(w.symbol("Wingdings", "F0FE"), "是", w.run("£", w.font("Wingdings 2")), "否")))
    ),
    "check boxes": w.table(
        w.row("节目", w.cell(w.para(w.form_checkbox(checked=True), "是", w.form_checkbox(checked=False), "否")))
    ),
    "list": w.para(w.form_dropdown(["甲", "乙"], 1)),
    "field": w.para(w.field('HYPERLINK "mailto:a@example.com"', "a@example.com")),
    "boxes": w.para(w.text_box(w.para("框里一行"), w.para("第二行")), "正文")
    + w.table(w.row("姓名", w.cell(w.para(w.text_box(w.para("林一二")))))),
    "merges": w.table(
        w.row(w.cell("组", merge="restart"), "姓名", "林一二"),
        w.row(w.cell(merge="continue"), "手机", "13900001234"),
        w.row(w.cell("说明", span=3)),
    ),
    "nested": w.table(
        w.row("外", w.cell(w.para("前"), w.table(w.row("姓名", "林一二"), w.row("手机", "13900001234")), w.para("后")))
    ),
    "signs": w.para(
        w.run("张䶮\U00020bb7①½"), "<w:r><w:tab/><w:t>二</w:t><w:br/><w:t>三</w:t><w:noBreakHyphen/><w:t>四</w:t></w:r>"
    ),
}


@pytest.fixture(scope="module")
def by_libreoffice() -> dict[str, tuple[bytes, bytes]]:
    """Files by name, as .docx and as the .doc that LibreOffice makes of it: one call for all of them."""
    files = {f"unruly {name}.docx": w.package(blocks, w.para("")) for name, blocks in UNRULY.items()}
    for at, (form, number) in enumerate(FILLED):
        layout = LAYOUTS[at // 2 % len(LAYOUTS)]
        written = person(random.Random(f"{form.id} {number}"), form)
        boxes = arrange(layout, [(spec.label, written[spec.key]) for spec in form.fields])
        manner = ("wps", "libreoffice", "word")[number % 3]
        files[f"{form.id} {number} {layout}.docx"] = w.package(w.raw_form(form.title, boxes, (), (NOTE,), manner))
    made = converted(files, "doc:MS Word 97")
    return {name.removesuffix(".docx"): (data, made[name]) for name, data in files.items()}


@pytest.mark.integration
@needs_libreoffice
@pytest.mark.parametrize("name", UNRULY)
def test_a_file_of_libreoffice_is_read_as_the_package_it_was_made_of(by_libreoffice, name):
    package, binary = by_libreoffice[f"unruly {name}"]
    assert shapes(read(binary)) == shapes(word.read(package, DEFAULT_BUDGET))


@pytest.mark.integration
@needs_libreoffice
def test_every_form_is_read_alike(by_libreoffice):
    wrong = []
    for name, (_, binary) in by_libreoffice.items():
        if name.startswith("unruly"):
            continue
        form_id, number, _ = name.split()
        form = next(one for one in FORMS if one.id == form_id)
        (reading,) = extract(read(binary), FORMS, area_code=AREA_CODE).forms
        assert reading.form == form_id
        for key, want in expected(form, person(random.Random(f"{form_id} {number}"), form)).items():
            field = reading.field(key)
            if field is None or field.problem is not None or not same(field.value, want):
                wrong.append(f"{name}: {key}")
    assert wrong == []


@pytest.mark.integration
@needs_libreoffice
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_no_broken_file_of_libreoffice_raises_anything_but_a_read_failure(by_libreoffice, changes):
    only_read_failures(spoiled(by_libreoffice["unruly boxes"][1], changes))


@pytest.mark.integration
@needs_libreoffice
def test_libreoffice_reads_the_files_made_here_the_same_way():
    fonts = ("SimSun", "Wingdings", "Wingdings 2")
    hiding = (b.Style(b""), b.Style(b.HIDDEN, 0), b.Style(b"", 1))
    cases = {
        "form": b.binary_word(*FORM),
        "narrow": b.binary_word(b.para("电话", b.Run("0595\u2013\u201c27", narrow=True))),
        "deleted": b.binary_word(b.para(b.Run("135", b.DELETED), b.Run("139", b.INSERTED), b.Run("隐", b.HIDDEN))),
        "fast save": b.binary_word(b.para(b.Run("135", prm=b.DELETED), b.Run("隐", prm=0x5C << 1 | 1 << 8), "139")),
        "styles": b.binary_word(
            b.para("藏", b.Run("现", b"\x3c\x08\x00"), b.Run("反", b"\x3c\x08\x81"), style=2), styles=hiding
        ),
        "symbol": b.binary_word(
            b.para("一", b.Run("(", b.SPECIAL + b.sprm(0x6A09, b"\x01\x00\xfe\xf0")), "二"), fonts=fonts
        ),
        "down": b.binary_word(
            [b.cell("组"), b.cell("一"), b.row_end([0, 900, 1800], [0x60, 0])],
            [b.cell(""), b.cell("二"), b.row_end([0, 900, 1800], [0x20, 0])],
            b.para(),
        ),
        "nested": b.binary_word(
            [
                b.cell("外"),
                b.para("前", properties=b.IN_TABLE),
                b.cell("姓名", depth=2),
                b.cell("林", depth=2),
                b.row_end([0, 900, 1800], depth=2),
                b.cell("后"),
                b.row_end([0, 900, 5000]),
            ],
            b.para(),
        ),
    }
    packages = converted({f"{name}.doc": data for name, data in cases.items()}, "docx:MS Word 2007 XML")
    for name, data in cases.items():
        assert (name, shapes(read(data))) == (name, shapes(word.read(packages[f"{name}.doc"], DEFAULT_BUDGET)))
