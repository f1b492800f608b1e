from dataclasses import replace

import pytest

from parsers.document import DEFAULT_BUDGET, FailureCode, Grid, NoteCode, Paragraph, ReadFailure
from parsers.readers import plain


def rows(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in grid.cells if cell.row == row] for row in range(grid.rows)]


def test_every_line_is_a_paragraph_with_its_number() -> None:
    document = plain.read("您好：\r\n\r\n  单位：演示办\u200b \n手机：\u202d139\u202c", DEFAULT_BUDGET)
    assert document.blocks == (
        Paragraph("您好：", "line 1"),
        Paragraph("单位：演示办", "line 3"),
        Paragraph("手机：139", "line 4"),
    )


def test_lines_with_the_same_number_of_tabs_are_a_grid() -> None:
    document = plain.read("名单\n姓名\t手机\t备注\n林一\t139\t\n陈二\t138\t无\n以上", DEFAULT_BUDGET)
    first, grid, last = document.blocks
    assert isinstance(grid, Grid)
    assert rows(grid) == [["姓名", "手机", "备注"], ["林一", "139", ""], ["陈二", "138", "无"]]
    assert grid.cells[3].place == "line 3, C1"
    assert (first, last) == (Paragraph("名单", "line 1"), Paragraph("以上", "line 5"))


@pytest.mark.parametrize("text", ["a\tb", "a\tb\n\nc\td", "a\tb\nc\td\te", "a\nb"])
def test_less_than_that_is_no_grid(text: str) -> None:
    assert all(isinstance(block, Paragraph) for block in plain.read(text, DEFAULT_BUDGET).blocks)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_file_is_one_grid(delimiter: str) -> None:
    text = f'姓名{delimiter}地址\r\n林一{delimiter}"1号{delimiter}\n二""楼"\r\n\r\n陈二\r\n'
    document = plain.read_csv(text, DEFAULT_BUDGET)
    (grid,) = document.grids()
    assert rows(grid) == [["姓名", "地址"], ["林一", f'1号{delimiter}\n二"楼'], ["陈二", ""]]
    assert document.notes == ()


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u200b"])
def test_nothing_is_empty(text: str) -> None:
    for reader in (plain.read, plain.read_csv):
        with pytest.raises(ReadFailure) as caught:
            reader(text, DEFAULT_BUDGET)
        assert caught.value.failure.code is FailureCode.EMPTY


def test_too_much_is_told() -> None:
    budget = replace(DEFAULT_BUDGET, rows=2, text_characters=1000)
    for document in (plain.read("a\tb\n" * 3, budget), plain.read_csv("a,b\n" * 3, budget)):
        assert [note.code for note in document.notes] == [NoteCode.CLIPPED]
    for reader in (plain.read, plain.read_csv):
        with pytest.raises(ReadFailure) as caught:
            reader("字" * 1001, budget)
        assert caught.value.failure.code is FailureCode.TOO_LARGE
    with pytest.raises(ReadFailure):
        plain.read_csv('a,"' + "字" * 200_000, DEFAULT_BUDGET)


def test_ticks_whose_font_is_lost_are_signs() -> None:
    assert plain.read("\uf052是 \uf0a3否", DEFAULT_BUDGET).blocks == (Paragraph("☑是 ☐否", "line 1"),)


def test_a_mark_in_one_line_makes_no_columns():
    text = "姓名：王晓云\n电子邮箱：w@unit.example.com;z@unit.example.com\n手机：13805950002\n"
    (grid,) = plain.read_csv(text, DEFAULT_BUDGET).blocks
    assert isinstance(grid, Grid)
    assert grid.columns == 1
