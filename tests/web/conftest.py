"""An office whose record holds a morning's matter, its desk on a port, and Debian's Chromium before it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from scheduler.app import App
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.rig.inprocess import Office, a_round

NAME, PASSWORD = "章某某", "correct horse 9"
STONE, SANDS, SCHOOLS = office.UNITS


@pytest.fixture(scope="session")
def morning_data(tmp_path_factory) -> Path:
    """A data directory after a day: one form accepted, one to be mended, one mail that a person must look at."""
    folder = tmp_path_factory.mktemp("morning")
    with Office(folder / "data", office.START) as office_:
        app = office_.open()
        Accounts(office_.data).put(NAME, PASSWORD)
        whole = office.liaison(STONE)
        office_.deliver(office.mail(office.UNITS[STONE], "联络员表", attachment=whole, number=1), office.UNITS[STONE])
        lacking = office.liaison(SANDS, mobile="")
        office_.deliver(office.mail(office.UNITS[SANDS], "附件2", attachment=lacking, number=2), office.UNITS[SANDS])
        foreign = office.liaison("某某公司")
        office_.deliver(office.mail("someone@example.net", "报送", attachment=foreign, number=3), "someone@example.net")
        office_.pass_time(timedelta(minutes=30))
        a_round(app)
        office_.close_app()
    return folder / "data"


@dataclass
class Served:
    """A desk that is open: its App, its address, a client that speaks WSGI without a socket."""

    app: App
    url: str
    client: "Client"


class Client:
    """A browser without a window: keeps cookies, sends the Origin and the token as our pages do."""

    def __init__(self, application) -> None:
        self.raw = application.test_client()
        self.base = "http://127.0.0.1"

    def get(self, path: str, **options) -> TestResponse:
        return self.raw.get(path, base_url=self.base, buffered=True, **options)

    def post(self, path: str, data: dict[str, object] | None = None, **options) -> TestResponse:
        with self.raw.session_transaction(base_url=self.base) as session:
            token = session.get("token", "")
        headers = {"Origin": self.base} | options.pop("headers", {})
        return self.raw.post(path, base_url=self.base, data={"token": token} | (data or {}), headers=headers, **options)

    def log_in(self, name: str = NAME, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", {"name": name, "password": password})


@pytest.fixture
def served(morning_data, tmp_path) -> Iterator[Served]:
    """The desk of a copy of that morning, logged in by `client`."""
    with Office(tmp_path / "data", office.START + timedelta(hours=2), template=morning_data) as office_:
        app = office_.open()
        application = make_application(app)
        client = Client(application)
        client.log_in()
        with serving(application, port=0) as port:
            yield Served(app, f"http://127.0.0.1:{port}", client)


_IN_EVERY_RUN = "test_morning.py"  # of the tests in a browser: a clerk's whole morning


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests in a browser as long: some minutes in all. One of them goes through every page of a morning, always."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) and item.path.name != _IN_EVERY_RUN:
            item.add_marker(pytest.mark.long)


# --- the browser -----------------------------------------------------------------------------------------------------

_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    not (_CHROMIUM and _DRIVER), reason="Debian's chromium and chromium-driver are not installed"
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Headless Chromium, 1366×768, Chinese; one for the whole run."""
    from selenium import webdriver  # noqa: PLC0415 - half a second, only where a browser is there

    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=zh-CN",
        "--window-size=1366,768",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(_DRIVER))
    yield driver
    driver.quit()
