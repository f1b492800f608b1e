"""`python -m tests.contract --addresses N`: invented addresses of mail, printed and copied, and which of them two looks prove.

What both looks read alike is wrong more often here than anywhere else (1 for l, 0 for O); `looks.proves` says which of it
counts. Prints: right and wrong of what both looks agree on, and of what counts.
"""

import random
import string
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from parsers.looks import proves
from parsers.ocr.engine import UNREADABLE, Engine
from parsers.ocr.looks import wider
from parsers.ocr.shades import even, gray
from tests.builders.scans import font_files, noisy, recoded

_DOMAINS = (
    *("126.com", "163.com", "qq.com", "139.com", "189.cn", "yeah.net", "sina.com", "foxmail.com"),
    *("example.com", "example.org", "unit.example.com", "examplecity.gov.cn"),
)
_SYLLABLES = [
    "lin",
    "chen",
    "li",
    "wang",
    "xiaoli",
    "zhang",
    "jian",
    "guo",
    "office",
    "bgs",
    "all",
    "ill",
    "ll",
    "ii",
    "rn",
    "m",
    "vv",
    "w",
    "cl",
    "d",
]
_LOOK_ALIKE = "lI1i0Oo5S8B2Zz9gqrnmvw"
_MANNERS = ("clean", "scan", "photo", "fax", "low")


def address(draw: random.Random) -> str:
    """Return an invented address: letters, syllables with a number, anything allowed, or nothing but look-alikes."""
    manner = draw.random()
    if manner < 0.3:
        name = "".join(draw.choices(string.ascii_lowercase, k=draw.randrange(4, 12)))
    elif manner < 0.6:
        name = "".join(draw.choices(_SYLLABLES, k=draw.randrange(2, 4))) + str(draw.randrange(10_000))
    elif manner < 0.8:
        name = (
            "".join(draw.choices(string.ascii_lowercase + "0123456789_.", k=draw.randrange(4, 12))).strip("._") or "abc"
        )
    else:
        name = "".join(draw.choices(_LOOK_ALIKE, k=draw.randrange(4, 9)))
    return f"{name}@{draw.choice(_DOMAINS)}"


def _printed(text: str, draw: random.Random) -> Image.Image:
    file, index = draw.choice(font_files())
    size = draw.choice((29, 31, 33, 36))  # 10.5 to 13 points at 200 dots an inch
    font = ImageFont.truetype(file, size, index=index)
    picture = Image.new("RGB", (round(font.getlength(text)) + 60, 2 * size), (255, 255, 255))
    ImageDraw.Draw(picture).text((30, size // 2 - 4), text, (0, 0, 0), font)
    return picture


def _copied(picture: Image.Image, manner: str, draw: random.Random) -> Image.Image:
    width, height = picture.size
    if manner == "scan":
        turned = picture.rotate(draw.uniform(-0.4, 0.4), Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
        return recoded(noisy(turned, draw, 9), 70)
    if manner == "fax":
        light = np.asarray(noisy(picture, draw, 9).convert("L")) > draw.randrange(140, 190)
        return Image.fromarray(light.astype(np.uint8) * 255).convert("RGB")
    if manner in ("photo", "low"):
        scale = 0.5 if manner == "low" else draw.uniform(0.62, 0.95)
        small = picture.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
        if manner == "photo":
            small = small.filter(ImageFilter.GaussianBlur(0.6))
        small = recoded(noisy(small, draw, 5), 70 if manner == "low" else 50)
        return small.resize((width, height), Image.Resampling.BICUBIC)
    return picture


def measure(count: int, seed: str) -> Iterator[str]:
    """Given how many addresses to draw from a seed, yield the lines to print; the last tells whether any that counts is wrong."""
    draw = random.Random(seed)
    engine = Engine()
    agreed, counting = [0, 0], [0, 0]
    wrong: list[str] = []
    written = [address(draw) for _ in range(count)]
    for start in range(0, count, 60):
        texts = written[start : start + 60]
        pages = [
            gray(
                cv2.cvtColor(np.asarray(_copied(_printed(text, draw), draw.choice(_MANNERS), draw)), cv2.COLOR_RGB2BGR)
            )
            for text in texts
        ]
        looks = zip(
            texts, engine.recognize(pages), engine.recognize([wider(even(page)) for page in pages]), strict=True
        )
        for text, first, second in looks:
            if first.text != second.text or not first.text or UNREADABLE in first.text:
                continue
            agreed[first.text == text] += 1
            if proves(first.text, min(first.score, second.score)):
                counting[first.text == text] += 1
                wrong += [f"  counts and is wrong: {first.text}, written {text}"] if first.text != text else []
    yield f"{count} addresses; both looks agree: {agreed[True]} right, {agreed[False]} wrong"
    yield f"of those count: {counting[True]} right, {counting[False]} wrong"
    yield from wrong
