"""Health by result: what is quiet, what waits, what fails; told in sentences that name nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from intake.config import example_path, load
from scheduler.health import Beat, Facts, Queue, State, TooLarge, judge, unreadable

NOW = datetime(2025, 5, 29, 6, 0, tzinfo=UTC)
SETTINGS = load(example_path(), environment={}, need_password=False)
GIGABYTE = 2**30
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def beats(**changes):
    fresh = {tick: Beat(tick, NOW - MINUTE) for tick in ("fetch", "process", "deliver", "remind", "housekeep")}
    return tuple((fresh | changes).values())


WELL = Facts(beats(), awake_since=NOW - 30 * DAY, disk_free_bytes=100 * GIGABYTE, disk_bytes=200 * GIGABYTE)


def found(facts, now=NOW):
    return {one.cause: one.state for one in judge(facts, SETTINGS, now).symptoms}


def quiet_fetch(silence):
    return replace(WELL, beats=beats(fetch=Beat("fetch", NOW - silence)))


def failing(tick, since, *, permanent=False):
    return replace(WELL, beats=beats(**{tick: Beat(tick, NOW - DAY, NOW - since, 3, permanent)}))


def test_all_is_well_where_everything_has_lately_succeeded():
    health = judge(WELL, SETTINGS, NOW)
    assert (health.state, health.symptoms) == (State.OK, ())


@pytest.mark.parametrize(
    ("silence", "state"),
    [(14 * MINUTE, None), (16 * MINUTE, State.WARN), (29 * MINUTE, State.WARN), (31 * MINUTE, State.BAD)],
)
def test_a_fetch_that_never_fails_and_never_succeeds_is_seen_by_its_silence(silence, state):
    assert found(quiet_fetch(silence)).get("fetch") == state


def test_an_office_that_fetches_hourly_is_not_called_silent_between_two_fetches():
    slow = replace(SETTINGS, polling=replace(SETTINGS.polling, interval_s=3600))
    assert judge(quiet_fetch(65 * MINUTE), slow, NOW).state is State.OK
    assert judge(quiet_fetch(3 * HOUR), slow, NOW).state is State.BAD


def test_after_a_weekend_asleep_nothing_is_wrong_yet():
    old = NOW - 3 * DAY
    asleep = Facts(
        tuple(Beat(tick, old) for tick in ("fetch", "process", "deliver", "backup")),
        Queue(2, old, old),
        Queue(1, old, old),
        NOW - MINUTE,
        100 * GIGABYTE,
        200 * GIGABYTE,
    )
    assert found(asleep) == {}
    assert set(found(asleep, NOW + HOUR)) == {"fetch", "process", "deliver"}


@pytest.mark.parametrize(("lasted", "state"), [(HOUR, State.WARN), (2 * DAY, State.WARN), (3 * DAY, State.BAD)])
def test_letters_that_a_person_halts_are_no_fault_of_sending_until_they_are_forgotten(lasted, state):
    halted = replace(WELL, unsent=Queue(9, NOW - lasted, NOW - lasted), halted_since=NOW - lasted)
    assert found(halted) == {"halt": state}


def test_a_queue_that_moves_is_a_busy_day_and_one_that_stands_is_a_fault():
    waiting = Queue(900, NOW - 2 * HOUR, NOW - MINUTE)
    assert found(replace(WELL, unread=waiting)) == {"process": State.WARN}
    assert found(replace(WELL, unread=replace(waiting, moved_at=NOW - HOUR))) == {"process": State.BAD}
    assert found(replace(WELL, unread=replace(waiting, moved_at=None))) == {"process": State.BAD}
    assert found(replace(WELL, unsent=replace(waiting, moved_at=NOW - HOUR))) == {"deliver": State.BAD}
    assert found(replace(WELL, unread=Queue(3, NOW - 5 * MINUTE, None))) == {}


def test_what_somebody_must_mend_is_bad_at_once_and_what_mends_itself_after_half_an_hour():
    assert found(failing("fetch", MINUTE, permanent=True))["fetch"] is State.BAD
    assert found(failing("deliver", 29 * MINUTE))["deliver"] is State.WARN
    assert found(failing("deliver", 31 * MINUTE))["deliver"] is State.BAD


def test_a_clock_that_is_proved_wrong_is_bad_at_once_and_a_step_that_is_asked_about_is_not():
    wrong = replace(failing("clock", timedelta(), permanent=True), clock="本机时间比邮件服务器快约5小时。为免……")
    (symptom,) = judge(wrong, SETTINGS, NOW).symptoms
    assert (symptom.cause, symptom.state) == ("clock", State.BAD)
    assert symptom.sentence.startswith("本机时间比邮件服务器快约5小时。所有信件暂停发送")
    assert "intake clock --confirm" in symptom.sentence
    assert found(replace(wrong, beats=beats(clock=Beat("clock", NOW - DAY, NOW, 1)))) == {"clock": State.WARN}
    assert found(replace(wrong, beats=beats(clock=Beat("clock", NOW - MINUTE)))) == {}


def test_a_failure_of_the_last_run_is_no_alarm_before_the_first_try_of_this_one():
    facts = replace(failing("process", 5 * HOUR, permanent=True), awake_since=NOW - timedelta(seconds=5))
    assert found(facts)["process"] is State.WARN


def test_what_the_office_can_do_without_for_a_day_is_never_bad():
    assert found(failing("housekeep", 5 * HOUR, permanent=True)) == {"housekeep": State.WARN}
    assert found(failing("config", 5 * HOUR, permanent=True)) == {"config": State.WARN}


def test_a_backup_is_asked_for_only_where_one_is_made():
    assert "backup" not in found(WELL)
    for age, state in ((30 * HOUR, None), (40 * HOUR, State.WARN), (4 * DAY, State.BAD)):
        facts = replace(WELL, beats=beats(backup=Beat("backup", NOW - age)))
        assert found(facts).get("backup") == state


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [
        (300 * GIGABYTE, 4000 * GIGABYTE, None),  # 7.5 % of a large disk is plenty
        (6 * GIGABYTE, 20 * GIGABYTE, None),  # a small disk, a third of it free
        (6 * GIGABYTE, 200 * GIGABYTE, State.WARN),
        (400 * 2**20, 2 * GIGABYTE, State.BAD),
        (None, 0, State.BAD),
    ],
)
def test_the_disk_is_low_when_mail_may_soon_not_fit(free, total, state):
    assert found(replace(WELL, disk_free_bytes=free, disk_bytes=total)).get("disk") == state


def test_mails_that_are_too_large_to_fetch_are_told_for_as_long_as_they_lie_there_and_are_never_bad():
    large = TooLarge(2, ("INBOX", "垃圾邮件"), 83 * 2**20 + 1, NOW - 90 * DAY)
    (symptom,) = judge(replace(WELL, too_large=large), SETTINGS, NOW).symptoms
    assert (symptom.cause, symptom.state) == ("oversize", State.WARN)
    assert symptom.what == (
        "2 封来件超过单封大小上限 70 MB，没有取回（在收件箱、垃圾邮件，最早的2月28日14:00收到，最大的 84 MB）"
    )
    assert "没有人答复发件人" in symptom.meaning
    assert "maximum_mail_mb" in symptom.advice


def test_a_clock_that_was_set_back_makes_nothing_late():
    facts = replace(WELL, beats=beats(fetch=Beat("fetch", NOW + DAY)), awake_since=NOW + DAY)
    assert found(facts) == {}


def test_one_cause_is_told_once_with_its_worst_state():
    facts = replace(failing("fetch", 3 * HOUR), awake_since=NOW - DAY)
    assert [one.cause for one in judge(facts, SETTINGS, NOW).symptoms] == ["fetch"]


def test_a_record_that_is_busy_for_a_moment_is_not_bad():
    assert unreadable(NOW, NOW).state is State.WARN
    assert unreadable(NOW - 10 * MINUTE, NOW).state is State.BAD


def test_a_round_is_well_when_fetching_reading_and_sending_have_each_succeeded():
    assert judge(WELL, SETTINGS, NOW).round_at == NOW - MINUTE
    assert judge(quiet_fetch(5 * MINUTE), SETTINGS, NOW).round_at == NOW - 5 * MINUTE
    assert judge(failing("deliver", MINUTE), SETTINGS, NOW).round_at is None
    assert judge(replace(WELL, beats=beats()[:2]), SETTINGS, NOW).round_at is None
    long_tick = replace(
        WELL, beats=beats(process=Beat("process", NOW - HOUR)), unread=Queue(5, NOW - MINUTE, NOW - MINUTE)
    )
    assert judge(long_tick, SETTINGS, NOW).round_at == NOW - MINUTE, "a long tick that gets things done counts"


def test_a_sentence_says_what_it_means_and_what_to_do():
    worst = replace(
        failing("fetch", 3 * HOUR, permanent=True),
        unread=Queue(7, NOW - 2 * HOUR, None),
        unsent=Queue(3, NOW - 2 * HOUR, None),
        too_large=TooLarge(1, ("INBOX",), 99 * 2**20, NOW - DAY),
        disk_free_bytes=10 * 2**20,
        disk_bytes=GIGABYTE,
    )
    sentences = judge(worst, SETTINGS, NOW).sentences
    assert any("收信失败，已持续 3 小时" in one for one in sentences)
    assert any("7 封来件等待识别，最久的等了 2 小时" in one for one in sentences)
    assert any("磁盘只剩 10 MB" in one for one in sentences)
    for one in sentences:
        assert one.count("。") >= 3, "what, what it means, what to do"
        assert "请" in one
        assert "。。" not in one


def test_letters_that_nobody_takes_are_told_until_a_person_has_dealt_with_them_and_are_never_bad():
    (symptom,) = judge(replace(WELL, undelivered=2), SETTINGS, NOW).symptoms
    assert (symptom.cause, symptom.state) == ("letters", State.WARN)
    assert symptom.what == "2 封给单位的信没有送出（被邮件服务器拒收，或多次重试不成）"
    assert "发件箱" in symptom.advice
