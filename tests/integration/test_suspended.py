"""A unit is not reminded while its mail waits for the clerk: the 日报 and `intake remind` say so, or it would be forgotten."""

from datetime import datetime, timedelta

import pytest

from intake import decide
from intake.db.models import OutboxRow
from intake.model import LetterKind
from scheduler import jobs
from scheduler.desk.letters import _show_due
from tests.builders import office
from tests.rig.clerk import SANDS, TOWN

WITHHELD = "有来件待处理（第{}号），处理前不催报"


@pytest.fixture
def promised(desk):
    """An office whose reminder of the day before the deadline TOWN answered with a promise; the first of the overdue days."""
    desk.goes_on(timedelta(days=1))
    desk.goes_on(timedelta(hours=2))
    number = desk.receives(office.UNITS[TOWN], "回复：报送提醒", text="好的，今天下午报。\n")
    assert desk.is_open(number)
    while desk.now.date() < office.START.date() + timedelta(days=6):  # Monday and Tuesday; the Monday is 端午
        desk.goes_on(timedelta(hours=8))
    return desk, number


def reminded(desk) -> list[datetime]:
    return [row.created_at for row in desk.rows(OutboxRow) if row.kind == LetterKind.REMINDER and row.unit == TOWN]


def missing(desk) -> dict[str, str]:
    """The line of each unit in the 未报单位 of a digest that is written now."""
    lines = desk.digest().partition("三、未报单位")[2].partition("\n四、")[0].splitlines()
    return {line.strip().partition("：")[0]: line for line in lines[1:] if line.strip()}


def test_the_digest_says_at_the_unit_and_only_there_that_its_mail_withholds_its_reminders(promised):
    desk, number = promised
    assert len(reminded(desk)) == 1, "the one of the day before the deadline, and no 逾期未报"
    lines = missing(desk)
    assert "已提醒1次" in lines[TOWN]
    assert WITHHELD.format(number) in lines[TOWN]
    assert "不催报" not in lines[SANDS]
    desk.acts(decide.dismiss, number, note="已电话联系")
    assert "不催报" not in missing(desk)[TOWN]


def test_of_several_waiting_mails_the_oldest_is_named_and_they_are_counted(promised):
    desk, number = promised
    desk.receives(office.UNITS[TOWN], "请问", text="请问联络员需要科级以上干部担任吗？\n")
    assert f"有来件待处理（第{number}号等2件），处理前不催报" in missing(desk)[TOWN]


def test_the_list_of_who_is_due_names_who_is_not_reminded_and_the_mail(promised, capsys):
    desk, number = promised
    found = jobs.due_reminders(desk.app)
    (one,) = found.withheld
    assert (one.unit, one.mails) == (TOWN, (number,))
    assert TOWN not in {draft.unit for draft in found.drafts}
    _show_due(desk.app)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "不催报" in line]
    assert line.startswith(f"{WITHHELD.format(number)}：{TOWN}：《")


def test_once_the_mail_is_dealt_with_the_unit_is_reminded_and_no_longer_named(promised):
    desk, number = promised
    desk.acts(decide.dismiss, number, note="已电话联系")
    found = jobs.due_reminders(desk.app)
    assert found.withheld == ()
    assert TOWN in {draft.unit for draft in found.drafts}
