"""A page is read in two looks; what cannot be read is told in both. With the real models."""

import random
from dataclasses import replace

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("rapidocr")
pytest.importorskip("onnxruntime")

from PIL import Image, ImageDraw  # noqa: E402

from parsers.codec import from_json  # noqa: E402
from parsers.document import Document, FailureCode  # noqa: E402
from parsers.engines import ScannedPage  # noqa: E402
from parsers.extract import extract  # noqa: E402
from parsers.isolate import Answered, Limits, Worker  # noqa: E402
from parsers.ocr.engine import UNREADABLE, Engine, Recognized  # noqa: E402
from parsers.ocr.lines import Piece, text_of  # noqa: E402
from parsers.ocr.looks import _Page, _torn, look  # noqa: E402
from parsers.ocr.ruling import RuledTable  # noqa: E402
from parsers.readers.ruled import arrange  # noqa: E402
from parsers.readers.scanned import blocks  # noqa: E402
from tests.builders.forms import AREA_CODE, FORMS  # noqa: E402
from tests.builders.scans import MANNERS, drawn, needs_fonts, saved, sealed  # noqa: E402

pytestmark = [needs_fonts, pytest.mark.long]

VALUES = {
    "姓名": "王文斌",
    "性别": "男",
    "职务": "安监站站长",
    "手机": "13900591234",
    "单位名称": "青石镇人民政府",
    "通信地址": "青石镇中山路12号",
}
TABLE = [list(pair) for pair in VALUES.items()]
TITLE = "“安全生产月”活动联络员反馈表"


@pytest.fixture(scope="module")
def engine():
    return Engine()


@pytest.fixture
def seen(engine):
    def see(picture) -> ScannedPage:
        if isinstance(picture, bytes):
            import io  # noqa: PLC0415

            picture = Image.open(io.BytesIO(picture)).convert("RGB")
        return look(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]), engine)

    return see


def texts(page, which="text"):
    """The texts of the only table by row and column."""
    (table,) = page.tables
    return {(cell.row, cell.column): getattr(cell, which) for cell in table.cells}


def whole():
    return {(row, column): text for row, pair in enumerate(TABLE) for column, text in enumerate(pair)}


def test_a_clean_page_is_read_the_same_in_both_looks(seen):
    page = seen(drawn(TABLE, above=(TITLE,), below=("填表说明：请如实填写",)))
    assert texts(page) == texts(page, "second") == whole()
    assert [line.text for line in page.lines] == [TITLE, "填表说明：请如实填写"]
    assert [line.second for line in page.lines] == [line.text for line in page.lines]
    assert page.turned == 0
    assert page.by.startswith("rapidocr ")


@pytest.mark.parametrize(
    ("manner", "turned"),
    [
        pytest.param("right", 270, marks=pytest.mark.long),
        pytest.param("upside_down", 180, marks=pytest.mark.long),
        pytest.param("left", 90, marks=pytest.mark.long),
    ],
)
def test_a_page_that_lies_any_way_is_turned_upright(seen, manner, turned):
    page = seen(MANNERS[manner](drawn(TABLE), random.Random(1)))
    assert page.turned == turned
    assert texts(page) == whole()


@pytest.mark.parametrize(
    "manner", ["photo", *(pytest.param(one, marks=pytest.mark.long) for one in ("scan", "fax", "low"))]
)
def test_no_manner_of_copying_makes_both_looks_agree_on_something_else(seen, manner):
    page = seen(MANNERS[manner](drawn(TABLE, above=(TITLE,)), random.Random(2)))
    forms = [extract(Document(half, "x"), FORMS, area_code=AREA_CODE).forms for half in blocks(page, 1)]
    first, second = ({field.label: field.value for field in form.fields} for (form,) in forms)
    agreed = {label: value for label, value in first.items() if value is not None and second.get(label) == value}
    assert {label: VALUES[label] for label in agreed} == agreed
    assert len(agreed) >= 5


@pytest.mark.long
def test_a_seal_hides_no_text_and_adds_none(seen):
    page = seen(sealed(drawn(TABLE), random.Random(5)))
    first, second = texts(page), texts(page, "second")
    agreed = {place: text for place, text in first.items() if second[place] == text}
    assert {place: whole()[place] for place in agreed} == agreed
    assert len(agreed) >= 10


@pytest.mark.long
def test_marks_that_may_have_gone_with_a_gray_seal_make_their_cell_doubtful(seen):
    program = "小品，《平安》，4人"
    page = seen(sealed(drawn([["节目", program]] * 4), random.Random(3)).convert("L").convert("RGB"))
    values = [cell.text for cell in page.tables[0].cells if cell.column == 1]
    assert any(UNREADABLE in text for text in values)
    assert all(UNREADABLE in text or text == program for text in values)
    assert [cell.text for cell in page.tables[0].cells if cell.column == 0] == ["节目"] * 4


@pytest.mark.long
def test_an_empty_cell_is_empty_with_full_confidence_and_without_a_picture(seen):
    page = seen(drawn([["姓名", ""], ["手机", "13900591234"]]))
    cell = next(cell for cell in page.tables[0].cells if (cell.row, cell.column) == (0, 1))
    assert (cell.text, cell.second, cell.score, cell.picture) == ("", "", 1.0, "")
    assert all(other.picture for other in page.tables[0].cells if other is not cell)
    assert all(len(other.picture) <= 6_000 for other in page.tables[0].cells)


