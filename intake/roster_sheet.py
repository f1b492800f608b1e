"""The table in a roster file: .xlsx or .csv → rows by heading.

In: bytes. Out: `Row`s whose cells are known by what their heading means, and mistakes in the headings (Chinese). Stage
after: `roster_file`. Raises OfficeError if there is no such table at all. Must not: drop hidden or clipped rows
silently, nor a column whose heading it does not know.
"""

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from intake.errors import OfficeError
from parsers.document import DEFAULT_BUDGET, Document, FailureCode, Grid, NoteCode, ReadFailure
from parsers.readers import excel
from parsers.text import clean, decode, fold

# What the headings of such lists are called; the keys are those of `Unit`.
_HEADINGS: Mapping[str, str] = {
    "name": "单位名称 单位 单位全称 全称 名称 单位名 成员单位 成员单位名称 部门 部门名称 name unit",
    "aliases": "简称 单位简称 别名 别称 常用名 常用名称 其他名称 aliases alias",
    "former_names": "曾用名 曾用名称 原名 原名称 原单位名称 former_names",
    "group": "分组 组别 类别 类型 分类 单位类别 单位类型 group category",
    "order": "序号 顺序 排序 编号 order no no.",
    "contact_name": "联系人 联系人姓名 联络员 联络员姓名 姓名 经办人 contact_name contact",
    "contact_email": "邮箱 电子邮箱 邮箱地址 电子邮件 联系邮箱 联系人邮箱 单位邮箱 e-mail email contact_email",
    "phone": "电话 联系电话 办公电话 联系方式 单位电话 座机 手机 手机号 手机号码 联系人电话 phone contact_phone",
    "owes": "应报项 应报 应报表 应报材料 应报送 应报项目 owes",
    # Columns that such lists have and that we have no use for.
    "": "备注 说明 地址 单位地址 通信地址 通讯地址 传真 邮编 职务 性别 负责人 分管领导 主要领导 remark note address",
}
_BY_HEADING: Mapping[str, str] = {fold(name): key for key, names in _HEADINGS.items() for name in names.split()}
_MERGEABLE = frozenset({"phone", "contact_email", "aliases", "former_names", ""})  # may have several columns
_LOOKED_AT = 10  # rows in which the headings are looked for: a title and remarks may stand above
_XLSX, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ROW_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the headings: cells by key, "" where nothing stands. `place` names it for people."""

    place: str
    short_place: str
    cells: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str:
        return self.cells.get(key, "")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the table as it stands: its number for people, its texts, and those that merged cells lend it."""

    number: int
    texts: tuple[str, ...]
    lent: tuple[str, ...] = ()


