"""Laws of the readers: any bytes give a document or a ReadFailure; nothing that is not seen on the page comes out."""

import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from parsers.archives import members
from parsers.document import DEFAULT_BUDGET, Document, Grid, Paragraph, ReadFailure
from parsers.readers import excel, markup, plain, word
from parsers.sniff import Kind, sniff
from parsers.text import clean, decode, fold, narrow
from tests.builders import word as w
from tests.builders.excel import workbook
from tests.builders.layouts import LAYOUTS
from tests.builders.rendering import CONTAINERS, render

ROWS = [("单位", "洛江演示办公室"), ("姓　名", "林一二"), ("手机", "13900001234"), ("备注", "☑是 ☐否")]


def read(data: bytes) -> Document:
    """Read any bytes by what they are, as `parsers.parse` does."""
    kind = sniff(data)
    if kind in (Kind.DOCX, Kind.DOCM, Kind.DOTX, Kind.FLAT_OPC):
        return word.read(data, DEFAULT_BUDGET)
    if kind in (Kind.XLSX, Kind.XLSM):
        return excel.read(data, DEFAULT_BUDGET)
    if kind is Kind.HTML:
        return markup.read(markup.decode_html(data).text, DEFAULT_BUDGET)
    return plain.read(decode(data).text, DEFAULT_BUDGET)


def check(document: Document) -> None:
    """Whatever was read keeps the contract of `parsers.document`."""
    for block in document.blocks:
        if isinstance(block, Paragraph):
            assert block.text == clean(block.text, limit=len(block.text)).strip() != ""
        else:
            check_grid(block)


def check_grid(grid: Grid) -> None:
    taken: set[tuple[int, int]] = set()
    for cell in grid.cells:
        area = [
            (row, column)
            for row in range(cell.row, cell.row + cell.row_span)
            for column in range(cell.column, cell.column + cell.column_span)
        ]
        assert area
        assert not taken.intersection(area)
        taken.update(area)
        assert cell.text == clean(cell.text, limit=len(cell.text))
        assert all(piece in cell.text for piece in cell.underlined)
        for inner in cell.nested:
            check_grid(inner)
    assert all(0 <= row < grid.rows and 0 <= column < grid.columns for row, column in taken)
    assert list(grid.cells) == sorted(grid.cells, key=lambda cell: (cell.row, cell.column))


def only_read_failures(reader: Callable[[], Document]) -> None:
    try:
        document = reader()
    except ReadFailure:
        return
    check(document)


@cache
def form(container: str, layout: str) -> bytes:
    return render(container, "反馈表", ROWS, layout, above=["附件2"], below=["注：无"])


