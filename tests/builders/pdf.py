"""PDF files made in code, object by object: the smallest thing that has the feature. Places are points from the top left.

Fonts: `text` prints in STSong-Light (not embedded, as old WPS and Acrobat do), Latin in Helvetica; `inked` in a Type 3 font
that the file brings, each of its signs a black bar, so that pdfium draws it anywhere.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.builders.layouts import Box

HEIGHT, WIDTH = 842, 595
_INKED = "姓名手机性别男女联系人电话号码职务科员单位青石镇政府张三李四是否0123456789-@.abcdefghijklmnopqrstuvwxyz□√ "


def stream(data: bytes, entries: str = "", *, packed: bool = False) -> bytes:
    if packed:
        data, entries = zlib.compress(data), entries + " /Filter /FlateDecode"
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries.encode(), len(data), data)


def written(objects: Mapping[int, bytes | str], trailer: str = "") -> bytes:
    """Given objects by number (1 is the catalog), return the file."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body.encode("latin-1") if isinstance(body, str) else body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer.encode(), start)
    return bytes(out)


@dataclass
class Page:
    """One page: its content, entries of its dictionary, XObjects and annotations (as dictionaries in PDF syntax)."""

    content: str | bytes
    entries: str = ""
    box: str = f"0 0 {WIDTH} {HEIGHT}"
    images: Mapping[str, bytes] = field(default_factory=dict)
    annotations: Sequence[str] = ()
    packed: bool = False


def file(*pages: Page | str, catalog: str = "", objects: Mapping[int, bytes | str] | None = None) -> bytes:
    """Given pages (or their contents), return a file. `objects` numbered from 900 on can be referred to."""
    made: dict[int, bytes | str] = {**_fonts()}
    fonts = "/F1 10 0 R /G1 11 0 R /T3 14 0 R /Wi 18 0 R /Za 19 0 R /Xx 20 0 R"
    kids = []
    number = 100
    for one in pages:
        page = Page(one) if isinstance(one, str) else one
        content = page.content.encode("latin-1") if isinstance(page.content, str) else page.content
        made[number + 1] = stream(content, packed=page.packed)
        names = []
        for offset, (name, body) in enumerate(page.images.items(), start=2):
            made[number + offset] = body
            names.append(f"/{name} {number + offset} 0 R")
        made[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{page.box}] /Contents {number + 1} 0 R /Resources << /Font << {fonts} >> "
            f"/XObject << {' '.join(names)} >> /ExtGState << /Faint << /ca 0 >> >> >> "
            f"/Annots [{' '.join(page.annotations)}] {page.entries} >>"
        )
        kids.append(f"{number} 0 R")
        number += 10
    made[1] = f"<< /Type /Catalog /Pages 2 0 R {catalog} >>"
    made[2] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>"
    return written({**made, **(objects or {})})


def _fonts() -> dict[int, bytes | str]:
    descriptor = (
        "/Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93"
    )
    codes = "".join(f"<{number + 1:02X}> <{ord(sign):04X}>\n" for number, sign in enumerate(_INKED))
    names = " ".join(f"/s{number + 1}" for number in range(len(_INKED)))
    procedures = " ".join(f"/s{n + 1} {'16' if s != ' ' else '17'} 0 R" for n, s in enumerate(_INKED))
    widths = " ".join("1000" if ord(sign) > 255 else "500" for sign in _INKED)
    return {
        10: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        11: "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [12 0 R] >>",
        12: (
            "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500 814 939 500] "
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 13 0 R >>"
        ),
        13: f"<< /Type /FontDescriptor /FontName /STSong-Light {descriptor} >>",
        14: (
            "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] "
            f"/FirstChar 1 /LastChar {len(_INKED)} /Widths [{widths}] /ToUnicode 15 0 R /Resources << >> "
            f"/Encoding << /Type /Encoding /Differences [1 {names}] >> /CharProcs << {procedures} >> >>"
        ),
        15: stream(
            (
                "/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <FF> "
                f"endcodespacerange {len(_INKED)} beginbfchar\n{codes}endbfchar endcmap end end"
            ).encode()
        ),
        16: stream(b"500 0 0 0 1000 800 d1 60 0 300 700 re f"),
        17: stream(b"500 0 0 0 1000 800 d1"),
        18: "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Wingdings2 /FirstChar 32 /LastChar 255 /FontDescriptor 21 0 R >>",
        19: "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>",
        20: (
            "<< /Type /Font /Subtype /Type0 /BaseFont /Lost /Encoding /Identity-H /DescendantFonts [<< /Type /Font "
            "/Subtype /CIDFontType2 /BaseFont /Lost /DW 1000 /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
            "/Supplement 0 >> /FontDescriptor 13 0 R >>] >>"
        ),
        21: f"<< /Type /FontDescriptor /FontName /ABCDEF+Wingdings2 {descriptor} >>",
    }


