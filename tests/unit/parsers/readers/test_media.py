"""The pictures that a person sees on a package, in their order, and no others."""

import base64
import random
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from parsers.document import DEFAULT_BUDGET, FailureCode, ReadFailure
from parsers.readers.media import Pictures, pictures
from parsers.readers.picturesize import picture_size
from parsers.sniff import Kind
from tests.builders import word as w
from tests.builders.excel import changed, workbook
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.packed import jpeg, png

A4_EMU = (7_560_310, 10_692_130)
PHOTO, SECOND, LOGO = png(1200, 1600), jpeg(1600, 1200), png(120, 60)


def blip(number: int, *, inside: str = "", extent: tuple[int, int] | None = None, shape: str = "") -> str:
    size = "" if extent is None else f'<wp:extent cx="{extent[0]}" cy="{extent[1]}"/>'
    return (
        f'<w:r><w:drawing><wp:inline>{size}<wp:docPr id="1" name="p" {shape}/><a:graphic><a:graphicData><pic:pic><pic:blipFill>'
        f'<a:blip r:embed="rId{number}"/>{inside}</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    )


def docx(*blocks: str, media: Mapping[int, tuple[str, bytes]], **rest) -> bytes:
    """A Word package; `media` gives name and bytes of the picture behind each relationship."""
    parts = {f"word/media/{name}": data for name, data in media.values()}
    links = [(f"rId{number}", "image", f"media/{name}") for number, (name, _) in media.items()]
    return w.package(*blocks, parts={**parts, **rest.pop("parts", {})}, links=[*links, *rest.pop("links", [])], **rest)


def seen(data: bytes, **changes: int) -> Pictures:
    return pictures(data, replace(DEFAULT_BUDGET, **changes))


def names(found: Pictures) -> list[str]:
    return [picture.part.rpartition("/")[2] for picture in found.shown]


def test_pictures_come_in_the_order_of_the_document_and_not_of_the_package():
    media = {1: ("a.jpg", SECOND), 2: ("b.png", PHOTO)}
    found = seen(docx(w.para(blip(2)), w.table(w.row(w.cell(w.para(blip(1))))), media=media))
    assert names(found) == ["b.png", "a.jpg"]
    assert [one.kind for one in found.shown] == [Kind.PNG, Kind.JPEG]
    assert found.pictures == (PHOTO, SECOND)


def test_small_pictures_and_drawings_in_vectors_are_counted_and_left_out():
    media = {
        1: ("logo.png", LOGO),
        2: ("chart.emf", b"\1\0\0\0" + bytes(90_000)),
        3: ("x.wmf", b"x"),
        4: ("a.png", PHOTO),
    }
    found = seen(docx(*(w.para(blip(number)) for number in media), media=media))
    assert (names(found), found.small, found.vector) == (["a.png"], 1, 2)


@pytest.mark.parametrize(
    ("picture", "shown"),
    [(png(399, 2000), 0), (png(400, 400), 1), (png(60, 60, filler=40 * 1024), 1), (png(60, 60, filler=39 * 1024), 0)],
)
def test_a_picture_is_worth_reading_by_its_bytes_or_by_both_its_sides(picture, shown):
    assert len(seen(docx(w.para(blip(1)), media={1: ("a.png", picture)})).shown) == shown


def test_pictures_behind_the_last_page_of_the_budget_are_counted():
    media = {number: (f"{number}.png", png(500, 500 + number)) for number in range(1, 8)}
    found = seen(docx(*(w.para(blip(number)) for number in media), media=media))
    assert (len(found.shown), found.further) == (5, 2)


def test_a_copy_for_older_programs_is_no_second_picture():
    both = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wpg">{blip(1)}</mc:Choice><mc:Fallback><w:pict><v:shape>'
        '<v:imagedata r:id="rId2"/></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>'
    )
    media = {1: ("a.png", PHOTO), 2: ("twin.png", png(1000, 1000))}
    assert names(seen(docx(w.para(both), media=media))) == ["a.png"]


