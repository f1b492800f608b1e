"""设置 in real Chromium: a clerk gives back a roster and sees what changes; hostile names do not widen the page."""

import pytest

from scheduler.web.serving import serving
from tests.builders import office
from tests.web.conftest import SANDS, STONE, Served, needs_chromium
from tests.web.preferences_desk import preferences_desk
from tests.web.test_browser import PICTURES, WIDTHS, faults_that_axe_finds, follow, log_in, needs_axe
from tests.web.test_preferences import upload

pytestmark = [pytest.mark.integration, needs_chromium]

ROSTER = office.roster_bytes().decode("utf-8-sig")
HOSTILE = "".join(
    f'"{name}",,成员单位,,,\r\n'
    for name in ("<b onclick=alert(1)>局</b>", "长" * 10_000, "\u202e倒写局", "A" * 9_000 + "局")
)
CHANGED = (
    ROSTER.replace(f"{SANDS},白沙镇", "白砂镇人民政府,白砂镇")
    .replace(office.UNITS[STONE], "new@qs.example.com")
    .replace("0595-27390000", "0595-27390008")
    + "海湾镇人民政府,海湾镇,成员单位,周立春,bay@example.com,0595-27390009\r\n"
    + HOSTILE
)
WRONG = ROSTER.replace(office.UNITS[STONE], "q" * 3_000).replace(SANDS, "合计") + HOSTILE.replace(
    "成员单位,,", "成员单位,,x@"
)


@pytest.fixture
def opened(morning_data, tmp_path):
    with preferences_desk(tmp_path, morning_data) as desk, serving(desk.client.raw.application, port=0) as port:
        yield desk, Served(desk.app, f"http://127.0.0.1:{port}", desk.client)


def pages_of(desk) -> dict[str, str]:
    desk.submit("/preferences", "/preferences/days", day="2025-06-03", kind="holiday", name="<i>端午</i>" + "节" * 60)
    desk.submit("/preferences", "/preferences/days", day="2025-06-07", kind="workday")
    return {
        "设置满": "/preferences",
        "确认发信方式": "/preferences/sending?mode=auto",
        "信件样张": "/preferences/letters?kind=reminder",
        "名册对比": upload(desk, CHANGED).location,
        "名册有误": upload(desk, WRONG).location,
    }


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen_and_nothing_of_it_executes(browser, opened, width):
    desk, served = opened
    log_in(browser, served)
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    for name, path in pages_of(desk).items():
        browser.get(served.url + path)
        if str(PICTURES) != ".":
            browser.save_screenshot(str(PICTURES / f"{name}-{width}.png"))
        widths = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], name
        assert not browser.find_elements("css selector", "main b, main i"), name
        assert "\ufffd" not in browser.page_source


@needs_axe
def test_axe_finds_nothing_that_keeps_people_from_these_pages(browser, opened):
    desk, served = opened
    log_in(browser, served)
    for name, path in pages_of(desk).items():
        browser.get(served.url + path)
        assert faults_that_axe_finds(browser) == [], name


def test_a_clerk_gives_back_a_roster_with_the_mouse_alone(browser, opened, tmp_path):
    desk, served = opened
    new = tmp_path / "改好的名册.csv"
    new.write_text(ROSTER + "海湾镇人民政府,海湾镇,成员单位,,,\r\n", encoding="utf-8")
    log_in(browser, served)
    follow(browser, browser.find_element("link text", "设置"))
    browser.find_element("id", "file").send_keys(str(new))
    follow(browser, browser.find_element("xpath", "//button[text()='上传并对比']"))
    assert "新增 1 个" in browser.find_element("class name", "sentence").text
    follow(browser, browser.find_element("xpath", "//button[text()='确认导入新名册']"))
    assert "已导入新名册" in browser.find_element("class name", "told").text
    assert desk.roster.read_bytes() == new.read_bytes()
