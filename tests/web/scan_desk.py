"""A desk on which the scan of a form waits, turned by 90 degrees, and an engine that says where on it its cells are.

The engine's answer is given (`tests.builders.engines`), so that places are known to the pixel; how a real one lays pages is
told in tests/unit/parsers/ocr/test_laid.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import cast

import pytest
from PIL import Image, ImageDraw

from parsers.codec import to_json
from parsers.engines import ScannedPage
from parsers.frames import JsonObject
from parsers.isolate import NoService, Worker
from scheduler import app as app_module
from tests.builders import engines, office

STRANGER = "somebody@mail.example.net"
SCAN = 4  # the number that the mail gets
GREEN = (120, 220, 120)
SEEN = (
    ("姓名", "林小满"),
    ("性别", "女"),
    ("职务", "主任"),
    ("办公电话", "0595-27390001"),
    ("手机", "13900000001"),
    ("传真", ""),
    ("单位", "青石镇人民政府"),
    ("通信地址", "示例路1号"),
)
MOBILE = 4  # its row
WIDTH, HEIGHT = 800, 1_000


def page_seen() -> ScannedPage:
    """What the engine sees: the two looks differ about the mobile, so what is empty is in doubt, too. The page came turned to the left."""
    found = engines.page(*SEEN, title="附件2 联络员反馈表", second={"手机": "1390000001"})
    whence = (0.0, 1 / HEIGHT, 0.0, -1 / WIDTH, 0.0, 1.0, 0.0, 0.0)
    return replace(found, turned=90, whence=whence)


def scan(*, broken: bool = False) -> bytes:
    """The picture: the ruled cells where the engine says, that of the mobile green; lying on its side."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    for cell in page_seen().tables[0].cells:
        box = (cell.box.left, cell.box.top, cell.box.right, cell.box.bottom)
        pen.rectangle(box, fill=GREEN if (cell.row, cell.column) == (MOBILE, 1) else "white", outline="black", width=2)
    stream = BytesIO()
    page.rotate(90, expand=True).save(stream, "PNG")
    return stream.getvalue()[: 600 if broken else None]


def scan_mail(*, broken: bool = False, number: int = 40) -> bytes:
    """A mail with that scan."""
    return office.mail(STRANGER, "联络员表扫描件", attachment=scan(broken=broken), name="联络员.png", number=number)


class _Engine(NoService):
    def serve(self, question: JsonObject, payload: bytes, seconds: float) -> tuple[JsonObject, bytes]:
        if "look" not in question:
            return super().serve(question, payload, seconds)
        return cast("JsonObject", {"page": to_json(page_seen())}), b""


@contextmanager
def with_engine() -> Iterator[None]:
    """While inside, the workers of all offices have that engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "Worker", lambda **_: Worker(handlers="intake.unpack", service=_Engine()))
        yield
