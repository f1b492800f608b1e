"""What the clerk decides about a mail, in a whole office: the record, the letters, the 汇总表, and what a second clerk meets."""

import io
import json
import logging
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from intake import decide, noting, pipeline, reasons, settling
from intake.blanks import docx_document
from intake.cases import OvertakenError, RefusedError, look
from intake.db import queries
from intake.db.models import AuditRow, DecisionRow, OutboxRow, SubmissionRow
from intake.model import CellState, Disposition, LetterKind, NoteKind, OutboxState
from scheduler import jobs
from tests.builders import office
from tests.rig import rosters, unit_names
from tests.rig.checker import violations
from tests.rig.clerk import LIAISON, SANDS, SCHOOLS, STRANGER, SUMMARY, TOWN
from tests.rig.machines import checked

MOBILE = "13900000001"


def test_a_form_of_an_unknown_unit_is_assigned_and_gets_the_receipt_it_would_have_got_on_arrival(desk):
    number = desk.receives_form("某某管理处", sender=STRANGER)
    assert desk.is_open(number)
    assert desk.cell().state is CellState.NOT_SUBMITTED
    preview = desk.acts(decide.assign, number, 1, "青石镇", dry=True)
    assert desk.is_open(number)
    outcome = desk.acts(decide.assign, number, 1, "青石镇")
    assert not outcome.open
    assert desk.cell().state is CellState.ACCEPTED
    (letter,) = outcome.letters
    assert letter.kind is LetterKind.ACKNOWLEDGEMENT
    assert letter.body == preview.letters[0].body
    assert "139****0001" in letter.body
    assert MOBILE not in letter.body
    desk.goes_on()
    assert "【收件回执】青石镇人民政府" in desk.subjects()[-1]
    assert desk.breaches() == []


def test_a_stranger_s_form_that_is_assigned_to_a_unit_replaces_its_form_only_when_it_is_passed(desk):
    desk.receives_form(TOWN, name="陈立冬")
    number = desk.receives_form("某某管理处", sender=STRANGER, name="林小满", mobile="13900000009")
    outcome = desk.acts(decide.assign, number, 1, TOWN)
    assert outcome.open
    assert desk.is_open(number)
    assert not outcome.letters
    assert outcome.doubts == ("发件邮箱与原报送邮箱不同，更新待核实后生效",)
    assert desk.value("mobile").value == MOBILE
    passed = desk.acts(decide.accept, number, ordinal=1)
    assert not passed.open
    assert desk.value("mobile").value == "13900000009"
    receipt, word = passed.letters
    assert (receipt.kind, receipt.to_address) == (LetterKind.UPDATE, STRANGER)
    assert "现登记的内容如下" in receipt.body
    assert "→" not in receipt.body  # not a word of what the unit itself had sent
    assert "陈立冬" not in receipt.body
    assert (word.kind, word.to_address) == (LetterKind.RECEIVED, office.UNITS[TOWN])
    assert "登记内容变更" in word.subject
    assert "13900000009"[-4:] not in word.body
    desk.goes_on()
    assert desk.breaches() == []
    assert [one for one in desk.subjects() if "登记内容变更" in one]


def test_a_stranger_s_paper_that_is_assigned_waits_though_its_title_is_the_same(desk):
    def paper(words: str) -> bytes:
        return docx_document(f"{TOWN}活动总结", [words * 40])

    desk.receives(office.UNITS[TOWN], "活动总结", attachment=paper("一、做法。"), name="活动总结.docx")
    assert desk.cell(form=SUMMARY).state is CellState.ACCEPTED
    number = desk.receives(STRANGER, "活动总结", attachment=paper("二、成效。"), name="活动总结.docx")
    desk.acts(decide.assign, number, 1, TOWN)
    assert desk.is_open(number)
    assert desk.cell(form=SUMMARY).submissions[0].message_id != number


def test_a_word_to_the_unit_is_stopped_when_the_form_that_replaced_its_own_is_taken_back(desk):
    desk.receives_form(TOWN)
    number = desk.receives_form("某某管理处", sender=STRANGER, mobile="13900000009")
    desk.acts(decide.assign, number, 1, TOWN)
    desk.acts(decide.accept, number, ordinal=1)
    undone = desk.acts(decide.undo, number)
    assert len(undone.stopped) == 2
    assert undone.open
    assert desk.value("mobile").value == MOBILE


def _let_pass(desk, **changes) -> int:
    """A stranger's form for the town's place, which the clerk lets pass."""
    number = desk.receives_form(TOWN, sender=STRANGER, **changes)
    assert desk.is_open(number)
    assert not desk.acts(decide.accept, number, ordinal=1).open
    return number


