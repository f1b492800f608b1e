"""统计: the page says the numbers of `figures`, and its picture breaks no rule of the doors."""

import re
from datetime import timedelta

import pytest

from scheduler.lookup.statistics import days_words
from tests.builders import office
from tests.web import many
from tests.web.conftest import SANDS, STONE, needs_chromium
from tests.web.test_browser import PICTURES, log_in
from tests.web.test_units import rows, section


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """Sixty units, reminded twice, on 3 July."""

    def fill(app) -> None:
        many.fill(app)
        with app.bench.sessions.begin() as session:
            for number, unit in enumerate(app.bench.roster.units):
                many.letter(session, 2 * number, unit.name, office.START + timedelta(days=1), "liaison")
                many.letter(session, 2 * number + 1, unit.name, office.START + timedelta(days=27), "summary")
            for number in range(8_000, 8_040):
                at = office.START + timedelta(hours=17 * (number - 8_000))
                kind = "auto_reply" if number % 3 else "bounce"
                many.message(
                    session, number, at, "x@example.net", state="ignored", disposition="ignored", sender_kind=kind
                )

    now = office.START + timedelta(days=36)
    with many.served(tmp_path_factory.mktemp("month"), now, many.roster(), fill) as served:
        yield served


def test_a_morning_is_told_in_numbers(served):
    text = served.client.get("/statistics").text
    times = rows(section(text, "各表何时报来"))[1:]
    assert times[1][2:] == ["3", "2", "0", "0", "0", "0", "0", "1", "3"]
    assert times[3][7] == "—"  # at any time: nobody is late
    mending = rows(section(text, "补正"))[1:]
    assert mending[1][2:] == ["1", "0", "1", "—", "—"]
    assert [row[:2] for row in rows(section(text, "来信去向"))[1:]] == [
        ["受理", "1"],
        ["请补正", "1"],
        ["待人工核实", "1"],
        ["不是报送", "0"],
        ["合计", "3"],
    ]
    daily = rows(section(text, "每日来信").partition("<table")[2])[1:]
    assert daily[0][:3] == ["5月28日（周三）", "3", "0"]
    assert daily[-1] == ["合计", "3", "0", "0", ""]
    assert ["5月30日（周五）", "0", "0", "", "附件1、附件2"] in daily


def test_reminders_that_did_not_go_out_moved_nobody(served):
    with served.app.bench.sessions.begin() as session:
        early = office.START - timedelta(hours=1)
        many.letter(session, 1, STONE, early, "liaison")
        many.letter(session, 2, "白沙镇", early, "liaison")  # as it was called then
        many.letter(session, 3, SANDS, early, "liaison", state="cancelled")
        many.letter(session, 4, SANDS, early, "liaison", state="uncertain")
        many.letter(session, 5, SANDS, early, "summary")
    liaison = rows(section(served.client.get("/statistics").text, "各表何时报来"))[2]
    assert liaison[3:6] == ["0", "2", "0"]
    assert "已发出催报 3 封" in served.client.get("/statistics").text


def test_the_columns_add_up_for_a_whole_campaign(month):
    text = month.client.get("/statistics").text
    for row in rows(section(text, "各表何时报来"))[1:]:
        numbers = [0 if cell == "—" else int(cell) for cell in row[3:10]]
        assert sum(numbers) == int(row[10].split()[0])
    assert "含不要求报的" in text
    fates = rows(section(text, "来信去向"))[1:]
    assert sum(int(row[1]) for row in fates[:-1]) == int(fates[-1][1])
    assert "自动回复 27，退信 13" in fates[3][2]
    daily = rows(section(text, "每日来信").partition("<table")[2])[1:]
    assert sum(int(row[1]) + int(row[2]) for row in daily[:-1]) == int(fates[-1][1])


def test_the_picture_has_words_for_a_screen_reader_and_no_inline_style(month):
    svg = re.search(r"<svg.*?</svg>", month.client.get("/statistics").text, re.DOTALL)[0]
    assert 'role="img"' in svg
    assert "<title id=" in svg
    assert "<desc id=" in svg
    assert "style" not in svg
    assert "附件1、附件2截止" in svg
    assert svg.count("<rect") >= 30


@pytest.mark.parametrize(
    ("days", "words"), [(None, "—"), (0, "当天"), (1, "1 个工作日"), (1.5, "1.5 个工作日"), (12, "12 个工作日")]
)
def test_working_days_are_told_in_words(days, words):
    assert days_words(days) == words


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
def test_the_picture_is_drawn_in_color_within_the_page(browser, month, width):
    log_in(browser, month)
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    browser.get(month.url + "/statistics")
    widths = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    color = browser.execute_script("return getComputedStyle(document.querySelector('rect.forms')).fill")
    size = browser.execute_script("return document.querySelector('.chart').getBoundingClientRect().width")
    refused = [one for one in browser.get_log("browser") if "Content Security Policy" in one["message"]]
    if str(PICTURES) != ".":
        browser.set_window_size(width, 2_400)
        browser.save_screenshot(str(PICTURES / f"统计-60-{width}.png"))
    assert widths[0] <= widths[1]
    assert color == "rgb(26, 95, 180)"
    assert size > 600
    assert refused == []
