"""An explanation on the terminal: columns stand one below the other, whatever the width of what is in them."""

import ast
from pathlib import Path

import intake.triage
from intake.explain import FieldTold, MailExplanation, SubmissionTold
from intake.explain_words import DECISION_WORDS, HOW_WORDS, NOTE_WORDS, SURENESS_WORDS, TRIAGE_WORDS, Sureness
from intake.model import Disposition
from intake.roster import How
from parsers.document import NoteCode
from scheduler.desk.explained import cut, lines, padded, width


def field(label, value, **rest):
    return FieldTold(label, label, value, "", "", "表1第1行第2列", "栏目右边一格", Sureness.CERTAIN, "确定", **rest)


def test_wide_characters_count_as_two_columns():
    assert (width("手机a1"), width("ａ"), width("é"), width("e\u0301")) == (6, 2, 1, 1)
    assert padded("手机", 6) == "手机  "


def test_what_is_too_wide_is_cut_to_its_columns():
    assert cut("联络员反馈表", 12) == "联络员反馈表"
    assert cut("联络员反馈表", 11) == "联络员反馈…"
    assert cut("联络员反馈表", 10) == "联络员反…"
    assert [width(cut("联络员a反馈表" * 30, columns)) for columns in (1, 2, 9, 60)] == [1, 1, 8, 60]
    assert cut("e\u0301" * 5, 5) == "e\u0301" * 5


def test_the_columns_are_aligned_and_what_was_not_taken_stands_below_its_field():
    fields = (field("手机", "13900000001", rejected=("划去的“139”不算",)), field("单位名称", "青石镇人民政府"))
    submission = SubmissionTold("liaison", "反馈表", "青石镇人民政府", "表.docx", (), (), (), fields)
    told = list(lines(MailExplanation("人", "未证实", "受理", (), (), (submission,))))
    rows = [line for line in told if "表1第1行第2列" in line]
    assert len({width(row[: row.index("表1")]) for row in rows}) == 1
    assert told[told.index(rows[0]) + 1].strip() == "· 划去的“139”不算"


def test_every_code_has_its_words():
    assert set(SURENESS_WORDS) == set(Sureness)
    assert set(HOW_WORDS) == set(How)
    assert set(NOTE_WORDS) == set(NoteCode)
    assert set(DECISION_WORDS) == set(Disposition)


def test_every_reason_of_triage_has_its_words():
    tree = ast.parse(Path(intake.triage.__file__).read_text(encoding="utf-8"))
    said = {
        node.elts[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple)
        and len(node.elts) == 2
        and isinstance(node.elts[0], ast.Attribute)
        and isinstance(node.elts[1], ast.Constant)
    }
    assert len(said) > 8
    assert said <= set(TRIAGE_WORDS)
