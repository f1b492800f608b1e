"""The pages of letters, mails and exports in a full office: 60 units, 4 forms each, 240 letters that wait."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from intake.compose import compose
from intake.db.models import MessageRow, OutboxRow, PartRow, SubmissionRow
from intake.model import CellState, Disposition, LetterKind, OutboxState, PartRole, SenderKind, Trust
from intake.roster import parse_roster
from parsers.codec import to_json
from parsers.forms import FieldReading
from scheduler.app import open_app
from scheduler.clock import SteppedClock
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.web.conftest import NAME, PASSWORD, Client, needs_chromium
from tests.web.test_browser import PICTURES, log_in

UNITS = [f"示例区第{number:02}街道办事处安全生产领导小组办公室" for number in range(1, 61)]
FORMS = ("registration", "liaison", "summary", "case")
QUERIES = 15


def roster():
    lines = [f"{unit},成员单位,林小满,unit{number}@example.org,0595-27390001" for number, unit in enumerate(UNITS)]
    return parse_roster("\r\n".join(["单位名称,分组,联系人,邮箱,电话", *lines]).encode(), "roster.csv")


def fill(session, now) -> None:
    """Write what 240 mails would have left behind."""
    number = 0
    for index, unit in enumerate(UNITS):
        for form in FORMS:
            number += 1
            address = f"unit{index}@example.org"
            mail = MessageRow(
                sha256=f"{number:064x}",
                size_bytes=80_000,
                arrived_at=now + timedelta(minutes=number),
                archived_at=now,
                folder="INBOX",
                state="filed",
                processed_at=now,
                from_address=address,
                from_name="林小满",
                subject=f"{unit}关于报送材料的函（第{number}号）",
                sender_kind=SenderKind.PERSON,
                disposition=Disposition.ACCEPTED,
                reasons=["报送内容完整"],
            )
            session.add(mail)
            session.flush()
            session.add(
                PartRow(
                    message_id=mail.id,
                    path="2",
                    name=f"{unit}.docx",
                    type="application/octet-stream",
                    role=PartRole.ATTACHMENT,
                    size_bytes=60_000,
                    sha256=f"{number:064x}",
                    reading={"name": f"{unit}.docx", "kind": "docx"},
                )
            )
            session.add(
                SubmissionRow(
                    message_id=mail.id,
                    ordinal=1,
                    campaign=session.info["campaign"],
                    form=form,
                    unit=unit,
                    state=CellState.ACCEPTED,
                    trust=Trust.ROSTER,
                    fields=to_json((FieldReading("unit", unit, unit, "单位名称", "table 1, R1C2", "right"),)),
                    problems=[],
                    notes=[],
                    attachment=f"{unit}.docx",
                    source="2",
                    arrived_at=mail.arrived_at,
                )
            )
            session.add(letter(number, unit, address, form, mail, now, session.info["campaign"]))


def letter(number, unit, address, form, mail, now, campaign) -> OutboxRow:
    subject = f"【收件回执】{unit}《活动联络员反馈表》已收到〔2025-{number:04}〕"
    raw = compose(
        subject,
        f"{unit}：\n报送的材料已收到并登记。\n",
        kind=LetterKind.ACKNOWLEDGEMENT,
        to_address=address,
        sender_address="a27398830@126.com",
        sender_name="区安办",
        message_id=f"<intake.{number}@126.com>",
        reference=f"2025-{number:04}",
        key=b"k",
        now=now,
    )
    return OutboxRow(
        key=f"crowd:{number}",
        kind=LetterKind.ACKNOWLEDGEMENT,
        campaign=campaign,
        unit=unit,
        to_address=address,
        subject=subject,
        header_message_id=f"<intake.{number}@126.com>",
        reference=f"2025-{number:04}",
        raw=raw,
        cause_id=mail.id,
        forms=[form],
        state=OutboxState.HELD,
        created_at=now,
        not_before=now,
        expires_at=None,
        claimed_at=None,
        sent_at=None,
    )


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Iterator[SimpleNamespace]:
    data = tmp_path_factory.mktemp("crowd") / "data"
    settings = office.settings(data, imap_port=1, smtp_port=1)
    with open_app(settings, SteppedClock(office.START + timedelta(days=1)), roster=roster()) as app:
        Accounts(data).put(NAME, PASSWORD)
        with app.bench.sessions.begin() as session:
            session.info["campaign"] = settings.campaign.id
            fill(session, office.START)
        application = make_application(app)
        client = Client(application)
        client.log_in()
        with serving(application, port=0) as port:
            yield SimpleNamespace(app=app, client=client, url=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "path",
    [
        "/outbox",
        "/outbox/7",
        "/outbox/confirm?do=release&all=1",
        "/mails",
        "/mails?q=%E8%A1%97%E9%81%93&fate=accepted&page=3",
        "/mails/7/again",
        "/export",
    ],
)
def test_no_page_asks_the_record_more_often_than_it_may(crowd, path):
    asked = []

    def count(_connection, _cursor, statement, *_):
        asked.append(statement)

    event.listen(crowd.app.engine, "before_cursor_execute", count)
    try:
        assert crowd.client.get(path).status_code == 200
    finally:
        event.remove(crowd.app.engine, "before_cursor_execute", count)
    asked = [one for one in asked if not one.startswith("BEGIN")]
    assert len(asked) <= QUERIES, asked


def test_a_long_list_has_pages_and_numbers_that_go_on(crowd):
    first, last = crowd.client.get("/mails").text, crowd.client.get("/mails?page=5").text
    assert "共 240 封" in first
    assert "第 1 页，共 5 页" in first
    assert first.count("<tr>") == 51
    assert '<td class="number">201</td>' in last
    assert last.count("<tr>") == 41
    assert "下一页" not in last
    assert crowd.client.get("/mails?page=99").status_code == 200
    found = crowd.client.get("/mails?q=%E7%AC%AC07%E8%A1%97%E9%81%93").text
    assert "共 4 封" in found
    assert UNITS[6] in found


def test_more_letters_than_can_be_looked_through_are_released_by_portions_that_are_told(crowd):
    page = crowd.client.get("/outbox/confirm?do=release&all=1").text
    assert page.count('name="letter"') == 200
    assert "只列出最早的 200 封" in page
    assert page.count("<details") == 200
    with crowd.app.bench.sessions() as session:
        assert set(session.scalars(select(OutboxRow.state))) == {"held"}


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("发件箱", "/outbox"),
        ("放行", "/outbox/confirm?do=release&id=1&id=2&id=3&id=4"),
        ("来信", "/mails"),
        ("导出", "/export"),
    ],
)
def test_a_full_page_is_no_wider_than_the_screen(browser, crowd, name, path, width):
    log_in(browser, crowd)
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    browser.get(crowd.url + path)
    if str(PICTURES) != ".":
        browser.save_screenshot(str(PICTURES / f"crowd-{name}-{width}.png"))
    wide, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window
