"""What a person compares with: every piece under the place that readings name, and pages as pictures made anew."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from parsers.document import DEFAULT_BUDGET, FailureCode, ReadFailure
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
