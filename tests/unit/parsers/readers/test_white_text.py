"""White text on white paper is no value; white text on anything else is (Word packages)."""

import pytest

from parsers.document import DEFAULT_BUDGET, Document, NoteCode
from parsers.readers import word
from tests.builders import word as w
from tests.builders.libreoffice import converted, needs_libreoffice
from tests.builders.word import cell, para, row, run, table
from tests.unit.parsers.readers.seeing import codes

WHITE = '<w:color w:val="FFFFFF"/>'
BLACK = '<w:color w:val="000000"/>'
THEMED = '<w:color w:val="FFFFFF" w:themeColor="background1"/>'
BLUE = '<w:shd w:val="clear" w:color="auto" w:fill="1F3864"/>'
PAPER = '<w:shd w:val="clear" w:color="auto" w:fill="FFFFFF"/>'
CLEAR = '<w:shd w:val="clear" w:color="auto" w:fill="auto"/>'
SECRET = "13900000001"


def read(*blocks: str, styles: str = "", background: str = "", **parts: str) -> Document:
    xml = w.document(*blocks).replace("<w:body>", f"{background}<w:body>")
    links = [("rIdS", "styles", "styles.xml"), *((name, "header", f"{name}.xml") for name in parts)]
    found = {"word/styles.xml": f"<w:styles {w.DECLARED}>{styles}</w:styles>"}
    found |= {f"word/{name}.xml": f"<w:hdr {w.DECLARED}>{content}</w:hdr>" for name, content in parts.items()}
    if parts:
        references = "".join(f'<w:headerReference w:type="default" r:id="{name}"/>' for name in parts)
        xml = xml.replace("<w:sectPr/>", f"<w:sectPr>{references}</w:sectPr>")
    return word.read(w.package(xml=xml, links=links, parts=found), DEFAULT_BUDGET)


def is_read(document: Document) -> bool:
    """Whether the white value was read; the note must agree."""
    seen = SECRET in str(document.blocks)
    assert seen is (NoteCode.HIDDEN_TEXT not in codes(document))
    return seen


def secret(look: str = WHITE, paragraph: str = "") -> str:
    return para(run("电话", BLACK), run(SECRET, look), properties=paragraph)


def style(name: str, content: str, kind: str = "paragraph", attributes: str = "") -> str:
    return f'<w:style w:type="{kind}" w:styleId="{name}" {attributes}>{content}</w:style>'


@pytest.mark.parametrize(
    "look",
    [
        WHITE,
        THEMED,
        '<w:color w:val="F2F2F2" w:themeColor="background1" w:themeShade="F2"/>',
        '<w:color w:val="fefefe"/>',
        '<w:color w:themeColor="background1"/>',
        WHITE + PAPER,
        WHITE + CLEAR,
        WHITE + '<w:highlight w:val="none"/>',
        WHITE + '<w:highlight w:val="white"/>',
        WHITE + '<w:shadow w:val="0"/>',
        THEMED
        + '<w14:textFill><w14:solidFill><w14:schemeClr w14:val="bg1"/></w14:solidFill></w14:textFill>'
        + "<w14:textOutline><w14:noFill/></w14:textOutline>",
    ],
)
def test_white_text_on_white_paper_is_hidden(look: str) -> None:
    document = read(secret(look))
    assert not is_read(document)
    assert "电话" in str(document.blocks)


@pytest.mark.parametrize(
    "look",
    [
        '<w:color w:val="D9D9D9"/>',
        '<w:color w:val="FFFF00"/>',
        '<w:color w:val="auto"/>',
        '<w:color w:val="FFFFFF" w:themeColor="accent1"/>',
        '<w:color w:val="BFBFBF" w:themeColor="background1" w:themeShade="BF"/>',
        '<w:color w:themeColor="background1" w:themeShade="80"/>',
        WHITE + BLUE,
        WHITE + '<w:shd w:val="pct10" w:color="auto" w:fill="FFFFFF"/>',
        WHITE + '<w:shd w:val="clear" w:fill="FFFFFF" w:themeFill="accent1"/>',
        WHITE + '<w:highlight w:val="black"/>',
        WHITE + "<w:outline/>",
        WHITE + "<w:shadow/>",
        WHITE + '<w14:textFill><w14:solidFill><w14:srgbClr w14:val="000000"/></w14:solidFill></w14:textFill>',
        WHITE + "<w14:textFill><w14:gradFill/></w14:textFill>",
        WHITE + '<w14:textOutline><w14:solidFill><w14:srgbClr w14:val="000000"/></w14:solidFill></w14:textOutline>',
    ],
)
def test_text_that_may_be_seen_is_read(look: str) -> None:
    assert is_read(read(secret(look)))


@pytest.mark.parametrize(
    "block",
    [
        secret(paragraph=BLUE),
        table(row(cell(secret(), properties=BLUE))),
        table(row(cell(table(row(cell(secret()))), "备注", properties=BLUE))),
        table(row(cell(secret()))).replace("<w:tblPr/>", f"<w:tblPr>{BLUE}</w:tblPr>"),
        table(row(cell(secret()))).replace("<w:trPr>", f"<w:tblPrEx>{BLUE}</w:tblPrEx><w:trPr>"),
        para(w.text_box(secret())),
        para("<w:r><w:drawing><wp:anchor behindDoc='1'/></w:drawing></w:r>") + secret(),
        para("<w:r><w:pict><v:rect style='position:absolute; z-index: -251'/></w:pict></w:r>") + secret(),
    ],
)
def test_white_text_on_something_else_is_read(block: str) -> None:
    assert is_read(read(block))


