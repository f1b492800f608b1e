"""操作记录: who did what, by person and day, a hundred a page, each line leading to what it was done to."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from intake import decide, noting
from intake.cases import look
from intake.db import changes
from scheduler.lookup import audit
from tests.builders import office
from tests.web import many
from tests.web.conftest import NAME, SANDS, STONE, needs_chromium
from tests.web.test_browser import PICTURES, log_in
from tests.web.test_units import HOSTILE, rows


def listed(served, query: str = "") -> list[list[str]]:
    return rows(served.client.get(f"/audit{query}").text.partition('class="list audit"')[2])[1:]


def act(served, who: str, action: str, subject: str, *, after: timedelta = timedelta(), **details) -> None:
    with served.app.bench.sessions.begin() as session:
        changes.note(session, who=who, action=action, subject=subject, now=office.START + after, **details)


def test_what_was_done_is_told_in_words_newest_first_and_leads_to_it(served):
    app = served.app
    noting.call(app.bench, SANDS, form="liaison", text="私下说的话", who="李某某", now=app.clock.now())
    with app.bench.reading() as record:
        token = look(record, app.bench, 1).token
    typed = {"手机": "13900000008"}
    decide.change_values(app.bench, 1, 1, typed, who=NAME, now=app.clock.now(), token=token)
    act(served, NAME, "release", "letter 1", after=timedelta(hours=3))
    act(served, "系统用户（命令行）", "cancel", "letter 1, letter 2", after=timedelta(hours=3), letters=2)
    found = listed(served)
    assert [row[2:5] for row in found] == [
        ["系统用户（命令行）", "取消发信", "第1号去信、第2号去信"],
        [NAME, "放行", "第1号去信"],
        [NAME, "改值", "第1号来信"],
        ["李某某", "标记已电话催办", SANDS],
    ]
    assert found[0][5] == "2 封"
    assert "栏目：手机" in found[2][5]
    assert found[3][5].startswith("登记编号1 ； 《")
    assert found[0][1] == "2025-05-28 12:00"
    text = served.client.get("/audit").text
    for link in ('href="/outbox/1"', 'href="/mails/1"', 'href="/units/2"'):
        assert link in text
    assert "13900000008" not in text
    assert "私下说的话" not in text


def test_it_is_found_by_person_and_by_the_day_here_not_by_that_of_utc(served):
    act(served, NAME, "pause", "outbox")
    act(served, NAME, "resume", "outbox", after=timedelta(hours=-2))  # 28 May 07:00 here, 27 May in UTC
    act(served, "李某某", "export", "汇总表", after=timedelta(days=1))
    assert [row[3] for row in listed(served, "?day=2025-05-28")] == ["恢复发送", "暂停全部发送"]
    assert [row[3] for row in listed(served, "?day=2025-05-27")] == []
    assert [row[3:5] for row in listed(served, "?who=李某某")] == [["导出", "汇总表"]]
    assert listed(served, "?who=李某某&day=2025-05-28") == []
    assert "没有找到记录" in served.client.get("/audit?who=nobody").text


@pytest.mark.parametrize("day", ["昨天", "0001-01-01", "9999-12-31", "2025-13-01"])
def test_a_day_that_is_none_is_said_and_filters_nothing(served, day):
    act(served, NAME, "pause", "outbox")
    answer = served.client.get("/audit", query_string={"day": day})
    assert answer.status_code == 200
    assert "日期看不明白" in answer.text
    assert len(listed(served, f"?day={day}")) == 1


def test_a_hundred_stand_on_a_page(served):
    for number in range(audit.PAGE + 5):
        act(served, NAME, "release", f"letter {number}")
    first, second = listed(served), listed(served, "?page=2")
    assert (len(first), len(second)) == (100, 5)
    assert (first[0][4], second[-1][4], second[0][0]) == ("第104号去信", "第0号去信", "101")
    assert 'href="/audit?page=2&amp;who=' in served.client.get(f"/audit?who={NAME}").text


def test_a_unit_that_left_the_roster_is_still_led_to(served):
    act(served, NAME, "note call", f"unit {many.GONE}")
    text = served.client.get("/audit").text
    assert "/units/by-name/" in text
    assert many.GONE in text


def test_a_code_without_words_is_shown_and_a_detail_without_words_is_not(served):
    act(served, NAME, "something new", "something", rows=["13900000001"])
    assert [row[3:] for row in listed(served)] == [["something new", "something", "—"]]


def test_the_units_page_leads_to_it(served):
    assert 'href="/audit"' in served.client.get("/units/1").text


def test_the_page_asks_the_record_at_most_fifteen_times(served):
    act(served, NAME, "note call", f"unit {STONE}")
    asked: list[str] = []
    listen = lambda *arguments: asked.append(arguments[2])  # noqa: E731 - taken off again below
    event.listen(served.app.engine, "before_cursor_execute", listen)
    try:
        assert served.client.get("/audit").status_code == 200
    finally:
        event.remove(served.app.engine, "before_cursor_execute", listen)
    assert 0 < len(asked) <= 15


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
def test_strangers_texts_neither_run_nor_make_it_too_wide(browser, served, width):
    act(served, HOSTILE[:60].replace("\x07", ""), "note call", f"unit {re.sub(chr(7), '', HOSTILE)[:290]}")
    act(served, NAME, "values", "mail 1", after=timedelta(hours=1), fields=["mobile", "x" * 300], unit="长" * 300)
    act(served, NAME, "export", "汇总表", after=timedelta(hours=2))
    log_in(browser, served)
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    browser.get(f"{served.url}/audit")
    if str(PICTURES) != ".":
        browser.save_screenshot(str(PICTURES / f"操作记录-{width}.png"))
    wide, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window
    assert not browser.find_elements("css selector", "main script, main img")
    assert browser.title.startswith("操作记录")
