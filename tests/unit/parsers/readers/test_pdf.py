"""What a person sees on the pages of a PDF file, and nothing else."""

import pytest

from parsers.document import DEFAULT_BUDGET, Budget, Document, FailureCode, Grid, NoteCode, Paragraph, ReadFailure
from parsers.engines import NO_ENGINES, Box, Engine, ScannedLine, ScannedPage
from parsers.readers import pdf
from tests.builders import layouts
from tests.builders import pdf as make

WIDE = [["姓名", "张三", "手机", "13905951234"], ["单位", layouts.Box("青石镇", 3)]]


class Eyes:
    """An engine that tells what it was shown."""

    def __init__(self):
        self.shown = []

    def convert(self, *asked):
        raise AssertionError(asked)

    def look(self, picture):
        self.shown.append(picture)
        line = ScannedLine(Box(0, 0, 9, 9), f"首看{len(self.shown)}", f"再看{len(self.shown)}", 0.9)
        return ScannedPage(100, 100, 0, (), (line,), "eyes 1")


def read(*pages, engines=NO_ENGINES, budget=DEFAULT_BUDGET, **rest) -> Document:
    return pdf.read(make.file(*pages, **rest), budget, engines)


def rows(grid: Grid) -> list[list[str]]:
    found: dict[int, list[str]] = {}
    for cell in grid.cells:
        found.setdefault(cell.row, []).append(cell.text)
    return [found[row] for row in sorted(found)]