def read_sheet(data: bytes, file_name: str) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Given a roster file, return its rows and the mistakes in its headings. Raise OfficeError if it is no such file."""
    if data.startswith(_XLSX):
        sheet, lines = _workbook_lines(data, file_name)
    elif data.startswith(_OLE):
        raise OfficeError(f"名册 {file_name} 是旧版 Excel（.xls）。请用 Excel 或 WPS 打开，另存为 .xlsx 再用。")
    else:
        sheet, lines = file_name, _csv_lines(data, file_name)
    head = _head_position(lines)
    if head is None:
        raise OfficeError(
            f"名册 {file_name} 里没有找到标题行：前 {_LOOKED_AT} 行中应有一格写着“单位名称”。请在第一行写上各列的标题。"
        )
    keys, mistakes = _keys(lines[head], sheet)
    return tuple(_rows(lines[head + 1 :], keys, sheet)), tuple(mistakes)


def _csv_lines(data: bytes, file_name: str) -> list[_Line]:
    decoded = decode(data)
    if decoded.damaged or "\0" in decoded.text:
        raise OfficeError(f"名册 {file_name} 的文字编码认不出来。请用 Excel 或 WPS 打开，另存为 .xlsx 再用。")
    text = clean(decoded.text, limit=5_000_000)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if head.count("\t") > head.count(",") else ",")
    try:
        return [_Line(reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader]
    except csv.Error as error:
        raise OfficeError(
            f"名册 {file_name} 第 {reader.line_num} 行读不下去：引号没有成对，或一格过长。请改正这一行。"
        ) from error


def _workbook_lines(data: bytes, file_name: str) -> tuple[str, list[_Line]]:
    """Given a workbook, return the name of the sheet that holds the roster, for people, and its lines."""
    try:
        document = excel.read(data, DEFAULT_BUDGET)
    except ReadFailure as error:
        if error.failure.code is FailureCode.EMPTY:
            raise OfficeError(f"名册 {file_name} 的工作表是空的，没有内容。请核对是不是选错了文件。") from error
        locked = error.failure.code is FailureCode.ENCRYPTED
        cause = "设有打开密码" if locked else "已损坏，或不是 Excel 文件"
        raise OfficeError(
            f"名册 {file_name} 读不出来：{cause}。请用 Excel 或 WPS 打开检查，另存为 .xlsx 再用。"
        ) from error
    _refuse_hidden(document, file_name)
    sheets = [(grid, _grid_lines(grid)) for grid in document.grids()]
    found = [(grid, lines) for grid, lines in sheets if _head_position(lines) is not None]
    if len(found) > 1:
        names = "、".join(f"“{_sheet_name(grid)}”" for grid, _ in found)
        raise OfficeError(
            f"名册 {file_name} 有 {len(found)} 个工作表都像名册：{names}。请只留一个，其余另存为别的文件。"
        )
    if not found:
        return file_name, []
    grid, lines = found[0]
    return f"{file_name} 工作表“{_sheet_name(grid)}”", lines


def _refuse_hidden(document: Document, file_name: str) -> None:
    """Hidden rows are units that nobody would be asked about: raise OfficeError rather than leave them out."""
    codes = {note.code for note in document.notes}
    if codes & {NoteCode.HIDDEN_TEXT, NoteCode.FILTERED_ROWS}:
        raise OfficeError(
            f"名册 {file_name} 里有隐藏、被筛选掉或被合并单元格遮住的内容，不知道算不算数。请取消筛选和隐藏，保存后再用。"
        )
    if NoteCode.CLIPPED in codes:
        raise OfficeError(f"名册 {file_name} 太大，读不全。请删去多余的行、列和工作表后再用。")
    if NoteCode.FORMULA_WITHOUT_VALUE in codes:
        raise OfficeError(f"名册 {file_name} 里有还没有算出结果的公式。请用 Excel 或 WPS 打开，重新保存一次再用。")


def _sheet_name(grid: Grid) -> str:
    return grid.cells[0].place.rpartition("!")[0] if grid.cells else ""


def _grid_lines(grid: Grid) -> list[_Line]:
    texts = [[""] * grid.columns for _ in range(grid.rows)]
    lent = [[""] * grid.columns for _ in range(grid.rows)]
    numbers = [0] * grid.rows
    for cell in grid.cells:
        texts[cell.row][cell.column] = clean(cell.text).strip()
        found = _ROW_NUMBER.search(cell.place)
        numbers[cell.row] = int(found[1]) if found else cell.row + 1
        for row in range(cell.row, min(cell.row + cell.row_span, grid.rows)):
            lent[row][cell.column] = texts[cell.row][cell.column]
    return [
        _Line(number, tuple(own), tuple(of_merged)) for number, own, of_merged in zip(numbers, texts, lent, strict=True)
    ]


def _head_position(lines: list[_Line]) -> int | None:
    """Return where the headings stand: the first line that has one for the unit's name."""
    for position, line in enumerate(lines[:_LOOKED_AT]):
        if any(_BY_HEADING.get(fold(text)) == "name" for text in line.texts):
            return position
    return None


def _keys(head: _Line, sheet: str) -> tuple[tuple[str, ...], list[str]]:
    """Given the headings, return the key of each column and what is wrong with them."""
    keys: list[str] = []
    mistakes: list[str] = []
    for text in head.texts:
        key = _BY_HEADING.get(fold(text), "")
        if text and fold(text) not in _BY_HEADING:
            mistakes.append(
                f"{sheet} 第 {head.number} 行：标题“{text}”不认识。{_hint(text)}请改成单位名称、简称、曾用名、分组、"
                "序号、联系人、邮箱、电话、应报项之一；用不着的列请删去，或把标题改成“备注”。"
            )
        elif key in keys and key not in _MERGEABLE:
            mistakes.append(
                f"{sheet} 第 {head.number} 行：标题“{text}”与另一列意思相同，不知道以哪一列为准。请只留一列。"
            )
        keys.append(key)
    return tuple(keys), mistakes


def _hint(text: str) -> str:
    """Given a heading that is not known, return a hint at one of those that the sentence asks for, not at another name of it."""
    found = difflib.get_close_matches(fold(text), tuple(_BY_HEADING), n=1, cutoff=0.6)
    return f"是不是想写“{_HEADINGS[_BY_HEADING[found[0]]].split()[0]}”？" if found else ""


def _rows(lines: list[_Line], keys: tuple[str, ...], sheet: str) -> Iterator[Row]:
    for line in lines:
        if not any(line.texts):
            continue
        cells: dict[str, str] = {}
        for column, text in enumerate(line.texts):
            key = keys[column] if column < len(keys) else ""
            if key == "group" and not text and line.lent:
                text = line.lent[column]  # 乡镇 merged over its rows  # noqa: PLW2901
            if key and text:
                cells[key] = f"{cells[key]}\u3001{text}" if key in cells else text
        short = f"第 {line.number} 行"
        yield Row(f"{sheet} {short}", short, cells)
