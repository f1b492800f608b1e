"""White text on white paper is no value; white text on anything else is (pages and mail bodies)."""

import pytest

from parsers.document import DEFAULT_BUDGET, Document, NoteCode
from parsers.readers import markup
from tests.unit.parsers.readers.seeing import codes

SECRET = "13900000001"
WHITE = f'<span style="color:#FFFFFF">{SECRET}</span>'


def is_read(page: str) -> bool:
    """Whether the white value was read; the note must agree."""
    document: Document = markup.read(f"{page}<p style='color:black'>单位</p>", DEFAULT_BUDGET)
    found = SECRET in str(document.blocks)
    assert found is (NoteCode.HIDDEN_TEXT not in codes(document))
    assert "单位" in str(document.blocks)
    return found


def sheet(rules: str, page: str = f'<p class="x">{SECRET}</p>') -> str:
    return f"<style>{rules}</style>{page}"


@pytest.mark.parametrize(
    "page",
    [
        WHITE,
        f'<font color="white">{SECRET}</font>',
        f'<font color="FFFFFF">{SECRET}</font>',
        f'<p style="color: rgb(255, 255, 255)">{SECRET}</p>',
        f'<p style="COLOR: #fff !important">{SECRET}</p>',
        f'<p style="color:#f2f2f2">{SECRET}</p>',
        f'<p style="color:white;background:white none repeat scroll 0 0">{SECRET}</p>',
        f'<p style="color:white;background:transparent">{SECRET}</p>',
        f'<p style="color:white"><b>{SECRET}</b></p>',
        f"<table><tr><td>电话</td><td>{WHITE}</td></tr></table>",
        f'<table bgcolor="navy"><tr><td>电话</td><td bgcolor="#ffffff">{WHITE}</td></tr></table>',
        f'<table><tr bgcolor="navy"><td>电话</td></tr><tr><td>{WHITE}</td></tr></table>',
        sheet(".x{color:white}"),
        sheet("td{color:windowtext} a:link{color:blue} .x{color:white;background:white}"),
        sheet("p.x, li.x{color:white}"),
    ],
)
def test_white_text_on_a_white_page_is_hidden(page: str) -> None:
    assert not is_read(page)


@pytest.mark.parametrize(
    "page",
    [
        f'<p style="color:#d9d9d9">{SECRET}</p>',
        f'<p style="color:yellow">{SECRET}</p>',
        f'<p style="color:rgba(255,255,255,.5)">{SECRET}</p>',
        f'<p style="color:white"><font color="red">{SECRET}</font></p>',
        f'<p style="color:white"><a href="http://example.com/">{SECRET}</a></p>',
        f'<p style="color:white"><mark>{SECRET}</mark></p>',
        f'<p style="color:white"><input value="{SECRET}"></p>',
        f'<p style="color:white;background-color:navy">{SECRET}</p>',
        f'<p style="color:white;background:url(x.png) white">{SECRET}</p>',
        f'<p style="color:white;background:linear-gradient(red, white)">{SECRET}</p>',
        f'<p style="color:white;text-shadow:1px 1px black">{SECRET}</p>',
        f'<p style="color:white;position:absolute">{SECRET}</p>',
        f'<div style="background:#123">{WHITE}</div>',
        f'<body bgcolor="black">{WHITE}</body>',
        f'<body background="x.png">{WHITE}</body>',
        f'<p>附件2</p><body bgcolor="black">{WHITE}</body>',
        f'<table bgcolor="navy"><tr><td>电话</td><td>{WHITE}</td></tr></table>',
        f'<table><tr style="background:navy"><td>电话</td><td>{WHITE}</td></tr></table>',
        f'<table><tbody bgcolor="navy"><tr><td>电话</td><td>{WHITE}</td></tr></table>',
        f'<table><tr><td>电话</td><td bgcolor="navy">{WHITE}</td></tr></table>',
        f'<table><col><col bgcolor="navy"><tr><td>电话</td><td>{WHITE}</td></tr></table>',
        sheet(".x{color:white;background:navy}"),
        sheet(".x{color:white} p{background:navy}"),
        sheet(".x{color:white} #y .x{color:black}"),
        sheet(".x{color:white} @media screen {.x{background:navy}}"),
        sheet("@import url(x.css); .x{color:white}"),
        f'<link rel="stylesheet" href="x.css">{WHITE}',
    ],
)
def test_text_of_a_page_that_may_be_seen_is_read(page: str) -> None:
    assert is_read(page)


def test_white_pages_take_linear_time() -> None:
    deep = "<b>" * 200 + "x" + "</b>" * 200
    page = f'<div style="color:white;{"x:y;" * 90}">{deep * 400}</div>'
    assert not is_read(page)
