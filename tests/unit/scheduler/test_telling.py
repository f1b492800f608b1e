"""One alarm a cause and hour, one all-clear, across restarts; one ping a round that was well."""

import json
from datetime import UTC, datetime, timedelta

from scheduler.health import Health, State, Symptom
from scheduler.telling import (
    GAP,
    HOUR,
    Ping,
    Pinged,
    Told,
    after_ping,
    awake_since,
    from_json,
    news,
    ping_due,
    to_json,
)

NOW = datetime(2025, 5, 29, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def sick(*causes, state=State.BAD, now=NOW):
    symptoms = tuple(Symptom(cause, state, f"{cause}坏了", "来件不会丢失", "请检查") for cause in causes)
    return Health(now, symptoms)


def told_over(looks, *, taken=lambda _minute: True):
    """Play looks, a minute each, through the memory as the record keeps it; return (minute, text) of what was told."""
    memory, said = {}, []
    for minute, health in enumerate(looks):
        due = news(health, from_json(json.loads(json.dumps(to_json(memory)))), NOW + minute * MINUTE, name="区安办")
        memory = due.gone
        if due.text:
            said.append((minute, due.text))
            if not taken(minute):
                memory = due.kept
    return said


def test_a_trouble_is_told_once_an_hour_while_it_lasts_and_its_end_once():
    said = told_over([sick("fetch")] * 130 + [sick()] * 100)
    assert [minute for minute, _ in said] == [0, 60, 120, 130]
    assert said[0][1].startswith("【邮件收表】区安办：系统异常")
    assert "fetch坏了。来件不会丢失。请检查。" in said[0][1]
    assert said[-1][1] == "【邮件收表】区安办：收信已恢复正常。"


def test_a_trouble_that_comes_and_goes_is_not_told_twice_in_the_hour():
    said = told_over([sick("fetch") if minute % 10 < 5 else sick() for minute in range(58)])
    assert [minute for minute, _ in said] == [0, 5], "an alarm, its all-clear, and peace for the hour"


def test_two_troubles_are_two_and_one_message():
    (first, second) = told_over([sick("fetch", "deliver"), sick("fetch", "deliver", "disk")])
    assert "1. fetch" in first[1]
    assert "2. deliver" in first[1]
    assert "disk" in second[1]
    assert "fetch" not in second[1]


def test_what_did_not_go_is_tried_again_after_five_minutes():
    said = told_over([sick("fetch")] * 12, taken=lambda minute: minute >= 5)
    assert [minute for minute, _ in said] == [0, 5]


def test_an_all_clear_that_did_not_go_is_tried_again():
    said = told_over([sick("fetch")] + [sick()] * 4, taken=lambda minute: minute != 1)
    assert [minute for minute, _ in said] == [0, 1, 2]


def test_what_was_never_told_has_no_all_clear():
    assert told_over([sick("fetch"), sick()], taken=lambda _minute: False) == [(0, told_over([sick("fetch")])[0][1])]
    assert told_over([sick("fetch", state=State.WARN), sick()]) == []


def test_a_trouble_is_not_over_while_it_is_only_better():
    assert len(told_over([sick("fetch"), sick("fetch", state=State.WARN)])) == 1


def test_a_record_that_cannot_be_read_gives_no_all_clear_of_the_others():
    assert [minute for minute, _ in told_over([sick("fetch"), sick("record"), sick()])] == [0, 1, 2]
    assert "收信" in told_over([sick("fetch"), sick("record"), sick()])[2][1]
    assert "已恢复" not in told_over([sick("fetch"), sick("record"), sick()])[1][1]


def test_a_clock_set_back_does_not_silence_the_alarm():
    told = {"fetch": Told(open=False, quiet_until=NOW + timedelta(days=3))}
    assert news(sick("fetch"), told, NOW, name="x").text


def test_a_text_fits_a_robot_of_wecom():
    many = Health(NOW, tuple(Symptom(f"c{n}", State.BAD, "坏" * 100, "坏" * 100, "修" * 100) for n in range(9)))
    text = news(many, {}, NOW, name="区安办").text
    assert len(text.encode()) <= 2_048
    assert text.startswith("【邮件收表】")


def test_memory_that_is_none_is_forgotten():
    assert from_json(None) == from_json([]) == from_json({"fetch": 1, "x": [True, "yesterday"], "y": [1, "z"]}) == {}


def test_each_round_that_was_well_is_told_once():
    well = Health(NOW, (), round_at=NOW)
    assert ping_due(well, Pinged(), NOW) is Ping.WELL
    pinged = after_ping(Ping.WELL, well, NOW)
    assert ping_due(well, pinged, NOW + MINUTE) is None
    assert ping_due(Health(NOW, (), round_at=NOW + MINUTE), pinged, NOW + MINUTE) is Ping.WELL
    assert ping_due(Health(NOW, (), round_at=None), Pinged(), NOW) is None


def test_a_bad_state_is_told_to_the_switch_at_once_and_hourly():
    bad = sick("fetch")
    assert ping_due(bad, Pinged(round_at=NOW), NOW) is Ping.FAIL
    pinged = after_ping(Ping.FAIL, bad, NOW)
    assert ping_due(bad, pinged, NOW + 59 * MINUTE) is None
    assert ping_due(bad, pinged, NOW + HOUR) is Ping.FAIL
    assert ping_due(Health(NOW, (), round_at=NOW), pinged, NOW + MINUTE) is Ping.WELL


def test_awake_since_survives_a_restart_and_begins_anew_after_a_gap_or_a_step_back():
    assert awake_since(None, None, NOW) == NOW
    assert awake_since(NOW - HOUR, NOW - MINUTE, NOW) == NOW - HOUR
    assert awake_since(NOW - HOUR, NOW - GAP - MINUTE, NOW) == NOW
    assert awake_since(NOW - HOUR, NOW + HOUR, NOW) == NOW
    assert awake_since(NOW + HOUR, NOW - MINUTE, NOW) == NOW