@pytest.mark.parametrize("how", [decide.undo, decide.dismiss, decide.assign])
def test_what_came_in_behind_a_stranger_s_form_is_judged_anew_when_it_is_taken_back(desk, how):
    desk.receives_form(TOWN)
    number = _let_pass(desk, mobile="13900000009")
    behind = [desk.receives_form(TOWN, sender=STRANGER, mobile=f"1390000001{one}") for one in range(2)]
    assert desk.value("mobile").value == "13900000011"  # nobody looked: the clerk had let the address pass
    about = (1, SANDS) if how is decide.assign else ()
    assert desk.acts(how, number, *about).again == tuple(behind)
    assert desk.value("mobile").value == MOBILE  # at once, not only when they have been read again
    desk.goes_on()
    assert desk.value("mobile").value == MOBILE
    assert all(desk.is_open(one) for one in behind)
    told = [one for one in desk.rows(OutboxRow) if one.cause_id in behind]
    assert [one.kind for one in told if one.state == OutboxState.CANCELLED] == [LetterKind.UPDATE] * 2  # true no longer
    assert {one.kind for one in told if one.state != OutboxState.CANCELLED} == {LetterKind.RECEIVED}
    assert desk.breaches() == []


def test_who_had_a_receipt_is_told_nothing_more_when_his_form_is_judged_anew(desk):
    desk.receives_form(TOWN)
    number = _let_pass(desk, mobile="13900000009")
    desk.goes_on(timedelta(hours=2))
    behind = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000011")
    desk.goes_on(timedelta(hours=2))
    desk.goes_on()
    (receipt,) = [one for one in desk.rows(OutboxRow) if one.cause_id == behind]
    assert (receipt.kind, receipt.state) == (LetterKind.UPDATE, OutboxState.SENT)
    desk.acts(decide.undo, number)
    desk.goes_on()
    assert desk.is_open(behind)
    assert [one.id for one in desk.rows(OutboxRow) if one.cause_id == behind] == [receipt.id]
    assert desk.breaches() == []


def test_what_a_stranger_sent_stays_when_something_else_still_lets_it_in(desk):
    desk.receives_form(TOWN)
    number, other = (desk.receives_form(TOWN, sender=STRANGER, mobile=f"1390000002{one}") for one in range(2))
    for one in (number, other):
        assert not desk.acts(decide.accept, one, ordinal=1).open
    behind = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000011")
    desk.acts(decide.undo, number)
    desk.goes_on()
    assert desk.value("mobile").value == "13900000011"
    assert not desk.is_open(behind)
    desk.acts(decide.undo, other)
    desk.goes_on()
    assert desk.value("mobile").value == MOBILE
    assert desk.is_open(behind)


def test_an_address_that_was_confirmed_before_replaces_the_unit_s_own_no_more_once_its_passed_form_is_taken_back(desk):
    desk.receives_form(TOWN, sender=STRANGER, mobile="13900000020")  # the first of all: it confirms its address
    desk.receives_form(TOWN)
    number = _let_pass(desk, mobile="13900000009")
    behind = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000011")
    assert desk.value("mobile").value == "13900000011"
    desk.acts(decide.undo, number)
    desk.goes_on()
    assert desk.value("mobile").value == MOBILE
    assert desk.is_open(behind)


def test_a_stranger_s_form_that_is_read_once_more_is_judged_by_what_stood_when_it_came(desk):
    desk.receives_form(TOWN)
    number = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000009")
    desk.receives_form(TOWN, mobile="13900000002")
    desk.acts(decide.reprocess, number)
    desk.goes_on()
    assert desk.is_open(number)
    assert desk.value("mobile").value == "13900000002"
    with desk.bench.sessions() as session:
        campaign, roster = desk.app.settings.campaign, desk.bench.roster
        assert STRANGER not in queries.confirmed_senders(session, campaign, roster)


def test_a_preview_of_taking_back_puts_nothing_back(desk):
    desk.receives_form(TOWN)
    number = _let_pass(desk, mobile="13900000009")
    behind = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000011")
    assert desk.acts(decide.undo, number, dry=True).again == (behind,)
    assert desk.value("mobile").value == "13900000011"


def test_a_stranger_who_was_the_first_is_judged_as_the_first_again_when_his_former_form_is_put_away(desk):
    number = desk.receives_form(TOWN, sender=STRANGER)
    behind = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000011")
    assert desk.acts(decide.dismiss, number, note="重复").again == (behind,)
    desk.goes_on()
    assert desk.value("mobile").value == "13900000011"
    assert not desk.is_open(behind)


def test_the_unit_s_own_form_is_assigned_without_another_look(desk):
    desk.receives_form(TOWN)
    number = desk.receives_form("某某管理处", sender=office.UNITS[TOWN], mobile="13900000009")
    if desk.is_open(number):
        desk.acts(decide.assign, number, 1, TOWN)
    assert desk.value("mobile").value == "13900000009"
    assert not desk.is_open(number)


