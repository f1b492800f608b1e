"""A test letter: shown, asked about, sent once to the clerk and to nobody else, by the way of every letter."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from intake import halt, restored
from intake.db import audit
from intake.db.models import AuditRow, OutboxRow
from intake.model import LetterKind
from intake.settings import SendMode
from scheduler.web.application import make_application
from tests.builders import office
from tests.rig.inprocess import Office, a_round
from tests.web.conftest import NAME, Client


class Desk:
    def __init__(self, office_):
        self.office = office_
        self.app = office_.open()
        self.client = Client(make_application(self.app))
        self.client.log_in()

    def asked(self) -> dict[str, str]:
        text = self.client.get("/preferences/trial?to=0").text
        form = re.search(r'action="/preferences/trial"(.*?)</form>', text, re.DOTALL)[1]
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))

    def letters(self) -> list[OutboxRow]:
        with self.app.bench.sessions() as session:
            return list(session.scalars(select(OutboxRow).where(OutboxRow.kind == LetterKind.TEST)))


@pytest.fixture
def desk(morning_data, tmp_path):
    with Office(tmp_path / "data", office.START + timedelta(hours=2), template=morning_data) as office_:
        yield Desk(office_)


def test_the_letter_is_shown_and_goes_once_the_person_says_so(desk):
    assert "c***@office.example.com" in desk.client.get("/preferences").text
    text = desk.client.get("/preferences/trial?to=0").text
    assert office.CLERK in text
    assert "【测试】" in text
    assert "垃圾邮件" in text
    assert desk.letters() == []
    answer = desk.client.post("/preferences/trial", desk.asked())
    (letter,) = desk.letters()
    assert (answer.status_code, answer.location) == (303, f"/outbox/{letter.id}")
    assert "测试信已进入发件箱" in desk.client.get(answer.location).text
    a_round(desk.app)
    assert [one.state for one in desk.letters()] == ["sent"]
    assert desk.letters()[0].to_address == office.CLERK
    with desk.app.bench.sessions() as session:
        rows = session.scalars(select(AuditRow)).all()
        assert [(row.who, row.action, row.subject) for row in rows] == [(NAME, "test_letter", f"letter {letter.id}")]
        allowed = {*office.UNITS.values(), office.CLERK}
        assert list(audit.breaches(session, allowed=allowed, rolling=["case"], now=desk.app.clock.now())) == []


def test_a_second_click_on_the_same_page_is_no_second_letter(desk):
    asked = desk.asked()
    assert desk.client.post("/preferences/trial", asked).status_code == 303
    answer = desk.client.post("/preferences/trial", asked)
    assert (answer.status_code, "没有再发" in answer.text) == (409, True)
    desk.app.clock.sleep(1)
    assert desk.client.post("/preferences/trial", desk.asked()).status_code == 303
    assert len(desk.letters()) == 2


def test_it_goes_to_the_clerk_alone(desk):
    for address in (*office.UNITS.values(), "stranger@example.com", ""):
        answer = desk.client.post("/preferences/trial", desk.asked() | {"address": address})
        assert (answer.status_code, "[clerk]" in answer.text) == (409, True)
    assert desk.letters() == []
    for to in ("1", "-1", "x", "9999999"):
        assert desk.client.get(f"/preferences/trial?to={to}").status_code == 404


@pytest.mark.parametrize(
    "instant", ["", "now", "2025-05-28T11:00:00", "2025-05-28T01:00:00+08:00", "2031-01-01T00:00:00+08:00"]
)
def test_a_page_that_is_old_or_forged_sends_nothing(desk, instant):
    answer = desk.client.post("/preferences/trial", desk.asked() | {"asked_at": instant})
    assert answer.status_code in (400, 409)
    assert desk.letters() == []


def test_it_is_held_neither_by_the_mode_nor_after_a_restore_but_by_the_halt(desk):
    object.__setattr__(desk.app.settings.sending, "mode", SendMode.HOLD)
    with desk.app.bench.sessions.begin() as session:
        restored.hold(session, restored.Held(desk.app.clock.now()))
        halt.pause(session, who=NAME, now=desk.app.clock.now())
    assert "全部发送现已暂停" in desk.client.get("/preferences/trial?to=0").text
    desk.client.post("/preferences/trial", desk.asked())
    a_round(desk.app)
    assert [one.state for one in desk.letters()] == ["queued"]
    with desk.app.bench.sessions.begin() as session:
        halt.resume(session)
    a_round(desk.app)
    assert [one.state for one in desk.letters()] == ["sent"]


def test_it_is_of_no_use_after_a_day(desk):
    desk.client.post("/preferences/trial", desk.asked())
    desk.office.pass_time(timedelta(hours=25))
    before = len(desk.office.to_clerk())
    a_round(desk.app)
    assert [one.state for one in desk.letters()] == ["expired"]
    assert len(desk.office.to_clerk()) <= before + 1  # a digest, if any


def test_without_an_address_of_the_clerk_there_is_nothing_to_choose(desk):
    object.__setattr__(desk.app.settings.clerk, "addresses", ())
    assert "没有可以发的工作人员邮箱" in desk.client.get("/preferences").text
    assert desk.client.get("/preferences/trial").status_code == 404
