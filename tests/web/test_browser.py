"""In real headless Chromium: the login, the pages as they look, by the width of an office's screen."""

import os
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.support.wait import WebDriverWait

from tests.web.conftest import NAME, PASSWORD, needs_chromium

pytestmark = [pytest.mark.integration, needs_chromium]

# Where the pictures go that a person looks at before a page is called done.
PICTURES = Path(os.environ.get("DESK_PICTURES", ""))
WIDTHS = (1366, 1920)
PAGES = {
    "总览": "/",
    "待核实": "/review",
    "核实": "/review/3",
    "进度表": "/progress",
    "单位": "/units/2",
    "补录纸质件": "/units/2/paper?form=liaison",
    "统计": "/statistics",
    "操作记录": "/audit",
    "发件箱": "/outbox",
    "已发送": "/outbox?tab=sent",
    "一封信": "/outbox/1",
    "来信": "/mails",
    "导出": "/export",
    "一封来信": "/mails/2",
    "重新识别": "/mails/2/again",
    "确认重发": "/outbox/confirm?do=resend&id=1",
    "设置": "/preferences",
    "确认发测试信": "/preferences/trial?to=0",
}


def log_in(browser, served) -> None:
    browser.delete_all_cookies()
    browser.get(served.url + "/login")
    browser.find_element("id", "name").send_keys(NAME)
    browser.find_element("id", "password").send_keys(PASSWORD)
    follow(browser, browser.find_element("css selector", ".login button"))


def follow(browser, element) -> None:
    """Click and wait for the page it leads to: a click returns before that has come, and on a busy machine long before."""
    before = browser.find_element("tag name", "html")
    element.click()
    WebDriverWait(browser, 20).until(lambda _: is_gone(before) and is_whole(browser), message=browser.current_url)


def is_gone(element) -> bool:
    try:
        element.is_enabled()
    except WebDriverException:  # stale, or "does not belong to the document"
        return True
    return False


def is_whole(browser) -> bool:
    try:
        return browser.execute_script("return document.readyState") == "complete"
    except WebDriverException:
        return False


def test_a_clerk_logs_in_and_is_told_what_waits(browser, served):
    log_in(browser, served)
    assert browser.find_element("tag name", "h1").text == "总览"
    assert "件来信待核实" in browser.find_element("class name", "todo").text


@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_the_screen(browser, served, name):
    log_in(browser, served)
    for width in WIDTHS:
        browser.set_window_size(width, 768 if width < 1500 else 1080)
        browser.get(served.url + PAGES[name])
        if str(PICTURES) != ".":
            browser.save_screenshot(str(PICTURES / f"{name}-{width}.png"))
        widths = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1]
    assert "�" not in browser.page_source


AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is missing: npm ci --ignore-scripts --prefix tests/web"
)


def faults_that_axe_finds(browser) -> list[str]:
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    result = browser.execute_async_script(
        "const done = arguments[arguments.length - 1]; axe.run(document, {resultTypes: ['violations']}).then(done)"
    )
    return [
        f"{one['impact']} {one['id']}: {[node['target'] for node in one['nodes'][:3]]}" for one in result["violations"]
    ]


@needs_axe
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_that_keeps_people_from_a_page(browser, served, name):
    log_in(browser, served)
    browser.get(served.url + PAGES[name])
    assert faults_that_axe_finds(browser) == []


@needs_axe
def test_axe_sees_a_field_without_a_label(browser, served):
    log_in(browser, served)
    browser.execute_script("document.querySelector('main').insertAdjacentHTML('beforeend', '<input name=x>')")
    assert any("label" in one for one in faults_that_axe_finds(browser))


@needs_axe
def test_axe_finds_nothing_at_the_login(browser, served):
    browser.delete_all_cookies()
    browser.get(served.url + "/login")
    assert faults_that_axe_finds(browser) == []
