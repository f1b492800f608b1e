"""待核实 of a scan: the page as it was read with the cells boxed, how sure each field is, and what cannot be shown."""

import re
from io import BytesIO

import pytest
from PIL import Image

from tests.web.review_desk import desk_with
from tests.web.scan_desk import GREEN, HEIGHT, MOBILE, SCAN, SEEN, WIDTH, page_seen, scan_mail, with_engine


@pytest.fixture(scope="module")
def desk(morning_data, tmp_path_factory):
    with with_engine(), desk_with(morning_data, tmp_path_factory.mktemp("scan"), scan_mail()) as served:
        yield served


@pytest.fixture(scope="module")
def page(desk) -> str:
    answer = desk.client.get(f"/review/{SCAN}")
    assert answer.status_code == 200
    return answer.text


def field_of(page: str, key: str) -> str:
    return re.search(rf'id="f-{key}".*?class="whence".*?</p>', page, re.DOTALL)[0]


def boxes(page: str) -> dict[str, tuple[str, str, list[int]]]:
    """By anchor: the classes, the sign and the rectangle of each box on the page."""
    found = re.findall(r'<g id="([^"]+)" class="([^"]+)"><rect ([^>]+)></rect><text [^>]+>(\d+)</text>', page)
    return {
        anchor: (classes, sign, [int(one) for one in re.findall(r'="(\d+)"', places)])
        for anchor, classes, places, sign in found
    }


def test_the_cell_of_each_value_is_boxed_where_the_engine_saw_it_and_signed_as_its_field_is(page):
    assert f'viewBox="0 0 {WIDTH} {HEIGHT}"' in page
    cells = {cell.text: cell.box for cell in page_seen().tables[0].cells}
    known = boxes(page)
    assert len(known) == len(SEEN)
    for key, label in (("name", "姓名"), ("mobile", "手机"), ("position", "职务"), ("office_phone", "办公电话")):
        anchor, sign = re.search(r'href="#([^"]+)"[^>]*><b class="sign">(\d+)</b>', field_of(page, key)).groups()
        box = cells[dict(SEEN)[label]]
        assert known[anchor][1:] == (sign, [box.left, box.top, box.right - box.left, box.bottom - box.top])
    assert 'class="sign"' in field_of(page, "fax")  # empty, but in doubt: a person looks there as well
    assert len({sign for _, sign, _ in known.values()}) == len(SEEN)


def test_the_page_is_shown_turned_as_it_was_read_so_that_a_box_lies_over_its_cell(desk, page):
    source = re.search(r'<image href="([^"]+)"', page)[1]
    answer = desk.client.get(source)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert len(answer.data) <= 150_000
    shown = Image.open(BytesIO(answer.data))
    assert shown.size == (WIDTH, HEIGHT)
    left, top, width, height = next(place for _, sign, place in boxes(page).values() if sign == str(MOBILE + 1))
    for x, y in ((left + 6, top + 6), (left + width - 6, top + height - 6)):
        assert all(abs(one - other) < 30 for one, other in zip(shown.getpixel((x, y)), GREEN, strict=True))
    for x, y in ((left - 8, top + 8), (left + 8, top - 8), (left + 8, top + height + 8), (left + width + 8, top + 8)):
        assert min(shown.getpixel((x, y))) > 200


def test_the_box_of_a_doubtful_value_is_told_apart(page):
    doubtful = [place for classes, _, place in boxes(page).values() if "box-doubtful" in classes]
    mobile = page_seen().tables[0].cells[2 * MOBILE + 1].box
    assert [mobile.left, mobile.top] in [place[:2] for place in doubtful]
    assert len(doubtful) < len(SEEN)


def test_what_is_in_doubt_comes_first_and_each_field_says_how_sure_it_is(page):
    assert page.index('id="f-mobile"') < page.index('id="f-name"') < page.index('id="f-position"')
    assert page.index("请先核对（") < page.index('id="f-mobile"') < page.index("其余各栏") < page.index('id="f-name"')
    mobile = field_of(page, "mobile")
    assert "两遍识别不一致" in mobile
    assert "待核实</span>" in mobile
    assert "看图识字，两遍一致</span>" in field_of(page, "name")
    assert "第1页表1第1行第2列" in field_of(page, "name")
    assert "未计入</span>" in field_of(page, "address")  # 示例 at its beginning makes it no value
    assert "box" not in re.sub(r"<[^>]+>", "", field_of(page, "name"))


def test_a_picture_that_cannot_be_shown_is_told_in_a_sentence(morning_data, tmp_path):
    raw = scan_mail(broken=True)
    with with_engine(), desk_with(morning_data, tmp_path, raw) as desk:
        page = desk.client.get(f"/review/{SCAN}").text
        source = re.search(r'<image href="([^"]+)"', page)
        assert source is None or desk.client.get(source[1]).status_code == 404
        assert "请下载原件查看" in page


def test_an_item_whose_reading_another_version_wrote_is_shown_without_boxes(morning_data, tmp_path):
    with with_engine(), desk_with(morning_data, tmp_path, scan_mail()) as desk:
        with desk.app.bench.sessions.begin() as session:
            session.connection().exec_driver_sql(
                "UPDATE parts SET reading = json_set(reading, '$.newer', 1) WHERE reading IS NOT NULL AND message_id = ?",
                (SCAN,),
            )
        page = desk.client.get(f"/review/{SCAN}")
        assert page.status_code == 200
        assert boxes(page.text) == {}
        source = re.search(r'class="sheet-page" src="([^"]+)"', page.text)[1]
        assert Image.open(BytesIO(desk.client.get(source).data)).size == (HEIGHT, WIDTH)  # as it came


def test_a_value_that_was_typed_and_not_kept_is_not_called_sure(desk, page):
    token = re.search(r'name="case" value="([^"]+)"', page)[1]
    sent = {"case": token, "ordinal": "1", "do": "save", "form": "", "field.office_phone": "12"}
    answer = desk.client.post(f"/review/{SCAN}", sent)
    assert answer.status_code == 409
    assert "改动未保存</span>" in field_of(answer.text, "office_phone")
