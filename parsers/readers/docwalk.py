"""The walker of Word 97–2003 files: stories → blocks, seeing what a person sees on the page and nothing else.

In: `docpieces.Text` and ranges of it. Out: paragraphs and grids in reading order, notes, number of pictures. Left out:
tracked deletions, hidden and struck text, instructions of fields, rows struck from a table. Taken: insertions, results
of fields, text boxes at the place of their anchor, every kind of tick. A table that is not closed, a row whose cells are
not those it declares, a field without end: ReadFailure NEEDS_ENGINE. Standard: MS-DOC §2.4.3 (cells), §2.8.25 (fields).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from parsers.document import Block, Budget, Cell, FailureCode, Grid, Note, NoteCode, Paragraph, ReadFailure
from parsers.readers import docforms, docgrid, docsprms
from parsers.readers.docpieces import Text
from parsers.readers.docsprms import Character, Row
from parsers.readers.docstreams import unhandled
from parsers.readers.ink import Line, Look
from parsers.readers.symbols import has_private, is_symbol_font, sign, translate
from parsers.readers.wordfields import overlay

Range = tuple[int, int]

_MARKS = re.compile("[\r\x07\x0c]")
_CELL_MARK = "\x07"
_FIELD_BEGIN, _FIELD_SEPARATE, _FIELD_END = "\x13", "\x14", "\x15"
_PICTURE, _DRAWN = "\x01", "\x08"
_SPECIAL = re.compile("([\x01\x08\x13\x14\x15])")
_SIGNS = {0x0B: "\n", 0x0E: "\n", 0x1E: "-", 0x1F: "", **dict.fromkeys((*range(9), 0x0A, *range(0x0F, 0x13)), "")}
_PARAGRAPHS = 100_000
_FIELD_DEPTH = 50
_INSTRUCTION_CHARACTERS = 1_000


@dataclass(slots=True)
class _Line(Line):
    """A paragraph while it is being read, and the text boxes that are anchored in it."""

    boxes: list[Range] = field(default_factory=list)


@dataclass(slots=True)
class _Content:
    """What a cell holds while its table is being read."""

    lines: list[_Line] = field(default_factory=list)
    tables: list["_Table"] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    """A table while it is being read: rows that are complete, then the cells of the row that is not."""

    rows: list[tuple[Row, list[_Content]]] = field(default_factory=list)
    cells: list[_Content] = field(default_factory=list)
    current: _Content = field(default_factory=_Content)


@dataclass(slots=True)
class _Field:
    look: Look
    gone: bool
    instruction: str = ""
    instructing: bool = True
    data: int = -1
    drawn: bool = False  # it shows a sign in place of its result


class Walker:
    """Walks one file; `notes` and `pictures` gather what it noticed on the way.

    `boxes`: the ranges of text boxes by the position of their anchors; those without one are left in it.
    """

    def __init__(
        self, text: Text, styles: docsprms.Styles, data: bytes, boxes: dict[int, Range], budget: Budget
    ) -> None:
        self._text = text
        self._styles = styles
        self._data = data
        self._properties = docsprms.Paragraphs(data)
        self.boxes = boxes
        self._budget = budget
        self._cells = 0
        self._paragraphs = 0
        self._fields: list[_Field] = []
        self.notes: dict[Note, None] = {}  # an ordered set
        self.pictures = 0

    def blocks(self, story: Range, prefix: str = "") -> Iterator[Block]:
        """Given the range of a story, yield its blocks; `prefix` begins their places: ``"text box 1, "``."""
        paragraphs = tables = boxes = 0
        for block in self._content(story):
            if isinstance(block, _Table):
                tables += 1
                grid = self._grid(block, f"{prefix}table {tables}", 0)
                if grid.cells:
                    yield grid
                continue
            text = block.text()
            if text:
                paragraphs += 1
                yield Paragraph(text, f"{prefix}para {paragraphs}")
            for box in block.boxes:
                boxes += 1
                yield from self.blocks(box, f"{prefix}text box {boxes}, ")

    def _note(self, code: NoteCode, detail: str = "") -> None:
        self.notes.setdefault(Note(code, detail))

    # Tables

    def _content(self, story: Range) -> Iterator["_Line | _Table"]:
        """Yield the lines outside tables and the outermost tables of a story."""
        around, self._fields = self._fields, []
        tables: list[_Table] = []
        for start, end in self._ranges(story):
            mark = self._text.units[end - 1]
            found = self._properties.paragraph(*self._text.paragraph(end - 1))
            if found.depth > self._budget.nested_depth:
                raise ReadFailure(FailureCode.TOO_LARGE, "tables nested too deep")
            while len(tables) > found.depth:
                yield from self._closed(tables)
            while len(tables) < found.depth:
                tables.append(_Table())
            line, ink = self._line(start, end, found.style)
            if not tables:
                yield line
                continue
            if mark == _CELL_MARK if found.depth == 1 else mark == "\r" and found.inner_end:
                self._cell_mark(tables[-1], line, found, ink)
            else:
                tables[-1].current.lines.append(line)
        while tables:
            yield from self._closed(tables)
        if self._fields:
            raise unhandled()
        self._fields = around

    def _ranges(self, story: Range) -> Iterator[Range]:
        """Yield the paragraphs of a story, each with its mark."""
        start, end = story
        while start < end:
            found = _MARKS.search(self._text.units, start, end)
            stop = found.end() if found else end
            self._paragraphs += 1
            if self._paragraphs > _PARAGRAPHS:
                raise ReadFailure(FailureCode.TOO_LARGE, "too many paragraphs")
            yield start, stop
            start = stop

    def _cell_mark(self, table: _Table, line: _Line, found: docsprms.Paragraph, ink: Character) -> None:
        """Close the cell, or the row, that ends with this paragraph."""
        if not found.row_end:
            table.current.lines.append(line)
            table.cells.append(table.current)
            table.current = _Content()
            return
        row, cells = found.row, table.cells
        if row is None or len(row.across) != len(cells) or table.current.lines or table.current.tables or line.pieces:
            raise unhandled()
        if any(left >= right for left, right in zip(row.edges[:-1], row.edges[1:], strict=True)):
            raise unhandled()
        table.cells = []
        if ink.deleted:
            self._note(NoteCode.TRACKED_CHANGES)
        elif ink.look.hidden:
            self._note(NoteCode.HIDDEN_TEXT)
        else:
            table.rows.append((row, cells))

    def _closed(self, tables: list[_Table]) -> Iterator[_Table]:
        """Take the innermost table off the list: into its cell, or out if it lies in none."""
        table = tables.pop()
        if table.cells or table.current.lines or table.current.tables:
            raise unhandled()
        if tables:
            tables[-1].current.tables.append(table)
        else:
            yield table

    def _grid(self, table: _Table, place: str, depth: int) -> Grid:
        rows: list[tuple[Row, list[_Content]]] = []
        for row, cells in table.rows:
            self._cells += len(cells)
            if len(rows) >= self._budget.rows or self._cells > self._budget.cells:
                self._note(NoteCode.CLIPPED, place)
                break
            rows.append((row, cells))
        layout = docgrid.arrange([row for row, _ in rows], self._budget.columns)
        if layout.clipped:
            self._note(NoteCode.CLIPPED, place)
        for row_number, number in layout.covered:
            content = rows[row_number][1][number]
            if content.tables or any(line.text() or line.boxes for line in content.lines):
                if rows[row_number][0].across[number]:
                    raise unhandled()  # Word shows it nowhere, LibreOffice in a cell of its own
                self._note(NoteCode.HIDDEN_TEXT, place)  # a merged area shows the text of its first cell only
        contents = ((area, rows[area.content[0]][1][area.content[1]]) for area in layout.areas)
        shown = tuple(self._cell(area, content, place, depth) for area, content in contents)
        return Grid(len(rows), layout.columns, shown, place)

    def _cell(self, area: docgrid.Area, content: _Content, table: str, depth: int) -> Cell:
        place = f"{table}, R{area.row + 1}C{area.column + 1}"
        lines, tables = self._with_boxes(content)
        texts = [line.text() for line in lines]
        grids = [self._grid(one, f"{place} > table {number + 1}", depth + 1) for number, one in enumerate(tables)]
        return Cell(
            row=area.row,
            column=area.column,
            text="\n".join(texts).strip(),
            place=place,
            row_span=area.row_span,
            column_span=area.column_span,
            underlined=tuple(piece for line, text in zip(lines, texts, strict=True) for piece in line.underlined(text)),
            struck=tuple(piece for line in lines for piece in line.struck()),
            nested=tuple(grid for grid in grids if grid.cells),
        )

    def _with_boxes(self, content: _Content) -> tuple[list[_Line], list[_Table]]:
        """Return the lines and tables of a cell, those of text boxes behind the lines where they are anchored."""
        lines: list[_Line] = []
        tables = list(content.tables)
        for line in content.lines:
            lines.append(line)
            for inner in (inner for box in line.boxes for inner in self._content(box)):
                if isinstance(inner, _Line):
                    lines.append(inner)
                else:
                    tables.append(inner)
        return lines, tables

    # Lines

    def _line(self, start: int, end: int, style: int) -> tuple[_Line, Character]:
        """Read a paragraph with its mark; return it, and the look of the mark."""
        line = _Line()
        ink = Character(Look())
        for run in self._text.runs(start, end):
            ink = self._styles.character(style, run.properties, run.extra)
            position = run.start
            for piece in _SPECIAL.split(self._text.units[run.start : run.end].rstrip("\r\x07\x0c")):
                if _SPECIAL.fullmatch(piece):
                    self._mark(piece, position, ink, line)
                elif piece:
                    self._plain(self._text.shown(position, position + len(piece)), ink, line)
                position += len(piece)
        return line, ink

    def _plain(self, text: str, ink: Character, line: _Line) -> None:
        text = text.translate(_SIGNS)
        if not text:
            return
        if self._fields and self._fields[-1].instructing:
            if not ink.deleted and len(self._fields[-1].instruction) < _INSTRUCTION_CHARACTERS:
                self._fields[-1].instruction += text
        elif not any(one.instructing or one.drawn for one in self._fields):
            if ink.special:
                self._symbol(len(text), ink, line)
            else:
                self._show(text, ink, line)

    def _show(self, text: str, ink: Character, line: _Line) -> None:
        if not self._visible(ink, text):
            return
        look = ink.look
        if has_private(text) and not is_symbol_font(look.font):
            look = Look(look.hidden, look.struck, look.underlined, ink.symbol_font)
        if is_symbol_font(look.font) or has_private(text):
            text, unknown = translate(text, look.font)
            for name in unknown:
                self._note(NoteCode.UNKNOWN_SYMBOL, name)
        if look.struck and text.strip():
            self._note(NoteCode.STRUCK_TEXT)
        line.add(text, look)

    def _visible(self, ink: Character, text: str) -> bool:
        if ink.deleted:
            self._note(NoteCode.TRACKED_CHANGES)
            return False
        if ink.look.hidden:
            if text.strip():
                self._note(NoteCode.HIDDEN_TEXT)
            return False
        if ink.inserted:
            self._note(NoteCode.TRACKED_CHANGES)
        return True

    def _symbol(self, count: int, ink: Character, line: _Line) -> None:
        """A special character that is none of the marks: a sign of a symbol font, or a number that Word makes up."""
        if ink.symbol is None or not self._visible(ink, "x"):
            return
        font, code = ink.symbol
        found = sign(font, code)
        if found is None:
            self._note(NoteCode.UNKNOWN_SYMBOL, f"{font[:40]} {code:04X}")
            return
        line.add(found * count, Look(struck=ink.look.struck, underlined=ink.look.underlined))

    def _mark(self, mark: str, position: int, ink: Character, line: _Line) -> None:
        if mark == _FIELD_BEGIN:
            if len(self._fields) >= _FIELD_DEPTH:
                raise unhandled()
            self._fields.append(_Field(ink.look, ink.deleted or ink.look.hidden))
        elif mark in (_FIELD_SEPARATE, _FIELD_END):
            self._field_mark(mark, line)
        elif not ink.special:
            return
        elif mark == _PICTURE and ink.data >= 0:
            if self._fields and self._fields[-1].instructing:
                self._fields[-1].data = ink.data
        elif mark == _DRAWN and position in self.boxes:
            box = self.boxes.pop(position)
            if self._visible(ink, "x"):
                line.boxes.append(box)
        elif self._visible(ink, ""):
            self.pictures += 1
            if ink.embedded:
                self._note(NoteCode.EMBEDDED_FILE, "object")

    def _field_mark(self, mark: str, line: _Line) -> None:
        if not self._fields:
            raise unhandled()
        current = self._fields[-1]
        if mark == _FIELD_END:
            self._fields.pop()
        elif not current.instructing:
            raise unhandled()
        if not current.instructing:
            return
        current.instructing = False
        shown = self._drawn(current) if mark == _FIELD_SEPARATE or current.data >= 0 else overlay(current.instruction)
        current.drawn = shown is not None
        around = (one for one in self._fields if one is not current)
        if shown and not current.gone and not any(one.instructing or one.drawn for one in around):
            line.add(shown, current.look)

    def _drawn(self, current: _Field) -> str | None:
        """Return what a form field shows in place of its result, None if the result counts."""
        if current.data < 0:
            return None
        name = current.instruction.split(maxsplit=1)[0].upper() if current.instruction.strip() else ""
        if name not in ("FORMCHECKBOX", "FORMDROPDOWN"):
            return None
        return docforms.shown(self._data, current.data)
