"""What the clerk reads is Chinese: every member of every enum that is told has its words, and none lets the code through.

Names of products and file types stay as they are (`_NAMES`); everything else in Latin letters is a code that slipped into a
sentence, a `None`, or the name of an enum's member.
"""

import ast
import itertools
import re
from pathlib import Path

import pytest

import intake
import parsers
from intake import blank_file, fault_words, reasons, words
from intake.answers import AnswerClass, Lost, Phase, Refused, explain
from intake.config import example_path, load
from intake.explain_words import (
    DECISION_WORDS,
    GROUNDS_WORDS,
    HOW_WORDS,
    NOTE_WORDS,
    SURENESS_WORDS,
    TRIAGE_WORDS,
    Sureness,
    mode_words,
    rejected_words,
)
from intake.identify import SOURCE_WORDS, Source
from intake.model import (
    CellState,
    DecisionKind,
    Disposition,
    FileProblem,
    FormId,
    LetterKind,
    NoteKind,
    OutboxState,
    PartPath,
    SenderKind,
    Submission,
    Trust,
)
from intake.places import rule_words
from intake.roster import How
from intake.summary_remarks import EventKind
from intake.summary_tables import _KINDS
from parsers.document import Failure, FailureCode, Note, NoteCode
from parsers.engines import Engine
from parsers.forms import EXAMPLE_ONLY, RELABELLED, UNLABELLED, Doubt, FieldType, Problem, ProblemCode
from parsers.looks import DETAIL, UNPROVED_ADDRESS
from parsers.sniff import Kind
from parsers.traces import Grounds, Rejected, Why
from scheduler.desk.letters import _REASONS
from scheduler.reminders import UnreachableReason

LIAISON = load(example_path(), environment={}, need_password=False).campaign.collection(FormId("liaison")).form
_NAMES = re.compile(
    r"Word|Excel|WPS|Works|RTF|ODT|ODS|CSV|PPT|PDF|OFD|CEB|UOF|XML|ZIP|RAR|7z|GZ|TAR|HEIC|ODF|Pages|Numbers|Outlook|Office"
    r"|winmail\.dat|LibreOffice|Debian|Windows|apt install [a-z0-9 -]+|pip install -r [a-z-]+\.txt|libarchive-tools|unar"
    r"|\.docx|label|aliases|blank|SMTP|config\.toml|mode"
)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LATIN = re.compile("[A-Za-z_]{2,}")


def is_chinese(text: str) -> bool:
    return bool(_CHINESE.search(text)) and not _LATIN.search(_NAMES.sub("", text)) and not set("{}") & set(text)


