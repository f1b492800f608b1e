"""The first steps of an office: each is read from a fact, and all of them are done some day."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from intake.settings import SendMode
from scheduler.beginning import Facts, steps, to_do

NEW = Facts(None, "", 0, 0, 0, 0, 0, 0, SendMode.HOLD)
BEGUN = Facts(datetime(2025, 5, 28, 3, 0, tzinfo=UTC), "", 32, 30, 9, 7, 5, 2, SendMode.AUTO)


def told(facts: Facts) -> str:
    return "\n".join(f"{one.title}|{one.done}|{one.state}|{one.hint}" for one in steps(facts))


def test_a_new_office_has_all_before_it_and_each_step_says_what_to_do():
    assert to_do(steps(NEW)) == steps(NEW)
    assert 3 <= len(steps(NEW)) <= 6
    assert all(one.hint for one in steps(NEW))


def test_an_office_at_work_has_nothing_before_it():
    assert to_do(steps(BEGUN)) == ()


@pytest.mark.parametrize(
    ("changes", "title", "state"),
    [
        ({"fetched_at": None}, "连通邮箱", "还没有收过信"),
        ({"fetched_at": None, "trouble": "授权码不对"}, "连通邮箱", "收信失败：授权码不对"),
        ({"units": 0, "with_address": 0}, "备好名册", "名册上还没有单位"),
        ({"mails": 0}, "收到第一封来信", "还没有来信"),
        ({"forms": 0}, "读出第一份表", "本次通知还没有读出表"),
        ({"sent": 0}, "发出第一封信", "发件箱有 2 封待放行，还没有发出过"),
        ({"sent": 0, "held": 0}, "发出第一封信", "还没有要发的信"),
        ({"mode": SendMode.HOLD}, "改为自动发送", "现在每封信都要人放行"),
    ],
)
def test_each_step_is_open_as_long_as_its_own_fact_is_missing(changes, title, state):
    (one,) = to_do(steps(replace(BEGUN, **changes)))
    assert (one.title, one.state) == (title, state)


def test_what_is_done_tells_how_it_stands_all_the_same():
    text = told(replace(BEGUN, trouble="服务器没有回答"))
    assert "已连通，最近收信" in text
    assert "此后失败：服务器没有回答" in text
    assert "名册上有 32 家单位，其中 2 家没有邮箱，收不到催报" in text
    assert "已发出 5 封，发件箱有 2 封待放行" in text
    assert "都有邮箱" in told(replace(BEGUN, with_address=32))
