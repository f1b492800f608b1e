"""进度表: what stands in the matrix, how it is filtered, how it prints; small and large."""

import base64
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import event

from intake import noting
from intake.audience import asked_of
from intake.roster import Roster
from scheduler.web.pages.progress import CHOICES
from tests.builders import office, reminding
from tests.web import many
from tests.web.conftest import SANDS, SCHOOLS, STONE, Served, needs_chromium
from tests.web.test_browser import PICTURES, log_in


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Iterator[Served]:
    """Sixty units × four forms, on 3 June: past the first deadline."""
    with many.served(tmp_path_factory.mktemp("large"), office.START + timedelta(days=6), many.roster()) as served:
        yield served


def lines(text: str) -> list[list[str]]:
    """The rows of the matrix as words: 序号, unit, group, forms."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [[plain(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows]


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def totals(text: str) -> list[str]:
    foot = text.partition("<tfoot>")[2].partition("</tfoot>")[0]
    return [plain(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", foot, re.DOTALL)]


def test_units_stand_in_roster_order_each_with_its_state_and_day(served):
    rows = lines(served.client.get("/progress").text)
    assert [row[:3] for row in rows] == [
        ["1", STONE, "成员单位"],
        ["2", SANDS, "成员单位"],
        ["3", SCHOOLS, "成员单位"],
    ]
    assert [row[4] for row in rows] == ["已受理 5-28", "待补正 5-28", "未报"]
    assert [row[3] for row in rows] == ["—"] * 3  # voluntary
    assert [row[6] for row in rows] == ["—"] * 3  # at any time


def test_each_column_is_counted(served):
    assert totals(served.client.get("/progress").text)[3:] == [
        "已受理 0",
        "应报 3 已报 2 已受理 1 待补正 1 未报 1",
        "应报 3 已报 0 已受理 0 未报 3",
        "已受理 0",
    ]


@pytest.fixture
def some_asked(tmp_path) -> Iterator[Served]:
    """An office in which the liaison form is asked of two of three units; the third is excused from all, or sends it."""
    units = Roster((*(reminding.unit(name, order=place) for place, name in enumerate((STONE, SANDS), 1)), NOT_ASKED))
    with many.served(tmp_path, office.START + timedelta(days=1), units, lambda _: None) as served:
        yield served


NOT_ASKED = reminding.unit(SCHOOLS, order=3, owes=frozenset({"summary"}))


def test_who_is_not_asked_is_counted_beside_and_never_among_those_who_are(some_asked):
    bench, now = some_asked.app.bench, some_asked.app.clock.now()
    noting.exempt(bench, SCHOOLS, None, text="不涉及", who="x", now=now)
    assert totals(some_asked.client.get("/progress").text)[4] == "应报 2 已报 0 已受理 0 未报 2"
    noting.exempt(bench, SANDS, None, text="不涉及", who="x", now=now)
    assert totals(some_asked.client.get("/progress").text)[4] == "应报 1 已报 0 已受理 0 免报 1 未报 1"
    assert "0 / 1（免报 1）" in plain(some_asked.client.get("/").text)
    for number in (1, 2):
        noting.undo(bench, number, who="x", now=now)
    typed = {"name": "林小满", "职务": "科员", "mobile": "13900001111"}
    noting.paper(bench, SCHOOLS, "liaison", typed, who="x", now=now)
    assert totals(some_asked.client.get("/progress").text)[4] == "应报 2 已报 0 已受理 0 未报 2 另：未要求的单位 1"
    assert "0 / 2（另：未要求的单位 1）" in plain(some_asked.client.get("/").text)


def test_what_is_missing_becomes_overdue_when_the_time_is_over(served):
    served.app.clock.sleep(6 * 86_400)
    served.client.log_in()
    rows = lines(served.client.get("/progress").text)
    assert [row[4] for row in rows] == ["已受理 5-28", "待补正 5-28", "逾期未报"]
    assert rows[2][5] == "未报"


def test_every_cell_leads_to_its_place_on_the_units_page(served):
    text = served.client.get("/progress").text
    assert 'href="/units/2#form-liaison"' in text
    page = served.client.get("/units/2").text
    assert 'id="form-liaison"' in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=missing&form=liaison", [SCHOOLS]),
        ("state=correction", [SANDS]),
        ("state=accepted", [STONE]),
        ("state=open&form=liaison", [SANDS, SCHOOLS]),
        ("name=白沙", [SANDS]),
        ("name=教体局", [SCHOOLS]),  # an alias
        ("group=成员单位&state=missing&form=summary", [STONE, SANDS, SCHOOLS]),
        ("state=nonsense&form=nonsense", [STONE, SANDS, SCHOOLS]),
    ],
)
def test_the_list_is_filtered_by_form_state_group_and_name(served, query, names):
    assert [row[1] for row in lines(served.client.get(f"/progress?{query}").text)] == names


def test_a_filter_by_form_leaves_one_column_and_says_what_is_shown(served):
    text = served.client.get("/progress?form=liaison&state=missing").text
    assert len(lines(text)[0]) == 4
    assert "只显示" in text
    assert CHOICES["missing"][0] in text


@pytest.mark.parametrize("query", ["group=没有的组", "name=没有的单位", "state=late", "name=%3Cscript%3Ealert(1)"])
def test_an_empty_result_says_so(served, query):
    text = served.client.get(f"/progress?{query}").text
    assert "没有符合条件的单位" in text
    assert "<script" not in text


def test_a_unit_that_left_the_roster_comes_last_and_says_so(large):
    last = lines(large.client.get("/progress").text)[-1]
    assert last[:2] == ["—", f"{many.GONE} 不在现行名册"]
    assert last[4].startswith("已受理 5-29")
    assert last[3] == last[5] == "—"
    assert many.GONE not in large.client.get("/progress?group=乡镇").text


def test_the_counts_are_those_of_the_group_that_is_asked_for_whatever_state_is_shown(large):
    whole = totals(large.client.get("/progress").text)
    group = totals(large.client.get("/progress?group=乡镇").text)
    assert group[4].startswith("应报 40 ")
    assert whole[4].startswith("应报 60 ")
    assert totals(large.client.get("/progress?group=乡镇&state=missing").text) == group


def test_the_counts_are_the_rows(large):
    text = large.client.get("/progress").text
    units = large.app.bench.roster.units
    for at, form in enumerate(large.app.settings.campaign.collections, 3):
        column = [row[at] for row in lines(text)]
        counted = {name: int(number) for name, number in re.findall(r"(\S+) (\d+)", totals(text)[at])}
        gone = column.pop() != "—"
        assert counted.get("另：不在名册", 0) == gone
        others = [words for unit, words in zip(units, column, strict=True) if not asked_of(form, unit)]
        column = [words for unit, words in zip(units, column, strict=True) if asked_of(form, unit)]
        assert counted.get("另：未要求的单位", 0) == len(others) - others.count("—")
        for name in ("已受理", "待补正", "待核实", "无意向", "未报", "逾期未报"):
            assert counted.get(name, 0) == sum(words.startswith(name) for words in column)


def test_late_ones_are_found_by_their_filter(large):
    rows = lines(large.client.get("/progress?state=late&form=liaison").text)
    assert rows
    assert all("（逾期）" in row[3] for row in rows)


def test_a_form_with_something_newer_that_waits_says_so(large):
    with large.app.bench.sessions.begin() as session:
        mail = many.message(session, 9_001, office.START + timedelta(days=3), "old@old.example.com")
        many.submission(session, mail, many.GONE, "liaison", "review")
    assert lines(large.client.get("/progress").text)[-1][4] == "已受理 5-29 另有新来件待办"


@pytest.mark.parametrize("path", ["/progress", "/units/1", "/units/by-name/" + many.GONE])
def test_a_page_asks_the_record_at_most_fifteen_times(large, path):
    large.client.get(path)
    asked: list[str] = []
    listen = lambda *arguments: asked.append(arguments[2])  # noqa: E731 - taken off again below
    event.listen(large.app.engine, "before_cursor_execute", listen)
    try:
        assert large.client.get(path).status_code == 200
    finally:
        event.remove(large.app.engine, "before_cursor_execute", listen)
    assert 0 < len(asked) <= 15


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
def test_head_names_and_counts_stay_in_sight_while_the_matrix_scrolls(browser, large, width):
    log_in(browser, large)
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    browser.get(large.url + "/progress")
    places = """
        const box = document.querySelector('.matrix'), top = box.getBoundingClientRect();
        box.scrollTop = 700; box.scrollLeft = 200;
        const at = name => document.querySelector(name).getBoundingClientRect();
        return [at('.matrix thead th').top - top.top, top.bottom - at('.matrix tfoot td').bottom,
                at('.matrix tbody .unit').left - top.left, document.documentElement.scrollWidth, window.innerWidth]
    """
    head, foot, names, wide, screen = browser.execute_script(places)
    if str(PICTURES) != ".":
        browser.save_screenshot(str(PICTURES / f"进度表-60-{width}.png"))
    assert abs(head) < 3
    assert abs(foot) < 25  # a scroll bar may lie between
    assert 40 < names < 60
    assert wide <= screen


@pytest.mark.integration
@needs_chromium
def test_it_prints_on_several_pages_of_a4_across_with_the_head_on_each(browser, large, tmp_path):
    log_in(browser, large)
    browser.get(large.url + "/progress")
    answer = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    paper = tmp_path / "progress.pdf"
    paper.write_bytes(base64.b64decode(answer["data"]))
    if str(PICTURES) != ".":
        (PICTURES / "进度表.pdf").write_bytes(paper.read_bytes())
    told = subprocess.run(["pdfinfo", paper], capture_output=True, text=True, check=True).stdout
    pages = int(re.search(r"Pages:\s+(\d+)", told)[1])
    assert re.search(r"Page size:\s+84[12]\S* x 59[45]", told)
    assert 2 <= pages <= 5
    texts = [page_text(paper, number) for number in range(1, pages + 1)]
    assert all("序号" in text and "附件2" in text and "典型案例" in text for text in texts)
    assert sum("合计" in text for text in texts) == 1
    assert "合计" in texts[-1]
    assert not any("查看" in text or "退出" in text for text in texts)


def page_text(paper: Path, number: int) -> str:
    command = ["pdftotext", "-f", str(number), "-l", str(number), paper, "-"]
    return "".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