def lines(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def cell(*words: str, widths=200, marks="", write=make.text) -> tuple:
    """Return the second cell of a row as it was read."""
    (grid,) = read(make.table([["", "\n".join(words)]], widths=widths, height=60, write=write) + marks).grids()
    return grid.cells[1]


def codes(document: Document) -> list[NoteCode]:
    return [note.code for note in document.notes]


def failure(data: bytes, engines=NO_ENGINES, budget=DEFAULT_BUDGET):
    with pytest.raises(ReadFailure) as caught:
        pdf.read(data, budget, engines)
    return caught.value.failure


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", ["lines", "bars", "rects"])
def test_ruled_cells_become_a_grid_however_the_rules_are_drawn(manner):
    document = read(make.text(60, 80, "联络员反馈表") + make.table(WIDE, manner=manner))
    (grid,) = document.grids()
    assert rows(grid) == [["姓名", "张三", "手机", "13905951234"], ["单位", "青石镇"]]
    assert (grid.rows, grid.columns, grid.cells[5].column_span) == (2, 4, 3)
    assert (grid.place, grid.cells[3].place) == ("page 1, table 1", "page 1, table 1, R1C4, box 780,200-1000,248")
    assert document.blocks[0] == Paragraph("联络员反馈表", "page 1, line 1, box 120,140-240,165")


def test_a_cell_merged_downwards_is_one_cell():
    (grid,) = read(
        make.table([[layouts.Box("基本情况", rows=2), "姓名"]]) + make.table([["张三"]], top=124, left=170)
    ).grids()
    assert [(one.text, one.row_span) for one in grid.cells] == [("基本情况", 2), ("姓名", 1), ("张三", 1)]


def test_lines_above_between_and_below_tables_keep_their_order():
    page = "".join(
        (
            make.text(60, 60, "附件2"),
            make.table(WIDE, top=80),
            make.text(60, 180, "另一张"),
            make.table(WIDE, top=200),
            make.text(60, 300, "注"),
        )
    )
    kinds = [block.text if isinstance(block, Paragraph) else block.place for block in read(page).blocks]
    assert kinds == ["附件2", "page 1, table 1", "另一张", "page 1, table 2", "注"]


def test_a_table_in_a_cell_is_nested():
    (grid,) = read(
        make.table([["外", ""]], widths=240, height=120) + make.table([["内一", "内二"]], top=130, left=320, widths=60)
    ).grids()
    assert rows(grid) == [["外", ""]]
    assert rows(grid.cells[1].nested[0]) == [["内一", "内二"]]


def test_a_frame_around_the_page_is_no_table():
    document = read(make.box(20, 20, 575, 820) + make.text(60, 60, "标题") + make.table(WIDE))
    assert [block.place.partition(", box")[0] for block in document.blocks] == ["page 1, line 1", "page 1, table 1"]


def test_a_frame_around_mere_text_is_no_table():
    assert [block.text for block in read(make.box(20, 20, 575, 820) + make.text(60, 60, "标题")).blocks] == ["标题"]


def test_a_table_without_outer_upright_lines_is_a_table():
    ruled = "".join(make.line(60, y, 500, y) for y in (100, 124, 148)) + make.line(200, 100, 200, 148)
    (grid,) = read(
        ruled
        + make.text(65, 114, "姓名")
        + make.text(205, 114, "张三")
        + make.text(65, 138, "手机")
        + make.text(205, 138, "139")
    ).grids()
    assert rows(grid) == [["姓名", "张三"], ["手机", "139"]]


def test_two_names_below_each_other_stay_two_and_a_wrapped_text_becomes_one():
    assert cell("张三", "李四", widths=110).text == "张三\n李四"
    assert cell("张三", "李四", widths=30).text == "张三\n李四"
    assert cell("欧阳志", "明", widths=41).text == "欧阳志明"
    assert cell("青石镇安全生产办公", "室二楼", widths=102).text == "青石镇安全生产办公室二楼"


def test_a_wrapped_number_or_address_becomes_one_token():
    assert cell("1390595", "1234", widths=46).text == "13905951234"
    assert cell("0595-", "27391234", widths=56).text == "0595-27391234"
    assert cell("zhang.san@unit.", "example.com", widths=86).text == "zhang.san@unit.example.com"


def test_two_whole_numbers_are_never_glued_together():
    assert cell("13905951234", "13805954321", widths=66).text == "13905951234\n13805954321"


def test_a_blank_lost_at_the_end_of_a_line_comes_back():
    assert cell("please call", "tomorrow", widths=80).text == "please call tomorrow"


# --- marks -----------------------------------------------------------------------------------------------------------


def test_text_with_a_line_through_it_is_struck_and_not_text():
    found = cell("13905951234 13805954321", marks=make.line(265, 111, 320, 111))
    assert (found.text, found.struck) == ("13805954321", ("13905951234",))


def test_underlined_pieces_are_named():
    found = cell("是 否", marks=make.line(265, 115.2, 275, 115.2))
    assert (found.text, found.underlined, found.struck) == ("是 否", ("是",), ())


def test_the_border_below_a_tight_row_underlines_nothing():
    (grid,) = read(make.table([["姓名", "张三"], ["手机", "139"]], height=16)).grids()
    assert all(not one.underlined for one in grid.cells)


def test_a_name_written_over_underscores_is_not_mixed_with_them():
    page = make.text(60, 100, "姓名：______") + make.text(92, 100, "张三")
    assert lines(read(page)) == ["姓名：张三 _"]


def test_bold_made_by_drawing_twice_is_read_once():
    assert lines(read(make.text(60, 100, "张三33") + make.text(60.3, 100, "张三33"))) == ["张三33"]


@pytest.mark.parametrize(
    ("inside", "sign"),
    [
        ("", "\u2610"),
        (make.line(61, 93, 69, 101) + make.line(61, 101, 69, 93), "\u2611"),
        (make.text(60, 101, "√"), "\u2611"),
    ],
)
def test_a_drawn_box_is_a_check_box(inside, sign):
    assert lines(read(make.box(60, 92, 70, 102) + inside + make.text(72, 101, "是"))) == [f"{sign}是"]


def test_signs_of_symbol_fonts_are_ticks():
    page = (
        make.latin(60, 100, "R", 12, "Wi") + make.latin(60, 120, "\\243", 12, "Wi") + make.latin(60, 140, "4", 12, "Za")
    )
    assert lines(read(page)) == ["\u2611", "\u2610", "\u2611"]


# --- what nobody sees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        make.text(60, 200, "李四", before="3 Tr"),
        make.text(60, 200, "李四", before="1 g"),
        make.text(60, 900, "李四"),
        make.text(60, 200, "李四", size=1),
        make.text(60, 200, "李四") + "1 g " + make.box(50, 180, 120, 210, "f") + "0 g\n",
        make.inked(60, 200, "李四", before="1 g"),
        make.inked(60, 200, "李四", before="/Faint gs"),
        make.inked(60, 200, "李四") + "1 g " + make.box(50, 180, 120, 210, "f") + "0 g\n",
        "q " + make.box(0, 0, 10, 10, "W n") + make.inked(60, 200, "李四") + "Q\n",
    ],
    ids=["mode", "white", "outside", "speck", "covered", "ink white", "ink transparent", "ink covered", "ink clipped"],
)
def test_text_that_nobody_sees_is_left_out_and_noted(hidden):
    document = read(hidden + make.text(60, 100, "联系人张三的电话"))
    assert lines(document) == ["联系人张三的电话"]
    assert codes(document) == [NoteCode.COVERED_TEXT]


