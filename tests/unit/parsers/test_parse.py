"""From bytes to a reading: every kind goes its way, every failure has its name."""

import zipfile
from io import BytesIO

import openpyxl
import pytest

from parsers import containers, dispatch
from parsers.document import DEFAULT_BUDGET, Budget, FailureCode, NoteCode, ReadFailure
from parsers.engines import NO_ENGINES
from parsers.forms import DocumentReading, Doubt, Problem, ProblemCode
from parsers.parse import parse_document, parse_html, parse_text
from tests.builders import ole, word
from tests.builders.forms import AREA_CODE, FORMS, LIAISON
from tests.builders.reading import values
from tests.builders.rendering import render

OFFICER = {"name": "王晓云", "position": "科员", "mobile": "13805950002", "unit": "青石镇人民政府"}
ROWS = (("姓名", "王晓云"), ("职务", "科员"), ("手机", "13805950002"), ("单位名称", "青石镇人民政府"))


def read(data, name="附件2.docx", **rest) -> DocumentReading:
    return parse_document(data, name=name, declared_type="", forms=FORMS, area_code=AREA_CODE, **rest)


def docx() -> bytes:
    return render("docx", LIAISON.title, ROWS)


def zipped(*members) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_word_file_becomes_a_reading_with_all_that_is_known_of_it():
    reading = read(docx())
    assert (reading.name, reading.kind, reading.failure) == ("附件2.docx", "docx", None)
    assert reading.reader.startswith("word/")
    assert [values(form) for form in reading.forms] == [OFFICER]
    assert reading.characters > 20


@pytest.mark.parametrize(
    "container", ["docx", "docm", "dotx", "docx_strict", "flat_opc", "xlsx", "html", "text", "tabs", "csv"]
)
@pytest.mark.parametrize("name", ["表.doc", "无名", "表.xls"])
def test_the_content_decides_and_not_the_name(container, name):
    if container == "csv":
        name = "表.csv"
    reading = read(render(container, LIAISON.title, ROWS), name)
    assert [values(form) for form in reading.forms] == [OFFICER]


def test_an_archive_gives_a_reading_a_member():
    reading = read(
        zipped(("报送/反馈表.docx", docx()), ("说明.txt", "请查收".encode()), ("坏.docx", b"PK\x03\x04bad")), "报送.zip"
    )
    assert (reading.kind, reading.forms, reading.failure) == ("zip", (), None)
    first, second, third = reading.members
    assert (first.name, values(first.forms[0])) == ("报送.zip/报送/反馈表.docx", OFFICER)
    assert second.failure is None
    assert third.failure is not None
    assert third.failure.code is FailureCode.DAMAGED


def test_an_archive_in_an_archive_is_opened_within_bounds():
    data = docx()
    for depth in range(5):
        data = zipped((f"{depth}.zip" if depth else "表.docx", data))
    reading = read(data, "x.zip")
    while reading.members:
        reading = reading.members[0]
    assert reading.failure is not None
    assert reading.failure.code is FailureCode.TOO_LARGE


def test_an_empty_archive_is_empty():
    assert read(zipped(), "x.zip").failure.code is FailureCode.EMPTY


@pytest.mark.parametrize(
    ("data", "name", "code", "kind"),
    [
        (b"", "a.docx", FailureCode.EMPTY, "empty"),
        (b"\0" * 500, "a.docx", FailureCode.EMPTY, "empty"),
        (ole.compound({"EncryptedPackage": b"x" * 100}), "a.docx", FailureCode.ENCRYPTED, "encrypted_ooxml"),
        (ole.compound({"WordDocument": b"\xec\xa5" + b"\0" * 600}), "a.doc", FailureCode.NEEDS_ENGINE, "doc"),
        (b"%PDF-1.7\n", "a.pdf", FailureCode.DAMAGED, "pdf"),
        (b"{\\rtf1 x}", "a.doc", FailureCode.NEEDS_ENGINE, "rtf"),
        (b"Rar!\x1a\x07\x00", "a.rar", FailureCode.NEEDS_ENGINE, "rar"),
        (b"\x89PNG\r\n\x1a\n", "a.png", FailureCode.NEEDS_ENGINE, "png"),
        (b"MZ\x90\0", "a.exe", FailureCode.UNSUPPORTED, "program"),
        (b"PK\x03\x04" + b"word/document.xml" + b"\0" * 99, "a.docx", FailureCode.DAMAGED, "docx"),
    ],
)
def test_each_failure_has_its_name_and_keeps_the_kind(data, name, code, kind):
    reading = read(data, name)
    assert reading.failure is not None
    assert (reading.failure.code, reading.kind) == (code, kind)


def test_every_kind_that_sniff_knows_is_read_or_named():
    from parsers.sniff import Kind  # noqa: PLC0415

    for kind in Kind:
        if kind in dispatch._READERS or containers.holds_others(kind):
            continue
        with pytest.raises(ReadFailure) as refused:
            dispatch.open_document(b"x", kind, DEFAULT_BUDGET, NO_ENGINES)
        assert refused.value.failure.detail == kind.value


def test_a_file_over_the_budget_is_not_opened():
    reading = read(docx(), budget=Budget(attachment_bytes=100))
    assert reading.failure.code is FailureCode.TOO_LARGE


