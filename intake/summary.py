"""The 汇总表 as a workbook (.xlsx) that opens well in WPS and Excel. Home of openpyxl's writing.

In: the campaign's state at one moment. Out: one file, whole or not at all: it is written beside its place and moved
there. What stands in it is laid out by `summary_tables`; here it gets cells, widths and a print setup.

Everything that came from outside is written as text (cell type "s", format "@"): "=…" never becomes a formula, a
telephone number keeps its zero (facts/documents.md §6 no. 21, facts/reliability.md §3.1).
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.drawing.image import Image
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from intake.ledger import Ledger
from intake.model import CellState, FormId, ReminderRecord, StoredSubmission, UnitName
from intake.roster import Roster
from intake.settings import Campaign
from intake.summary_matter import Column, Entry, Matter, Table, Tone, Waiting
from intake.summary_remarks import shown
from intake.summary_tables import tables
from intake.whole_files import made_whole
from parsers.forms import FieldType
from parsers.readers.picturesize import picture_size
from parsers.text import clean

CREATOR = "form-intake"  # of every workbook of ours
# Excel's own limit of a cell, counted in UTF-16 units; openpyxl cuts there without a word.
_CELL_LIMIT = 32_767
_CUT_MARK = "……（内容过长，此处截断，全文见原件）"
_TAB_LIMIT = 31  # Excel's limit of a sheet's name
_TAB_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
# Excel reads "_x0041_" in a cell as the letter A (ECMA-376 part 1, §22.4.2.4); "_x005F_" stands for the underline itself.
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

# Widths are in digits of the default font (Calibri 11, 7 px); 宋体 11 pt has 14.7 px a Chinese character, half for ASCII.
_WIDE, _NARROW, _PADDING = 2.15, 1.1, 1.8
_WIDTH_MINIMUM = 6.0
_TITLE_SCALE = 1.7  # 18 pt to 11 pt
_LINE_HEIGHT, _ROW_PADDING, _ROW_LIMIT = 15.0, 7.0, 400.0  # points; Excel's limit of a row is 409

_BODY = Font(name="宋体", size=11)
_FAINT = Font(name="宋体", size=11, color="808080")
_BOLD = Font(name="宋体", size=11, bold=True)
_HEADING = Font(name="黑体", size=11)
_TITLE = Font(name="黑体", size=18)
_THIN = Side(style="thin", color="808080")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_CENTERED = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
_TITLE_ROW, _SUBTITLE_ROW = 1, 2
_JPEG_MAGIC = b"\xff\xd8\xff"
_PICTURE_WIDTH, _PICTURE_HEIGHT, _PIXELS_A_DIGIT = 320, 120, 7.0  # as shown; a row is at most 409 points high
_PICTURE_LIMIT = 10_000  # pixels a side; a cell of a scan has some hundreds


def _fill(color: str) -> PatternFill:
    return PatternFill("solid", start_color=color)


_HEADING_FILL, _TOTALS_FILL = _fill("D9E2F3"), _fill("F2F2F2")
_FILLS: Mapping[Tone, PatternFill] = {
    Tone.GOOD: _fill("E2F0D9"),
    Tone.MEND: _fill("FFF2CC"),
    Tone.REVIEW: _fill("E4DFEC"),
    Tone.WAITING: _fill("FCE4D6"),
    Tone.OVERDUE: _fill("F8CBAD"),
    Tone.NEUTRAL: _fill("DDEBF7"),
}


def build_summary(
    path: Path,
    *,
    campaign: Campaign,
    roster: Roster,
    ledger: Ledger,
    late_after: Mapping[FormId, datetime],
    reminders: Iterable[ReminderRecord],
    generated_at: datetime,
    waiting: Iterable[Waiting] = (),
) -> None:
    """Given the state of a campaign at `generated_at`, write its workbook to `path`, replacing what is there.

    `late_after` has for each form with a deadline the last instant in time, `reminders` are those that went out. Raise
    OSError if the file cannot be written (on Windows also while it is open in WPS or Excel); then the old one is whole.
    """
    matter = Matter(campaign, roster, ledger, late_after, tuple(reminders), generated_at, tuple(waiting))
    write_tables(path, tables(matter), title=campaign.name, generated_at=generated_at)


def write_tables(path: Path, sheets: Iterable[Table], *, title: str, generated_at: datetime) -> None:
    """Given tables, write a workbook with a sheet each to `path`, replacing what is there. Raise OSError as above."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.creator = CREATOR
    workbook.properties.title = _text(title)
    workbook.properties.created = generated_at.astimezone(UTC).replace(tzinfo=None)
    taken: set[str] = set()
    for table in sheets:
        sheet = workbook.create_sheet(_tab_name(table.name, taken))
        _write(sheet, table)
    with made_whole(path) as file:
        workbook.save(file)


