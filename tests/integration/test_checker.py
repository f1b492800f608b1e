"""The checker sees what it is there for: each test plants one thing into the record or the letters of a round that was good."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP
from hashlib import sha256

import pytest

from tests.builders import office
from tests.rig.checker import SinkLetter, violations
from tests.rig.clerk import STRANGER, TOWN
from tests.rig.crash import filled


@pytest.fixture
def round_(desk):
    """An office that has read one form and answered it, with what its checker knows."""
    form, values = filled(TOWN)
    desk.receives(office.UNITS[TOWN], attachment=form)
    raw = desk.place.mails[0].raw
    history = replace(desk.place.history({sha256(raw).hexdigest(): values}), copies=True)
    assert violations(history, desk.place.data) == []
    return desk, history


def planted(desk, *statements: tuple[str, dict[str, object]]) -> None:
    with closing(sqlite3.connect(desk.place.data / "intake.sqlite")) as database, database:
        for statement, values in statements:
            assert database.execute(statement, values).rowcount == 1


def test_a_form_of_which_no_submission_was_kept_is_seen(round_):
    desk, history = round_
    planted(desk, ("DELETE FROM submissions", {}))
    assert violations(history, desk.place.data) == ["I5: mail 1 brought a form, and no submission holds it"]


def test_a_form_of_which_one_value_was_not_kept_is_seen(round_):
    desk, history = round_
    fields = stored(desk)
    fields = [one for one in fields if one["key"] != "mobile"]
    planted(desk, ("UPDATE submissions SET fields = :fields", {"fields": json.dumps(fields)}))
    assert violations(history, desk.place.data) == ["I5: mail 1 brought a form, and no submission holds it"]


def test_a_value_without_its_place_is_seen(round_):
    desk, history = round_
    fields = stored(desk)
    next(one for one in fields if one["key"] == "mobile")["place"] = ""
    planted(desk, ("UPDATE submissions SET fields = :fields", {"fields": json.dumps(fields)}))
    assert violations(history, desk.place.data) == ["I5: submission 1 stores mobile without its place"]


def stored(desk) -> list[dict[str, object]]:
    with closing(sqlite3.connect(desk.place.data / "intake.sqlite")) as database:
        return json.loads(database.execute("SELECT fields FROM submissions").fetchone()[0])


def test_a_letter_that_stays_uncertain_though_its_copy_is_filed_is_seen(round_):
    desk, history = round_
    planted(desk, ("UPDATE outbox SET state = 'uncertain'", {}))
    found = violations(replace(history, losses=9), desk.place.data)
    assert found == ["I2: letter 1 is uncertain, though the Sent folder holds it"]


def test_a_second_answer_is_seen_and_one_that_a_person_caused_is_none(round_):
    desk, history = round_
    again = message_from_bytes(history.letters[0].raw, policy=SMTP)
    again.replace_header("Message-ID", "<second@office.example.org>")
    twice = replace(history, letters=[*history.letters, SinkLetter(history.letters[0].recipients, again.as_bytes())])
    assert [one[:3] for one in violations(twice, desk.place.data)] == ["I2:"]
    columns = 'sha256, kind, "values", note, who, at'
    given = "sha256, 'accept', '{}', '', '王芳', arrived_at"
    planted(desk, (f"INSERT INTO decisions ({columns}) SELECT {given} FROM messages", {}))  # noqa: S608 - both stand above
    assert violations(twice, desk.place.data) == []


def test_two_reminders_on_a_day_are_seen_though_the_unit_has_written(round_):
    desk, history = round_
    letters = [SinkLetter((office.UNITS[TOWN],), reminder(number)) for number in (1, 2)]
    found = violations(replace(history, letters=[*history.letters, *letters]), desk.place.data)
    assert found == [f"I8: {office.UNITS[TOWN]} got 2 reminders on Wed, 28 May 2025"]


def reminder(number: int) -> bytes:
    message = message_from_bytes(
        office.mail("office@example.org", "【报送提醒】联络员反馈表将于5月30日截止", number=number)
    )
    message.replace_header("To", office.UNITS[TOWN])
    message.replace_header("Date", f"Wed, 28 May 2025 09:0{number}:00 +0800")
    return message.as_bytes()


def test_a_stranger_s_form_that_replaced_the_unit_s_own_is_seen(round_):
    desk, _ = round_
    form, values = filled(TOWN, mobile="13900000009")
    number = desk.receives(STRANGER, attachment=form)
    assert desk.is_open(number)
    history = desk.place.history({sha256(desk.place.mails[1].raw).hexdigest(): values})
    assert violations(history, desk.place.data) == []
    planted(
        desk,
        (
            "UPDATE submissions SET state = 'accepted', problems = '[]' WHERE message_id = :number",
            {"number": number},
        ),
    )
    assert [one[:3] for one in violations(history, desk.place.data)] == ["I7:"]