@pytest.mark.parametrize("error", [RecursionError(), MemoryError(), ValueError("secret 13805950002"), KeyError("x")])
def test_whatever_a_reader_raises_is_named_without_its_words(monkeypatch, error):
    def broken(*_given):
        raise error

    monkeypatch.setitem(dispatch._READERS, dispatch.Kind.DOCX, broken)
    reading = read(docx())
    assert reading.failure.code is FailureCode.CRASHED
    assert reading.failure.detail.startswith(type(error).__name__)
    assert "1380" not in reading.failure.detail


def test_a_text_in_gbk_is_decoded_and_a_doubtful_one_noted():
    text = "\n".join(f"{label}：{value}" for label, value in ROWS)
    assert values(read(text.encode("gb18030"), "表.txt").forms[0]) == OFFICER
    damaged = read(text.encode("gb18030") + b"\xff\xff", "表.txt")
    assert NoteCode.UNCERTAIN_ENCODING in {note.code for note in damaged.notes}


def test_the_text_and_the_page_of_a_mail_give_the_same():
    text = "\n".join(f"{label}：{value}" for label, value in ROWS)
    page = "<table>" + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in ROWS) + "</table>"
    plain = parse_text(text, forms=FORMS, area_code=AREA_CODE)
    rich = parse_html(page, forms=FORMS, area_code=AREA_CODE)
    assert (plain.kind, rich.kind) == ("text", "html")
    assert values(plain.forms[0]) == values(rich.forms[0]) == OFFICER


def test_a_mail_without_text_is_an_empty_reading():
    assert parse_text(" \n", forms=FORMS).failure.code is FailureCode.EMPTY
    assert parse_html("<p></p>", forms=FORMS).failure.code is FailureCode.EMPTY


def test_head_tail_and_length_of_a_free_document():
    lines = [
        "青石镇“安全生产月”活动总结",
        *(f"第{number}段。" + "活动" * 200 for number in range(60)),
        "青石镇人民政府",
        "2025年6月20日",
    ]
    reading = read("\n".join(lines).encode(), "总结.txt")
    assert reading.forms == ()
    assert (reading.head[0], reading.tail[-1]) == (lines[0], lines[-1])
    assert (len(reading.head), len(reading.tail)) == (40, 20)
    assert max(map(len, reading.head)) == 200
    assert reading.characters == sum(len([c for c in line if c >= "\u4e00"]) for line in lines) + 60 + 3


def test_words_of_other_scripts_count_as_one():
    assert read("安全 safety month 2025".encode(), "a.txt").characters == 5


def test_a_form_of_which_nothing_was_read_is_shown():
    data = word.package(word.para(word.run(LIAISON.title)), word.para(word.run("王晓云 科员 青石镇")))
    (form,) = read(data).forms
    assert form.problems[0].code is ProblemCode.AMBIGUOUS
    assert [left.text for left in form.leftovers] == ["王晓云 科员 青石镇"]


def test_a_picture_under_our_heading_is_shown_too():
    data = word.package(word.para(word.run(LIAISON.title)), word.para(word.picture()))
    reading = read(data)
    assert reading.pictures
    assert reading.forms[0].problems[0].code is ProblemCode.AMBIGUOUS


def test_a_form_in_a_document_that_was_read_in_part_goes_to_a_person():
    rows = [("姓名", "王晓云"), ("职务", "科员"), ("手机", "13805950002"), ("单位名称", "青石镇人民政府")]
    data = render("docx", LIAISON.title, rows)
    whole, part = (
        parse_document(data, name="a.docx", declared_type="", forms=FORMS, budget=budget)
        for budget in (DEFAULT_BUDGET, Budget(rows=3))
    )
    assert NoteCode.CLIPPED in {note.code for note in part.notes}
    assert [[problem.code for problem in reading.forms[0].problems] for reading in (whole, part)] == [
        [],
        [ProblemCode.AMBIGUOUS],
    ]


def workbook(*sheets) -> bytes:
    """Rows of each sheet; openpyxl stores a formula without its result."""
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.worksheets[0] if number == 0 else book.create_sheet(f"表!{number}")
        for row in rows:
            sheet.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_formula_without_a_result_in_a_table_makes_its_forms_doubtful():
    calculated = [(LIAISON.title,), *ROWS]
    data = workbook(calculated, [*calculated, ("传真", "=0595-27391102"), ("办公电话", "=A1")], [("合计", "=B2+B3")])
    first, second = read(data, "附件2.xlsx").forms
    assert (values(first), first.problems) == (OFFICER, ())
    assert values(second) == OFFICER
    told = Problem(ProblemCode.AMBIGUOUS, given="B6\u3001B7", detail=Doubt.UNCALCULATED)
    assert second.problems == (told,)


def test_a_blank_form_with_formulas_stays_blank():
    (form,) = read(workbook([(LIAISON.title,), *((label, "=Z1") for label, _ in ROWS)]), "附件2.xlsx").forms
    assert (form.blank, form.problems) == (True, ())


def test_a_covering_letter_that_names_the_form_is_not():
    data = word.package(word.para(word.run("现将联络员反馈表报送你办，请查收。")), word.para(word.run("青石镇")))
    assert read(data).forms == ()


def test_the_default_budget_reads_a_large_table_in_time():
    people = [tuple((label, value) for label, value in ROWS) for _ in range(1_500)]
    reading = read(render("csv", LIAISON.title, ROWS, "below", more=people), "表.csv", budget=DEFAULT_BUDGET)
    assert len(reading.forms) == 1_501