def test_a_form_that_was_accepted_for_one_unit_waits_again_when_it_would_replace_another_s(desk):
    desk.receives_form(SANDS)
    number = desk.receives_form(TOWN, mobile="13900000009")
    assert not desk.is_open(number)
    assert desk.acts(decide.assign, number, 1, SANDS).open
    assert desk.is_open(number)
    assert desk.value("mobile", SANDS).value == MOBILE


def test_a_preview_keeps_nothing(desk):
    number = desk.receives_form(TOWN, mobile="1390000")
    before = desk.case(number)
    desk.acts(decide.change_values, number, 1, {"手机": "13900000009"}, dry=True)
    assert desk.case(number) == before
    assert not desk.rows(DecisionRow)
    assert not desk.rows(AuditRow)


def test_an_assigned_form_that_lacks_something_is_sent_back_for_it_as_on_arrival(desk):
    number = desk.receives_form("某某管理处", sender=STRANGER, mobile="1390000")
    outcome = desk.acts(decide.assign, number, 1, TOWN)
    assert desk.cell().state is CellState.CORRECTION
    assert [letter.kind for letter in outcome.letters] == [LetterKind.CORRECTION]
    assert "手机" in outcome.letters[0].body
    assert not desk.is_open(number)


def test_a_changed_value_counts_and_says_who_changed_it_and_the_summary_tells(desk, tmp_path):
    number = desk.receives_form(TOWN, mobile="1390000")
    assert desk.cell().state is CellState.CORRECTION
    desk.acts(decide.change_values, number, 1, {"手机": "139 0000 0009"})
    assert desk.cell().state is CellState.ACCEPTED
    mobile = desk.value("mobile")
    assert (mobile.value, mobile.raw, mobile.rule) == ("13900000009", "139 0000 0009", "by_hand")
    assert "王芳" in mobile.place
    form = desk.sheet(tmp_path, "联络员")
    assert "13900000009" in form
    assert "“手机”由王芳5月28日09:10改为“13900000009”（原为“1390000”）" in form
    told = desk.sheet(tmp_path, "情况说明")
    assert "人工处理" in told
    assert "“手机”由王芳" in told


def test_a_faulty_value_is_refused_with_the_words_a_sender_would_read_and_nothing_is_stored(desk):
    number = desk.receives_form(TOWN)
    with pytest.raises(RefusedError, match="“手机”填写为“1380000”，号码位数不对") as refused:
        desk.acts(decide.change_values, number, 1, {"mobile": "1380000", "没有的栏": "x", "unit": SANDS})
    assert len(refused.value.problems) == 3
    assert desk.value("mobile").value == MOBILE
    assert not desk.rows(DecisionRow)


def test_the_second_clerk_with_an_old_page_is_refused(desk):
    number = desk.receives_form(TOWN)
    old = desk.case(number).token
    desk.acts(decide.change_values, number, 1, {"手机": "13900000008"}, who="王芳", token=old)
    for action, arguments in ((decide.accept, ()), (decide.dismiss, ()), (decide.undo, ()), (decide.reprocess, ())):
        with pytest.raises(OvertakenError, match="别人已经处理"):
            desk.acts(action, number, *arguments, who="李强", token=old)
    assert desk.value("mobile").value == "13900000008"
    assert len(desk.rows(DecisionRow)) == 1


def test_undoing_restores_what_was_and_stops_the_letter_that_has_not_gone(desk):
    number = desk.receives_form("某某管理处", sender=STRANGER)
    before = desk.ledger()
    desk.acts(decide.assign, number, 1, TOWN)
    outcome = desk.acts(decide.undo, number)
    assert desk.ledger() == before
    assert outcome.open
    assert desk.is_open(number)
    assert [letter.state for letter in outcome.stopped] == [OutboxState.CANCELLED]
    sent = len(desk.place.letters())
    desk.goes_on()
    assert len(desk.place.letters()) == sent
    again = desk.acts(decide.assign, number, 1, SANDS)
    assert [letter.kind for letter in again.letters] == [LetterKind.ACKNOWLEDGEMENT]
    desk.goes_on()
    assert "白沙镇人民政府" in desk.subjects()[-1]


def test_a_letter_that_is_out_is_told_to_be_out_when_its_decision_is_undone(desk):
    number = desk.receives_form("某某管理处", sender=STRANGER)
    desk.acts(decide.assign, number, 1, TOWN)
    desk.goes_on()
    outcome = desk.acts(decide.undo, number)
    assert [letter.state for letter in outcome.gone] == [OutboxState.SENT]
    assert desk.cell().state is CellState.NOT_SUBMITTED
    assert not desk.acts(decide.assign, number, 1, TOWN).letters  # at most one answer a mail
    assert desk.breaches() == []


