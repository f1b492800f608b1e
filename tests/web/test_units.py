"""单位: contacts, what is owed, versions with what changed, where each value was read, and all that went between."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from intake import decide
from intake.cases import look
from intake.db.models import BadAddressRow, MessageRow, UnitNoteRow
from intake.model import OutboxState
from scheduler.web.accounts import Accounts
from scheduler.web.application import make_application
from scheduler.web.serving import serving
from tests.builders import office
from tests.rig.inprocess import Office, a_round
from tests.web import many
from tests.web.conftest import NAME, PASSWORD, SANDS, SCHOOLS, STONE, Client, Served, needs_chromium
from tests.web.test_browser import PICTURES, log_in
from tests.web.test_progress import plain

SHOUT = "<script>document.title='x'</script><img src=x onerror=document.title='x'>"
BIDI = "\u202efdp.elif\u202c\u2066"
HOSTILE = f"{SHOUT}{BIDI}\x07{'长' * 300}{'x' * 10_000}"


@pytest.fixture(scope="module")
def lively(tmp_path_factory) -> Iterator[Served]:
    """One unit that mended its form and changed it later; another that sent what a stranger's program may send."""
    sands, stone = office.UNITS[SANDS], office.UNITS[STONE]
    with Office(tmp_path_factory.mktemp("lively") / "data", office.START) as office_:
        app = office_.open()
        Accounts(office_.data).put(NAME, PASSWORD)
        for number, (mobile, wait) in enumerate((("", 30), ("13900000002", 30), ("13900000003", 4_000)), start=1):
            form = office.liaison(SANDS, mobile=mobile)
            office_.deliver(office.mail(sands, "附件2", attachment=form, number=number), sands)
            office_.pass_time(timedelta(minutes=wait))
            a_round(app)
        hostile = office.liaison(STONE, position=SHOUT, address=f"{BIDI}{'路' * 200}")
        office_.deliver(
            office.mail(
                stone, HOSTILE.replace("\x07", ""), attachment=hostile, name=f"附件2{BIDI}{'x' * 200}.docx", number=9
            ),
            stone,
        )
        office_.pass_time(timedelta(minutes=30))
        a_round(app)
        application = make_application(app)
        client = Client(application)
        client.log_in()
        with serving(application, port=0) as port:
            yield Served(app, f"http://127.0.0.1:{port}", client)


def section(text: str, name: str) -> str:
    return text.partition(f'aria-label="{name}"')[2].partition("</section>")[0]


def versions(text: str, form: str = "liaison") -> list[str]:
    part = text.partition(f'id="form-{form}"')[2].partition("</section>")[0]
    return re.findall(r"<article.*?</article>", part, re.DOTALL)


