"""Who has sent the complete form is not asked to mend the faulty one by a letter that had not gone out when it came."""

import io
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from docx import Document
from sqlalchemy import update

from intake import again, decide, noting, outbox_desk, overtaken, restored
from intake.blanks import docx_form
from intake.db.models import OutboxRow
from intake.model import CellState, FormId, LetterKind, OutboxState
from intake.roster import Roster
from scheduler import jobs
from tests.builders import office
from tests.rig.checker import violations
from tests.rig.clerk import LIAISON, SANDS, STRANGER, TOWN

BOX, SECOND_BOX = office.UNITS[TOWN], "qingshi2@qs.example.com"


def questions(desk) -> list[OutboxRow]:
    return [row for row in desk.rows(OutboxRow) if row.kind in (LetterKind.CORRECTION, LetterKind.UNREADABLE)]


def states(desk) -> list[str]:
    return [row.state for row in questions(desk)]


def set_state(desk, **values) -> None:
    """Let the questions be as if they had gone through what the values tell."""
    with desk.bench.sessions.begin() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id.in_([row.id for row in questions(desk)])).values(**values))


def sends(desk, unit: str = TOWN, sender: str | None = None, **changes) -> int:
    """Let a form come in and be read a minute after what came before; its answer waits."""
    desk.place.pass_time(timedelta(minutes=1))
    return desk.receives_form(unit, sender, unsent=True, **changes)


def writes(desk, sender: str, subject: str, **mail) -> int:
    desk.place.pass_time(timedelta(minutes=1))
    return desk.receives(sender, subject, unsent=True, **mail)


def brings(desk, *files: tuple[str, bytes]) -> None:
    """Let a mail with these files come in and be read."""
    desk.place.pass_time(timedelta(minutes=1))
    desk.number += 1
    message = message_from_bytes(office.mail(BOX, "联络员表", number=desk.number), policy=SMTP)
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    desk.place.deliver(message.as_bytes(), BOX)
    jobs.fetch(desk.app)
    jobs.process(desk.app)


def told(desk) -> list[tuple[str, str]]:
    """What each address was told, by the first words of the subject."""
    subjects = [subject[: subject.index("】") + 1] for subject in desk.subjects()]
    return list(zip([letter.recipients[0] for _, letter in desk.place.letters()], subjects, strict=True))


def on_hold(desk) -> None:
    with desk.bench.sessions.begin() as session:
        session.execute(update(OutboxRow).where(OutboxRow.state == OutboxState.QUEUED).values(state=OutboxState.HELD))


@pytest.fixture
def asked(desk):
    """An office that has read a form without a mobile number; the question waits in the outbox."""
    sends(desk, mobile="")
    assert [(row.kind, row.state) for row in questions(desk)] == [(LetterKind.CORRECTION, OutboxState.QUEUED)]
    return desk


@pytest.fixture
def two_boxes(desk):
    """The unit has two addresses on the roster."""
    units = [replace(one, addresses=(BOX, SECOND_BOX)) if one.name == TOWN else one for one in desk.bench.roster.units]
    desk.bench = replace(desk.bench, roster=Roster(tuple(units)))
    desk.app = replace(desk.app, bench=desk.bench)
    return desk


def test_who_has_sent_the_complete_form_meanwhile_gets_the_receipt_alone(asked):
    sends(asked)
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【收件回执】")]
    (row,) = questions(asked)
    assert (row.state, row.answer) == (OutboxState.CANCELLED, overtaken.WHY)
    assert asked.breaches() == []


def test_after_an_outage_too(asked):
    set_state(asked, claimed_at=asked.now, attempt=1, answer="421 try again later")
    sends(asked)
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【收件回执】")]


def test_the_units_other_address_answers_as_well(two_boxes):
    sends(two_boxes, mobile="")
    sends(two_boxes, sender=SECOND_BOX)
    jobs.deliver(two_boxes.app)
    assert told(two_boxes) == [(SECOND_BOX, "【收件回执】")]


