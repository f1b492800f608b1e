"""The pre-scan of one worksheet: what stands in it and how far it reaches, before openpyxl sees it.

In: a sheet's XML. Out: `Scan`: where the non-empty cells, merges, hidden rows and columns are, and the sheet rebuilt with
nothing but its non-empty cells. A merge over A1:XFD200 in 4.7 KB makes openpyxl take 1 GB, one far cell makes its
`iter_rows` walk 17,000,000,000 cells, a style number out of range makes it print to stdout (facts/documents.md §2.3,
facts/reliability.md §3.1). Must not: believe `dimension`, keep more cells than the budget, evaluate a formula.
Standard: ECMA-376 part 1 §18.3.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from xml.sax.saxutils import escape

from lxml import etree
from lxml.etree import _Element as Element

from parsers.document import FailureCode, ReadFailure
from parsers.readers.sheetstyles import S, Styles, reduced_text, without_escapes

_ROW, _C, _V, _F, _IS = (f"{S}{name}" for name in ("row", "c", "v", "f", "is"))
_COL, _MERGE, _FILTER = f"{S}col", f"{S}mergeCell", f"{S}autoFilter"
_COORDINATE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_NUMBER = re.compile(r"[+-]?(?:\d{1,320}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_LAST_DATE = 2_958_465  # 31 December 9999: a "date" beyond it is a number in a wrongly formatted cell
_COLUMN_RULES = 2_000  # `col` elements looked at; each can name 16,384 columns
_PICTURE = re.compile(r"=\s*(?:_xlfn\.)?DISPIMG\(", re.IGNORECASE)  # WPS: a picture in a cell
_ON = frozenset({"1", "true"})
# Conditional formats, tables with a style and a picture under the sheet put something behind cells that say nothing of it.
_PAINTERS = (b"onditionalFormatting", b"tablePart", b"<picture", b":picture")


@dataclass(frozen=True, slots=True)
class Box:
    """A range of cells, one-based, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Scan:
    """What one sheet holds. `positions` are the rows and columns (one-based) of the cells that stand in `rows`."""

    rows: list[str] = field(default_factory=list)
    positions: dict[tuple[int, int], None] = field(default_factory=dict)  # an ordered set
    merges: list[Box] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    filters: list[Box] = field(default_factory=list)  # their first row is the header
    filtered_rows: set[int] = field(default_factory=set)  # where the file tells them from others
    hidden_columns: bytearray = field(default_factory=lambda: bytearray(_LAST_COLUMN + 2))
    missing_results: list[str] = field(default_factory=list)
    pictures: int = 0
    clipped: bool = False
    painted: bool = False  # what lies behind a cell is not known from its style

    def is_filtered(self, row: int) -> bool:
        """Return whether a hidden row may be hidden by a filter only: it is data that its sender looked past.

        A row within a filter's range that was hidden by hand looks the same in the file: what is read there is asked.
        """
        return row in self.filtered_rows or any(box.top < row <= box.bottom for box in self.filters)

    def xml(self) -> bytes:
        """Return the rebuilt sheet."""
        return f'<worksheet xmlns="{S[1:-1]}"><sheetData>{"".join(self.rows)}</sheetData></worksheet>'.encode()


