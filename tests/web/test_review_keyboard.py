"""待核实 by keyboard: the way past the menu and the original, a ring around whatever has the focus, the keys that are told."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.web.conftest import needs_chromium
from tests.web.test_browser import faults_that_axe_finds, log_in, needs_axe
from tests.web.test_review_browser import picture, seen

pytestmark = [pytest.mark.integration, needs_chromium]

LOOK = """
const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
return {id: one.id, text: (one.innerText || one.value || '').trim().slice(0, 30), inside: document.querySelector('main').contains(one),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, color: style.outlineColor,
        seen: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth, body: one === document.body};
"""


@pytest.fixture
def keys(browser, served):
    """Press keys one after the other."""
    browser.set_window_size(1366, 768)
    log_in(browser, served)
    seen(browser, "待处理")

    def press(*pressed: str) -> None:
        typing = ActionChains(browser)
        for key in pressed:
            typing.send_keys(key)
        typing.perform()

    return press


def focus(browser) -> dict[str, object]:
    return browser.execute_script(LOOK)


def test_two_keys_lead_past_the_menu_and_two_more_past_the_original(browser, served, keys):
    browser.get(f"{served.url}/review/3")
    keys(Keys.TAB)
    assert (focus(browser)["text"], focus(browser)["seen"]) == ("跳到正文", True)
    keys(Keys.ENTER, Keys.TAB)
    assert (focus(browser)["text"], focus(browser)["seen"]) == ("跳到各栏内容", True)
    picture(browser, "review-skip")
    keys(Keys.ENTER)
    assert focus(browser)["id"] == "fields"
    keys(Keys.TAB)
    assert focus(browser)["id"] == "unit"


@pytest.mark.parametrize("path", ["/review", "/review/3"])
def test_whatever_has_the_focus_is_in_sight_and_has_a_ring(browser, served, keys, path):
    browser.get(served.url + path)
    met = []
    for _ in range(80):
        keys(Keys.TAB)
        one = focus(browser)
        if one["body"] or (met and one == met[0]):
            break
        met.append(one)
    else:
        pytest.fail("Tab does not come to an end")
    assert len(met) > 10
    assert [one["text"] for one in met if not (one["ring"] and one["seen"])] == []


def test_the_arrows_do_what_the_page_says_they_do(browser, served, keys):
    browser.get(served.url + "/review")
    assert "从一封来信到另一封" in browser.page_source
    keys(Keys.ARROW_DOWN)
    assert focus(browser)["text"] == "报送"
    keys(Keys.ENTER)
    seen(browser, "核实 第 1 件")
    assert "从一栏到另一栏" in browser.page_source
    keys(Keys.ARROW_DOWN)
    assert focus(browser)["id"] == "unit"


def test_the_place_of_a_value_is_marked_in_the_original_by_keyboard(browser, served, keys):
    browser.get(f"{served.url}/review/3#fields")
    for _ in range(60):
        keys(Keys.TAB)
        if browser.execute_script("return (document.activeElement.getAttribute('href') || '').startsWith('#from-')"):
            break
    else:
        pytest.fail("Tab does not come to a place")
    keys(Keys.ENTER)
    (marked,) = WebDriverWait(browser, 10).until(lambda one: one.find_elements("css selector", ".sheet td:target"))
    assert marked.value_of_css_property("outline-style") == "solid"


@needs_axe
@pytest.mark.parametrize("path", ["/review", "/review/3"])
def test_axe_finds_nothing_with_the_keys_told(browser, served, keys, path):
    browser.get(served.url + path)
    browser.find_element("css selector", ".keys summary").click()
    picture(browser, f"review-keys{path.replace('/', '-')}")
    assert faults_that_axe_finds(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
