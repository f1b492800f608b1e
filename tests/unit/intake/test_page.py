"""An HTML body is read as lines that know where they stand."""

import time

import pytest

from intake.page import read_page


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<div>一</div><div>二</div>", "一\n二"),
        ("<p>一</p><p>二</p>", "一\n二"),
        ("一<br>二<BR/>三", "一\n二\n三"),
        ("<div>一</div><div><br></div><div><br></div><div>二</div>", "一\n\n二"),
        ("a&nbsp;&nbsp;b &lt;c&gt; &amp;amp;", "a b <c> &amp;"),
        ("<b>手</b><span>机</span>：1", "手机：1"),
        ("<table><tr><td>手机</td><td>139</td></tr><tr><td>传真</td><td></td></tr></table>", "手机\t139\n传真"),
        ("<style>p{color:red}</style><script>x()</script><title>t</title>文", "文"),
        ("<!-- hidden -->文<!--[if mso]>x<![endif]-->", "文"),
        ("<![if !supportLists]>文<![endif]>", "文"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a<", "a<"),
        ("a<b", "a<b"),
        ("<!-- never closed 文", ""),
        ("<script>never closed", ""),
        ("第一行\r\n第二行", "第一行 第二行"),
        ("<p/>文<o:p></o:p>", "文"),
    ],
)
def test_the_text_is_what_a_reader_sees(source, text):
    assert read_page(source).text() == text


def test_a_line_knows_where_it_begins():
    source = "<div><b>  一</b>二</div><p>三</p>"
    lines = read_page(source).lines
    assert [(line.text, source[line.offset]) for line in lines] == [("一二", "一"), ("三", "三")]


def test_links_pictures_and_cells_are_found():
    page = read_page(
        '<a id=x class="y z" href="https://example.com/?a=1&amp;b=2">附 件\n一</a><a name=n>x</a>'
        "<img src='cid:logo@1'><img src=\"http://example.com/x.png\"><td background=cid:back>1</td><th>2</th>"
    )
    assert [(anchor.href, anchor.text, anchor.marks) for anchor in page.anchors] == [
        ("https://example.com/?a=1&b=2", "附 件 一", "x y z")
    ]
    assert page.cids == {"logo@1", "back"}
    assert len(page.cells) == 2


def test_marks_end_with_their_element_though_it_nests():
    source = '<div class="gmail_quote"><div>a</div><div><div>b</div></div></div><div>c</div>'
    (mark,) = read_page(source).marks
    assert mark.strong
    assert source[mark.end :] == "<div>c</div>"


def test_an_unclosed_mark_ends_with_the_page():
    source = "<div class=gmail_quote><div>a</div>"
    assert read_page(source).marks[0].end == len(source)


@pytest.mark.parametrize(
    "source",
    [
        "<" * 500_000,
        "<a" * 300_000,
        "<a " * 300_000 + ">",
        "<!--" * 200_000,
        "<script>" * 100_000,
        "<div>" * 200_000,
        "<blockquote>" * 100_000,
        "<a href=x>" * 100_000,
        "<a " + "x" * 500_000 + ">",
        ("<a " + "x" * 3_900 + ">") * 200,
        ("<a " + "x = " * 900 + ">") * 200,
        "&" * 500_000,
        "&amp" * 200_000,
        "<td>" * 200_000,
    ],
)
def test_hostile_pages_take_linear_time(source):
    started = time.process_time()
    read_page(source).text()
    assert time.process_time() - started < 3
