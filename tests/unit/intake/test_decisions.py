"""What decisions make of the submissions of a mail, and what they leave alone."""

from datetime import UTC, datetime, timedelta

import pytest

from intake import reasons
from intake.decisions import Decision, Given, decided, is_settled, mail_doubts, seen_in, still_fits, typed_values
from intake.ledger import keep_ledger
from intake.model import CellState, DecisionKind, FormId, NoteKind, UnitName
from intake.unit_notes import UnitNote, excused, paper_faults, papers
from parsers.forms import Doubt, FieldReading, Problem, ProblemCode
from tests.builders.deciding import AT, FORMS, MAIL, decision, officer
from tests.builders.judging import OFFICER, SAND, STONE

REVIEW, CORRECTION, ACCEPTED = CellState.REVIEW, CellState.CORRECTION, CellState.ACCEPTED
UNKNOWN = Problem(ProblemCode.UNKNOWN_UNIT, "unit", given="某处")
NO_MOBILE = Problem(ProblemCode.MISSING, "mobile")
FOREIGN = Problem(ProblemCode.UNTRUSTED_SENDER)


def after(read, *decisions, doubts=()):
    (one,) = decided([read], decisions, FORMS, doubts=doubts)
    return one


def test_a_submission_nobody_decided_about_is_what_the_program_read():
    read = officer(1)
    assert decided([read], [], FORMS) == (read,)


def test_accepting_keeps_what_was_doubtful_as_words_and_signs_it():
    read = officer(1, state=REVIEW, problems=(FOREIGN,))
    one = after(read, decision(1, DecisionKind.ACCEPT, [read]))
    assert (one.state, one.problems) == (ACCEPTED, ())
    assert one.by_hand == ("经办人王芳5月29日11:00核实后通过（原有疑问：发件邮箱与原报送邮箱不同，更新待核实后生效）",)


def test_accepting_a_mail_passes_what_waits_for_a_person_and_not_what_its_sender_has_to_mend():
    waits, lacks = officer(1, state=REVIEW, problems=(FOREIGN,)), officer(2, state=CORRECTION, problems=(NO_MOBILE,))
    found = decided([waits, lacks], [decision(1, DecisionKind.ACCEPT, [waits, lacks], ordinal=None)], FORMS)
    assert [one.state for one in found] == [ACCEPTED, CORRECTION]


def test_nothing_that_has_no_unit_or_no_value_is_accepted():
    nobody, empty = officer(1, state=REVIEW, unit=None), officer(2, state=REVIEW, values={})
    found = decided([nobody, empty], [decision(1, DecisionKind.ACCEPT, [nobody, empty], ordinal=None)], FORMS)
    assert [one.state for one in found] == [REVIEW, REVIEW]


def test_a_value_takes_the_place_of_what_was_read_and_the_problem_of_its_field_is_gone():
    read = officer(1, state=CORRECTION, problems=(NO_MOBILE,), values={"name": "林小满", "position": "主任"})
    given = (Given("mobile", "139 0000 0001", "13900000001"),)
    one = after(read, decision(1, DecisionKind.VALUES, [read], given=given))
    assert one.state is ACCEPTED
    assert [field.key for field in one.fields] == ["name", "position", "mobile"]
    mobile = one.fields[-1]
    assert (mobile.value, mobile.raw, mobile.place, mobile.rule) == (
        "13900000001",
        "139 0000 0001",
        "by hand: 王芳 5月29日11:00",
        "by_hand",
    )
    assert one.by_hand == ("“手机”由王芳5月29日11:00改为“13900000001”（原为“空”）",)


def test_another_problem_stays_after_a_value_was_changed():
    read = officer(1, state=REVIEW, problems=(NO_MOBILE, FOREIGN))
    one = after(read, decision(1, DecisionKind.VALUES, [read], given=(Given("mobile", "1", "13900000001"),)))
    assert (one.state, one.problems) == (REVIEW, (FOREIGN,))


@pytest.mark.parametrize("doubts", [(), (reasons.REFUTED,)])
def test_a_value_or_a_unit_does_not_settle_what_is_doubtful_of_the_whole_mail(doubts):
    read = officer(1, state=REVIEW, unit=None, problems=(UNKNOWN,))
    assigned = decision(1, DecisionKind.ASSIGN, [read], unit=STONE)
    assert after(read, assigned, doubts=doubts).state is (REVIEW if doubts else ACCEPTED)
    passed = decision(2, DecisionKind.ACCEPT, [read])
    assert after(read, assigned, passed, doubts=doubts).state is ACCEPTED
    more = decision(3, DecisionKind.VALUES, [read], given=(Given("mobile", "1", "13900000002"),))
    assert after(read, assigned, passed, more, doubts=doubts).state is ACCEPTED


