"""Fake scans and photos of filled forms: .docx → LibreOffice → PDF → a picture → what a scanner, a fax or a phone makes of it.

Everything is drawn from a seed, so the same call gives the same bytes. The seals, units and people on them are invented.
"""

import io
import math
import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import docx
import numpy as np
import pypdfium2
import pytest
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Pt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.builders.layouts import Pairs, arrange
from tests.builders.libreoffice import converted
from tests.builders.word import docx_form

FONTS = ("Noto Sans CJK SC", "Noto Serif CJK SC", "AR PL SungtiL GB", "AR PL UMing CN", "WenQuanYi Zen Hei")
_SEAL_FONT = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
_PRINT_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
needs_fonts = pytest.mark.skipif(
    not (Path(_SEAL_FONT).exists() and Path(_PRINT_FONT).exists()), reason="needs fonts-noto-cjk"
)
_SEAL_TEXT = "青石镇人民政府办公室"
_RED = (216, 40, 48)


def form_docx(
    title: str,
    rows: Pairs,
    layout: str = "pairs",
    *,
    font: str = FONTS[0],
    size: float = 12,
    high: float = 0,
    below: Sequence[str] = (),
) -> bytes:
    """Given a form's title and its labels with values, return it as a .docx in a font; rows are at least `high` points."""
    return dressed(docx_form(title, arrange(layout, rows), (), below), font, size, high)


def dressed(data: bytes, font: str, size: float, high: float = 0) -> bytes:
    """Given a .docx, return it with another font for all its text, its rows at least `high` points high."""
    made = docx.Document(io.BytesIO(data))
    for row in (row for table in made.tables for row in table.rows):
        row.height = Pt(high) if high else None
        for cell in row.cells if high else ():
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    style = made.styles["Normal"]
    style.font.size = Pt(size)
    style.font.name = font
    style.element.rPr.rFonts.set(qn("w:eastAsia"), font)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def printed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Given .docx files by name, return the first page of each as PNG, 200 dots an inch, by the same names."""
    return {name: rendered(pdf) for name, pdf in converted(files, "pdf").items()}


def drawn(
    table: Sequence[Sequence[str]],
    *,
    above: Sequence[str] = (),
    below: Sequence[str] = (),
    size: int = 34,
    ruled: bool = True,
) -> Image.Image:
    """Given texts of a table of equal columns and lines around it, return the page without any office program, A4 at 200 dpi."""
    page = Image.new("RGB", (1654, 2339), (255, 255, 255))
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(_PRINT_FONT, size, index=2)
    y = 200
    for line in above:
        pen.text((230, y), line, (0, 0, 0), font)
        y += 2 * size
    columns = max((len(row) for row in table), default=1)
    high, wide = round(2.1 * size), 1200 // columns
    for row in table:
        for number, text in enumerate(row):
            box = (230 + number * wide, y, 230 + (number + 1) * wide, y + high)
            if ruled:
                pen.rectangle(box, outline=(0, 0, 0), width=2)
            pen.text((box[0] + 20, y + round(0.45 * size)), text, (0, 0, 0), font)
        y += high
    for number, line in enumerate(below):
        pen.text((230, y + size + 2 * number * size), line, (0, 0, 0), font)
    return page


def rendered(pdf: bytes, page: int = 0, dpi: int = 200) -> bytes:
    """Given a PDF, return one of its pages as PNG."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[page].render(scale=dpi / 72).to_pil().convert("RGB")
    return saved(picture, "PNG")


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Given a picture, return it as a file of a kind that Pillow writes."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def recoded(picture: Image.Image, quality: int) -> Image.Image:
    """Given a picture, return what a JPEG of it shows."""
    return Image.open(io.BytesIO(saved(picture, "JPEG", quality=quality)), formats=["JPEG"]).convert("RGB")