# --- one sheet --------------------------------------------------------------------------------------------------------


def _write(sheet: Worksheet, table: Table) -> None:
    last = len(table.columns)
    for row, (text, font) in enumerate(((table.title, _TITLE), (table.subtitle, _BODY)), start=_TITLE_ROW):
        _put(sheet, row, 1, text, font, _CENTERED)
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
    heading_row = _SUBTITLE_ROW + (2 if table.totals else 1)
    for column, entry in enumerate(table.totals, start=1):
        _put(sheet, heading_row - 1, column, entry.value, _BOLD, _CENTERED, border=_BORDER, fill=_TOTALS_FILL)
    for column, spec in enumerate(table.columns, start=1):
        _put(sheet, heading_row, column, spec.heading, _HEADING, _CENTERED, border=_BORDER, fill=_HEADING_FILL)
    for row, entries in enumerate(table.rows, start=heading_row + 1):
        for column, (entry, spec) in enumerate(zip(entries, table.columns, strict=True), start=1):
            _put_entry(sheet, row, column, entry, spec)
    _lay_out(sheet, table, heading_row)
    _lay_pictures(sheet, table, heading_row)
    _set_up_print(sheet, heading_row)


class _Jpeg(Image):
    """A picture as it is: openpyxl's own class would have Pillow decode it, and it came by mail."""

    def __init__(self, data: bytes, width: int, height: int) -> None:
        self._bytes, self.ref = data, None
        self.width, self.height, self.format = width, height, "jpeg"

    def _data(self) -> bytes:
        return self._bytes


def _picture(entry: Entry) -> _Jpeg | None:
    """Return an entry's picture, scaled down to its column; None if there is none or its size is not known."""
    width, height = picture_size(entry.picture)
    if not entry.picture.startswith(_JPEG_MAGIC) or not 0 < width <= _PICTURE_LIMIT or not 0 < height <= _PICTURE_LIMIT:
        return None
    scale = min(1.0, _PICTURE_WIDTH / width, _PICTURE_HEIGHT / height)
    return _Jpeg(entry.picture, round(width * scale), round(height * scale))


def _lay_pictures(sheet: Worksheet, table: Table, heading_row: int) -> None:
    """Lay the pictures over their cells; column and rows become as large as they are."""
    for row, entries in enumerate(table.rows, start=heading_row + 1):
        for column, entry in enumerate(entries, start=1):
            picture = _picture(entry)
            if picture is None:
                continue
            sheet.add_image(picture, f"{get_column_letter(column)}{row}")
            sheet.column_dimensions[get_column_letter(column)].width = _PICTURE_WIDTH / _PIXELS_A_DIGIT + _PADDING
            rows = sheet.row_dimensions[row]
            rows.height = max(rows.height or 0.0, picture.height * 0.75 + 2)  # points: 96 pixels are 72


def _put_entry(sheet: Worksheet, row: int, column: int, entry: Entry, spec: Column) -> None:
    font = _FAINT if entry.tone is Tone.FAINT else _BODY
    alignment = _CENTERED if spec.centered or isinstance(entry.value, int) else _LEFT
    _put(sheet, row, column, entry.value, font, alignment, border=_BORDER, fill=_FILLS.get(entry.tone))


def _put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: str | int,
    font: Font,
    alignment: Alignment,
    *,
    border: Border | None = None,
    fill: PatternFill | None = None,
) -> None:
    cell = sheet.cell(row, column)
    if isinstance(value, int):
        cell.value = value
    elif value:
        cell.value = _text(value)
        cell.data_type = "s"  # openpyxl has made a formula of "=…" and an error of "#N/A"
        cell.number_format = "@"  # and it stays text when somebody edits the cell
    cell.font, cell.alignment = font, alignment
    if border is not None:
        cell.border = border
    if fill is not None:
        cell.fill = fill


def _text(value: str) -> str:
    """Return a text as a cell can hold it: clean, not read as an escape, cut with a mark."""
    text = _ESCAPE_LIKE.sub("_x005F_", clean(value))
    if _units(text) <= _CELL_LIMIT:
        return text
    room = _CELL_LIMIT - len(_CUT_MARK)
    return text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore") + _CUT_MARK


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _tab_name(name: str, taken: set[str]) -> str:
    """Return a name that Excel takes for a sheet, different from those `taken` (it does not tell A from a)."""
    base = _TAB_FORBIDDEN.sub(" ", clean(name)).strip(" '") or "表"
    number, candidate = 1, base[:_TAB_LIMIT]
    while candidate.casefold() in taken:
        number += 1
        suffix = f"({number})"
        candidate = base[: _TAB_LIMIT - len(suffix)] + suffix
    taken.add(candidate.casefold())
    return candidate


