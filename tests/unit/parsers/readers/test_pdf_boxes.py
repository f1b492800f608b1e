"""The boxes in the places of a PDF's text lie over what they name on the page as it is drawn for a person."""

import re
from io import BytesIO

import pytest
from PIL import Image

from parsers.document import DEFAULT_BUDGET, Grid
from parsers.engines import NO_ENGINES
from parsers.readers import pagepicture, pdf
from tests.builders import pdf as make

TABLE = [["姓名", "张三", "手机", ""], ["单位", "青石镇", "手机", ""]]
DARK, WHITE = 120, 250


def seen(data: bytes):
    """By place without its box: the box in pixels of the picture; the picture in gray; the text of each place."""
    document = pdf.read(data, DEFAULT_BUDGET, NO_ENGINES)
    (laid,) = document.laid
    picture = Image.open(BytesIO(pagepicture.of_pdf(data, 0, DEFAULT_BUDGET, laid))).convert("L")
    scale = picture.width / laid.width
    found = {}
    for block in document.blocks:
        for one in block.cells if isinstance(block, Grid) else (block,):
            place, numbers = re.fullmatch(r"(.+), box (\d+,\d+-\d+,\d+)", one.place).groups()
            found[place] = one.text, [int(number) * scale for number in re.split("[,-]", numbers)]
    return found, picture


def inked(picture: Image.Image, box) -> bool:
    return picture.crop([round(one) for one in box]).getextrema()[0] < DARK


@pytest.mark.parametrize(
    "entries",
    [
        "",
        "/Rotate 90",
        "/Rotate 180",
        "/Rotate 270",
        "/CropBox [40 500 560 800]",
        "/Rotate 90 /CropBox [40 500 560 800]",
    ],
)
def test_the_box_of_a_cell_lies_within_its_lines_and_holds_its_text_alone(entries):
    page = make.Page(make.text(60, 80, "联络员反馈表") + make.table(TABLE, write=make.inked), entries=entries)
    found, picture = seen(make.file(page))
    assert len(found) == 9
    for text, (left, top, right, bottom) in found.values():
        assert inked(picture, (left + 3, top + 3, right - 3, bottom - 3)) == bool(text)
    cells = [box for place, (_, box) in found.items() if "table" in place]
    for left, top, right, bottom in cells:
        assert inked(picture, (left - 3, top + 6, left + 3, top + 9))
        assert inked(picture, (right - 3, top + 6, right + 3, top + 9))
        assert inked(picture, (left + 6, bottom - 3, left + 9, bottom + 3))
        assert picture.crop([round(one) for one in (right - 9, top + 4, right - 4, top + 7)]).getextrema()[0] > WHITE


def test_a_page_whose_text_runs_sideways_is_drawn_as_it_was_read():
    turned = make.Page("0 1 -1 0 842 0 cm " + make.table(TABLE, write=make.inked), box="0 0 842 595")
    found, picture = seen(make.file(turned))
    assert picture.width < picture.height
    drawn = {
        text
        for text, (left, top, right, bottom) in found.values()
        if inked(picture, (left + 3, top + 3, right - 3, bottom - 3))
    }
    assert drawn == {"姓名", "张三", "手机", "单位", "青石镇"}


def test_the_boxes_of_a_very_large_page_stay_small_numbers():
    document = pdf.read(make.file(make.Page(make.table(TABLE), box="0 0 14400 14400")), DEFAULT_BUDGET, NO_ENGINES)
    (laid,) = document.laid
    assert (laid.width, laid.height) == (10_000, 10_000)
    (grid,) = document.grids()
    assert all(int(one) <= 10_000 for cell in grid.cells for one in re.split("[,-]", cell.place.rpartition(" ")[2]))


def test_what_stands_in_a_form_field_is_drawn_for_a_person():
    shown = make.stream(
        b"/Tx BMC q BT /F1 12 Tf 2 5 Td (13905951234) Tj ET Q EMC",
        "/Type /XObject /Subtype /Form /BBox [0 0 130 20] /Resources << /Font << /F1 10 0 R >> >>",
    )
    place = make.rectangle(182, 104, 300, 122)
    field = make.annotation("Widget", place, "/FT /Tx /T (m) /F 4 /V (13905951234) /AP << /N 900 0 R >>")
    page = make.Page(make.table([["手机", ""]], widths=120), annotations=["901 0 R"])
    data = make.file(page, catalog="/AcroForm << /Fields [901 0 R] >>", objects={900: shown, 901: field})
    found, picture = seen(data)
    text, (left, top, right, bottom) = found["page 1, table 1, R1C2"]
    assert text == "13905951234"
    assert inked(picture, (left + 3, top + 3, right - 3, bottom - 3))
