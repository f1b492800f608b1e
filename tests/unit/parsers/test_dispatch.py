"""Old and foreign kinds go through the engines, and what happens where an engine is missing or fails."""

import pytest

from parsers.document import FailureCode, NoteCode, ReadFailure
from parsers.engines import NO_ENGINES, Box, Converted, ScannedLine, ScannedPage
from parsers.forms import ProblemCode
from parsers.parse import parse_document
from parsers.sniff import Kind, sniff
from tests.builders import ole, packed, word
from tests.builders.engines import GivenEngines, page
from tests.builders.forms import AREA_CODE, FORMS, LIAISON
from tests.builders.reading import values
from tests.builders.rendering import render

ROWS = (("姓名", "王晓云"), ("职务", "科员"), ("手机", "13805950002"), ("单位名称", "青石镇人民政府"))
OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
DOC = ole.compound({"WordDocument": b"\xec\xa5" + bytes(600)})


def read(data, name, engines):
    return parse_document(data, name=name, declared_type="", forms=FORMS, area_code=AREA_CODE, engines=engines)


def by_office(container="docx"):
    return GivenEngines(converted=Converted(render(container, LIAISON.title, ROWS), "LibreOffice 7"))


@pytest.mark.parametrize(
    ("data", "name", "container"),
    [
        (DOC, "表.doc", "docx"),
        (DOC, "表.wps", "docx"),
        (b"{\\rtf1 x}", "表.doc", "docx"),
        (
            b'<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>',
            "表.doc",
            "docx",
        ),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "表.xls", "xlsx"),
    ],
)
def test_an_old_kind_is_read_by_way_of_libreoffice_and_says_so(data, name, container):
    engines = by_office(container)
    reading = read(data, name, engines)
    assert engines.asked == [sniff(data, name).value]
    assert [values(form) for form in reading.forms] == [OFFICER]
    assert reading.reader.endswith("by way of LibreOffice 7")
    assert reading.missing_engines() == frozenset()


def test_without_libreoffice_an_rtf_waits_for_it():
    reading = read(b"{\\rtf1 x}", "表.rtf", NO_ENGINES)
    assert (reading.failure.code, reading.failure.detail) == (FailureCode.NEEDS_ENGINE, "office")
    assert reading.missing_engines() == {"office"}


@pytest.mark.parametrize(
    ("data", "engine"), [(b"Rar!\x1a\x07\x00", "archive"), (b"7z\xbc\xaf\x27\x1c" + bytes(30), "archive"), (PNG, "ocr")]
)
def test_the_engine_that_is_missing_is_named(data, engine):
    assert read(data, "a", NO_ENGINES).missing_engines() == {engine}


def test_what_is_missing_inside_an_archive_is_named_too():
    data = word.zipped({"表.rtf": b"{\\rtf1 x}", "照片.png": PNG})
    assert read(data, "报送.zip", NO_ENGINES).missing_engines() == {"office", "ocr"}


@pytest.mark.parametrize("code", [FailureCode.DAMAGED, FailureCode.TIMEOUT, FailureCode.TOO_LARGE])
def test_what_libreoffice_could_not_open_is_not_tried_by_a_lesser_reader(code):
    assert read(DOC, "表.doc", GivenEngines(converted=ReadFailure(code, "x"))).failure.code is code


def test_a_workbook_with_excels_default_password_is_opened():
    locked = ole.compound({"EncryptedPackage": bytes(100)})
    assert sniff(locked, "表.xlsx") is Kind.ENCRYPTED_OOXML
    assert [values(form) for form in read(locked, "表.xlsx", by_office("xlsx")).forms] == [OFFICER]


@pytest.mark.parametrize("engines", [NO_ENGINES, GivenEngines(converted=ReadFailure(FailureCode.DAMAGED))])
def test_any_other_password_is_a_password(engines):
    assert read(ole.compound({"EncryptedPackage": bytes(100)}), "a.docx", engines).failure.code is FailureCode.ENCRYPTED


def test_a_rar_is_read_as_the_zip_that_the_engine_makes_of_it():
    made = word.zipped({"表.docx": render("docx", LIAISON.title, ROWS)})
    reading = read(b"Rar!\x1a\x07\x00", "报送.rar", GivenEngines(converted=Converted(made, "bsdtar")))
    assert reading.kind == "rar"
    assert [values(form) for form in reading.members[0].forms] == [OFFICER]


LONG_DOC = ole.compound({"WordDocument": b"\xec\xa5\xc1\0" + bytes(6_000), "1Table": bytes(5_000)})


@pytest.mark.parametrize("name", ["表.doc", "表.wps", "表.et"])
@pytest.mark.parametrize("rest", [512, 600, 5_000, len(LONG_DOC) - 1])
def test_an_old_file_that_was_cut_off_never_comes_to_libreoffice(name, rest):
    engines = by_office()
    reading = read(LONG_DOC[:rest], name, engines)
    assert (reading.failure.code, engines.asked) == (FailureCode.DAMAGED, [])
    assert read(LONG_DOC[:rest], name, NO_ENGINES).failure.code is FailureCode.DAMAGED


