"""The mailbox moves to another server: every mail comes again with another head; what is changed is another mail."""

import pytest

from intake.db.models import MessageRow
from intake.model import CellState, Disposition
from tests.builders import office
from tests.rig.clerk import SANDS, TOWN

ADDRESS = office.UNITS[TOWN]
TRACE = (b"Received: from old.example.com by new.example.com; Fri, 30 May 2025 10:00:00 +0800", b"X-Migrated: yes")


def comes(desk, raw: bytes, *, trace: tuple[bytes, ...] = (), end: bytes = b"") -> int:
    desk.place.deliver(b"".join(line + b"\r\n" for line in trace) + raw + end, ADDRESS)
    desk.goes_on()
    return desk.rows(MessageRow)[-1].id


def form(number: int, *, unit: str = TOWN, **changes) -> bytes:
    return office.mail(office.UNITS[unit], "附件2", attachment=office.liaison(unit, **changes), number=number)


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_mails_that_come_again_are_put_away_unanswered_and_change_nothing(desk, end):
    first, second = form(1, mobile="13900000001"), form(2, mobile="13900000002")
    asked = form(3, unit=SANDS, mobile="")
    words = office.mail(ADDRESS, "关于附件2", text="另外，会议在哪里开？\n", number=4)
    mails = [first, second, asked, words]
    numbers = [comes(desk, raw) for raw in mails]
    sent = desk.subjects()
    for raw, number in zip(mails, numbers, strict=True):
        again = comes(desk, raw, trace=TRACE, end=end)
        assert again not in numbers
        assert desk.case(again).disposition == Disposition.IGNORED
        assert f"编号 {number} " in desk.case(again).reasons[0]
        assert not desk.is_open(again)
    assert desk.subjects() == sent
    assert desk.value("mobile").value == "13900000002"
    assert desk.cell(SANDS).state is CellState.CORRECTION


def test_what_is_changed_under_one_message_id_is_another_mail(desk):
    comes(desk, form(1, mobile="13900000001"))
    comes(desk, form(1, mobile="13900000002"), trace=TRACE)
    assert desk.value("mobile").value == "13900000002"
    assert len(desk.subjects()) == 2


def test_other_words_under_one_message_id_are_another_mail(desk):
    first = office.mail(ADDRESS, "关于附件2", text="会议在哪里开？\n", number=1)
    comes(desk, first)
    other = comes(desk, first.replace(b"Subject", b"X-Was: 1\r\nSubject").replace(b"base64", b"base64"), trace=TRACE)
    assert desk.case(other).disposition == Disposition.IGNORED
    changed = office.mail(ADDRESS, "关于附件2", text="会议改在哪里开？\n", number=1)
    assert desk.is_open(comes(desk, changed))