def test_what_waits_for_no_problem_of_its_own_goes_on_waiting_after_a_value_was_changed():
    read = officer(1, state=REVIEW)
    one = after(read, decision(1, DecisionKind.VALUES, [read], given=(Given("mobile", "1", "13900000002"),)))
    assert one.state is REVIEW


def test_a_yes_that_is_typed_asks_for_what_depends_on_it_and_a_no_asks_no_more():
    lacks = Problem(ProblemCode.MISSING, "show")
    yes = officer(1, form="entry", state=CORRECTION, problems=(lacks,), values={"has_show": True, "contact": "林小满"})
    no = after(yes, decision(1, DecisionKind.VALUES, [yes], given=(Given("has_show", "否", False),)))
    assert not [one for one in no.problems if one.field == "show"]
    back = after(
        yes,
        decision(1, DecisionKind.VALUES, [yes], given=(Given("has_show", "否", False),)),
        decision(2, DecisionKind.VALUES, [yes], given=(Given("has_show", "是", True),)),
    )
    assert lacks in back.problems


def test_an_assigned_form_loses_the_problems_of_its_unit_and_keeps_the_others():
    doubt = Problem(ProblemCode.AMBIGUOUS, detail=Doubt.COMMENTED)
    nameless = Problem(ProblemCode.AMBIGUOUS, detail="青石镇人民政府、白沙镇人民政府")
    read = officer(1, state=REVIEW, unit=None, problems=(UNKNOWN, nameless, doubt, NO_MOBILE))
    one = after(read, decision(1, DecisionKind.ASSIGN, [read], unit=SAND))
    assert (one.unit, one.problems, one.state) == (SAND, (doubt, NO_MOBILE), REVIEW)
    assert one.by_hand == ("归属单位由经办人王芳5月29日11:00确定为白沙镇人民政府（原为未能对应）",)


def test_what_was_returned_waits_for_its_sender_with_the_words_of_the_clerk():
    read = officer(1)
    one = after(read, decision(1, DecisionKind.RETURN, [read], note="请盖章"))
    assert (one.state, one.problems) == (CORRECTION, (Problem(ProblemCode.RETURNED, given="请盖章"),))


def test_of_a_dismissed_mail_nothing_counts():
    read = [officer(1), officer(2)]
    assert decided(read, [decision(1, DecisionKind.DISMISS, read, ordinal=None)], FORMS) == ()


def test_a_decision_touches_no_other_submission_of_its_mail():
    first, second = officer(1), officer(2, values={"name": "陈一"})
    found = decided([first, second], [decision(1, DecisionKind.RETURN, [second], ordinal=2, note="x")], FORMS)
    assert found[0] == first
    assert found[1].state is CORRECTION


OTHERWISE = {
    "another value": [officer(1, values={"name": "陈一"})],
    "another unit": [officer(1, unit=SAND)],
    "another form": [officer(1, form="entry")],
    "nothing at all": [],
}


@pytest.mark.parametrize("kind", DecisionKind)
@pytest.mark.parametrize("now", OTHERWISE.values(), ids=OTHERWISE)
def test_a_decision_about_what_is_read_no_more_is_not_applied_and_the_whole_mail_waits(kind, now):
    then = officer(1)
    neighbor = officer(2, values={"name": "陈二"})
    whole = kind is DecisionKind.DISMISS
    made = decision(1, kind, [then, neighbor] if whole else [then], ordinal=None if whole else 1, unit=SAND, note="x")
    assert still_fits(made, [then, neighbor])
    assert not still_fits(made, [*now, neighbor])
    found = decided([*now, neighbor], [made], FORMS)
    assert {one.state for one in found} == {REVIEW}
    assert all(one.by_hand == (reasons.DECIDED_OTHERWISE,) for one in found)
    assert [(one.unit, one.fields) for one in found] == [(one.unit, one.fields) for one in (*now, neighbor)]


def test_one_more_form_in_a_dismissed_mail_is_not_dismissed_with_the_others():
    then = [officer(1)]
    made = decision(1, DecisionKind.DISMISS, then, ordinal=None)
    assert len(decided([*then, officer(2)], [made], FORMS)) == 2