def test_a_works_letter_that_was_cut_off_never_comes_to_libreoffice():
    data = ole.compound({"CONTENTS": bytes(5_000)})
    engines = by_office()
    assert [values(form) for form in read(data, "表.wps", engines).forms] == [OFFICER]
    assert read(data[:-1], "表.wps", engines).failure.code is FailureCode.DAMAGED
    assert engines.asked == ["works"]


def test_a_workbook_that_was_cut_off_is_not_tried_by_libreoffice_either():
    data = ole.compound({"Workbook": b"x" * 9_000, "Other": bytes(5_000)})
    engines = by_office("xlsx")
    assert read(data[:8_000], "表.xls", engines).failure.code is FailureCode.DAMAGED
    assert engines.asked == []
    read(data, "表.xls", engines)  # whole, and nothing that xlrd opens
    assert engines.asked == ["xls"]


@pytest.mark.parametrize("data", [b"{\\rtf1 {x}", b"{\\rtf1 x}{\\rtf1 y}"])
def test_an_rtf_that_does_not_end_where_its_braces_close_never_comes_to_libreoffice(data):
    engines = by_office()
    assert read(data, "表.rtf", engines).failure.code is FailureCode.DAMAGED
    assert engines.asked == []
    assert read(data, "表.rtf", NO_ENGINES).failure.code is FailureCode.DAMAGED


# --- pictures --------------------------------------------------------------------------------------------------------


def test_a_scan_is_believed_where_both_looks_agree():
    reading = read(PNG, "扫描.png", GivenEngines(page=page(*ROWS, title=LIAISON.title, picture="SlBH")))
    assert [values(form) for form in reading.forms] == [OFFICER]
    assert reading.scanned
    assert all(field.problem is None and not field.picture for field in reading.forms[0].fields)
    assert NoteCode.OCR in {note.code for note in reading.notes}


def test_where_the_looks_differ_the_field_is_doubtful_and_shows_its_picture():
    looks = page(*ROWS, title=LIAISON.title, second={"手机": "13805950082"}, picture="SlBH")
    reading = read(PNG, "扫描.png", GivenEngines(page=looks))
    doubtful = {field.key: field for field in reading.forms[0].fields if field.problem is not None and field.raw}
    assert set(doubtful) == {"mobile"}
    assert doubtful["mobile"].problem.code is ProblemCode.UNREADABLE
    assert doubtful["mobile"].problem.detail == "two looks differ: 13805950082"
    assert (doubtful["mobile"].value, doubtful["mobile"].picture) == ("13805950002", "SlBH")


def test_ink_that_gave_no_text_is_no_missing_value():
    looks = page(*(ROWS[:2]), ("手机", "\ufffd"), ROWS[3], title=LIAISON.title)
    (form,) = read(PNG, "扫描.png", GivenEngines(page=looks)).forms
    assert form.field("mobile").problem.code is ProblemCode.UNREADABLE


def test_a_picture_without_a_form_is_told_and_not_passed_over():
    reading = read(PNG, "照片.png", GivenEngines(page=page(title="安全生产月宣传现场")))
    assert reading.failure.code is FailureCode.UNRECOGNIZED
    assert reading.head == ("安全生产月宣传现场",)
    assert reading.missing_engines() == frozenset()


def test_the_photo_pasted_into_a_word_file_is_looked_at():
    photo = packed.png(1_200, 1_600)
    data = word.package(
        word.para(word.picture()),
        parts={"word/media/image1.png": photo},
        links=[("rId9", "image", "media/image1.png")],
    )
    engines = GivenEngines(page=page(*ROWS, title=LIAISON.title))
    reading = read(data, "附件2.docx", engines)
    assert engines.asked == ["look 0"]
    assert [values(form) for form in reading.forms] == [OFFICER]
    assert (reading.kind, reading.scanned) == ("docx", True)


@pytest.mark.parametrize("joint", ["：", "\t", " "])
def test_a_form_read_off_a_page_without_ruled_lines_goes_to_a_person(joint):
    lines = tuple(
        ScannedLine(Box(100, 60 * number, 700, 60 * number + 40), text, text, 0.99)
        for number, text in enumerate((LIAISON.title, *(joint.join(row) for row in ROWS)), start=1)
    )
    unruled = ScannedPage(800, 1_000, 0, (), lines, "test-ocr 1")
    (form,) = read(PNG, "扫描.png", GivenEngines(page=unruled)).forms
    assert values(form) == OFFICER
    assert [problem.code for problem in form.problems] == [ProblemCode.AMBIGUOUS]