@pytest.mark.parametrize(
    "block",
    [
        table(row(cell(secret()))),
        table(row(cell(secret(), properties=CLEAR))),
        table(row(cell("负责人", properties=BLUE), cell(secret()))),
        table(row(cell(secret(), properties=PAPER))).replace("<w:tblPr/>", f"<w:tblPr>{BLUE}</w:tblPr>"),
        table(row(cell(table(row(cell(secret(), properties=PAPER))), "备注", properties=BLUE))),
        para("<w:r><w:drawing><wp:anchor behindDoc='0'/></w:drawing></w:r>") + secret(),
    ],
)
def test_white_text_in_a_white_place_is_hidden(block: str) -> None:
    assert not is_read(read(block))


def test_a_page_color_and_a_drawing_of_the_page_header_lie_behind_the_text() -> None:
    assert is_read(read(secret(), background='<w:background w:color="1F3864"/>'))
    anchored = para("<w:r><w:drawing><wp:anchor behindDoc='0'/></w:drawing></w:r>")
    assert is_read(read(secret(), header1=anchored))
    assert not is_read(read(secret(), header1=para("附件2")))


def test_white_text_of_a_page_header_is_hidden() -> None:
    assert not is_read(read(para("正文"), header1=secret()))
    styled = table(row(cell(secret()))).replace("<w:tblPr/>", '<w:tblPr><w:tblStyle w:val="Grid"/></w:tblPr>')
    assert is_read(read(para("正文"), header1=styled))


def test_styles_make_text_white_and_black_again() -> None:
    white = style("White", f"<w:rPr>{WHITE}</w:rPr>") + style("Letters", f"<w:rPr>{WHITE}</w:rPr>", "character")
    black = style("Black", f"<w:rPr>{BLACK}</w:rPr>", "character")
    named = '<w:pStyle w:val="White"/>'
    assert not is_read(read(secret("", named), styles=white))
    assert not is_read(read(secret('<w:rStyle w:val="Letters"/>'), styles=white))
    assert is_read(read(secret(BLACK, named), styles=white))
    assert is_read(read(secret('<w:rStyle w:val="Black"/>', named), styles=white + black))


@pytest.mark.parametrize(
    ("look", "paragraph", "styles"),
    [
        (WHITE + '<w:rStyle w:val="Dark"/>', "", style("Dark", f"<w:rPr>{BLUE}</w:rPr>", "character")),
        (WHITE, '<w:pStyle w:val="Dark"/>', style("Dark", f"<w:pPr>{BLUE}</w:pPr>")),
        (WHITE, "", style("Normal", f"<w:pPr>{BLUE}</w:pPr>", attributes='w:default="1"')),
        (WHITE, "", f"<w:docDefaults><w:pPrDefault><w:pPr>{BLUE}</w:pPr></w:pPrDefault></w:docDefaults>"),
    ],
)
def test_styles_shade_what_lies_behind_the_text(look: str, paragraph: str, styles: str) -> None:
    assert is_read(read(secret(look, paragraph), styles=styles))


def test_a_table_style_that_shades_any_cell_leaves_white_text_to_be_read() -> None:
    inside = f'<w:tblStylePr w:type="firstRow"><w:tcPr>{BLUE}</w:tcPr></w:tblStylePr>'
    shaded = style("Dark", inside, "table") + style("Child", '<w:basedOn w:val="Dark"/>', "table")
    plain = style("Plain", f"<w:tcPr>{CLEAR}</w:tcPr>", "table")

    def styled(name: str, properties: str = "") -> Document:
        one = table(row(cell(secret(), properties=properties)))
        return read(
            one.replace("<w:tblPr/>", f'<w:tblPr><w:tblStyle w:val="{name}"/></w:tblPr>'), styles=shaded + plain
        )

    assert is_read(styled("Dark"))
    assert is_read(styled("Child"))
    assert not is_read(styled("Plain"))
    assert not is_read(styled("Dark", PAPER))  # this cell says itself that it is white


def test_a_white_sign_is_hidden_and_a_white_blank_stays() -> None:
    ticked = f'<w:r><w:rPr>{WHITE}</w:rPr><w:sym w:font="Wingdings 2" w:char="F052"/></w:r>'
    assert str(read(para(ticked, run("是"))).blocks).count("\u2611") == 0
    assert "林 一二" in str(read(para(run("林"), run(" ", WHITE), run("一二"))).blocks)


def test_a_word_file_in_one_xml_file_is_read_the_same_way() -> None:
    assert not is_read(word.read(w.flat_opc(secret()), DEFAULT_BUDGET))
    assert is_read(word.read(w.flat_opc(secret(WHITE + BLUE)), DEFAULT_BUDGET))


# --- real producers ----------------------------------------------------------------------------------------------------

FILES = {  # without a paragraph behind it LibreOffice 7.4 drops a table from a .doc, and its shading
    "white.docx": (w.package(secret()), False),
    "cell.docx": (w.package(table(row(cell(secret()))), para("完")), False),
    "blue.docx": (w.package(table(row(cell(secret(), properties=BLUE))), para("完")), True),
    "shaded.docx": (w.package(secret(paragraph=BLUE)), True),
    "black.docx": (w.package(secret("")), True),
}


@pytest.mark.integration
@needs_libreoffice
@pytest.mark.long
@pytest.mark.parametrize("to", ["doc:MS Word 97", "odt", "rtf"])
def test_white_text_survives_the_way_of_older_files_through_libreoffice(to: str) -> None:
    suffix = to.partition(":")[0]
    made = converted({name: data for name, (data, _) in FILES.items()}, to)
    back = converted({f"{name}.{suffix}": data for name, data in made.items()}, "docx:MS Word 2007 XML")
    found = {name: is_read(word.read(back[f"{name}.{suffix}"], DEFAULT_BUDGET)) for name in FILES}
    assert found == {name: expected for name, (_, expected) in FILES.items()}