@pytest.mark.long
def test_a_scribble_is_told_in_both_looks(seen):
    page = drawn([["姓名", ""], ["手机", "13900591234"]])
    pen = ImageDraw.Draw(page)
    draw = random.Random(4)
    points = [(880 + 12 * step, 235 + draw.randrange(-24, 24)) for step in range(16)]
    pen.line(points, (20, 20, 120), 4, joint="curve")
    found = seen(page)
    assert UNREADABLE in texts(found)[0, 1] or UNREADABLE in texts(found, "second")[0, 1]


@pytest.mark.long
def test_struck_out_text_is_no_value_in_either_look(seen):
    page = drawn([["姓名", "王文斌"], ["手机", "13900591234"]])
    ImageDraw.Draw(page).line((845, 237, 960, 237), (0, 0, 0), 4)
    found = seen(page)
    assert "王文斌" not in texts(found)[0, 1]
    assert "王文斌" not in texts(found, "second")[0, 1]
    assert texts(found)[1, 1] == "13900591234"


@pytest.mark.long
def test_an_underlined_text_is_read(seen):
    page = drawn([["姓名", "王文斌"], ["手机", "13900591234"]])
    ImageDraw.Draw(page).line((845, 262, 960, 262), (0, 0, 0), 2)
    assert texts(seen(page))[0, 1] == "王文斌"


@pytest.mark.parametrize(("edge", "torn"), [(300, [0, 1]), (311, [0, 1]), (430, [])])
def test_cells_with_ink_on_both_sides_of_the_line_between_them_are_torn(edge, torn):
    """The line at 300 goes through a character, at 311 between two of them, at 430 where nothing is written."""
    ink = np.zeros((200, 800), np.uint8)
    for left in range(100, 400, 35):
        ink[60:90, left : left + 4] = ink[60:64, left : left + 30] = ink[74:78, left : left + 30] = 255
    cells = ((80.0, 40.0, edge - 3.0, 110.0), (edge + 3.0, 40.0, 700.0, 110.0))
    table = RuledTable((80.0, 40.0, 700.0, 110.0), cells, arrange(cells, 10))
    blank = np.full(ink.shape, 255, np.uint8)
    assert sorted(set(_torn(table, _Page(blank, blank, ink, blank, ink, 30.0)))) == torn


@pytest.mark.parametrize(
    ("upper", "lower", "text"),
    [
        ("青石镇人民政府办", "公室", "青石镇人民政府办公室"),  # no room for another character
        ("0595-", "27391234", "0595-27391234"),
        ("安全员", "副镇长", "安全员\n副镇长"),
    ],
)
def test_lines_that_only_the_width_of_the_cell_ended_go_on(upper, lower, text):
    pieces = [
        Piece((20, 10 + 40 * row, 20 + 34 * len(line), 44 + 40 * row), (0, 0), Recognized(line, 0.9))
        for row, line in enumerate((upper, lower))
    ]
    assert text_of(pieces, (0, 0, 310, 100), 34) == text


@pytest.mark.long
def test_a_typed_page_without_a_table_is_lines_in_reading_order(seen):
    lines = ("单位：青石镇人民政府", "姓名：王文斌", "手机：13900591234")
    page = seen(drawn([], above=lines))
    assert page.tables == ()
    assert tuple(line.text.replace(":", "：") for line in page.lines) == lines


@pytest.mark.long
def test_a_slash_alone_is_read_by_its_shape_in_both_looks(seen):
    page = seen(drawn([["传真", "/"], ["手机", "13900591234"]]))
    assert (texts(page)[0, 1], texts(page, "second")[0, 1]) == ("/", "/")


@pytest.mark.long
def test_two_columns_of_a_page_without_lines_are_kept_apart(seen):
    page = seen(drawn([["姓名：王文斌", "手机：13900591234"]], ruled=False))
    (line,) = page.lines
    assert line.text.split("\t") == ["姓名：王文斌", "手机：13900591234"]


@pytest.mark.long
def test_a_white_page_holds_nothing(seen):
    page = seen(Image.new("RGB", (1200, 900), (255, 255, 255)))
    assert (page.tables, page.lines) == ((), ())


@pytest.mark.long
def test_the_same_picture_gives_the_same_page(seen):
    data = MANNERS["scan"](drawn(TABLE), random.Random(9))
    assert seen(data) == seen(data)


@pytest.fixture(scope="module")
def worker():
    limits = replace(Limits(), memory_bytes=3 * 2**30, cpu_s=120, resident_bytes=2 * 2**30, start_s=60)
    with Worker(handlers="parsers.ocr.handlers", limits=limits) as one:
        yield one


def test_the_locked_worker_reads_a_page_offline_and_writes_nothing(worker):
    data = saved(drawn(TABLE), "PNG")
    answer = worker.call("look", {"frame": 0}, data, timeout_s=60)
    assert isinstance(answer, Answered)
    page = from_json(ScannedPage, answer.json["page"])
    assert texts(page) == whole()
    assert page.frames == 1
    layers = {layer.name: layer.active for layer in worker.report().layers}
    assert layers["rlimits"]
    assert layers["no_new_privs"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no picture", FailureCode.DAMAGED),
        (saved(Image.new("1", (9_000, 9_000)), "PNG"), FailureCode.TOO_LARGE),
    ],
)
def test_the_worker_answers_what_it_does_not_read_with_a_failure_and_goes_on(worker, data, code):
    answer = worker.call("look", {}, data, timeout_s=60)
    assert isinstance(answer, Answered)
    assert answer.json["failure"]["code"] == code
    assert isinstance(worker.call("look", {}, saved(drawn(TABLE[:2]), "PNG"), timeout_s=60), Answered)