# Content


def _hex(text: str) -> str:
    return f"<{text.encode('utf-16-be').hex()}>"


def text(x: float, y: float, words: str, size: float = 10, *, before: str = "") -> str:
    """Print words with their baseline `y` points from the top."""
    return f"q BT {before} /G1 {size} Tf {x} {HEIGHT - y} Td {_hex(words)} Tj ET Q\n"


def latin(x: float, y: float, words: str, size: float = 10, font: str = "F1") -> str:
    return f"BT /{font} {size} Tf {x} {HEIGHT - y} Td ({words}) Tj ET\n"


def inked(x: float, y: float, words: str, size: float = 10, *, before: str = "") -> str:
    codes = "".join(f"{_INKED.index(sign) + 1:02X}" for sign in words)
    return f"q BT {before} /T3 {size} Tf {x} {HEIGHT - y} Td <{codes}> Tj ET Q\n"


def line(x0: float, y0: float, x1: float, y1: float, thick: float = 0.5) -> str:
    return f"{thick} w {x0} {HEIGHT - y0} m {x1} {HEIGHT - y1} l S\n"


def box(x0: float, y0: float, x1: float, y1: float, paint: str = "S") -> str:
    return f"{x0} {HEIGHT - y1} {x1 - x0} {y1 - y0} re {paint}\n"


def image(name: str, x0: float, y0: float, x1: float, y1: float) -> str:
    return f"q {x1 - x0} 0 0 {y1 - y0} {x0} {HEIGHT - y1} cm /{name} Do Q\n"


def pixels(entries: str = "", gray: int = 200) -> bytes:
    """An image XObject of 4 × 4 gray pixels."""
    return stream(
        bytes([gray]) * 16,
        f"/Type /XObject /Subtype /Image /Width 4 /Height 4 /ColorSpace /DeviceGray /BitsPerComponent 8 {entries}",
    )


def table(
    rows: Sequence[Sequence[Box | str]],
    top: float = 100,
    *,
    left: float = 60,
    widths: float = 110,
    height: float = 24,
    manner: str = "lines",
    write=text,
) -> str:
    """Given rows of boxes, return a ruled table in a producer's manner.

    ``lines``: one stroked line a side. ``bars``: filled bars half a point thick, as Word prints. ``rects``: a stroked rectangle a
    cell. `write` prints a cell's lines.
    """
    out = ["0 g 0 G\n"]
    for number, row in enumerate(rows):
        x = left
        for one in (Box(entry) if isinstance(entry, str) else entry for entry in row):
            y, right, bottom = top + number * height, x + widths * one.columns, top + (number + one.rows) * height
            out.append(_sides(x, y, right, bottom, manner))
            for at, words in enumerate(one.text.split("\n")):
                out.append(write(x + 5, y + 14 + 10.5 * at, words) if words else "")
            x = right
    return "".join(out)


def _sides(x: float, y: float, right: float, bottom: float, manner: str) -> str:
    if manner == "rects":
        return box(x, y, right, bottom)
    if manner == "bars":
        return "".join(
            box(*bar, paint="f")
            for bar in (
                (x, y, right, y + 0.5),
                (x, bottom, right, bottom + 0.5),
                (x, y, x + 0.5, bottom),
                (right, y, right + 0.5, bottom),
            )
        )
    return line(x, y, right, y) + line(x, bottom, right, bottom) + line(x, y, x, bottom) + line(right, y, right, bottom)


# Annotations


def rectangle(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"/Rect [{x0} {HEIGHT - y1} {x1} {HEIGHT - y0}]"


def annotation(kind: str, place: str, entries: str = "") -> str:
    return f"<< /Type /Annot /Subtype /{kind} {place} {entries} >>"


def string(words: str) -> str:
    """A text string as programs store it: UTF-16 with its mark."""
    return f"<feff{words.encode('utf-16-be').hex()}>"