def test_text_under_an_opaque_picture_is_hidden_and_text_on_one_is_not():
    page = make.text(60, 100, "下面") + make.image("I", 50, 80, 120, 110) + make.text(60, 105, "上面")
    assert lines(read(make.Page(page, images={"I": make.pixels()}))) == ["上面"]


def test_visible_text_of_embedded_fonts_is_read():
    document = read(make.table([["姓名", "张三"], ["手机", "13905951234"]], write=make.inked))
    (grid,) = document.grids()
    assert rows(grid) == [["姓名", "张三"], ["手机", "13905951234"]]
    assert codes(document) == []


def test_white_text_on_a_dark_ground_is_read():
    page = (
        "0 g "
        + make.box(50, 80, 200, 110, "f")
        + make.inked(60, 100, "姓名", before="1 g")
        + make.text(100, 100, "电话", before="1 g")
    )
    assert lines(read(page)) == ["姓名 电话"]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_read_as_it_is_shown(turn):
    shown = read(make.Page(make.table(WIDE, write=make.inked), entries=f"/Rotate {turn}"))
    (grid,) = shown.grids()
    assert "张三" in [one.text for one in grid.cells]
    turned = {0: "1 0 0 1 0 0", 90: "0 1 -1 0 842 0", 180: "-1 0 0 -1 595 842", 270: "0 -1 1 0 0 595"}[turn]
    box = "0 0 595 842" if turn % 180 == 0 else "0 0 842 595"
    (grid,) = read(
        make.Page(f"{turned} cm " + make.table(WIDE, write=make.inked), entries=f"/Rotate {turn}", box=box)
    ).grids()
    assert rows(grid) == [["姓名", "张三", "手机", "13905951234"], ["单位", "青石镇"]]


def test_a_page_whose_text_runs_sideways_is_turned():
    page = make.Page("0 1 -1 0 842 0 cm " + make.table(WIDE, write=make.inked), box="0 0 842 595")
    (grid,) = read(page).grids()
    assert rows(grid) == [["姓名", "张三", "手机", "13905951234"], ["单位", "青石镇"]]


def test_text_askew_stays_out_of_the_cells():
    mark = f"BT /G1 40 Tf 0.7 0.7 -0.7 0.7 200 {842 - 130} Tm <6837672c> Tj ET\n"
    document = read(make.table(WIDE) + mark)
    (grid,) = document.grids()
    assert lines(document) == ["样本"]
    assert rows(grid) == [["姓名", "张三", "手机", "13905951234"], ["单位", "青石镇"]]


@pytest.mark.parametrize("matrix", ["0 1 -1 0 190 720", "0 -1 1 0 190 738"], ids=["up", "down"])
def test_a_label_written_up_or_down_keeps_its_order(matrix):
    (grid,) = read(
        make.table([["姓名", ""]], height=60)
        + f"BT /G1 10 Tf {matrix} Tm <624b673a> Tj ET\n"
        + make.text(60, 300, "这里是足够多的平放文字")
    ).grids()
    assert rows(grid) == [["姓名", "手机"]]


# --- forms and annotations -------------------------------------------------------------------------------------------


def test_values_of_form_fields_stand_in_their_cells():
    place = make.rectangle(175, 102, 275, 122)
    widgets = [
        make.annotation("Widget", place, f"/FT /Tx /V {make.string('张三')}"),
        make.annotation("Widget", make.rectangle(175, 126, 275, 146), "/Parent 900 0 R"),
        make.annotation("Widget", make.rectangle(175, 150, 185, 160), "/FT /Btn /AS /Yes /V /Yes"),
        make.annotation("Widget", make.rectangle(225, 150, 235, 160), "/FT /Btn /AS /Off"),
        make.annotation("Widget", make.rectangle(250, 150, 260, 160), f"/F 2 /FT /Tx /V {make.string('看不见')}"),
        make.annotation(
            "Widget",
            make.rectangle(175, 174, 275, 194),
            f"/FT /Ch /V (b) /Opt [[(a) {make.string('男')}] [(b) {make.string('女')}]]",
        ),
    ]
    page = (
        make.table([["姓名", ""], ["手机", ""], ["节目", ""], ["性别", ""]])
        + make.text(188, 159, "是")
        + make.text(238, 159, "否")
    )
    parent = f"<< /FT /Tx /T (m) /V {make.string('13905951234')} >>"
    (grid,) = read(make.Page(page, annotations=widgets), objects={900: parent}).grids()
    assert rows(grid) == [["姓名", "张三"], ["手机", "13905951234"], ["节目", "\u2611 是    \u2610 否"], ["性别", "女"]]