def test_a_question_on_hold_is_stopped_on_hold(asked):
    sends(asked)
    on_hold(asked)
    jobs.deliver(asked.app)
    assert states(asked) == [OutboxState.CANCELLED]
    assert told(asked) == []


def test_a_question_that_was_released_is_stopped_before_it_goes(asked):
    sends(asked)
    on_hold(asked)
    with asked.bench.sessions.begin() as session:
        assert outbox_desk.release(session, asked.now) == 2
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【收件回执】")]


def registration(desk, **values) -> bytes:
    form = desk.app.settings.campaign.collection(FormId("registration")).form
    given = {"unit": TOWN, "has_program": True, "program_summary": "社区宣传", "contact_name": "林小满"}
    return docx_form(form, {**given, "contact_phone": "13900000001", **values})


def test_no_intent_answers_it(desk):
    writes(desk, BOX, "附件1", attachment=registration(desk, contact_phone=""), name="附件1.docx")
    assert states(desk) == [OutboxState.QUEUED]
    writes(desk, BOX, "青石镇 附件1", text="青石镇人民政府无意向联合举办。\n")
    assert desk.cell(form=FormId("registration")).state is CellState.NO_INTENT
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【收件回执】")]


# --- what stays -------------------------------------------------------------------------------------------------------


def test_a_question_without_an_answer_goes_out(asked):
    sends(asked, SANDS)
    jobs.deliver(asked.app)
    assert sorted(told(asked)) == [(office.UNITS[SANDS], "【收件回执】"), (BOX, "【请补正】")]


def test_a_change_with_a_fault_is_asked_about(desk):
    sends(desk)
    sends(desk, mobile="1390000")
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【收件回执】"), (BOX, "【请补正】")]


def test_of_two_questions_the_one_about_the_change_stays(asked):
    sends(asked)
    sends(asked, mobile="1390000")
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【收件回执】"), (BOX, "【请补正】")]
    assert states(asked) == [OutboxState.CANCELLED, OutboxState.SENT]


def test_a_form_that_somebody_else_sent_is_no_answer(asked):
    mail = sends(asked, sender=STRANGER)
    asked.acts(decide.accept, mail)
    assert asked.cell().state is CellState.ACCEPTED
    jobs.deliver(asked.app)
    assert sorted(told(asked)) == [(BOX, "【请补正】"), (STRANGER, "【收件回执】")]


def test_another_person_is_no_answer(asked):
    sends(asked, name="许昭宁")
    assert asked.cell().state is CellState.ACCEPTED
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【请补正】"), (BOX, "【收件回执】")]


@pytest.mark.parametrize("state", [OutboxState.UNCERTAIN, OutboxState.SENDING, OutboxState.FAILED])
def test_what_may_have_left_is_not_touched(asked, state):
    set_state(asked, state=state, claimed_at=asked.now, phase="data", not_before=asked.now + timedelta(hours=1))
    sends(asked)
    jobs.deliver(asked.app)
    assert states(asked) == [state]


def test_what_the_server_refused_for_its_words_waits_for_a_person(asked):
    set_state(asked, state=OutboxState.HELD, claimed_at=asked.now, attempt=1, answer="554 DT:SPM")
    sends(asked)
    jobs.deliver(asked.app)
    assert states(asked) == [OutboxState.HELD]


@pytest.mark.parametrize(("held_before", "released_since"), [(False, False), (True, False), (False, True)])
def test_what_was_held_after_a_restore_waits_until_its_fate_is_known(asked, held_before, released_since):
    """What the backup shows as held may have been released since; what the Sent folder was not asked about, have gone."""
    sends(asked)
    if held_before:
        on_hold(asked)
    with asked.bench.sessions.begin() as session:
        restored.hold(session, restored.Held(asked.now))
        if released_since:
            restored.end_hold(session)
    jobs.deliver(asked.app)
    assert states(asked) == [OutboxState.HELD]