def rows(html: str) -> list[list[str]]:
    found = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[plain(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in found]


def test_contacts_stand_in_full_with_what_bounced(served):
    with served.app.bench.sessions.begin() as session:
        session.add(BadAddressRow(address=office.UNITS[SANDS], since=office.START, reason="550 no such user"))
    text = section(served.client.get("/units/2").text, "联系方式")
    assert office.UNITS[SANDS] in text
    assert "0595-27390001" in text
    assert "退信" in text
    assert "550 no such user" in text
    assert "退信" not in section(served.client.get("/units/1").text, "联系方式")


def test_what_is_owed_is_told_with_state_and_deadline(served):
    found = rows(section(served.client.get("/units/2").text, "应报材料"))[1:]
    assert [row[2] for row in found] == ["自愿", "应报", "应报", "自愿"]
    assert [row[4] for row in found] == ["—", "待补正 5-28", "未报", "—"]
    assert found[1][3] == "5月30日（周五）"


def test_the_version_in_force_tells_where_each_value_was_read(lively):
    newest = versions(lively.client.get("/units/2").text)[0]
    found = {row[0]: row[1:] for row in rows(newest.rpartition("<table")[2])}
    assert found["手机"][0] == "13900000003"
    assert re.match(r"表\d+第\d+行第\d+列", found["手机"][1])
    assert "格" in found["手机"][1]


def test_versions_stand_newest_first_with_sender_time_and_what_changed(lively):
    third, second, first = versions(lively.client.get("/units/2").text)
    assert "现行" in third
    assert "现行" not in second + first
    assert office.UNITS[SANDS] in third
    assert "5月28日 10:00" in plain(third)
    assert ["手机", "13900000002", "13900000003"] in rows(third)
    assert ["手机", "（空）", "13900000002"] in rows(second)
    assert "待补正" in first
    assert "“手机”未填写" in first
    assert "项不变" in second
    assert "<details>" in second


def test_the_timeline_has_mails_letters_and_notes_newest_first(lively):
    with lively.app.bench.sessions.begin() as session:
        session.add(
            UnitNoteRow(
                campaign=lively.app.settings.campaign.id,
                unit="白沙镇",  # as it was recorded: an alias of today
                form="liaison",
                kind="call",
                values={"fields": {}, "handed_in_at": None},
                text="已答应下午报",
                who="章某某",
                at=office.START + timedelta(days=4),
            )
        )
    found = rows(section(lively.client.get("/units/2").text, "往来记录"))[1:]
    assert found[0][1] == "记录"
    assert found[0][2].startswith("电话联系《")
    assert found[0][3:] == ["已答应下午报", "章某某"]
    ways = [row[1] for row in found[1:]]
    assert ways == ["去信", "去信", "来信", "去信", "来信", "来信"]  # an answer goes out with the next round
    fates = [row[2].split()[0] for row in found[1:]]
    assert fates == ["更新回执：已发送", "收件回执：已发送", "受理", "补正通知：已发送", "受理", "请补正"]
    assert "第3版：已受理" in found[3][2]


def test_a_note_that_was_taken_back_says_so(served):
    with served.app.bench.sessions.begin() as session:
        note = UnitNoteRow(
            campaign=served.app.settings.campaign.id,
            unit=STONE,
            kind="exempt",
            values={"fields": {}, "handed_in_at": None},
            who="章某某",
            at=office.START,
            undone_at=office.START + timedelta(hours=1),
            undone_by="李某某",
        )
        session.add(note)
    assert "已由李某某于5月28日10:00撤销" in served.client.get("/units/1").text


def test_a_letter_that_did_not_go_is_told_with_its_state(served):
    with served.app.bench.sessions.begin() as session:
        many.letter(session, 1, STONE, office.START, "summary", state=OutboxState.HELD, sent_at=None)
        many.letter(session, 2, SANDS, office.START, "summary")
    found = rows(section(served.client.get("/units/1").text, "往来记录"))
    told = [row for row in found if row[1] == "去信" and "报送提醒" in row[2]]
    assert len(told) == 1
    assert told[0][2].startswith("报送提醒：待放行 涉及《“安全生产月”活动总结》")


def test_a_unit_that_left_the_roster_has_a_page_by_its_name(served):
    with served.app.bench.sessions.begin() as session:
        mail = many.message(session, 50, office.START, "old@old.example.com")
        many.submission(session, mail, many.GONE, "liaison", "accepted")
    text = served.client.get(f"/units/by-name/{many.GONE}").text
    assert "不在现行名册" in text
    assert "old@old.example.com" in text
    assert served.client.get("/units/by-name/从来没有过的单位").status_code == 404
    assert served.client.get("/units/99").status_code == 404


def test_a_name_of_a_unit_of_the_roster_leads_to_its_place(served):
    answer = served.client.get("/units/by-name/教体局")
    assert (answer.status_code, answer.location) == (302, "/units/3")


def test_a_late_version_says_how_late(served):
    with served.app.bench.sessions.begin() as session:
        mail = many.message(session, 51, office.START + timedelta(days=6), "other@example.net")
        many.submission(session, mail, STONE, "liaison", "accepted")
    newest = versions(served.client.get("/units/1").text)[0]
    assert "逾期4天" in newest
    assert "不是名册上的邮箱" in newest
    assert "other@example.net" in section(served.client.get("/units/1").text, "联系方式")


def test_tags_in_subject_name_and_values_are_only_text(lively):
    text = lively.client.get("/units/1").text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<img src=x" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)


@pytest.mark.integration
@needs_chromium
@pytest.mark.parametrize("width", [1366, 1920])
@pytest.mark.parametrize("unit", [1, 2])
def test_what_strangers_send_neither_runs_nor_breaks_the_page(browser, lively, unit, width):
    log_in(browser, lively)
    browser.set_window_size(width, 768 if width < 1500 else 1080)
    browser.get(f"{lively.url}/units/{unit}")
    widths = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    if str(PICTURES) != ".":
        browser.set_window_size(width, 3_000)
        browser.save_screenshot(str(PICTURES / f"单位{unit}-{width}.png"))
    assert widths[0] <= widths[1]
    assert browser.title.startswith(STONE if unit == 1 else SANDS)
    assert not browser.find_elements("css selector", "main script, main img")


def test_a_bounce_stands_among_the_mails_of_the_unit_whose_address_it_is_about(served):
    with served.app.bench.sessions.begin() as session:
        told = many.message(
            session, 60, office.START, "mailer-daemon@x.example.com", state="ignored", disposition="ignored",
            sender_kind="bounce", subject="Undelivered",
        )  # fmt: skip
        session.add(BadAddressRow(address=office.UNITS[STONE], since=office.START, reason="550", message_id=told.id))
    assert "不是报送（退信）" in section(served.client.get("/units/1").text, "往来记录")
    assert "Undelivered" not in served.client.get("/units/2").text


def test_mails_and_letters_are_linked_once_they_have_pages(served):
    application = make_application(served.app)
    if "mails.show" not in application.view_functions:
        application.add_url_rule("/mails/<int:anything>", "mails.show", lambda anything: f"mail {anything}")
    client = Client(application)
    client.log_in()
    text = client.get("/units/1").text
    assert re.search(r'href="/mails/\d+">查看来信', text)
    assert re.search(r'href="/mails/\d+"><bdi>联络员表', text)


# --- what people decided ----------------------------------------------------------------------------------------------


def decide_(served, number: int, action, *arguments, **more) -> None:
    app = served.app
    with app.bench.reading() as record:
        token = look(record, app.bench, number).token
    action(app.bench, number, *arguments, who=NAME, now=app.clock.now(), token=token, **more)


def decisions_of(served, path: str) -> list[list[str]]:
    return [row[2:] for row in rows(section(served.client.get(path).text, "往来记录")) if row[1] == "核实"]


def number_of(served, sender: str) -> int:
    with served.app.bench.sessions() as session:
        return session.scalars(select(MessageRow.id).where(MessageRow.from_address == sender)).one()


def test_what_a_clerk_decided_stands_in_the_timeline_without_the_value_and_leads_to_the_item(served):
    number = number_of(served, office.UNITS[SANDS])
    decide_(served, number, decide.change_values, 1, {"手机": "13900000008"})
    found = decisions_of(served, "/units/2")
    assert [(one[0].split("《")[0], one[0].rpartition("：")[2], one[2]) for one in found] == [("改值", "手机", NAME)]
    part = section(served.client.get("/units/2").text, "往来记录")
    assert f'href="/review/{number}?n=1"' in part
    assert "13900000008" not in part
    assert decisions_of(served, "/units/1") == []


def test_a_form_that_was_given_to_a_unit_and_one_that_was_taken_from_it_are_told_on_both_pages(served):
    stranger, own = number_of(served, "someone@example.net"), number_of(served, office.UNITS[STONE])
    decide_(served, stranger, decide.assign, 1, SANDS)
    decide_(served, own, decide.assign, 1, SANDS)
    assert {one[0].rpartition("》：")[2] for one in decisions_of(served, "/units/2")} == {
        f"{SANDS}（原为{STONE}）",
        f"{SANDS}（原为未能对应）",
    }
    assert [one[0].rpartition("》：")[2] for one in decisions_of(served, "/units/1")] == [f"{SANDS}（原为{STONE}）"]
    assert decisions_of(served, "/units/3") == []


def test_a_mail_that_was_dismissed_stays_in_the_timeline_of_the_unit_that_it_had_been_read_as(served):
    stranger = number_of(served, "someone@example.net")
    decide_(served, stranger, decide.assign, 1, SANDS)
    decide_(served, stranger, decide.undo)
    own = number_of(served, office.UNITS[STONE])
    decide_(served, own, decide.dismiss, note="重复")
    assert decisions_of(served, "/units/1")[0][:2] == ["标为“不是报送”", "重复"]
    (undone,) = decisions_of(served, "/units/2")
    assert f"已由{NAME}于5月28日11:00撤销" in undone[0]
    text = section(served.client.get("/units/2").text, "往来记录")
    assert "s***" not in text
    assert "someone@example.net" in text  # the mail itself is listed too


def read_as(served, number: int, unit: str, sender: str) -> int:
    with served.app.bench.sessions.begin() as session:
        waits = {"state": "held", "disposition": "review", "review_open": True}
        mail = many.message(session, number, office.START, sender, **waits)
        many.submission(session, mail, unit, "liaison", "review")
        return mail.id


def test_a_strangers_mail_that_was_dismissed_stays_in_the_timeline_itself(served):
    number = read_as(served, 81, SCHOOLS, "other@example.net")
    decide_(served, number, decide.dismiss, note="重复")
    found = rows(section(served.client.get("/units/3").text, "往来记录"))[1:]
    assert [(row[1], row[4]) for row in found] == [("核实", NAME), ("来信", "other@example.net")]


def test_what_was_decided_of_another_units_form_is_not_told_of_the_unit_that_sent_it(served):
    number = read_as(served, 82, STONE, office.UNITS[SCHOOLS])
    decide_(served, number, decide.dismiss)
    assert decisions_of(served, "/units/3") == []
    assert [one[0] for one in decisions_of(served, "/units/1")] == ["标为“不是报送”"]


def test_what_was_decided_of_a_mail_without_any_form_stands_with_whoever_sent_it(served):
    with served.app.bench.sessions.begin() as session:
        mail = many.message(
            session, 80, office.START, office.UNITS[SCHOOLS], state="held", disposition="review", review_open=True
        )
        number = mail.id
    decide_(served, number, decide.dismiss, note="已电话答复")
    assert [one[:2] for one in decisions_of(served, "/units/3")] == [["标为“不是报送”", "已电话答复"]]
    assert decisions_of(served, "/units/1") == []
