"""The 总览 of a new office, and `intake status`: the same first steps, gone when all is done."""

import json
import re
from datetime import timedelta

import pytest
from rich.console import Console

from scheduler.desk import status
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import NAME, PASSWORD, STONE, Client, needs_chromium
from tests.web.test_browser import AXE, PICTURES, WIDTHS, faults_that_axe_finds
from tests.web.test_review_browser import seen

HELD = office.SendMode.HOLD


class Beginner(Office):
    """An office as it is installed: every letter waits for a person."""

    @property
    def settings(self):
        given = super().settings
        return office.replace(given, sending=office.replace(given.sending, mode=HELD))


@pytest.fixture
def beginner(tmp_path):
    with Beginner(tmp_path / "data", office.START) as place:
        app = place.open()
        Accounts(place.data).put(NAME, PASSWORD)
        client = Client(make_application(app))
        client.log_in()
        yield place, app, client


def steps_on(page: str) -> list[tuple[str, str]]:
    """Mark and title of each step on the 总览."""
    return re.findall(r'class="step-mark[^"]*">([^<]+)</span> <b>([^<]+)</b>', page)


def printed(app, capsys) -> str:
    with app.bench.reading() as record:
        found = status.first_steps(app, record, app.bench.ledgers.read(record))
    status._print_steps(Console(width=400), found)
    return capsys.readouterr().out


def test_a_new_office_is_told_its_steps_and_they_are_done_one_after_the_other(beginner, capsys):
    place, app, client = beginner
    page = client.get("/").text
    assert [mark for mark, _ in steps_on(page)] == ["待办", "已完成", "待办", "待办", "待办", "待办"]
    assert "还没有收过信" in page
    assert page.count('aria-current="step"') == 1
    place.deliver(office.mail(office.UNITS[STONE], "联络员表", attachment=office.liaison(STONE)), office.UNITS[STONE])
    place.pass_time(timedelta(minutes=5))
    a_round(app)
    page = client.get("/").text
    assert [mark for mark, _ in steps_on(page)] == ["已完成", "已完成", "已完成", "已完成", "待办", "待办"]
    assert "发件箱有 1 封待放行，还没有发出过" in page
    told = printed(app, capsys)
    for mark, title in steps_on(page):
        assert f"[{mark}] {title}：" in told


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
def test_the_steps_of_a_new_office_fit_the_screen(browser, beginner, width):
    _, app, _ = beginner
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    with serving(make_application(app), port=0) as port:
        browser.delete_all_cookies()
        browser.get(f"http://127.0.0.1:{port}/login")
        browser.find_element("id", "name").send_keys(NAME)
        browser.find_element("id", "password").send_keys(PASSWORD)
        browser.find_element("css selector", ".login button").click()
        seen(browser, "接下来做什么")
        if str(PICTURES) != ".":
            browser.save_screenshot(str(PICTURES / f"beginning-{width}.png"))
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        if AXE.exists():
            assert faults_that_axe_finds(browser) == []


def test_an_office_at_work_is_told_no_steps(served, capsys):
    assert "接下来做什么" not in served.client.get("/").text
    assert printed(served.app, capsys) == ""


def test_status_tells_a_program_the_steps(served, capsys, monkeypatch):
    monkeypatch.setattr(status.options, "own_app", lambda _arguments: _Own(served.app))
    status.run(type("Arguments", (), {"json": True})())
    found = json.loads(capsys.readouterr().out)["first_steps"]
    assert len(found) == 6
    assert all(one["done"] for one in found)


class _Own:
    def __init__(self, app) -> None:
        self._app = app

    def __enter__(self):
        return self._app

    def __exit__(self, *_) -> None:
        pass
