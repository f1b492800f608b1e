"""Word 97–2003 files made by hand (MS-DOC): what LibreOffice never writes, such as the pieces of a fast save.

Each run is a piece of its own, with a formatted page of its own: nothing is small, all is simple.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.builders.ole import compound

DELETED, INSERTED, SPECIAL, HIDDEN, STRUCK = (bytes([low, 8, 1]) for low in (0x00, 0x01, 0x55, 0x3C, 0x37))
UNDERLINED = b"\x3e\x2a\x01"
_INSIDE, _DEPTH = b"\x16\x24\x01", b"\x49\x66"
IN_TABLE = _INSIDE + _DEPTH + b"\x01\0\0\0"
_ROW_END, _INNER_CELL_END, _INNER_ROW_END = b"\x17\x24\x01", b"\x4b\x24\x01", b"\x4c\x24\x01"
_PAGE, _FIB = 512, 0x600


@dataclass(frozen=True)
class Run:
    """`look`: its property list. `narrow`: one byte a character. `prm`: property list, or short form, of its piece."""

    text: str
    look: bytes = b""
    narrow: bool = False
    prm: bytes | int = b""


@dataclass(frozen=True)
class Para:
    """The last run ends with the mark."""

    runs: tuple[Run, ...]
    properties: bytes = b""
    style: int = 0


@dataclass(frozen=True)
class Style:
    look: bytes
    based_on: int = 0xFFF
    kind: int = 1


@dataclass(frozen=True)
class Stories:
    """Further stories and arrays. `lengths`: characters of the eight stories; all of them in the first by default."""

    lengths: tuple[int, ...] = ()
    parts: dict[int, bytes] = field(default_factory=dict)


def sprm(code: int, operand: bytes) -> bytes:
    return struct.pack("<H", code) + operand


def para(*runs: Run | str, properties: bytes = b"", style: int = 0, mark: str = "\r") -> Para:
    made = [run if isinstance(run, Run) else Run(run) for run in runs] or [Run("")]
    made[-1] = replace(made[-1], text=made[-1].text + mark)
    return Para(tuple(made), properties, style)


def cell(*runs: Run | str, depth: int = 1) -> Para:
    if depth == 1:
        return para(*runs, properties=IN_TABLE, mark="\x07")
    return para(*runs, properties=_INSIDE + _DEPTH + struct.pack("<i", depth) + _INNER_CELL_END)


def row_end(
    edges: Sequence[int], flags: Sequence[int] = (), *, depth: int = 1, look: bytes = b"", more: bytes = b""
) -> Para:
    """`flags`: the TCGRF of each cell: 1 begins a merge sideways, 2 continues it, 0x20 continues one downwards, 0x60
    begins it."""
    flags = flags or [0] * (len(edges) - 1)
    cells = b"".join(struct.pack("<H18x", flag) for flag in flags)
    table = struct.pack(f"<B{len(edges)}h", len(edges) - 1, *edges) + cells
    properties = sprm(0xD608, struct.pack("<H", len(table) + 1) + table) + more
    if depth == 1:
        return para(Run("", look), properties=IN_TABLE + _ROW_END + properties, mark="\x07")
    nested = _INSIDE + _DEPTH + struct.pack("<i", depth) + _INNER_CELL_END + _INNER_ROW_END
    return para(Run("", look), properties=nested + properties)


def row(*texts: str, width: int = 2000) -> list[Para]:
    return [*(cell(text) for text in texts), row_end([width * number for number in range(len(texts) + 1)])]


def binary_word(
    *blocks: Para | Sequence[Para],
    styles: Sequence[Style] = (Style(b""),),
    fonts: Sequence[str] = ("SimSun",),
    data: bytes = b"",
    scattered: bool = False,
    stories: Stories = Stories(),
    flags: int = 0,
    version: int = 0xC1,
) -> bytes:
    """Given paragraphs, return a .doc. `scattered`: the pieces stand in the file in the wrong order."""
    paragraphs = [one for block in blocks for one in ([block] if isinstance(block, Para) else block)]
    runs = [(run, paragraph) for paragraph in paragraphs for run in paragraph.runs if run.text]
    word = bytearray(_FIB)
    places: dict[int, int] = {}
    order = range(len(runs) - 1, -1, -1) if scattered else range(len(runs))
    for number in order:
        run = runs[number][0]
        places[number] = len(word)
        word += run.text.encode("cp1252" if run.narrow else "utf-16-le")
    word += bytes(-len(word) % _PAGE)
    by_place = sorted(range(len(runs)), key=places.__getitem__)
    ends = [places[number] for number in by_place] + [len(word)]
    arrays = []
    for size in (1, 13):
        numbers = []
        for at, number in enumerate(by_place):
            run, paragraph = runs[number]
            own = struct.pack("<H", paragraph.style) + paragraph.properties
            numbers.append(len(word) // _PAGE)
            word += _page(ends[at], ends[at + 1], run.look if size == 1 else own, paragraphs=size == 13)
        arrays.append(struct.pack(f"<{len(ends)}I", *ends) + struct.pack(f"<{len(numbers)}I", *numbers))
    parts = {
        1: _style_sheet(styles),
        12: arrays[0],
        13: arrays[1],
        15: _font_table(fonts),
        33: _pieces([run for run, _ in runs], places),
        **stories.parts,
    }
    table = bytearray(b"\0")  # no part at 0
    for number, content in parts.items():
        struct.pack_into("<II", word, 0x9A + 8 * number, len(table), len(content))
        table += content
    total = sum(len(run.text) for run, _ in runs)
    lengths = stories.lengths or (total,)
    struct.pack_into("<HH", word, 0, 0xA5EC, version)
    struct.pack_into("<H", word, 10, 0x200 | flags)
    struct.pack_into(f"<{len(lengths)}i", word, 0x4C, *lengths)
    return compound({"WordDocument": bytes(word), "1Table": bytes(table), **({"Data": data} if data else {})})


def _page(begin: int, end: int, content: bytes, *, paragraphs: bool) -> bytes:
    """A formatted page with one run."""
    page = bytearray(_PAGE)
    struct.pack_into("<II", page, 0, begin, end)
    at = _PAGE - 2 - len(content) - 2
    at -= at % 2
    page[8] = at // 2
    if paragraphs:
        content = content if len(content) % 2 == 0 else content + b"\0"
        page[at : at + 2 + len(content)] = bytes([0, len(content) // 2]) + content
    else:
        page[at : at + 1 + len(content)] = bytes([len(content)]) + content
    page[_PAGE - 1] = 1
    assert len(page) == _PAGE
    return bytes(page)


def _pieces(runs: Sequence[Run], places: dict[int, int]) -> bytes:
    lists = b""
    positions, elements, count = [0], b"", 0
    for number, run in enumerate(runs):
        positions.append(positions[-1] + len(run.text))
        prm = run.prm if isinstance(run.prm, int) else 0
        if isinstance(run.prm, bytes) and run.prm:
            lists += struct.pack("<BH", 1, len(run.prm)) + run.prm
            prm = count << 1 | 1
            count += 1
        place = places[number] * 2 | 0x40000000 if run.narrow else places[number]
        elements += struct.pack("<HIH", 0, place, prm)
    table = struct.pack(f"<{len(positions)}I", *positions) + elements
    return lists + struct.pack("<BI", 2, len(table)) + table


def _font_table(fonts: Sequence[str]) -> bytes:
    entries = b""
    for name in fonts:
        entry = bytes(39) + (name + "\0").encode("utf-16-le")
        entries += bytes([len(entry)]) + entry
    return struct.pack("<HH", len(fonts), 0) + entries


def _style_sheet(styles: Sequence[Style]) -> bytes:
    sheet = struct.pack("<HHH", 18, len(styles), 10) + bytes(14)
    for style in styles:
        parts = [style.look] if style.kind == 2 else [b"\0\0", style.look]
        entry = struct.pack("<HHHHH", 0, style.based_on << 4 | style.kind, len(parts), 0, 0) + struct.pack(
            "<H2sH", 1, "S".encode("utf-16-le"), 0
        )
        for part in parts:
            entry += struct.pack("<H", len(part)) + part + bytes(len(part) % 2)
        sheet += struct.pack("<H", len(entry)) + entry
    return sheet
