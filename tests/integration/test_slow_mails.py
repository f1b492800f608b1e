"""A mail whose documents take long is read in turns: the mails behind it, and those that come meanwhile, go first."""

from email import message_from_bytes, policy

import pytest

from intake import pipeline, read
from intake.db.models import MessageRow, PartRow, SubmissionRow
from scheduler import jobs
from tests.builders import office
from tests.rig.clerk import LIAISON, SANDS, SCHOOLS, TOWN


@pytest.fixture
def slow(desk, monkeypatch):
    """An office in which a turn is over as soon as one document was read, and a list of the mails filed, in order."""
    monkeypatch.setattr(read, "_TURN_S", 0.0)
    filed: list[str] = []
    real = pipeline._file

    def noting(session, bench, pending, examined, *rest):
        filed.append(examined.reading.head.from_address)
        real(session, bench, pending, examined, *rest)

    monkeypatch.setattr(pipeline, "_file", noting)
    desk.filed = filed
    return desk


def arrives(desk, unit: str, *, documents: int) -> None:
    """A mail with so many attachments, the last of which is the form, comes in and waits to be read."""
    desk.number += 1
    message = message_from_bytes(office.mail(office.UNITS[unit], "联络员表", number=desk.number), policy=policy.SMTP)
    files = [b"PK\x03\x04 %d" % number for number in range(1, documents)]
    for number, data in enumerate([*files, office.liaison(unit)]):
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=f"{number}.docx")
    desk.place.deliver(message.as_bytes(), office.UNITS[unit])
    jobs.fetch(desk.app)


def test_the_mails_behind_a_slow_one_are_filed_first_and_it_is_read_to_its_end(slow):
    arrives(slow, TOWN, documents=4)
    arrives(slow, SANDS, documents=2)
    jobs.process(slow.app)
    assert slow.filed == [office.UNITS[SANDS], office.UNITS[TOWN]]
    assert slow.cell(TOWN, LIAISON).submissions
    read_of_it = [row for row in slow.rows(PartRow) if row.message_id == 1 and row.role == "attachment"]
    assert len(read_of_it) == 4
    assert {row.attempts for row in slow.rows(MessageRow)} == {1}, "a turn that was given back is no try"
    assert slow.bench.begun == {}


def test_what_comes_in_the_middle_of_a_slow_mail_goes_first(slow, monkeypatch):
    arrives(slow, TOWN, documents=5)
    real, turns = jobs.process_message, []

    def while_others_write(bench, message_id, **options):
        if turns == [1]:
            arrives(slow, SCHOOLS, documents=1)
        turns.append(message_id)
        return real(bench, message_id, **options)

    monkeypatch.setattr(jobs, "process_message", while_others_write)
    jobs.process(slow.app)
    assert slow.filed == [office.UNITS[SCHOOLS], office.UNITS[TOWN]]
    assert turns[:2] == [1, 1]
    assert set(turns[2:4]) == {2}, "the new mail has two documents, its body is one"


def test_one_slow_mail_too_many_is_read_in_one_go(slow, monkeypatch):
    """What is remembered of mails half read has a bound."""
    monkeypatch.setattr(pipeline, "_BEGUN_AT_MOST", 1)
    most = 0
    real = jobs.process_message

    def counting(bench, message_id, **options):
        nonlocal most
        real(bench, message_id, **options)
        most = max(most, len(bench.begun))

    monkeypatch.setattr(jobs, "process_message", counting)
    for unit in (TOWN, SANDS, SCHOOLS):
        arrives(slow, unit, documents=3)
    jobs.process(slow.app)
    assert most == 1
    assert slow.filed == [office.UNITS[SANDS], office.UNITS[SCHOOLS], office.UNITS[TOWN]]


def test_where_nobody_waits_a_slow_mail_is_read_in_one_go(slow):
    arrives(slow, TOWN, documents=4)
    pipeline.process_message(slow.bench, 1, now=slow.now)
    assert slow.filed == [office.UNITS[TOWN]]


def test_of_one_sender_the_former_mail_is_filed_first_however_slow(slow):
    arrives(slow, TOWN, documents=4)
    arrives(slow, SANDS, documents=1)
    arrives(slow, TOWN, documents=1)
    jobs.process(slow.app)
    filed = [row.message_id for row in sorted(slow.rows(SubmissionRow), key=lambda one: one.id)]
    assert [one for one in filed if one != 2] == [1, 3]
    assert sorted(filed) == [1, 2, 3]
    assert slow.bench.begun == {}
