"""Properties of a Word 97–2003 file: lists of sprms → what of them decides what a person sees.

In: property lists ("grpprl") as `docpieces` finds them, the style sheet, the font table. Out: `Character` and
`Paragraph` values. A property that would change a table or a text and is not known here is a ReadFailure NEEDS_ENGINE,
never passed over. Must not: know text or places. Standard: MS-DOC §2.6 (sprms), §2.9.271 (STSH), §2.9.333 (TDefTable).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from parsers.document import FailureCode, ReadFailure
from parsers.readers.docstreams import File, unhandled, unpack
from parsers.readers.ink import Look
from parsers.readers.symbols import is_symbol_font

# Characters
_DELETED, _INSERTED, _PICTURE, _SYMBOL, _DATA = 0x0800, 0x0801, 0x6A03, 0x6A09, 0x0806
_SPECIAL, _OBJECT, _OLE2 = 0x0855, 0x0856, 0x080A
_STRUCK, _STRUCK_TWICE, _HIDDEN, _UNDERLINE = 0x0837, 0x2A53, 0x083C, 0x2A3E
_STYLE, _PLAIN = 0x4A30, 0x2A33
_FONTS = (0x4A4F, 0x4A51, 0x4A50)  # of ASCII, of other, of East Asian characters
_TOGGLES = frozenset({_STRUCK, _STRUCK_TWICE, _HIDDEN})
_READ = frozenset({_DELETED, _INSERTED, _PICTURE, _SYMBOL, _DATA, _SPECIAL, _OBJECT, _OLE2, _UNDERLINE, *_FONTS})
_RELATIVE = frozenset({0xCA47, 0xCA31})  # CMajority, CIstdPermute: depend on other styles than the paragraph's

# Paragraphs and rows
_IN_TABLE, _ROW_END, _INNER_CELL_END, _INNER_ROW_END = 0x2416, 0x2417, 0x244B, 0x244C
_PARAGRAPH_STYLE, _DEPTH, _DEEPER = 0x4600, 0x6649, 0x664A
_ELSEWHERE = frozenset({0x6645, 0x6646, 0x646B})  # PHugePapx, PTableProps: the list lies in the Data stream
_TABLE, _OLD_TABLE, _TABS = 0xD608, 0xD606, 0xC615
_MERGE, _MERGE_DOWN = 0x5624, 0xD62B
_RESHAPED = frozenset({0x7621, 0x5622, 0x7623, 0x5625})  # TInsert, TDelete, TDxaCol, TSplit

_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)  # of an operand, by the top three bits of its sprm
_FONT_TABLE, _STYLE_SHEET = 15, 1  # numbers in FibRgFcLcb97
_PROPERTY_BYTES = 16 * 2**20  # different lists read of one file; a paper of 200 pages has some 0.5 MB
_STYLE_DEPTH = 12  # of styles based on styles; real ones have 3 or 4, hostile ones run in circles

_Values = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Character:
    """What of a character's formatting counts. `data`: its binary data (a form field's), else -1."""

    look: Look
    deleted: bool = False
    inserted: bool = False
    special: bool = False
    embedded: bool = False
    data: int = -1
    symbol: tuple[str, int] | None = None
    symbol_font: str = ""  # for characters of the private area, whichever of the three fonts they take


@dataclass(frozen=True, slots=True)
class Row:
    """Where the cells of a row lie: `edges` (one more than cells, in twips); for each cell whether it is merged into
    the one before it (`across`) and how it is merged downwards: 0 not, 1 into the one above, 3 it begins a merge."""

    edges: tuple[int, ...]
    across: tuple[bool, ...]
    down: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`depth`: in how many tables it lies. `inner_end`: its mark ends a cell or a row of a nested table (in the outermost
    one a mark of its own does). `row` stands at the end of a row."""

    style: int
    depth: int = 0
    row_end: bool = False
    inner_end: bool = False
    row: Row | None = None


class _Meter:
    """Counts the property lists that are read: a hostile file lets each of its runs point to the same 32 kB."""

    def __init__(self) -> None:
        self._left = _PROPERTY_BYTES

    def take(self, properties: bytes) -> None:
        self._left -= len(properties)
        if self._left < 0:
            raise ReadFailure(FailureCode.TOO_LARGE, "too many properties")


def sprms(properties: bytes) -> Iterator[tuple[int, bytes]]:
    """Given a property list, yield (sprm, operand). Raise ReadFailure if it is cut off within an operand."""
    at = 0
    while at + 2 <= len(properties):
        code = int.from_bytes(properties[at : at + 2], "little")
        at += 2
        size = _SIZES[code >> 13]
        if not size:
            size = _variable(code, properties, at)
        if at + size > len(properties):
            raise unhandled()
        yield code, properties[at : at + size]
        at += size


