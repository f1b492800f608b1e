"""What the clerk is told of comments in a file, and that nobody else is."""

from dataclasses import replace

import pytest

from intake.assess import assess
from intake.fault_words import comment_words, file_text, problem_text
from intake.model import Disposition
from parsers.codec import from_json, to_json
from parsers.document import Note, NoteCode
from parsers.forms import DocumentReading, Doubt, Problem, ProblemCode
from tests.builders.judging import ARRIVED, CAMPAIGN, PERSON, ROSTER, file, mail, officer

REMARK = "手机已换，请以13900000002为准"
DOUBT = Problem(ProblemCode.AMBIGUOUS, given=REMARK, detail=Doubt.COMMENTED)
STROKE = Problem(ProblemCode.AMBIGUOUS, detail=Doubt.STROKE)
CORRECTED = Problem(ProblemCode.AMBIGUOUS, given="手机有变：13900000002", detail=Doubt.CORRECTED)
HIDDEN = Problem(ProblemCode.AMBIGUOUS, given="名单!4", detail=Doubt.HIDDEN_ROWS)


def said(*texts: str) -> tuple[Note, ...]:
    return tuple(Note(NoteCode.COMMENT, text) for text in texts)


def judged(*documents: DocumentReading):
    return assess(mail(*documents), PERSON, campaign=CAMPAIGN, roster=ROSTER, known=None, arrived_at=ARRIVED)


def remarked(name: str, *notes: str, doubt: Problem | None = None) -> DocumentReading:
    form = officer() if doubt is None else replace(officer(), problems=(doubt,))
    return replace(file(name, form), notes=said(*notes))


def test_a_comment_that_may_change_a_value_sends_the_form_to_a_person_who_is_told_what_it_says():
    found = judged(remarked("附件2.docx", REMARK, doubt=DOUBT))
    assert found.disposition is Disposition.REVIEW
    assert found.reasons[0].endswith(f"文件中有批注“{REMARK}”，可能改动表中内容，请打开原件核实后再采用")
    assert sum(REMARK in reason for reason in found.reasons) == 1
    assert found.submissions[0].review


def test_a_harmless_comment_is_told_and_the_form_is_accepted():
    found = judged(remarked("附件2.docx", "请填写全称", "已阅"))
    assert found.disposition is Disposition.ACCEPTED
    assert "文件中有批注：“请填写全称”；“已阅”" in found.reasons
    assert found.submissions[0].notes == ("文件中有批注：“请填写全称”；“已阅”",)


def test_a_file_without_comments_has_no_such_note():
    assert judged(file("附件2.docx", officer())).submissions[0].notes == ()


@pytest.mark.parametrize("doubt", [DOUBT, STROKE, CORRECTED, HIDDEN])
def test_what_hangs_on_the_scan_beside_the_word_file_is_not_lost_with_the_copy(doubt):
    found = judged(remarked("附件2.docx"), remarked("附件2.pdf", "已阅", doubt=doubt))
    assert found.disposition is Disposition.REVIEW
    assert doubt in found.submissions[0].problems
    assert any("已阅" in note for note in found.submissions[0].notes)


def test_the_comment_of_the_other_copy_is_told_though_the_first_has_a_doubt_of_its_own():
    vague = Problem(ProblemCode.AMBIGUOUS, detail=Doubt.UNRULED)
    found = judged(remarked("附件2.docx", doubt=vague), remarked("附件2.pdf", REMARK, doubt=DOUBT))
    assert any(REMARK in reason for reason in found.reasons)


def test_the_sender_is_not_quoted_what_somebody_remarked():
    assert REMARK not in file_text(DOUBT)
    assert REMARK not in problem_text(DOUBT, "")
    for problem in (DOUBT, STROKE):
        for words in (file_text(problem), file_text(problem, clerk=True), problem_text(problem, "")):
            assert words not in {"", "内容有多种读法，需要核实"}


def test_long_and_many_comments_are_shortened_for_the_clerk():
    (words,) = comment_words(said("甲" * 200, "乙", "丙", "丁", "+5"), told=False)
    assert words == f"文件中有批注：“{'甲' * 120}…”；“乙”；“丙”等，其余请看原件"
    assert len(file_text(replace(DOUBT, given="1" * 4_000), clerk=True)) < 200


def test_a_comment_survives_the_way_from_the_worker_and_into_the_record():
    reading = remarked("附件2.docx", REMARK, doubt=DOUBT)
    assert from_json(DocumentReading, to_json(reading)) == reading
