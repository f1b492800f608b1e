"""What stands on an invented page, and the page in every quick container: ink in boxes → bytes.

In: blocks, each a line of text or the rows of a table. Out: the bytes of a file, or the text of a mail. Unlike
`tests/builders/rendering.py` a box knows how its text is written (struck out, tracked, hidden, underlined, as a number)
and spans rows, and a box may hold a table. Must not: know forms or what a right reading is.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO

from openpyxl.worksheet.worksheet import Worksheet

from tests.builders import excel, word


@dataclass(frozen=True, slots=True)
class Ink:
    """A text and how it is written. `struck`, `deleted` (tracked) and `hidden` stand before `text` and do not count.

    `underlined` is a piece of `text`. `number` is a number format: the text is digits and a workbook stores a number.
    """

    text: str = ""
    struck: str = ""
    deleted: str = ""
    hidden: str = ""
    underlined: str = ""
    number: str = ""

    @property
    def is_plain(self) -> bool:
        return not (self.struck or self.deleted or self.hidden or self.underlined)


@dataclass(frozen=True, slots=True)
class Box:
    """One cell or merged area. `key` names the field whose value stands in it ("" none), `nested` a table in it."""

    ink: Ink = Ink()
    columns: int = 1
    rows: int = 1
    key: str = ""
    nested: tuple[tuple["Box", ...], ...] = ()


Row = tuple[Box, ...]
Table = tuple[Row, ...]
Block = str | Table

# What a container can show beside text in a grid.
MARKED = frozenset({"docx", "docx_wps", "html", "body_html"})  # strike-out, underline
TRACKED = frozenset({"docx", "docx_wps"})  # tracked changes, hidden text
MERGED = frozenset({"docx", "docx_wps", "xlsx", "html", "body_html"})  # row spans; a nested table in all but xlsx
NESTED = MERGED - {"xlsx"}
LINES = frozenset({"txt", "body_text"})  # no grid at all
CONTAINERS = ("docx", "docx_wps", "xlsx", "html", "body_html", "csv", "tabs", "txt", "body_text")


def written(text: str) -> Box:
    """Return a box with nothing but plain text."""
    return Box(Ink(text))


def width(table: Table) -> int:
    """Given rows of boxes, return the number of columns, areas merged downwards counted where they begin."""
    return max((sum(box.columns for box in row) for row in table), default=1)


def placed(table: Table) -> list[tuple[int, int, Box]]:
    """Given rows of boxes, return (row, column, box) of each; an area merged downwards keeps its place below."""
    taken: set[tuple[int, int]] = set()
    found = []
    for row, boxes in enumerate(table):
        column = 0
        for box in boxes:
            while (row, column) in taken:
                column += 1
            for down in range(box.rows):
                taken.update((row + down, column + across) for across in range(box.columns))
            found.append((row, column, box))
            column += box.columns
    return found


def render(
    container: str,
    blocks: Sequence[Block],
    *,
    charset: str = "utf-8",
    declared: str = "",
    hidden: Sequence[Block] = (),
) -> bytes:
    """Given blocks, return a file (or the text of a mail, encoded).

    `declared` is the charset that an HTML file claims, `hidden` are the blocks of a hidden sheet before the workbook's own.
    """
    if container in TRACKED:
        return _docx(blocks, container.partition("_")[2] or "word")
    if container == "xlsx":
        return excel.shared(excel.workbook(lambda sheet: _sheets(sheet, blocks, hidden)))
    if container in {"html", "body_html"}:
        head = f'<meta charset="{declared or charset}">' if container == "html" else ""
        return f"<html><head>{head}</head><body>{_html(blocks)}</body></html>".encode(charset)
    if container == "csv":
        return _csv(blocks).encode(charset)
    return "\n".join(_text(blocks)).encode(charset)


# --- Word ------------------------------------------------------------------------------------------------------------


def _docx(blocks: Sequence[Block], manner: str) -> bytes:
    made = [
        word.para(_run(Ink(block), manner)) if isinstance(block, str) else _table(block, manner) for block in blocks
    ]
    return word.package(*made, word.para(""))


def _table(table: Table, manner: str) -> str:
    lines: list[list[tuple[int, str]]] = [[] for _ in table]
    for row, column, box in placed(table):
        merge = "restart" if box.rows > 1 else None
        content = [word.para(piece) for piece in _runs(box.ink, manner)]
        if box.nested:
            content += [_table(box.nested, manner), word.para("")]
        lines[row].append((column, word.cell(*content, span=box.columns, merge=merge)))
        for down in range(1, box.rows):
            if row + down < len(lines):
                lines[row + down].append((column, word.cell(word.para(""), span=box.columns, merge="continue")))
    return word.table(*(word.row(*(cell for _, cell in sorted(line))) for line in lines))


def _runs(ink: Ink, manner: str) -> list[str]:
    """One run of XML a line of the cell."""
    before = (word.run(ink.struck, word.STRUCK) if ink.struck else "") + (
        word.run(ink.hidden, word.HIDDEN) if ink.hidden else ""
    )
    if ink.deleted:
        return [before + word.deleted(ink.deleted) + (word.inserted(word.run(ink.text)) if ink.text else "")]
    if ink.underlined:
        head, mark, tail = ink.text.rpartition(ink.underlined)  # the answer, not the label before it
        return [before + word.run(head) + word.run(mark, word.UNDERLINED) + word.run(tail)]
    lines = ink.text.split("\n")
    return [before + _run(Ink(lines[0]), manner), *(_run(Ink(line), manner) for line in lines[1:])]


def _run(ink: Ink, manner: str) -> str:
    return word._form_run(ink.text, manner)


# --- workbook --------------------------------------------------------------------------------------------------------


def _sheets(sheet: Worksheet, blocks: Sequence[Block], hidden: Sequence[Block]) -> None:
    _fill(sheet, blocks)
    if hidden:
        former = sheet.parent.create_sheet("2024", 0)
        former.sheet_state = "hidden"
        sheet.parent.active = 1
        _fill(former, hidden)


def _fill(sheet: Worksheet, blocks: Sequence[Block]) -> None:
    top = 0
    for block in blocks:
        if isinstance(block, str):
            top += 1
            sheet.cell(top, 1, block or None)
            continue
        for row, column, box in placed(block):
            _put(sheet, top + row + 1, column + 1, box)
        top += len(block)


def _put(sheet: Worksheet, row: int, column: int, box: Box) -> None:
    cell = sheet.cell(row, column)
    if box.ink.number:
        cell.value = float(box.ink.text) if box.ink.number == "float" else int(box.ink.text)
        if box.ink.number not in {"float", "General"}:
            cell.number_format = box.ink.number
    else:
        cell.value = box.ink.text or None
        cell.data_type = "s" if box.ink.text else "n"
    if box.rows > 1 or box.columns > 1:
        sheet.merge_cells(
            start_row=row, end_row=row + box.rows - 1, start_column=column, end_column=column + box.columns - 1
        )


# --- text ------------------------------------------------------------------------------------------------------------


def _html(blocks: Sequence[Block]) -> str:
    return "".join(f"<p>{escape(block)}</p>\n" if isinstance(block, str) else _html_table(block) for block in blocks)


def _html_table(table: Table) -> str:
    rows = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>\n" for row in table)
    return f'<table border="1" cellspacing="0">\n{rows}</table>'


def _html_cell(box: Box) -> str:
    ink = box.ink
    text = escape(ink.text).replace("\n", "<br>")
    if ink.underlined:
        head, mark, tail = text.rpartition(escape(ink.underlined))
        text = f"{head}<u>{mark}</u>{tail}"
    struck = f"<s>{escape(ink.struck)}</s>" if ink.struck else ""
    inner = _html_table(box.nested) if box.nested else ""
    return f'<td colspan="{box.columns}" rowspan="{box.rows}">{struck}{text}{inner}</td>'


def _csv(blocks: Sequence[Block]) -> str:
    stream = StringIO()
    writer = csv.writer(stream)
    for block in blocks:
        if isinstance(block, str):
            writer.writerow([block])
        else:
            writer.writerows(_cells(block))
    return stream.getvalue()


def _text(blocks: Sequence[Block]) -> list[str]:
    lines = []
    for block in blocks:
        if isinstance(block, str):
            lines.append(block)
        else:
            lines += ["\t".join(text.replace("\n", " ") for text in row) for row in _cells(block)]
    return lines


def _cells(table: Table) -> list[list[str]]:
    """The table without merged areas, as programs export it: the text where the area begins, the rest empty."""
    rows = [[""] * width(table) for _ in table]
    for row, column, box in placed(table):
        rows[row] += [""] * (column + 1 - len(rows[row]))
        rows[row][column] = box.ink.text
    return rows
