"""待核实: the list, one item, what a clerk does about it, and what a second clerk meets; without a browser."""

import re

from werkzeug.test import TestResponse

from tests.web.conftest import SCHOOLS, STONE

FOREIGN = "某某公司"


def number_of(served, address: str = "someone@example.net") -> int:
    """The number of the mail that came from there."""
    with served.app.bench.reading() as record:
        rows = record.connection().exec_driver_sql("SELECT id, from_address FROM messages").all()
    return next(number for number, sender in rows if sender == address)


def test_the_list_tells_who_wrote_what_and_why_a_person_must_look(served):
    told = served.client.get("/review").text
    assert "s***@example.net" in told
    assert "someone@example.net" not in told
    assert "报送" in told
    assert f"单位名称“{FOREIGN}”" in told
    assert "联络员反馈表" in told
    assert "单位未能对应" in told
    assert STONE not in told
    assert f"/review/{number_of(served)}" in told


def test_the_list_leaves_out_the_forms_that_are_not_asked_for(served):
    assert "s***@example.net" in served.client.get("/review?form=liaison").text
    other = served.client.get("/review?form=registration").text
    assert "s***@example.net" not in other
    assert "这一份表没有待核实的来信" in other
    assert served.client.get("/review?form=%3Cb%3E").status_code == 200


def hidden(page: str, name: str) -> str:
    """The value of a hidden input of a page."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def sends(served, number: int, action: str, page: str | None = None, **typed) -> TestResponse:
    """Push a button on the page of an item, as a browser does: with all that the page holds."""
    page = served.client.get(f"/review/{number}").text if page is None else page
    sent = {"case": hidden(page, "case"), "do": action} | {"ordinal": "1"}
    sent |= {name.replace("__", "."): text for name, text in typed.items()}
    return served.client.post(f"/review/{number}", sent)


def confirms(served, number: int, page: str) -> TestResponse:
    """Push the button of the page that shows what will be mailed."""
    names = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    fields = re.findall(r'<textarea name="([^"]*)" hidden>\n([^<]*)</textarea>', page)
    return served.client.post(f"/review/{number}", dict(names) | dict(fields))


def test_one_item_shows_the_original_beside_what_was_read_and_marks_where_it_came_from(served):
    page = served.client.get(f"/review/{number_of(served)}").text
    assert "核实 第 1 件，共 1 件" in page
    assert "请查收。" in page
    anchors = re.findall(r'href="#(from-[^"]+)"', page)
    assert len(anchors) >= 8
    for one in anchors:
        assert page.count(f'id="{one}"') == 1
    cell = re.search(r'<td id="from-[^>]*><bdi>13900000001</bdi>', page)
    assert cell


def test_a_unit_is_assigned_after_the_letter_was_shown_and_the_list_is_empty_then(served):
    number = number_of(served)
    shown = sends(served, number, "assign", unit=SCHOOLS)
    assert shown.status_code == 200
    assert "确认发出" in shown.text
    assert "【收件回执】" in shown.text
    assert "someone@example.net" in shown.text
    assert "核实 第 1 件" in served.client.get(f"/review/{number}").text
    done = confirms(served, number, shown.text)
    assert (done.status_code, done.location) == (303, "/review")
    told = served.client.get("/review").text
    assert "已归属单位" in told
    assert "没有待核实的来信" in told
    assert f'<a href="/review/{number}">回到这一件' in told