def test_a_unit_that_was_renamed_is_still_the_one_that_was_seen():
    then, now = officer(1, unit=UnitName("青石乡人民政府")), officer(1, unit=STONE)
    made = decision(1, DecisionKind.ACCEPT, [then])
    renamed = {"青石乡人民政府": STONE}
    assert still_fits(made, [now], called_now=lambda name: renamed.get(name, name))
    assert not still_fits(made, [now])


def test_a_form_that_the_campaign_does_not_have_any_more_stays_as_it_was_read():
    read = officer(1, form="gone")
    assert decided([read], [decision(1, DecisionKind.ACCEPT, [read])], FORMS) == (read,)
    assert mail_doubts(("来信有咨询",), [read], FORMS) == ("来信有咨询",)


# --- the queue --------------------------------------------------------------------------------------------------------


def settled(read, *decisions, doubts=()):
    return is_settled(decisions, read, decided(read, decisions, FORMS, doubts=doubts), doubts=doubts)


def test_a_mail_is_settled_when_nothing_of_it_waits_any_more():
    waits, fine = officer(1, state=REVIEW, problems=(FOREIGN,)), officer(2)
    assert not settled([waits, fine])
    assert not settled([waits, fine], decision(1, DecisionKind.ACCEPT, [fine], ordinal=2))
    assert settled([waits, fine], decision(1, DecisionKind.ACCEPT, [waits], ordinal=1))
    assert settled([waits, fine], decision(1, DecisionKind.ACCEPT, [waits, fine], ordinal=None))
    assert settled([waits, fine], decision(1, DecisionKind.DISMISS, [waits, fine], ordinal=None))


def test_a_mail_that_is_doubtful_as_a_whole_is_settled_by_who_passes_all_of_it():
    first, second = officer(1), officer(2, values={"name": "陈一"})
    doubts = (reasons.QUESTION_BESIDE,)
    given = (Given("mobile", "1", "13900000002"),)
    changed = [
        decision(one.ordinal, DecisionKind.VALUES, [one], ordinal=one.ordinal, given=given) for one in (first, second)
    ]
    passed = [decision(one.ordinal + 2, DecisionKind.ACCEPT, [one], ordinal=one.ordinal) for one in (first, second)]
    assert not settled([first, second], *changed, doubts=doubts)
    assert not settled([first, second], *changed, passed[0], doubts=doubts)
    assert settled([first, second], *changed, *passed, doubts=doubts)
    assert settled([first, second], decision(9, DecisionKind.ACCEPT, [first, second], ordinal=None), doubts=doubts)


def test_a_mail_without_a_form_is_settled_by_putting_it_away_or_asking_for_it_again():
    assert not settled([])
    assert settled([], decision(1, DecisionKind.DISMISS, [], ordinal=None))
    assert settled([], decision(1, DecisionKind.RETURN, [], ordinal=None, note="请重发"))


def test_the_doubts_of_a_mail_are_what_no_submission_of_it_explains():
    read = officer(1, state=REVIEW, problems=(FOREIGN,), notes=("单位依据文件名确定为青石镇人民政府",))
    told = (*reasons.of_submission(read, OFFICER), reasons.QUESTION_BESIDE, *read.notes, reasons.NO_INTENT)
    assert mail_doubts(told, [read], FORMS) == (reasons.QUESTION_BESIDE,)


# --- what is typed ----------------------------------------------------------------------------------------------------


def test_fields_are_named_by_key_label_or_alias_and_checked_as_a_senders_are():
    given, faults = typed_values(OFFICER, {"手　机": "139-0000-0001", "email": "a@example.com"}, area_code="0595")
    assert faults == ()
    assert {one.key: one.value for one in given} == {"mobile": "13900000001", "email": "a@example.com"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"手机": "1390000"}, "“手机”填写为“1390000”"),
        ({"手机": ""}, "“手机”未填写"),
        ({"手机": "13900000001 13900000002"}, "不能确定所指"),
        ({"电子邮箱": "a@example.con"}, "邮箱后缀可能有误"),
        ({"单位名称": "白沙镇人民政府"}, "归属单位"),
        ({"邮编": "362100"}, "没有“邮编”这一栏"),
        ({"手机": "13900000001", "mobile": "13900000002"}, "写了两次"),
    ],
)
def test_what_cannot_be_a_value_is_told_in_words(typed, words):
    assert words in "；".join(typed_values(OFFICER, typed, area_code="0595")[1])


