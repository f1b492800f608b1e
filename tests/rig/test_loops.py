"""The short form holds; and each of its checks is seen to find a mistake that is planted for it."""

import random
from dataclasses import replace

import pytest

from intake import neutral, pipeline, reply
from intake.db import queries
from intake.db.models import BadAddressRow
from intake.model import SenderKind, Triage
from tests.rig import bouncing, loops, talking
from tests.rig.machines import MACHINES, machine
from tests.rig.people import PEOPLE, person


def mails(make, number, seed=5):
    draw = random.Random(seed)
    letters = loops.our_letters()
    return [make(draw, letters, loops._UNITS) for _ in range(number)]


def everybody_is_a_person(head, reading, *, own_addresses):
    return Triage(SenderKind.PERSON, answerable=bool(head.from_address), why="planted")


def test_no_machine_is_answered_and_no_person_is_lost():
    outcome = loops.run(long=False, seed=11)
    assert (outcome.runs, outcome.violations) == (730, ())


def test_a_seed_gives_the_same_mails_and_all_kinds_come_up():
    made = mails(machine, 400)
    assert [one.raw for one in made] == [one.raw for one in mails(machine, 400)]
    assert {one.kind for one in made} == {make.__name__ for make in MACHINES}
    assert len({one.kind for one in mails(person, 200)}) >= len(PEOPLE)


@pytest.mark.long
def test_a_machine_that_is_taken_for_a_person_is_seen(monkeypatch):
    monkeypatch.setattr(pipeline, "triage", everybody_is_a_person)
    told = list(loops.judged(mails(machine, 40)))
    assert any(one.startswith("I3: ") for one in told)
    assert any(one.startswith("I4: ") for one in told)


@pytest.mark.long
def test_an_answer_to_reply_to_is_seen(monkeypatch):
    real = reply.answers

    def answers(assessment, reading, triage, **more):
        drafts = real(assessment, reading, triage, **more)
        return tuple(replace(one, to_address=reading.head.reply_to or one.to_address) for one in drafts)

    monkeypatch.setattr(reply, "answers", answers)
    told = list(loops.judged(mails(person, 80)))
    assert told
    assert all("caused a letter to victim@trap.example.org" in one for one in told)


@pytest.mark.long
def test_a_refuted_sender_who_is_answered_is_seen(monkeypatch):
    monkeypatch.setattr(reply, "told_to_the_unit", lambda *_: ())
    refuted = [one for one in mails(person, 200) if one.kind == "spf fail"]
    assert list(loops.judged(refuted)) == []
    real = reply.authentication
    monkeypatch.setattr(reply, "authentication", lambda head: replace(real(head), verdict="unproved"))
    assert any("though nobody may be" in one for one in loops.judged(refuted))


@pytest.mark.long
def test_a_person_who_is_taken_for_a_machine_is_seen(monkeypatch):
    bounce = Triage(SenderKind.BOUNCE, answerable=False, why="planted")
    monkeypatch.setattr(pipeline, "triage", lambda *_, **__: bounce)
    told = list(loops.judged(mails(person, 5)))
    assert any("was ignored" in one for one in told)


@pytest.mark.long
def test_the_whole_way_sees_an_answered_machine(monkeypatch):
    monkeypatch.setattr(pipeline, "triage", everybody_is_a_person)
    told = list(loops.through(mails(machine, 12)))
    assert any("I3" in one for one in told)


def without_the_brake(monkeypatch) -> None:
    """Mere words are answered once a day: that second line alone would end the loop."""
    monkeypatch.setattr(reply, "_was_told_to_wait", lambda *_: False)


@pytest.mark.long
def test_two_offices_that_answer_each_other_are_seen(monkeypatch):
    monkeypatch.setattr(pipeline, "triage", everybody_is_a_person)
    without_the_brake(monkeypatch)
    told = list(talking.two_offices(talking.unchanged, known=True))
    assert any("answered a letter of the other office" in one for one in told)


@pytest.mark.long
def test_a_loop_with_a_forwarding_rule_is_seen(monkeypatch):
    monkeypatch.setattr(neutral, "_thread", lambda _reading, incoming: incoming.sha256[:32])
    without_the_brake(monkeypatch)
    assert any("letters to one address" in one for one in talking.returned())


@pytest.mark.long
@pytest.mark.parametrize(
    ("plant", "told"),
    [
        ("nobody", "did not mark"),
        ("everybody", "nothing to it came back"),
        ("forgives nobody", "nothing to it came back"),
    ],
)
def test_a_bounce_that_marks_the_wrong_ones_is_seen(monkeypatch, plant, told):
    if plant == "nobody":
        monkeypatch.setattr(queries, "note_bounces", lambda *_, **__: 0)
    elif plant == "forgives nobody":
        monkeypatch.setattr(queries, "forgive_address", lambda *_: None)
    else:

        def note(session, reports, *, message_id, now):
            for report in reports:
                if session.get(BadAddressRow, report.recipient) is None:
                    row = BadAddressRow(address=report.recipient, since=now, reason="planted", message_id=message_id)
                    session.add(row)

        monkeypatch.setattr(queries, "note_bounces", note)
    assert any(told in one for one in bouncing.violations(seed=1))


@pytest.mark.long
def test_a_reminder_to_a_bounced_address_and_a_silent_digest_are_seen(monkeypatch):
    monkeypatch.setattr(queries, "bad_addresses", lambda _session: {})
    found = list(bouncing.violations(seed=1))
    assert any("was reminded at an address that bounced" in one for one in found)
    assert any("was not told to telephone" in one for one in found)