def test_a_dismissed_mail_counts_nowhere_confirms_nobody_and_is_answered_by_nothing(desk):
    number = desk.receives_form(TOWN, sender=STRANGER)
    assert desk.cell().state is CellState.ACCEPTED
    with desk.bench.sessions() as session:
        campaign, roster = desk.app.settings.campaign, desk.bench.roster
        assert STRANGER in queries.confirmed_senders(session, campaign, roster)
    outcome = desk.acts(decide.dismiss, number, note="来电核实：不是本单位发的")
    assert not outcome.letters
    assert desk.cell().state is CellState.NOT_SUBMITTED
    with desk.bench.sessions() as session:
        assert STRANGER not in queries.confirmed_senders(session, campaign, roster)
    with pytest.raises(RefusedError, match="请先撤销"):
        desk.acts(decide.accept, number)


def test_a_mail_that_waits_and_has_no_form_can_only_be_put_away_or_asked_for_again(desk):
    number = desk.receives(office.UNITS[TOWN], "请问", text="请问表里的单位公章必须盖吗？\n")
    assert desk.is_open(number)
    with pytest.raises(RefusedError, match="没有识别出表"):
        desk.acts(decide.accept, number)
    letter = desk.acts(decide.return_for_correction, number, None, note="请把填好的表发来").letters[0]
    assert letter.to_address == office.UNITS[TOWN]
    assert "请把填好的表发来" in letter.body
    assert not desk.is_open(number)
    desk.acts(decide.undo, number)
    assert desk.is_open(number)
    desk.acts(decide.dismiss, number, note="已电话答复")
    assert not desk.is_open(number)


def test_a_mail_that_waits_for_its_unit_has_nothing_to_pass_but_a_form_that_is_named_does(desk):
    number = desk.receives_form(TOWN, mobile="")
    letters = [row.key for row in desk.rows(OutboxRow)]
    with pytest.raises(RefusedError, match="在等单位补正"):
        desk.acts(decide.accept, number)
    assert desk.cell().state is CellState.CORRECTION
    assert [row.key for row in desk.rows(OutboxRow)] == letters
    desk.acts(decide.accept, number, ordinal=1)
    assert desk.cell().state is CellState.ACCEPTED


def test_a_form_that_was_accepted_is_sent_back_with_the_clerks_words_and_the_reply_completes_it(desk):
    number = desk.receives_form(TOWN)
    with pytest.raises(RefusedError, match="补正什么"):
        desk.acts(decide.return_for_correction, number, 1)
    note = "联络员的职务请写全称"
    token = desk.case(number).token
    to, subject, body = decide.preview_return(desk.bench, number, 1, note=note, who="王芳", now=desk.now, token=token)
    assert (to, note in body) == (office.UNITS[TOWN], True)
    assert "直接回复本邮件，附上改好的文件，或写明改正后的内容。" in body
    assert subject.startswith("【请补正】青石镇人民政府")
    desk.acts(decide.return_for_correction, number, 1, note=note)
    assert desk.cell().state is CellState.CORRECTION
    desk.goes_on()
    assert desk.subjects()[-1].startswith("【请补正】")
    letter = desk.place.letters()[-1][1].raw
    headers = {"In_Reply_To": _message_id(letter)}
    reply = desk.receives(office.UNITS[TOWN], "回复", text="职务：安全生产办公室主任\n", **headers)
    assert not desk.is_open(reply)
    assert desk.cell().state is CellState.ACCEPTED
    assert desk.value("position").value == "安全生产办公室主任"
    assert desk.breaches() == []


def test_who_cannot_be_answered_is_not_sent_back_to(desk):
    number = desk.receives(
        "no-reply@oa.example.com", attachment=office.liaison(TOWN, mobile="1390000"), Auto_Submitted="auto-generated"
    )
    assert len(desk.case(number).items) == 1
    with pytest.raises(RefusedError, match="不能回信"):
        desk.acts(decide.return_for_correction, number, 1)
    assert not desk.rows(DecisionRow)


def test_a_question_beside_the_form_keeps_the_mail_open_until_somebody_passes_it(desk):
    number = desk.receives(
        office.UNITS[TOWN],
        text="表已附上。请问纸质件还要交吗？\n",
        attachment=office.liaison(TOWN),
    )
    assert desk.is_open(number)
    assert desk.case(number).doubts == (reasons.QUESTION_BESIDE,)
    assert desk.acts(decide.change_values, number, 1, {"手机": "13900000008"}).open
    outcome = desk.acts(decide.accept, number)
    assert not outcome.open
    assert "13900000008" in outcome.letters[0].body