def test_nothing_is_stopped_before_the_sent_folder_was_asked(asked):
    sends(asked)
    asked.app.looked.clear()
    jobs.deliver(asked.app)
    assert states(asked) == [OutboxState.QUEUED]


def test_what_a_person_sent_back_stays(desk):
    mail = sends(desk)
    desk.acts(decide.return_for_correction, mail, 1, note="请核对手机号")
    returned = [row for row in questions(desk) if row.key.startswith("return:")]
    assert len(returned) == 1
    sends(desk)
    jobs.deliver(desk.app)
    assert states(desk) == [OutboxState.SENT]


def test_what_a_person_sends_a_second_time_goes(asked):
    jobs.deliver(asked.app)
    (row,) = questions(asked)
    sends(asked)
    with asked.bench.sessions.begin() as session:
        again.send_again(session, row.id, stationery=asked.bench.stationery, now=asked.now)
    jobs.deliver(asked.app)
    assert states(asked) == [OutboxState.SENT, OutboxState.SENT]


def test_what_is_asked_after_a_person_has_decided_about_the_mail_stays(desk):
    mail = sends(desk, mobile="")
    desk.acts(decide.change_values, mail, 1, {"position": "主任"})
    waiting = [row for row in questions(desk) if row.state == OutboxState.QUEUED]
    assert len(waiting) == 1
    sends(desk)
    assert desk.cell().state is CellState.ACCEPTED
    jobs.deliver(desk.app)
    assert "【请补正】" in [subject for _, subject in told(desk)]


def test_a_form_whose_receipt_was_stopped_is_no_answer(asked):
    """The unit would hear nothing at all."""
    sends(asked)
    with asked.bench.sessions.begin() as session:
        receipts = OutboxRow.kind == LetterKind.ACKNOWLEDGEMENT
        session.execute(update(OutboxRow).where(receipts).values(state=OutboxState.CANCELLED))
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【请补正】")]


def test_a_paper_copy_is_no_answer_that_the_unit_hears_of(asked):
    typed = {"name": "林小满", "position": "安全办主任", "mobile": "13900000001"}
    noting.paper(asked.bench, TOWN, LIAISON, typed, who="王芳", now=asked.now)
    jobs.deliver(asked.app)
    assert told(asked) == [(BOX, "【请补正】")]


def test_what_was_good_beside_the_fault_must_be_told_as_well(desk):
    """The letter that asks about one form is the receipt of the other one."""
    brings(desk, ("附件2.docx", office.liaison(TOWN)), ("附件1.docx", registration(desk, contact_phone="")))
    assert states(desk) == [OutboxState.QUEUED]
    writes(desk, BOX, "附件1", attachment=registration(desk), name="附件1.docx")
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【请补正】"), (BOX, "【收件回执】")]


def test_of_what_is_collected_at_any_time_none_answers_for_another(desk):
    writes(desk, BOX, "典型案例", attachment=b"PK\x03\x04 broken", name="典型案例.docx")
    assert states(desk) == [OutboxState.QUEUED]
    case = summary("典型案例：青石镇社区宣传")
    writes(desk, BOX, "典型案例", attachment=case, name="典型案例.docx")
    assert desk.cell(form=FormId("case")).state is CellState.ACCEPTED
    jobs.deliver(desk.app)
    assert "【请重新发送】" in [subject for _, subject in told(desk)]


# --- files and words --------------------------------------------------------------------------------------------------


def test_a_form_that_could_not_be_opened_and_came_again_is_asked_for_no_more(desk):
    writes(desk, BOX, "联络员表", attachment=b"PK\x03\x04 broken", name="附件2.docx")
    assert states(desk) == [OutboxState.QUEUED]
    sends(desk)
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【收件回执】")]


def test_a_file_of_unknown_form_beside_a_faulty_form_is_still_asked_for(desk):
    brings(desk, ("附件2.docx", office.liaison(TOWN, mobile="")), ("材料.docx", b"PK\x03\x04 broken"))
    assert states(desk) == [OutboxState.QUEUED]
    sends(desk)
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【请补正】"), (BOX, "【收件回执】")]


