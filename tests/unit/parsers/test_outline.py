"""What a person compares with: every piece under the place that readings name, and pages as pictures made anew."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from parsers.document import DEFAULT_BUDGET, FailureCode, LaidPage, ReadFailure
from parsers.engines import NO_ENGINES
from parsers.outline import body_outline, outlines, page
from parsers.parse import parse_document
from tests.builders import office, pdf
from tests.builders.word import zipped


def outline(data: bytes, name: str, **options):
    return outlines(data, name=name, declared_type="", engines=NO_ENGINES, **options)


def picture(kind: str = "PNG", size: tuple[int, int] = (3000, 2000), **options) -> bytes:
    stream = BytesIO()
    Image.new("RGB", size, "white").save(stream, kind, **options)
    return stream.getvalue()


def drawn(data: bytes, name: str, *, document: int = 0, number: int = 0, **options) -> Image.Image:
    jpeg = page(data, name=name, declared_type="", document=document, number=number, engines=NO_ENGINES, **options)
    found = Image.open(BytesIO(jpeg))
    assert found.format == "JPEG"
    return found


def test_every_value_of_a_reading_stands_in_the_outline_at_its_place(tmp_path):
    data = office.liaison("青石镇人民政府")
    forms = office.settings(tmp_path, imap_port=1, smtp_port=1).campaign.forms
    (form,) = parse_document(data, name="a.docx", declared_type="", forms=forms).forms
    (document,) = outline(data, "a.docx").documents
    spots = {spot.place: spot.text for panel in document.panels for spot in panel.spots}
    given = [one for one in form.fields if one.raw]
    assert len(given) > 5
    assert all(one.raw in spots[one.place] for one in given)


def test_the_members_of_an_archive_come_under_the_names_of_their_readings():
    form = office.liaison("青石镇人民政府")
    found = outline(zipped({"表/反馈.docx": form, "说明.txt": "请查收".encode()}), "报送.zip")
    assert [one.name for one in found.documents] == ["报送.zip/表/反馈.docx", "报送.zip/说明.txt"]
    assert found.documents[1].panels[0].spots[0].text == "请查收"


@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff" * 50, b"PK\3\4 broken", b"%PDF-1.7 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
@pytest.mark.parametrize("name", ["a.docx", "a.zip", "a.pdf", "a.doc", ""])
def test_whatever_the_bytes_there_is_an_outline_that_says_what_failed(data, name):
    for one in outline(data, name).documents:
        assert one.failure is not None or one.panels


def test_a_huge_table_is_cut_and_says_so():
    rows = "".join(f"<tr><td>{number}</td><td>x</td></tr>" for number in range(2_500))
    (document,) = body_outline(f"<table>{rows}</table>", html=True).documents
    assert document.clipped
    assert sum(len(panel.spots) for panel in document.panels) == 4_000


def test_a_page_of_a_pdf_is_drawn_and_its_words_have_places():
    data = pdf.file(pdf.text(100, 700, "联络员反馈表"), pdf.text(100, 700, "第二页"))
    (document,) = outline(data, "a.pdf").documents
    assert document.pages == 2
    assert "第二页" in [spot.text for panel in document.panels for spot in panel.spots]
    assert max(drawn(data, "a.pdf", number=1).size) <= 1600
    with pytest.raises(ReadFailure):
        drawn(data, "a.pdf", number=2)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP"])
def test_a_picture_is_made_anew_and_no_larger_than_a_screen_needs(kind):
    data = picture(kind)
    (document,) = outline(data, "scan").documents
    assert (document.pages, document.failure) == (1, None)
    assert drawn(data, "scan").size == (1600, 1067)


def test_a_photo_stands_upright_and_loses_what_its_camera_wrote():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010F] = "a camera"
    found = drawn(picture("JPEG", (300, 200), exif=exif), "photo.jpg")
    assert found.size == (200, 300)
    assert not found.getexif()


def test_a_picture_with_too_many_pixels_is_not_opened():
    small = replace(DEFAULT_BUDGET, pixels=1_000)
    with pytest.raises(ReadFailure) as caught:
        drawn(picture(), "scan.png", budget=small)
    assert caught.value.failure.code is FailureCode.TOO_LARGE


@pytest.mark.parametrize(
    ("data", "budget", "code"),
    [
        (picture(), replace(DEFAULT_BUDGET, pixels=1_000), FailureCode.TOO_LARGE),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, DEFAULT_BUDGET, FailureCode.DAMAGED),
    ],
)
def test_of_a_picture_that_cannot_be_shown_the_outline_says_why(data, budget, code):
    (document,) = outline(data, "scan.png", budget=budget).documents
    assert document.failure is not None
    assert document.failure.code is code


def test_the_picture_of_a_page_that_is_nothing_but_noise_is_small_all_the_same():
    stream = BytesIO()
    Image.effect_noise((2400, 1800), 120).convert("RGB").save(stream, "PNG")
    jpeg = page(stream.getvalue(), name="a.png", declared_type="", document=0, number=0, engines=NO_ENGINES)
    assert len(jpeg) <= 150_000
    assert Image.open(BytesIO(jpeg)).width >= 600


HALF = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "laid",
    [
        LaidPage(1, 0, 100, 0, HALF),
        LaidPage(1, 10**9, 10**9, 0, HALF),
        LaidPage(1, 100, 100, 0, HALF[:7]),
        LaidPage(1, 100, 100, 0, (1e300, *HALF[1:])),
        LaidPage(1, 100, 100, 0, (*HALF[:6], -0.01, 0.0)),  # the page would fold over: a divisor of zero
    ],
)
def test_a_page_that_was_laid_in_no_possible_way_is_not_drawn(laid):
    with pytest.raises(ReadFailure) as caught:
        drawn(picture(), "scan.png", laid=laid)
    assert caught.value.failure.code is FailureCode.DAMAGED


def test_a_page_is_drawn_as_it_was_laid():
    paper = Image.new("RGB", (300, 200), "white")
    paper.paste((255, 0, 0), (200, 0, 300, 100))  # red above on the right
    stream = BytesIO()
    paper.save(stream, "PNG")
    turned = LaidPage(1, 200, 300, 0, (0.0, 1 / 300, 0.0, -1 / 200, 0.0, 1.0, 0.0, 0.0))  # clockwise by 90 degrees
    found = drawn(stream.getvalue(), "scan.png", laid=turned)
    assert found.size == (200, 300)
    corners = [found.getpixel((x, y)) for x, y in ((150, 250), (150, 50), (50, 50), (50, 250))]
    assert [corner[1] < 100 for corner in corners] == [True, False, False, False]