def test_a_replay_gives_the_same_state_and_no_second_letter(desk):
    waiting = desk.receives_form("某某管理处", sender=STRANGER)
    changed = desk.receives_form(SANDS, mobile="1390000")
    put_away = desk.receives_form(SCHOOLS)
    desk.acts(decide.assign, waiting, 1, TOWN)
    desk.acts(decide.change_values, changed, 1, {"手机": "13900000008"})
    desk.acts(decide.dismiss, put_away)
    desk.goes_on()
    before, letters = _told(desk.ledger()), len(desk.place.letters())
    with desk.bench.sessions.begin() as session:
        queries.reset_messages(session)
    desk.goes_on()
    assert _told(desk.ledger()) == before
    assert len(desk.place.letters()) == letters
    assert not any(desk.is_open(number) for number in (waiting, changed, put_away))
    assert desk.breaches() == []


def test_a_decision_that_is_about_something_the_program_reads_no_more_opens_the_mail_again(desk, monkeypatch):
    number = desk.receives_form("某某管理处", sender=STRANGER)
    desk.acts(decide.assign, number, 1, TOWN)
    assert desk.cell().state is CellState.ACCEPTED
    _newer_version_reads(monkeypatch, mobile="13900000007")
    desk.acts(decide.reprocess, number)
    desk.goes_on()
    assert desk.is_open(number)
    case = desk.case(number)
    assert case.reasons[0] == reasons.DECIDED_OTHERWISE
    assert (case.items[0].now.state, case.items[0].now.unit) == (CellState.REVIEW, None)
    assert desk.cell().state is CellState.NOT_SUBMITTED
    outcome = desk.acts(decide.assign, number, 1, TOWN, who="李强")
    assert not outcome.open
    assert desk.value("mobile").value == "13900000007"
    assert reasons.DECIDED_OTHERWISE not in desk.case(number).reasons
    assert [one.undone_by for one in desk.case(number).history] == ["李强", None]


def test_a_mail_that_is_read_otherwise_and_well_now_waits_all_the_same(desk, monkeypatch):
    number = desk.receives_form(TOWN)
    desk.acts(decide.change_values, number, 1, {"手机": "13900000008"})
    _newer_version_reads(monkeypatch, mobile="13900000007")
    letters = len(desk.rows(OutboxRow))
    desk.acts(decide.reprocess, number)
    desk.goes_on()
    assert desk.is_open(number)
    assert desk.cell().state is CellState.REVIEW
    assert len(desk.rows(OutboxRow)) == letters


def test_a_mail_that_was_put_away_and_is_read_as_a_good_form_now_is_neither_counted_nor_answered(desk, monkeypatch):
    number = desk.receives_form("某某管理处", sender=STRANGER)
    desk.acts(decide.dismiss, number)
    letters = len(desk.rows(OutboxRow))
    _newer_version_reads(monkeypatch, unit=TOWN)
    desk.acts(decide.reprocess, number)
    desk.goes_on()
    assert desk.is_open(number)
    assert desk.cell().state is CellState.REVIEW
    assert len(desk.rows(OutboxRow)) == letters


def test_a_mail_that_waits_to_be_read_is_not_decided_upon(desk):
    number = desk.receives_form(TOWN)
    desk.acts(decide.reprocess, number)
    with pytest.raises(RefusedError, match="正等待识别"):
        desk.acts(decide.dismiss, number)


def test_every_action_is_in_the_audit_and_no_value_of_a_form_is(desk, caplog):
    number = desk.receives_form(TOWN, mobile="1390000")
    with caplog.at_level(logging.INFO):
        desk.acts(decide.accept, number, ordinal=1)
        desk.acts(decide.change_values, number, 1, {"手机": "13900000008"})
        desk.acts(decide.undo, number, who="李强")
        noting.call(desk.bench, TOWN, text="已催", who="王芳", now=desk.now)
    rows = desk.rows(AuditRow)
    assert [(row.who, row.action) for row in rows] == [
        ("王芳", "accept"),
        ("王芳", "values"),
        ("李强", "undo"),
        ("王芳", "note call"),
    ]
    assert rows[1].details["fields"] == ["mobile"]
    told = json.dumps([row.details for row in rows], ensure_ascii=False) + caplog.text
    assert "13900000008" not in told
    assert "已催" not in told


def test_what_the_rig_checks_of_stored_values_holds_after_decisions(desk):
    number = desk.receives_form(TOWN, mobile="1390000")
    desk.acts(decide.accept, number, ordinal=1)
    desk.acts(decide.change_values, number, 1, {"手机": "13900000008"})
    assert [one for one in violations(desk.place.history({}), desk.place.data) if one.startswith("I5")] == []
    (row,) = desk.rows(SubmissionRow)
    assert row.state == CellState.CORRECTION


# --- letters that wait ------------------------------------------------------------------------------------------------


def test_a_receipt_that_waits_is_written_anew_with_the_value_that_was_changed(desk):
    number = desk.receives_form(TOWN, unsent=True)
    outcome = desk.acts(decide.change_values, number, 1, {"手机": "13900000008"})
    assert MOBILE in outcome.stopped[0].body
    assert "13900000008" in outcome.letters[0].body
    desk.goes_on()
    assert desk.subjects() == [outcome.letters[0].subject]
    assert desk.breaches() == []


