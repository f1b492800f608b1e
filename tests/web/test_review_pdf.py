"""待核实 of a PDF with text: the page as it is printed with the cells boxed, its text folded away beneath."""

import re
from io import BytesIO

import pytest
from PIL import Image

from tests.builders import office, pdf
from tests.web.review_desk import STRANGER, desk_with

FORM = 4  # the number that the mail gets
LEFT, TOP, WIDE, TALL = 60, 100, 200, 24  # of the table, in points
ROWS = [
    ["姓名", "林小满"],
    ["职务", "主任"],
    ["手机", "1390000000"],
    ["单位", "某某管理处"],
    ["通信地址", "示例路一号"],
]


@pytest.fixture(scope="module")
def desk(morning_data, tmp_path_factory):
    form = pdf.file(pdf.text(60, 80, "联络员反馈表") + pdf.table(ROWS, left=LEFT, top=TOP, widths=WIDE, height=TALL))
    raw = office.mail(STRANGER, "联络员表", attachment=form, name="联络员反馈表.pdf", number=40)
    with desk_with(morning_data, tmp_path_factory.mktemp("pdf"), raw) as served:
        yield served


@pytest.fixture(scope="module")
def page(desk) -> str:
    answer = desk.client.get(f"/review/{FORM}")
    assert answer.status_code == 200
    return answer.text


def test_each_field_leads_to_its_cell_on_the_printed_page(desk, page):
    width, height = (int(one) for one in re.search(r'viewBox="0 0 (\d+) (\d+)"', page).groups())
    shown = Image.open(BytesIO(desk.client.get(re.search(r'<image href="([^"]+)"', page)[1]).data))
    assert shown.width / shown.height == pytest.approx(width / height, rel=0.002)
    a_point = width / pdf.WIDTH
    boxes = {
        anchor: [int(one) / a_point for one in re.findall(r'="(\d+)"', numbers)]
        for anchor, numbers in re.findall(r'<g id="([^"]+)" class="[^"]+"><rect ([^>]+)></rect>', page)
    }
    for key, row in (("name", 0), ("position", 1), ("mobile", 2)):
        anchor = re.search(rf'id="f-{key}".*?href="#([^"]+)"[^>]*><b class="sign">\d+</b>', page, re.DOTALL)[1]
        assert boxes[anchor] == pytest.approx([LEFT + WIDE, TOP + TALL * row, WIDE, TALL], abs=1)


def test_what_was_read_stands_folded_beneath_marked_and_no_address_is_there_twice(page):
    folded = page.partition("<summary>读到的文字</summary>")[2].partition("</details>")[0]
    assert re.search(r'<td class="used"[^>]*><bdi>1390000000</bdi>', folded)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
