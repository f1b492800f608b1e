"""A mail of before the campaign is kept and put away: last year's form is not this year's report."""

from datetime import timedelta

import pytest

from intake.model import CellState, Disposition
from tests.builders import office
from tests.rig.clerk import TOWN


@pytest.mark.parametrize("days", [1, 30, 365])
def test_what_came_before_the_first_day_is_archived_and_neither_registered_nor_answered(desk, days):
    began = desk.app.settings.campaign.starts_on
    first_moment = desk.now.replace(year=began.year, month=began.month, day=began.day, hour=0, minute=0) - timedelta(
        hours=8
    )  # the day begins in Beijing
    raw = office.mail(office.UNITS[TOWN], "附件2", attachment=office.liaison(TOWN), number=1)
    desk.place.imap.deliver("INBOX", raw, first_moment - timedelta(days=days - 1, minutes=1))
    desk.goes_on()
    assert desk.case(1).disposition == Disposition.IGNORED
    assert "开始日" in desk.case(1).reasons[0]
    assert desk.cell().state is CellState.NOT_SUBMITTED
    assert desk.subjects() == []
    number = desk.receives_form(TOWN, mobile="13900000005")
    assert desk.case(number).disposition == Disposition.ACCEPTED
    assert ["更新" in one for one in desk.subjects()] == [False]


def test_what_comes_in_the_first_minute_of_the_first_day_counts(desk):
    began = desk.app.settings.campaign.starts_on
    first_moment = desk.now.replace(year=began.year, month=began.month, day=began.day, hour=0, minute=0) - timedelta(
        hours=8
    )
    raw = office.mail(office.UNITS[TOWN], "附件2", attachment=office.liaison(TOWN), number=1)
    desk.place.imap.deliver("INBOX", raw, first_moment)
    desk.goes_on()
    assert desk.cell().state is CellState.ACCEPTED