def test_a_request_to_mend_that_waits_does_not_go_out_once_it_is_mended_and_undoing_lets_it_go(desk):
    number = desk.receives_form(TOWN, unsent=True, mobile="1390000")
    outcome = desk.acts(decide.change_values, number, 1, {"手机": "13900000008"})
    assert [letter.kind for letter in outcome.stopped] == [LetterKind.CORRECTION]
    assert [letter.kind for letter in outcome.letters] == [LetterKind.ACKNOWLEDGEMENT]
    undone = desk.acts(decide.undo, number)
    assert [letter.kind for letter in undone.stopped] == [LetterKind.ACKNOWLEDGEMENT]
    assert [letter.kind for letter in undone.letters] == [LetterKind.CORRECTION]
    desk.goes_on()
    assert [subject.startswith("【请补正】") for subject in desk.subjects()] == [True]


def test_a_letter_that_went_out_in_the_meantime_is_not_followed_by_the_one_that_it_replaced(desk):
    number = desk.receives_form(TOWN, unsent=True, mobile="1390000")
    desk.acts(decide.change_values, number, 1, {"手机": "13900000008"})
    desk.goes_on()
    undone = desk.acts(decide.undo, number)
    assert [letter.kind for letter in undone.gone] == [LetterKind.ACKNOWLEDGEMENT]
    desk.goes_on()
    assert len(desk.place.letters()) == 1


def test_nothing_that_waits_goes_out_about_a_mail_that_was_put_away(desk):
    number = desk.receives_form(TOWN, sender=STRANGER, unsent=True)
    outcome = desk.acts(decide.dismiss, number)
    assert len(outcome.stopped) == 1
    desk.goes_on()
    assert desk.place.letters() == []


def test_what_was_sent_back_and_waits_is_stopped_when_the_clerk_passes_it(desk):
    number = desk.receives_form(TOWN, unsent=True)
    returned = desk.acts(decide.return_for_correction, number, 1, note="请盖章")
    assert [letter.kind for letter in returned.stopped] == [LetterKind.ACKNOWLEDGEMENT]
    passed = desk.acts(decide.accept, number, ordinal=1)
    assert [letter.id for letter in passed.stopped] == [returned.letters[0].id]
    assert [letter.kind for letter in passed.letters] == [LetterKind.ACKNOWLEDGEMENT]
    desk.goes_on()
    assert [subject.startswith("【收件回执】") for subject in desk.subjects()] == [True]


def test_the_neutral_word_still_goes_while_something_of_the_mail_waits(desk):
    text = "表已附上。请问纸质件还要交吗？\n"
    number = desk.receives(office.UNITS[TOWN], text=text, attachment=office.liaison(TOWN), unsent=True)
    assert desk.acts(decide.change_values, number, 1, {"手机": "13900000008"}).stopped == ()
    assert [letter.kind for letter in desk.acts(decide.accept, number).stopped] == [LetterKind.RECEIVED]


def test_an_answer_that_has_gone_is_known_without_asking_the_worker(desk, monkeypatch):
    number = desk.receives_form(TOWN)
    (row,) = desk.rows(OutboxRow)
    assert row.key == settling._answer_key(desk.bench, desk.case(number).sha256)
    monkeypatch.setattr(settling, "unpack_mail", None)
    assert desk.acts(decide.change_values, number, 1, {"手机": "13900000008"}).letters == ()


# --- several people at once -------------------------------------------------------------------------------------------


def test_of_two_clerks_who_press_at_the_same_moment_one_is_refused(desk):
    number = desk.receives_form("某某管理处", sender=STRANGER)
    token = desk.case(number).token

    def press(unit):
        try:
            return desk.acts(decide.assign, number, 1, unit, token=token)
        except OvertakenError:
            return None

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(press, (TOWN, SANDS)))
    assert sum(one is None for one in found) == 1
    assert len(desk.rows(DecisionRow)) == 1


# --- who is answered --------------------------------------------------------------------------------------------------


def test_an_update_from_elsewhere_that_a_person_lets_pass_replaces_and_the_unit_hears_of_it(desk):
    desk.receives_form(TOWN)
    number = desk.receives_form(TOWN, sender=STRANGER, mobile="13900000007")
    assert desk.is_open(number)
    assert desk.value("mobile").value == MOBILE
    letter, word = desk.acts(decide.accept, number).letters
    assert desk.value("mobile").value == "13900000007"
    assert (letter.kind, letter.to_address) == (LetterKind.UPDATE, STRANGER)
    assert (word.kind, word.to_address) == (LetterKind.RECEIVED, office.UNITS[TOWN])
    assert "如贵单位并不知情，请立即致电" in word.body