def spoiled(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Bytes with slices replaced: (where in thousandths, how many bytes, by what)."""
    content = bytearray(data)
    for place, length, new in changes:
        begin = place * len(content) // 1000
        content[begin : begin + length] = new
    return bytes(content)


CHANGES = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=6)
WORDS = st.sampled_from(
    [
        b"<w:tbl>",
        b"</w:tc>",
        b"<w:p>",
        b"</w:p>",
        b"<w:vanish/>",
        b'w:val="-1"',
        b'w:val="99999999999"',
        b"<w:del>",
        b"\0",
        b"&x;",
        b"<w:sdt/>",
        b"<w:fldChar/>",
        b"<w:sym/>",
        b"<c/>",
        b'<c r="A1" t="s"><v>9</v></c>',
        b"<row/>",
        b'r="XFD1"',
        b'r="A0"',
        b"<!--x-->",
        b"<mergeCell ref='A1:C3'/>",
        b"<td rowspan=3>",
        b"</table>",
        b"<table>",
        b"</td>",
        b"\xff\xfe",
        b"<?x y?>",
        b"]]>",
        b"<!DOCTYPE a>",
    ]
)
XML_CHANGES = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 30), st.one_of(WORDS, st.binary(max_size=6))), min_size=1, max_size=5
)


@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=20))
def test_any_bytes_are_sniffed_decoded_and_read_or_refused(data: bytes, name: str, declared: str) -> None:
    assert isinstance(sniff(data, name, declared), Kind)
    assert isinstance(decode(data, declared).text, str)
    readers: tuple[Callable[[], Document], ...] = (
        lambda: word.read(data, DEFAULT_BUDGET),
        lambda: excel.read(data, DEFAULT_BUDGET),
        lambda: word.read(b"PK\x03\x04" + data, DEFAULT_BUDGET),
        lambda: markup.read(markup.decode_html(data, declared).text, DEFAULT_BUDGET),
        lambda: markup.read(markup.decode_mht(data).text, DEFAULT_BUDGET),
        lambda: plain.read_csv(decode(data, declared).text, DEFAULT_BUDGET),
        lambda: read(data),
    )
    for reader in readers:
        only_read_failures(reader)


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (markup.read, plain.read, plain.read_csv):
        only_read_failures(lambda reader=reader: reader(text, DEFAULT_BUDGET))


@settings(max_examples=300)
@given(st.sampled_from(CONTAINERS), st.sampled_from(LAYOUTS), CHANGES)
def test_a_spoiled_file_is_read_or_refused(container: str, layout: str, changes: list[tuple[int, int, bytes]]) -> None:
    only_read_failures(lambda: read(spoiled(form(container, layout), changes)))


@settings(max_examples=400)
@given(st.sampled_from([name for name in CONTAINERS if name not in ("text", "tabs", "csv")]), st.data())
def test_a_file_with_spoiled_parts_is_read_or_refused(container: str, data: st.DataObject) -> None:
    whole = form(container, data.draw(st.sampled_from(LAYOUTS)))
    if not whole.startswith(b"PK"):
        only_read_failures(lambda: read(spoiled(whole, data.draw(XML_CHANGES))))
        return
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(
        st.sampled_from(
            sorted(
                name
                for name in parts
                if name.endswith((".xml", ".rels")) and "docProps" not in name and "theme" not in name
            )
        )
    )
    parts[name] = spoiled(parts[name], data.draw(XML_CHANGES))
    reader = excel if container.startswith("xlsx") else word
    only_read_failures(lambda: reader.read(w.zipped(parts), DEFAULT_BUDGET))


@given(CHANGES)
def test_a_spoiled_archive_is_unpacked_or_refused(changes: list[tuple[int, int, bytes]]) -> None:
    data = w.zipped({"报送/反馈表.docx": b"a" * 100, "b.txt": b"b" * 50})
    try:
        for member in members(spoiled(data, changes)):
            assert not member.name.startswith("/")
            assert ".." not in member.name.split("/")
    except ReadFailure:
        pass


SEEN = ["run", "inserted", "moved_to", "control", "smart_tag", "field", "italic"]
UNSEEN = ["deleted", "moved_from", "hidden", "struck", "placeholder", "instruction", "fallback"]
WORD = st.text(st.sampled_from("林一二男女0139-@. "), min_size=1, max_size=6)


def made(kind: str, text: str) -> str:
    return {
        "run": lambda: w.run(text),
        "italic": lambda: w.run(text, '<w:i/><w:vanish w:val="0"/><w:strike w:val="false"/>'),
        "inserted": lambda: w.inserted(w.run(text)),
        "moved_to": lambda: w.moved_to(text),
        "control": lambda: w.control(w.run(text)),
        "smart_tag": lambda: w.smart_tag(w.run(text)),
        "field": lambda: w.field(" MERGEFIELD x ", text),
        "deleted": lambda: w.deleted(text),
        "moved_from": lambda: w.moved_from(text),
        "hidden": lambda: w.run(text, w.HIDDEN),
        "struck": lambda: w.run(text, w.STRUCK),
        "placeholder": lambda: w.control(w.run(text), properties=w.HINT),
        "instruction": lambda: w.field(text),
        "fallback": lambda: (
            f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing/></mc:Choice><mc:Fallback><w:t>{text}</w:t></mc:Fallback></mc:AlternateContent></w:r>'
        ),
    }[kind]()


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(SEEN + UNSEEN), WORD), max_size=10))
def test_only_what_is_seen_comes_out_of_a_word_file(pieces: list[tuple[str, str]]) -> None:
    runs = [made(kind, text) for kind, text in pieces]
    expected = clean("".join(text for kind, text in pieces if kind in SEEN)).strip()
    document = word.read(
        w.package(w.table(w.row(w.cell(w.para(*runs)), "·")), w.para(*runs, w.run("|"))), DEFAULT_BUDGET
    )
    (grid,) = document.grids()
    assert grid.cells[0].text == expected
    assert list(document.lines()) == [clean("".join(text for kind, text in pieces if kind in SEEN) + "|").strip()]


@given(st.lists(st.tuples(st.sampled_from(["span", "b", "s", "del", "none", "hidden", "comment"]), WORD), max_size=10))
def test_only_what_is_seen_comes_out_of_a_page(pieces: list[tuple[str, str]]) -> None:
    written = {
        "none": '<span style="display:none">{}</span>',
        "hidden": "<i hidden>{}</i>",
        "comment": "<!--{}-->",
    }
    page = "".join(written.get(kind, f"<{kind}>{{}}</{kind}>").format(text) for kind, text in pieces)
    expected = "".join("".join(text for kind, text in pieces if kind in ("span", "b")).split())
    (line,) = markup.read(f"<p>{page}|</p>", DEFAULT_BUDGET).lines()
    assert "".join(line.split()) == expected + "|"


CELL = st.tuples(st.integers(1, 4), st.sampled_from([None, None, "restart", "continue"]))


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(CELL, max_size=6)), max_size=8))
def test_areas_of_a_word_table_never_overlap(rows: list[tuple[int, list[tuple[int, str | None]]]]) -> None:
    body = "".join(
        w.row(
            *(w.cell("x", span=span, merge=merge) for span, merge in cells),
            properties=f'<w:gridBefore w:val="{before}"/>',
        )
        for before, cells in rows
    )
    only_read_failures(lambda: word.read(w.package(w.para("x"), w.table(body)), DEFAULT_BUDGET))


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=6), max_size=8))
def test_areas_of_an_html_table_never_overlap(rows: list[list[tuple[int, int]]]) -> None:
    body = "".join(
        "<tr>" + "".join(f"<td rowspan={down} colspan={across}>x" for down, across in cells) for cells in rows
    )
    only_read_failures(lambda: markup.read(f"<p>x<table>{body}</table>", DEFAULT_BUDGET))


POSITION = st.tuples(st.integers(1, 8), st.integers(1, 6))


@settings(max_examples=60)
@given(
    st.sets(POSITION, min_size=1, max_size=12),
    st.lists(st.tuples(POSITION, POSITION), max_size=3),
    st.sets(st.integers(1, 8), max_size=2),
)
def test_what_is_hidden_in_a_sheet_never_comes_out(
    filled: set[tuple[int, int]], merges: list[tuple[tuple[int, int], tuple[int, int]]], hidden: set[int]
) -> None:
    def fill(sheet: Worksheet) -> None:
        for row, column in filled:
            sheet.cell(row, column, f"{row}/{column}")
        for row in hidden:
            sheet.row_dimensions[row].hidden = True
        for (top, left), (bottom, right) in merges:
            sheet.merged_cells.add(
                f"{sheet.cell(min(top, bottom), min(left, right)).coordinate}:{sheet.cell(max(top, bottom), max(left, right)).coordinate}"
            )

    try:
        document = excel.read(workbook(fill), DEFAULT_BUDGET)
    except ReadFailure:
        assert not merges
        return
    check(document)
    shown = {cell.text for grid in document.grids() for cell in grid.cells if cell.text}
    assert shown <= {f"{row}/{column}" for row, column in filled}
    if not merges:
        assert shown == {f"{row}/{column}" for row, column in filled if row not in hidden}


@settings(max_examples=60)
@given(
    st.sampled_from(CONTAINERS),
    st.sampled_from(LAYOUTS),
    st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Cn", "Co", "Z"]), min_size=1, max_size=8
        ),
        min_size=1,
        max_size=4,
        unique=True,
    ),
)
def test_every_value_written_is_read_in_every_container(container: str, layout: str, values: list[str]) -> None:
    rows = [(f"栏{number}", f"甲{value}乙") for number, value in enumerate(values)]
    data = render(container, "表", rows, layout)
    document = plain.read_csv(data.decode(), DEFAULT_BUDGET) if container == "csv" else read(data)
    check(document)
    text = "\n".join([*document.lines(), *(cell.text for grid in document.grids() for cell in grid.cells)])
    for _, value in rows:
        assert clean(value) in text


@given(st.text(max_size=200))
def test_cleaning_folding_and_narrowing_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert fold(fold(text)) == fold(text)
    assert narrow(narrow(text)) == narrow(text)
    assert len(narrow(text)) == len(text)


@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1),
    st.sampled_from(["gbk", "gb2312", "gb18030", "utf-8"]),
)
def test_text_under_its_own_label_is_read_back(text: str, label: str) -> None:
    data = text.encode("utf-8" if label == "utf-8" else "gb18030")
    decoded = decode(data, label)
    assert decoded.text == text or not decoded.certain
