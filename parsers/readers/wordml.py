"""The walker: WordprocessingML → blocks, seeing what a person sees on the page and nothing else.

In: elements of a document (body, header), the looks of its styles, a budget. Out: paragraphs and grids in reading order,
notes, number of pictures. Left out: tracked deletions, moved-away text, hidden, struck and white text, fallback copies of
text boxes, instructions of fields, placeholder hints, comments. Taken: insertions, content controls at every level, smart
tags, results of fields, text boxes, and every kind of tick (facts/documents.md §2.1). `doc.tables` of python-docx loses
one value in six of that, silently. Standard: ECMA-376 part 1 §17, MS-DOCX (w14).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lxml.etree import _Element as Element

from parsers.document import (
    Block,
    Budget,
    Cell,
    FailureCode,
    Grid,
    Note,
    NoteCode,
    Paragraph,
    ReadFailure,
)
from parsers.readers import wordfields
from parsers.readers.ink import PLAIN, Line, Look
from parsers.readers.symbols import has_private, is_symbol_font, sign, translate
from parsers.readers.wordcontrols import SYMBOL_EXTENSION, branch, stand_in
from parsers.readers.wordgrid import Area, Table
from parsers.readers.wordlook import W, apply, is_on
from parsers.readers.wordpaper import Paper

_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"

_P, _R, _T, _TBL, _TR, _TC = (f"{W}{name}" for name in ("p", "r", "t", "tbl", "tr", "tc"))
_R_PR, _P_PR, _TR_PR, _TC_PR = (f"{W}{name}" for name in ("rPr", "pPr", "trPr", "tcPr"))
_SDT, _SDT_CONTENT = f"{W}sdt", f"{W}sdtContent"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_BOX = f"{W}txbxContent"
_VAL = f"{W}val"
_GONE = frozenset({f"{W}del", f"{W}moveFrom"})
_CAME = frozenset({f"{W}ins", f"{W}moveTo"})
_PROPERTIES = frozenset(
    f"{W}{name}"
    for name in ("rPr", "pPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr", "rt", "rubyPr")
)
_SIGNS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
_INSTRUCTION, _FIELD_CHAR, _SYM = f"{W}instrText", f"{W}fldChar", f"{W}sym"
_SHAPES = frozenset(f"{W}{name}" for name in ("drawing", "pict", "object"))


@dataclass(slots=True)
class _Paragraph(Line):
    """A paragraph while it is being read, and the text boxes that are anchored in it."""

    boxes: list[Element] = field(default_factory=list)


class Walker:
    """Walks one document; `notes`, `pictures` and `imported` gather what it noticed on the way.

    `body` tells what lies behind white text; without it such text is read.
    """

    def __init__(self, styles: Mapping[str, Look], budget: Budget, body: Element | None = None) -> None:
        self._styles = styles
        self._budget = budget
        self._paper = Paper(styles, body)
        self._paragraph: Element | None = None  # the one whose runs are being read
        self._cells = 0
        self._characters = 0
        self.notes: dict[Note, None] = {}  # an ordered set
        self.pictures = 0
        self.imported = False  # w:altChunk: the text is in a part of another format

    def blocks(self, parent: Element, prefix: str = "", depth: int = 0) -> Iterator[Block]:
        """Given a body, header or text box, yield its blocks; `prefix` begins their places: ``"text box 1, "``."""
        self._check_depth(depth)
        if depth == 0:
            self._paper.add(parent)
        paragraphs = tables = boxes = 0
        for element, content in self._stories(parent):
            if element.tag == _TBL:
                tables += 1
                grid = self._grid(element, f"{prefix}table {tables}", depth)
                if grid.cells:
                    yield grid
                continue
            line = self._line(element, content)
            text = line.text()
            if text:
                paragraphs += 1
                yield Paragraph(self._counted(text), f"{prefix}para {paragraphs}")
            for box in line.boxes:
                boxes += 1
                yield from self.blocks(box, f"{prefix}text box {boxes}, ", depth + 1)

    def _note(self, code: NoteCode, detail: str = "") -> None:
        self.notes.setdefault(Note(code, detail))

    def _check_depth(self, depth: int) -> None:
        if depth > self._budget.nested_depth:
            raise ReadFailure(FailureCode.TOO_LARGE, "tables or text boxes nested too deep")

    def _counted(self, text: str) -> str:
        self._characters += len(text)
        if self._characters > self._budget.text_characters:
            raise ReadFailure(FailureCode.TOO_LARGE, "too much text")
        return text

    # Blocks

    def _stories(self, parent: Element) -> Iterator[tuple[Element, str | None]]:
        """Yield the paragraphs and tables of `parent`, each with the text that a content control puts in its place."""
        for child, content in self._children(parent):
            if child.tag in (_P, _TBL):
                yield child, content
            elif content is None:
                yield from self._stories(child)

    def _children(self, parent: Element) -> Iterator[tuple[Element, str | None]]:
        """Yield the visible children of `parent`, those of content controls and chosen alternatives in their place."""
        for child in parent:
            tag = child.tag
            if tag == _SDT:
                yield from self._controlled(child)
            elif tag == _ALTERNATE:
                chosen = branch(child)
                if chosen is not None:
                    yield from self._children(chosen)
            elif tag in _GONE:
                self._note(NoteCode.TRACKED_CHANGES)
            elif tag == f"{W}altChunk":
                self.imported = True
                self._note(NoteCode.EMBEDDED_FILE, "imported part")
            elif tag not in _PROPERTIES and not callable(tag):  # lxml gives comments a function for a tag
                if tag in _CAME:
                    self._note(NoteCode.TRACKED_CHANGES)
                yield child, None

    def _controlled(self, control: Element) -> Iterator[tuple[Element, str | None]]:
        """Yield what a content control shows: its content, or once the text that stands in its place."""
        shown = stand_in(control)
        if shown is not None and shown.doubtful:
            self._note(NoteCode.HIDDEN_TEXT, "placeholder")
        for inner in control.iterchildren(_SDT_CONTENT):
            if shown is None:
                yield from self._children(inner)
            else:
                yield (inner[0] if len(inner) else inner), shown.text

    # Tables

    def _grid(self, table: Element, place: str, depth: int) -> Grid:
        self._check_depth(depth)
        layout = Table(self._budget)
        contents: list[tuple[Element, str | None]] = []
        for row in self._rows(table):
            if self._cells >= self._budget.cells or not layout.start_row(row):
                self._note(NoteCode.CLIPPED, place)
                break
            for cell, content in self._cells_of(row):
                if layout.add(cell.find(_TC_PR), len(contents)):
                    contents.append((cell, content))
                    self._cells += 1
                elif next((text for text in cell.iter(_T) if text.text and text.text.strip()), None) is not None:
                    self._note(NoteCode.HIDDEN_TEXT, place)  # a continued merge shows the text of its first cell only
        areas, columns, clipped = layout.areas()
        if clipped:
            self._note(NoteCode.CLIPPED, place)
        cells = tuple(self._cell(area, *contents[area.content], place, depth) for area in areas)
        return Grid(layout.rows, columns, cells, place)

    def _rows(self, parent: Element) -> Iterator[Element]:
        for child, _ in self._children(parent):
            if child.tag != _TR:
                yield from self._rows(child)
                continue
            properties = child.find(_TR_PR)
            if properties is not None and properties.find(f"{W}del") is not None:
                self._note(NoteCode.TRACKED_CHANGES)
            elif properties is not None and (flag := properties.find(f"{W}hidden")) is not None and is_on(flag):
                self._note(NoteCode.HIDDEN_TEXT)
            else:
                yield child

    def _cells_of(self, parent: Element) -> Iterator[tuple[Element, str | None]]:
        for child, content in self._children(parent):
            if child.tag == _TC:
                yield child, content
            else:
                yield from self._cells_of(child)

    def _cell(self, area: Area, element: Element, content: str | None, table: str, depth: int) -> Cell:
        place = f"{table}, R{area.row + 1}C{area.column + 1}"
        lines: list[_Paragraph] = []
        nested: list[Grid] = []
        if element.find(f"{_TC_PR}/{W}cellDel") is not None:
            self._note(NoteCode.TRACKED_CHANGES)
        elif content is not None:
            lines.append(_Paragraph([(content, PLAIN)]))
        else:
            self._fill(element, place, depth, lines, nested)
        texts = [line.text() for line in lines]
        return Cell(
            row=area.row,
            column=area.column,
            text=self._counted("\n".join(texts).strip()),
            place=place,
            row_span=area.row_span,
            column_span=area.column_span,
            underlined=tuple(piece for line, text in zip(lines, texts, strict=True) for piece in line.underlined(text)),
            struck=tuple(piece for line in lines for piece in line.struck()),
            nested=tuple(nested),
        )

    def _fill(self, parent: Element, place: str, depth: int, lines: list[_Paragraph], nested: list[Grid]) -> None:
        """Put the lines and nested tables of a cell, and of the text boxes anchored in it, into the two lists."""
        self._check_depth(depth)
        for element, content in self._stories(parent):
            if element.tag == _TBL:
                grid = self._grid(element, f"{place} > table {len(nested) + 1}", depth + 1)
                if grid.cells:
                    nested.append(grid)
                continue
            line = self._line(element, content)
            lines.append(line)
            for box in line.boxes:
                self._fill(box, place, depth + 1, lines, nested)

    # Lines

    def _line(self, paragraph: Element, content: str | None) -> _Paragraph:
        if content is not None:
            return _Paragraph([(content, PLAIN)])
        line = _Paragraph()
        self._paragraph = paragraph
        look = PLAIN
        if self._styles:
            name = paragraph.find(f"{_P_PR}/{W}pStyle")
            look = PLAIN if name is None else self._styles.get(name.get(_VAL, ""), PLAIN)
        self._inline(paragraph, line, look, wordfields.Fields())
        return line

    def _inline(self, parent: Element, line: _Paragraph, look: Look, fields: wordfields.Fields) -> None:
        for child, content in self._children(parent):
            tag = child.tag
            if content is not None:
                line.add(content, look)
            elif tag == _R:
                self._run(child, line, apply(look, child.find(_R_PR), self._styles), fields)
            elif tag == _MATH_TEXT:
                self._text(child.text or "", line, look, fields)
            else:
                self._inline(child, line, look, fields)

    def _run(self, run: Element, line: _Paragraph, look: Look, fields: wordfields.Fields) -> None:
        for child, _ in self._children(run):
            tag = child.tag
            if tag in (_T, _MATH_TEXT):
                self._text((child.text or "").replace("\n", " "), line, look, fields)
            elif tag in _SIGNS:
                self._text(_SIGNS[tag], line, look, fields)
            elif tag == _SYM:
                self._symbol(child, line, look, fields)
            elif tag == _INSTRUCTION:
                fields.instruct(child.text or "")
            elif tag == _FIELD_CHAR:
                shown = fields.mark(child)
                if shown:
                    self._show(shown, line, look)
            elif tag in _SHAPES:
                self._shape(child, line)
            elif tag == SYMBOL_EXTENSION:
                self._text(wordfields.extension_sign(child), line, look, fields)
            else:
                self._inline(child, line, look, fields)  # ruby base, nested alternatives

    def _text(self, text: str, line: _Paragraph, look: Look, fields: wordfields.Fields) -> None:
        if fields.instructing:
            fields.instruct(text)
        else:
            self._show(text, line, look)

    def _show(self, text: str, line: _Paragraph, look: Look) -> None:
        if look.hidden or (look.white and text.strip() and self._is_white_on_white(look)):
            if text.strip():
                self._note(NoteCode.HIDDEN_TEXT)
            return
        if is_symbol_font(look.font) or has_private(text):
            text, unknown = translate(text, look.font)
            for name in unknown:
                self._note(NoteCode.UNKNOWN_SYMBOL, name)
        if look.struck and text.strip():
            self._note(NoteCode.STRUCK_TEXT)
        line.add(text, look)

    def _is_white_on_white(self, look: Look) -> bool:
        return self._paragraph is not None and self._paper.hides(self._paragraph, look)

    def _symbol(self, symbol: Element, line: _Paragraph, look: Look, fields: wordfields.Fields) -> None:
        font = symbol.get(f"{W}font", "")
        try:
            code = int(symbol.get(f"{W}char", ""), 16)
        except ValueError:
            code = -1
        found = sign(font, code)
        if found is None:
            self._note(NoteCode.UNKNOWN_SYMBOL, f"{font[:40]} {code & 0xFFFF:04X}")
            return
        self._text(found, line, replace(look, font=""), fields)

    def _shape(self, shape: Element, line: _Paragraph) -> None:
        """Note the pictures and text boxes of a drawing; of a box and its fallback copy only one is taken."""
        for child in shape:
            tag = child.tag
            if tag == _BOX:
                line.boxes.append(child)
            elif tag in (_BLIP, _IMAGE):
                self.pictures += 1
            elif tag == _ALTERNATE:
                chosen = branch(child)
                if chosen is not None:
                    self._shape(chosen, line)
            else:
                self._shape(child, line)
        if shape.tag == f"{W}object":
            self._note(NoteCode.EMBEDDED_FILE, "object")