def test_a_text_box_added_as_a_comment_is_text_and_its_strike_strikes():
    notes = [
        make.annotation("FreeText", make.rectangle(175, 102, 275, 122), f"/Contents {make.string('李四')}"),
        make.annotation("FreeText", make.rectangle(175, 102, 275, 122), f"/F 32 /Contents {make.string('看不见')}"),
        make.annotation(
            "StrikeOut", make.rectangle(170, 105, 190, 118), "/QuadPoints [174 716 196 716 174 705 196 705]"
        ),
        make.annotation("Stamp", make.rectangle(300, 300, 400, 400)),
    ]
    document = read(make.Page(make.table([["姓名", ""], ["旧", "张三"]], height=20), annotations=notes))
    (grid,) = document.grids()
    assert rows(grid) == [["姓名", "李四"], ["旧", ""]]
    assert grid.cells[3].struck == ("张三",)
    assert document.pictures == 1


def test_a_form_of_the_xfa_kind_is_named():
    data = make.file(
        make.text(60, 100, "Please wait..."),
        catalog="/AcroForm << /XFA 900 0 R /Fields [] >>",
        objects={900: make.stream(b"<xdp/>")},
    )
    assert failure(data).code is FailureCode.UNSUPPORTED


# --- pages -----------------------------------------------------------------------------------------------------------


def people(start: int, count: int, top: float) -> str:
    return make.table([[f"张{number}", "手机"] for number in range(start, start + count)], top=top)


def test_a_table_that_goes_on_over_the_page_is_one_grid():
    page_number = make.text(290, 820, "- 1 -")
    document = read(people(1, 26, 140) + page_number, people(27, 3, 60))
    (grid,) = document.grids()
    assert grid.rows == 29
    assert (grid.cells[-2].text, grid.cells[-2].place) == ("张29", "page 2, table 1, R3C1, box 120,216-340,264")


def test_a_title_between_two_tables_keeps_them_apart():
    assert len(list(read(people(1, 26, 140), make.text(60, 50, "反馈表") + people(27, 3, 60)).grids())) == 2
    assert len(list(read(people(1, 5, 140), people(27, 3, 60)).grids())) == 2
    assert len(list(read(people(1, 26, 140), people(27, 3, 400)).grids())) == 2


def test_a_header_row_repeated_on_the_next_page_is_read_once():
    first = make.table([["姓名", "手机"], *([f"张{n}", "139"] for n in range(25))], top=140)
    (grid,) = read(first, make.table([["姓名", "手机"], ["李四", "138"]], top=60)).grids()
    assert [row[0] for row in rows(grid)].count("姓名") == 1
    assert rows(grid)[-1] == ["李四", "138"]


def test_a_row_cut_in_two_by_the_page_is_put_together():
    first = make.table([*(["单位", "某镇"] for _ in range(25)), ["地址", "青石镇中山路十"]], top=140, widths=80)
    (grid,) = read(first, make.table([["", "二号"]], top=60, widths=80)).grids()
    assert rows(grid)[-1] == ["地址", "青石镇中山路十二号"]


def test_pages_beyond_the_budget_are_told():
    document = read(*(make.text(60, 100, f"第{n}页的内容在这里") for n in range(3)), budget=Budget(pages=2))
    assert len(document.blocks) == 2
    assert [(note.code, note.detail) for note in document.notes] == [(NoteCode.PAGES_LEFT_OUT, "2 of 3 read")]


# --- pictures of pages -----------------------------------------------------------------------------------------------


def scan(over: str = "") -> make.Page:
    return make.Page(make.image("I", 0, 0, 595, 842) + over, images={"I": make.pixels()})


