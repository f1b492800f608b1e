"""Why a mail came out as it did, as Chinese sentences for the clerk. Pure; `assess` puts the weightiest first."""

import re
from collections.abc import Iterable
from datetime import date

from intake.fault_words import file_text, problem_text
from intake.model import FileProblem, SenderKind, StoredSubmission, Submission, UnitName
from intake.words import SENDER_WORDS, day_words
from parsers.forms import FormSpec, Problem, ProblemCode

ALL_COMPLETE = "报送内容完整"
NAMELESS = "来件没有可用的发件地址（未写、写法有误或不止一个），发件人不明，无法答复，请核实确为该单位所发"
OWN_ADDRESS = "发件地址就是本邮箱自己的地址，发件人不明，没有答复，请核实确为该单位所发"
NO_INTENT = "单位来信表示无意向或零报告"
NOTHING_TO_DO = "礼节性回复，没有报送内容"
ADVERTISEMENT = "陌生地址发来的广告，没有报送内容"
QUESTION_ASKED = "来信有咨询，需人工答复"
QUESTION_BESIDE = "表格之外另有咨询，需人工答复"
SAYS_ALREADY_SENT = "来信说已报送，未见表格，请核查"
PLAIN_TEXT = "来信未见表格，内容需人工阅读"
NONE_IN_ANSWER = "单位回信只写“无”，未能判明所指，请对照我方去信核实"
ALREADY_EXCUSED = "单位答复“无”，此前已登记免报"
NO_INTENT_UNCLEAR = "来信表示无意向，但未能判明单位或所指的表，请人工确认"
WITHDRAWAL = "该单位已报名，现来信表示无意向，请人工确认"
WITHDRAWN = "来信要求撤回或作废已报材料，请人工确认"
CORRECTED_IN_WORDS = "单位来信用文字说明已登记内容有误或有变动，请核实后改值，或请单位重报"
PARTIAL_UNCLEAR = "正文中有部分填报内容，未能判明补充的是哪一份表"
ANSWERED_WITHIN = "来信在所引的我方信件里写了内容，请看原件"
UNANSWERABLE = "发件人不能回信（系统发件或地址无效），请人工联系单位"
REFUTED = "发件人未通过邮件服务商的验证，可能是冒名来件，请电话核实；没有答复发件地址"
FOREIGN_SENDER = "来件由与发件地址不同的单位的服务器发出，请核实是否确为该单位更正"
INCOMPLETE_MAIL = "邮件结构异常，可能有内容未读到，请查看原件"
PEOPLE_LEFT = "另有未归入任何一份表的填报内容（可能是续页），请核对原件"
DECIDED_OTHERWISE = "此前的人工处理与现在的识别结果对应不上，没有采用，请重新核实"
UNRECOGNISED = "附件未识别为本次报送的材料"

_UNIT_CODES = frozenset({ProblemCode.UNKNOWN_UNIT, ProblemCode.AMBIGUOUS})

_CHINESE = re.compile("[\u4e00-\u9fff]")
# Remarks of the readers are English, they are for the log; some quote what stands in the document behind a colon.
_REMARK = re.compile("[A-Za-z]+ [A-Za-z]+")


def of_submission(submission: Submission | StoredSubmission, spec: FormSpec) -> tuple[str, ...]:
    """Given a submission with problems, return a sentence for each."""
    labels = {field.key: field.label for field in spec.fields}
    types = {field.key: field.type for field in spec.fields}
    found = []
    for problem in submission.problems:
        if problem.field is None:
            text = file_text(problem, clerk=True)
        else:
            text = problem_text(problem, labels.get(problem.field, problem.field), types.get(problem.field))
        found.append(f"《{spec.title}》：{text}{_candidates(problem)}")
    return tuple(found)


def of_files(problems: Iterable[FileProblem]) -> tuple[str, ...]:
    """Given the faults of files and of the mail, return a sentence for each."""
    return tuple(
        f"“{found.file}”{file_text(found.problem, clerk=True)}" if found.file else file_text(found.problem, clerk=True)
        for found in problems
    )


def ignored(kind: SenderKind) -> str:
    """Given what sent a mail, return why it is put away."""
    return f"{SENDER_WORDS[kind]}，不是报送"


def before(starts_on: date) -> str:
    """Given the first day of a campaign, return why a mail of an earlier day is put away: it may be last year's."""
    return f"早于本次收集的开始日（{starts_on.year}年{day_words(starts_on)}），只存档，不登记也不答复"


def copy_of(number: int) -> str:
    """Given the number of the mail that came before, return why one that is the same is put away."""
    return f"与编号 {number} 的来件是同一封（邮件标识和内容相同），不重复登记和回信"


def same_as_registered(spec: FormSpec, unit: UnitName) -> str:
    """Return the note that a form came once more without a change."""
    return f"{unit}《{spec.title}》与已登记内容一致"


def _candidates(problem: Problem) -> str:
    """Name the units that it might be, or what the other copy says."""
    if problem.code in _UNIT_CODES and problem.detail:
        named = _CHINESE.search(problem.detail) and not _REMARK.match(problem.detail)
        return f"（可能是：{problem.detail}）" if named else ""
    if problem.code is ProblemCode.CONFLICT and problem.detail:
        return f"（“{problem.given}”与“{problem.detail}”）"
    return ""