@pytest.mark.parametrize(("subject", "forms_told"), [("附件2 联络员表", True), ("报送材料", False)])
def test_a_mail_without_the_file_that_it_speaks_of(desk, subject, forms_told):
    """Named, the form is there now; not named, the unit still owes another one that it may have meant."""
    writes(desk, BOX, subject, text="附件请查收。\n")
    assert [(row.kind, row.state) for row in questions(desk)] == [(LetterKind.UNREADABLE, OutboxState.QUEUED)]
    sends(desk)
    jobs.deliver(desk.app)
    expected = [(BOX, "【收件回执】")]
    assert told(desk) == (expected if forms_told else [(BOX, "【请重新发送】"), *expected])


def summary(title: str = "青石镇人民政府活动总结") -> bytes:
    document, data = Document(), io.BytesIO()
    document.add_heading(title, 0)
    for _ in range(12):
        document.add_paragraph("活动期间共开展宣传三次，排查隐患若干处，均已整改完毕，群众反映良好。")
    document.save(data)
    return data.getvalue()


def test_a_mail_without_its_file_when_nothing_is_owed_any_more(desk):
    writes(desk, BOX, "报送材料", text="附件请查收。\n")
    sends(desk)
    writes(desk, BOX, "活动总结", attachment=summary(), name="青石镇人民政府活动总结.docx")
    jobs.deliver(desk.app)
    assert "【请重新发送】" not in [subject for _, subject in told(desk)]


def test_two_persons_are_asked_about_and_one_comes(desk):
    second = office.liaison(TOWN, name="许昭宁", mobile="13900000002", email="xu@qs.example.com")
    brings(desk, ("附件2.docx", office.liaison(TOWN, mobile="")), ("附件2之二.docx", second))
    assert states(desk) == [OutboxState.QUEUED]
    assert len(desk.cell().submissions) == 2
    sends(desk)
    assert desk.cell().state is CellState.ACCEPTED
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【请补正】"), (BOX, "【更新回执】")]


def test_two_forms_could_not_be_opened_and_one_comes(desk):
    brings(desk, ("附件2 林.docx", b"PK\x03\x04 broken"), ("附件2 许.docx", b"PK\x03\x04 damaged"))
    assert states(desk) == [OutboxState.QUEUED]
    assert len(desk.cell().submissions) == 2
    sends(desk)
    assert desk.cell().state is CellState.ACCEPTED
    jobs.deliver(desk.app)
    assert told(desk) == [(BOX, "【请重新发送】"), (BOX, "【收件回执】")]


# --- the checker ------------------------------------------------------------------------------------------------------


def checked(desk) -> list[str]:
    history = desk.place.history({})
    return violations(replace(history, at_rest=True), desk.place.data)


def test_the_checker_takes_a_question_that_was_overtaken_for_no_mail_without_an_answer(asked):
    sends(asked)
    jobs.deliver(asked.app)
    assert checked(asked) == []


def test_the_checker_sees_a_question_that_was_stopped_without_an_answer(asked):
    sends(asked, SANDS)
    with asked.bench.sessions.begin() as session:
        assert outbox_desk.withdraw(session, [row.id for row in questions(asked)], why=overtaken.WHY) == 1
    jobs.deliver(asked.app)
    assert checked(asked) == [f"I2: the mail <1.{BOX}> was never answered"]


@pytest.mark.parametrize("later", [True, False])
def test_the_checker_sees_a_question_that_was_stopped_though_its_answer_came_before_it_or_has_no_receipt(desk, later):
    first = {} if not later else {"mobile": ""}
    sends(desk, **first)
    sends(desk, **({"mobile": "1390000"} if not later else {"mobile": "1390001"}))
    with desk.bench.sessions.begin() as session:
        outbox_desk.withdraw(session, [questions(desk)[0].id], why=overtaken.WHY)
    jobs.deliver(desk.app)
    number = 1 if later else 2
    assert checked(desk) == [f"I2: the mail <{number}.{BOX}> was never answered"]
