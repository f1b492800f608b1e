"""Words for states and faults: each value has some, and nobody is blamed for what is not his fault."""

import pytest

from intake.fault_words import failure_detail, failure_text, file_text, problem_text
from intake.model import CellState, Disposition, LetterKind, OutboxState, SenderKind
from intake.words import DISPOSITION_WORDS, KIND_NAMES, KIND_WORDS, OUTBOX_WORDS, SENDER_WORDS, STATE_WORDS, masked
from parsers.document import FailureCode
from parsers.forms import UNLABELLED, UNREGISTERED, Doubt, FieldType, Problem, ProblemCode
from parsers.sniff import Kind


def test_every_value_has_its_word():
    assert set(STATE_WORDS) == set(CellState)
    assert set(DISPOSITION_WORDS) == set(Disposition)
    assert set(OUTBOX_WORDS) == set(OutboxState)
    assert set(KIND_NAMES) == set(LetterKind)
    assert set(SENDER_WORDS) == set(SenderKind)
    assert set(KIND_WORDS) == set(Kind) - {Kind.UNKNOWN, Kind.EMPTY}


@pytest.mark.parametrize("code", FailureCode)
@pytest.mark.parametrize("kind", ["doc", "nothing known"])
def test_a_file_that_failed_has_words_for_both_sides(code, kind):
    assert failure_text(code, kind)
    assert failure_text(code, kind, clerk=True)
    assert "{" not in failure_text(code, kind) + failure_text(code, kind, clerk=True)


@pytest.mark.parametrize(
    "code", [FailureCode.NEEDS_ENGINE, FailureCode.TIMEOUT, FailureCode.CRASHED, FailureCode.TOO_LARGE]
)
def test_what_is_our_trouble_is_never_put_as_the_units_fault(code):
    assert "无须重发" in failure_text(code, "doc")
    assert "请重新" not in failure_text(code, "doc")


@pytest.mark.parametrize("code", ProblemCode)
@pytest.mark.parametrize("label", ["手机", ""])
@pytest.mark.parametrize("given", ["139", ""])
def test_every_problem_has_a_half_sentence(code, label, given):
    text = problem_text(Problem(code, "mobile" if label else None, given), label)
    assert text
    assert not text.endswith(("。", "；", "，"))
    assert "“”" not in text


@pytest.mark.parametrize(
    ("problem", "label", "type_", "words"),
    [
        (Problem(ProblemCode.MISSING, "m"), "手机", None, "“手机”未填写"),
        (Problem(ProblemCode.MISSING, "m", "无"), "手机", None, "“手机”填写为“无”，此项必须填写"),
        (Problem(ProblemCode.INVALID, "m", "139000"), "手机", None, "“手机”填写为“139000”，号码位数不对"),
        (Problem(ProblemCode.INVALID, "m", "0595-1"), "办公电话", None, "“办公电话”填写为“0595-1”，号码格式不对"),
        (
            Problem(ProblemCode.INVALID, "m", "139000"),
            "联系方式",
            FieldType.PHONE,
            "“联系方式”填写为“139000”，号码位数不对",
        ),
        (Problem(ProblemCode.INVALID, "m", "同上"), "手机", FieldType.MOBILE, "“手机”填写为“同上”，不是号码"),
        (
            Problem(ProblemCode.INVALID, "m", "27390001", "a landline number"),
            "手机",
            FieldType.MOBILE,
            "“手机”填写为“27390001”，是固定电话，请填写手机号码",
        ),
        (Problem(ProblemCode.INVALID, "e", "abc@126"), "电子邮箱", None, "“电子邮箱”填写为“abc@126”，格式不完整"),
        (Problem(ProblemCode.UNKNOWN_UNIT, "u", "某镇"), "单位", None, "单位名称“某镇”未能与参加单位名册对应"),
    ],
)
def test_a_problem_says_what_stands_there_and_what_is_wrong(problem, label, type_, words):
    assert problem_text(problem, label, type_) == words


def test_a_long_faulty_text_is_cut():
    assert len(problem_text(Problem(ProblemCode.INVALID, "m", "1" * 500), "手机")) < 80


def test_the_readers_own_code_is_more_exact_than_the_problems():
    problem = Problem(ProblemCode.DAMAGED, detail=failure_detail(FailureCode.EMPTY, "docx"))
    assert file_text(problem) == "文件没有内容（0字节）"
    assert file_text(Problem(ProblemCode.DAMAGED)) == "文件已损坏或不完整"
    unsupported = Problem(ProblemCode.UNSUPPORTED, detail=failure_detail(FailureCode.UNSUPPORTED, "rar"))
    assert "RAR" in file_text(unsupported)


@pytest.mark.parametrize("doubt", Doubt)
def test_every_doubt_about_a_form_tells_the_clerk_what_was_seen(doubt):
    told = {
        file_text(Problem(ProblemCode.AMBIGUOUS, given=given, detail=doubt), clerk=True) for given in ("", "通讯录")
    }
    assert all(text and "{" not in text for text in told)
    assert file_text(Problem(ProblemCode.AMBIGUOUS), clerk=True) not in told


def test_a_value_without_a_label_is_not_called_a_filled_field():
    problem = Problem(ProblemCode.AMBIGUOUS, "email", given="w@unit.example.com", detail=UNLABELLED)
    assert problem_text(problem, "电子邮箱") == "“w@unit.example.com”没有写在栏目里，可能是“电子邮箱”，需要核实"


@pytest.mark.parametrize("doubt", [Doubt.HIDDEN_ROWS, Doubt.FILTERED_ROWS])
def test_rows_that_nobody_sees_are_named_by_their_sheet(doubt):
    words = file_text(Problem(ProblemCode.AMBIGUOUS, given="名单!3-4,7", detail=doubt), clerk=True)
    assert "（“名单”第3-4、7行）" in words


def test_a_number_that_the_form_has_nowhere_else_is_called_so():
    problem = Problem(ProblemCode.AMBIGUOUS, "name", given="王某13900000001", detail=UNREGISTERED)
    assert (
        problem_text(problem, "姓名") == "“姓名”填写为“王某13900000001”，其中有号码或邮箱在表中别处没有登记，需要核实"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("回复：【请补正】示例镇〔2026-0002〕", "回复：【请补正】示例镇〔2026-0002〕"),
        ("收件回执，编号2026-0002", "收件回执，编号2026-0002"),
        ("编号：2026-10002", "编号：2026-10002"),
        ("〔2026-0002〕 13900000001", "〔2026-0002〕 139****0001"),
        ("更正 2026-05-28", "更正 2026-05-28"),
        ("传真号2026-0002", "传真号202****0002"),
        ("2739-0001", "273****0001"),
        ("〔2026-00021390000〕", "〔202****0000〕"),
        ("〔0595-27391234〕", "〔059****1234〕"),
        ("编号2026-0002-13900000001", "编号202****0001"),
    ],
)
def test_our_own_reference_and_a_date_are_no_telephone_number(text, shown):
    assert masked(text) == shown
