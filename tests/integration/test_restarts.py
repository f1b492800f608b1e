"""The same mails give the same rows wherever the program was stopped in between, and again when they are replayed.

Long: 20 seeded series of restarts of a mailbox in which units send, correct, complete and send again.
"""

import random
from datetime import timedelta
from functools import cache

import pytest

from intake.config import example_path, load
from tests.builders import office
from tests.replay.play import Arrival, Stop, draw_stops, play, replay_into_empty
from tests.replay.record import differences

STONE, SAND, SCHOOLS = office.UNITS


@cache
def arrivals() -> list[Arrival]:
    """Units send, leave things out, complete them in words, send again, ask, decline; a stranger meddles."""
    own = office.UNITS
    script = [
        (own[STONE], {"attachment": office.liaison(STONE, mobile="")}),
        (own[SAND], {"attachment": office.liaison(SAND, name="陈立冬", mobile="13900000002")}),
        (own[STONE], {"text": "手机：13900000003\n"}),
        ("stranger@example.net", {"attachment": office.liaison(SAND, name="赵冒名", mobile="13700000001")}),
        (own[SCHOOLS], {"text": "我局无意向联合举办。\n", "subject": "关于咨询日"}),
        (own[SAND], {"attachment": office.liaison(SAND, name="陈立冬", mobile="13900000004"), "text": "以此为准。\n"}),
        (own[SCHOOLS], {"text": "请问联络员要填几个人？\n"}),
        (own[SCHOOLS], {"attachment": office.liaison(SCHOOLS, email="jiaoyu@qu")}),
        (own[STONE], {"attachment": office.liaison(STONE, mobile="13900000003")}),
        (own[SCHOOLS], {"text": "电子邮箱：jiaoyu@qu.example.org\n"}),
        (own[SAND], {"attachment": office.liaison(SAND), "text": "手机号最后一位应该是5。\n"}),
        (own[STONE], {"text": "已报，请查收。\n"}),
    ]
    return [
        Arrival(
            office.mail(sender, number=number, **{"subject": "联络员表", **parts}),
            office.START + timedelta(minutes=10 * number),
        )
        for number, (sender, parts) in enumerate(script, start=1)
    ]


def outcome(folder, stops=None, **options):
    return play(arrivals(), example(), office.roster(), folder, stops=stops, **options)


@cache
def example():
    return load(example_path(), environment={}, need_password=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("undisturbed")


@pytest.fixture(scope="module")
def undisturbed(folder):
    return outcome(folder).record


def assert_nothing_changed(found, undisturbed):
    assert differences(undisturbed, found.record) == []
    assert found.sent_twice == ()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_restarts_change_nothing(tmp_path, undisturbed, seed):
    stops = draw_stops(len(arrivals()), random.Random(seed))
    found = outcome(tmp_path, stops)
    assert found.restarts == len(stops)
    assert_nothing_changed(found, undisturbed)


def test_an_end_after_any_commit_of_a_round_changes_nothing(tmp_path, undisturbed):
    """Between the archive and the row, the row and the filing, the filing and the letter, the letter and its fate."""
    stops = {number: Stop(commit=number + 1) for number in range(len(arrivals()))}
    assert_nothing_changed(outcome(tmp_path, stops), undisturbed)


def test_the_mails_of_the_script_come_to_what_a_clerk_would_say(undisturbed):
    assert [row["disposition"] for row in undisturbed.messages.values()] == [
        "correction",
        "accepted",
        "accepted",
        "review",
        "accepted",
        "accepted",
        "review",
        "correction",
        "accepted",
        "accepted",
        "review",
        "review",
    ]


def test_nobody_is_answered_twice_and_no_tick_fails(undisturbed):
    assert undisturbed.faults == {}


def test_a_replay_of_the_archive_gives_the_same(tmp_path, undisturbed):
    assert_nothing_changed(outcome(tmp_path, read_again=True), undisturbed)


def test_the_archive_read_into_an_empty_database_gives_the_same(folder, undisturbed):
    again = replay_into_empty(example(), office.roster(), folder, now=office.START + timedelta(days=1))
    assert differences(undisturbed.caused_by_mails(), again.caused_by_mails()) == []