def scan(data: bytes, strings: int, styles: Styles, limit: int) -> Scan:
    """Given a sheet's XML, the number of shared strings, the styles and a number of cells, return what it holds.

    Raise ReadFailure if it is no XML or has more merges than cells are allowed.
    """
    found = Scan(painted=any(painter in data for painter in _PAINTERS))
    number = rules = 0
    steps = etree.iterparse(
        BytesIO(data),
        events=("end",),
        tag=(_COL, _ROW, _MERGE, _FILTER),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in steps:
            if element.tag == _ROW:
                number = _whole(element.get("r"), number + 1)
                _row(element, number, found, _Context(strings, styles, limit))
            elif element.tag == _COL and rules < _COLUMN_RULES:
                rules += 1
                _column(element, found)
            elif element.tag == _FILTER:
                found.filters.extend(filter_box(element))
            elif element.tag == _MERGE:
                box = _box(element.get("ref", ""))
                if box is not None:
                    found.merges.append(box)
                if len(found.merges) > limit:
                    raise ReadFailure(FailureCode.TOO_LARGE, "too many merged areas in a sheet")
            element.clear()
            while (before := element.getprevious()) is not None and (parent := element.getparent()) is not None:
                parent.remove(before)
    except etree.XMLSyntaxError as error:
        raise ReadFailure(FailureCode.DAMAGED, "XML of a sheet broken") from error
    return found


@dataclass(frozen=True, slots=True)
class _Context:
    strings: int
    styles: Styles
    limit: int


def _row(row: Element, number: int, found: Scan, context: _Context) -> None:
    """Add the non-empty cells of a row to the scan."""
    if not 1 <= number <= _LAST_ROW:
        found.clipped = found.clipped or len(row) > 0
        return
    if row.get("hidden") in _ON or row.get("ht") in ("0", "0.0"):
        found.hidden_rows.add(number)
    column = 0
    cells: list[str] = []
    for cell in row.iterchildren(_C):
        coordinate = _COORDINATE.fullmatch(cell.get("r", ""))
        column = column_number(coordinate.group(1)) if coordinate else column + 1
        if len(cell) == 0:
            continue  # formatted and nothing in it, as most cells are: 900,000 of them took 2 s to be named
        name = f"{column_letters(column)}{number}"
        content = _cell(cell, name, found, context)
        if not content:
            continue
        doubled = (number, column) in found.positions  # which of the two counts, programs do not agree
        if doubled or column > _LAST_COLUMN or len(found.positions) >= context.limit:
            found.clipped = True
            continue
        found.positions[number, column] = None
        cells.append(content)
    if cells:
        found.rows.append(f'<row r="{number}">{"".join(cells)}</row>')


def _cell(cell: Element, name: str, found: Scan, context: _Context) -> str:
    """Given a cell, return it rebuilt, or "" if there is nothing in it."""
    kind, value = cell.get("t", "n"), cell.find(_V)
    text = "" if value is None or value.text is None else value.text
    style = _whole(cell.get("s"), 0)
    styled = f' s="{style}"' if 0 < style < context.styles.count else ""
    if kind == "inlineStr":
        inline = cell.find(_IS)
        content = "" if inline is None else reduced_text(inline, context.styles.colors)
        return f'<c r="{name}"{styled} t="inlineStr"><is>{content}</is></c>' if content else ""
    if not text:
        if cell.find(_F) is not None and not (kind == "str" and value is not None):
            found.missing_results.append(name)  # written by a program that does not calculate
        return ""
    if kind == "s":
        known = text.isdecimal() and int(text[:9]) < context.strings
        found.clipped = found.clipped or not known
        return f'<c r="{name}"{styled} t="s"><v>{text}</v></c>' if known else ""
    if kind in ("b", "e"):
        return f'<c r="{name}"{styled} t="{kind}"><v>{escape(text[:20])}</v></c>'
    if kind == "n" and _NUMBER.fullmatch(text.strip()):
        number = float(text)
        if style in context.styles.dates and not 0 <= number <= _LAST_DATE:
            styled = ""
        return f'<c r="{name}"{styled}><v>{text.strip()}</v></c>'
    if _PICTURE.match(text):
        found.pictures += 1
        return ""
    return f'<c r="{name}"{styled} t="str"><v>{escape(without_escapes(text))}</v></c>'


def _column(element: Element, found: Scan) -> None:
    if element.get("hidden") in _ON or element.get("width") in ("0", "0.0"):
        first, last = _whole(element.get("min"), 1), min(_whole(element.get("max"), 1), _LAST_COLUMN)
        if 1 <= first <= last:
            found.hidden_columns[first : last + 1] = b"\1" * (last + 1 - first)


def filter_box(element: Element) -> Iterator[Box]:
    """Given an `autoFilter` of a sheet or of a table on it, yield its range."""
    box = _box(element.get("ref", ""))
    if box is not None:
        yield box


def _box(reference: str) -> Box | None:
    """Given a reference such as ``"A1:C3"``, return its box; None for a single cell or nonsense."""
    corners = [_COORDINATE.fullmatch(part) for part in reference.split(":", 2)]
    if len(corners) != 2 or corners[0] is None or corners[1] is None:
        return None
    columns = sorted(column_number(corner.group(1)) for corner in corners if corner)
    rows = sorted(int(corner.group(2)) for corner in corners if corner)
    if rows[0] < 1 or (rows[0] == rows[1] and columns[0] == columns[1]):
        return None
    return Box(rows[0], columns[0], min(rows[1], _LAST_ROW), min(columns[1], _LAST_COLUMN))


def column_number(letters: str) -> int:
    """Given column letters, return the number: ``"A"`` is 1, ``"XFD"`` is 16,384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Given a column number, return its letters: 1 is ``"A"``."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _whole(text: str | None, default: int) -> int:
    return int(text[:9]) if text is not None and text.isdecimal() else default
