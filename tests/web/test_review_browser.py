"""待核实 in real Chromium: the whole way without JavaScript and by keyboard alone, hostile texts, an office's screen."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.builders import office, pdf
from tests.builders.word import zipped
from tests.web.conftest import STONE, needs_chromium
from tests.web.review_desk import STRANGER, desk_with, hostile_mail
from tests.web.test_browser import PICTURES, WIDTHS, faults_that_axe_finds, log_in, needs_axe

pytestmark = [pytest.mark.integration, needs_chromium]

QUESTION = 3  # the morning's own: of an unknown unit
DOUBTFUL, HOSTILE, PICTURE, WORDS = 4, 5, 6, 7


@pytest.fixture(scope="module")
def desk(morning_data, tmp_path_factory):
    """A desk with one mail of each kind, in order of arrival."""
    doubtful = office.liaison(STONE, name="林小满、李四", address="")
    mails = [
        office.mail(STRANGER, "联络员表", attachment=doubtful, number=10),
        hostile_mail(11),
        office.mail(
            STRANGER,
            "两份",
            attachment=zipped(
                {"说明.pdf": pdf.file(pdf.text(100, 700, "说明")), "乙.docx": office.liaison("某某管理处")}
            ),
            name="报送.zip",
            number=12,
        ),
        office.mail(STRANGER, "请问", text="请问表里的单位公章必须盖吗？\n", number=13),
    ]
    with desk_with(morning_data, tmp_path_factory.mktemp("review"), *mails) as served:
        yield served


@pytest.fixture
def clerk(browser, desk):
    """Chromium, logged in, on a screen of 1366 × 768."""
    log_in(browser, desk)
    browser.set_window_size(1366, 768)
    return browser


def picture(browser, name: str) -> None:
    if str(PICTURES) != ".":
        browser.save_screenshot(str(PICTURES / f"{name}.png"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", [QUESTION, DOUBTFUL, HOSTILE, PICTURE, WORDS])
def test_an_item_fits_the_screen_whatever_stands_in_it(clerk, desk, number, width):
    clerk.set_window_size(width, 768 if width < 1500 else 1080)
    clerk.get(f"{desk.url}/review/{number}")
    picture(clerk, f"review-{number}-{width}")
    assert clerk.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    for button in clerk.find_elements("css selector", ".review-actions button"):
        box = clerk.execute_script("const r = arguments[0].getBoundingClientRect(); return [r.left, r.right, r.top]", button)
        assert 0 <= box[0] < box[1] <= width
        assert box[2] < (768 if width < 1500 else 1080)


@needs_axe
@pytest.mark.parametrize("number", [QUESTION, DOUBTFUL, HOSTILE, PICTURE, WORDS])
def test_axe_finds_nothing_on_an_item(clerk, desk, number):
    clerk.get(f"{desk.url}/review/{number}")
    assert faults_that_axe_finds(clerk) == []
