"""The picture of the arrivals: nothing outside of it, heights that tell the numbers."""

from datetime import date, timedelta

import pytest

from intake.model import FormId
from scheduler.figures import Day
from scheduler.web.chart import chart

NAMES = {FormId("liaison"): "附件2", FormId("registration"): "附件1", FormId("summary"): "活动总结"}


def days(*numbers: tuple[int, int, int], deadlines: dict[int, tuple[str, ...]] | None = None) -> list[Day]:
    return [
        Day(date(2025, 5, 26) + timedelta(days=at), *three, tuple(FormId(one) for one in (deadlines or {}).get(at, ())))
        for at, three in enumerate(numbers)
    ]


def test_heights_are_in_proportion_and_others_stand_upon_forms():
    drawn = chart(days((4, 0, 0), (2, 2, 0), (0, 0, 0)), NAMES)
    first, second, third = drawn.bars
    assert first.forms_height == pytest.approx(2 * second.forms_height, abs=0.2)
    assert first.forms_height == pytest.approx(drawn.bottom - drawn.top)
    assert second.others_y + second.others_height == pytest.approx(second.forms_y, abs=0.2)
    assert second.forms_y + second.forms_height == pytest.approx(drawn.bottom, abs=0.2)
    assert third.forms_height == third.others_height == 0
    assert second.words == "5月27日：报送2封，其他2封"


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5, 7, 11, 99, 100, 101, 1234])
@pytest.mark.parametrize("length", [1, 5, 93, 94, 400])
def test_everything_lies_within_the_picture(number, length):
    numbers = [(number, number // 3, 9)] * length
    drawn = chart(days(*numbers, deadlines={0: ("liaison",), length - 1: ("summary", "registration")}), NAMES)
    assert all(drawn.left <= bar.x and bar.x + bar.width <= drawn.right + 0.2 for bar in drawn.bars)
    assert all(min(bar.forms_y, bar.others_y) >= drawn.top - 0.2 for bar in drawn.bars)
    assert 2 <= len(drawn.scale) <= 6
    assert all(drawn.top - 0.2 <= line.y <= drawn.bottom for line in drawn.scale)
    assert len(drawn.labels) <= 16
    assert all(0 < sign.y < drawn.height for sign in (*drawn.deadlines, *drawn.labels, *drawn.reminders))
    assert len(drawn.bars) <= 93


def test_a_long_campaign_is_drawn_by_weeks_and_loses_no_mail():
    drawn = chart(days(*[(1, 0, 1)] * 100), NAMES)
    assert drawn.by_week
    assert len(drawn.bars) == 15
    assert drawn.bars[0].words == "5月26日至6月1日：报送7封，其他0封"
    assert drawn.bars[-1].words.endswith("报送2封，其他0封")
    assert sum(int(sign.words) for sign in drawn.reminders) == 100


def test_forms_with_one_deadline_share_a_line_and_near_ones_stand_apart():
    numbers = [(1, 0, 0)] * 40
    drawn = chart(days(*numbers, deadlines={4: ("registration", "liaison"), 5: ("summary",), 30: ("summary",)}), NAMES)
    assert [sign.words for sign in drawn.deadlines] == ["附件1、附件2截止", "活动总结截止", "活动总结截止"]
    first, second, third = (sign.y for sign in drawn.deadlines)
    assert first != second
    assert first == third


def test_the_whole_is_told_in_a_sentence():
    assert chart(days((1, 0, 0), (2, 3, 0)), NAMES).desc == (
        "5月26日至5月27日共来信6封，最多的一天是5月27日，5封。同样的数字见下表。"
    )
    assert chart(days((0, 0, 0)), NAMES).desc == "5月26日至5月26日共来信0封。同样的数字见下表。"
