"""A unit changes its person and leaves out the number; its answer completes the change, whatever stands in force meanwhile."""

import json
import sqlite3
from datetime import timedelta

import pytest

from intake.config import example_path, load
from intake.mime import unpack
from tests.builders import office
from tests.replay.play import Arrival, play

STONE, ADDRESS = next(iter(office.UNITS.items()))
OLD, NEW, NUMBER = "林小满", "陈立冬", "13912345678"


def form(number: int, name: str, mobile: str) -> Arrival:
    raw = office.mail(ADDRESS, "联络员表", attachment=office.liaison(STONE, name=name, mobile=mobile), number=number)
    return Arrival(raw, office.START + timedelta(minutes=10 * number))


def said(number: int, words: str) -> Arrival:
    raw = office.mail(ADDRESS, "回复：请补正", text=words, number=number)
    return Arrival(raw, office.START + timedelta(minutes=10 * number), answers=ADDRESS)


def played(folder, *arrivals):
    example = load(example_path(), environment={}, need_password=False)
    play(list(arrivals), example, office.roster(), folder)
    return sqlite3.connect(folder / "intake.sqlite")


def filed(database) -> list[tuple[str, str | None]]:
    rows = database.execute("select fields from submissions order by id").fetchall()
    values = [{one["key"]: one["value"] for one in json.loads(row)} for (row,) in rows]
    return [(one["name"], one["mobile"]) for one in values]


def letters(database) -> list[tuple[str, str]]:
    rows = database.execute("select kind, raw from outbox order by id").fetchall()
    return [(kind, unpack(raw).own_text) for kind, raw in rows]


@pytest.mark.parametrize("words", [f"手机：{NUMBER}", NUMBER])
def test_the_change_is_completed_and_the_receipt_names_all_that_changed(tmp_path, words):
    database = played(tmp_path, form(1, OLD, "13900000001"), form(2, NEW, ""), said(3, words))
    assert filed(database) == [(OLD, "13900000001"), (NEW, None), (NEW, NUMBER)]
    _, (asked, request), (kind, receipt) = letters(database)
    assert (asked, kind) == ("correction", "update")
    assert "其余内容已收到，补正后一并登记。补正以前，仍以此前登记的内容为准。" in request
    assert OLD in receipt
    assert NEW in receipt


def test_a_first_form_is_asked_about_without_speaking_of_an_earlier_one(tmp_path):
    ((_, request),) = letters(played(tmp_path, form(1, OLD, "")))
    assert "补正后一并登记。" in request
    assert "此前登记" not in request


def answering(database, number: int, words: str, *, kind: str = "correction") -> Arrival:
    """An answer to the first letter of a kind, which is not our last letter any more."""
    asked = "select header_message_id from outbox where kind = ? order by id"
    (name,) = database.execute(asked, (kind,)).fetchone()
    raw = office.mail(ADDRESS, "回复：请补正", text=words, number=number, In_Reply_To=name, References=name)
    return Arrival(raw, office.START + timedelta(minutes=10 * number))


@pytest.mark.parametrize("words", [f"手机：{NUMBER}", NUMBER])
def test_an_answer_about_a_person_whose_place_another_has_taken_changes_nothing_and_is_looked_at(tmp_path, words):
    mails = form(1, OLD, "13900000001"), form(2, NEW, ""), form(3, "王安然", "13900000003")
    before = played(tmp_path / "before", *mails)
    database = played(tmp_path / "after", *mails, answering(before, 4, words))
    assert filed(database) == [(OLD, "13900000001"), (NEW, None), ("王安然", "13900000003")]
    assert database.execute("select review_open from messages order by id").fetchall()[-1] == (1,)


def test_an_answer_that_comes_after_the_same_persons_whole_form_changes_that(tmp_path):
    mails = form(1, OLD, "13900000001"), form(2, NEW, ""), form(3, NEW, "13900000003")
    before = played(tmp_path / "before", *mails)
    database = played(tmp_path / "after", *mails, answering(before, 4, f"手机：{NUMBER}"))
    assert filed(database)[2:] == [(NEW, "13900000003"), (NEW, NUMBER)]


def test_of_three_people_who_all_lack_a_number_none_gets_that_of_another(tmp_path):
    mails = form(1, OLD, ""), form(2, NEW, ""), form(3, "王安然", "")
    before = played(tmp_path / "before", *mails)
    database = played(tmp_path / "after", *mails, answering(before, 4, f"手机：{NUMBER}"))
    assert [mobile for _, mobile in filed(database)] == [None, None, None]
    assert database.execute("select review_open from messages order by id").fetchall()[-1] == (1,)


@pytest.mark.parametrize("words", [f"手机：{NUMBER}", f"手机改为{NUMBER}", NUMBER])
def test_an_answer_to_the_old_receipt_while_a_change_waits_gives_nobody_the_others_number(tmp_path, words):
    mails = form(1, OLD, "13900000001"), form(2, NEW, "139000")
    before = played(tmp_path / "before", *mails)
    database = played(tmp_path / "after", *mails, answering(before, 3, words, kind="acknowledgement"))
    assert (OLD, NUMBER) not in filed(database)
    assert database.execute("select review_open from messages order by id").fetchall()[-1] == (1,)


@pytest.mark.parametrize("words", [f"手机：{NUMBER}", NUMBER])
def test_an_answer_to_the_word_that_a_person_looks_gives_the_number_to_nobody_else(tmp_path, words):
    """Found by the rig (world 926): two numbers for the first person, the second of them in answer to 已转工作人员."""
    mails = form(1, OLD, ""), form(2, NEW, "")
    first = answering(played(tmp_path / "one", *mails), 3, f"手机：{NUMBER}")
    second = answering(played(tmp_path / "two", *mails, first), 4, words, kind="question")
    database = played(tmp_path / "all", *mails, first, second)
    assert [mobile for _, mobile in filed(database)] == [None, None]
    assert database.execute("select review_open from messages order by id").fetchall()[-2:] == [(1,), (1,)]