@pytest.mark.parametrize("text", ["（必填）", "x", "X", "×", " x "])
def test_what_was_typed_and_would_vanish_is_refused_in_words(text):
    given, faults = typed_values(OFFICER, {"email": text}, area_code="0595")
    assert [one.value for one in given] == [None]
    assert faults == (f"“电子邮箱”这里写的“{text.strip()}”看作没有填写，请写明内容，或留空",)


@pytest.mark.parametrize("text", ["\u540c\u4e0a", "同办公电话"])
def test_what_was_typed_and_refers_to_another_cell_is_refused_in_words(text):
    given, faults = typed_values(OFFICER, {"email": text}, area_code="0595")
    assert [one.value for one in given] == [None]
    assert faults == (f"“电子邮箱”填写为“{text}”，请写明具体内容",)


@pytest.mark.parametrize("text", ["", " ", "无", "暂无", "/", "—", "无邮箱"])
def test_that_there_is_none_may_be_typed_in_words_or_left_empty(text):
    assert typed_values(OFFICER, {"email": text}, area_code="0595")[1] == ()


# --- notes of units ---------------------------------------------------------------------------------------------------


def note(number: int, kind: NoteKind, *, form: str | None = "officer", at=AT, **options) -> UnitNote:
    return UnitNote(number, STONE, None if form is None else FormId(form), kind, "王芳", at, **options)


def ledger_with(*submissions):
    return keep_ledger("road", submissions, late_after={})


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, CellState.EXEMPT),
        (CORRECTION, CellState.EXEMPT),
        (REVIEW, CellState.EXEMPT),
        (ACCEPTED, ACCEPTED),
        (CellState.NO_INTENT, CellState.NO_INTENT),
    ],
)
def test_an_excused_form_is_owed_no_more_and_one_that_was_sent_counts(state, expected):
    before = ledger_with(*([] if state is None else [officer(1, state=state)]))
    cell = excused(before, [note(1, NoteKind.EXEMPT)], FORMS).state.cell(STONE, FormId("officer"))
    assert (cell.state, cell.owed) == (expected, False)
    assert cell.by_hand.startswith("免报，由经办人王芳5月29日11:00登记")


def test_what_comes_after_the_excuse_is_looked_at():
    later = ledger_with(officer(1, state=REVIEW, arrived_at=AT + timedelta(hours=1)))
    cell = excused(later, [note(1, NoteKind.EXEMPT)], FORMS).state.cell(STONE, FormId("officer"))
    assert (cell.state, cell.owed) == (REVIEW, False)


def test_a_unit_is_excused_from_all_forms_at_once():
    state = excused(ledger_with(), [note(1, NoteKind.EXEMPT, form=None)], FORMS).state
    assert {form for _, form in state.cells} == set(FORMS)


def test_a_call_changes_nothing():
    before = ledger_with(officer(1))
    assert excused(before, [note(1, NoteKind.CALL)], FORMS) == before
    assert papers([note(1, NoteKind.CALL)], FORMS) == ()


def test_a_paper_copy_is_an_accepted_submission_that_says_who_typed_it():
    given = (Given("mobile", "13900000001", "13900000001"), Given("name", "林小满", "林小满"))
    handed_in_at = datetime(2025, 5, 28, 2, tzinfo=UTC)
    (one,) = papers([note(7, NoteKind.PAPER, given=given, text="窗口收", handed_in_at=handed_in_at)], FORMS)
    assert (one.id, one.message_id, one.state, one.attachment) == (-7, -7, ACCEPTED, "纸质件")
    assert one.arrived_at == handed_in_at
    assert [field.key for field in one.fields] == ["name", "mobile"]
    assert {field.place for field in one.fields} == {"paper: 王芳 5月29日11:00"}
    assert one.by_hand == ("纸质件，由经办人王芳5月29日11:00补录：窗口收",)


def test_a_paper_copy_lacks_what_a_form_must_have_but_for_the_unit_that_it_was_noted_of():
    given = (Given("name", "林小满", "林小满"), Given("position", "主任", "主任"))
    assert [one.field for one in paper_faults(OFFICER, note(1, NoteKind.PAPER, given=given))] == ["mobile"]


def test_the_digest_of_what_was_seen_knows_a_no_from_an_empty_form():
    assert seen_in([officer(1, values={})]) != seen_in([officer(1, values={}, state=CellState.NO_INTENT)])


def test_a_decision_made_by_hand_is_not_found_in_the_rows():
    read = officer(1)
    after(read, Decision(1, DecisionKind.ACCEPT, 1, "王芳", AT, seen_in([read])))
    assert read == officer(1)
    assert all(isinstance(one, FieldReading) for one in read.fields)
    assert read.message_id == MAIL
