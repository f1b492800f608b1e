"""待核实 of a scan, a workbook and a mail's own words in real Chromium: boxes at their places, reached by their signs."""

import pytest
from selenium.webdriver.common.by import By

from tests.builders import office
from tests.builders.excel import xlsx_form
from tests.builders.layouts import arrange
from tests.web.conftest import needs_chromium
from tests.web.review_desk import desk_with
from tests.web.scan_desk import SCAN, SEEN, STRANGER, WIDTH, page_seen, scan_mail, with_engine
from tests.web.test_browser import PICTURES, WIDTHS, faults_that_axe_finds, log_in, needs_axe
from tests.web.test_review_browser import seen

pytestmark = [pytest.mark.integration, needs_chromium]

SHEET, WORDS = SCAN + 1, SCAN + 2
NUMBERS = {"scan": SCAN, "sheet": SHEET, "words": WORDS}
MOBILE = 9  # its place among the cells of the table


@pytest.fixture(scope="module")
def desk(morning_data, tmp_path_factory):
    lines = "".join(f"{label}：{value}\n" for label, value in SEEN if label != "单位")
    mails = (
        scan_mail(),
        office.mail(
            STRANGER,
            "联络员表",
            attachment=xlsx_form("附件2 联络员反馈表", arrange("pairs", SEEN), (), ()),
            name="联络员反馈表.xlsx",
            number=41,
        ),
        office.mail(STRANGER, "联络员反馈表", text=f"附件2 联络员反馈表\n{lines}单位：某某公司\n", number=42),
    )
    with with_engine(), desk_with(morning_data, tmp_path_factory.mktemp("scans"), *mails) as served:
        yield served


@pytest.fixture
def clerk(browser, desk):
    browser.set_window_size(1366, 768)
    log_in(browser, desk)
    seen(browser, "待处理")
    return browser


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NUMBERS)
def test_an_item_of_any_container_fits_the_screen(clerk, desk, name, width):
    clerk.set_window_size(width, 768 if width < 1500 else 1080)
    clerk.get(f"{desk.url}/review/{NUMBERS[name]}")
    if str(PICTURES) != ".":
        clerk.save_screenshot(str(PICTURES / f"review-{name}-{width}.png"))
    assert clerk.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert clerk.find_element(By.ID, "f-name").get_dom_attribute("value") == "林小满"


@needs_axe
@pytest.mark.parametrize("name", NUMBERS)
def test_axe_finds_nothing_on_an_item_of_any_container(clerk, desk, name):
    clerk.get(f"{desk.url}/review/{NUMBERS[name]}")
    assert faults_that_axe_finds(clerk) == []


def test_the_sign_beside_a_field_leads_to_its_box_over_its_cell(clerk, desk):
    clerk.get_log("browser")
    clerk.get(f"{desk.url}/review/{SCAN}")
    link = clerk.find_element(By.XPATH, "//*[@id='f-mobile']/ancestor::div[starts-with(@class, 'field')]//a[b]")
    link.click()
    box = clerk.find_element(By.CSS_SELECTOR, ".box:target rect")
    assert box.value_of_css_property("stroke-width") == "4px"
    assert link.find_element(By.TAG_NAME, "b").text == clerk.find_element(By.CSS_SELECTOR, ".box:target text").text
    sheet = clerk.find_element(By.CSS_SELECTOR, "svg.sheet-page")
    assert clerk.execute_async_script(
        "const done = arguments[1]; const picture = new Image(); picture.onload = () => done(picture.naturalWidth);"
        "picture.onerror = () => done(0); picture.src = arguments[0].querySelector('image').getAttribute('href')",
        sheet,
    )
    scale = sheet.rect["width"] / WIDTH
    cell = page_seen().tables[0].cells[MOBILE].box
    for edge, wanted in (("x", cell.left), ("y", cell.top)):
        assert box.rect[edge] - sheet.rect[edge] == pytest.approx(wanted * scale, abs=4)
    assert box.rect["width"] == pytest.approx((cell.right - cell.left) * scale, abs=8)
    half = clerk.find_element(By.CLASS_NAME, "review-left").rect
    assert half["y"] <= box.rect["y"] < half["y"] + half["height"]  # in sight
    assert [one for one in clerk.get_log("browser") if "Content Security Policy" in one["message"]] == []
