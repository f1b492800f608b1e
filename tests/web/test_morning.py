"""A clerk's morning in one go, in real Chromium, with and without JavaScript: what issue and README promise as a whole.

She logs in, sees who is missing, corrects a value beside the scan it was read from, sends a form back, releases the
outbox, downloads the 汇总表 and opens it. What left the house is asked of the server, not of the program.
"""

import importlib.util
import time
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import openpyxl
import pytest
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from intake.settings import SendMode
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.builders.scans import drawn, needs_fonts, saved
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import NAME, PASSWORD, SANDS, SCHOOLS, STONE, Client, Served, needs_chromium
from tests.web.test_browser import log_in
from tests.web.test_review_browser import picture, push, seen

pytestmark = [
    pytest.mark.integration,
    needs_chromium,
    needs_fonts,
    pytest.mark.skipif(
        importlib.util.find_spec("rapidocr") is None, reason="reads a scan: pip install -r requirements-ocr.txt"
    ),
]
SCAN = {
    "姓名": "林小满、李四",  # two people in a place for one: a person must look
    "性别": "女",
    "职务": "安全办主任",
    "手机": "13900000002",
    "单位名称": SANDS,
}
NOBODY = "someone@example.net"


class HoldingOffice(Office):
    """An office as it is on its first day: every letter waits for a person."""

    @property
    def settings(self):
        given = super().settings
        return replace(given, sending=replace(given.sending, mode=SendMode.HOLD))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The record after a night: a whole form, a scan with two names, a form of a unit that nobody knows."""
    folder = tmp_path_factory.mktemp("night")
    title = "泉州台商投资区“安全生产月”活动联络员反馈表"
    page = saved(drawn([list(pair) for pair in SCAN.items()], above=(title,)), "JPEG", quality=85)
    mails = [
        (office.UNITS[STONE], "联络员表", office.liaison(STONE), "附件2.docx"),
        (office.UNITS[SANDS], "附件2", page, "扫描件.jpg"),
        (NOBODY, "报送联络员", office.liaison("某某公司"), "附件2.docx"),
    ]
    with HoldingOffice(folder / "data", office.START) as place:
        app = place.open()
        Accounts(place.data).put(NAME, PASSWORD)
        for number, (sender, subject, attachment, name) in enumerate(mails, 1):
            place.deliver(office.mail(sender, subject, attachment=attachment, name=name, number=number), sender)
            place.pass_time(timedelta(minutes=5))
            a_round(app)
        place.close_app()
    return folder / "data"


@pytest.fixture
def place(data, tmp_path):
    with HoldingOffice(tmp_path / "data", office.START + timedelta(hours=2), template=data) as place:
        yield place


@pytest.fixture(
    params=[True, pytest.param(False, marks=pytest.mark.long)], ids=["with JavaScript", "without JavaScript"]
)
def clerk(request, browser):
    browser.set_window_size(1366, 768)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not request.param})
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def go(browser, words: str) -> None:
    """Follow an entry of the menu."""
    browser.find_element(
        "xpath", f"//nav[contains(@class, 'menu')]//a[contains(normalize-space(.), '{words}')]"
    ).click()


def confirm(browser) -> None:
    browser.find_element("css selector", ".actions button").click()


def saved_file(folder, ending: str):
    """Wait for the browser to have saved a file."""
    for _ in range(100):
        found = list(folder.glob(f"*{ending}"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"nothing was saved: {list(folder.iterdir())}")


def test_a_clerks_morning(clerk, place, tmp_path):
    app = place.open()
    application = make_application(app)
    with serving(application, port=0) as port:
        desk = Served(app, f"http://127.0.0.1:{port}", Client(application))
        downloads = tmp_path / "downloads"
        downloads.mkdir()
        clerk.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})

        log_in(clerk, desk)
        seen(clerk, "2 件来信待核实")
        picture(clerk, "morning-1-overview")

        # who is missing
        go(clerk, "进度表")
        seen(clerk, "共 3 个单位")
        Select(clerk.find_element("id", "state")).select_by_value("missing")
        Select(clerk.find_element("id", "form")).select_by_value("liaison")
        clerk.find_element("css selector", ".filter button").click()
        seen(clerk, "只显示")
        listed = [one.text for one in clerk.find_elements("css selector", ".matrix tbody th")]
        assert SCHOOLS in listed
        assert STONE not in listed

        # correct a value beside the scan it was read from
        go(clerk, "待核实")
        clerk.find_element("link text", "开始核实").click()
        seen(clerk, "扫描件.jpg")
        WebDriverWait(clerk, 20).until(  # the picture is drawn by the worker: it comes a moment later
            lambda one: one.find_element("css selector", ".review-left svg, .review-left img").size["height"] > 300
        )
        picture(clerk, "morning-2-scan")
        assert clerk.find_element("id", "f-mobile").get_dom_attribute("value") == SCAN["手机"]
        name = clerk.find_element("id", "f-name")
        assert name.get_dom_attribute("value") == SCAN["姓名"]
        name.clear()
        name.send_keys("林小满")
        push(clerk, "save")
        seen(clerk, "确认改值")
        assert "姓名：林小满　" in clerk.find_element("css selector", ".letter").text
        confirm(clerk)
        seen(clerk, "已改值")

        # send a form back, with a word to the sender
        seen(clerk, "报送联络员")
        note = clerk.find_element("id", "note")
        note.send_keys("请写明单位全称")
        push(clerk, "return")
        seen(clerk, "确认退回补正")
        assert "请写明单位全称" in clerk.find_element("css selector", ".letter").text
        confirm(clerk)
        seen(clerk, "已退回")

        # nothing has left the house so far; release it
        a_round(app)
        assert place.letters() == []
        go(clerk, "发件箱")
        seen(clerk, "待放行")
        picture(clerk, "morning-3-outbox")
        clerk.find_element("partial link text", "放行全部").click()
        seen(clerk, "确认放行")
        confirm(clerk)
        seen(clerk, "已放行")
        for _ in range(3):
            place.pass_time(timedelta(minutes=20))
            a_round(app)
        sent = {
            letter.recipients[0]: message_from_bytes(letter.raw, policy=policy.default) for _, letter in place.letters()
        }
        assert set(sent) == {office.UNITS[STONE], office.UNITS[SANDS], NOBODY}
        assert "请写明单位全称" in sent[NOBODY].get_body(("plain",)).get_content()
        assert len(place.letters()) == 3

        # the workbook
        go(clerk, "导出")
        clerk.find_element("xpath", "//button[contains(., '汇总表')]").click()
        book = openpyxl.load_workbook(saved_file(downloads, ".xlsx"))
        cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value}
        assert {"林小满", SCAN["手机"]} <= cells
        assert SCAN["姓名"] not in cells
