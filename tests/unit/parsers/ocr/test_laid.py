"""A page is shown to a person as it was read: the box of a cell is where the cell is, whichever way the page came."""

import io
import random
import re

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("rapidocr")
pytest.importorskip("onnxruntime")

from PIL import Image, ImageChops, ImageDraw  # noqa: E402

from parsers.codec import from_json, to_json  # noqa: E402
from parsers.document import DEFAULT_BUDGET, Document, LaidPage  # noqa: E402
from parsers.engines import NO_ENGINES, ScannedPage  # noqa: E402
from parsers.ocr.engine import Engine  # noqa: E402
from parsers.ocr.looks import look  # noqa: E402
from parsers.ocr.opening import open_picture  # noqa: E402
from parsers.outline import page as page_of  # noqa: E402
from parsers.readers import image, pdf  # noqa: E402
from tests.builders.scans import MANNERS, drawn, needs_fonts, saved  # noqa: E402

pytestmark = [needs_fonts, pytest.mark.long]

TABLE = [["姓名", "林小满"], ["手机", "13900000001"], ["职务", "科员"], ["单位", "青石镇人民政府"]]
CELL = (830, 271, 1430, 342)  # of the mobile, as `drawn` lays it: 200 and a row of 71 down, the second half across
GREEN = (190, 255, 190)


class Eyes:
    """The engine behind the protocol, in this process."""

    def __init__(self) -> None:
        self._engine = Engine()

    def look(self, picture: bytes, frame: int = 0) -> ScannedPage:
        pixels, _ = open_picture(picture, DEFAULT_BUDGET.pixels, frame)
        return look(pixels, self._engine)


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return Eyes()


def form() -> Image.Image:
    """A form whose cell with the mobile is green."""
    paper = Image.new("RGB", (1654, 2339), (255, 255, 255))
    ImageDraw.Draw(paper).rectangle((CELL[0] + 6, CELL[1] + 6, CELL[2] - 6, CELL[3] - 6), fill=GREEN)
    return ImageChops.multiply(drawn(TABLE), paper)


def box_of(document: Document, text: str) -> tuple[int, tuple[int, ...]]:
    """Return the number of the page and the box of the cell with that text, as its place has it."""
    (place,) = [cell.place for grid in document.grids() for cell in grid.cells if cell.text == text]
    found = re.fullmatch(r"page (\d+), .*, box (\d+),(\d+)-(\d+),(\d+)", place)
    return int(found[1]), tuple(map(int, found.groups()[1:]))


def greens(shown: Image.Image) -> np.ndarray:
    pixels = np.asarray(shown.convert("RGB")).astype(int)
    return (pixels[:, :, 1] - pixels[:, :, 0] > 25) & (pixels[:, :, 1] - pixels[:, :, 2] > 25)


def share_in_box(data: bytes, name: str, document: Document) -> tuple[float, float]:
    """Return how much of the box is green on the page as it is shown, and how much of all green is in the box."""
    number, box = box_of(document, "13900000001")
    (laid,) = [one for one in document.laid if one.number == number]
    laid = from_json(LaidPage, to_json(laid))  # as the record keeps it
    jpeg = page_of(data, name=name, declared_type="", document=0, number=number - 1, laid=laid, engines=NO_ENGINES)
    assert len(jpeg) <= 150_000
    shown = Image.open(io.BytesIO(jpeg))
    assert abs(shown.width / shown.height - laid.width / laid.height) < 0.01
    scale = shown.width / laid.width
    left, top, right, bottom = (round(edge * scale) for edge in box)
    green = greens(shown)
    within = green[top:bottom, left:right]
    return within.mean(), within.sum() / max(green.sum(), 1)


@pytest.mark.parametrize("manner", ["photo", "right"])
def test_the_box_of_a_cell_lies_over_the_cell_on_the_page_as_it_is_shown(eyes, manner):
    data = MANNERS[manner](form(), random.Random(f"laid {manner}"))
    green_of_box, box_of_green = share_in_box(data, "表.jpg", image.read(data, DEFAULT_BUDGET, eyes))
    assert green_of_box > 0.6  # the digits and the border are not green
    assert box_of_green > 0.97


def test_a_photo_that_the_camera_says_how_to_turn_is_shown_as_it_was_read(eyes):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    data = saved(form().rotate(90, expand=True), "JPEG", quality=85, exif=exif)
    green_of_box, box_of_green = share_in_box(data, "表.jpg", image.read(data, DEFAULT_BUDGET, eyes))
    assert green_of_box > 0.6
    assert box_of_green > 0.97


def test_the_second_page_of_a_scanned_pdf_has_its_boxes_too(eyes):
    scan = Image.open(io.BytesIO(MANNERS["right"](form(), random.Random("laid pdf"))))
    stream = io.BytesIO()
    cover = drawn([["目录", "一页"]])
    cover.save(stream, "PDF", resolution=200, save_all=True, append_images=[scan.convert("RGB")])
    data = stream.getvalue()
    document = pdf.read(data, DEFAULT_BUDGET, eyes)
    assert [one.number for one in document.laid] == [1, 2]
    green_of_box, box_of_green = share_in_box(data, "表.pdf", document)
    assert green_of_box > 0.6
    assert box_of_green > 0.97