def test_several_forms_of_one_mail_get_one_receipt_when_the_last_of_them_is_decided(desk):
    number = desk.receives(STRANGER, attachment=_two_forms("某某管理处", "另一管理处"), name="报送.zip")
    assert [item.read.unit for item in desk.case(number).items] == [None, None]
    first = desk.acts(decide.assign, number, 1, TOWN)
    assert (first.open, first.letters) == (True, ())
    with pytest.raises(RefusedError, match="归属单位"):
        desk.acts(decide.accept, number)
    second = desk.acts(decide.assign, number, 2, SANDS)
    assert not second.open
    (letter,) = second.letters
    assert TOWN in letter.body
    assert SANDS in letter.body


def test_a_refuted_sender_is_told_nothing_even_when_the_form_is_let_pass(desk):
    number = desk.receives(
        office.UNITS[TOWN],
        attachment=office.liaison(TOWN),
        trace=checked("spf=softfail smtp.mail=qingshi@qs.example.com; dkim=none")["first"],
    )
    case = desk.case(number)
    assert reasons.REFUTED in case.reasons
    assert desk.acts(decide.assign, number, 1, SANDS).open
    letters = len(desk.rows(OutboxRow))
    outcome = desk.acts(decide.accept, number)
    assert (outcome.open, outcome.letters, len(desk.rows(OutboxRow))) == (False, (), letters)


# --- notes of units ---------------------------------------------------------------------------------------------------


def test_an_excused_unit_is_not_reminded_not_missing_and_not_owed(desk, tmp_path):
    desk.place.pass_time(timedelta(days=1, minutes=30))  # the day before the deadline: everybody is due
    due = jobs.due_reminders(desk.app).drafts
    assert {draft.unit for draft in due} == {TOWN, SANDS, SCHOOLS}
    note = noting.exempt(desk.bench, TOWN, None, text="机构已撤并", who="王芳", now=desk.now)
    assert TOWN not in {draft.unit for draft in jobs.due_reminders(desk.app).drafts}
    cell = desk.cell()
    assert (cell.state, cell.owed) == (CellState.EXEMPT, False)
    assert TOWN not in desk.sheet(tmp_path, "未报名单")
    assert "免报，由经办人王芳" in desk.sheet(tmp_path, "情况说明")
    assert "应报2" in desk.sheet(tmp_path, "进度")
    noting.undo(desk.bench, note, who="李强", now=desk.now)
    assert TOWN in {draft.unit for draft in jobs.due_reminders(desk.app).drafts}
    with pytest.raises(RefusedError, match="已由李强撤销"):
        noting.undo(desk.bench, note, who="王芳", now=desk.now)


def test_an_excuse_is_noted_once(desk):
    whole = noting.exempt(desk.bench, TOWN, None, text="机构已撤并", who="王芳", now=desk.now)
    for form in (None, SUMMARY):
        with pytest.raises(RefusedError, match=f"已由王芳于.+登记为免报（编号 {whole}）"):
            noting.exempt(desk.bench, TOWN, form, who="李强", now=desk.now)
    noting.undo(desk.bench, whole, who="李强", now=desk.now)
    noting.exempt(desk.bench, TOWN, SUMMARY, who="李强", now=desk.now)
    noting.exempt(desk.bench, TOWN, None, who="李强", now=desk.now)  # more than was excused
    with desk.bench.sessions() as session:
        assert len(noting.notes(session, desk.bench, unit=TOWN)) == 2


def test_a_reminder_that_waits_is_withdrawn_when_the_unit_is_excused(desk):
    desk.place.pass_time(timedelta(days=1, minutes=30))
    jobs.fetch(desk.app)
    jobs.remind(desk.app)
    assert TOWN in {row.unit for row in desk.rows(OutboxRow) if row.kind == "reminder"}
    noting.exempt(desk.bench, TOWN, None, who="王芳", now=desk.now)
    desk.goes_on()
    assert {letter.recipients[0] for _, letter in desk.place.letters()} == {
        office.UNITS[SANDS],
        office.UNITS[SCHOOLS],
    }


def test_a_paper_copy_is_the_units_form_with_who_typed_it_and_the_reminders_stop(desk, tmp_path):
    typed = {"姓名": "林小满", "职务": "安全办主任", "手机": "13900000005"}
    with pytest.raises(RefusedError, match="“手机”未填写"):
        noting.paper(desk.bench, TOWN, LIAISON, {**typed, "手机": ""}, who="王芳", now=desk.now)
    noting.paper(desk.bench, "青石镇", LIAISON, typed, text="门卫转交", who="王芳", now=desk.now)
    assert desk.cell().state is CellState.ACCEPTED
    assert (desk.value("mobile").value, desk.value("mobile").rule) == ("13900000005", "paper")
    form = desk.sheet(tmp_path, "联络员")
    assert "纸质件，由经办人王芳5月28日09:00补录：门卫转交" in form
    desk.place.pass_time(timedelta(days=1, minutes=30))
    due = next(one for one in jobs.due_reminders(desk.app).drafts if one.unit == SANDS)
    assert LIAISON in due.forms
    assert TOWN not in {one.unit for one in jobs.due_reminders(desk.app).drafts if LIAISON in one.forms}
    assert [note.kind for note in _notes(desk)] == [NoteKind.PAPER]