def details_in(package) -> list[str]:
    """The English details that the code writes into problems, found in its source."""
    found = set()
    for path in Path(package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "detail" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
    return sorted(one for one in found if isinstance(one, str))


DETAILS = (
    "",
    *details_in(parsers),
    *details_in(intake),
    *fault_words._DETAILS,
    *Doubt,
    UNLABELLED,
    EXAMPLE_ONLY,
    UNPROVED_ADDRESS,
    f"{DETAIL}: 王晓云",
    f"{RELABELLED}: 区别",
    f"{RELABELLED}: ",
    "read beside or header",
    *(
        fault_words.failure_detail(code, kind, engine)
        for code in FailureCode
        for kind in ("doc", "")
        for engine in ("", Engine.OFFICE)
    ),
)
TABLES = [
    (words.STATE_WORDS, CellState),
    (words.DISPOSITION_WORDS, Disposition),
    (words.OUTBOX_WORDS, OutboxState),
    (words.DECISION_KIND_WORDS, DecisionKind),
    (words.NOTE_KIND_WORDS, NoteKind),
    (words.KIND_NAMES, LetterKind),
    (words.SENDER_WORDS, SenderKind),
    (fault_words.ENGINE_WORDS, Engine),
    (fault_words.ENGINE_HELP, Engine),
    (words.KIND_WORDS, set(Kind) - {Kind.UNKNOWN, Kind.EMPTY}),
    (fault_words._GENERAL, ProblemCode),
    (fault_words._DOUBTS, Doubt),
    (fault_words._FAILURES_TO_SENDER, FailureCode),
    (fault_words._FAILURES_TO_CLERK, FailureCode),
    (blank_file._FAILURES, FailureCode),
    (SURENESS_WORDS, Sureness),
    (DECISION_WORDS, Disposition),
    (HOW_WORDS, How),
    (GROUNDS_WORDS, Grounds),
    (NOTE_WORDS, NoteCode),
    (SOURCE_WORDS, set(Source) - {Source.FIELD}),
    ({kind: name for kind, (name, _) in _KINDS.items()}, EventKind),
    (_REASONS, UnreachableReason),
    (TRIAGE_WORDS, set(TRIAGE_WORDS)),
]


@pytest.mark.parametrize(("table", "members"), TABLES)
def test_every_member_has_chinese_words(table, members):
    assert set(table) == set(members)
    shown = {member: text.format("", kind="", engine="") if "{" in text else text for member, text in table.items()}
    assert not {member: text for member, text in shown.items() if not is_chinese(text)}


def test_the_details_of_the_code_were_found():
    assert len(DETAILS) > 60
    assert "no number" in DETAILS
    assert not is_chinese("内容 None")
    assert not is_chinese("needs_engine 未安装")


@pytest.mark.parametrize("code", ProblemCode)
@pytest.mark.parametrize("given", ["", "139"])
def test_no_detail_of_a_problem_gets_into_its_sentence(code, given):
    details = ("", "138") if code is ProblemCode.CONFLICT else DETAILS  # what the other copy says, as it stands
    for detail, label in itertools.product(details, ("手机", "")):
        problem = Problem(code, "mobile" if label else None, given, detail)
        said = [fault_words.problem_text(problem, label, type_) for type_ in (None, *FieldType)]
        said += [
            fault_words.file_text(problem),
            fault_words.file_text(problem, clerk=True),
            fault_words.foreign_kind(problem) or "无",
        ]
        said += reasons.of_files([FileProblem(problem, "表"), FileProblem(problem)])
        said += reasons.of_submission(_submission(problem), LIAISON)
        assert not [text for text in said if not is_chinese(text)], detail


@pytest.mark.parametrize("code", [ProblemCode.AMBIGUOUS, ProblemCode.UNKNOWN_UNIT])
def test_the_units_that_it_may_be_are_named(code):
    problem = Problem(code, "unit", "青沙镇", "青石镇人民政府、白沙镇人民政府")
    assert reasons.of_submission(_submission(problem), LIAISON)[0].endswith(
        "（可能是：青石镇人民政府、白沙镇人民政府）"
    )


def _submission(problem: Problem) -> Submission:
    return Submission(
        form=FormId("liaison"),
        unit=None,
        fields=(),
        problems=(problem,),
        attachment=None,
        source=PartPath("1"),
        review=True,
        trust=Trust.UNKNOWN,
        notes=(),
    )


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_is_told_in_chinese_whatever_the_kind_and_the_engine(code):
    for kind, engine, clerk in itertools.product((*Kind, "", "new"), ("", "new", *Engine), (False, True)):
        assert is_chinese(fault_words.failure_text(code, kind, engine=engine, clerk=clerk)), (kind, engine, clerk)
        assert is_chinese(blank_file._failure_words(Failure(code, engine or kind))), (kind, engine)


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("score", [None, 3.25])
def test_what_was_not_taken_is_told_in_chinese(why, score):
    for first, rest in itertools.product(("beside", "below", "header", "columns"), ("", " labels", " loose")):
        mode = f"{first}{rest}"
        by = mode if why is Why.READING else "手机"
        assert is_chinese(rejected_words(Rejected(why, "王晓云", "table 1, R2C2", by, score), 4.5))
        assert is_chinese(mode_words(mode))


def test_the_reasons_are_chinese():
    told = {name: text for name, text in vars(reasons).items() if name.isupper() and isinstance(text, str)}
    assert len(told) > 12
    assert not {name: text for name, text in told.items() if not is_chinese(text)}
    assert all(is_chinese(reasons.ignored(kind)) for kind in SenderKind)


@pytest.mark.parametrize("answer_class", AnswerClass)
@pytest.mark.parametrize("phase", Phase)
def test_every_answer_of_a_server_is_told_in_chinese(answer_class, phase):
    assert is_chinese(explain(Refused(answer_class, 550, "5.1.1 User unknown", phase)))
    assert is_chinese(explain(Lost(phase, "timed out")))


_RULES = (
    "right",
    "below",
    "in_cell",
    "header",
    "columns",
    "line",
    "line_below",
    "double",
    "ditto",
    "merged",
    "loose",
    "by_hand",
    "paper",
)


@pytest.mark.parametrize(
    "rule", [*_RULES, "title", "blank", "file_name", "form_field", *(one for one in Source if one is not Source.FIELD)]
)
def test_every_rule_is_told_in_chinese(rule):
    assert is_chinese(rule_words(rule))


@pytest.mark.parametrize("told", [False, True])
def test_comments_are_quoted_and_counted_without_code(told):
    notes = [Note(NoteCode.COMMENT, f"批注{number}") for number in range(5)] + [Note(NoteCode.COMMENT, "+12?")]
    (remark,) = fault_words.comment_words(notes, told=told)
    assert is_chinese(remark)
    assert "+12" not in remark
