"""The mails' page: every mail with its fate, found by what people remember of it; the original, its parts, read again."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from intake.db.models import AuditRow, MessageRow, OutboxRow, SubmissionRow
from scheduler import jobs
from scheduler.app import App
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import NAME, SANDS, STONE, Client, needs_chromium
from tests.web.test_browser import PICTURES, log_in

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x07" + "长" * 10_000
FILE = "..\\..\\<b>表\u202excod.exe"


def hostile_mail() -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = '"<i>100%_</i>" <hostile@example.net>'
    message["To"] = "a27398830@126.com"
    message["Subject"] = HOSTILE.replace("\x07", "")
    message["Message-ID"] = "<hostile@example.net>"
    message.set_content("<script>alert(3)</script>\n" + "x" * 10_000)
    message.add_alternative("<script>alert(4)</script><p>另一份正文</p>", subtype="html")
    message.add_attachment(b"MZ hostile", maintype="application", subtype="octet-stream", filename=FILE)
    return message.as_bytes()


@dataclass
class Mails:
    office: Office
    app: App
    client: Client

    def row(self, number: int) -> MessageRow:
        with self.app.bench.sessions() as session:
            return session.get_one(MessageRow, number)

    def number_of(self, sender: str) -> int:
        with self.app.bench.sessions() as session:
            return session.scalars(select(MessageRow.id).where(MessageRow.from_address == sender)).one()


@pytest.fixture(scope="module")
def hostile_data(morning_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with Office(folder / "data", office.START + timedelta(hours=1), template=morning_data) as office_:
        app = office_.open()
        office_.deliver(hostile_mail(), "hostile@example.net")
        a_round(app)
        office_.close_app()
    return folder / "data"


@pytest.fixture
def mails(hostile_data, tmp_path) -> Iterator[Mails]:
    with Office(tmp_path / "data", office.START + timedelta(hours=2), template=hostile_data) as office_:
        app = office_.open()
        client = Client(make_application(app))
        client.log_in()
        yield Mails(office_, app, client)


def listed(mails, **query) -> set[str]:
    page = mails.client.get("/mails", query_string=query).text
    known = {"q***@qs.example.com", "b***@bs.example.com", "s***@example.net", "h***@example.net"}
    return {one for one in known if one in page}


def test_every_mail_stands_in_the_list_with_its_fate_and_what_came_of_it(mails):
    page = mails.client.get("/mails").text
    assert "共 4 封" in page
    for words in ("受理", "请补正", "待人工核实", "青石镇人民政府《", "已受理"):
        assert words in page
    assert office.UNITS[STONE] not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "qingshi@"}, {"q***@qs.example.com"}),
        ({"q": "QINGSHI"}, {"q***@qs.example.com"}),
        ({"q": "白沙镇"}, {"b***@bs.example.com"}),
        ({"q": SANDS}, {"b***@bs.example.com"}),
        ({"q": "报送"}, {"s***@example.net"}),
        ({"q": "1"}, {"q***@qs.example.com", "h***@example.net"}),
        ({"q": "100%_"}, {"h***@example.net"}),
        ({"q": "%"}, {"h***@example.net"}),
        ({"q": "_"}, {"h***@example.net"}),
        ({"q": "\\"}, set()),
        ({"q": "没有这样的"}, set()),
        ({"fate": "accepted"}, {"q***@qs.example.com"}),
        ({"fate": "correction", "q": "qingshi"}, set()),
        ({"fate": "nonsense", "q": "qingshi", "page": "x"}, {"q***@qs.example.com"}),
    ],
)
def test_a_mail_is_found_by_sender_subject_unit_number_and_fate(mails, query, found):
    answer = listed(mails, **query)
    if query.get("q") == "1":  # a number finds its mail, and whatever has the digit in it
        assert "q***@qs.example.com" in answer
    else:
        assert answer == found


def test_one_mail_shows_its_way_its_text_its_parts_and_its_values(mails):
    number = mails.number_of(office.UNITS[SANDS])
    page = mails.client.get(f"/mails/{number}").text
    for words in (
        "请补正",
        "INBOX",
        "请查收。",
        "附件2.docx",
        "Word文档",
        "读出《",
        "姓名",
        "林小满",
        "“手机”未填写",
        "补正通知",
    ):
        assert words in page, words
    assert 'href="/outbox/' in page


def test_the_original_is_handed_out_as_it_came(mails):
    number = mails.number_of(office.UNITS[STONE])
    answer = mails.client.get(f"/mails/{number}/original")
    assert hashlib.sha256(answer.data).hexdigest() == mails.row(number).sha256
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert ".eml" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/octet-stream"


def test_a_part_is_handed_out_byte_for_byte_and_a_body_is_not(mails):
    number = mails.number_of(office.UNITS[STONE])
    answer = mails.client.get(f"/mails/{number}/parts/2")
    assert answer.data == office.liaison(STONE)
    assert mails.client.get(f"/mails/{number}/parts/1").status_code == 404
    for strange in ("0", "9", "99999999999"):
        assert mails.client.get(f"/mails/{number}/parts/{strange}").status_code == 404
    assert mails.client.get("/mails/999/parts/1").status_code == 404
    assert mails.client.get("/mails/999/original").status_code == 404


def test_a_program_under_a_hostile_name_is_saved_as_no_program(mails):
    number = mails.number_of("hostile@example.net")
    page = mails.client.get(f"/mails/{number}").text
    index = page.count("parts/") and max(int(one.split('"')[0]) for one in page.split("parts/")[1:])
    answer = mails.client.get(f"/mails/{number}/parts/{index}")
    assert answer.data == b"MZ hostile"
    sent = answer.headers["Content-Disposition"]
    assert ".exe.bin" in sent
    assert ".." not in sent.replace("...", "")
    assert "\\" not in sent
    assert "%E2%80%AE" not in sent


def test_markup_of_a_mail_stays_text_and_its_html_is_not_shown(mails):
    number = mails.number_of("hostile@example.net")
    for path in ("/mails", f"/mails/{number}", f"/mails/{number}/again"):
        page = mails.client.get(path).text
        assert "&lt;script&gt;" in page
        for mark in ("<script", "<img", "<i>", "<b>", "\u202e", "\x07"):
            assert mark not in page, (path, mark)


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
def test_hostile_words_neither_run_nor_make_a_page_wider_than_the_screen(browser, mails, width):
    application = make_application(mails.app)
    number = mails.number_of("hostile@example.net")
    with serving(application, port=0) as port:
        log_in(browser, SimpleNamespace(url=f"http://127.0.0.1:{port}"))
        browser.set_window_size(width, 768)
        for name, path in (("list", "/mails"), ("mail", f"/mails/{number}"), ("again", f"/mails/{number}/again")):
            browser.get(f"http://127.0.0.1:{port}{path}")
            if str(PICTURES) != ".":
                browser.save_screenshot(str(PICTURES / f"hostile-{name}-{width}.png"))
            wide, window = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
            assert wide <= window, path
            assert browser.find_elements("css selector", "main script, main img, main i, main b") == []
            assert browser.find_element("tag name", "h1").is_displayed()


# --- read again ------------------------------------------------------------------------------------------------------


def seen_of(mails, number: int) -> str:
    page = mails.client.get(f"/mails/{number}/again").text
    return page.split('name="seen" value="')[1].split('"')[0]


def test_a_mail_is_read_again_after_a_question_and_no_letter_goes_twice(mails):
    number = mails.number_of(office.UNITS[STONE])
    with mails.app.bench.sessions() as session:
        before = [(row.id, row.state) for row in session.scalars(select(OutboxRow))]
        fields = session.scalars(select(SubmissionRow).where(SubmissionRow.message_id == number)).one().fields
    sent = len(mails.office.sent)
    assert "不会重发" in mails.client.get(f"/mails/{number}/again").text
    assert mails.row(number).state == "filed"
    answer = mails.client.post(f"/mails/{number}/again", {"seen": seen_of(mails, number)})
    assert (answer.status_code, answer.location) == (303, f"/mails/{number}")
    assert mails.row(number).state == "archived"
    assert "等待识别" in mails.client.get(f"/mails/{number}").text
    a_round(mails.app)
    assert mails.row(number).state == "filed"
    with mails.app.bench.sessions() as session:
        assert [(row.id, row.state) for row in session.scalars(select(OutboxRow))] == before
        again = session.scalars(select(SubmissionRow).where(SubmissionRow.message_id == number)).one()
        audit = session.scalars(select(AuditRow)).all()
    assert again.fields == fields
    assert [(row.who, row.action, row.subject) for row in audit] == [(NAME, "reprocess", f"mail {number}")]
    assert len(mails.office.sent) == sent


def test_a_mail_that_was_read_again_meanwhile_is_not_put_back_a_second_time(mails):
    number = mails.number_of(office.UNITS[STONE])
    seen = seen_of(mails, number)
    with mails.app.bench.sessions.begin() as session:
        later = mails.app.clock.now() + timedelta(minutes=1)
        session.execute(update(MessageRow).where(MessageRow.id == number).values(processed_at=later))
    answer = mails.client.post(f"/mails/{number}/again", {"seen": seen})
    assert (answer.status_code, "没有改动" in answer.text) == (409, True)
    assert mails.row(number).state == "filed"
    assert mails.client.post("/mails/999/again", {"seen": ""}).status_code == 404


def test_while_a_mail_waits_to_be_read_again_nobody_is_told_that_nothing_came(mails):
    mails.office.pass_time(timedelta(days=1))  # 29 May: one working day before the deadline
    mails.client.log_in()
    number = mails.number_of(office.UNITS[STONE])
    with mails.app.bench.sessions.begin() as session:  # so long ago that the quiet time after a mail is over
        long_ago = office.START - timedelta(days=1)
        session.execute(update(MessageRow).values(arrived_at=long_ago))
        session.execute(update(SubmissionRow).values(arrived_at=long_ago))
    mails.client.post(f"/mails/{number}/again", {"seen": seen_of(mails, number)})
    due = {draft.unit: draft.forms for draft in jobs.due_reminders(mails.app).drafts}
    assert "liaison" in due[STONE]
    jobs.fetch(mails.app)
    jobs.remind(mails.app)
    with mails.app.bench.sessions() as session:
        assert session.scalars(select(OutboxRow).where(OutboxRow.kind == "reminder")).all() == []
    jobs.process(mails.app)
    jobs.remind(mails.app)
    with mails.app.bench.sessions() as session:
        reminded = {
            row.unit: row.forms for row in session.scalars(select(OutboxRow).where(OutboxRow.kind == "reminder"))
        }
    assert reminded
    assert "liaison" not in reminded.get(STONE, [])