def _variable(code: int, properties: bytes, at: int) -> int:
    if code in (_TABLE, _OLD_TABLE):
        return unpack("H", properties, at)[0] + 1
    (size,) = unpack("B", properties, at)
    if code == _TABS and size == 255:
        (deleted,) = unpack("B", properties, at + 1)
        (added,) = unpack("B", properties, at + 2 + 4 * deleted)
        return 3 + 4 * deleted + 3 * added
    return 1 + size


class Paragraphs:
    """Reads the properties of the paragraphs of one file; `data` is its Data stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[tuple[int, bytes, bytes], Paragraph] = {}
        self._meter = _Meter()

    def paragraph(self, style: int, properties: bytes, extra: bytes) -> Paragraph:
        """Given a paragraph's style and property lists, return what they say."""
        key = (style, properties, extra)
        if key not in self._known:
            self._known[key] = _paragraph(style, self._followed(properties, extra))
        return self._known[key]

    def _followed(self, *lists: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the sprms of several lists, those of lists in the Data stream in their place."""
        for properties in lists:
            self._meter.take(properties)
            for code, operand in sprms(properties):
                if code not in _ELSEWHERE:
                    yield code, operand
                    continue
                (place,) = unpack("I", operand, 0)
                (length,) = unpack("h", self._data, place)
                unpack(f"{max(length, 0)}x", self._data, place + 2)
                content = self._data[place + 2 : place + 2 + max(length, 0)]
                self._meter.take(content)
                yield from (pair for pair in sprms(content) if pair[0] not in _ELSEWHERE)


def _paragraph(style: int, properties: Iterable[tuple[int, bytes]]) -> Paragraph:
    flags: dict[int, int] = {}
    depth: int | None = None
    edges: tuple[int, ...] = ()
    across: list[bool] = []
    down: list[int] = []
    for code, operand in properties:
        if code in (_IN_TABLE, _ROW_END, _INNER_CELL_END, _INNER_ROW_END):
            flags[code] = operand[0]
        elif code == _DEPTH:
            (depth,) = unpack("i", operand, 0)
        elif code == _DEEPER:
            depth = (depth or 0) + unpack("i", operand, 0)[0]
        elif code == _PARAGRAPH_STYLE:
            (style,) = unpack("H", operand, 0)
        elif code == _TABLE:
            edges, across, down = _table(operand)
        elif code == _MERGE_DOWN:
            (cell,) = unpack("B", operand, 1)
            if len(operand) < 3 or cell >= len(down):
                raise unhandled()
            down[cell] = operand[2] & 3
        elif code == _MERGE:
            first, limit = operand
            across[first + 1 : limit] = [True] * len(across[first + 1 : limit])
        elif code in _RESHAPED or code == _OLD_TABLE:
            raise unhandled()
    inside = bool(flags.get(_IN_TABLE))
    if depth is None or not inside:
        depth = int(inside)
    if depth < 0 or (inside and depth == 0):
        raise unhandled()
    return Paragraph(
        style,
        depth,
        row_end=bool(flags.get(_ROW_END if depth == 1 else _INNER_ROW_END)),
        inner_end=bool(flags.get(_INNER_CELL_END) or flags.get(_INNER_ROW_END)),
        row=Row(edges, tuple(across), tuple(down)) if edges else None,
    )


def _table(operand: bytes) -> tuple[tuple[int, ...], list[bool], list[int]]:
    """Given a TDefTableOperand, return edges and merges; cells whose description is left out have none."""
    (count,) = unpack("B", operand, 2)
    edges = unpack(f"{count + 1}h", operand, 3)
    across, down = [False] * count, [0] * count
    begin = 3 + 2 * (count + 1)
    for cell, at in enumerate(range(begin, min(len(operand) - 1, begin + 20 * count), 20)):
        (flags,) = unpack("H", operand, at)
        across[cell] = flags & 3 >= 2
        down[cell] = flags >> 5 & 3
    return edges, across, down


class Styles:
    """The style sheet and the font table of a file, and the characters that both make of property lists."""

    def __init__(self, file: File) -> None:
        self._sheets = _sheets(file.part(_STYLE_SHEET))
        self._fonts = _fonts(file.part(_FONT_TABLE))
        self._styles: dict[int, _Values] = {}
        self._known: dict[tuple[int, bytes, bytes], Character] = {}
        self._meter = _Meter()

    def character(self, style: int, properties: bytes, extra: bytes) -> Character:
        """Given the paragraph's style and the property lists of a run, return its characters' formatting."""
        key = (style, properties, extra)
        if key not in self._known:
            base = self._style(style)
            self._known[key] = self._made(self._applied(self._applied(base, base, properties), base, extra))
        return self._known[key]

    def _applied(self, values: _Values, base: _Values, properties: bytes) -> _Values:
        self._meter.take(properties)
        found = dict(values)
        for code, operand in sprms(properties):
            if code in _TOGGLES:
                value = operand[0]
                if value in (0x80, 0x81):  # as the style has it, or the contrary
                    found[code] = base.get(code, 0) ^ (value & 1)
                else:
                    found[code] = int(value != 0)
            elif code in _READ:
                found[code] = int.from_bytes(operand, "little")
            elif code == _PLAIN:
                found = {**base, **{kept: found[kept] for kept in (_DELETED, _INSERTED, _SPECIAL) if kept in found}}
            elif code == _STYLE:
                named = self._style(int.from_bytes(operand, "little"))
                found |= {name: value or found.get(name, 0) for name, value in named.items()}
            elif code in _RELATIVE:
                raise unhandled()
        return found

    def _style(self, number: int) -> _Values:
        """Return what a style and those it is based on say; an unknown style says nothing."""
        if number in self._styles:
            return self._styles[number]
        self._styles[number] = {}  # what a style finds that names itself
        chain: list[bytes] = []
        current = number
        while current in self._sheets and len(chain) < _STYLE_DEPTH:
            current, properties = self._sheets[current]
            chain.append(properties)
        values: _Values = {}
        for properties in reversed(chain):
            values = self._applied(values, values, properties)
        self._styles[number] = values
        return values

    def _made(self, values: _Values) -> Character:
        fonts = [self._font(values.get(code, -1)) for code in _FONTS]
        special = bool(values.get(_SPECIAL))
        symbol = values.get(_SYMBOL)
        return Character(
            look=Look(
                hidden=bool(values.get(_HIDDEN)),
                struck=bool(values.get(_STRUCK) or values.get(_STRUCK_TWICE)),
                underlined=bool(values.get(_UNDERLINE)),
                font=fonts[0],
            ),
            deleted=bool(values.get(_DELETED)),
            inserted=bool(values.get(_INSERTED)),
            special=special,
            embedded=bool(values.get(_OBJECT) or values.get(_OLE2)),
            data=values.get(_PICTURE, -1) if values.get(_DATA) else -1,
            symbol=(self._font(symbol & 0xFFFF), symbol >> 16) if special and symbol is not None else None,
            symbol_font=next(filter(is_symbol_font, fonts), fonts[0]),
        )

    def _font(self, number: int) -> str:
        return self._fonts[number] if 0 <= number < len(self._fonts) else ""


def _fonts(table: bytes) -> tuple[str, ...]:
    """Given SttbfFfn, return the fonts' names."""
    if not table:
        return ()
    names: list[str] = []
    (count,) = unpack("H", table, 0)
    at = 4
    for _ in range(count):
        (length,) = unpack("B", table, at)
        name = table[at + 40 : at + 1 + length]
        names.append(name.decode("utf-16-le", "replace").partition("\0")[0])
        at += 1 + length
    return tuple(names)


def _sheets(sheet: bytes) -> dict[int, tuple[int, bytes]]:
    """Given the STSH, return by a style's number the style it is based on and its character properties."""
    if not sheet:
        return {}
    head, count, fixed = unpack("HHH", sheet, 0)
    found: dict[int, tuple[int, bytes]] = {}
    at = 2 + head
    for number in range(count):
        if at + 2 > len(sheet):
            break
        (length,) = unpack("H", sheet, at)
        if length:
            found[number] = _sheet(sheet[at + 2 : at + 2 + length], fixed)
        at += 2 + length
    return found


def _sheet(entry: bytes, fixed: int) -> tuple[int, bytes]:
    kind, parts = unpack("HH", entry, 2)
    (characters,) = unpack("H", entry, fixed)
    at = fixed + 2 + 2 * characters + 2  # the name and its NUL
    wanted = {1: 1, 2: 0}.get(kind & 15, -1)  # paragraph styles have their paragraph properties first
    for number in range(parts & 15):
        (length,) = unpack("H", entry, at)
        if number == wanted:
            return kind >> 4, entry[at + 2 : at + 2 + length]
        at += 2 + length + (length & 1)
    return kind >> 4, b""