def test_a_picture_that_stands_in_the_copy_alone_is_seen():
    ink = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="aink"><w:p/></mc:Choice><mc:Fallback>'
        f"{blip(1)}</mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert names(seen(docx(w.para(ink), media={1: ("a.png", PHOTO)}))) == ["a.png"]


def test_a_picture_in_the_old_drawing_language_is_seen():
    old = '<w:r><w:pict><v:shape><v:imagedata r:id="rId1" croptop="10%"/></v:shape></w:pict></w:r>'
    found = seen(docx(w.para(old), media={1: ("a.png", PHOTO)}))
    assert (names(found), found.shown[0].cropped) == (["a.png"], True)


@pytest.mark.parametrize(
    "block",
    [
        w.para(w.deleted("x").replace("<w:r>", blip(1) + "<w:r>")),
        w.para(f'<w:moveFrom w:id="1" w:author="a">{blip(1)}</w:moveFrom>'),
        w.para(blip(1).replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>", 1)),
        w.para(blip(1, shape='hidden="1"')),
        w.para(blip(1).replace("r:embed", "r:link")),
    ],
    ids=["deleted", "moved away", "hidden run", "hidden shape", "linked"],
)
def test_what_nobody_sees_is_no_picture(block):
    assert seen(docx(block, media={1: ("a.png", PHOTO)})) == Pictures(())


def test_a_picture_in_no_place_of_the_document_is_not_seen():
    assert seen(docx(w.para("x"), media={1: ("thumbnail.png", PHOTO)})) == Pictures(())


def test_a_picture_that_stands_twice_is_read_once():
    assert len(seen(docx(w.para(blip(1)), w.para(blip(1)), media={1: ("a.png", PHOTO)})).shown) == 1


def test_a_cropped_picture_is_marked():
    crop = '<a:srcRect l="20000" t="0" r="0" b="0"/>'
    rounding = '<a:srcRect l="12" t="0" r="0" b="0"/>'
    media = {1: ("a.png", PHOTO), 2: ("b.jpg", SECOND)}
    found = seen(docx(w.para(blip(1, inside=crop)), w.para(blip(2, inside=rounding)), media=media))
    assert [picture.cropped for picture in found.shown] == [True, False]


@pytest.mark.parametrize(("extent", "shown"), [(A4_EMU, 1), ((A4_EMU[0], A4_EMU[1] // 3), 0), (None, 0)])
def test_a_picture_in_a_header_counts_where_it_covers_the_page(extent, shown):
    header = f"<w:hdr {w.DECLARED}>{w.para(blip(7, extent=extent))}</w:hdr>"
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/h.png"/></Relationships>'
    )
    xml = w.document(w.para("x")).replace("<w:sectPr/>", '<w:sectPr><w:headerReference r:id="rId8"/></w:sectPr>')
    data = docx(
        media={},
        xml=xml,
        links=[("rId8", "header", "header1.xml")],
        parts={"word/header1.xml": header, "word/_rels/header1.xml.rels": rels, "word/media/h.png": PHOTO},
    )
    assert len(seen(data).shown) == shown


def test_a_missing_or_broken_picture_does_not_hide_the_others():
    links = [("rId3", "image", "media/gone.png")]
    data = docx(
        *(w.para(blip(number)) for number in (1, 2, 3)),
        media={1: ("a.png", PHOTO), 2: ("b.png", b"no picture")},
        links=links,
    )
    found = seen(data)
    assert (names(found), found.damaged) == (["a.png"], 2)


def test_a_picture_with_a_wrong_checksum_does_not_hide_the_others():
    stored = BytesIO()
    data = docx(w.para(blip(1)), w.para(blip(2)), media={1: ("a.png", PHOTO), 2: ("b.jpg", SECOND)})
    with zipfile.ZipFile(BytesIO(data)) as archive, zipfile.ZipFile(stored, "w") as again:
        for name in archive.namelist():
            again.writestr(name, archive.read(name))
    data = stored.getvalue().replace(PHOTO, PHOTO[:-1] + b"\7")
    found = seen(data)
    assert (names(found), found.damaged) == (["b.jpg"], 1)


def test_strict_packages_are_read():
    # binary parts cannot go through w.strict, so the picture is written as text that begins like a picture
    data = w.strict(docx(w.para(blip(1)), media={1: ("a.gif", b"GIF89a" + struct.pack("<HH", 600, 600) + b"xxx")}))
    assert names(seen(data)) == ["a.gif"]


# --- Excel ------------------------------------------------------------------------------------------------------------

XDR = (
    'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def anchor(row: int, number: int, hidden: str = "0") -> str:
    return (
        f"<xdr:oneCellAnchor><xdr:from><xdr:col>0</xdr:col><xdr:row>{row}</xdr:row></xdr:from><xdr:pic><xdr:nvPicPr>"
        f'<xdr:cNvPr id="1" name="p" hidden="{hidden}"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId{number}"/></xdr:blipFill>'
        "</xdr:pic></xdr:oneCellAnchor>"
    )


def rels(*links: tuple[str, str, str]) -> str:
    entries = "".join(
        f'<Relationship Id="{i}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{k}" Target="{t}"/>'
        for i, k, t in links
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{entries}</Relationships>'
    )


def _with_the_second_hidden(xml: str) -> str:
    assert 'sheetId="2" state="visible"' in xml
    return xml.replace('sheetId="2" state="visible"', 'sheetId="2" state="hidden"')


def xlsx(*anchors: str, hide: bool = False, cells: str = "") -> bytes:
    """A workbook of two sheets whose second carries the pictures a.png (rId1) and b.jpg (rId2)."""
    data = workbook(lambda sheet: sheet.cell(1, 1, "x"), ("图", lambda sheet: sheet.cell(1, 1, "y")))
    if hide:
        data = changed(data, {"xl/workbook.xml": _with_the_second_hidden})
    images = rels(("rId1", "image", "../media/a.png"), ("rId2", "image", "../media/b.jpg"))
    more = {
        "xl/worksheets/_rels/sheet2.xml.rels": rels(("rId1", "drawing", "../drawings/drawing1.xml")),
        "xl/drawings/drawing1.xml": f"<xdr:wsDr {XDR}>{''.join(anchors)}</xdr:wsDr>",
        "xl/drawings/_rels/drawing1.xml.rels": images,
        "xl/media/a.png": PHOTO,
        "xl/media/b.jpg": SECOND,
    }
    if cells:
        more["xl/cellimages.xml"] = cells
        more["xl/_rels/cellimages.xml.rels"] = images.replace("../media", "media")
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return w.zipped({**{name: archive.read(name) for name in archive.namelist()}, **more})


def test_pictures_of_a_sheet_come_from_top_to_bottom():
    assert names(seen(xlsx(anchor(30, 2), anchor(2, 1)))) == ["a.png", "b.jpg"]


def test_hidden_pictures_and_hidden_sheets_are_not_seen():
    assert names(seen(xlsx(anchor(1, 1, hidden="1"), anchor(2, 2)))) == ["b.jpg"]
    assert seen(xlsx(anchor(1, 1), hide=True)) == Pictures(())


def test_pictures_that_wps_puts_into_cells_are_seen():
    cells = f'<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" {XDR}><etc:cellImage><xdr:pic><xdr:blipFill><a:blip r:embed="rId2"/></xdr:blipFill></xdr:pic></etc:cellImage></etc:cellImages>'
    assert names(seen(xlsx(cells=cells))) == ["b.jpg"]


# --- sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(640, 480), (640, 480)),
        (jpeg(640, 480), (640, 480)),
        (b"GIF89a" + struct.pack("<HH", 640, 480), (640, 480)),
        (b"BM" + bytes(16) + struct.pack("<ii", 640, -480), (640, 480)),
        (b"II*\0" + struct.pack("<IHHHIIHHIHH", 8, 2, 256, 3, 1, 640, 257, 3, 1, 480, 0), (640, 480)),
        (b"MM\0*" + struct.pack(">IHHHIIHHIHH", 8, 2, 256, 4, 1, 640, 257, 3, 1, 480, 0), (640, 480)),
        (b"\xff\xd8" + b"\xff\xe1\0\2" * 1_000, (0, 0)),
        (b"\xff\xd8\xff", (0, 0)),
        (b"RIFF", (0, 0)),
    ],
    ids=["png", "jpeg", "gif", "bmp", "tiff le", "tiff be", "jpeg without end", "jpeg cut", "other"],
)
def test_the_size_of_a_picture_stands_in_its_header(data, size):
    assert picture_size(data) == size


@given(
    st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n0000IHDR", b"GIF8", b"BM", b"II*\0", b"MM\0*"]),
    st.binary(max_size=80),
)
def test_the_size_of_any_bytes_is_two_numbers(head, rest):
    width, height = picture_size(head + rest)
    assert isinstance(width, int)
    assert height >= 0


# --- hostile ----------------------------------------------------------------------------------------------------------


def code(data: bytes) -> FailureCode:
    with pytest.raises(ReadFailure) as caught:
        seen(data)
    return caught.value.failure.code


def test_a_truncated_package_is_damage():
    data = docx(w.para(blip(1)), media={1: ("a.png", PHOTO)})
    assert code(data[: len(data) // 2]) is FailureCode.DAMAGED


def test_a_hundred_thousand_references_are_looked_at_within_bounds():
    assert seen(docx(w.para(*[blip(1)] * 20_000), media={1: ("a.png", LOGO)})).small == 1


def test_elements_nested_without_end_are_damage_and_no_recursion():
    assert code(docx(media={}, xml=w.document("<w:p>" * 5_000 + "</w:p>" * 5_000))) is FailureCode.DAMAGED


def test_a_relationship_out_of_the_package_gives_nothing():
    for target in ("../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd"):
        data = docx(w.para(blip(9)), media={}, links=[("rId9", "image", target)])
        assert seen(data).shown == ()


def test_a_dtd_in_a_part_is_refused():
    xml = '<!DOCTYPE x [<!ENTITY a "b">]>' + w.document(w.para("x")).partition("?>")[2]
    assert code(docx(media={}, xml=xml)) is FailureCode.REFUSED


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_mutated_packages_raise_nothing_but_a_read_failure(seed):
    chance = random.Random(seed)
    xml = w.document(w.para(blip(1)), w.para(blip(2)))
    body = bytearray(xml.encode())
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(body))
        body[at : at + chance.choice([1, 3])] = chance.randbytes(chance.choice([0, 1, 2]))
    data = docx(media={1: ("a.png", PHOTO), 2: ("b.jpg", SECOND)}, xml=bytes(body))
    try:
        found = seen(data)
    except ReadFailure:
        return
    assert {one.data for one in found.shown} <= {PHOTO, SECOND}


# --- other producers --------------------------------------------------------------------------------------------------


@pytest.mark.integration
@needs_libreoffice
def test_pictures_of_files_that_libreoffice_wrote_are_seen():
    photo = base64.b64encode(png(900, 1200)).decode()
    page = (
        f'<html><body><p>一</p><p><img src="data:image/png;base64,{photo}" width="900" height="1200"></p></body></html>'
    )
    for form in ("docx:MS Word 2007 XML", "docx:Office Open XML Text"):
        (data,) = converted({"a.html": page.encode()}, form).values()
        found = seen(data)
        assert [(one.kind, picture_size(one.data)) for one in found.shown] == [(Kind.PNG, (900, 1200))], form


def test_pictures_of_a_workbook_without_any_are_none():
    stream = BytesIO()
    Workbook().save(stream)
    assert seen(stream.getvalue()) == Pictures(())