def test_a_mail_after_the_paper_copy_replaces_it_and_the_paper_copy_is_late_by_the_day_it_was_handed_in(desk):
    typed = {"姓名": "林小满", "职务": "安全办主任", "手机": "13900000005"}
    desk.place.pass_time(timedelta(days=10))
    late = desk.now + timedelta(days=1)
    with pytest.raises(RefusedError, match="不能晚于现在"):
        noting.paper(desk.bench, TOWN, LIAISON, typed, handed_in_at=late, who="王芳", now=desk.now)
    number = noting.paper(desk.bench, TOWN, LIAISON, typed, who="王芳", now=desk.now)
    assert desk.cell().late
    noting.undo(desk.bench, number, who="王芳", now=desk.now)
    assert desk.cell().state is CellState.NOT_SUBMITTED
    handed_in = office.START + timedelta(hours=2)
    noting.paper(desk.bench, TOWN, LIAISON, typed, handed_in_at=handed_in, who="王芳", now=desk.now)
    assert not desk.cell().late
    desk.receives_form(TOWN)
    assert desk.value("mobile").value == MOBILE
    assert [version[0].attachment for version in desk.ledger().versions(TOWN, LIAISON)] == ["纸质件", "附件2.docx"]


def test_a_reply_that_completes_a_paper_copy_says_of_the_rest_that_it_stood_on_paper(desk):
    desk.receives_form(TOWN, mobile="1390000")
    headers = {"In_Reply_To": _message_id(desk.place.letters()[-1][1].raw)}
    typed = {"姓名": "林小满", "职务": "安全办主任", "手机": "13900000005"}
    noting.paper(desk.bench, TOWN, LIAISON, typed, who="王芳", now=desk.now)
    desk.place.pass_time(timedelta(minutes=5))
    desk.receives(office.UNITS[TOWN], "回复", text="手机：13900000006\n", **headers)
    assert desk.value("mobile").value == "13900000006"
    assert desk.value("name").place.startswith("paper: 王芳")


def test_an_excused_form_is_not_named_as_still_owed_in_a_receipt(desk):
    desk.receives_form(SANDS)
    noting.exempt(desk.bench, TOWN, SUMMARY, who="王芳", now=desk.now)
    desk.receives_form(TOWN)
    with desk.bench.sessions() as session:
        bodies = {row.unit: row.raw for row in session.query(OutboxRow)}
    assert "活动总结" in _body(bodies[SANDS])
    assert "活动总结" not in _body(bodies[TOWN])


def test_a_mail_is_shown_under_what_its_unit_is_called_today(desk):
    number = desk.receives_form(TOWN)
    (today,) = unit_names.NAMES[office.UNITS[TOWN]] - {TOWN}
    renamed = replace(desk.bench, roster=rosters.edition(1))
    with desk.bench.sessions() as session:
        (item,) = look(session, renamed, number).items
    assert (item.read.unit, item.now.unit) == (today, today)


# --- helpers ----------------------------------------------------------------------------------------------------------


def _newer_version_reads(monkeypatch, *, unit=None, **values) -> None:
    """From now on the program reads other values, or finds the unit: a newer version of it."""
    real = pipeline.assess

    def read(one):
        fields = tuple(replace(field, value=values.get(field.key, field.value), problem=None) for field in one.fields)
        if unit is None:
            return replace(one, fields=fields)
        return replace(one, fields=fields, unit=unit, problems=(), review=False)

    def assess(*arguments, **options):
        found = real(*arguments, **options)
        disposition = found.disposition if unit is None else Disposition.ACCEPTED
        return replace(found, disposition=disposition, submissions=tuple(map(read, found.submissions)))

    monkeypatch.setattr(pipeline, "assess", assess)


def _two_forms(*units: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, unit in enumerate(units):
            archive.writestr(f"form{number}.docx", office.liaison(unit, name=("陈一一", "吴二二")[number]))
    return packed.getvalue()


def _told(ledger):
    """A ledger without the numbers of rows, which a replay changes."""
    return [replace(one, id=0) for one in ledger.submissions]


def _notes(desk):
    with desk.bench.sessions() as session:
        return noting.notes(session, desk.bench)


def _message_id(raw: bytes) -> str:
    return str(message_from_bytes(raw)["Message-ID"])


def _body(raw: bytes) -> str:
    return message_from_bytes(raw, policy=default).get_body(("plain",)).get_content()