def font_files() -> list[tuple[str, int]]:
    """Return file and index of the fonts that this machine has for the families of `FONTS`, and of some for Latin letters."""
    families = (*FONTS, "DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")
    found = [
        subprocess.run(
            ["fc-match", "-f", "%{file}|%{index}", family], capture_output=True, text=True, check=True
        ).stdout
        for family in families
    ]
    return [(file, int(index) & 0xFFFF) for file, _, index in (one.partition("|") for one in dict.fromkeys(found))]


def scan(page: bytes, manner: str, seed: int) -> bytes:
    """Given a page as PNG or PDF, return it as it comes by mail in one of the `MANNERS`."""
    if page.startswith(b"%PDF"):
        page = rendered(page)
    picture = Image.open(io.BytesIO(page), formats=["PNG"]).convert("RGB")
    return MANNERS[manner](picture, random.Random(f"{manner} {seed}"))


def _clean(page: Image.Image, _draw: random.Random) -> bytes:
    return saved(page, "PNG")


def _scanned(page: Image.Image, draw: random.Random) -> Image.Image:
    """A flatbed: a little crooked, noisy, grayish paper."""
    angle = draw.choice((-1, 1)) * draw.uniform(0.8, 1.6)
    turned = page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))
    return noisy(turned, draw, 9)


def _scan(page: Image.Image, draw: random.Random) -> bytes:
    return saved(_scanned(page, draw), "JPEG", quality=70)


def _seal(page: Image.Image, draw: random.Random) -> bytes:
    return saved(_scanned(sealed(page, draw), draw), "JPEG", quality=75)


def _photo(page: Image.Image, draw: random.Random) -> bytes:
    """A phone held by hand: turned, keystoned, half in shadow, small, compressed."""
    side = draw.randrange(1080, 1601)
    height, width = page.height, page.width
    margin = 0.06
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = math.radians(draw.uniform(-4, 4))
    ratio = side * (1 - 2 * margin) / width
    tall = round(height * ratio * (1 + 2 * margin))
    target = []
    for x, y in corners:
        from_middle_x, from_middle_y = (x - width / 2) * ratio, (y - height / 2) * ratio
        turned_x = from_middle_x * math.cos(angle) - from_middle_y * math.sin(angle)
        turned_y = from_middle_x * math.sin(angle) + from_middle_y * math.cos(angle)
        shift = side * 0.03
        target.append(
            [side / 2 + turned_x + draw.uniform(-shift, shift), tall / 2 + turned_y + draw.uniform(-shift, shift)]
        )
    matrix = cv2.getPerspectiveTransform(corners, np.array(target, np.float32))
    desk = (96, 74, 58)
    seen = cv2.warpPerspective(
        np.asarray(page), matrix, (side, tall), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=desk
    )
    across = np.linspace(draw.uniform(0.55, 0.75), 1.0, side)
    if draw.random() < 0.5:
        across = across[::-1]
    down = np.linspace(draw.uniform(0.75, 0.9), 1.0, tall)
    shaded = seen.astype(np.float32) * across[None, :, None] * down[:, None, None]
    picture = Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))
    return saved(noisy(picture, draw, 5), "JPEG", quality=50)


def _turned(degrees: int) -> Callable[[Image.Image, random.Random], bytes]:
    """Return a manner: scanned, then turned counter-clockwise."""
    return lambda page, draw: saved(_scanned(page, draw).rotate(degrees, expand=True), "JPEG", quality=75)


def _gray(page: Image.Image, draw: random.Random) -> bytes:
    """A gray scan of a stamped page: the seal has no color that could be taken out."""
    return saved(_scanned(sealed(page, draw), draw).convert("L"), "JPEG", quality=70)


def _fax(page: Image.Image, draw: random.Random) -> bytes:
    """Black and white, 200 dots an inch, TIFF group 4."""
    gray = np.asarray(_scanned(page, draw).convert("L"))
    return saved(Image.fromarray(gray > draw.randrange(140, 190)), "TIFF", compression="group4")