# --- how it looks -----------------------------------------------------------------------------------------------------


def _lay_out(sheet: Worksheet, table: Table, heading_row: int) -> None:
    """Set widths by the text, heights by the lines that the widths leave, the frozen head and the filter."""
    texts = [[str(entry.value) for entry in table.totals]] if table.totals else []
    texts.append([spec.heading for spec in table.columns])
    texts += [[str(entry.value) for entry in row] for row in table.rows]
    widths = [
        _column_width((row[index] for row in texts), spec.width_limit) for index, spec in enumerate(table.columns)
    ]
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    # The title and the line below it run over all columns; a narrow table breaks them.
    for number, text, scale in ((_TITLE_ROW, table.title, _TITLE_SCALE), (_SUBTITLE_ROW, table.subtitle, 1.0)):
        sheet.row_dimensions[number].height = scale * _row_height([text], [sum(widths) / scale])
    for number, row in enumerate(texts, start=_SUBTITLE_ROW + 1):
        sheet.row_dimensions[number].height = _row_height(row, widths)
    sheet.freeze_panes = f"C{heading_row + 1}"  # 序号 and 单位 (or 类别) stay in sight
    if table.rows:
        last = get_column_letter(len(table.columns))
        sheet.auto_filter.ref = f"A{heading_row}:{last}{heading_row + len(table.rows)}"


def _set_up_print(sheet: Worksheet, heading_row: int) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4 (ECMA-376 part 1, §18.3.1.63)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"1:{heading_row}"
    sheet.print_options.horizontalCentered = True
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.6, bottom=0.75, header=0.3, footer=0.4)  # inches
    footer = HeaderFooterItem()
    footer.center.text = "第 &P 页，共 &N 页"
    sheet.oddFooter = footer


def _text_width(line: str) -> float:
    """Return the width of one line in digits of the default font."""
    return sum(_WIDE if unicodedata.east_asian_width(character) in "WFA" else _NARROW for character in line)


def _column_width(texts: Iterable[str], limit: int) -> float:
    longest = max((_text_width(line) for text in texts for line in text.splitlines()), default=0.0)
    return round(min(max(longest + _PADDING, _WIDTH_MINIMUM), limit), 1)


def _row_height(texts: Iterable[str], widths: Iterable[float]) -> float:
    """Return the height that a row needs: neither WPS nor LibreOffice grows rows of a file for wrapped text reliably."""
    lines = max((_lines(text, width - _PADDING / 2) for text, width in zip(texts, widths, strict=True)), default=1)
    return min(lines * _LINE_HEIGHT + _ROW_PADDING, _ROW_LIMIT)


def _lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column of that width: a character that does not fit begins a new one."""
    total = 0
    for line in text.splitlines() or [""]:
        total += 1
        used = 0.0
        for character in line:
            needed = _text_width(character)
            if used + needed > width:
                total += 1
                used = 0.0
            used += needed
    return total


def formula_cells(path: Path) -> tuple[str, ...]:
    """Given a workbook that `build_summary` wrote, return the cells that a spreadsheet would calculate: there must be none."""
    workbook = load_workbook(path)
    return tuple(
        f"{sheet.title}!{cell.coordinate}"
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    )


def values_left_out(path: Path, campaign: Campaign, ledger: Ledger) -> tuple[UnitName, ...]:
    """Given a workbook and the ledger that it was made of, return the units of which it lacks a row as it is in force.

    A row has the unit's name and each value of the form, the unit as it was written aside. It is looked for as a reader
    does, without the tables from which the workbook was written.
    """
    rows: dict[str, list[Counter[str]]] = defaultdict(list)
    for sheet in load_workbook(path).worksheets:
        for row in sheet.iter_rows(values_only=True):
            texts = Counter(value for value in row if isinstance(value, str))
            for text in texts:
                rows[text].append(texts)
    keys = {
        one.id: {spec.key for spec in one.form.fields if spec.type is not FieldType.UNIT}
        for one in campaign.collections
    }
    return tuple(
        dict.fromkeys(
            unit
            for (unit, form), cell in ledger.state.cells.items()
            for submission in cell.submissions
            if form in keys
            and submission.state is not CellState.NO_INTENT
            and not any(_values(submission, keys[form]) <= row for row in rows[_read_back(unit)])
        )
    )


def _values(submission: StoredSubmission, keys: Collection[str]) -> Counter[str]:
    return Counter(_read_back(shown(one.value)) for one in submission.fields if one.key in keys and shown(one.value))


def _read_back(value: str) -> str:
    """The text that a reader finds in a cell in which `value` was written."""
    return _text(value).replace("x005F_", "")