@pytest.mark.parametrize(
    "page",
    [
        scan(),
        scan(make.text(60, 100, "隐形的识别文字层隐形的识别文字层隐形的识别文字层", before="3 Tr")),
        make.Page(
            make.text(60, 100, "文字在图片下面文字在图片下面文字在图片下面") + make.image("I", 0, 0, 595, 842),
            images={"I": make.pixels()},
        ),
        make.Page("".join(f"BT /Xx 10 Tf 60 {700 - 20 * n} Td <0101020203030404> Tj ET\n" for n in range(8))),
        make.Page("".join(f"60 {700 - n} m 70 {701 - n} 80 {705 - n} 90 {700 - n} c S\n" for n in range(80))),
    ],
    ids=["scan", "scan with hidden text", "scan over text", "font without Unicode", "letters as shapes"],
)
def test_a_page_without_usable_text_is_looked_at_twice(page):
    eyes = Eyes()
    document = read(make.text(60, 100, "第一页有文字而且不少于二十个字，所以是文字页"), page, engines=eyes)
    assert [block.text for block in document.blocks] == ["第一页有文字而且不少于二十个字，所以是文字页", "首看1"]
    assert [block.text for block in document.second_look] == ["第一页有文字而且不少于二十个字，所以是文字页", "再看1"]
    assert document.blocks[1].place.startswith("page 2, line 1")
    assert NoteCode.OCR in codes(document)
    assert document.pictures == 1
    assert eyes.shown[0].startswith(b"\xff\xd8")


def test_without_an_engine_half_a_document_does_not_pass_as_a_whole():
    assert failure(make.file(scan())).detail == Engine.OCR
    found = failure(make.file(make.table(WIDE), scan()))
    assert (found.code, found.detail) == (FailureCode.NEEDS_ENGINE, Engine.OCR)


def test_only_so_many_pages_are_looked_at():
    eyes = Eyes()
    document = read(scan(), scan(), scan(), engines=eyes, budget=Budget(scanned_pages=2))
    assert len(eyes.shown) == 2
    assert NoteCode.PAGES_LEFT_OUT in codes(document)


def test_a_photograph_beside_a_filled_table_is_counted_and_not_read():
    eyes = Eyes()
    page = make.Page(make.table(WIDE) + make.image("I", 60, 300, 560, 800), images={"I": make.pixels()})
    document = read(page, engines=eyes)
    assert (document.pictures, eyes.shown, document.second_look) == (1, [], ())


def test_a_photograph_under_a_bare_title_is_read():
    eyes = Eyes()
    page = make.Page(
        make.text(60, 60, "附件2 安全生产月活动联络员反馈表 请各单位按时报送") + make.image("I", 60, 100, 560, 800),
        images={"I": make.pixels()},
    )
    assert lines(read(page, engines=eyes)) == ["首看1"]


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", FailureCode.EMPTY),
        (b"\0" * 50, FailureCode.EMPTY),
        (make.file(""), FailureCode.EMPTY),
        (make.file(make.table(WIDE))[:-60], FailureCode.DAMAGED),
        (make.file(make.table(WIDE))[:3000], FailureCode.DAMAGED),
        (make.file(make.table(WIDE)).rpartition(b"%%EOF")[0], FailureCode.DAMAGED),
        (
            make.file(make.table(WIDE), objects={2: "<< /Type /Pages /Count 9 /Kids [100 0 R 999 0 R] >>"}),
            FailureCode.DAMAGED,
        ),
        (b"%PDF-1.7\nnothing\n%%EOF", FailureCode.DAMAGED),
    ],
    ids=["no bytes", "zeros", "blank page", "no end", "half", "no mark of the end", "a page lost", "no objects"],
)
def test_failures_are_named(data, code):
    assert failure(data).code is code


def test_a_stream_torn_in_the_middle_is_damage_not_a_shorter_page():
    data = make.file(make.Page(make.table(WIDE * 20), packed=True))
    start = data.index(b"/FlateDecode") + 300
    assert failure(data[:start] + bytes(40) + data[start + 40 :]).code is FailureCode.DAMAGED


def test_a_wrong_checksum_or_a_wrong_index_is_mended():
    data = make.file(make.Page(make.table(WIDE), packed=True))
    end = data.index(b"\nendstream", data.index(b"/FlateDecode"))
    (grid,) = pdf.read(data[: end - 4] + b"\0\0\0\0" + data[end:], DEFAULT_BUDGET, NO_ENGINES).grids()
    assert rows(grid)[0][1] == "张三"
    moved = make.file(make.table(WIDE)).replace(b"startxref\n", b"startxref\n9")
    (grid,) = pdf.read(moved, DEFAULT_BUDGET, NO_ENGINES).grids()
    assert rows(grid)[0][1] == "张三"