def _low(page: Image.Image, draw: random.Random) -> bytes:
    small = page.resize((page.width // 2, page.height // 2), Image.Resampling.LANCZOS)
    return saved(noisy(small, draw, 5), "JPEG", quality=70)


def noisy(picture: Image.Image, draw: random.Random, strength: float) -> Image.Image:
    """Given a picture, return it on grayish paper with noise of that deviation."""
    noise = np.random.default_rng(draw.randrange(2**32)).normal(0, strength, (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) * 0.97 + noise, 0, 255).astype(np.uint8))


def sealed(page: Image.Image, draw: random.Random) -> Image.Image:
    """Given a page, return it with a round red seal (ring, star, text) somewhere over what is written."""
    ink = np.argwhere(np.asarray(page.convert("L")) < 128)
    (top, left), (bottom, right) = ink.min(axis=0), ink.max(axis=0)
    radius = round(page.width * 0.1)
    x = round(left + (right - left) * draw.uniform(0.45, 0.85))
    y = round(top + (bottom - top) * draw.uniform(0.4, 0.95))
    seal = Image.new("RGBA", (4 * radius, 4 * radius), (*_RED, 0))
    pen = ImageDraw.Draw(seal)
    middle = 2 * radius
    red = (*_RED, draw.randrange(150, 230))
    pen.ellipse((radius, radius, 3 * radius, 3 * radius), outline=red, width=max(4, radius // 14))
    pen.polygon(_star(middle, middle, radius * 0.3), fill=red)
    font = ImageFont.truetype(_SEAL_FONT, radius // 4)
    for number, character in enumerate(_SEAL_TEXT):
        angle = math.radians(-215 + number * 250 / (len(_SEAL_TEXT) - 1))
        glyph = Image.new("L", (radius // 3, radius // 3), 0)
        ImageDraw.Draw(glyph).text((radius // 6, radius // 6), character, 255, font, anchor="mm")
        glyph = glyph.rotate(-math.degrees(angle) - 90, Image.Resampling.BICUBIC)
        at = (round(middle + radius * 0.76 * math.cos(angle)), round(middle + radius * 0.76 * math.sin(angle)))
        inked = Image.new("RGBA", glyph.size, red)
        inked.putalpha(glyph.point(lambda value, full=red[3]: value * full // 255))
        seal.alpha_composite(inked, (at[0] - glyph.width // 2, at[1] - glyph.height // 2))
    seal = seal.rotate(draw.uniform(-12, 12), Image.Resampling.BICUBIC)
    stamped = np.asarray(page).astype(np.float32)
    layer = np.zeros((page.height, page.width, 4), np.float32)
    _paste(layer, np.asarray(seal).astype(np.float32), x - middle, y - middle)
    alpha = layer[:, :, 3:] / 255
    # Ink on ink multiplies: black print shows through a seal.
    colored = stamped * (1 - alpha) + np.minimum(stamped, layer[:, :, :3]) * alpha
    return Image.fromarray(colored.astype(np.uint8))


def _paste(layer: np.ndarray, piece: np.ndarray, x: int, y: int) -> None:
    height, width = layer.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + piece.shape[1], width), min(y + piece.shape[0], height)
    layer[top:bottom, left:right] = piece[top - y : bottom - y, left - x : right - x]


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    return [
        (
            x + (radius if number % 2 == 0 else radius * 0.4) * math.sin(number * math.pi / 5),
            y - (radius if number % 2 == 0 else radius * 0.4) * math.cos(number * math.pi / 5),
        )
        for number in range(10)
    ]


MANNERS: dict[str, Callable[[Image.Image, random.Random], bytes]] = {
    "clean": _clean,
    "scan": _scan,
    "seal": _seal,
    "photo": _photo,
    "right": _turned(-90),
    "upside_down": _turned(180),
    "left": _turned(90),
    "gray": _gray,
    "fax": _fax,
    "low": _low,
}
